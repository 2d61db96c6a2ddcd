"""Checks of a verdict, their results, and the exit codes that follow."""

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

from hssgate.exit_codes import ExitCode, worst
from hssgate.hss.models import Detail, Finding
from hssgate.record import record


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
        details: files or baseline checks that break the rule.
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
    details: tuple[Detail, ...] = ()
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
