"""`deny`: nothing accepts what it names, and what HSS does not list might be just that."""

import html
import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from tests.cli.test_cve_rules import cve, notice, with_unread
from tests.cli.test_detail_rules import message
from tests.cli.test_findings import LOW, calls, finding, policy, scenario
from tests.conftest import Bench
from tests.support.depth import DEPTH
from tests.support.fakes import START, FakeClock
from tests.support.law import Asked, DetailReads, doubts
from tests.support.wiretap import Wiretap
from tests.support.worlds import silently

Row = dict[str, Any]
TODAY = datetime.fromtimestamp(START, UTC).date()
LOG4SHELL = {"cve_id": "CVE-2021-44228", "cvss_score": 10.0, "publish_time": int(START * 1000)}
PASSING = "rules: {severity: High}"


@pytest.mark.parametrize(
    ("entry", "listed", "code"),
    [
        pytest.param("vulnerability: CVE-2021-44228", [notice("SA-1", cve(), LOG4SHELL, level=LOW)], 10, id="one CVE of several"),
        pytest.param("vulnerability: ' cve-2021-44228 '", [notice("SA-1", LOG4SHELL)], 10, id="case and blanks do not matter"),
        pytest.param("vulnerability: CVE-2021-*", [notice("SA-1", LOG4SHELL)], 10, id="glob"),
        pytest.param("vulnerability: CVE-2021-44228", [finding("CVE-2021-44228")], 10, id="the finding's own id"),
        pytest.param("vulnerability: SA-1", [notice("SA-1", cve())], 10, id="the notice"),
        pytest.param("vulnerability: CVE-2021-44228", [notice("CVE-2024-1,CVE-2021-44228", cve(), LOG4SHELL)], 10, id="one of several ids in the finding's own"),
        pytest.param("vulnerability: SA-1, package: open*", [notice("SA-1", cve())], 10, id="in its package"),
        pytest.param("vulnerability: SA-1, package: zlib", [notice("SA-1", cve())], 0, id="in another package"),
        pytest.param("vulnerability: SA-1, package: zlib", [{**notice("SA-1", cve()), "app_name": None}], 10, id="in a package without a name"),
        pytest.param("vulnerability: CVE-2021-44228, package: zlib", [{**notice("SA-1", LOG4SHELL), "app_name": " "}], 10, id="in a package with a blank name"),
        pytest.param("vulnerability: SA-1, images: [other/*]", [notice("SA-1", cve())], 0, id="for another image"),
        pytest.param("vulnerability: SA-1, expires: 2020-01-01", [notice("SA-1", cve())], 0, id="ended"),
        pytest.param("vulnerability: CVE-2021-44228", [notice("SA-1", cve())], 0, id="another CVE"),
        pytest.param("vulnerability: CVE-2021-44228", [], 0, id="no finding"),
    ],
)  # fmt: skip
def test_what_is_denied_blocks(bench: Bench, entry: str, listed: list[Row], code: int) -> None:
    """By the id of the finding, or by any of its CVEs."""
    policy(bench, f"{PASSING}\ndeny: [{{{entry}, reason: log4shell}}]")

    ended = bench.play(scenario(listed)).check("team/app:1.0")

    assert ended.code == code, ended.out
    if code:
        assert ended.checks()["deny"] == "failed"
        assert message(ended, "deny") == f"deny: 1 found, none accepted ({listed[0]['vul_id']}: log4shell)"
        assert ended.report["images"][0]["findings"][0]["denied_by"] == [
            {"policy": "hssgate.yaml", "reason": "log4shell"}
        ]
    assert bench.run("judge", "report.json").code == code


@pytest.mark.parametrize(
    "accepting",
    [
        pytest.param("ignore: [{vulnerability: '*', reason: r}]", id="an ignore entry"),
        pytest.param("grace: {critical: 90d, high: 90d}", id="grace"),
        pytest.param("overrides: [{images: ['**'], rules: {high_vulnerabilities: {limit: 99, action: warn}}, reason: r}]", id="an override"),
    ],
)  # fmt: skip
def test_nothing_accepts_what_is_denied(bench: Bench, accepting: str) -> None:
    """Every report shows the finding as one that blocks."""
    policy(
        bench,
        f"rules: {{high_vulnerabilities: 9}}\ndeny: [{{vulnerability: CVE-2021-44228, reason: r}}]\n{accepting}",
    )
    given = [part for form in ("html", "sarif", "markdown", "codequality") for part in ("--report", f"{form}=a.{form}")]

    ended = bench.play(scenario([notice("SA-1", LOG4SHELL)])).check("team/app:1.0", *given)

    assert (ended.code, ended.checks()["deny"]) == (10, "failed")
    assert "what to do:" in ended.out
    assert "no entry of `ignore` and no grace accepts what is denied" in ended.out
    for form in ("html", "sarif", "markdown", "codequality"):
        assert "SA-1" in Path(f"a.{form}").read_text(), form
    assert bench.run("judge", "report.json").code == 10


