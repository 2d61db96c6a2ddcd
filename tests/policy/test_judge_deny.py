"""Tests of the check of `deny` entries: its value, its message, the findings behind it, and what it lacks."""

import pytest

from hssgate.errors import ApiUnavailable
from hssgate.hss.models import CicdImage, Cve, Finding
from hssgate.policy.checks import Facts
from hssgate.policy.findings import FetchedFindings, Findings, FindingsMissing
from hssgate.policy.judge import judge_row, skip_rules
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy
from hssgate.policy.rules import RulesInForce, rules_for
from hssgate.verdict import Check, PolicySource, Result, Trouble
from tests.policy.test_ignores import LOW, NOW, SUBJECT, finding

BUSY = ApiUnavailable("busy")
UNKNOWN = Cve(cve_id=None)


def denying(*vulnerabilities: str, reason: str = "r") -> RulesInForce:
    deny = [{"vulnerability": vulnerability, "reason": reason} for vulnerability in vulnerabilities]
    policy = Policy.model_validate({"rules": {"severity": "High"}, "deny": deny})
    return rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), SUBJECT, NOW)


def denied(
    rules: RulesInForce, found: FetchedFindings, number: int | None = 1, *, scan_failed: bool = False
) -> Check:  # fmt: skip
    facts = Facts(CicdImage(vul_num=number), found, NOW, is_accepted_failure=scan_failed)
    return judge_row(facts, rules).checks[0]


@pytest.mark.parametrize(
    ("rules", "found", "result", "notes"),
    [
        pytest.param(denying("V-9"), Findings((finding("V-1"),)), Result.PASSED, "", id="another id"),
        pytest.param(denying("CVE-9"), Findings((finding("V-1"),), {"V-1": (Cve(cve_id="CVE-1"),)}), Result.PASSED, "", id="another CVE"),
        pytest.param(denying("CVE-9"), Findings((finding("V-1"),), {"V-1": ()}), Result.WARNED, " (1 without CVEs in HSS, compared by their own id only)", id="no CVE"),
        pytest.param(
            denying("CVE-9"), Findings((finding("V-1"), finding(None)), {"V-1": (UNKNOWN,)}), Result.WARNED,
            " (2 without CVEs in HSS, compared by their own id only)", id="neither CVE nor id",
        ),
    ],
)  # fmt: skip
def test_what_is_not_denied_has_the_value_zero(
    rules: RulesInForce, found: Findings, result: Result, notes: str
) -> None:  # fmt: skip
    """It passes, or warns of what could not be compared."""
    message = f"deny: 0 found, none accepted{notes}"

    assert denied(rules, found, len(found.listed)) == Check("deny", result, message, 0, 0)


@pytest.mark.parametrize(
    ("number", "named"),
    [
        pytest.param(1, "V-0: r", id="one"),
        pytest.param(3, "V-0: r; V-1: r; V-2: r", id="as many as are named"),
        pytest.param(4, "V-0: r; V-1: r; V-2: r; and 1 more", id="one more"),
    ],
)
def test_each_denied_finding_is_behind_the_check(number: int, named: str) -> None:
    """Three are named in the message; another finding, less severe, is not among them."""
    listed = tuple(finding(f"V-{index}") for index in range(number))

    check = denied(denying("V-?"), Findings((finding("W-1", None, LOW), *listed)), number + 1)

    message = f"deny: {number} found, none accepted ({named})"
    assert check == Check("deny", Result.FAILED, message, number, 0, broken_by=listed)


def test_a_denied_finding_counts_beside_those_that_hss_does_not_list() -> None:
    """Each of these may be denied as well."""
    check = denied(denying("V-1"), Findings((finding("V-1"),)), 2)

    message = "deny: 2 found, none accepted (V-1: r; 1 counted by HSS but not listed, counted against the image)"
    assert check == Check("deny", Result.FAILED, message, 2, 0, broken_by=(finding("V-1"),))


def test_a_long_id_and_a_long_reason_are_shown_cut() -> None:
    """They are text from outside."""
    rules = denying("*", reason="r" * 201)

    assert denied(rules, Findings((finding("V" * 100),))).message == (
        f"deny: 1 found, none accepted ({'V' * 100}: {'r' * 199}…)"
    )
    assert denied(rules, Findings((finding("V" * 101),))).message == (
        f"deny: 1 found, none accepted ({'V' * 99}…: {'r' * 199}…)"
    )
    assert denied(denying("*", reason="r" * 200), Findings((finding("V"),))).message == (
        f"deny: 1 found, none accepted (V: {'r' * 200})"
    )


@pytest.mark.parametrize(
    ("found", "number", "message", "trouble"),
    [
        pytest.param(Findings((finding("V-1"),)), None, "HSS gave no vul_num, which this rule needs", Trouble.INCOMPLETE, id="no number"),
        pytest.param(Findings(()), 3, "HSS counts 3 findings and lists none of them", Trouble.INCOMPLETE, id="nothing listed"),
        pytest.param(None, 1, "the findings were not read, which this rule needs", Trouble.INCOMPLETE, id="findings not read"),
        pytest.param(FindingsMissing(BUSY), 1, "the findings could not be read: busy", Trouble.API, id="no answer"),
        pytest.param(Findings((finding("V-1"),)), 1, "the CVEs of the findings were not read, which this rule needs", Trouble.INCOMPLETE, id="CVEs not read"),
        pytest.param(Findings((finding("V-1"),), {}, BUSY), 1, "the CVEs of the findings could not be read: busy", Trouble.API, id="no answer about CVEs"),
    ],
)  # fmt: skip
def test_what_is_missing_is_no_pass(
    found: FetchedFindings, number: int | None, message: str, trouble: Trouble
) -> None:  # fmt: skip
    """The check is an error, and names it."""
    assert denied(denying("CVE-9"), found, number) == Check(
        "deny", Result.ERROR, f"deny: {message}", limit=0, trouble=trouble
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(0, Check("deny", Result.PASSED, "deny: 0 found, none accepted", 0, 0), id="HSS counts none"),
        pytest.param(
            None, Check("deny", Result.SKIPPED, "deny: not judged, the scan failed and HSS gave no vul_num", limit=0),
            id="no number",
        ),
    ],
)  # fmt: skip
def test_an_accepted_failure_is_judged_by_its_number(number: int | None, expected: Check) -> None:
    """No findings are fetched for it."""
    assert denied(denying("V-1"), None, number, scan_failed=True) == expected


def test_a_row_without_a_result_has_a_skipped_check() -> None:
    """It comes before those of the rules."""
    skipped = Check("deny", Result.SKIPPED, "deny: not judged, the scan gave no result", limit=0)

    assert skip_rules(denying("V-1"), "the scan gave no result")[0] == skipped


def test_a_finding_counts_once_however_many_entries_deny_it() -> None:
    """The first entry gives the reason."""
    denial = [{"vulnerability": "V-1", "reason": reason} for reason in ("first", "second")]
    policy = Policy.model_validate({"rules": {"severity": "High"}, "deny": denial})
    rules = rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), SUBJECT, NOW)
    found = Finding(vul_id="V-1")

    check = denied(rules, Findings((found,)))

    assert (check.message, check.broken_by) == ("deny: 1 found, none accepted (V-1: first)", (found,))
