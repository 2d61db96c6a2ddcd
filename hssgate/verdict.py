"""Verdict of a run: frozen values from which the exit code and all reports are made."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import assert_never

from pydantic import BaseModel

from hssgate.exit_codes import ExitCode, worst
from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding, ids_of
from hssgate.record import record
from hssgate.reference import Reference


class Result(StrEnum):
    """Result of one check."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    SKIPPED = "skipped"
    ERROR = "error"


class Outcome(StrEnum):
    """Outcome of an image or of the whole run."""

    PASSED = "passed"
    BLOCKED = "blocked"
    ERROR = "error"


class Trouble(StrEnum):
    """Reason why a check could not be judged; the `type` of a JUnit error."""

    SCAN_FAILED = "scan-failed"
    TIMEOUT = "timeout"
    API = "api"
    INCOMPLETE = "incomplete"
    AMBIGUOUS = "ambiguous"
    INTERRUPTED = "interrupted"
    REPORT = "report"  # of a run: a report or an output could not be written


_CODE_OF_TROUBLE = {
    Trouble.SCAN_FAILED: ExitCode.NO_RESULT,
    Trouble.INCOMPLETE: ExitCode.NO_RESULT,
    Trouble.AMBIGUOUS: ExitCode.NO_RESULT,
    Trouble.TIMEOUT: ExitCode.TIMED_OUT,
    Trouble.API: ExitCode.API_UNAVAILABLE,
    Trouble.INTERRUPTED: ExitCode.INTERRUPTED,
    Trouble.REPORT: ExitCode.API_UNAVAILABLE,
}
SCAN = "scan"  # the check that every pass requires
SEVERITY = "severity"  # the rule on HSS's own verdict, which no finding is counted for


@record
class RulePlace:
    """The place of a rule in a policy file.

    Args:
        path: path of the policy file as the caller gave it.
        line: line number from 1; None for TOML and JSON.
    """

    path: str
    line: int | None


