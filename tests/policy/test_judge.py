"""Tests of judging a row: each rule, values at its limit, and absent numbers."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from hssgate.hss.models import CicdImage
from hssgate.policy.checks import Facts
from hssgate.policy.days import has_ended
from hssgate.policy.entry_warnings import AppliedPolicy, entry_warnings, warnings_of_ends
from hssgate.policy.judge import all_accept, judge_row, skip_rules
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy
from hssgate.policy.rules import Subject, rules_for
from hssgate.verdict import Check, PolicySource, Result, RulePlace, Trouble

NOW = datetime(2027, 3, 31, 23, 59, tzinfo=UTC).timestamp()
SUBJECT = Subject("legacy", "app", "1.0")
ROW = CicdImage(
    scan_status="success", severity_level="Medium", vul_num=20, unsafe_setting_num=0, malicious_file_num=0,
    latest_scan_time=int(NOW * 1000) - 3_600_000,
)  # fmt: skip


def loaded(data: Mapping[str, object]) -> LoadedPolicy:
    return LoadedPolicy(
        Policy.model_validate(data),
        PolicySource("p.yaml", "0" * 64),
        {("overrides", index): 10 * (index + 1) for index in range(4)},
    )


def override(rules: dict[str, object], images: list[str], **more: object) -> dict[str, object]:
    return {"images": images, "rules": rules, "reason": "why", **more}


@pytest.mark.parametrize(
    ("rule", "row", "result", "message"),
    [
        pytest.param({"severity": "Medium"}, {}, Result.PASSED, "severity: Medium found, at most Medium accepted", id="level at the limit"),
        pytest.param({"severity": "Low"}, {}, Result.FAILED, "severity: Medium found, at most Low accepted", id="level above"),
        pytest.param({"severity": "Security"}, {"severity_level": "Security"}, Result.PASSED, "severity: Security found, at most Security accepted", id="no risk"),
        pytest.param({"severity": "High"}, {"severity_level": "High"}, Result.PASSED, "severity: High found, at most High accepted", id="anything goes"),
        pytest.param({"severity": "High"}, {"severity_level": "Critical"}, Result.ERROR, "severity: HSS gave no readable severity_level (but 'Critical'), which this rule needs", id="unknown level"),
        pytest.param({"severity": "High"}, {"severity_level": "high"}, Result.ERROR, "severity: HSS gave no readable severity_level (but 'high'), which this rule needs", id="level in another case"),
        pytest.param({"severity": "High"}, {"severity_level": None}, Result.ERROR, "severity: HSS gave no severity_level, which this rule needs; vulnerabilities, high_vulnerabilities and malicious_files need none", id="no level"),
        pytest.param({"vulnerabilities": 20}, {}, Result.PASSED, "vulnerabilities: 20 found, at most 20 accepted", id="count at the limit"),
        pytest.param({"vulnerabilities": 19}, {}, Result.FAILED, "vulnerabilities: 20 found, at most 19 accepted", id="count above"),
        pytest.param({"vulnerabilities": 20}, {"vul_num": None}, Result.ERROR, "vulnerabilities: HSS gave no vul_num, which this rule needs", id="no count"),
        pytest.param({"unsafe_settings": 0}, {"unsafe_setting_num": 1}, Result.FAILED, "unsafe_settings: 1 found, at most 0 accepted", id="settings"),
        pytest.param({"malicious_files": 0}, {"malicious_file_num": 1}, Result.FAILED, "malicious_files: 1 found, at most 0 accepted", id="malware"),
        pytest.param({"scan_age": "1h"}, {}, Result.PASSED, "scan_age: scanned 1h00m ago, at most 1h00m accepted", id="age at the limit"),
        pytest.param({"scan_age": 3600}, {}, Result.PASSED, "scan_age: scanned 1h00m ago, at most 1h00m accepted", id="age in plain seconds"),
        pytest.param({"scan_age": "59m"}, {}, Result.FAILED, "scan_age: scanned 1h00m ago, at most 59m00s accepted", id="too old"),
        pytest.param({"scan_age": "1h"}, {"latest_scan_time": None}, Result.ERROR, "scan_age: HSS gave no latest_scan_time, which this rule needs", id="no scan time"),
        pytest.param({"vulnerabilities": {"limit": 19, "action": "warn"}}, {}, Result.WARNED, "vulnerabilities: 20 found, at most 19 accepted", id="broken, warns"),
        pytest.param({"vulnerabilities": {"limit": 20, "action": "warn"}}, {}, Result.PASSED, "vulnerabilities: 20 found, at most 20 accepted", id="holds, would warn"),
        pytest.param({"vulnerabilities": {"limit": 20, "action": "warn"}}, {"vul_num": None}, Result.WARNED, "vulnerabilities: HSS gave no vul_num, which this rule needs", id="no count, warns"),
        pytest.param({"vulnerabilities": {"limit": 19, "action": "block"}}, {}, Result.FAILED, "vulnerabilities: 20 found, at most 19 accepted", id="long form, blocks"),
    ],
)  # fmt: skip
def test_each_rule_is_judged(rule: dict[str, object], row: dict[str, object], result: Result, message: str) -> None:
    """The value found is compared with the limit; a missing number is an error, or a warning if the rule only warns."""
    rules = rules_for(loaded({"rules": rule}), SUBJECT, NOW)

    (check,) = judge_row(Facts(ROW.model_copy(update=row), None, NOW), rules).checks

    assert (check.result, check.message) == (result, message)
    assert check.trouble is (Trouble.INCOMPLETE if result is Result.ERROR else None)


@pytest.mark.parametrize(
    ("rule", "row", "actual", "limit"),
    [
        pytest.param({"severity": "Low"}, {}, "Medium", "Low", id="level"),
        pytest.param({"vulnerabilities": 1}, {}, 20, 1, id="count"),
        pytest.param({"scan_age": "90s"}, {}, "1h00m", "1m30s", id="age"),
        pytest.param({"severity": "Low"}, {"severity_level": None}, None, "Low", id="no level"),
        pytest.param({"vulnerabilities": 1}, {"vul_num": None}, None, 1, id="no count"),
        pytest.param({"scan_age": "90s"}, {"latest_scan_time": None}, None, "1m30s", id="no scan time"),
    ],
)
def test_each_check_has_the_value_found_and_the_limit(
    rule: dict[str, object], row: dict[str, object], actual: object, limit: object
) -> None:
    """Reports need both, whether the rule blocks or only warns; a rule that warns is never an error."""
    found = Facts(ROW.model_copy(update=row), None, NOW)
    ((name, value),) = rule.items()
    blocking = rules_for(loaded({"rules": rule}), SUBJECT, NOW)
    warning = rules_for(loaded({"rules": {name: {"limit": value, "action": "warn"}}}), SUBJECT, NOW)

    (check,), (warned,) = judge_row(found, blocking).checks, judge_row(found, warning).checks

    assert (
        (check.rule, check.actual, check.limit) == (warned.rule, warned.actual, warned.limit) == (name, actual, limit)
    )
    assert (warned.result, warned.trouble, warned.message) == (Result.WARNED, None, check.message)


@pytest.mark.parametrize(
    ("ahead", "result", "message"),
    [
        pytest.param(0.0, Result.PASSED, "scanned 0s ago, at most 0s accepted", id="this moment"),
        pytest.param(1.0, Result.PASSED, "scanned 0s ago, at most 0s accepted", id="a little ahead"),
        pytest.param(900.0, Result.PASSED, "scanned 0s ago, at most 0s accepted", id="as far ahead as a clock may be"),
        pytest.param(
            900.001, Result.ERROR,
            "HSS gave no believable latest_scan_time (but 2027-04-01T00:14:00Z, which is in the future), which this rule needs",
            id="further ahead",
        ),
        pytest.param(
            -NOW * 0.999, Result.ERROR,
            f"HSS gave no believable latest_scan_time (but {round(NOW * 0.001 * 1000)}, which is before 2015), which this rule needs",
            id="in seconds",
        ),
        pytest.param(-0.5, Result.FAILED, "scanned 0.5s ago, at most 0s accepted", id="half a second ago"),
    ],
)  # fmt: skip
def test_a_scan_time_that_cannot_be_one_has_no_age(ahead: float, result: Result, message: str) -> None:
    """Clocks may differ by a quarter of an hour; a time before 2015 is not in milliseconds."""
    row = ROW.model_copy(update={"latest_scan_time": round((NOW + ahead) * 1000)})

    (check,) = judge_row(Facts(row, None, NOW), rules_for(loaded({"rules": {"scan_age": 0}}), SUBJECT, NOW)).checks

    assert (check.rule, check.result, check.message) == ("scan_age", result, f"scan_age: {message}")


def test_a_scan_time_before_2015_is_none_whatever_the_present_is() -> None:
    """A server's clock may be wrong."""
    now = datetime(2014, 12, 31, tzinfo=UTC).timestamp()
    row = ROW.model_copy(update={"latest_scan_time": round(1000 * now)})

    (check,) = judge_row(Facts(row, None, now), rules_for(loaded({"rules": {"scan_age": 0}}), SUBJECT, now)).checks

    assert check.message == (
        "scan_age: HSS gave no believable latest_scan_time (but 1419984000000, which is before 2015), "
        "which this rule needs"
    )


