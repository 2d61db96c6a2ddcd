"""What policies would do with images whose scans are over: of each image and each rule, without a verdict.

A rule that needs a list which was not read is not judged. It is never taken for one that would be met.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from hssgate.errors import ApiUnavailable
from hssgate.hss.models import CicdImage, DetailKind
from hssgate.judging.criteria import Criteria
from hssgate.judging.evidence import DetailsByGroup, FindingsByGroup
from hssgate.judging.image import judge_by_rules
from hssgate.judging.requirements import rules_in_force
from hssgate.judging.scan import FRESHNESS
from hssgate.policy.denials import Denials
from hssgate.policy.findings import FetchedDetails, Findings, FindingsMissing
from hssgate.policy.rule_kinds import Action, AgeRule
from hssgate.policy.rule_table import DENY, RULES
from hssgate.policy.rules import RulesInForce
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.verdict import SCAN, Check, Result, Trouble
from hssgate.waiting.groups import MOVING, NOT_STARTED, RowGroup, group_all
from hssgate.waiting.observation import Observation, state_of
from hssgate.waiting.states import Ending

_OF_SCAN = (SCAN, FRESHNESS)
_NOT_READ = FindingsMissing(ApiUnavailable("the list was not read"))
_NO_DENIALS = Denials(())
_LISTED_ONCE = Observation(
    reference=Reference("", None, "", None, None),  # the row has the names
    ending=Ending.ENDED,
    row_groups=(),
    unsettled=frozenset(),
    error=None,
    server_time=None,
    scanned_after=None,
    waited_seconds=0.0,
    polls=1,
    reads=(),
    similar_rows=(),
)


class Forecast(StrEnum):
    """What a policy would do, of a rule or of an image."""

    # In the order of outputs.
    BLOCK = "would block"
    WARN = "would warn"  # of a rule; an image that is warned of passes
    NOT_JUDGED = "not judged"
    NO_RESULT = "no result"
    NOT_SCANNED = "not scanned"  # of an image
    ACCEPT = "would pass"


@record
class RuleForecast:
    """What one rule would do with one image.

    Args:
        rule: its name.
        policy: path of its policy, if there are several.
        forecast: what it would do.
        message: one line.
        only_warns: whether its action is `warn`.
    """

    rule: str
    policy: str | None
    forecast: Forecast
    message: str
    only_warns: bool


@record
class ImageForecast:
    """What the policies would do with one image.

    Args:
        image: its name.
        forecast: what they would do.
        rules: each of their rules, without those that a failed scan leaves nothing to judge for.
        message: the reason where there is no result or no scan; else empty.
    """

    image: str
    forecast: Forecast
    rules: tuple[RuleForecast, ...]
    message: str


def observations_of(rows: Iterable[CicdImage], now: float) -> tuple[tuple[str, Observation], ...]:
    """Return the name and the state of each image in a list; of several rows of one image, the newest counts.

    Args:
        rows: of the API.
        now: epoch seconds.
    """
    return tuple((row_group.label, _observed(row_group)) for row_group in group_all(rows, round(now * 1000)))


def forecast_of(
    image: str,
    observation: Observation,
    findings: FindingsByGroup,
    details: DetailsByGroup,
    criteria: Criteria,
    *,
    with_ages: bool,
) -> ImageForecast:
    """Return what the policies would do with an image.

    Args:
        image: its name.
        observation: its rows.
        findings: by group, as far as they were read.
        details: files and baseline checks by group, as far as they were read.
        criteria: the policies and moments.
        with_ages: whether the moment of judging is that of a check, so that `scan_age` can be judged.
    """
    row_groups = observation.judged_groups
    rules_by_group = [rules_in_force(observation, row_group, criteria) for row_group in row_groups]
    blocking = [[_as_blocking(rules, with_ages=with_ages) for rules in of_group] for of_group in rules_by_group]
    found = {row_group.key: findings.get(row_group.key) or _NOT_READ for row_group in row_groups}
    lists = {row_group.key: _details_of(row_group, details) for row_group in row_groups}
    # Beside a rule that needs findings, all rules on vulnerabilities are judged by findings. Where these were not read,
    # the rules for which the row is enough are judged apart from the others.
    parts = [blocking]
    if not all(isinstance(one, Findings) for one in found.values()):
        parts = [[[part(rules) for rules in of_group] for of_group in blocking] for part in (_by_row, _by_list)]
    first, *others = (judge_by_rules(observation, found, part, criteria, lists).verdict.checks for part in parts)
    checks = (*first, *(check for other in others for check in other if check.rule not in _OF_SCAN))
    warned_of = {
        (row_group.label if len(observation.row_groups) > 1 else None, name, rules.policy)
        for row_group, of_group in zip(row_groups, rules_by_group, strict=True)
        for rules in of_group
        for name, rule in rules.limits.items()
        if rule.action is Action.WARN
    }
    # A check names its policy only where there are several.
    policy = criteria.policies[0].source.path
    rules = tuple(
        _of_check(check, only_warns=(check.group, check.rule, check.policy or policy) in warned_of)
        for check in checks
        if check.rule not in _OF_SCAN and check.result is not Result.SKIPPED
    )
    troubles = [check.message for check in checks if check.rule in _OF_SCAN and check.result is Result.ERROR]
    forecast = _of_image(row_groups, rules, is_judged=not troubles)
    if forecast is Forecast.NOT_SCANNED:
        troubles = [state_of(row_group, row_group.key in observation.unsettled) for row_group in row_groups]
    order = [DENY, *RULES]
    ordered = tuple(sorted(rules, key=lambda rule: order.index(rule.rule)))
    return ImageForecast(image, forecast, ordered, "; ".join(troubles))


def _observed(row_group: RowGroup) -> Observation:
    """Return the observation of an image that was listed once, as a check would see it after `--settle`."""
    return replace(_LISTED_ONCE, row_groups=(row_group,), agreed=frozenset([row_group.key]))


def _as_blocking(rules: RulesInForce, *, with_ages: bool) -> RulesInForce:
    """Return the rules as if each blocked, so that their checks tell a broken rule from one that was not judged."""
    limits = {
        name: rule.model_copy(update={"action": Action.BLOCK})
        for name, rule in rules.limits.items()
        if with_ages or not isinstance(rule, AgeRule)
    }
    return replace(rules, limits=limits)


def _by_row(rules: RulesInForce) -> RulesInForce:
    """Return the rules for which the row is enough."""
    limits = {name: rule for name, rule in rules.limits.items() if _needs_row_only(name, rules)}
    return replace(rules, limits=limits, denials=_NO_DENIALS)


def _by_list(rules: RulesInForce) -> RulesInForce:
    """Return the other rules."""
    return replace(
        rules, limits={name: rule for name, rule in rules.limits.items() if not _needs_row_only(name, rules)}
    )


def _needs_row_only(name: str, rules: RulesInForce) -> bool:
    alone = replace(rules, limits={name: rules.limits[name]}, denials=_NO_DENIALS)
    of_findings = bool(RULES[name].levels) and alone.need_findings
    return not of_findings and not alone.needed_details


def _details_of(row_group: RowGroup, details: DetailsByGroup) -> FetchedDetails:
    read = details.get(row_group.key, {})
    return {kind: read.get(kind, _NOT_READ) for kind in DetailKind}


def _of_check(check: Check, *, only_warns: bool) -> RuleForecast:
    match check.result:
        case Result.FAILED:
            forecast = Forecast.WARN if only_warns else Forecast.BLOCK
        case Result.ERROR if check.trouble in {Trouble.API, Trouble.INTERRUPTED}:
            forecast = Forecast.NOT_JUDGED
        case Result.ERROR:
            forecast = Forecast.WARN if only_warns else Forecast.NO_RESULT
        case _:
            forecast = Forecast.ACCEPT
    was_not_read = forecast is Forecast.NOT_JUDGED and check.message.endswith(f": {_NOT_READ.error}")
    message = f"{check.rule}: not judged, it needs a list that was not read" if was_not_read else check.message
    return RuleForecast(check.rule, check.policy, forecast, message, only_warns=only_warns)


def _of_image(row_groups: Sequence[RowGroup], rules: Sequence[RuleForecast], *, is_judged: bool) -> Forecast:
    """Return what the policies would do with an image: what blocks is certain, whatever else is not known."""
    found = {rule.forecast for rule in rules if not rule.only_warns}
    if Forecast.BLOCK in found:
        return Forecast.BLOCK
    if any(row_group.phase in MOVING | NOT_STARTED for row_group in row_groups):
        return Forecast.NOT_SCANNED
    if not is_judged:
        return Forecast.NO_RESULT
    return next((one for one in (Forecast.NOT_JUDGED, Forecast.NO_RESULT) if one in found), Forecast.ACCEPT)
