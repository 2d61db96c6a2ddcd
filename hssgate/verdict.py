"""Verdict of a run: frozen values from which the exit code and every report are made."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import assert_never

from pydantic import BaseModel

from hssgate.exit_codes import ExitCode, worst
from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding, ids_of
from hssgate.record import record
from hssgate.reference import Reference


class Result(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    SKIPPED = "skipped"
    ERROR = "error"


class Outcome(StrEnum):
    """How an image or a whole run ended."""

    PASSED = "passed"
    BLOCKED = "blocked"
    ERROR = "error"


class Trouble(StrEnum):
    """Why a check could not be judged; the `type` of a JUnit error."""

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
SCAN = "scan"  # the check without which nothing passes


@record
class Place:
    """Where a rule stands.

    Args:
        path: of the policy file, as the caller gave it.
        line: from 1, where the file's format tells.
    """

    path: str
    line: int | None


@record
class Check:
    """One question put to one image.

    Args:
        rule: `scan`, `freshness`, or the policy's rule.
        result: how it ended.
        message: one line that says what was found and what is accepted.
        actual: the value found.
        limit: the value still accepted.
        policy: the file of the rule, where there is more than one.
        group: the rows it is about, where one reference matched several groups.
        trouble: why it could not be judged; set exactly where the result is an error.
        blamed: the findings because of which the rule does not hold, most severe first.
        place: where the rule stands, if in a file.
    """

    rule: str
    result: Result
    message: str
    actual: int | str | None = None
    limit: int | str | None = None
    policy: str | None = None
    group: str | None = None
    trouble: Trouble | None = None
    blamed: tuple[Finding, ...] = ()
    place: Place | None = None

    @property
    def name(self) -> str:
        """The rule and what tells this check from others of the same rule."""
        where = ", ".join(part for part in (self.policy, self.group) if part)
        return f"{self.rule} ({where})" if where else self.rule

    @property
    def exit_code(self) -> ExitCode:
        """The code of a run that had only this check."""
        match self.result:
            case Result.FAILED:
                return ExitCode.BLOCKED
            case Result.ERROR:
                return _CODE_OF_TROUBLE[self.trouble] if self.trouble else ExitCode.NO_RESULT
            case Result.PASSED | Result.WARNED | Result.SKIPPED:
                return ExitCode.PASSED
            case unreachable:
                assert_never(unreachable)


# What stands for an image that no check tells of: a report must not pass it by.
NOTHING_JUDGED = Check(SCAN, Result.ERROR, f"{SCAN}: nothing was judged", trouble=Trouble.INCOMPLETE)


@record
class PolicyInForce:
    """What one policy asked of one group of rows.

    Args:
        group: number of the group, from 0; None where no row belonged to the image.
        policy: path of the policy.
        rules: by name, as the policy has them for this image.
        ignore: how many of its exceptions were in force.
    """

    group: int | None
    policy: str
    rules: Mapping[str, BaseModel]
    ignore: int


@record
class Read:
    """One look at one image, as evidence.

    Args:
        at: when, in epoch seconds.
        http_status: None where there was no answer.
        request_id: of the answer.
        row: the row that stood for the image, if any did.
        answered: whether it brought an answer, be it one without rows.
    """

    at: float
    http_status: int | None
    request_id: str | None
    row: CicdImage | None
    answered: bool = True


@record
class ListedFinding:
    """A finding, and what the policies made of it.

    Args:
        finding: as HSS listed it.
        cves: what it is about, where that was asked for.
        ignored_by: policy file and reason of each exception by which it did not count.
        group: number of the group of rows it belongs to, from 0.
    """

    finding: Finding
    cves: tuple[Cve, ...] = ()
    ignored_by: tuple[tuple[str, str], ...] = ()
    group: int = 0

    @property
    def cve_ids(self) -> tuple[str, ...]:
        """What it is about; none where any of its CVEs has no id."""
        return ids_of(self.cves)

    @property
    def cvss(self) -> float | None:
        """The highest score of its CVEs; None where no score is known."""
        return max((cve.cvss_score for cve in self.cves if cve.cvss_score is not None), default=None)

    @property
    def published(self) -> int | None:
        """When the first of its CVEs was published, in epoch milliseconds; None where that is unknown."""
        return min((cve.publish_time for cve in self.cves if cve.publish_time is not None), default=None)


@record
class SeenGroup:
    """What was last seen of one group of rows: enough to judge it again without the API.

    Args:
        phase: where it stood.
        settled: whether its result was believed.
        row: the row that stood for it.
        others: rows that could not be ordered after or before it.
        findings_read: whether its findings were read; they stand in the verdict's own list.
        findings_count: how many were listed, if they were read.
        findings_error: why the findings could not be read, if they could not.
    """

    phase: str
    settled: bool
    row: CicdImage
    others: tuple[CicdImage, ...] = ()
    findings_read: bool = False
    findings_count: int | None = None
    findings_error: str | None = None


@record
class Seen:
    """What a verdict was made of, beside the policy.

    Args:
        ending: why the wait was over.
        error: why there was no answer, if that ended it.
        groups: of rows that belonged to the image.
        judged_at: epoch seconds that ages and expiry were counted from.
        scanned_after: epoch milliseconds of the earliest scan time accepted, if one was asked for.
    """

    ending: str
    error: str | None
    groups: tuple[SeenGroup, ...]
    judged_at: float
    scanned_after: int | None


@record
class ImageVerdict:
    """What one reference came to.

    Args:
        reference: the image asked for.
        checks: what was judged, in order.
        row: the row judged, or the last one seen.
        waited_seconds: from the start of the run to the end of this image's wait.
        polls: how many times this image was looked for.
        reads: each change of state and the last two reads.
        findings: where any were read, most severe first.
        details: what else HSS found, where that was asked for.
        seen: what it was made of.
        in_force: the rules that it was judged by, by group and policy.
    """

    reference: Reference
    checks: tuple[Check, ...]
    row: CicdImage | None = None
    waited_seconds: float = 0.0
    polls: int = 0
    reads: tuple[Read, ...] = ()
    findings: tuple[ListedFinding, ...] = ()
    details: tuple[tuple[DetailKind, Detail], ...] = ()
    seen: Seen | None = None
    in_force: tuple[PolicyInForce, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The worst of the checks; without a scan seen to have ended well, never a pass."""
        return worst_of(self.checks)

    @property
    def outcome(self) -> Outcome:
        """Passed, blocked, or error."""
        return outcome_of(self.exit_code)


