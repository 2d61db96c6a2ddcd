"""Tests of the checks of files and baseline checks: value, limit, message, and the entries behind them."""

from collections.abc import Mapping

import pytest

from hssgate.hss.models import CicdImage, Detail, DetailKind
from hssgate.policy.checks import Facts
from hssgate.policy.findings import FetchedDetails
from hssgate.policy.judge import judge_row
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy
from hssgate.policy.rules import rules_for
from hssgate.verdict import Check, PolicySource, Result, Trouble
from tests.policy.test_ignores import NOW, SUBJECT

LOGIN = Detail(check_rule_id="1.3.2", severity="High", standard="cn_standard", scan_result="failed")
MINER = Detail(file_path="/opt/miner")
KEY_FILE = Detail(file_path="/app/.env", severity=" medium ")
NAMES = {
    "baseline": DetailKind.BASELINE_BREACH,
    "sensitive_files": DetailKind.SENSITIVE_FILE,
    "malicious_files": DetailKind.MALICIOUS_FILE,
}


def judged(
    rules: Mapping[str, object],
    details: FetchedDetails,
    numbers: Mapping[str, int] | None = None,
    *,
    scan_failed: bool = False,
) -> Check:
    """Judge one rule, under a policy with an entry for another file: for it the list of malicious files is read."""
    policy = Policy.model_validate({"rules": rules, "ignore": [{"file": "/other", "reason": "r"}]})
    row = CicdImage.model_validate(numbers or {})
    facts = Facts(row, None, NOW, is_accepted_failure=scan_failed, details=details)
    (check,) = judge_row(facts, rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), SUBJECT, NOW)).checks
    return check


@pytest.mark.parametrize(
    ("rule", "limit", "numbers", "listed", "found", "notes"),
    [
        pytest.param("baseline", 1, {"unsafe_setting_num": 1}, (LOGIN,), 1, "", id="baseline"),
        pytest.param("baseline", 1, {"unsafe_setting_num": 3}, (LOGIN,), 1, "", id="unsafe settings beyond the list do not count"),
        pytest.param("baseline", 0, {"unsafe_setting_num": 0}, (), 0, "", id="no check failed"),
        pytest.param("sensitive_files", 1, {}, (KEY_FILE,), 1, "", id="sensitive files"),
        pytest.param("malicious_files", 1, {"malicious_file_num": 1}, (MINER,), 1, "", id="malware"),
        pytest.param("malicious_files", 0, {"malicious_file_num": 0}, (), 0, "", id="no malware"),
        pytest.param("malicious_files", 1, {"malicious_file_num": 0}, (MINER,), 1, "", id="malware that HSS lists and does not count"),
        pytest.param("malicious_files", 3, {"malicious_file_num": 3}, (MINER,), 3, " (2 of 3 counted by HSS but not listed, counted against the image)", id="malware that HSS counts and does not list"),
    ],
)  # fmt: skip
def test_each_check_has_its_value_and_its_limit(
    rule: str, limit: int, numbers: dict[str, int], listed: tuple[Detail, ...], found: int, notes: str
) -> None:
    """A number at the limit passes with nothing behind it; one above it fails, and the list is behind it."""
    passed = judged({rule: limit}, {NAMES[rule]: listed}, numbers)
    assert passed == Check(rule, Result.PASSED, f"{rule}: {found} found, at most {limit} accepted{notes}", found, limit)

    if found:
        failed = judged({rule: found - 1}, {NAMES[rule]: listed}, numbers)
        message = f"{rule}: {found} found, at most {found - 1} accepted{notes}"
        assert failed == Check(rule, Result.FAILED, message, found, found - 1, details=listed)


@pytest.mark.parametrize(
    ("severity", "result"),
    [
        pytest.param(" medium ", Result.PASSED, id="lower"),
        pytest.param("HIGH", Result.FAILED, id="in another case"),
        pytest.param("xxxx", Result.FAILED, id="undocumented"),
        pytest.param("", Result.FAILED, id="empty"),
        pytest.param(None, Result.FAILED, id="none"),
    ],
)
def test_a_severity_that_is_not_known_is_the_worst(severity: str | None, result: Result) -> None:
    """Case and blanks around it do not matter."""
    file = KEY_FILE.model_copy(update={"severity": severity})

    check = judged({"sensitive_files": {"limit": 0, "severity": "High"}}, {DetailKind.SENSITIVE_FILE: (file,)})

    assert check.result is result


@pytest.mark.parametrize(
    ("rule", "numbers", "expected"),
    [
        pytest.param(
            "sensitive_files", {},
            Check("sensitive_files", Result.SKIPPED, "sensitive_files: not judged, the scan failed and HSS gave no sensitive files", limit=0),
            id="sensitive files have no number",
        ),
        pytest.param(
            "baseline", {"unsafe_setting_num": 0},
            Check("baseline", Result.SKIPPED, "baseline: not judged, the scan failed and HSS gave no failed baseline checks", limit=0),
            id="no unsafe setting",
        ),
        pytest.param(
            "baseline", {},
            Check("baseline", Result.SKIPPED, "baseline: not judged, the scan failed and HSS gave no failed baseline checks", limit=0),
            id="no number of settings",
        ),
        pytest.param(
            "malicious_files", {"malicious_file_num": 0}, Check("malicious_files", Result.PASSED, "malicious_files: 0 found, at most 0 accepted", 0, 0),
            id="no malware",
        ),
        pytest.param(
            "malicious_files", {},
            Check("malicious_files", Result.SKIPPED, "malicious_files: not judged, the scan failed and HSS gave no malicious_file_num", limit=0),
            id="no number of malware",
        ),
    ],
)  # fmt: skip
def test_an_accepted_failure_has_lists_only_where_hss_counts_some(
    rule: str, numbers: dict[str, int], expected: Check
) -> None:  # fmt: skip
    """Otherwise it is judged by the number, or not at all."""
    assert judged({rule: 0}, {}, numbers, scan_failed=True) == expected


@pytest.mark.parametrize(
    ("rule", "numbers", "message"),
    [
        pytest.param("baseline", {"unsafe_setting_num": 2}, "HSS counts 2 and lists none of the failed baseline checks", id="baseline"),
        pytest.param("malicious_files", {"malicious_file_num": 2}, "HSS counts 2 and lists none of the malicious files", id="malware"),
        pytest.param("baseline", {}, "HSS gave no unsafe_setting_num, which this rule needs", id="no number"),
    ],
)  # fmt: skip
def test_an_empty_list_proves_nothing_while_hss_counts_some(
    rule: str, numbers: dict[str, int], message: str
) -> None:  # fmt: skip
    """The check is an error, or a warning if the rule only warns."""
    check = judged({rule: 9}, {NAMES[rule]: ()}, numbers)
    warned = judged({rule: {"limit": 9, "action": "warn"}}, {NAMES[rule]: ()}, numbers)

    assert check == Check(rule, Result.ERROR, f"{rule}: {message}", limit=9, trouble=Trouble.INCOMPLETE)
    assert warned == Check(rule, Result.WARNED, f"{rule}: {message}", limit=9)
