"""Judges the `deny` entries of a policy: nothing accepts what they name."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.hss.models import Finding, ids_of, known_ids_of
from hssgate.policy.checks import Facts, unusable, why_unread, without_list, without_value
from hssgate.policy.denials import is_cve
from hssgate.policy.findings import Findings, FindingsMissing
from hssgate.policy.judge_findings import severity_order
from hssgate.policy.rule_kinds import CountRule, Unlisted
from hssgate.policy.rule_table import DENY, SPECS
from hssgate.policy.rules import RulesInForce
from hssgate.text import clean
from hssgate.verdict import Check, Result

_MOST_NAMED = 3
_RULE = CountRule.model_construct(limit=0)


def judge_deny(facts: Facts, rules: RulesInForce) -> Check:
    """Return the check of a policy's `deny` entries, before any entry of `ignore` and any grace."""
    (field,) = SPECS[DENY].fields
    number: int | None = getattr(facts.row, field)
    found = facts.findings
    if facts.is_accepted_failure and number == 0:  # so no findings were fetched
        return _check(Result.PASSED, 0)
    if number is None and (facts.is_accepted_failure or isinstance(found, Findings)):
        return without_value(DENY, _RULE, facts, field)
    if number is None or not isinstance(found, Findings):
        return without_list(DENY, _RULE, facts, found, "findings")
    if number and not found.listed:
        return unusable(DENY, _RULE, f"HSS counts {number} findings and lists none of them")
    return _judge_listed(facts, found, rules, max(number - len(found.listed), 0))


def _judge_listed(facts: Facts, found: Findings, rules: RulesInForce, unlisted: int) -> Check:
    entries = dict(rules.denials.entries)
    denied: list[Finding] = []
    notes: list[str] = []
    unread = unchecked = 0
    # In an order that does not depend on that of the API: a saved report, which `judge` compares, keeps another one.
    for finding in sorted(found.listed, key=severity_order):
        cves = found.cves.get(finding.vul_id or "", ())
        index = rules.denials.entry_for(finding, known_ids_of(cves))
        if index is not None:
            denied.append(finding)
            notes.append(f"{clean(finding.vul_id, 100)}: {clean(entries[index].reason, 200)}")
        elif rules.denials.may_name_cves and not is_cve(finding) and not ids_of(cves):
            is_known = finding.vul_id is None or finding.vul_id in found.cves
            unread, unchecked = unread + (not is_known), unchecked + is_known
    notes = [*notes[:_MOST_NAMED], *([f"and {len(notes) - _MOST_NAMED} more"] if len(notes) > _MOST_NAMED else [])]
    counts = rules.unlisted is Unlisted.COUNT
    if unlisted:
        notes.append(f"{unlisted} counted by HSS but not listed" + (", counted against the image" if counts else ""))
    number = len(denied) + (unlisted if counts else 0)
    if number:
        if unread:
            notes.append(f"{unread} not counted, {why_unread(found.cves_error)}")
        return replace(_check(Result.FAILED, number, notes), broken_by=tuple(denied))
    if unread:
        error = FindingsMissing(found.cves_error) if found.cves_error else None
        return without_list(DENY, _RULE, facts, error, "CVEs of the findings")
    if unchecked:
        notes.append(f"{unchecked} without CVEs in HSS, compared by their own id only")
    return _check(Result.WARNED if notes else Result.PASSED, 0, notes)


def _check(result: Result, number: int, notes: Sequence[str] = ()) -> Check:
    message = f"{DENY}: {number} found, none accepted" + (f" ({'; '.join(notes)})" if notes else "")
    return Check(DENY, result, message, number, 0)
