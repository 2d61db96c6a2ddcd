"""Judges limits on vulnerabilities: by the number in the row, or by the findings that count."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.errors import GateError
from hssgate.hss.models import Finding, Level
from hssgate.policy.checks import Facts, judged, unusable, why_unread, without_list, without_value
from hssgate.policy.feeds import Exploited
from hssgate.policy.findings import FindingsMissing
from hssgate.policy.ignores import SortedFindings
from hssgate.policy.rule_kinds import WORST_SCORE, CountRule, ScoreRule, Unlisted
from hssgate.policy.rule_table import RULES
from hssgate.policy.rules import GraceInForce, RulesInForce, shown_limit
from hssgate.policy.weigh import Weighed, due_in_words
from hssgate.record import record
from hssgate.text import clean
from hssgate.verdict import Check, Result

_LEVELS = tuple(Level)


@record
class CountedFindings:
    """The findings of a row under one policy.

    Args:
        sorted_findings: by whether an entry ignores them.
        weighed: those that none ignores.
        cves_error: the reason why CVEs that rules need could not be read.
        gone: number of known findings that HSS lists no longer.
    """

    sorted_findings: SortedFindings
    weighed: tuple[Weighed, ...]
    cves_error: GateError | None
    gone: int = 0


@record
class _Count:
    """The findings that a rule is about.

    Args:
        breaking: they count.
        in_grace: they would count, and their grace has not ended.
        unknown: whether they count cannot be said without their CVEs.
        ignored: number of those that an entry ignores.
        unlisted: number of those that HSS counts and does not list.
        unchecked: number of those that no feed could be asked about, because HSS gives no CVE.
        uncounted: number of those that HSS does not list and that the policy only warns of.
        known: number of those that do not count because they are known.
        gone: number of known findings of any level that HSS lists no longer.
        unscored: number of those breaking the rule whose score, or that of one of their CVEs, HSS does not give.
    """

    breaking: tuple[Weighed, ...] = ()
    in_grace: tuple[Weighed, ...] = ()
    unknown: tuple[Weighed, ...] = ()
    ignored: int = 0
    unlisted: int = 0
    uncounted: int = 0
    unchecked: int = 0
    known: int = 0
    gone: int = 0
    unscored: int = 0

    @property
    def at_worst(self) -> "_Count":
        """The same, with each unknown finding counted as the worst."""
        return replace(self, breaking=(*self.breaking, *(replace(one, score=WORST_SCORE) for one in self.unknown)))


def severity_order(finding: Finding) -> tuple[int, str, str]:
    """Return the key by which findings are sorted, most severe first."""
    return (_LEVELS.index(finding.level), finding.vul_id or "", finding.app_name or "")


def judge_count(name: str, rule: CountRule, facts: Facts) -> Check:
    """Judge a limit by the number in the row."""
    (field,) = RULES[name].fields
    found: int | None = getattr(facts.row, field)
    if found is None:
        return without_value(name, rule, facts, field)
    message = f"{name}: {found} found, at most {rule.limit} accepted"
    return judged(rule, found <= rule.limit, Check(name, Result.PASSED, message, found, rule.limit))


def judge_findings(
    name: str, rule: CountRule | ScoreRule, facts: Facts, rules: RulesInForce, counted: CountedFindings | None
) -> Check:
    """Judge a limit by the findings that count.

    Args:
        name: the rule.
        rule: its limit and action.
        facts: of the row.
        rules: in force for the image.
        counted: its findings; None if they were not fetched.
    """
    (field,) = RULES[name].fields
    number: int | None = getattr(facts.row, field)
    if facts.is_accepted_failure and number == 0:  # so no findings were fetched
        return _by_limit(name, rule, _Count())
    if counted is None or number is None:
        is_number_missing = counted is not None or (facts.is_accepted_failure and number is None)
        if is_number_missing:
            return without_value(name, rule, facts, field)
        return without_list(name, rule, facts, facts.findings, "findings")
    # The row's total (vul_num) can exceed the number of findings listed. Level and id of those that are not listed are
    # unknown, so each of them counts against every limit, and no entry can ignore it. An empty list proves nothing.
    listed = len(counted.sorted_findings.counted) + len(counted.sorted_findings.ignored)
    if number and not listed:
        return unusable(name, rule, f"HSS counts {number} findings and lists none of them")
    unlisted, uncounted = max(number - listed, 0), 0
    # The total is HSS's own number, which a rule on all findings limits whatever is listed.
    if rules.unlisted is Unlisted.WARN and RULES[name].needs_findings:
        unlisted, uncounted = 0, unlisted
    found = replace(_count(name, rule, counted, rules.grace), unlisted=unlisted, uncounted=uncounted)
    check, worst = _by_limit(name, rule, found), _by_limit(name, rule, found.at_worst)
    is_certain = check.result is worst.result
    # Where the rule is met only if no finding with unread CVEs counts, those CVEs are what the verdict lacks.
    if not is_certain:
        error = FindingsMissing(counted.cves_error) if counted.cves_error else None
        return without_list(name, rule, facts, error, "CVEs of the findings")
    is_met = check.result is Result.PASSED
    notes = _notes(found, number, None if RULES[name].by_feed else rules.grace)
    if found.unknown:
        unread, why = len(found.unknown), why_unread(counted.cves_error)
        notes.append(f"{unread} counted as the worst, {why}" if is_met else f"{unread} not counted, {why}")
    return _with_notes(worst if is_met else check, found, notes)


def _with_notes(check: Check, found: _Count, notes: Sequence[str]) -> Check:
    """Return the check with notes and the findings behind it; a rule that is met with a doubt or in grace warns."""
    check = replace(check, message=check.message + (f" ({'; '.join(notes)})" if notes else ""))
    if check.result is not Result.PASSED:
        return replace(check, broken_by=_most_severe(found.breaking))
    is_clean = not (found.in_grace or found.unknown or found.uncounted or found.unchecked)
    return check if is_clean else replace(check, result=Result.WARNED, broken_by=_most_severe(found.in_grace))


def _count(name: str, rule: CountRule | ScoreRule, counted: CountedFindings, grace: GraceInForce | None) -> _Count:
    spec = RULES[name]
    ignored = sum(finding.level in spec.levels for finding, _ in counted.sorted_findings.ignored)
    if spec.by_feed:
        return _exploited(counted.weighed, ignored)
    least = spec.least_score
    of_level = [one for one in counted.weighed if one.finding.level in spec.levels]
    of_known = sum(not one.is_new for one in of_level) if spec.only_new else 0
    if spec.only_new:
        of_level = [one for one in of_level if one.is_new]
    needs_cves = grace is not None or least is not None
    unknown = [one for one in of_level if one.score is None and needs_cves]
    known = [one for one in of_level if one.score is not None or not needs_cves]
    if isinstance(rule, ScoreRule):
        known = [one for one in known if one.score is not None and one.score > rule.limit]
    elif least is not None:
        known = [one for one in known if one.score is not None and one.score >= least]
    breaking = [one for one in known if not one.in_grace]
    in_grace = [one for one in known if one.in_grace]
    gone = counted.gone if spec.only_new else 0
    unscored = sum(not one.is_scored for one in breaking) if least is not None else 0
    return _Count(
        tuple(breaking), tuple(in_grace), tuple(unknown), ignored, known=of_known, gone=gone, unscored=unscored
    )


def _exploited(weighed: Sequence[Weighed], ignored: int) -> _Count:
    """Return the findings that a feed names; those whose CVEs were not read may be named, and grace does not matter."""
    not_checked = [one for one in weighed if one.exploited is Exploited.NOT_CHECKED]
    unknown = tuple(one for one in not_checked if one.score is None)
    breaking = tuple(one for one in weighed if one.exploited is Exploited.YES)
    return _Count(breaking, (), unknown, ignored, unchecked=len(not_checked) - len(unknown))


def _by_limit(name: str, rule: CountRule | ScoreRule, found: _Count) -> Check:
    return _by_score(name, rule, found) if isinstance(rule, ScoreRule) else _by_number(name, rule, found)


def _by_number(name: str, rule: CountRule, found: _Count) -> Check:
    number = len(found.breaking) + found.unlisted
    message = f"{name}: {number} found, at most {rule.limit} accepted"
    return judged(rule, number <= rule.limit, Check(name, Result.PASSED, message, number, rule.limit))


def _by_score(name: str, rule: ScoreRule, found: _Count) -> Check:
    scores = [one.score for one in found.breaking if one.score is not None] + [WORST_SCORE] * bool(found.unlisted)
    above = [score for score in scores if score > rule.limit]
    limit = shown_limit(rule)
    worst = f"{max(above):g}" if above else None
    message = f"{name}: {worst} found, at most {limit} accepted"
    if worst is None:
        message = f"{name}: no score above {limit} found, at most {limit} accepted"
    return judged(rule, worst is None, Check(name, Result.PASSED, message, worst, limit))


def _notes(found: _Count, number: int, grace: GraceInForce | None) -> list[str]:
    notes = [f"{found.ignored} ignored"] if found.ignored else []
    if found.known:
        notes.append(f"{found.known} known")
    if found.gone:
        notes.append(f"{found.gone} known and gone")
    if grace is not None:
        for what, some in (("in grace", found.in_grace), ("out of grace", found.breaking)):
            dated = [(one.due, severity_order(one.finding)) for one in some if one.due is not None]
            if dated:
                due, (_, vul_id, _) = min(dated)
                notes.append(f"{len(dated)} {what}, first {clean(vul_id, 100)}: {due_in_words(due, grace.present)}")
    if found.unscored:
        notes.append(f"{found.unscored} without a score, which counts as {WORST_SCORE:g}")
    if found.unlisted:
        notes.append(f"{found.unlisted} of {number} counted by HSS but not listed, counted against the image")
    if found.unchecked:
        notes.append(f"{found.unchecked} not checked, HSS gives no CVE for them")
    if found.uncounted:
        notes.append(f"{found.uncounted} of {number} counted by HSS but not listed, and not judged")
    return notes


def _most_severe(some: Sequence[Weighed]) -> tuple[Finding, ...]:
    return tuple(sorted((one.finding for one in some), key=severity_order))
