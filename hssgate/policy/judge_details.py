"""Judges limits on files and baseline checks by their lists."""

from dataclasses import replace

from hssgate.hss.models import Detail, DetailKind, SeverityLevel
from hssgate.policy.checks import Facts, judged, unusable, without_list, without_value
from hssgate.policy.ignores import Ignores
from hssgate.policy.rule_kinds import BaselineRule, CountRule, DetailRule, Standard
from hssgate.policy.rule_table import RULES
from hssgate.policy.rules import filter_in_words
from hssgate.verdict import Check, Result

NAMES = {
    DetailKind.MALICIOUS_FILE: "malicious files",
    DetailKind.SENSITIVE_FILE: "sensitive files",
    DetailKind.BASELINE_BREACH: "failed baseline checks",
}
_SEVERITIES = tuple(SeverityLevel)
_PASSED = "pass"


def kept(details: tuple[Detail, ...]) -> tuple[Detail, ...]:
    """Return the details that a verdict keeps: all but the baseline checks that passed, and of these `cn_standard`."""
    return tuple(detail for detail in details if detail.scan_result != _PASSED or detail.standard == Standard.CN)


def passed_only(details: tuple[Detail, ...]) -> tuple[Detail, ...]:
    """Return the baseline checks that passed."""
    return tuple(detail for detail in details if detail.scan_result == _PASSED)


def failed_only(details: tuple[Detail, ...]) -> tuple[Detail, ...]:
    """Return the details without baseline checks that passed; one without a documented result counts as failed."""
    return tuple(detail for detail in details if detail.scan_result != _PASSED)


def severity_of(detail: Detail) -> SeverityLevel:
    """Return the severity; `critical`, an undocumented one and none at all count as High, the worst."""
    written = detail.severity and detail.severity.strip().capitalize()
    return SeverityLevel(written) if written in _SEVERITIES else SeverityLevel.HIGH


def judge_details(name: str, rule: CountRule | DetailRule, facts: Facts, ignores: Ignores) -> Check:
    """Judge a limit by the files or baseline checks that count.

    Args:
        name: the rule.
        rule: its limit, filters and action.
        facts: of the row.
        ignores: the entries in force.
    """
    spec = RULES[name]
    kind = DetailKind(str(spec.detail))
    counted: int | None = getattr(facts.row, spec.fields[0]) if spec.fields else None
    if facts.is_accepted_failure and not counted:  # so no list was fetched
        return without_value(name, rule, facts, NAMES[kind])
    listed = facts.details.get(kind)
    if not isinstance(listed, tuple):
        return without_list(name, rule, facts, listed, NAMES[kind])
    listed = failed_only(listed)
    # An empty list proves nothing while HSS counts some, or does not say whether there are any.
    if counted is None and spec.fields and (isinstance(rule, CountRule) or not listed):
        return without_value(name, rule, facts, spec.fields[0])
    if counted and not listed:
        return unusable(name, rule, f"HSS counts {counted} and lists none of the {NAMES[kind]}")
    fitting = [detail for detail in listed if _is_counted(rule, detail)]
    breaking = [detail for detail in fitting if ignores.entry_for_detail(kind, detail) is None]
    ignored = len(fitting) - len(breaking)
    unlisted = max((counted or 0) - len(listed), 0) if isinstance(rule, CountRule) else 0
    notes = [part for part in (filter_in_words(rule), f"{ignored} ignored" if ignored else "") if part]
    if unlisted:
        notes.append(f"{unlisted} of {counted} counted by HSS but not listed, counted against the image")
    found = len(breaking) + unlisted
    message = f"{name}: {found} found, at most {rule.limit} accepted" + (f" ({'; '.join(notes)})" if notes else "")
    check = judged(rule, found <= rule.limit, Check(name, Result.PASSED, message, found, rule.limit))
    return check if check.result is Result.PASSED else replace(check, details=tuple(breaking))


def _is_counted(rule: CountRule | DetailRule, detail: Detail) -> bool:
    """Whether a rule counts a detail: what its filters cannot tell apart counts."""
    if isinstance(rule, CountRule):
        return True
    if rule.severity is not None and _SEVERITIES.index(severity_of(detail)) < _SEVERITIES.index(rule.severity):
        return False
    if isinstance(rule, BaselineRule) and rule.standard is not None:
        return detail.standard in rule.standard or detail.standard not in {*Standard}
    return True
