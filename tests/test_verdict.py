"""Tests of exit codes: the worst check counts, and nothing passes unproven."""

import pytest

from hssgate.exit_codes import WORST_FIRST, ExitCode, worst
from hssgate.hss.models import CicdImage, Cve, DetailKind, Finding
from hssgate.reference_parser import parse_reference
from hssgate.verdict import (
    Check,
    ImageVerdict,
    ListedFinding,
    Outcome,
    Result,
    RunError,
    Seen,
    SeenGroup,
    Trouble,
    Unread,
    Verdict,
    outcome_of,
    worst_of,
)

SCANNED = Check("scan", Result.PASSED, "scan: success")
BROKEN = Check("severity", Result.FAILED, "severity: High found, at most Low accepted")
UNANSWERED = Check("scan", Result.ERROR, "scan: no answer", trouble=Trouble.API)
HALTED = Check("scan", Result.ERROR, "scan: interrupted", trouble=Trouble.INTERRUPTED)
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


@pytest.mark.parametrize(
    ("checks", "signal", "code"),
    [
        pytest.param([HALTED], ExitCode.TERMINATED, 143, id="SIGTERM"),
        pytest.param([HALTED], ExitCode.INTERRUPTED, 130, id="SIGINT"),
        pytest.param([HALTED], None, 130, id="a signal that is not known"),
        pytest.param([SCANNED, BROKEN], ExitCode.TERMINATED, 10, id="blocked before the signal"),
        pytest.param([UNANSWERED], ExitCode.TERMINATED, 3, id="not answered before the signal"),
        pytest.param([SCANNED], ExitCode.TERMINATED, 0, id="passed before the signal"),
    ],
)
def test_an_interrupted_image_has_the_code_of_the_signal(
    checks: list[Check], signal: ExitCode | None, code: int
) -> None:
    """An image that was judged before the signal keeps its own."""
    assert ImageVerdict(IMAGE, tuple(checks), interruption=signal).exit_code == code


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


ONE, TWO, THREE = (Finding(vul_id=name) for name in ("one", "two", "three"))
LISTED = (
    ListedFinding(ONE),
    ListedFinding(TWO, ignored_by=(("p.yaml", "not used"),)),
    ListedFinding(THREE, ignored_by=(("p.yaml", "not used"),), denied_by=(("p.yaml", "never"),)),
    ListedFinding(ONE, group=1),
)
COUNTED = Check("vulnerabilities", Result.FAILED, "message", broken_by=(ONE, TWO, THREE), group="a")


@pytest.mark.parametrize(
    ("checks", "blocking"),
    [
        pytest.param([COUNTED], [0, 1, 2], id="a rule, in its group alone, even with what another policy ignores"),
        pytest.param([Check("vulnerabilities", Result.WARNED, "message", broken_by=(ONE,), group="a")], [], id="a rule that warns"),
        pytest.param([Check("vulnerabilities", Result.FAILED, "message", group="a")], [], id="a rule that no listed finding breaks"),
        pytest.param([Check("severity", Result.FAILED, "message", group="a")], [0, 2], id="severity, all that count in its group"),
        pytest.param([Check("severity", Result.FAILED, "message", group="b")], [3], id="severity of the other group"),
        pytest.param([Check("severity", Result.FAILED, "message", group="a", policy="p.yaml")], [0, 2], id="severity of the policy that ignores one"),
        pytest.param([Check("severity", Result.FAILED, "message", group="a", policy="q.yaml")], [0, 1, 2], id="severity of another policy"),
        pytest.param([Check("severity", Result.PASSED, "message", group="a")], [], id="severity that passed"),
        pytest.param([Check("severity", Result.PASSED, "message", group="a"), COUNTED], [0, 1, 2], id="a rule beside severity that passed"),
    ],
)  # fmt: skip
def test_the_findings_behind_a_block_are_those_that_break_a_rule(checks: list[Check], blocking: list[int]) -> None:
    """A group is known by its scan check; what is both ignored and denied blocks."""
    scans = (Check("scan", Result.PASSED, "message", group="a"), Check("scan", Result.PASSED, "message", group="b"))

    image = ImageVerdict(IMAGE, (*scans, *checks), findings=LISTED)

    assert image.blocking_findings == tuple(LISTED[number] for number in blocking)


def test_details_are_read_where_no_list_of_them_is_missing() -> None:
    """Of several groups one failure is enough, before the verdict or after it; the order is that of the kinds."""
    first = SeenGroup("ended", settled=True, row=CicdImage(), details_count=dict.fromkeys(reversed(DetailKind), 1))
    second = SeenGroup(
        "ended", settled=True, row=CicdImage(), details_errors={DetailKind.SENSITIVE_FILE: "HTTP 500"}
    )  # fmt: skip

    def kinds(*groups: SeenGroup, unread: tuple[Unread, ...] = ()) -> tuple[DetailKind, ...]:
        return ImageVerdict(IMAGE, (), seen=Seen("ended", None, groups, 0.0, None), unread=unread).details_read

    malicious, sensitive, baseline = DetailKind
    assert ImageVerdict(IMAGE, ()).details_read == ()
    assert kinds(first) == (malicious, sensitive, baseline)
    assert kinds(first, second) == kinds(second, first) == (malicious, baseline)
    assert kinds(first, unread=(Unread(malicious, "HTTP 500"), Unread("findings", "HTTP 500"))) == (sensitive, baseline)


