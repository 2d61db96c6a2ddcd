"""Verdict of a run: frozen values from which the exit code and all reports are made."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from pydantic import BaseModel

from hssgate.exit_codes import ExitCode, worst
from hssgate.hss.models import CicdImage, DetailKind
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.verdict.checks import (
    NOTHING_JUDGED,
    SCAN,
    SEVERITY,
    Check,
    Outcome,
    Result,
    RulePlace,
    Trouble,
    outcome_of,
    worst_of,
)
from hssgate.verdict.evidence import ListedDetail, ListedFinding, Read, Seen, SeenGroup, Unread
from hssgate.verdict.sources import FeedSource, KnownSource, PolicySource

__all__ = [
    "NOTHING_JUDGED",
    "SCAN",
    "SEVERITY",
    "Check",
    "FeedSource",
    "ImageVerdict",
    "KnownSource",
    "ListedDetail",
    "ListedFinding",
    "Outcome",
    "PolicyInForce",
    "PolicySource",
    "Read",
    "Result",
    "RulePlace",
    "RunError",
    "Seen",
    "SeenGroup",
    "Trouble",
    "Unread",
    "Verdict",
    "counts_for",
    "outcome_of",
    "worst_of",
]


@record
class PolicyInForce:
    """The rules of one policy in force for one group of rows.

    Args:
        group: index of the group; None if no row belonged to the image.
        policy: path of the policy.
        rules: rules by name, with overrides applied.
        ignore: number of `ignore` entries in force.
        ignore_file: number of them that are about files.
        ignore_check_rule: number of them that are about baseline checks.
        grace: seconds of grace by level; None if the policy gives none.
        deny: number of `deny` entries in force.
        deny_cves: whether one of them can fit a CVE.
        known: number of findings that are known of the image; None if the policy has no `known`.
        unlisted: whether findings that HSS counts and does not list count, or only warn.
    """

    group: int | None
    policy: str
    rules: Mapping[str, BaseModel]
    ignore: int
    ignore_file: int = 0
    ignore_check_rule: int = 0
    grace: Mapping[str, float] | None = None
    unlisted: str = "count"
    deny: int = 0
    deny_cves: bool = False
    known: int | None = None


@record
class ImageVerdict:
    """The verdict on one image.

    Args:
        reference: the image asked for.
        checks: checks in order.
        row: the row judged, or the last one seen.
        waited_seconds: seconds from the start of the run to the end of this image's wait.
        polls: number of polls of this image.
        reads: each change of state and the last two polls.
        findings: findings, if they were fetched, most severe first.
        details: malicious files, sensitive files and failed baseline checks, if they were read.
        passed_checks: baseline checks of `cn_standard` that passed, if a rule needed the list or everything was read.
        unread: lists that could not be fetched after the verdict, with the reason.
        seen: the observations that the verdict was made from.
        in_force: the rules that the image was judged by, by group and policy.
        interruption: exit code of the signal that ended the run, if one did.
    """

    reference: Reference
    checks: tuple[Check, ...]
    row: CicdImage | None = None
    waited_seconds: float = 0.0
    polls: int = 0
    reads: tuple[Read, ...] = ()
    findings: tuple[ListedFinding, ...] = ()
    details: tuple[ListedDetail, ...] = ()
    passed_checks: tuple[ListedDetail, ...] = ()
    unread: tuple[Unread, ...] = ()
    seen: Seen | None = None
    in_force: tuple[PolicyInForce, ...] = ()
    interruption: ExitCode | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The worst exit code of the checks; never that of a pass unless a scan succeeded or was accepted."""
        code = worst_of(self.checks)
        return self.interruption or code if code is ExitCode.INTERRUPTED else code

    @property
    def outcome(self) -> Outcome:
        """Passed, blocked, or error."""
        return outcome_of(self.exit_code)

    @property
    def details_read(self) -> tuple[DetailKind, ...]:
        """The kinds of details that were fetched in full, wherever they were asked for."""
        groups = self.seen.groups if self.seen else ()
        failed = {one.what for one in self.unread} | {kind for group in groups for kind in group.details_errors}
        read = {kind for group in groups for kind in group.details_count}
        return tuple(kind for kind in DetailKind if kind in read and kind not in failed)

    @property
    def findings_errors(self) -> tuple[str, ...]:
        """Why findings could not be fetched, for the verdict or after it."""
        groups = self.seen.groups if self.seen else ()
        before = (group.findings_error for group in groups if group.findings_error is not None)
        return tuple(dict.fromkeys((*before, *(one.reason for one in self.unread if one.what == "findings"))))

    @property
    def unlisted(self) -> int:
        """How many vulnerabilities HSS counts and this verdict does not list."""
        listed = Counter(one.group for one in self.findings)
        groups = enumerate(self.seen.groups if self.seen else ())
        return sum(max((group.row.vul_num or 0) - listed[number], 0) for number, group in groups)

    def lists_all_findings(self, number: int) -> bool:
        """Whether all findings of a group of rows are listed that HSS counts: a missing one may be of any level."""
        group = self.seen.groups[number] if self.seen else None
        if group is None or group.row.vul_num is None:
            return False
        listed = sum(one.group == number for one in self.findings)
        return group.row.vul_num == 0 or (group.findings_read and listed >= group.row.vul_num)

    @cached_property  # each of many rules that block asks for them, for every report
    def blocking_findings(self) -> tuple[ListedFinding, ...]:
        """The findings that break blocking rules, most severe first; if `severity` blocks, all that count."""
        failed = [check for check in self.checks if check.result is Result.FAILED]
        by_severity = [check for check in failed if check.rule == SEVERITY]
        breaking = {(check.group, finding) for check in failed for finding in check.broken_by}
        groups = dict(enumerate(check.group for check in self.checks if check.rule == SCAN))  # one in each group
        return tuple(
            listed
            for listed in self.findings
            if ((group := groups.get(listed.group)), listed.finding) in breaking
            or any(check.group == group and counts_for(check, listed) for check in by_severity)
        )