@pytest.mark.parametrize(
    ("rule", "row", "field", "limit"),
    [
        pytest.param({"severity": "Low"}, {"severity_level": None}, "severity_level", "Low", id="level"),
        pytest.param({"vulnerabilities": 1}, {"vul_num": None}, "vul_num", 1, id="count"),
        pytest.param({"scan_age": "90s"}, {"latest_scan_time": None}, "latest_scan_time", "1m30s", id="scan time"),
    ],
)
def test_what_an_accepted_failure_lacks_is_skipped(
    rule: dict[str, object], row: dict[str, object], field: str, limit: object
) -> None:
    """The check still has the limit."""
    facts = Facts(ROW.model_copy(update=row), None, NOW, is_accepted_failure=True)

    (check,) = judge_row(facts, rules_for(loaded({"rules": rule}), SUBJECT, NOW)).checks

    (name,) = rule
    assert (check.result, check.actual, check.limit) == (Result.SKIPPED, None, limit)
    assert check.message == f"{name}: not judged, the scan failed and HSS gave no {field}"


def test_a_level_that_two_reads_lack_beside_counts_of_zero_is_the_least() -> None:
    """The check warns of it."""
    row = CicdImage(scan_status="success", vul_num=0, unsafe_setting_num=0, malicious_file_num=0)
    rules = rules_for(loaded({"rules": {"severity": "Low"}}), SUBJECT, NOW)

    (check,) = judge_row(Facts(row, None, NOW, agreed=True), rules).checks

    message = "severity: HSS gave no severity_level; all three counts are 0 in two reads, which counts as Security"
    assert check == Check("severity", Result.WARNED, message, "Security", "Low")