@pytest.mark.parametrize(
    ("count", "is_read", "listed", "is_whole"),
    [
        pytest.param(None, True, 2, False, id="HSS gives no number"),
        pytest.param(0, False, 0, True, id="none, which need not be read"),
        pytest.param(2, True, 2, True, id="as many as HSS counts"),
        pytest.param(2, True, 3, True, id="more"),
        pytest.param(2, True, 1, False, id="one is missing"),
        pytest.param(2, False, 2, False, id="not read"),
    ],
)
def test_all_findings_of_a_group_are_listed_or_it_is_known_that_they_are_not(
    count: int | None, is_read: bool, listed: int, is_whole: bool  # noqa: FBT001 - a row of the table
) -> None:  # fmt: skip
    """Those of another group do not count; of an image without observations nothing is known."""
    other = SeenGroup("ended", settled=True, row=CicdImage(vul_num=9))
    group = SeenGroup("ended", settled=True, row=CicdImage(vul_num=count), findings_read=is_read)
    findings = (ListedFinding(ONE), *[ListedFinding(TWO, group=1)] * listed)

    image = ImageVerdict(IMAGE, (), findings=findings, seen=Seen("ended", None, (other, group), 0.0, None))

    assert image.lists_all_findings(1) is is_whole
    assert not ImageVerdict(IMAGE, (), findings=findings).lists_all_findings(1)


def observed(*groups: SeenGroup) -> Seen:
    return Seen("ended", None, groups, 0.0, None)


def counted(vul_num: int | None, error: str | None = None) -> SeenGroup:
    return SeenGroup("ended", settled=True, row=CicdImage(vul_num=vul_num), findings_error=error)


@pytest.mark.parametrize(
    ("counts", "listed_in", "missing"),
    [
        pytest.param([3], [0], 2, id="two of three"),
        pytest.param([3], [], 3, id="all"),
        pytest.param([2], [0, 0], 0, id="none"),
        pytest.param([1, 2], [0, 0], 2, id="what one group lists beyond its number is not taken from another"),
        pytest.param([2, 3], [1], 4, id="the sum of all groups"),
        pytest.param([None], [], 0, id="HSS gives no number"),
    ],
)
def test_findings_that_are_counted_and_not_listed_are_known_by_their_number(
    counts: list[int | None], listed_in: list[int], missing: int
) -> None:
    """Of an image without observations none is."""
    findings = tuple(ListedFinding(ONE, group=group) for group in listed_in)

    assert ImageVerdict(IMAGE, (), findings=findings, seen=observed(*map(counted, counts))).unlisted == missing
    assert ImageVerdict(IMAGE, (), findings=findings).unlisted == 0


def test_each_reason_why_findings_were_not_fetched_is_given_once() -> None:
    """Those before the verdict first; the reasons for other lists are left out."""
    unread = (
        Unread("findings", "HTTP 503"),
        Unread(DetailKind.MALICIOUS_FILE, "HTTP 404"),
        Unread("findings", "HTTP 500"),
    )
    groups = (counted(1), counted(1, "HTTP 500"), counted(1, "HTTP 500"))

    assert ImageVerdict(IMAGE, (), unread=unread, seen=observed(*groups)).findings_errors == ("HTTP 500", "HTTP 503")
    assert ImageVerdict(IMAGE, (), unread=unread).findings_errors == ("HTTP 503", "HTTP 500")


def test_a_finding_is_new_if_it_is_so_under_any_policy() -> None:
    """Without policies that know findings, none is."""
    states = ("known", "new", "unidentified")

    known = [(f"{number}.yaml", state) for number, state in enumerate(states)]

    assert [ListedFinding(ONE, known=(one,)).is_new for one in known] == [False, True, False]
    assert ListedFinding(ONE, known=tuple(known)).is_new
    assert not ListedFinding(ONE).is_new


def test_a_finding_has_the_worst_score_and_the_first_day_of_its_cves() -> None:
    """What HSS leaves out of a CVE is left out; ids are known only if each CVE has one."""
    cves = (Cve(cve_id="CVE-1", cvss_score=5.0, publish_time=2000), Cve(cvss_score=9.8), Cve(publish_time=1000))

    assert (ListedFinding(ONE).cvss, ListedFinding(ONE).published, ListedFinding(ONE).cve_ids) == (None, None, ())
    listed = ListedFinding(ONE, cves)
    assert (listed.cvss, listed.published, listed.cve_ids) == (9.8, 1000, ())
    assert ListedFinding(ONE, cves[:1]).cve_ids == ("CVE-1",)
