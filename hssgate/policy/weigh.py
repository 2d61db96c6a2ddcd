"""Weighs findings by their CVEs: the score of each, and the day on which its grace ends."""

from collections.abc import Iterable, Sequence

from hssgate.hss.models import Cve, Finding
from hssgate.policy.days import day_of
from hssgate.policy.feeds import Exploited
from hssgate.policy.findings import Findings
from hssgate.policy.known import Comparison, Novelty
from hssgate.policy.rule_kinds import CRITICAL_SCORE, WORST_SCORE
from hssgate.policy.rules import GraceInForce, RulesInForce
from hssgate.record import record
from hssgate.text import plural


@record
class Weighed:
    """A finding that no entry ignores, with what its CVEs say.

    Args:
        finding: the finding.
        score: its highest CVSS score, 10 where HSS gives none; None if its CVEs were not read.
        is_scored: whether each of its CVEs has a score.
        due: epoch seconds at which its grace ends; None if it has none.
        in_grace: whether its grace has not ended.
        exploited: whether a feed names it; None without a feed.
        is_new: whether it is not known; without known findings all are new.
    """

    finding: Finding
    score: float | None
    is_scored: bool = True
    due: float | None = None
    in_grace: bool = False
    exploited: Exploited | None = None
    is_new: bool = True


def weigh(
    counted: Iterable[Finding], found: Findings, rules: RulesInForce, now: float, compared: Comparison | None = None
) -> tuple[Weighed, ...]:
    """Return each finding with its score and its grace.

    Args:
        counted: findings that no entry ignores.
        found: all findings, with the CVEs that were read.
        rules: in force for the image.
        now: epoch seconds of the check; a CVE published later has no date.
        compared: all findings, compared with those that are known.
    """
    return tuple(_weighed(finding, found, rules, now, compared) for finding in counted)


def due_in_words(due: float, present: float) -> str:
    """Return `due 2026-12-19, in 21 days` or `overdue by 4 days`, in days of UTC."""
    days = (day_of(due) - day_of(present)).days
    if present >= due:
        return f"overdue by {plural(-days, 'day')}" if days else "overdue since today"
    return f"due {day_of(due)}, " + (f"in {plural(days, 'day')}" if days else "today")


def _weighed(
    finding: Finding, found: Findings, rules: RulesInForce, now: float, compared: Comparison | None
) -> Weighed:
    # Nothing can be asked about a finding without an id, so it has neither score nor date.
    cves = () if finding.vul_id is None else found.cves.get(finding.vul_id)
    exploited = rules.feed.state(finding, cves) if rules.feed else None
    is_new = compared is None or compared.novelty_of(finding) is Novelty.NEW
    if cves is None:
        return Weighed(finding, None, exploited=exploited, is_new=is_new)
    grace = rules.grace
    score = _score_of(cves)
    is_scored = bool(cves) and all(cve.cvss_score is not None for cve in cves)
    due = _due(finding, score, cves, grace, now) if grace else None
    in_grace = grace is not None and due is not None and grace.present < due
    return Weighed(finding, score, is_scored, due, in_grace=in_grace, exploited=exploited, is_new=is_new)


def _score_of(cves: Sequence[Cve]) -> float:
    """Return the highest score; that of a CVE without one may be the highest."""
    return max((WORST_SCORE if cve.cvss_score is None else cve.cvss_score for cve in cves), default=WORST_SCORE)


def _due(finding: Finding, score: float, cves: Sequence[Cve], grace: GraceInForce, now: float) -> float | None:
    level = "critical" if score >= CRITICAL_SCORE else finding.level.value
    seconds = grace.seconds.get(level)
    dates = [cve.publish_time / 1000 for cve in cves if cve.publish_time is not None]
    if seconds is None or not dates or len(dates) < len(cves) or max(dates) > now:
        return None
    return min(dates) + seconds
