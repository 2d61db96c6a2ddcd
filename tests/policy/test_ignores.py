"""Tests of `ignore` entries by id, glob and package, and of counting the findings that are left."""

from collections.abc import Mapping

import pytest

from hssgate.errors import ApiUnavailable, GateError, Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage, Finding
from hssgate.policy.checks import Facts
from hssgate.policy.findings import FetchedFindings, Findings, FindingsMissing
from hssgate.policy.ignores import Ignores, SortedFindings, sort_findings
from hssgate.policy.judge import JudgedRow, judge_row, most_severe_first
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Ignore, Policy
from hssgate.policy.rules import RulesInForce, Subject, rules_for
from hssgate.verdict import Check, ListedFinding, PolicySource, Result, Trouble

NOW = 1_790_000_000.0
SUBJECT = Subject("team", "app", "1.0")
HIGH, MEDIUM, LOW = "immediate_repair", "delay_repair", "not_needed_repair"


def entry(vulnerability: str, **more: object) -> Ignore:
    return Ignore.model_validate({"vulnerability": vulnerability, "reason": "why", **more})


def ignores(*entries: Ignore) -> Ignores:
    return Ignores(tuple((10 + index, one) for index, one in enumerate(entries)))


def finding(vul_id: str | None, package: str | None = None, necessity: str = HIGH) -> Finding:
    return Finding(vul_id=vul_id, app_name=package, repair_necessity=necessity)


@pytest.mark.parametrize(
    ("entries", "found", "cves", "by"),
    [
        pytest.param([entry("CVE-1")], finding("CVE-1"), (), (10,), id="by its id"),
        pytest.param([entry("CVE-1")], finding("CVE-11"), (), (), id="a part of an id is not enough"),
        pytest.param([entry(" cve-1 ")], finding("CVE-1 "), (), (10,), id="case and the blanks around do not matter"),
        pytest.param([entry("cve-2024-[12]")], finding("N-1"), ("CVE-2024-1", "cve-2024-2"), (10,), id="nor do they in a CVE"),
        pytest.param([entry("CVE-*")], finding("CVE-11"), (), (10,), id="by glob"),
        pytest.param([entry("CVE-2"), entry("CVE-1"), entry("*")], finding("CVE-1"), (), (11,), id="the first that fits"),
        pytest.param([entry("*")], finding(None), (), (), id="no id, and no CVE to compare with"),
        pytest.param([entry("CVE-1", package="ssl")], finding("CVE-1", "ssl"), (), (10,), id="package"),
        pytest.param([entry("cve-1", package="ssl")], finding("CVE-1", "ssl"), (), (10,), id="package, and an id in another case"),
        pytest.param([entry("CVE-1", package="ss*")], finding("CVE-1", "ssl"), (), (10,), id="package by glob"),
        pytest.param([entry("CVE-1", package="ssl")], finding("CVE-1", "zlib"), (), (), id="another package"),
        pytest.param([entry("CVE-1", package="SSL")], finding("CVE-1", "ssl"), (), (), id="the case of a package matters"),
        pytest.param([entry("CVE-1", package="SSL")], finding("CVE-1", "SSL"), (), (10,), id="a package in capitals"),
        pytest.param([entry("CVE-1", package=" ssl ")], finding("CVE-1", "ssl"), (), (10,), id="the blanks around a package do not matter"),
        pytest.param([entry("CVE-1", package="pip[all]")], finding("CVE-1", "pip[all]"), (), (10,), id="a package to the letter"),
        pytest.param([entry("CVE-1", package="*")], finding("CVE-1"), (), (), id="the package is unknown"),
        pytest.param([entry("CVE-1"), entry("CVE-2")], finding("N-1"), ("CVE-2", "CVE-1", "CVE-2"), (11, 10), id="every CVE of a notice"),
        pytest.param([entry("CVE-1")], finding("N-1"), ("CVE-1", "CVE-2"), (), id="one CVE of a notice still counts"),
        pytest.param([entry("CVE-1", package="ssl")], finding("N-1", "zlib"), ("CVE-1",), (), id="CVE of another package"),
        pytest.param([entry("CVE-1")], finding(None), ("CVE-1",), (10,), id="no id, but CVEs"),
        pytest.param([entry("CVE-*"), entry("CVE-1")], finding("N-1"), ("CVE-1",), (10,), id="the first that fits a CVE"),
        pytest.param([], finding("CVE-1"), ("CVE-1",), (), id="no entries"),
    ],
)  # fmt: skip
def test_a_finding_does_not_count_only_where_entries_say_so_in_full(
    entries: list[Ignore], found: Finding, cves: tuple[str, ...], by: tuple[int, ...]
) -> None:
    """Entries fit by id or glob and by package; a notice about several CVEs counts until each of them is ignored."""
    assert ignores(*entries).entry_for(found, cves) == by


