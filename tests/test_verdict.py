"""Tests of exit codes: the worst check counts, and nothing passes unproven."""

import pytest

from hssgate.exit_codes import WORST_FIRST, ExitCode, worst
from hssgate.reference_parser import parse_reference
from hssgate.verdict import Check, ImageVerdict, Outcome, Result, RunError, Trouble, Verdict, outcome_of, worst_of

SCANNED = Check("scan", Result.PASSED, "scan: success")
BROKEN = Check("severity", Result.FAILED, "severity: High found, at most Low accepted")
UNANSWERED = Check("scan", Result.ERROR, "scan: no answer", trouble=Trouble.API)
IMAGE = parse_reference("app:1.0")


def verdict(*images: ImageVerdict, interruption: ExitCode | None = None, unwritten: tuple[str, ...] = ()) -> Verdict:
    return Verdict(images, (), (), 0.0, 0.0, interruption, unwritten)


def test_the_order_of_exit_codes_is_the_one_promised() -> None:
    """10 beats 5 beats 4 beats 3 beats 0; a signal, a misuse and a crash beat them all. Each code has a meaning in words."""
    assert WORST_FIRST == (1, 2, 143, 130, 10, 5, 4, 3, 0)
    assert set(WORST_FIRST) == set(ExitCode)
    assert worst(*WORST_FIRST[3:]) == worst(*reversed(WORST_FIRST[3:])) == ExitCode.INTERRUPTED
    assert worst() is ExitCode.NO_RESULT
    assert len({code.meaning for code in ExitCode}) == len(ExitCode)
    assert (ExitCode.BLOCKED.meaning, ExitCode.PASSED.meaning) == (
        "blocked: the policy is violated", "passed, perhaps with warnings",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "trouble", "code"),
    [
        (Result.PASSED, None, 0),
        (Result.WARNED, None, 0),
        (Result.SKIPPED, None, 0),
        (Result.FAILED, None, 10),
        (Result.ERROR, None, 5),
        (Result.ERROR, Trouble.SCAN_FAILED, 5),
        (Result.ERROR, Trouble.INCOMPLETE, 5),
        (Result.ERROR, Trouble.AMBIGUOUS, 5),
        (Result.ERROR, Trouble.TIMEOUT, 4),
        (Result.ERROR, Trouble.API, 3),
        (Result.ERROR, Trouble.INTERRUPTED, 130),
        (Result.ERROR, Trouble.REPORT, 3),
    ],
)
def test_each_result_of_a_check_has_its_exit_code(result: Result, trouble: Trouble | None, code: int) -> None:
    """An error of an unknown kind is not a pass either."""
    assert Check("severity", result, "message", trouble=trouble).exit_code == code


@pytest.mark.parametrize(
    ("policy", "group", "name"),
    [
        (None, None, "severity"),
        ("org.yaml", None, "severity (org.yaml)"),
        (None, "team/app:1.0", "severity (team/app:1.0)"),
        ("org.yaml", "team/app:1.0", "severity (org.yaml, team/app:1.0)"),
    ],
)
def test_a_check_is_named_with_policy_and_group_if_there_are_several(
    policy: str | None, group: str | None, name: str
) -> None:
    """Policy and group are named only if there are several."""
    assert Check("severity", Result.PASSED, "message", policy=policy, group=group).name == name


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        pytest.param([SCANNED], 0, id="a scan that ended well"),
        pytest.param([Check("scan", Result.WARNED, "accepted")], 0, id="a failed scan that the policy accepts"),
        pytest.param([Check("severity", Result.PASSED, "message")], 5, id="a passed rule without a scan check"),
        pytest.param([Check("scan", Result.SKIPPED, "message")], 5, id="a scan that was skipped"),
        pytest.param([], 5, id="nothing at all"),
        pytest.param([SCANNED, BROKEN], 10, id="a broken rule"),
        pytest.param([BROKEN, UNANSWERED], 10, id="a broken rule and an error"),
        pytest.param([UNANSWERED], 3, id="an error without a scan check keeps its code"),
    ],
)
def test_checks_pass_only_with_a_successful_scan(checks: list[Check], code: int) -> None:
    """The worst check counts, and a doubt is never a pass."""
    assert worst_of(checks) == worst_of(iter(checks)) == ImageVerdict(IMAGE, tuple(checks)).exit_code == code


def test_the_worst_image_decides_the_run_and_a_signal_decides_before_it() -> None:
    """A report that could not be written is code 3, unless the outcome is worse."""
    passed, blocked = ImageVerdict(IMAGE, (SCANNED,)), ImageVerdict(IMAGE, (SCANNED, BROKEN))

    assert verdict().exit_code == 5
    assert verdict(passed).exit_code == 0
    assert verdict(passed, blocked).exit_code == verdict(blocked, passed).exit_code == 10
    assert verdict(passed, unwritten=("disk full",)).exit_code == 3
    assert verdict(blocked, unwritten=("disk full",)).exit_code == 10
    assert verdict(blocked, interruption=ExitCode.TERMINATED, unwritten=("disk full",)).exit_code == 143


@pytest.mark.parametrize("code", ExitCode)
def test_only_exit_code_0_is_a_pass(code: ExitCode) -> None:
    """0 is passed, 10 is blocked, and all others are errors, for an image and for a run."""
    expected = {ExitCode.PASSED: Outcome.PASSED, ExitCode.BLOCKED: Outcome.BLOCKED}.get(code, Outcome.ERROR)

    assert outcome_of(code) is expected
    assert verdict(interruption=code).outcome is expected


@pytest.mark.parametrize(
    ("checks", "outcome"),
    [((SCANNED,), Outcome.PASSED), ((SCANNED, BROKEN), Outcome.BLOCKED), ((UNANSWERED,), Outcome.ERROR)],
)
def test_the_outcome_of_an_image_is_that_of_its_worst_check(checks: tuple[Check, ...], outcome: Outcome) -> None:
    """The outcome is passed, blocked or error."""
    assert ImageVerdict(IMAGE, checks).outcome is outcome


def test_errors_of_the_run_are_named() -> None:
    """A signal comes first, then each report that could not be written; otherwise there are none."""
    passed = ImageVerdict(IMAGE, (SCANNED,))

    assert verdict(passed).run_errors == ()
    assert verdict(passed, interruption=ExitCode.TERMINATED, unwritten=("disk full", "no folder")).run_errors == (
        RunError(Trouble.INTERRUPTED, ExitCode.TERMINATED.meaning),
        RunError(Trouble.REPORT, "disk full"),
        RunError(Trouble.REPORT, "no folder"),
    )
