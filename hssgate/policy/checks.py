"""The values that rules judge, and the checks that rules of every kind can come to."""

from dataclasses import field, replace

from hssgate.errors import GateError, Interrupted
from hssgate.hss.models import CicdImage
from hssgate.policy.findings import FetchedDetails, FetchedFindings, FindingsMissing
from hssgate.policy.rule_kinds import Action, LimitRule
from hssgate.policy.rules import shown_limit
from hssgate.record import record
from hssgate.verdict import Check, Result, Trouble


@record
class Facts:
    """The values that the rules judge.

    Args:
        row: row of a scan that succeeded, or that failed in a way the policy accepts.
        findings: findings of the row, if they were needed.
        details: files and baseline checks of the row, by kind, as far as they were needed.
        now: epoch seconds that the age of the scan is counted to.
        settled: whether the result is final; the findings of a result that is not are not fetched.
        agreed: whether two reads, `--settle` apart, showed the row as it is.
        is_accepted_failure: whether the scan failed in a way that the policy accepts; rules whose field the row lacks
            are then skipped.
    """

    row: CicdImage
    findings: FetchedFindings
    now: float
    settled: bool = True
    agreed: bool = False
    is_accepted_failure: bool = False
    details: FetchedDetails = field(default_factory=dict)


def judged(rule: LimitRule, is_met: bool, passed: Check) -> Check:  # noqa: FBT001 - the judgement itself
    """Return the check unchanged if the rule is met; otherwise failed, or warned if the rule's action is `warn`."""
    if is_met:
        return passed
    return replace(passed, result=Result.WARNED if rule.action is Action.WARN else Result.FAILED)


def without_value(name: str, rule: LimitRule, facts: Facts, field: str) -> Check:
    """Return the check of a rule whose field is absent: skipped after an accepted scan failure, otherwise an error."""
    if facts.is_accepted_failure:
        message = f"{name}: not judged, the scan failed and HSS gave no {field}"
        return Check(name, Result.SKIPPED, message, limit=shown_limit(rule))
    return unusable(name, rule, f"HSS gave no {field}, which this rule needs")


def unusable(name: str, rule: LimitRule, why: str, trouble: Trouble = Trouble.INCOMPLETE) -> Check:
    """Return the check of a rule that lacks what it needs: an error, or a warning if the rule's action is `warn`."""
    message = f"{name}: {why}"
    if rule.action is Action.WARN:
        return Check(name, Result.WARNED, message, limit=shown_limit(rule))
    return Check(name, Result.ERROR, message, limit=shown_limit(rule), trouble=trouble)


def why_unread(error: GateError | None) -> str:
    """Return why findings were judged without their CVEs; None: nothing that was judged before needed them."""
    return f"their CVEs could not be read: {error}" if error else "their CVEs were not read"


def without_list(name: str, rule: LimitRule, facts: Facts, fetched: object, what: str) -> Check:
    """Return the check of a rule that needs a list which was not fetched.

    Args:
        name: the rule.
        rule: its limit and action.
        facts: of the row.
        fetched: the reason why the list is missing, if it was asked for.
        what: the list, in words.
    """
    if not facts.settled:
        message = f"{name}: not judged, the result was still settling"
        return Check(name, Result.SKIPPED, message, limit=shown_limit(rule))
    if isinstance(fetched, FindingsMissing):
        trouble = Trouble.INTERRUPTED if isinstance(fetched.error, Interrupted) else Trouble.API
        return unusable(name, rule, f"the {what} could not be read: {fetched.error}", trouble)
    return unusable(name, rule, f"the {what} were not read, which this rule needs")