def test_code_hosts_are_given_the_place_of_deny(bench: Bench) -> None:
    """The line of the key, in the file of the policy that denies."""
    policy(bench, PASSING, "first.yaml")
    policy(bench, f"{PASSING}\ndeny: [{{vulnerability: CVE-2021-44228, reason: r}}]", "second.yaml")
    given = ["--policy", "first.yaml", "--policy", "second.yaml"]

    bench.play(scenario([notice("SA-1", LOG4SHELL)])).check("team/app:1.0", *given)

    cases = ET.parse("junit.xml").iter("testcase")  # noqa: S314 - our own file
    (case,) = [case for case in cases if (case.get("name") or "").startswith("deny")]
    assert (case.get("file"), case.get("line")) == ("second.yaml", "2")


def test_no_entry_is_offered_for_what_is_denied(bench: Bench) -> None:
    """Pasted, it would change nothing; for a finding beside it there is one."""
    policy(bench, "rules: {vulnerabilities: 0}\ndeny: [{vulnerability: CVE-2021-44228, reason: r}]")
    given = [part for form in ("html", "sarif", "markdown") for part in ("--report", f"{form}=a.{form}")]

    ended = bench.play(scenario([notice("SA-1", LOG4SHELL), notice("SA-2", cve())])).check("team/app:1.0", *given)

    shown = [ended.out, *(Path(name).read_text() for name in ("a.html", "a.sarif", "a.markdown", "junit.xml"))]
    offered = [html.unescape(text) for text in shown]
    assert ended.code == 10
    assert all("{vulnerability: 'SA-2'" in text for text in offered)
    assert not any("{vulnerability: 'SA-1'" in text for text in offered)
    assert "SA-1" not in ended.report["images"][0]["explanation"]["entries"]


