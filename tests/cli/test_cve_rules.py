"""Rules on CVSS scores, and grace by the age of CVEs: what HSS does not say counts against the image."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from tests.cli.test_detail_rules import message
from tests.cli.test_findings import HIGH, LOW, MEDIUM, calls, finding, policy, scenario
from tests.conftest import Bench
from tests.support.depth import DEPTH
from tests.support.fakes import START, FakeClock
from tests.support.law import Asked, DetailReads, doubts
from tests.support.wiretap import Wiretap
from tests.support.worlds import silently

DAY = 86_400
TODAY = datetime.fromtimestamp(START, UTC).date()
Row = dict[str, Any]


def cve(score: float | None = 5.0, days: float | None = 400, number: int = 1) -> Row:
    """A CVE with a score, published some days ago."""
    return {
        "cve_id": f"CVE-2024-{number}", "cvss_score": score,
        "publish_time": None if days is None else int(1000 * (START - days * DAY)),
    }  # fmt: skip


def notice(vul_id: str, *cves: Row, level: str = HIGH) -> Row:
    return {**finding(vul_id, level), "cves": [*cves]}


@pytest.mark.parametrize(
    ("rule", "found", "code", "expected"),
    [
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1", cve(9.0))], 10, "1 found, at most 0 accepted", id="nine is critical"),
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1", cve(8.9))], 0, "0 found, at most 0 accepted", id="less is not"),
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1", cve(3.0), cve(9.8, number=2))], 10, "1 found", id="one of several CVEs"),
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1", cve(9.8), level=LOW)], 10, "1 found", id="whatever its level"),
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1")], 10, "1 found, at most 0 accepted (1 without a score, which counts as 10)", id="no CVE"),
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1", cve(None))], 10, "1 found, at most 0 accepted (1 without a score, which counts as 10)", id="no score"),
        pytest.param("critical_vulnerabilities: 0", [notice("SA-1", cve(5.0), cve(None, number=2))], 10, "1 found, at most 0 accepted (1 without a score, which counts as 10)", id="one of several without a score"),
        pytest.param("critical_vulnerabilities: 0", [{**notice("x", cve(1.0)), "vul_id": None}], 10, "1 found", id="no id to ask by"),
        pytest.param("critical_vulnerabilities: 1", [notice("SA-1", cve(9.8)), notice("SA-2", cve(1.0))], 0, "1 found, at most 1 accepted", id="as many as accepted"),
        pytest.param("critical_vulnerabilities: {limit: 0, action: warn}", [notice("SA-1", cve(9.8))], 0, "1 found", id="a warning"),
        pytest.param("cvss: 8.9", [notice("SA-1", cve(9.0)), notice("SA-2", cve(9.8))], 10, "9.8 found, at most 8.9 accepted", id="the highest score"),
        pytest.param("cvss: 9.8", [notice("SA-1", cve(9.8))], 0, "no score above 9.8 found, at most 9.8 accepted", id="at the limit"),
        pytest.param("cvss: 9", [notice("SA-1"), notice("SA-2", cve(9.1))], 10, "10 found, at most 9 accepted (1 without a score, which counts as 10)", id="no score counts as ten"),
        pytest.param("cvss: 10", [notice("SA-1")], 0, "no score above 10 found", id="ten is accepted"),
        pytest.param("cvss: 0", [], 0, "no score above 0 found", id="no finding"),
        pytest.param("cvss: {limit: 5, action: warn}", [notice("SA-1", cve(9.8))], 0, "9.8 found", id="a score that warns"),
    ],
)  # fmt: skip
def test_a_rule_reads_the_scores(bench: Bench, rule: str, found: list[Row], code: int, expected: str) -> None:
    """One call for each notice; a missing score is the worst."""
    policy(bench, f"rules: {{{rule}}}")

    ended = bench.play(scenario(found)).check("team/app:1.0", "--findings", "never")

    assert ended.code == code, ended.out
    assert expected in message(ended, rule.partition(":")[0])
    assert calls(bench, "/cve") == sum(one["vul_id"] is not None for one in found)


def test_a_score_in_grace_is_said_in_chinese(bench: Bench) -> None:
    """The whole sentence, where notes follow it too."""
    policy(bench, "rules: {cvss: 5}\ngrace: {high: 90d}")

    ended = bench.play(scenario([notice("SA-1", cve(8.0, days=2))])).check("team/app:1.0", "--lang", "zh")

    assert ended.code == 0
    assert "cvss: 没有高于 5 的评分，最高接受 5（1 个在宽限期内" in ended.out
    assert "no score" not in ended.out


def test_what_is_ignored_has_no_score(bench: Bench) -> None:
    """Its CVEs are not read either."""
    policy(bench, "rules: {cvss: 8.9, critical_vulnerabilities: 0}\nignore: [{vulnerability: SA-1, reason: r}]")

    ended = bench.play(scenario([notice("SA-1", cve(9.8)), notice("SA-2", cve(2.0))])).check("team/app:1.0")

    assert (ended.code, calls(bench, "/cve")) == (0, 1)


@pytest.mark.parametrize("rule", ["cvss: 9.9", "critical_vulnerabilities: 0"])
def test_what_is_counted_and_not_listed_is_the_worst(bench: Bench, rule: str) -> None:
    """Where nothing at all is listed, the rule cannot be judged."""
    policy(bench, f"rules: {{{rule}}}")
    name = rule.partition(":")[0]

    ended = bench.play(scenario([notice("SA-1", cve(2.0))], 2)).check("team/app:1.0")
    assert ended.code == 10
    assert "1 of 2 counted by HSS but not listed" in message(ended, name)

    ended = bench.play(scenario([], 2)).check("team/app:1.0")
    assert ended.code == 5
    assert message(ended, name) == f"{name}: HSS counts 2 findings and lists none of them"


@pytest.mark.parametrize(
    ("rules", "code", "result"),
    [
        pytest.param("cvss: 8.9", 3, "error", id="score"),
        pytest.param("cvss: 10", 0, "warned", id="any score is accepted"),
        pytest.param("critical_vulnerabilities: 0", 3, "error", id="count"),
        pytest.param("critical_vulnerabilities: 2", 0, "warned", id="as many as could be are accepted"),
        pytest.param("cvss: {limit: 8.9, action: warn}, severity: High", 0, "warned", id="a rule that warns"),
        pytest.param("cvss: {limit: 8.9, action: warn}, high_vulnerabilities: 2", 0, "warned", id="beside a rule that needs no score"),
    ],
)  # fmt: skip
def test_scores_that_cannot_be_read_are_no_pass(bench: Bench, rules: str, code: int, result: str) -> None:
    """Exit 3 under a blocking rule that they could break; what is read after the verdict changes nothing of it."""
    policy(bench, f"rules: {{{rules}}}")
    fault = {"requests": "3-", "call": "cve", "status": 400, "code": "HSS.0002"}
    played = json.loads(scenario([notice("SA-1", cve(1.0)), notice("SA-2", cve(1.0))])) | {"faults": [fault]}

    ended = bench.play(json.dumps(played)).check("team/app:1.0", "--findings", "always")

    assert ended.code == code, ended.out
    assert ended.checks()[rules.partition(":")[0]] == result
    if code == 3:
        assert "the CVEs of the findings could not be read: " in ended.out
    assert bench.run("judge", "report.json").code == code


def with_unread(requests: str, *found: Row, number: int | None = None) -> str:
    """A scenario in which requests for CVEs are refused."""
    fault = {"requests": requests, "call": "cve", "status": 400, "code": "HSS.0002"}
    return json.dumps(json.loads(scenario([*found], number)) | {"faults": [fault]})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("rules: {cvss: 10}", "no score above 10 found, at most 10 accepted (", id="any score"),
        pytest.param("rules: {critical_vulnerabilities: 2}", "2 found, at most 2 accepted (", id="a number of critical ones"),
        pytest.param("rules: {high_vulnerabilities: 3}\ngrace: {high: 30d}", "2 found, at most 3 accepted (", id="a level, with grace"),
        pytest.param("rules: {exploited: 2}\nfeeds: {exploited: [kev.txt]}", "2 found, at most 2 accepted (", id="exploited"),
        pytest.param("rules: {vulnerabilities: 1}\ngrace: {high: 30d}\nignore: [{vulnerability: SA-1, reason: r}]", "1 found, at most 1 accepted (1 ignored; 1 counted", id="beside an ignored one"),
    ],
)  # fmt: skip
def test_a_rule_that_holds_at_the_worst_says_what_was_not_read(bench: Bench, rule: str, expected: str) -> None:
    """Every output has the number of findings without CVEs and the reason; a saved report is judged alike."""
    Path("kev.txt").write_text("CVE-2024-0009\n")
    policy(bench, rule)
    name, _, _ = rule.removeprefix("rules: {").partition(":")
    outputs = [f"{form}=out.{form}" for form in ("junit", "markdown", "html", "sarif", "codequality", "gitlab")]
    bench.play(with_unread("*", notice("SA-1", cve(1.0)), notice("SA-2", cve(1.0))))

    ended = bench.check("team/app:1.0", *(word for one in outputs for word in ("--report", one)))

    assert (ended.code, ended.checks()[name]) == (0, "warned"), ended.out
    found = message(ended, name)
    unread = "counted as the worst, their CVEs could not be read: HTTP 400: HSS.0002 Invalid parameter"
    assert found.startswith(f"{name}: {expected}")
    assert unread in found
    assert ended.report["images"][0]["seen"]["groups"][0]["cves_error"] in found
    assert found in ended.out
    assert f"warning: team/app:1.0: {found}" in ended.err
    for path in ("out.junit", "out.markdown", "out.html", "out.sarif", "out.codequality"):
        assert unread in Path(path).read_text(), path

    again = bench.run("judge", "report.json", "--report", "json=again.json")
    assert again.code == 0
    assert json.loads(Path("again.json").read_text())["images"][0]["checks"] == ended.report["images"][0]["checks"]


def test_what_was_not_read_is_said_in_chinese(bench: Bench) -> None:
    """With the reason."""
    policy(bench, "rules: {critical_vulnerabilities: 2}")

    ended = bench.play(with_unread("*", notice("SA-1"))).check("team/app:1.0", "--lang", "zh")

    assert ended.code == 0
    assert "发现 1，最多接受 2（1 个按最差计算，无法读取其 CVE：HTTP 400" in ended.out


def test_cves_that_a_report_lacks_count_as_the_worst(bench: Bench) -> None:
    """Under the policy that the report was made by no rule needed them."""
    policy(bench, "rules: {high_vulnerabilities: 2}")
    assert bench.play(scenario([notice("SA-1", cve(1.0)), notice("SA-2")])).check("team/app:1.0").code == 0
    policy(bench, "rules: {critical_vulnerabilities: 2}")

    ended = bench.run("judge", "report.json")

    assert ended.code == 0
    counted = "2 found, at most 2 accepted (2 counted as the worst, their CVEs were not read)"
    assert f"warned   critical_vulnerabilities: {counted}" in ended.out


def test_a_finding_that_was_read_blocks_although_others_were_not(bench: Bench) -> None:
    """It breaks the rule by itself, and the others are not in the number."""
    policy(bench, "rules: {critical_vulnerabilities: 0}")

    ended = bench.play(with_unread("4-", notice("SA-1", cve(9.8)), notice("SA-2", cve(9.8)))).check("team/app:1.0")

    assert ended.code == 10
    found = message(ended, "critical_vulnerabilities")
    assert "1 found, at most 0 accepted (1 not counted, their CVEs could not be read: HTTP 400" in found
    assert bench.run("judge", "report.json").code == 10


@pytest.mark.parametrize(
    ("one", "code", "expected"),
    [
        pytest.param(notice("SA-1", cve(days=9)), 0, f"1 in grace, first SA-1: due {TODAY + timedelta(days=21)}, in 21 days", id="in grace"),
        pytest.param(notice("SA-1", cve(days=34)), 10, "1 out of grace, first SA-1: overdue by 4 days", id="overdue"),
        pytest.param(notice("SA-1", cve(days=30)), 10, "1 out of grace, first SA-1: overdue since today", id="ends now"),
        pytest.param(notice("SA-1", cve(days=29.999)), 0, ", today", id="ends in a minute"),
        pytest.param(notice("SA-1", cve(9.0, days=1)), 0, "in 1 day", id="critical, in its own grace"),
        pytest.param(notice("SA-1", cve(9.0, days=9)), 10, "overdue by 7 days", id="critical by its score"),
        pytest.param(notice("SA-1", cve(None, days=9)), 10, "overdue by 7 days", id="critical without a score"),
        pytest.param(notice("SA-1", cve(days=1), level=LOW), 10, "", id="a level without grace"),
        pytest.param(notice("SA-1", cve(days=1), level="unheard_of"), 0, "in 29 days", id="an undocumented level is high"),
        pytest.param(notice("SA-1", cve(days=None)), 10, "", id="no date"),
        pytest.param(notice("SA-1", cve(days=0)), 0, "in 30 days", id="published now"),
        pytest.param(notice("SA-1", cve(days=-1)), 10, "", id="a date in the future"),
        pytest.param(notice("SA-1"), 10, "", id="no CVE"),
        pytest.param(notice("SA-1", cve(days=9), cve(days=20, number=2)), 0, "in 10 days", id="the first of several CVEs"),
        pytest.param(notice("SA-1", cve(days=9), cve(days=None, number=2)), 10, "", id="one of several without a date"),
        pytest.param(notice("SA-1", cve(days=9), cve(days=-2, number=2)), 10, "", id="one of several in the future"),
    ],
)  # fmt: skip
def test_a_finding_warns_until_its_grace_ends(bench: Bench, one: Row, code: int, expected: str) -> None:
    """The day is in the message, the JSON report and the variables."""
    policy(bench, "rules: {vulnerabilities: 0}\ngrace: {critical: 2d, high: 30d, medium: 90d}")

    ended = bench.play(scenario([one])).check("team/app:1.0", "--report", "dotenv=out.env")

    assert ended.code == code, ended.out
    assert ended.checks()["vulnerabilities"] == ("warned" if code == 0 else "failed")
    found = message(ended, "vulnerabilities")
    assert expected in found
    assert expected or "grace" not in found
    due = ended.report["images"][0]["findings"][0]["due"]
    assert (due is not None) is bool(expected)
    assert f"HSSGATE_NEXT_DUE={due if code == 0 else ''}\n" in Path("out.env").read_text()
    assert (f"warning: team/app:1.0: {found}" in ended.err) is (code == 0)


def test_of_several_in_grace_the_first_to_end_is_named(bench: Bench) -> None:
    """Not the one that is listed first."""
    policy(bench, "rules: {vulnerabilities: 0}\ngrace: {high: 30d}")
    found = [notice("SA-1", cve(days=9)), notice("SA-2", cve(days=20)), notice("SA-3", cve(days=1))]

    ended = bench.play(scenario(found)).check("team/app:1.0")

    assert "(3 in grace, first SA-2: due " in message(ended, "vulnerabilities")


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        pytest.param("severity: Medium", 10, id="severity knows no grace"),
        pytest.param("high_vulnerabilities: 0", 0, id="a level"),
        pytest.param("cvss: 4", 0, id="scores"),
        pytest.param("critical_vulnerabilities: 0", 0, id="critical"),
        pytest.param("vulnerabilities: 0, scan_age: 1m", 10, id="another rule"),
    ],
)
def test_grace_is_for_rules_on_findings(bench: Bench, rules: str, code: int) -> None:
    """Every rule that counts findings has it."""
    policy(bench, f"rules: {{{rules}}}\ngrace: {{critical: 2d, high: 30d}}")
    found = [notice("SA-1", cve(7.0, days=1)), notice("SA-2", cve(9.9, days=1))]

    assert bench.play(scenario(found)).check("team/app:1.0").code == code


def test_grace_asks_for_nothing_where_no_rule_counts_findings(bench: Bench) -> None:
    """A pass by the numbers of the row costs one request."""
    policy(bench, "rules: {severity: High}\ngrace: {high: 30d}")

    assert bench.play(scenario([notice("SA-1", cve())])).check("team/app:1.0").code == 0
    assert len(bench.emulator.requests) == 1


def test_what_is_not_listed_has_no_grace(bench: Bench) -> None:
    """Its date is unknown."""
    policy(bench, "rules: {vulnerabilities: 0}\ngrace: {high: 30d}")

    assert bench.play(scenario([notice("SA-1", cve(days=1))], 2)).check("team/app:1.0").code == 10


@pytest.mark.parametrize(
    ("rules", "listed", "code", "result"),
    [
        pytest.param("high_vulnerabilities: 0", [notice("SA-1", level=LOW)], 0, "warned", id="a level"),
        pytest.param("cvss: 8", [notice("SA-1", cve(2.0))], 0, "warned", id="a score"),
        pytest.param("high_vulnerabilities: 0", [notice("SA-1")], 10, "failed", id="what is listed counts"),
        pytest.param("vulnerabilities: 1", [notice("SA-1")], 10, "failed", id="the total is HSS's own"),
        pytest.param("high_vulnerabilities: 0", [], 5, "error", id="nothing listed"),
    ],
)
def test_what_is_not_listed_may_only_warn(bench: Bench, rules: str, listed: list[Row], code: int, result: str) -> None:
    """Where the policy says so, and HSS lists anything at all; a saved report is judged alike."""
    policy(bench, f"rules: {{{rules}}}\nunlisted: warn\nignore: [{{vulnerability: SA-9, reason: r}}]")

    ended = bench.play(scenario(listed, len(listed) + 2)).check("team/app:1.0")

    name = rules.partition(":")[0]
    assert (ended.code, ended.checks()[name]) == (code, result), ended.out
    assert ("2 of 3 counted by HSS but not listed, and not judged" in message(ended, name)) is (
        bool(listed) and name != "vulnerabilities"
    )
    assert bench.run("judge", "report.json").code == code


def test_explain_shows_grace_and_unlisted(bench: Bench) -> None:
    """As text and as JSON."""
    policy(bench, "rules: {cvss: 8.9}\ngrace: {critical: 2d, high: 30d}\nunlisted: warn")

    text = bench.run("policy", "explain", "team/app:1.0").out
    assert "cvss  at most 8.9" in text
    assert "grace: critical 2d00h, high 30d00h" in text
    assert "unlisted: only warned of" in text
    found = json.loads(bench.run("policy", "explain", "team/app:1.0", "--format", "json").out)["policies"][0]
    assert (found["grace"], found["unlisted"]) == ({"critical": 2 * DAY, "high": 30 * DAY}, "warn")


def test_a_saved_report_shows_what_will_count_later(bench: Bench) -> None:
    """The end of grace moves with --at, the age of the scan does not; the new report can be judged, too."""
    policy(bench, "rules: {vulnerabilities: 0, scan_age: 2h}\ngrace: {high: 30d}")
    assert bench.play(scenario([notice("SA-1", cve(days=9))])).check("team/app:1.0").code == 0

    def at(days: int) -> tuple[int, str]:
        day = TODAY + timedelta(days=days)
        ended = bench.run("judge", "report.json", "--at", str(day), "--report", f"json={days}.json")
        return ended.code, ended.out

    assert bench.run("judge", "report.json").code == 0
    assert at(20)[0] == 0
    assert at(25)[0] == 10
    assert "overdue by 4 days" in at(25)[1]
    assert bench.run("judge", "25.json").code == 0
    assert bench.run("judge", "25.json", "--at", str(TODAY + timedelta(days=25))).code == 10


def test_a_report_without_scores_cannot_be_judged_by_them(bench: Bench) -> None:
    """Exit 5, as for anything that the report lacks; with them it is judged."""
    policy(bench, "rules: {high_vulnerabilities: 5}")
    policy(bench, "rules: {cvss: 8.9}", "scores.yaml")
    policy(bench, "rules: {vulnerabilities: 0}\ngrace: {high: 30d}", "grace.yaml")
    played = scenario([notice("SA-1", cve(9.8)), notice("SA-2")])

    assert bench.play(played).check("team/app:1.0").code == 0
    assert bench.run("judge", "report.json", "--policy", "scores.yaml").code == 5
    assert bench.run("judge", "report.json", "--policy", "grace.yaml").code == 5
    assert bench.play(played).check("team/app:1.0", "--findings", "always").code == 0
    assert bench.run("judge", "report.json", "--policy", "scores.yaml").code == 10
    assert bench.run("judge", "report.json", "--policy", "grace.yaml").code == 10


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image["findings"][0].update(due=None), id="no due date"),
        pytest.param(lambda image: image["findings"][0].update(due="2030-01-01"), id="a later due date"),
        pytest.param(lambda image: image["findings"][0].update(cves_read=False), id="CVEs not read"),
        pytest.param(lambda image: image["findings"][0]["cve_details"][0].update(publish_time=int(START * 1000)), id="a later date"),
        pytest.param(lambda image: image["in_force"][0].update(grace={"high": 9e6}), id="more grace"),
        pytest.param(lambda image: image["in_force"][0].update(grace=None), id="no grace"),
        pytest.param(lambda image: image["seen"].update(expiry_at=START + 90 * DAY), id="another day"),
        pytest.param(lambda image: image["seen"]["groups"][0].update(cves_error="x"), id="an error"),
    ],
)  # fmt: skip
def test_a_report_whose_dates_were_changed_is_refused(bench: Bench, change: Any) -> None:  # noqa: ANN401 - a row
    """What follows from them would differ."""
    policy(bench, "rules: {vulnerabilities: 0}\ngrace: {high: 30d}")
    report = bench.play(scenario([notice("SA-1", cve(days=9))])).check("team/app:1.0").report
    change(report["images"][0])
    Path("changed.json").write_text(json.dumps(report))

    ended = bench.run("judge", "changed.json")

    assert ended.code == 2
    assert "contradicts itself" in ended.err


CVE = st.fixed_dictionaries(
    {"cvss_score": st.sampled_from([None, 2.0, 8.9, 9.0]), "publish_time": st.sampled_from([None, -2, 1, 5, 50])}
)
FINDING = st.tuples(st.sampled_from([HIGH, MEDIUM, LOW]), st.lists(CVE, max_size=2))
RULES = st.fixed_dictionaries(
    {"vulnerabilities": st.integers(0, 2)},
    optional={
        "critical_vulnerabilities": st.integers(0, 1), "cvss": st.sampled_from([2, 8.9, 9.5, 10]),
        "medium_vulnerabilities": st.integers(0, 1),
    },
)  # fmt: skip
GRACE = st.dictionaries(
    st.sampled_from(["critical", "high", "medium", "low"]), st.sampled_from([3 * DAY, 10 * DAY]), min_size=1
)


@pytest.mark.unmeasured
@settings(max_examples=DEPTH.examples(40), deadline=None)
@given(
    listed=st.lists(FINDING, max_size=3),
    unlisted=st.sampled_from([0, 0, 1]),
    rules=RULES,
    grace=GRACE,
    more=RULES,
    weight=st.sampled_from([{}, {"unlisted": "warn"}]),
    refused=st.booleans(),
)
def test_grace_only_accepts_and_rules_only_refuse(
    tmp_path_factory: pytest.TempPathFactory, listed: Sequence[tuple[str, list[Row]]], unlisted: int, rules: Row,
    grace: Row, more: Row, weight: Row, *, refused: bool,
) -> None:  # fmt: skip
    """Grace never turns a pass into a block, a second policy never a block into a pass; the law agrees.

    That holds where CVEs are refused, too, except that grace then needs what the rules alone did not.
    """
    names = itertools.count()
    found = [
        notice(f"SA-{number}", *(cve(one["cvss_score"], one["publish_time"], which) for which, one in enumerate(cves)), level=level)
        for number, (level, cves) in enumerate(listed)
    ]  # fmt: skip
    played = (
        with_unread("*", *found, number=len(found) + unlisted) if refused else scenario(found, len(found) + unlisted)
    )
    folder = tmp_path_factory.mktemp("policies")

    def run(*policies: Row) -> int:
        clock = FakeClock()
        wiretap = Wiretap(Emulator(parse_scenario(played, "s"), now=clock.epoch, sleep=clock.pass_time), clock)
        arguments = ["check", "team/app:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p"]
        for one in policies:
            path = folder / f"{next(names)}.json"
            path.write_text(json.dumps(one))
            arguments += ["--policy", str(path)]
        code = silently(arguments, clock, wiretap).code
        reads = DetailReads(wiretap.details, START)
        doubted = doubts(Asked("team", "1.0", None, None, None, 5.0), wiretap.looks, policies, reads)
        assert (code == 0) is (doubted == []), (code, doubted)
        return code

    base = {"rules": rules, **weight}
    before = run(base)
    assert before in {0, 10} or refused or (unlisted and not listed)
    if before == 0 and not refused and (listed or not unlisted):
        assert run({**base, "grace": grace}) == 0
    if before == 10:
        assert run(base, {"rules": more, "grace": grace}) == 10