@record
class PolicySource:
    """A policy that was applied.

    Args:
        path: as the caller gave it, or relative to the current folder where it was found, or `built-in`.
        sha256: of its bytes.
        searched: the folder in which a default file was looked for and the last one above it, which may be the same;
            None for a policy that was given or found.
        in_repository: the path relative to the root of the repository, where the search came to know it.
    """

    path: str
    sha256: str
    searched: tuple[str, str] | None = None
    in_repository: str | None = None


@record
class RunError:
    """What ended a run without belonging to one of its images.

    Args:
        trouble: interrupted, or a report that could not be written.
        message: one line.
    """

    trouble: Trouble
    message: str


@record
class Verdict:
    """What the run came to.

    Args:
        images: one for each reference, in the caller's order.
        policies: that were applied.
        warnings: of the run as a whole, one line each.
        started_at: epoch seconds.
        finished_at: epoch seconds.
        interruption: the code of the signal that ended the run, if one did.
        unwritten_reports: why a report could not be written, a line for each.
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
        """What explains the exit code beside the images; every report names each."""
        signalled = [self.interruption] if self.interruption is not None else []
        return (
            *(RunError(Trouble.INTERRUPTED, code.meaning) for code in signalled),
            *(RunError(Trouble.REPORT, line) for line in self.unwritten_reports),
        )

    @property
    def exit_code(self) -> ExitCode:
        """The only way to an exit code: a signal's, else the worst of the images, else an unwritten report's."""
        if self.interruption is not None:
            return self.interruption
        code = worst(*(image.exit_code for image in self.images))
        return worst(code, ExitCode.API_UNAVAILABLE) if self.unwritten_reports else code

    @property
    def outcome(self) -> Outcome:
        """Passed, blocked, or error."""
        return outcome_of(self.exit_code)


def worst_of(checks: Iterable[Check]) -> ExitCode:
    """Return the code of the worst check; without a scan seen to have ended well, never that of a pass."""
    found = list(checks)
    proven = any(check.rule == SCAN and check.result in (Result.PASSED, Result.WARNED) for check in found)
    code = worst(*(check.exit_code for check in found))
    return ExitCode.NO_RESULT if code is ExitCode.PASSED and not proven else code


def outcome_of(code: ExitCode) -> Outcome:
    """Return the word for an exit code."""
    match code:
        case ExitCode.PASSED:
            return Outcome.PASSED
        case ExitCode.BLOCKED:
            return Outcome.BLOCKED
        case _:
            return Outcome.ERROR
