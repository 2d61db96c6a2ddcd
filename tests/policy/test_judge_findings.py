"""Tests of the checks of rules on scores, grace, feeds and known findings: value, message, and findings behind them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hssgate.errors import ApiUnavailable
from hssgate.hss.models import CicdImage, Cve, Finding
from hssgate.policy.checks import Facts
from hssgate.policy.findings import Findings
from hssgate.policy.judge import judge_row, most_severe_first
from hssgate.policy.known import KnownFile, KnownFindings, KnownImage
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy
from hssgate.policy.rules import rules_for
from hssgate.verdict import Check, ListedFinding, PolicySource, Result, Trouble
from tests.policy.test_ignores import NOW, SUBJECT, finding

DAY = 86_400
GRACE = {"grace": {"high": "30d", "critical": "30d"}}
V1, V2, LONG = finding("V-1"), finding("V-2"), finding("V" * 101)
KNOWN = KnownFile(
    "known.json", "0", {"team/app": KnownImage((), KnownFindings({("V-1", "", ""): 1, ("V-9", "", ""): 1}))}
)


def cve(score: float | None = 5.0, days: float = 1, number: int = 1) -> Cve:
    return Cve(cve_id=f"CVE-2024-{number}", cvss_score=score, publish_time=int(1000 * (NOW - days * DAY)))


def judged(data: Mapping[str, object], found: Findings, number: int | None = None) -> Check:
    """Judge the first rule of a policy by findings with their CVEs."""
    policy = Policy.model_validate(data)
    feed = frozenset({"CVE-2024-7"})
    loaded = LoadedPolicy(policy, PolicySource("p.yaml", "0"), {}, feed, KNOWN if policy.known else None)
    row = CicdImage(vul_num=len(found.listed) if number is None else number)
    checks = judge_row(Facts(row, found, NOW), rules_for(loaded, SUBJECT, NOW)).checks
    return checks[0]


def listed(cves: Mapping[Finding, tuple[Cve, ...]], error: ApiUnavailable | None = None) -> Findings:
    return Findings(tuple(cves), {one.vul_id or "": found for one, found in cves.items()}, error)


def until(days: float) -> str:
    return datetime.fromtimestamp(NOW + days * DAY, UTC).date().isoformat()


EXPLOITED: dict[str, Any] = {"rules": {"exploited": 0}, "feeds": {"exploited": ["kev.json"]}}
NEW = {"rules": {"new_vulnerabilities": 0}, "known": {"file": "known.json"}}
BOTH = {"rules": {"vulnerabilities": 9, "new_vulnerabilities": 9}, "known": {"file": "known.json"}}


@pytest.mark.parametrize(
    ("data", "found", "result", "shown", "actual", "limit", "broken_by"),
    [
        pytest.param({"rules": {"cvss": 5}}, listed({V1: (cve(5.0),)}), Result.PASSED, "no score above 5 found, at most 5 accepted", None, "5", (), id="a score at the limit"),
        pytest.param({"rules": {"cvss": 5}} | GRACE, listed({V1: (cve(5.0),)}), Result.PASSED, "no score above 5 found, at most 5 accepted", None, "5", (), id="one that is accepted needs no grace"),
        pytest.param({"rules": {"cvss": 5}}, listed({V1: (cve(9.8),), V2: (cve(5.0),)}), Result.FAILED, "9.8 found, at most 5 accepted", "9.8", "5", (V1,), id="a score above the limit"),
        pytest.param({"rules": {"cvss": {"limit": 5, "action": "warn"}}}, listed({V1: (cve(9.8),)}), Result.WARNED, "9.8 found, at most 5 accepted", "9.8", "5", (V1,), id="a score that warns"),
        pytest.param({"rules": {"cvss": 0}}, listed({V1: (cve(0.5),)}), Result.FAILED, "0.5 found, at most 0 accepted", "0.5", "0", (V1,), id="any score"),
        pytest.param(
            {"rules": {"high_vulnerabilities": 0}} | GRACE, listed({V1: (cve(days=1),), V2: (cve(days=2),)}), Result.WARNED,
            f"0 found, at most 0 accepted (2 in grace, first V-2: due {until(28)}, in 28 days)", 0, 0, (V1, V2), id="in grace",
        ),
        pytest.param(
            {"rules": {"high_vulnerabilities": 0}} | GRACE, listed({V2: (cve(days=40),), V1: (cve(days=40),)}), Result.FAILED,
            "2 found, at most 0 accepted (2 out of grace, first V-1: overdue by 10 days)", 2, 0, (V1, V2), id="out of grace",
        ),
        pytest.param(
            {"rules": {"high_vulnerabilities": 0}} | GRACE, listed({LONG: (cve(days=40),)}), Result.FAILED,
            f"1 found, at most 0 accepted (1 out of grace, first {'V' * 99}…: overdue by 10 days)", 1, 0, (LONG,), id="a long id is shown cut",
        ),
        pytest.param(EXPLOITED, listed({V1: (cve(number=7),)}), Result.FAILED, "1 found, at most 0 accepted", 1, 0, (V1,), id="exploited"),
        pytest.param(EXPLOITED | GRACE, listed({V1: (cve(days=40, number=7),)}), Result.FAILED, "1 found, at most 0 accepted", 1, 0, (V1,), id="exploited, where no grace matters"),
        pytest.param(
            EXPLOITED | {"ignore": [{"vulnerability": "V-1", "reason": "r"}]}, listed({V1: (cve(number=7),)}), Result.PASSED,
            "0 found, at most 0 accepted (1 ignored)", 0, 0, (), id="exploited and ignored",
        ),
        pytest.param(
            EXPLOITED | {"rules": {"exploited": 1}}, Findings((V1,)), Result.WARNED,
            "1 found, at most 1 accepted (1 counted as the worst, their CVEs were not read)", 1, 1, (), id="perhaps exploited",
        ),
        pytest.param(
            {"rules": {"cvss": 10}}, Findings((V1,), {}, ApiUnavailable("busy")), Result.WARNED,
            "no score above 10 found, at most 10 accepted (1 counted as the worst, their CVEs could not be read: busy)", None, "10", (),
            id="any score is accepted",
        ),
        pytest.param(
            {"rules": {"critical_vulnerabilities": 0}}, listed({V1: (cve(9.0),)}), Result.FAILED, "1 found, at most 0 accepted", 1, 0, (V1,),
            id="critical",
        ),
        pytest.param(BOTH, listed({V1: ()}), Result.PASSED, "1 found, at most 9 accepted", 1, 9, (), id="a rule on all, beside known ones"),
        pytest.param(NEW, listed({V1: (), V2: ()}), Result.FAILED, "1 found, at most 0 accepted (1 known; 1 known and gone)", 1, 0, (V2,), id="new"),
    ],
)  # fmt: skip
def test_each_check_has_its_value_and_the_findings_behind_it(
    data: dict[str, Any], found: Findings, result: Result, shown: str, actual: int | str | None,
    limit: int | str, broken_by: tuple[Finding, ...],
) -> None:  # fmt: skip
    """A note is about the findings that the rule counts, and about no others."""
    rule = next(iter(data["rules"]))

    assert judged(data, found) == Check(rule, result, f"{rule}: {shown}", actual, limit, broken_by=broken_by)


@pytest.mark.parametrize(
    ("error", "message", "trouble"),
    [
        pytest.param(None, "the CVEs of the findings were not read, which this rule needs", Trouble.INCOMPLETE, id="not read"),
        pytest.param(ApiUnavailable("busy"), "the CVEs of the findings could not be read: busy", Trouble.API, id="no answer"),
    ],
)  # fmt: skip
def test_cves_that_decide_and_are_missing_are_no_pass(
    error: ApiUnavailable | None, message: str, trouble: Trouble
) -> None:  # fmt: skip
    """The check has the reason."""
    check = judged({"rules": {"critical_vulnerabilities": 0}}, Findings((V1,), {}, error))

    rule = "critical_vulnerabilities"
    assert check == Check(rule, Result.ERROR, f"{rule}: {message}", limit=0, trouble=trouble)


def test_a_list_of_nothing_is_no_pass() -> None:
    """HSS counts findings."""
    check = judged({"rules": {"high_vulnerabilities": 9}}, Findings(()), 2)

    message = "high_vulnerabilities: HSS counts 2 findings and lists none of them"
    assert check == Check("high_vulnerabilities", Result.ERROR, message, limit=9, trouble=Trouble.INCOMPLETE)


def test_of_one_level_the_highest_score_comes_first() -> None:
    """One without a score comes last."""
    scores = (None, 0.5, 9.8, 5.0)
    found = [ListedFinding(finding(f"V-{number}"), (cve(score),)) for number, score in enumerate(scores)]

    assert [one.cvss for one in most_severe_first(found)] == [9.8, 5.0, 0.5, None]
