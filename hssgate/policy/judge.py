"""A row against a policy: pure functions from facts to checks (CONTRACT section 5)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import assert_never

from hssgate.api.models import CicdImage, SeverityLevel
from hssgate.durations import format_duration
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Action, AgeRule, CountRule, Rules, ScanRule, SeverityRule
from hssgate.text import clean
from hssgate.verdict import Check, Result, Trouble

LimitRule = SeverityRule | CountRule | AgeRule

_FIELD_OF_COUNT = {
    "vulnerabilities": "vul_num",
    "unsafe_settings": "unsafe_setting_num",
    "malicious_files": "malicious_file_num",
}
_GRAVITY = tuple(SeverityLevel)
_SOON = timedelta(days=14)


@dataclass(frozen=True)
class RulesInForce:
    """What an image is held to.

    Args:
        limits: by name, in the order in which they are judged.
        scan: which failures of a scan may pass.
    """

    limits: dict[str, LimitRule]
    scan: ScanRule | None


@dataclass(frozen=True)
class Subject:
    """The image that a policy is applied to.

    Args:
        namespace: the organisation, if known.
        image_name: its name.
        image_version: its tag, if known.
    """

    namespace: str | None
    image_name: str
    image_version: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """What the globs of an override are held against."""
        short = f"{self.image_name}:{self.image_version or ''}"
        return (f"{self.namespace}/{short}", short) if self.namespace else (short,)

    def matches(self, globs: Iterable[str]) -> bool:
        """Whether any glob matches `namespace/name:version` or `name:version`."""
        return any(fnmatchcase(name, glob) for glob in globs for name in self.names)


def rules_for(loaded: LoadedPolicy, subject: Subject, now: float) -> RulesInForce:
    """Return the rules in force for an image: the policy's own, later overrides replacing earlier ones.

    Args:
        loaded: the policy.
        subject: the image.
        now: epoch seconds; an override that ended before that day (UTC) has no effect.
    """
    rules = loaded.policy.rules.in_force()
    for override in loaded.policy.overrides:
        if not _has_ended(override.expires, now) and subject.matches(override.images):
            rules |= override.rules.in_force()
    scan = rules.pop("scan", None)
    limits = {name: rule for name in Rules.model_fields if not isinstance(rule := rules.get(name), ScanRule | None)}
    return RulesInForce(limits, scan if isinstance(scan, ScanRule) else None)


def judge_row(row: CicdImage, rules: RulesInForce, now: float) -> list[Check]:
    """Hold the row of a successful scan against the limits, one check for each.

    Args:
        row: the row.
        rules: in force for its image.
        now: epoch seconds, for the age of the scan.
    """
    return [_judge_limit(name, rule, row, now) for name, rule in rules.limits.items()]


def skip_rules(rules: RulesInForce, because: str) -> list[Check]:
    """Return a skipped check for each limit that could not be judged, with the reason."""
    return [
        Check(name, Result.SKIPPED, f"{name}: not judged, {because}", limit=_shown_limit(rule))
        for name, rule in rules.limits.items()
    ]


def accepts(rules: RulesInForce, row: CicdImage) -> bool:
    """Whether the rules let a scan pass that did not succeed: by its status or by its failure code."""
    return rules.scan is not None and bool({row.scan_status, row.scan_failed_code} & set(rules.scan.accept))


def policy_warnings(loaded: LoadedPolicy, subjects: Iterable[Subject], now: float) -> list[str]:
    """Return a line for each override that has ended, ends soon, or matches none of the images.

    Args:
        loaded: the policy.
        subjects: every image of the run.
        now: epoch seconds.
    """
    images = list(subjects)
    warnings = []
    unused = []
    for index, override in enumerate(loaded.policy.overrides):
        place = loaded.place_of_override(index)
        about = f"the override for {', '.join(override.images)} ({clean(override.reason, 80)})"
        if override.expires is not None and _has_ended(override.expires, now):
            warnings.append(f"{place}: {about} ended on {override.expires} and is without effect")
            continue
        if override.expires is not None and _has_ended(override.expires, now + _SOON.total_seconds()):
            warnings.append(f"{place}: {about} ends after {override.expires}")
        if not any(subject.matches(override.images) for subject in images):
            unused.append(place)
    if unused:
        warnings.append(f"no image of this run is matched by: {', '.join(unused)}")
    return warnings


def _judge_limit(name: str, rule: LimitRule, row: CicdImage, now: float) -> Check:
    match rule:
        case SeverityRule():
            return _judge_severity(name, rule, row)
        case CountRule():
            return _judge_count(name, rule, getattr(row, _FIELD_OF_COUNT[name]))
        case AgeRule():
            return _judge_age(name, rule, row, now)
        case unreachable:
            assert_never(unreachable)


def _judge_severity(name: str, rule: SeverityRule, row: CicdImage) -> Check:
    level = row.severity_level
    if level is None:
        return _lacking(name, rule, "severity_level")
    if level not in _GRAVITY:
        return _lacking(name, rule, f"readable severity_level (but {clean(level, 40)!r})")
    holds = _GRAVITY.index(SeverityLevel(level)) <= _GRAVITY.index(rule.limit)
    return _judged(
        rule,
        holds,
        Check(name, Result.PASSED, f"{name}: {level} found, at most {rule.limit} accepted", level, rule.limit.value),
    )


def _judge_count(name: str, rule: CountRule, found: int | None) -> Check:
    if found is None:
        return _lacking(name, rule, _FIELD_OF_COUNT[name])
    said = f"{name}: {found} found, at most {rule.limit} accepted"
    return _judged(rule, found <= rule.limit, Check(name, Result.PASSED, said, found, rule.limit))


def _judge_age(name: str, rule: AgeRule, row: CicdImage, now: float) -> Check:
    if row.latest_scan_time is None:
        return _lacking(name, rule, "latest_scan_time")
    age = max(now - row.latest_scan_time / 1000, 0.0)
    shown, limit = format_duration(age), format_duration(rule.limit)
    said = f"{name}: scanned {shown} ago, at most {limit} accepted"
    return _judged(rule, age <= rule.limit, Check(name, Result.PASSED, said, shown, limit))


def _judged(rule: LimitRule, holds: bool, passed: Check) -> Check:  # noqa: FBT001 - the judgement itself
    """Return the check as it is where the rule holds, else failed, or warned where the rule only warns."""
    if holds:
        return passed
    return replace(passed, result=Result.WARNED if rule.action is Action.WARN else Result.FAILED)


def _lacking(name: str, rule: LimitRule, field: str) -> Check:
    said = f"{name}: HSS gave no {field}, which this rule needs"
    if rule.action is Action.WARN:
        return Check(name, Result.WARNED, said, limit=_shown_limit(rule))
    return Check(name, Result.ERROR, said, limit=_shown_limit(rule), trouble=Trouble.INCOMPLETE)


def _shown_limit(rule: LimitRule) -> int | str:
    match rule:
        case SeverityRule():
            return rule.limit.value
        case CountRule():
            return rule.limit
        case AgeRule():
            return format_duration(rule.limit)
        case unreachable:
            assert_never(unreachable)


def _has_ended(expires: date | None, now: float) -> bool:
    return expires is not None and datetime.fromtimestamp(now, UTC).date() > expires