@pytest.mark.parametrize(
    ("entries", "found", "wanted"),
    [
        pytest.param([entry("CVE-1")], [finding("N-1"), finding("N-2"), finding("N-1")], ("N-1", "N-2"), id="each notice once"),
        pytest.param([entry("CVE-1")], [finding("CVE-2024-2"), finding(" cve-2024-3 "), finding(None)], (), id="what is no notice"),
        pytest.param([entry("CVE-1")], [finding("CVE-2024-2,CVE-2024-3")], ("CVE-2024-2,CVE-2024-3",), id="a notice that is named after several CVEs"),
        pytest.param([entry("CVE-2024-1")], [finding("N-1"), finding("CVE-2024-1")], ("N-1",), id="the CVE is listed by its own id as well"),
        pytest.param([entry("cve-1")], [finding("N-1"), finding("cve-2024-2")], ("N-1",), id="in any case"),
        pytest.param([entry("?VE-1"), entry("*-2"), entry("[C]VE-1")], [finding("N-1")], ("N-1",), id="a glob that can fit a CVE"),
        pytest.param([entry("CVE"), entry("C")], [finding("N-1")], (), id="too short for a CVE"),
        pytest.param([entry("N-*")], [finding("N-1")], (), id="no entry names a CVE"),
        pytest.param([entry("CVE-1"), entry("N-1")], [finding("N-1"), finding("N-2")], ("N-2",), id="ignored by its own id"),
        pytest.param([entry("CVE-1", package="ssl")], [finding("N-1", "zlib"), finding("N-2", "ssl")], ("N-2",), id="the package fits"),
    ],
)  # fmt: skip
def test_only_notices_whose_cves_could_matter_are_looked_up(
    entries: list[Ignore], found: list[Finding], wanted: tuple[str, ...]
) -> None:
    """Each look-up is a request."""
    assert ignores(*entries).notices_to_look_up(iter(found)) == wanted


@pytest.mark.parametrize(
    ("entries", "may"),
    [
        pytest.param([entry("CVE-1")], True, id="a CVE"),
        pytest.param([entry("N-1"), entry("*-1")], True, id="a glob that can fit one"),
        pytest.param([entry("N-1")], False, id="a notice"),
        pytest.param([Ignore(file="*", reason="why"), Ignore(check_rule="CVE-1", reason="why")], False, id="files and checks"),
        pytest.param([], False, id="no entries"),
    ],
)  # fmt: skip
def test_entries_may_name_cves(entries: list[Ignore], may: bool) -> None:  # noqa: FBT001
    """Then the scores alone do not decide; files and baseline checks have no CVEs."""
    assert ignores(*entries).may_name_cves is may


@pytest.mark.parametrize(
    ("package", "partly"),
    [
        pytest.param("ssl", {10}, id="its package"),
        pytest.param("zlib", set(), id="another package"),
        pytest.param(None, {10}, id="any package"),
    ],
)
def test_entries_for_some_cves_of_a_finding_are_known(package: str | None, partly: set[int]) -> None:
    """For the warning that the finding counts all the same."""
    one = finding("N-1", "ssl")

    result = sort_findings([one], {"N-1": ("CVE-1", "CVE-2")}, ignores(entry("CVE-1", package=package)))

    assert result == SortedFindings((one,), (), frozenset(), frozenset(partly))


def test_findings_are_sorted_and_the_entries_that_took_effect_are_known() -> None:
    """If several entries ignore a finding, the first is named and all count as used."""
    one, two, three = finding("CVE-1"), finding("N-1"), finding(None)

    result = sort_findings(
        [one, two, three], {"N-1": ("CVE-2", "CVE-1"), "": ("CVE-9",)}, ignores(entry("CVE-1"), entry("CVE-2"))
    )

    assert result == SortedFindings((three,), ((one, 10), (two, 11)), frozenset({10, 11}))


ROW = CicdImage(scan_status="success", vul_num=4)
LISTED = (
    finding("V-3", "b", MEDIUM), finding("V-2", "b"), finding("V-2", "a"), finding("V-9", None, LOW),
)  # fmt: skip


