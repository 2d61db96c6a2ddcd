"""Judges a row by the rules in force: pure functions from values to checks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from hssgate.durations import believable, format_duration, format_moment
from hssgate.hss.models import CicdImage, SeverityLevel
from hssgate.policy.checks import Facts, judged, unusable, without_value
from hssgate.policy.findings import Findings
from hssgate.policy.ignores import sort_findings
from hssgate.policy.judge_details import judge_details
from hssgate.policy.judge_findings import CountedFindings, judge_count, judge_findings, severity_order
from hssgate.policy.rule_kinds import (
    AgeRule,
    BaselineRule,
    CountRule,
    LimitRule,
    ScoreRule,
    SensitiveFilesRule,
    SeverityRule,
)
from hssgate.policy.rule_table import DENY, RULES
from hssgate.policy.rules import RulesInForce, shown_limit
from hssgate.policy.weigh import weigh
from hssgate.record import record
from hssgate.text import clean
from hssgate.verdict import SCAN, Check, ListedFinding, Result

_SEVERITIES = tuple(SeverityLevel)
_NEED_NO_LEVEL = "vulnerabilities, high_vulnerabilities and malicious_files"


@record
class JudgedRow:
    """The checks of one row under one policy.

    Args:
        checks: one for each limit.
        counted: which findings counted; None if none were needed or fetched.
    """

    checks: tuple[Check, ...]
    counted: CountedFindings | None = None


def judge_row(facts: Facts, rules: RulesInForce) -> JudgedRow:
    """Check a row against each limit."""
    counted = None
    if rules.need_findings and isinstance(found := facts.findings, Findings):
        sorted_findings = sort_findings(found.listed, found.cve_ids, rules.ignores)
        compared = rules.known.compare(found.listed) if rules.known else None
        weighed = weigh(sorted_findings.counted, found, rules, facts.now, compared)
        counted = CountedFindings(sorted_findings, weighed, found.cves_error, compared.gone if compared else 0)
    checks = tuple(_judge_limit(name, rule, facts, rules, counted) for name, rule in rules.limits.items())
    if rules.denials.entries:
        from hssgate.policy.judge_deny import judge_deny  # most policies deny nothing

        checks = (judge_deny(facts, rules), *checks)
    return JudgedRow(checks, counted)


def most_severe_first(findings: Iterable[ListedFinding]) -> tuple[ListedFinding, ...]:
    """Return findings by level, then by CVSS score, those without a score last, then by id and package."""

    def order(listed: ListedFinding) -> tuple[int, float, str, str]:
        level, vul_id, package = severity_order(listed.finding)
        return level, -(listed.cvss or 0.0), vul_id, package

    return tuple(sorted(findings, key=order))


def skip_rules(rules: RulesInForce, because: str) -> tuple[Check, ...]:
    """Return a skipped check for each limit that could not be judged, with the reason."""
    denied = {DENY: 0} if rules.denials.entries else {}
    limits = denied | {name: shown_limit(rule) for name, rule in rules.limits.items()}
    return tuple(
        Check(name, Result.SKIPPED, f"{name}: not judged, {because}", limit=limit) for name, limit in limits.items()
    )


def all_accept(rules_by_policy: Sequence[RulesInForce], row: CicdImage) -> bool:
    """Whether every policy accepts the failed scan of a row, by its status or its failure code."""
    return bool(rules_by_policy) and all(_accepts(rules, row) for rules in rules_by_policy)


def _accepts(rules: RulesInForce, row: CicdImage) -> bool:
    return rules.scan is not None and any(getattr(row, field) in rules.scan.accept for field in RULES[SCAN].fields)


def _judge_limit(
    name: str, rule: LimitRule, facts: Facts, rules: RulesInForce, counted: CountedFindings | None
) -> Check:
    match rule:
        case SeverityRule():
            check = _judge_severity(name, rule, facts)
        case SensitiveFilesRule() | BaselineRule():
            check = judge_details(name, rule, facts, rules.ignores)
        case ScoreRule():
            check = judge_findings(name, rule, facts, rules, counted)
        case CountRule():
            check = _judge_number(name, rule, facts, rules, counted)
        case AgeRule():
            check = _judge_age(name, rule, facts)
        case unreachable:
            assert_never(unreachable)
    return check


def _judge_number(
    name: str, rule: CountRule, facts: Facts, rules: RulesInForce, counted: CountedFindings | None
) -> Check:
    """Judge a limit by a list where entries or levels need one, otherwise by the number in the row."""
    if rules.needs_list(name) and (facts.row.malicious_file_num or not facts.is_accepted_failure):
        return judge_details(name, rule, facts, rules.ignores)
    if RULES[name].levels and rules.need_findings:
        return judge_findings(name, rule, facts, rules, counted)
    return _blame_listed(judge_count(name, rule, facts), facts)


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
        return unusable(name, rule, f"HSS gave no readable {field} (but {clean(level, 40)!r}), which this rule needs")
    is_met = _SEVERITIES.index(SeverityLevel(level)) <= _SEVERITIES.index(rule.limit)
    return judged(
        rule,
        is_met,
        Check(name, Result.PASSED, f"{name}: {level} found, at most {rule.limit} accepted", level, rule.limit.value),
    )


def _blame_listed(check: Check, facts: Facts) -> Check:
    """Return the check with the findings behind its number, where they were read without being needed."""
    if check.result in (Result.PASSED, Result.SKIPPED) or not isinstance(facts.findings, Findings):
        return check
    found = sorted((one for one in facts.findings.listed if one.level in RULES[check.rule].levels), key=severity_order)
    return replace(check, broken_by=tuple(found))


def _judge_age(name: str, rule: AgeRule, facts: Facts) -> Check:
    (field,) = RULES[name].fields
    scanned: int | None = getattr(facts.row, field)
    if scanned is None:
        return without_value(name, rule, facts, field)
    if believable(scanned, 1000 * facts.now) is None:
        is_ahead = scanned / 1000 > facts.now
        why = f"{format_moment(scanned)}, which is in the future" if is_ahead else f"{scanned}, which is before 2015"
        return unusable(name, rule, f"HSS gave no believable {field} (but {why}), which this rule needs")
    age = max(facts.now - scanned / 1000, 0.0)
    shown, limit = format_duration(age), format_duration(rule.limit)
    message = f"{name}: scanned {shown} ago, at most {limit} accepted"
    return judged(rule, age <= rule.limit, Check(name, Result.PASSED, message, shown, limit))
