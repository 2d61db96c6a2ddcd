"""Rules and `ignore` entries in force for one image."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import assert_never

from hssgate.durations import format_duration
from hssgate.hss.models import DetailKind
from hssgate.policy.days import has_ended
from hssgate.policy.denials import Denials
from hssgate.policy.feeds import ExploitedFeed
from hssgate.policy.globs import fits_image, path_of
from hssgate.policy.ignores import Ignores
from hssgate.policy.known import KnownFindings
from hssgate.policy.load import BUILT_IN, LoadedPolicy
from hssgate.policy.model import Target
from hssgate.policy.rule_kinds import (
    AgeRule,
    BaselineRule,
    CountRule,
    DetailRule,
    LimitRule,
    RuleSpec,
    ScanRule,
    ScoreRule,
    SensitiveFilesRule,
    SeverityRule,
    Unlisted,
)
from hssgate.policy.rule_table import DENY, RULES
from hssgate.record import record
from hssgate.verdict import SCAN, RulePlace

Rule = LimitRule | ScanRule


@record
class GraceInForce:
    """The policy's `grace` at one moment.

    Args:
        seconds: by level: critical, high, medium or low.
        present: epoch seconds that ends of grace are compared with.
    """

    seconds: Mapping[str, float]
    present: float


@record
class RulesInForce:
    """The rules and `ignore` entries of one policy that apply to an image.

    Args:
        limits: limits by name, in the order in which they are judged.
        scan: the rule that accepts failures of a scan, if there is one.
        ignores: the entries that say which findings do not count.
        places: place of each rule by name; empty for the built-in policy.
        policy: path of the policy.
        grace: how long findings warn instead of counting.
        unlisted: the weight of findings that HSS counts and does not list.
        feed: the CVE ids of the policy's feeds, if it has any.
        known: the known findings of the image; None if the policy has no `known`.
        denials: the entries that say which findings are never accepted.
    """

    limits: dict[str, LimitRule]
    scan: ScanRule | None
    ignores: Ignores
    places: dict[str, RulePlace] = field(default_factory=dict)
    policy: str = BUILT_IN
    grace: GraceInForce | None = None
    unlisted: Unlisted = Unlisted.COUNT
    denials: Denials = Denials(())
    feed: ExploitedFeed | None = None
    known: KnownFindings | None = None

    @property
    def by_name(self) -> dict[str, Rule]:
        """All rules by name, `scan` last."""
        return {**self.limits, **({SCAN: self.scan} if self.scan else {})}

    @property
    def need_findings(self) -> bool:
        """Whether the findings must be fetched: for a limit on one level, or to apply `ignore` entries."""
        by_entry = self.ignores.count(Target.VULNERABILITY) > 0 or bool(self.denials.entries)
        return by_entry or self.need_cves or any(RULES[name].needs_findings for name in self.limits)

    @property
    def need_cves(self) -> bool:
        """Whether scores or dates of the findings that count are needed."""
        return bool(self._specs_reading_cves)

    @property
    def need_cves_of_known(self) -> bool:
        """Whether they are also needed of findings that are known."""
        return not all(spec.only_new for spec in self._specs_reading_cves)

    @property
    def need_only_scores(self) -> bool:
        """Whether CVEs decide by their scores alone, not by their ids or dates."""
        return not (self.grace or self.feed or self.denials.may_name_cves or self.ignores.may_name_cves)

    @property
    def _specs_reading_cves(self) -> list[RuleSpec]:
        specs = [RULES[name] for name in self.limits]
        return [spec for spec in specs if spec.by_feed or spec.least_score is not None or (self.grace and spec.levels)]

    def needs_list(self, name: str) -> bool:
        """Whether a rule needs its list of files or baseline checks.

        HSS gives a number of malicious files, so their list is needed only to apply `ignore` entries.

        Args:
            name: a rule in force.
        """
        if RULES[name].detail is None:
            return False
        return isinstance(self.limits[name], DetailRule) or self.ignores.count(Target.FILE) > 0

    @property
    def needed_details(self) -> frozenset[DetailKind]:
        """The lists of files and baseline checks that must be fetched."""
        found = (RULES[name].detail for name in self.limits if self.needs_list(name))
        return frozenset(kind for kind in found if kind is not None)


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
    """Return the rules in force for an image: the policy's own, replaced by its overrides in file order.

    Args:
        loaded: the policy.
        subject: the image.
        now: epoch seconds; an override that ended before that day (UTC) has no effect.
    """
    # An override replaces or adds whole rules, and cannot remove one. So each image has at least the rules that the
    # policy itself names, perhaps with other limits.
    by_origin = rules_by_origin(loaded, subject, now)
    rules = {name: rule for name, (rule, _) in by_origin.items()}
    scan = rules.pop("scan", None)
    limits = {name: rule for name in RULES if not isinstance(rule := rules.get(name), ScanRule | None)}
    entries = tuple(
        (index, entry)
        for index, entry in enumerate(loaded.policy.ignore)
        if not has_ended(entry.expires, now) and (entry.images is None or subject.matches(entry.images))
    )
    places = {
        name: RulePlace(loaded.source.path, loaded.line_of_rule(name, override))
        for name, (_, override) in by_origin.items()
        if loaded.source.path != BUILT_IN
    }
    accepted = scan if isinstance(scan, ScanRule) else None
    denials = tuple(
        (index, denied)
        for index, denied in enumerate(loaded.policy.deny)
        if not has_ended(denied.expires, now) and (denied.images is None or subject.matches(denied.images))
    )
    if denials and loaded.source.path != BUILT_IN:
        places[DENY] = RulePlace(loaded.source.path, loaded.lines.get((DENY,)))
    grace = GraceInForce(loaded.policy.grace.seconds, now) if loaded.policy.grace else None
    feed = ExploitedFeed(loaded.exploited) if loaded.policy.feeds else None
    return RulesInForce(
        limits,
        accepted,
        Ignores(entries),
        places,
        loaded.source.path,
        grace=grace,
        unlisted=loaded.policy.unlisted,
        denials=Denials(denials),
        feed=feed,
        known=loaded.known.of_image(subject.path) if loaded.known else None,
    )


def rules_by_origin(loaded: LoadedPolicy, subject: Subject, now: float) -> dict[str, tuple[Rule, int | None]]:
    """Return each rule in force for an image with the index of the override that sets it; None for the policy's own.

    Args:
        loaded: the policy.
        subject: the image.
        now: epoch seconds; an override that ended before that day (UTC) has no effect.
    """
    found: dict[str, tuple[Rule, int | None]] = {
        name: (rule, None) for name, rule in loaded.policy.rules.in_force().items()
    }
    for index, override in enumerate(loaded.policy.overrides):
        if not has_ended(override.expires, now) and subject.matches(override.images):
            found |= {name: (rule, index) for name, rule in override.rules.in_force().items()}
    return found


def ended_overrides(loaded: LoadedPolicy, subject: Subject, now: float) -> list[int]:
    """Return the indexes of the overrides that would apply to the image if they had not ended."""
    return [
        index
        for index, override in enumerate(loaded.policy.overrides)
        if has_ended(override.expires, now) and subject.matches(override.images)
    ]


def shown_limit(rule: LimitRule) -> int | str:
    """Return the limit as reports show it."""
    match rule:
        case SeverityRule():
            return rule.limit.value
        case ScoreRule():
            return f"{rule.limit:g}"
        case CountRule() | SensitiveFilesRule() | BaselineRule():
            return rule.limit
        case AgeRule():
            return format_duration(rule.limit)
        case unreachable:
            assert_never(unreachable)


def filter_in_words(rule: Rule) -> str:
    """Return what a rule counts only, such as `High and above, of cn_standard`; empty if it counts all."""
    severity = f"{rule.severity} and above" if isinstance(rule, DetailRule) and rule.severity else ""
    standard = f"of {', '.join(rule.standard)}" if isinstance(rule, BaselineRule) and rule.standard else ""
    return ", ".join(part for part in (severity, standard) if part)