def judged(
    rules: Mapping[str, object],
    findings: FetchedFindings,
    *ignored: str,
    row: CicdImage = ROW,
    settled: bool = True,
    scan_failed: bool = False,
) -> JudgedRow:
    facts = Facts(row, findings, NOW, settled=settled, is_accepted_failure=scan_failed)
    return judge_row(facts, in_force(rules, *ignored))


def in_force(rules: Mapping[str, object], *ignored: str) -> RulesInForce:
    ignore = [{"vulnerability": vulnerability, "reason": "why"} for vulnerability in ignored]
    policy = Policy.model_validate({"rules": rules, "ignore": ignore})
    return rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), SUBJECT, NOW)


@pytest.mark.parametrize(
    ("rule", "limit", "ignored", "vul_num", "found", "notes"),
    [
        pytest.param("high_vulnerabilities", 2, [], 4, 2, "", id="high"),
        pytest.param("medium_vulnerabilities", 1, [], 4, 1, "", id="medium"),
        pytest.param("low_vulnerabilities", 1, [], 0, 1, "", id="low; HSS may count fewer than it lists"),
        pytest.param("vulnerabilities", 3, ["V-3"], 4, 3, " (1 ignored)", id="all, less the ignored"),
        pytest.param("high_vulnerabilities", 0, ["V-2"], 4, 0, " (2 ignored)", id="ignored ones of the level"),
        pytest.param("medium_vulnerabilities", 1, ["V-2"], 4, 1, "", id="ignored ones of another level"),
        pytest.param(
            "low_vulnerabilities", 3, ["V-9"], 6, 2,
            " (1 ignored; 2 of 6 counted by HSS but not listed, counted against the image)", id="counted but not listed",
        ),
        pytest.param(
            "high_vulnerabilities", 3, [], 5, 3, " (1 of 5 counted by HSS but not listed, counted against the image)",
            id="one not listed",
        ),
    ],
)  # fmt: skip
def test_findings_are_counted_one_by_one(
    rule: str, limit: int, ignored: list[str], vul_num: int, found: int, notes: str
) -> None:
    """A count at the limit passes, one above it fails; findings that HSS counted but did not list count too."""
    row = ROW.model_copy(update={"vul_num": vul_num})

    (passed,) = judged({rule: limit}, Findings(LISTED), *ignored, row=row).checks
    assert passed == Check(rule, Result.PASSED, f"{rule}: {found} found, at most {limit} accepted{notes}", found, limit)

    for strict in range(found):
        (failed,) = judged({rule: strict}, Findings(LISTED), *ignored, row=row).checks
        (warned,) = judged({rule: {"limit": strict, "action": "warn"}}, Findings(LISTED), *ignored, row=row).checks
        assert (failed.result, warned.result) == (Result.FAILED, Result.WARNED)
        assert (failed.actual, failed.limit) == (found, strict)


def test_findings_that_break_a_rule_are_listed_most_severe_first() -> None:
    """They are sorted by level, id and package; ignored findings are not among them, and a rule that is met has none."""
    checks = judged(
        {"vulnerabilities": 0, "high_vulnerabilities": 1, "low_vulnerabilities": 5}, Findings(LISTED), "V-9"
    )

    broken_by = {check.rule: [(one.vul_id, one.app_name) for one in check.broken_by] for check in checks.checks}
    assert broken_by == {
        "vulnerabilities": [("V-2", "a"), ("V-2", "b"), ("V-3", "b")],
        "high_vulnerabilities": [("V-2", "a"), ("V-2", "b")],
        "low_vulnerabilities": [],
    }
    assert checks.counted is not None
    assert checks.counted.sorted_findings.used == frozenset({0})


def test_of_findings_that_no_rule_needs_only_a_broken_limit_is_blamed() -> None:
    """They are read for the reports; a number that is accepted, or missing in an accepted failure, has none."""
    uncounted = ROW.model_copy(update={"vul_num": None})

    (passed,) = judged({"vulnerabilities": 9}, Findings(LISTED)).checks
    (skipped,) = judged({"vulnerabilities": 9}, Findings(LISTED), row=uncounted, scan_failed=True).checks
    (failed,) = judged({"vulnerabilities": 0}, Findings(LISTED)).checks

    assert (passed.result, passed.broken_by) == (Result.PASSED, ())
    assert (skipped.result, skipped.broken_by) == (Result.SKIPPED, ())
    assert (failed.result, len(failed.broken_by)) == (Result.FAILED, len(LISTED))