@pytest.mark.parametrize(
    ("listed", "vul_num", "more", "code", "expected"),
    [
        pytest.param([notice("SA-1", cve())], 3, "", 10, "2 found, none accepted (2 counted by HSS but not listed, counted against the image)", id="not listed"),
        pytest.param([notice("SA-1", cve())], 3, "unlisted: warn", 0, "0 found, none accepted (2 counted by HSS but not listed)", id="not listed, only warned of"),
        pytest.param([], 3, "unlisted: warn", 5, "HSS counts 3 findings and lists none of them", id="nothing listed"),
        pytest.param([notice("SA-1")], 1, "", 0, "1 without CVEs in HSS, compared by their own id only", id="no CVE"),
        pytest.param([notice("SA-1", {"cve_id": None})], 1, "", 0, "1 without CVEs in HSS", id="a CVE without an id"),
        pytest.param([{**notice("SA-1", cve()), "vul_id": None}], 1, "", 0, "1 without CVEs in HSS", id="no id"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_told(
    bench: Bench, listed: list[Row], vul_num: int, more: str, code: int, expected: str
) -> None:
    """It blocks or warns, and never passes in silence."""
    policy(bench, f"{PASSING}\ndeny: [{{vulnerability: CVE-2021-44228, reason: r}}]\n{more}")

    ended = bench.play(scenario(listed, vul_num)).check("team/app:1.0")

    assert ended.code == code, ended.out
    assert expected in message(ended, "deny")
    assert ended.checks()["deny"] != "passed"
    assert bench.run("judge", "report.json").code == code


def test_no_number_is_no_pass(bench: Bench) -> None:
    """What HSS lists may be less than all."""
    policy(bench, f"{PASSING}\ndeny: [{{vulnerability: SA-9, reason: r}}]")
    played = json.loads(scenario([notice("SA-1", cve())]))
    played["images"][0]["timeline"][0]["vul_num"] = None

    assert bench.play(json.dumps(played)).check("team/app:1.0").code == 5


@pytest.mark.parametrize(
    ("vulnerability", "call", "code"),
    [
        pytest.param("CVE-2021-44228", "cve", 3, id="CVEs"),
        pytest.param("CVE-2021-44228", "vulnerabilities", 3, id="findings"),
        pytest.param("SA-9", "cve", 0, id="CVEs that no entry needs"),
    ],
)
def test_what_cannot_be_read_is_no_pass(bench: Bench, vulnerability: str, call: str, code: int) -> None:
    """It is exit 3 where an entry needs it."""
    policy(bench, f"{PASSING}\ndeny: [{{vulnerability: {vulnerability}, reason: r}}]")
    fault = {"requests": "2-", "call": call, "status": 400, "code": "HSS.0002"}
    played = json.loads(scenario([notice("SA-1", cve())])) | {"faults": [fault]}

    ended = bench.play(json.dumps(played)).check("team/app:1.0")

    assert (ended.code, calls(bench, "/cve") > 0) == (code, vulnerability == "CVE-2021-44228" and call == "cve")
    assert bench.run("judge", "report.json").code == code


def test_what_is_denied_blocks_although_other_cves_were_not_read(bench: Bench) -> None:
    """The others are not in the number, and the message says so."""
    policy(bench, "rules: {severity: High}\ndeny: [{vulnerability: CVE-2024-1, reason: r}]")

    ended = bench.play(with_unread("4-", notice("SA-1", cve()), notice("SA-2", cve()))).check("team/app:1.0")

    assert ended.code == 10
    expected = "deny: 1 found, none accepted (SA-1: r; 1 not counted, their CVEs could not be read: HTTP 400"
    assert message(ended, "deny").startswith(expected)
    assert bench.run("judge", "report.json").code == 10


@pytest.mark.parametrize(
    ("state", "code", "result"),
    [
        pytest.param({"scan_status": "failed"}, 5, "skipped", id="a failure"),
        pytest.param({"scan_status": "image_oversized", "vul_num": 0}, 0, "passed", id="an accepted failure without findings"),
        pytest.param({"scan_status": "image_oversized", "vul_num": None}, 0, "skipped", id="one without a number"),
        pytest.param({"scan_status": "image_oversized"}, 10, "failed", id="one with findings"),
    ],
)  # fmt: skip
def test_a_failed_scan_is_judged_as_far_as_it_has_numbers(bench: Bench, state: Row, code: int, result: str) -> None:
    """As under any rule."""
    rules = "rules: {severity: High, scan: {accept: [image_oversized]}}"
    policy(bench, f"{rules}\ndeny: [{{vulnerability: SA-1, reason: r}}]")
    played = json.loads(scenario([notice("SA-1", cve())]))
    played["images"][0]["timeline"][0] |= state

    ended = bench.play(json.dumps(played)).check("team/app:1.0")

    assert (ended.code, ended.checks()["deny"]) == (code, result), ended.out


def test_many_denied_findings_are_named_in_part(bench: Bench) -> None:
    """The rest is a number."""
    policy(bench, f"{PASSING}\ndeny: [{{vulnerability: 'SA-*', reason: r}}]")

    ended = bench.play(scenario([finding(f"SA-{number}") for number in range(5)])).check("team/app:1.0")

    assert message(ended, "deny") == "deny: 5 found, none accepted (SA-0: r; SA-1: r; SA-2: r; and 2 more)"


@pytest.mark.parametrize(
    "keys", ["deny: [{vulnerability: 'S*', reason: r}]", "grace: {high: 30d, medium: 30d, low: 30d}"]
)
def test_messages_do_not_depend_on_the_order_of_the_api(bench: Bench, keys: str) -> None:
    """A saved report lists the most severe first, and `judge` makes the message anew from it."""
    policy(bench, f"rules: {{vulnerabilities: 0}}\n{keys}")
    scored = {"cve_id": "CVE-2024-1", "cvss_score": 5.0, "publish_time": int((START - 1000) * 1000)}
    listed = [notice("SA-3", scored, level=LOW), notice("SA-2", scored), notice("SA-1", scored)]

    ended = bench.play(scenario(listed)).check("team/app:1.0")

    assert "SA-1" in message(ended, "deny" if "deny" in keys else "vulnerabilities").partition(": ")[2][:70]
    assert bench.run("judge", "report.json").code == ended.code


def test_ends_are_warned_of_and_entries_explained(bench: Bench) -> None:
    """One that fits nothing is as it should be."""
    soon = TODAY + timedelta(days=3)
    text = (
        "deny: [{vulnerability: SA-8, reason: r, expires: 2020-01-01}, {vulnerability: SA-9, reason: s, expires: %s}]"
    )
    policy(bench, f"{PASSING}\n{text % soon}")

    ended = bench.play(scenario([])).check("team/app:1.0")
    assert "the deny entry for SA-8 (r) ended on 2020-01-01" in ended.err
    assert f"the deny entry for SA-9 (s) ends after {soon}" in ended.err
    assert "fits no finding" not in ended.err
    assert "denies SA-9 (s, until" in bench.run("policy", "explain", "team/app:1.0").out
    found = json.loads(bench.run("policy", "explain", "team/app:1.0", "--format", "json").out)["policies"][0]
    assert [entry["vulnerability"] for entry in found["deny"]] == ["SA-9"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image["findings"][0].update(denied_by=[]), id="no entry"),
        pytest.param(lambda image: image["in_force"][0].update(deny=0), id="none in force"),
        pytest.param(lambda image: image["in_force"][0].update(deny=2), id="another number"),
        pytest.param(lambda image: image["checks"].pop(1), id="no check"),
    ],
)
def test_a_report_whose_denials_were_changed_is_refused(bench: Bench, change: Any) -> None:  # noqa: ANN401 - a row
    """What follows from them would differ."""
    policy(bench, f"{PASSING}\ndeny: [{{vulnerability: SA-1, reason: r}}]")
    report = bench.play(scenario([notice("SA-1", cve())])).check("team/app:1.0").report
    change(report["images"][0])
    Path("changed.json").write_text(json.dumps(report))

    ended = bench.run("judge", "changed.json")

    assert ended.code == 2
    assert "contradicts itself" in ended.err


ID = st.sampled_from(["SA-1", "SA-2", "CVE-1", "CVE-2", "SA-*", "*", "c?e-1"])
ENTRY = st.fixed_dictionaries({"vulnerability": ID, "reason": st.just("r")})
FINDING = st.tuples(
    st.sampled_from(["SA-1", "SA-2", "CVE-2"]), st.lists(st.sampled_from(["CVE-1", "CVE-2"]), max_size=2)
)


@pytest.mark.unmeasured
@settings(max_examples=DEPTH.examples(40), deadline=None)
@given(
    listed=st.lists(FINDING, max_size=3), unlisted=st.sampled_from([0, 0, 1]), limit=st.integers(0, 2),
    ignore=st.lists(ENTRY, max_size=1), deny=st.lists(ENTRY, max_size=1), added=ENTRY,
)  # fmt: skip
def test_an_entry_more_never_turns_a_block_into_a_pass(
    tmp_path_factory: pytest.TempPathFactory, listed: list[tuple[str, list[str]]], unlisted: int, limit: int,
    ignore: list[Row], deny: list[Row], added: Row,
) -> None:  # fmt: skip
    """Nor does ignoring more; the law agrees with every verdict."""
    names = itertools.count()
    played = scenario([finding(vul_id, cves=cves) for vul_id, cves in listed], len(listed) + unlisted)
    folder = tmp_path_factory.mktemp("policies")

    def run(one: Row) -> int:
        clock = FakeClock()
        wiretap = Wiretap(Emulator(parse_scenario(played, "s"), now=clock.epoch, sleep=clock.pass_time), clock)
        path = folder / f"{next(names)}.json"
        path.write_text(json.dumps(one))
        arguments = ["check", "team/app:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p"]
        arguments += ["--findings", "never"]  # what is read after the verdict decides nothing
        code = silently([*arguments, "--policy", str(path)], clock, wiretap).code
        reads = DetailReads(wiretap.details, START)
        doubted = doubts(Asked("team", "1.0", None, None, None, 5.0), wiretap.looks, [one], reads)
        assert (code == 0) is (doubted == []), (code, doubted)
        return code

    base: Row = {"rules": {"vulnerabilities": limit}, "ignore": ignore, "deny": deny}
    before = run(base)
    if before == 10:
        assert run({**base, "deny": [*deny, added]}) in {5, 10}
    if before == 0 and (listed or not unlisted):
        assert run({**base, "ignore": [*ignore, added]}) == 0