@record
class Check:
    """The check of one rule for one image.

    Args:
        rule: `scan`, `freshness`, or the name of a policy's rule.
        result: result of the check.
        message: one line with the value found and the value accepted.
        actual: the value found.
        limit: the value still accepted.
        policy: path of the policy; None unless there are several.
        group: label of the rows; None unless one reference matched several groups.
        trouble: reason why it could not be judged; set if and only if the result is an error.
        broken_by: findings that break the rule, most severe first.
        place: place of the rule, if it is in a file.
    """

    rule: str
    result: Result
    message: str
    actual: int | str | None = None
    limit: int | str | None = None
    policy: str | None = None
    group: str | None = None
    trouble: Trouble | None = None
    broken_by: tuple[Finding, ...] = ()
    place: RulePlace | None = None

    @property
    def name(self) -> str:
        """The rule, with policy and group if there are several; unique for an image."""
        where = ", ".join(part for part in (self.policy, self.group) if part)
        return f"{self.rule} ({where})" if where else self.rule

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a run with only this check."""
        match self.result:
            case Result.FAILED:
                return ExitCode.BLOCKED
            case Result.ERROR:
                return _CODE_OF_TROUBLE[self.trouble] if self.trouble else ExitCode.NO_RESULT
            case Result.PASSED | Result.WARNED | Result.SKIPPED:
                return ExitCode.PASSED
            case unreachable:
                assert_never(unreachable)


# Reports use this check for an image that has none, so that no image is missing from a report.
NOTHING_JUDGED = Check(SCAN, Result.ERROR, f"{SCAN}: nothing was judged", trouble=Trouble.INCOMPLETE)


@record
class PolicyInForce:
    """The rules of one policy in force for one group of rows.

    Args:
        group: index of the group; None if no row belonged to the image.
        policy: path of the policy.
        rules: rules by name, with overrides applied.
        ignore: number of `ignore` entries in force.
    """

    group: int | None
    policy: str
    rules: Mapping[str, BaseModel]
    ignore: int


@record
class Read:
    """One poll of one image, kept as evidence.

    Args:
        at: epoch seconds.
        http_status: HTTP status of the response; None if there was none.
        request_id: request id of the response.
        row: the row that belonged to the image, if there was one.
        answered: whether the API answered, with or without rows.
    """

    at: float
    http_status: int | None
    request_id: str | None
    row: CicdImage | None
    answered: bool = True


@record
class ListedFinding:
    """A finding with its CVEs and the `ignore` entries that fit it.

    Args:
        finding: the finding as HSS listed it.
        cves: CVEs of the notice, if they were looked up.
        ignored_by: policy path and reason of each `ignore` entry that ignored the finding.
        group: index of its group of rows.
    """

    finding: Finding
    cves: tuple[Cve, ...] = ()
    ignored_by: tuple[tuple[str, str], ...] = ()
    group: int = 0

    @property
    def cve_ids(self) -> tuple[str, ...]:
        """The ids of its CVEs; empty if one of them has no id."""
        return ids_of(self.cves)

    @property
    def cvss(self) -> float | None:
        """The highest CVSS score of its CVEs; None if none is known."""
        return max((cve.cvss_score for cve in self.cves if cve.cvss_score is not None), default=None)

    @property
    def published(self) -> int | None:
        """Publication time of its earliest CVE in epoch milliseconds; None if none is known."""
        return min((cve.publish_time for cve in self.cves if cve.publish_time is not None), default=None)


@record
class Unread:
    """Something behind a verdict that could not be read.

    Args:
        what: `findings`, or a kind of details.
        reason: one line.
    """

    what: str
    reason: str


@record
class SeenGroup:
    """Last state of one group of rows, sufficient to judge it again without the API.

    Args:
        phase: phase of the group.
        settled: whether its result was final.
        row: the newest row of the group.
        others: rows of the same time as `row`, which may be newer.
        findings_read: whether its findings were fetched; the verdict lists them.
        findings_count: number of findings, if they were fetched.
        findings_error: reason why the findings could not be fetched, if they could not.
        agreed: whether two polls, `--settle` apart, returned the same row.
    """

    phase: str
    settled: bool
    row: CicdImage
    others: tuple[CicdImage, ...] = ()
    findings_read: bool = False
    findings_count: int | None = None
    findings_error: str | None = None
    agreed: bool = False


@record
class Seen:
    """The observations that a verdict was made from.

    Args:
        ending: how the wait ended.
        error: the error that ended the wait, if one did.
        groups: groups of rows that belonged to the image.
        judged_at: epoch seconds that ages and expiry were computed for.
        scanned_after: epoch milliseconds of the earliest scan time accepted, if one was given.
    """

    ending: str
    error: str | None
    groups: tuple[SeenGroup, ...]
    judged_at: float
    scanned_after: int | None


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
        details_read: kinds of details that were fetched in full.
        unread: lists that could not be fetched after the verdict, with the reason.
        seen: the observations that the verdict was made from.
        in_force: the rules that the image was judged by, by group and policy.
    """

    reference: Reference
    checks: tuple[Check, ...]
    row: CicdImage | None = None
    waited_seconds: float = 0.0
    polls: int = 0
    reads: tuple[Read, ...] = ()
    findings: tuple[ListedFinding, ...] = ()
    details: tuple[tuple[DetailKind, Detail], ...] = ()
    details_read: tuple[DetailKind, ...] = ()
    unread: tuple[Unread, ...] = ()
    seen: Seen | None = None
    in_force: tuple[PolicyInForce, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The worst exit code of the checks; never that of a pass unless a scan succeeded or was accepted."""
        return worst_of(self.checks)

    @property
    def outcome(self) -> Outcome:
        """Passed, blocked, or error."""
        return outcome_of(self.exit_code)

    @property
    def blocking_findings(self) -> tuple[ListedFinding, ...]:
        """The findings that break blocking rules, most severe first; if `severity` blocks, all that count."""
        failed = [check for check in self.checks if check.result is Result.FAILED]
        by_severity = {check.group for check in failed if check.rule == SEVERITY}
        breaking = {(check.group, finding) for check in failed for finding in check.broken_by}
        groups = dict(enumerate(check.group for check in self.checks if check.rule == SCAN))  # one in each group
        return tuple(
            listed
            for listed in self.findings
            if not listed.ignored_by
            and ((group := groups.get(listed.group)) in by_severity or (group, listed.finding) in breaking)
        )


@record
class PolicySource:
    """A policy that was applied.

    Args:
        path: path as the caller gave it, or relative to the current folder if it was found, or `built-in`.
        sha256: SHA-256 of its bytes.
        searched: first and last folder that were searched for a default file, which may be the same; None for a policy
            that was given or found.
        in_repository: path relative to the root of the repository, if the search found the file above.
    """

    path: str
    sha256: str
    searched: tuple[str, str] | None = None
    in_repository: str | None = None


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


def worst_of(checks: Iterable[Check]) -> ExitCode:
    """Return the worst exit code of the checks; `NO_RESULT` in place of a pass without a scan that succeeded."""
    # A pass must be proven. Otherwise a list of checks that lost its scan check, by a bug or in an edited report, would
    # have no failure in it and pass.
    found = list(checks)
    proven = any(check.rule == SCAN and check.result in (Result.PASSED, Result.WARNED) for check in found)
    code = worst(*(check.exit_code for check in found))
    return ExitCode.NO_RESULT if code is ExitCode.PASSED and not proven else code


def outcome_of(code: ExitCode) -> Outcome:
    """Return the outcome that an exit code stands for."""
    match code:
        case ExitCode.PASSED:
            return Outcome.PASSED
        case ExitCode.BLOCKED:
            return Outcome.BLOCKED
        case _:
            return Outcome.ERROR