def counts_for(check: Check, listed: ListedFinding | ListedDetail) -> bool:
    """Whether a finding or detail counts under the policy of a check: it is denied, or no `ignore` entry fits it."""
    is_denied = isinstance(listed, ListedFinding) and bool(listed.denied_by)
    return is_denied or not any(check.policy in (None, path) for path, _ in listed.ignored_by)


@record
class RunError:
    """An error of the run that belongs to no image.

    Args:
        trouble: interrupted, or a report that could not be written.
        message: one line.
    """

    trouble: Trouble
    message: str


@record
class Verdict:
    """The verdict of a run.

    Args:
        images: one verdict for each reference, in the caller's order.
        policies: policies that were applied.
        warnings: warnings of the whole run, one line each.
        started_at: epoch seconds.
        finished_at: epoch seconds.
        interruption: exit code of the signal that ended the run, if one did.
        unwritten_reports: one line for each report that could not be written, with the reason.
    """

    images: tuple[ImageVerdict, ...]
    policies: tuple[PolicySource, ...]
    warnings: tuple[str, ...]
    started_at: float
    finished_at: float
    interruption: ExitCode | None = None
    unwritten_reports: tuple[str, ...] = ()

    @property
    def run_errors(self) -> tuple[RunError, ...]:
        """Errors that explain the exit code apart from the images; every report lists them."""
        signalled = [self.interruption] if self.interruption is not None else []
        return (
            *(RunError(Trouble.INTERRUPTED, code.meaning) for code in signalled),
            *(RunError(Trouble.REPORT, line) for line in self.unwritten_reports),
        )

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the run: that of a signal, or the worst of the images and of unwritten reports."""
        if self.interruption is not None:
            return self.interruption
        code = worst(*(image.exit_code for image in self.images))
        return worst(code, ExitCode.API_UNAVAILABLE) if self.unwritten_reports else code

    @property
    def outcome(self) -> Outcome:
        """Passed, blocked, or error."""
        return outcome_of(self.exit_code)