def test_an_unknown_level_is_shown_cut() -> None:
    """It is quoted in the message, and it is not a pass."""
    row = ROW.model_copy(update={"severity_level": "x" * 50})

    (check,) = judge_row(Facts(row, None, NOW), rules_for(loaded({"rules": {"severity": "High"}}), SUBJECT, NOW)).checks

    assert check.message == (
        f"severity: HSS gave no readable severity_level (but '{'x' * 39}…'), which this rule needs"
    )


def test_rules_are_judged_in_one_order_and_skipped_in_the_same() -> None:
    """The order of the file does not matter; the rule `scan` has no check of its own."""
    data = {"scan_age": "1h", "scan": {"accept": ["failed"]}, "vulnerabilities": 1, "severity": "Low"}
    rules = rules_for(loaded({"rules": data}), SUBJECT, NOW)

    judged, skipped = judge_row(Facts(ROW, None, NOW), rules).checks, skip_rules(rules, "no result")

    assert [check.rule for check in judged] == ["severity", "vulnerabilities", "scan_age"]
    assert [(check.rule, check.result, check.limit) for check in skipped] == [
        ("severity", Result.SKIPPED, "Low"), ("vulnerabilities", Result.SKIPPED, 1), ("scan_age", Result.SKIPPED, "1h00m"),
    ]  # fmt: skip
    assert skipped[0].message == "severity: not judged, no result"


def test_later_overrides_win_rule_by_rule() -> None:
    """An override replaces only the rules that it names."""
    data = {
        "rules": {"severity": "Low", "vulnerabilities": 1, "unsafe_settings": 1},
        "overrides": [
            override({"severity": "High", "vulnerabilities": 2}, ["app:*"]),
            override({"vulnerabilities": 3, "malicious_files": 4}, ["legacy/*"]),
            override({"unsafe_settings": 9}, ["other/*"]),
        ],
    }

    rules = rules_for(loaded(data), SUBJECT, NOW)

    assert {name: getattr(rule, "limit", None) for name, rule in rules.limits.items()} == {
        "severity": "High", "vulnerabilities": 3, "unsafe_settings": 1, "malicious_files": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expires", "limit", "warns"),
    [
        pytest.param(None, 99, None, id="no end"),
        pytest.param(date(2027, 6, 1), 99, None, id="ends later"),
        pytest.param(date(2027, 4, 14), 99, None, id="ends in more than 14 days"),
        pytest.param(date(2027, 4, 13), 99, "p.yaml:10: the override for app:* (why) ends after 2027-04-13", id="ends soon"),
        pytest.param(date(2027, 3, 31), 99, "p.yaml:10: the override for app:* (why) ends after 2027-03-31", id="valid through its day"),
        pytest.param(date(2027, 3, 30), 1, "p.yaml:10: the override for app:* (why) ended on 2027-03-30 and has no effect any more", id="over"),
    ],
)  # fmt: skip
def test_an_override_ends_with_its_day(expires: date | None, limit: int, warns: str | None) -> None:
    """It is valid through its last day in UTC and has no effect afterwards; both have a warning, as has the time shortly before."""
    policy = loaded(
        {"rules": {"vulnerabilities": 1}, "overrides": [override({"vulnerabilities": 99}, ["app:*"], expires=expires)]}
    )

    rule = rules_for(policy, SUBJECT, NOW).limits["vulnerabilities"]

    assert getattr(rule, "limit", None) == limit
    assert warnings_of_ends(policy, NOW) == ([warns] if warns else [])
    assert entry_warnings(policy, [AppliedPolicy(SUBJECT, None, NOW)]) == ([warns] if warns else [])


