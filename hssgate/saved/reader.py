"""Reads a saved report back into observations and findings, which can be judged without the API."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hssgate.durations import Moment
from hssgate.errors import ApiUnavailable, GateError, Interrupted, Misused
from hssgate.exit_codes import ExitCode
from hssgate.files import read_bounded
from hssgate.judging.scan import timed_out_after
from hssgate.policy.findings import FetchedDetails, FetchedFindings, Findings, FindingsMissing
from hssgate.proof import ResolvedDigest
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.saved.image_model import GroupModel, ImageModel
from hssgate.saved.report_model import SCHEMA_VERSION, ReportModel, parse_json
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, Read, Trouble, Unread
from hssgate.waiting.groups import GroupKey, Phase, RowGroup, group_key, missing_platform
from hssgate.waiting.observation import Observation

LARGEST_FILE = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class SavedImage:
    """One image of a report.

    Args:
        observation: the state of its rows when the wait ended.
        findings: its findings by group of rows; None for a group whose findings were not fetched.
        details: its files and baseline checks by group of rows, without the kinds that were not fetched.
        judged_at: epoch seconds that ages and expiry were computed for.
        scanned_after: the earliest scan time accepted, if one was given.
        exit_code: the exit code that the check gave the image.
        model: the image's part of the report.
        interruption: exit code of the signal that ended the check, if one did.
    """

    observation: Observation
    findings: Mapping[GroupKey, FetchedFindings]
    details: Mapping[GroupKey, FetchedDetails]
    judged_at: float
    scanned_after: Moment | None
    exit_code: ExitCode
    model: ImageModel
    interruption: ExitCode | None = None

    def with_details(self, verdict: ImageVerdict) -> ImageVerdict:
        """Return a verdict with what the report alone has: what was read after the first one, hints of a timeout."""
        return replace(
            verdict,
            checks=self._with_hints(verdict.checks),
            unread=tuple(Unread(one.what, one.reason) for one in self.model.unread),
            interruption=self.interruption,
        )

    def _with_hints(self, checks: Iterable[Check]) -> tuple[Check, ...]:
        """Return timeouts as the report has them: their messages name rows of other images, which the report lacks."""
        stated: defaultdict[tuple[str, str | None], list[str]] = defaultdict(list)
        for one in reversed(self.model.checks):
            stated[one.rule, one.group].append(one.message)
        found = []
        for check in checks:
            messages = stated[check.rule, check.group]  # several where groups of rows are named alike
            message = messages.pop() if messages else ""
            begins = f"{check.rule}: {timed_out_after(self.observation)}"
            is_shown = check.trouble is Trouble.TIMEOUT and message.startswith(begins)
            found.append(replace(check, message=message) if is_shown else check)
        return tuple(found)


@dataclass(frozen=True)
class SavedReport:
    """One report of an earlier check.

    Args:
        images: the images of the check.
        interruption: exit code of the signal that ended the check, if one did.
        started_at: epoch seconds.
        finished_at: epoch seconds.
        model: the validated report.
        raw: the parsed JSON document.
    """

    images: tuple[SavedImage, ...]
    interruption: ExitCode | None
    started_at: float
    finished_at: float
    model: ReportModel
    raw: dict[str, Any]


def read_report(path: Path) -> SavedReport:
    """Read a JSON report of `check`, without the check of `hssgate.saved.consistency`.

    Raises:
        Misused: the file cannot be read or is not such a report; the message names file and key path.
    """
    try:
        data = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise Misused(f"{path}: it cannot be read: {error.strerror or error}") from error
    if len(data) > LARGEST_FILE:
        raise Misused(f"{path}: it is larger than 64 MiB")
    try:
        raw = parse_json(data)
        _refuse_other_documents(raw)
        model = ReportModel.model_validate(raw)
        interruption = _interruption(model)
        images = tuple(_saved(image, interruption) for image in model.images)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = f"{clean(where, 100)}: {clean(first['msg'], 120)}"
        raise Misused(f"{path}: it is not a report of this version of hssgate: {problem}") from error
    except (ValueError, RecursionError) as error:
        raise Misused(f"{path}: it is not a JSON report: {clean(error, 160)}") from error
    return SavedReport(images, interruption, model.started_at.timestamp(), model.finished_at.timestamp(), model, raw)


def _refuse_other_documents(raw: object) -> None:
    """Refuse reports of another schema version and shortened ones, with a specific message.

    Raises:
        ValueError: the document is one of these.
    """
    if not isinstance(raw, dict):
        raise ValueError("its top level is no object")  # noqa: TRY004 - as for other contents
    version, images = raw.get("schema_version"), raw.get("images")
    if isinstance(version, int) and version != SCHEMA_VERSION:
        raise ValueError(f"schema_version {version} is not known to this version of hssgate")
    if isinstance(images, list) and any(isinstance(image, dict) and image.get("seen", 0) is None for image in images):
        raise ValueError("it was shortened for a step's output; take the file that `--report json=PATH` wrote")


def _interruption(report: ReportModel) -> ExitCode | None:
    if all(error.type is not Trouble.INTERRUPTED for error in report.errors):
        return None
    if report.exit_code not in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        raise ValueError(f"it was interrupted, and has exit code {int(report.exit_code)}")
    return report.exit_code


def _saved(image: ImageModel, interruption: ExitCode | None) -> SavedImage:
    reference = replace(
        parse_reference(image.reference, image.cicd_name, image.registry_name),
        build_digests=image.build_digests,
        metadata_file=image.metadata_file,
        resolved=tuple(ResolvedDigest(one.digest, one.kind, one.platform) for one in image.resolved),
    )
    seen = image.seen
    row_groups = [_row_group(reference, group) for group in seen.groups]
    if len({row_group.key for row_group in row_groups}) < len(
        row_groups
    ):  # two long names that differ only after the cut
        raise ValueError(f"groups of {reference.text} that cannot be distinguished")
    groups = [
        *(finding.group for finding in image.findings),
        *(one.group for one in (*image.details, *image.passed_checks)),
    ]
    if any(group >= len(row_groups) for group in groups):
        raise ValueError(f"a finding of {reference.text} that is of no group")
    observation = Observation(
        reference=reference,
        ending=seen.ending,
        row_groups=tuple(row_groups),
        unsettled=frozenset(
            row_group.key for row_group, group in zip(row_groups, seen.groups, strict=True) if not group.settled
        ),
        error=ApiUnavailable(seen.error) if seen.error is not None else None,
        server_time=None,
        scanned_after=seen.scanned_after,
        waited_seconds=image.waited_seconds,
        polls=image.polls,
        reads=tuple(
            Read(read.at.timestamp(), read.http_status, read.request_id, read.row, answered=read.answered)
            for read in image.reads
        ),
        similar_rows=(),
        agreed=frozenset(
            row_group.key for row_group, group in zip(row_groups, seen.groups, strict=True) if group.agreed
        ),
    )
    findings = {row_group.key: _findings(image, number, interruption) for number, row_group in enumerate(row_groups)}
    details = {row_group.key: _details(image, number, interruption) for number, row_group in enumerate(row_groups)}
    moment = Moment(seen.scanned_after) if seen.scanned_after is not None else None
    return SavedImage(observation, findings, details, seen.judged_at, moment, image.exit_code, image, interruption)


def _row_group(reference: Reference, group: GroupModel) -> RowGroup:
    row = group.row
    if group.phase is Phase.ABSENT:
        return missing_platform(reference, group.platform)
    if not reference.owns(row):
        raise ValueError(f"{reference.text} has a row of another image")
    return RowGroup(group_key(row, reference), group.phase, row, group.others)


def _findings(image: ImageModel, number: int, interruption: ExitCode | None) -> FetchedFindings:
    """Return the findings of a group; None if they were not fetched, or left out because the report was too long."""
    group = image.seen.groups[number]
    if group.findings_error is not None:
        return _missing(group.findings_error, interruption)
    if not group.findings_read or image.left_out is not None:
        return None
    found = [finding for finding in image.findings if finding.group == number]
    cves = {one.vul_id: one.cve_details for one in found if one.vul_id is not None and one.cves_read}
    missing = None if group.cves_error is None else _missing(group.cves_error, interruption).error
    return Findings(tuple(finding.finding for finding in found), cves, missing)


def _details(image: ImageModel, number: int, interruption: ExitCode | None) -> FetchedDetails:
    """Return the files and baseline checks of a group; none of them if they were left out."""
    group = image.seen.groups[number]
    missing = {kind: _missing(error, interruption) for kind, error in group.details_errors.items()}
    if image.left_out is not None:
        return missing
    listed = {
        kind: tuple(
            one.detail for one in (*image.details, *image.passed_checks) if one.group == number and one.kind is kind
        )
        for kind in group.details_count
    }
    return listed | missing


def _missing(reason: str, interruption: ExitCode | None) -> FindingsMissing:
    error: GateError = ApiUnavailable(reason)
    if interruption is not None and reason == str(Interrupted(interruption)):
        error = Interrupted(interruption)
    return FindingsMissing(error)
