"""Judges a row by the rules in force: pure functions from values to checks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from hssgate.durations import believable, format_duration, format_moment
from hssgate.hss.models import CicdImage, Finding, Level, SeverityLevel
from hssgate.policy.checks import Facts, judged, unusable, without_list, without_value
from hssgate.policy.findings import Findings
from hssgate.policy.ignores import SortedFindings, sort_findings
from hssgate.policy.judge_details import judge_details
from hssgate.policy.rule_table import (
    RULES,
    AgeRule,
    BaselineRule,
    CountRule,
    LimitRule,
    SensitiveFilesRule,
    SeverityRule,
)
from hssgate.policy.rules import RulesInForce, shown_limit
from hssgate.record import record
from hssgate.text import clean
from hssgate.verdict import SCAN, Check, ListedFinding, Result

_SEVERITIES = tuple(SeverityLevel)
_LEVELS = tuple(Level)
_NEED_NO_LEVEL = "vulnerabilities, high_vulnerabilities and malicious_files"


@record
class JudgedRow:
    """The checks of one row under one policy.

    Args:
        checks: one for each limit.
        sorted_findings: which findings counted; None if none were needed or fetched.
    """

    checks: tuple[Check, ...]
    sorted_findings: SortedFindings | None = None


def judge_row(facts: Facts, rules: RulesInForce) -> JudgedRow:
    """Check a row against each limit."""
    sorted_findings = None
    if rules.need_findings and isinstance(facts.findings, Findings):
        sorted_findings = sort_findings(facts.findings.listed, facts.findings.cve_ids, rules.ignores)
    checks = tuple(_judge_limit(name, rule, facts, rules, sorted_findings) for name, rule in rules.limits.items())
    return JudgedRow(checks, sorted_findings)


def most_severe_first(findings: Iterable[ListedFinding]) -> tuple[ListedFinding, ...]:
    """Return findings by level, then by CVSS score, those without a score last, then by id and package."""

    def order(listed: ListedFinding) -> tuple[int, float, str, str]:
        level, vul_id, package = _severity_order(listed.finding)
        return level, 0.0 if listed.cvss is None else -listed.cvss, vul_id, package

    return tuple(sorted(findings, key=order))


def _severity_order(finding: Finding) -> tuple[int, str, str]:
    return (_LEVELS.index(finding.level), finding.vul_id or "", finding.app_name or "")


def _countable(name: str, sorted_findings: SortedFindings) -> tuple[Finding, ...]:
    return tuple(finding for finding in sorted_findings.counted if finding.level in RULES[name].levels)


def skip_rules(rules: RulesInForce, because: str) -> tuple[Check, ...]:
    """Return a skipped check for each limit that could not be judged, with the reason."""
    return tuple(
        Check(name, Result.SKIPPED, f"{name}: not judged, {because}", limit=shown_limit(rule))
        for name, rule in rules.limits.items()
    )


def all_accept(rules_by_policy: Sequence[RulesInForce], row: CicdImage) -> bool:
    """Whether every policy accepts the failed scan of a row, by its status or its failure code."""
    return bool(rules_by_policy) and all(_accepts(rules, row) for rules in rules_by_policy)


def _accepts(rules: RulesInForce, row: CicdImage) -> bool:
    return rules.scan is not None and any(getattr(row, field) in rules.scan.accept for field in RULES[SCAN].fields)


def _judge_limit(
    name: str, rule: LimitRule, facts: Facts, rules: RulesInForce, sorted_findings: SortedFindings | None
) -> Check:
    match rule:
        case SeverityRule():
            return _judge_severity(name, rule, facts)
        case SensitiveFilesRule() | BaselineRule():
            return judge_details(name, rule, facts, rules.ignores)
        case CountRule():
            if rules.needs_list(name) and (facts.row.malicious_file_num or not facts.is_accepted_failure):
                return judge_details(name, rule, facts, rules.ignores)
            if RULES[name].levels and rules.need_findings:
                return _judge_findings(name, rule, facts, sorted_findings)
            return _blame_listed(_judge_count(name, rule, facts), facts)
        case AgeRule():
            return _judge_age(name, rule, facts)
        case unreachable:
            assert_never(unreachable)


def _judge_findings(name: str, rule: CountRule, facts: Facts, sorted_findings: SortedFindings | None) -> Check:
    """Judge a limit by the findings that count."""
    (field,) = RULES[name].fields
    counted: int | None = getattr(facts.row, field)
    if facts.is_accepted_failure and not counted:  # HSS counted nothing, so no findings were fetched
        return _judge_count(name, rule, facts)
    if sorted_findings is None:
        return without_list(name, rule, facts, facts.findings, "findings")
    if counted is None:
        return without_value(name, rule, facts, field)
    # The row's total (vul_num) can exceed the number of findings listed. Level and id of those that are not listed are
    # unknown, so each of them counts against every limit, and no entry can ignore it.
    listed = len(sorted_findings.counted) + len(sorted_findings.ignored)
    missing = max(counted - listed, 0)
    found = len(_countable(name, sorted_findings)) + missing
    ignored = sum(finding.level in RULES[name].levels for finding, _ in sorted_findings.ignored)
    notes = [f"{ignored} ignored"] if ignored else []
    if missing:
        notes.append(f"{missing} of {counted} counted by HSS but not listed, counted against the image")
    message = f"{name}: {found} found, at most {rule.limit} accepted" + (f" ({'; '.join(notes)})" if notes else "")
    check = judged(rule, found <= rule.limit, Check(name, Result.PASSED, message, found, rule.limit))
    if check.result is Result.PASSED:
        return check
    return replace(check, broken_by=tuple(sorted(_countable(name, sorted_findings), key=_severity_order)))


def _judge_severity(name: str, rule: SeverityRule, facts: Facts) -> Check:
    field, *_ = RULES[name].fields
    level: str | None = getattr(facts.row, field)
    if level is None and facts.row.is_empty and facts.agreed:
        least = SeverityLevel.SECURITY.value
        message = f"{name}: HSS gave no {field}; all three counts are 0 in two reads, which counts as {least}"
        return Check(name, Result.WARNED, message, least, rule.limit.value)
    if level is None:
        check = without_value(name, rule, facts, field)
        if facts.is_accepted_failure:
            return check
        return replace(check, message=f"{check.message}; {_NEED_NO_LEVEL} need none")
    if level not in _SEVERITIES:
        return unusable(name, rule, f"readable {field} (but {clean(level, 40)!r})")
    is_met = _SEVERITIES.index(SeverityLevel(level)) <= _SEVERITIES.index(rule.limit)
    return judged(
        rule,
        is_met,
        Check(name, Result.PASSED, f"{name}: {level} found, at most {rule.limit} accepted", level, rule.limit.value),
    )


def _judge_count(name: str, rule: CountRule, facts: Facts) -> Check:
    (field,) = RULES[name].fields
    found: int | None = getattr(facts.row, field)
    if found is None:
        return without_value(name, rule, facts, field)
    message = f"{name}: {found} found, at most {rule.limit} accepted"
    return judged(rule, found <= rule.limit, Check(name, Result.PASSED, message, found, rule.limit))


def _blame_listed(check: Check, facts: Facts) -> Check:
    """Return the check with the findings behind its number, where they were read without being needed."""
    if check.result in (Result.PASSED, Result.SKIPPED) or not isinstance(facts.findings, Findings):
        return check
    found = sorted((one for one in facts.findings.listed if one.level in RULES[check.rule].levels), key=_severity_order)
    return replace(check, broken_by=tuple(found))


def _judge_age(name: str, rule: AgeRule, facts: Facts) -> Check:
    (field,) = RULES[name].fields
    scanned: int | None = getattr(facts.row, field)
    if scanned is None:
        return without_value(name, rule, facts, field)
    if believable(scanned, 1000 * facts.now) is None:
        is_ahead = scanned / 1000 > facts.now
        why = f"{format_moment(scanned)}, which is in the future" if is_ahead else f"{scanned}, which is before 2015"
        return unusable(name, rule, f"believable {field} (but {why})")
    age = max(facts.now - scanned / 1000, 0.0)
    shown, limit = format_duration(age), format_duration(rule.limit)
    message = f"{name}: scanned {shown} ago, at most {limit} accepted"
    return judged(rule, age <= rule.limit, Check(name, Result.PASSED, message, shown, limit))