@pytest.mark.parametrize(
    ("accept", "status", "code", "accepted"),
    [
        (["image_oversized"], "image_oversized", "image_over_sized", True),
        (["image_over_sized"], "image_oversized", "image_over_sized", True),
        (["image_over_sized"], "image_oversized", None, False),
        (["failed"], "failed", "unknown_error", True),
        (["database_error"], "failed", "unknown_error", False),
        ([], "failed", None, False),
    ],
)
def test_failures_are_accepted_by_status_or_code(
    accept: list[str], status: str, code: str | None, accepted: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Both spellings are accepted, and only the failures that are named."""
    rules = rules_for(
        loaded({"rules": {"severity": "Low"} | ({"scan": {"accept": accept}} if accept else {})}), SUBJECT, NOW
    )

    assert all_accept([rules], CicdImage(scan_status=status, scan_failed_code=code)) is accepted


def test_the_day_on_which_an_entry_ends_is_one_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time zone of the machine does not matter."""
    policy = loaded(
        {
            "rules": {"vulnerabilities": 1},
            "overrides": [override({"vulnerabilities": 9}, ["*"], expires=date(2027, 3, 31))],
        }
    )

    monkeypatch.setenv("TZ", "Etc/GMT-14")
    time.tzset()
    try:
        limits = [rules_for(policy, SUBJECT, NOW + later).limits["vulnerabilities"] for later in (0, 60)]
    finally:
        monkeypatch.undo()
        time.tzset()

    assert [getattr(limit, "limit", None) for limit in limits] == [9, 1]


def test_all_rules_in_force_have_their_names() -> None:
    """The rule `scan`, if there is one, comes last."""
    scan = {"scan": {"accept": ["failed"]}}

    with_scan = rules_for(loaded({"rules": {**scan, "severity": "Low", "scan_age": "1h"}}), SUBJECT, NOW)
    without = rules_for(loaded({"rules": {"severity": "Low", "scan_age": "1h"}}), SUBJECT, NOW)

    assert [*with_scan.by_name] == ["severity", "scan_age", "scan"]
    assert [*without.by_name] == ["severity", "scan_age"]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(1e12, id="a year of five digits"),
        pytest.param(1e17, id="beyond the years that the system supports"),
        pytest.param(float("inf"), id="no number of the system"),
    ],
)
def test_an_expiry_date_has_passed_beyond_the_calendar(moment: float) -> None:
    """A server's clock may be wrong; an entry still ends."""
    data = {
        "rules": {"vulnerabilities": 1},
        "overrides": [override({"vulnerabilities": 9}, ["*"], expires=date(9999, 12, 30))],
    }

    assert getattr(rules_for(loaded(data), SUBJECT, moment).limits["vulnerabilities"], "limit", None) == 1


def test_a_rule_has_its_place() -> None:
    """It is the line of the override that sets it, or that of the policy's own rule."""
    data = {"rules": {"severity": "Low", "scan_age": "1h"}, "overrides": [override({"severity": "High"}, ["app:*"])]}
    lines = {("rules", "severity"): 2, ("overrides", 0, "rules", "severity"): 7}
    policy = LoadedPolicy(Policy.model_validate(data), PolicySource("p.yaml", "0"), lines)

    assert rules_for(policy, SUBJECT, NOW).places == {
        "severity": RulePlace("p.yaml", 7),
        "scan_age": RulePlace("p.yaml", None),
    }
    assert rules_for(policy, Subject(None, "other", None), NOW).places["severity"] == RulePlace("p.yaml", 2)


@pytest.mark.parametrize("now", [1e12, 1e300, -1e300], ids=["no such year", "no such number", "before all years"])
def test_a_moment_beyond_every_calendar_is_after_every_end(now: float) -> None:
    """A wrong clock does not extend an entry."""
    assert has_ended(date(9999, 12, 30), now)
    assert not has_ended(None, now)
