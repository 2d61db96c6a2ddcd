"""Saved reports, read back as what was seen, so that it can be judged again without the API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from hssgate.api.models import CicdImage, Finding
from hssgate.durations import Moment
from hssgate.errors import ApiUnavailable, Misused
from hssgate.evidence import Evidence, Findings, FindingsMissing
from hssgate.exit_codes import ExitCode
from hssgate.grouping import GroupKey, Phase, Standing
from hssgate.reading import read_bounded
from hssgate.reference import Reference, parse_reference
from hssgate.sighting import Sighting
from hssgate.text import clean
from hssgate.waiting import Ending

SCHEMA_VERSION = 1
LARGEST_FILE = 64 * 1024 * 1024  # bytes

_READ = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class _Group(BaseModel):
    model_config = _READ

    phase: Phase
    settled: bool
    row: CicdImage
    others: tuple[CicdImage, ...] = ()
    findings_read: bool = False
    findings_error: str | None = None


class _Seen(BaseModel):
    model_config = _READ

    ending: Ending
    error: str | None = None
    judged_at: float
    scanned_after: int | None = None
    groups: tuple[_Group, ...]


class _Finding(Finding):
    cves: tuple[str, ...] = ()
    group: int = Field(ge=0, default=0)


class _Image(BaseModel):
    model_config = _READ

    reference: str
    exit_code: ExitCode
    waited_seconds: float = Field(ge=0)
    polls: int = Field(ge=0)
    findings: tuple[_Finding, ...] = ()
    seen: _Seen


class _Report(BaseModel):
    model_config = _READ

    schema_version: int
    exit_code: ExitCode
    started_at: AwareDatetime
    finished_at: AwareDatetime
    images: tuple[_Image, ...] = Field(min_length=1)


@dataclass(frozen=True)
class SavedImage:
    """One image of a report.

    Args:
        sighting: what was seen of it.
        evidence: its findings, by group, where they were read.
        judged_at: epoch seconds that ages and expiry were counted from.
        scanned_after: the moment that results were held against, if one was asked for.
        exit_code: that the check gave it.
    """

    sighting: Sighting
    evidence: Mapping[GroupKey, Evidence]
    judged_at: float
    scanned_after: Moment | None
    exit_code: ExitCode


@dataclass(frozen=True)
class SavedReport:
    """One report of an earlier check.

    Args:
        path: of the file.
        images: that were checked.
        interruption: the code of the signal that ended it, if one did.
        started_at: epoch seconds.
        finished_at: epoch seconds.
    """

    path: Path
    images: tuple[SavedImage, ...]
    interruption: ExitCode | None
    started_at: float
    finished_at: float


def read_report(path: Path) -> SavedReport:
    """Read a JSON report of `check`.

    Raises:
        Misused: it cannot be read, or is no such report; the message names file and key path.
    """
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise Misused(f"{path}: it cannot be read: {error.strerror or error}") from error
    if len(raw) > LARGEST_FILE:
        raise Misused(f"{path}: it is larger than 64 MiB")
    try:
        report = _Report.model_validate(json.loads(raw))
        images = tuple(_saved(image) for image in report.images)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{clean(where, 100)}: {clean(first['msg'], 120)}"
        raise Misused(f"{path}: it is no report of this version of hssgate: {said}") from error
    except (ValueError, RecursionError) as error:
        raise Misused(f"{path}: it is no JSON report: {clean(error, 120)}") from error
    if report.schema_version != SCHEMA_VERSION:
        raise Misused(f"{path}: schema_version {report.schema_version} is not known to this version of hssgate")
    signalled = report.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    return SavedReport(
        path,
        images,
        report.exit_code if signalled else None,
        report.started_at.timestamp(),
        report.finished_at.timestamp(),
    )


def _saved(image: _Image) -> SavedImage:
    reference = parse_reference(image.reference)
    seen = image.seen
    standings = [_standing(reference, group) for group in seen.groups]
    if len({standing.key for standing in standings}) < len(standings):  # as where only the end of a long name differs
        raise ValueError(f"groups of {reference.text} that cannot be told apart")
    if any(finding.group >= len(standings) for finding in image.findings):
        raise ValueError(f"a finding of {reference.text} that is of no group")
    sighting = Sighting(
        reference=reference,
        ending=seen.ending,
        standings=tuple(standings),
        unsettled=frozenset(
            standing.key for standing, group in zip(standings, seen.groups, strict=True) if not group.settled
        ),
        error=ApiUnavailable(seen.error) if seen.error is not None else None,
        server_time=None,
        scanned_after=seen.scanned_after,
        waited_seconds=image.waited_seconds,
        polls=image.polls,
        reads=(),
        neighbours=(),
    )
    evidence = {
        standing.key: _evidence(group, [finding for finding in image.findings if finding.group == number])
        for number, (standing, group) in enumerate(zip(standings, seen.groups, strict=True))
    }
    moment = Moment(seen.scanned_after) if seen.scanned_after is not None else None
    return SavedImage(sighting, evidence, seen.judged_at, moment, image.exit_code)


def _standing(reference: Reference, group: _Group) -> Standing:
    row = group.row
    if not reference.owns(row):
        raise ValueError(f"a row of another image stands under {reference.text}")
    return Standing((row.cicd_name, row.namespace, row.image_name, row.image_version), group.phase, row, group.others)


def _evidence(group: _Group, findings: list[_Finding]) -> Evidence:
    if group.findings_error is not None:
        return FindingsMissing(ApiUnavailable(group.findings_error))
    if not group.findings_read:
        return None
    listed = tuple(Finding.model_validate(finding.model_dump(exclude={"cves", "group"})) for finding in findings)
    return Findings(listed, {finding.vul_id: finding.cves for finding in findings if finding.vul_id and finding.cves})
