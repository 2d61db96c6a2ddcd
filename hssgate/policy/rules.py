"""What an image is held to: rules and exceptions in force, and what is odd about a policy's entries."""

from collections.abc import Iterable
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from typing import assert_never

from hssgate.durations import format_duration
from hssgate.policy.exceptions import Exceptions
from hssgate.policy.globs import fits_image, path_of
from hssgate.policy.load import BUILT_IN, LoadedPolicy
from hssgate.policy.model import Ignore, Override
from hssgate.policy.rule_table import RULES, AgeRule, CountRule, ScanRule, SeverityRule
from hssgate.record import record
from hssgate.text import clean
from hssgate.verdict import Place

LimitRule = SeverityRule | CountRule | AgeRule
Rule = LimitRule | ScanRule

_SOON = timedelta(days=14)


@record
class RulesInForce:
    """What an image is held to.

    Args:
        limits: by name, in the order in which they are judged.
        scan: which failures of a scan may pass.
        exceptions: which findings do not count.
        places: of the rules by name, if they stand in a file.
    """

    limits: dict[str, LimitRule]
    scan: ScanRule | None
    exceptions: Exceptions
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def need_findings(self) -> bool:
        """Whether the findings must be asked for, one by one."""
        return bool(self.exceptions.entries) or any(RULES[name].needs_findings for name in self.limits)


@record
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
    def path(self) -> str:
        """`namespace/name`, without a registry."""
        return path_of(self.namespace, self.image_name)

    def matches(self, globs: Iterable[str]) -> bool:
        """Whether any glob fits the path and the version."""
        path, version = self.path, self.image_version or ""
        return any(fits_image(glob, path, version) for glob in globs)


def rules_for(loaded: LoadedPolicy, subject: Subject, now: float) -> RulesInForce:
    """Return the rules in force for an image: the policy's own, later overrides replacing earlier ones.

    Args:
        loaded: the policy.
        subject: the image.
        now: epoch seconds; an override that ended before that day (UTC) has no effect.
    """
    by_origin = rules_by_origin(loaded, subject, now)
    rules = {name: rule for name, (rule, _) in by_origin.items()}
    scan = rules.pop("scan", None)
    limits = {name: rule for name in RULES if not isinstance(rule := rules.get(name), ScanRule | None)}
    entries = tuple(
        (index, entry)
        for index, entry in enumerate(loaded.policy.ignore)
        if not _has_ended(entry.expires, now) and (entry.images is None or subject.matches(entry.images))
    )
    places = {
        name: Place(loaded.source.path, loaded.line_of_rule(name, override))
        for name, (_, override) in by_origin.items()
        if loaded.source.path != BUILT_IN
    }
    return RulesInForce(limits, scan if isinstance(scan, ScanRule) else None, Exceptions(entries), places)


def rules_by_origin(loaded: LoadedPolicy, subject: Subject, now: float) -> dict[str, tuple[Rule, int | None]]:
    """Return each rule in force for an image, with the number of the override that set it, or None.

    Args:
        loaded: the policy.
        subject: the image.
        now: epoch seconds; an override that ended before that day (UTC) has no effect.
    """
    found: dict[str, tuple[Rule, int | None]] = {
        name: (rule, None) for name, rule in loaded.policy.rules.in_force().items()
    }
    for index, override in enumerate(loaded.policy.overrides):
        if not _has_ended(override.expires, now) and subject.matches(override.images):
            found |= {name: (rule, index) for name, rule in override.rules.in_force().items()}
    return found


def ended_overrides(loaded: LoadedPolicy, subject: Subject, now: float) -> list[int]:
    """Return the numbers of the overrides that would apply to the image, had they not ended."""
    return [
        index
        for index, override in enumerate(loaded.policy.overrides)
        if _has_ended(override.expires, now) and subject.matches(override.images)
    ]


def shown_limit(rule: LimitRule) -> int | str:
    """Return the limit as reports show it."""
    match rule:
        case SeverityRule():
            return rule.limit.value
        case CountRule():
            return rule.limit
        case AgeRule():
            return format_duration(rule.limit)
        case unreachable:
            assert_never(unreachable)


def policy_warnings(
    loaded: LoadedPolicy, subjects: Iterable[Subject], used_entries: frozenset[int] | None, now: float
) -> list[str]:
    """Return a line for each entry that has ended or ends soon, and one for all that had no effect.

    Args:
        loaded: the policy.
        subjects: every image of the run; without any, nothing is said about effect.
        used_entries: indexes of the `ignore` entries that some finding was ignored by; None where no findings were
            there to tell.
        now: epoch seconds.
    """
    images = list(subjects)
    warnings = []
    unused = []
    for key, index, entry in _entries(loaded):
        place = loaded.place_of(key, index)
        about = _about(entry)
        if entry.expires is not None and _has_ended(entry.expires, now):
            warnings.append(f"{place}: {about} ended on {entry.expires} and is without effect")
            continue
        if entry.expires is not None and entry.expires - _day_of(now) < _SOON:
            warnings.append(f"{place}: {about} ends after {entry.expires}")
        if not _had_effect(entry, index, images, used_entries):
            unused.append(place)
    if unused and images:
        warnings.append(f"without effect on any image of this run: {', '.join(unused)}")
    return warnings


def _entries(loaded: LoadedPolicy) -> Iterable[tuple[str, int, Override | Ignore]]:
    for index, override in enumerate(loaded.policy.overrides):
        yield "overrides", index, override
    for index, ignore in enumerate(loaded.policy.ignore):
        yield "ignore", index, ignore


def _about(entry: Override | Ignore) -> str:
    reason = clean(entry.reason, 80)
    if isinstance(entry, Override):
        return f"the override for {clean(', '.join(entry.images), 200)} ({reason})"
    return f"the exception for {clean(entry.vulnerability, 100)} ({reason})"


def _had_effect(
    entry: Override | Ignore, index: int, images: Iterable[Subject], used_entries: frozenset[int] | None
) -> bool:
    if isinstance(entry, Ignore) and used_entries is not None:
        return index in used_entries
    return entry.images is None or any(subject.matches(entry.images) for subject in images)


def _has_ended(expires: date | None, now: float) -> bool:
    return expires is not None and _day_of(now) > expires


def _day_of(now: float) -> date:
    """Return the day, or where no calendar reaches the last there is: whatever expires has ended by then."""
    try:
        return datetime.fromtimestamp(now, UTC).date()
    except (OverflowError, ValueError, OSError):
        return date.max