def test_findings_without_id_or_package_come_first_of_their_level() -> None:
    """They are listed like any other."""
    low = finding("A-1", "a", LOW)
    found = (low, finding("V-1", "B"), finding("V-1"), finding(None, "z"), *LISTED[:1])
    listed = [ListedFinding(one) for one in found]

    assert [(one.finding.vul_id, one.finding.app_name) for one in most_severe_first(listed)] == [
        (None, "z"), ("V-1", None), ("V-1", "B"), ("V-3", "b"), ("A-1", "a"),
    ]  # fmt: skip


def test_an_absent_count_is_no_pass_for_any_list() -> None:
    """There may be findings that are not listed."""
    row = ROW.model_copy(update={"vul_num": None})
    message = "high_vulnerabilities: HSS gave no vul_num, which this rule needs"

    result = judged({"high_vulnerabilities": {"limit": 9, "action": "warn"}}, Findings(LISTED), row=row)
    assert result.checks == (Check("high_vulnerabilities", Result.WARNED, message, limit=9),)

    result = judged({"high_vulnerabilities": 9}, Findings(LISTED), row=row)
    assert result.checks == (Check("high_vulnerabilities", Result.ERROR, message, limit=9, trouble=Trouble.INCOMPLETE),)


@pytest.mark.parametrize(
    ("findings", "message", "trouble"),
    [
        pytest.param(None, "the findings were not read, which this rule needs", Trouble.INCOMPLETE, id="not read"),
        pytest.param(FindingsMissing(ApiUnavailable("busy")), "the findings could not be read: busy", Trouble.API, id="no answer"),
        pytest.param(
            FindingsMissing(Interrupted(ExitCode.INTERRUPTED)), "the findings could not be read: interrupted",
            Trouble.INTERRUPTED, id="interrupted",
        ),
    ],
)  # fmt: skip
def test_findings_that_are_missing_are_no_pass(findings: FetchedFindings, message: str, trouble: Trouble) -> None:
    """They are an error unless the rule only warns; a result that still settles has a message of its own."""
    rule = "vulnerabilities"

    assert judged({rule: 9}, findings, "V-1").checks == (
        Check(rule, Result.ERROR, f"{rule}: {message}", limit=9, trouble=trouble),
    )
    assert judged({rule: {"limit": 9, "action": "warn"}}, findings, "V-1").checks == (
        Check(rule, Result.WARNED, f"{rule}: {message}", limit=9),
    )
    assert judged({rule: 9}, findings, "V-1", settled=False).checks == (
        Check(rule, Result.SKIPPED, f"{rule}: not judged, the result was still settling", limit=9),
    )


def test_findings_that_no_rule_needs_decide_nothing() -> None:
    """The number of HSS is judged if no level is limited and there is no `ignore` entry."""
    result = judged({"vulnerabilities": 4, "malicious_files": 0}, Findings(LISTED[:1]), row=ROW)

    assert result.counted is None
    assert [check.result for check in result.checks] == [Result.PASSED, Result.ERROR]
    assert result.checks[0].message == "vulnerabilities: 4 found, at most 4 accepted"


def test_an_ignore_entry_that_has_ended_has_no_effect() -> None:
    """Its last day is over."""
    policy = Policy.model_validate(
        {"rules": {"vulnerabilities": 1}, "ignore": [entry("V-1", expires="2026-09-20").model_dump(exclude_none=True)]}
    )

    assert rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), SUBJECT, NOW).ignores == Ignores(())


def test_an_ignore_entry_is_in_force_for_the_images_it_names() -> None:
    """Each entry keeps its index in the policy."""
    entries = [entry("A", images=["other/*"]), entry("B", images=["app:*"]), entry("C")]
    policy = Policy.model_validate({"rules": {"vulnerabilities": 1}, "ignore": [one.model_dump() for one in entries]})

    rules = rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), SUBJECT, NOW)

    assert rules.ignores.entries == ((1, entries[1]), (2, entries[2]))
    assert rules.need_findings


def test_the_message_has_the_text_of_any_error() -> None:
    """Errors of the gate itself are reported like those of HSS."""
    result = judged({"low_vulnerabilities": 0}, FindingsMissing(GateError("odd")))

    assert result.checks[0].message == "low_vulnerabilities: the findings could not be read: odd"
