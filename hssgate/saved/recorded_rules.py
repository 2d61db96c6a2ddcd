"""Rules that were in force when a report was written, reconstructed from their effect on what it lists."""

from collections import Counter
from collections.abc import Mapping, Sequence

from hssgate.hss.models import Cve, Detail, DetailKind, Finding, ids_of, known_ids_of
from hssgate.policy.denials import Denials
from hssgate.policy.feeds import EXPLOITED, Exploited, ExploitedFeed
from hssgate.policy.ignores import TARGET_OF, Ignores
from hssgate.policy.known import Key, KnownFindings, Novelty, key_of
from hssgate.policy.model import Deny, Ignore, Target
from hssgate.policy.rule_kinds import ScanRule
from hssgate.policy.rules import GraceInForce, RulesInForce
from hssgate.record import record
from hssgate.saved.image_model import DetailModel, FindingModel, ImageModel, InForceModel

_GONE: Key = ("", "", "")  # no finding has an empty id


@record
class _Recorded(Ignores):
    """The `ignore` entries that were in force, reconstructed from their effect.

    A report has the number of entries and, for each ignored finding, the reason; it does not have the globs. So a
    finding is looked up by its value instead of matched.

    Args:
        entries: placeholders that have only a reason, as many as were in force.
        ignored: index of an entry by finding and its CVE ids.
        ignored_details: index of an entry by file or baseline check.
    """

    entries: tuple[tuple[int, Ignore], ...]
    ignored: Mapping[tuple[Finding, tuple[str, ...]], int]
    ignored_details: Mapping[tuple[DetailKind, Detail], int]

    def entry_for(self, finding: Finding, cves: Sequence[str]) -> tuple[int, ...]:
        """Return the index of the entry that ignored the finding; empty if the finding counted."""
        index = self.ignored.get((finding, tuple(cves)))
        return () if index is None else (index,)

    def entry_for_detail(self, kind: DetailKind, detail: Detail) -> int | None:
        """Return the index of the entry that ignored the file or baseline check; None if it counted."""
        return self.ignored_details.get((kind, detail))


@record
class _RecordedDenials(Denials):
    """The `deny` entries that were in force, reconstructed from their effect.

    Args:
        entries: placeholders that have only a reason, as many as were in force.
        denied: index of an entry by finding and its CVE ids.
        names_cves: whether an entry could fit a CVE.
    """

    entries: tuple[tuple[int, Deny], ...]
    denied: Mapping[tuple[Finding, tuple[str, ...]], int]
    names_cves: bool

    @property
    def may_name_cves(self) -> bool:
        """Whether an entry could fit a CVE."""
        return self.names_cves

    def entry_for(self, finding: Finding, cves: Sequence[str]) -> int | None:
        """Return the index of the entry that denied the finding; None if none did."""
        return self.denied.get((finding, tuple(cves)))


@record
class _RecordedFeed(ExploitedFeed):
    """The feeds that were read, reconstructed from their effect.

    Args:
        ids: none; a finding is looked up by its value.
        states: by finding and its CVE ids.
    """

    ids: frozenset[str]
    states: Mapping[tuple[Finding, tuple[str, ...]], Exploited]

    def state(self, finding: Finding, cves: Sequence[Cve] | None) -> Exploited:
        """Return whether a feed named the finding."""
        return self.states.get((finding, known_ids_of(cves or ())), Exploited.NOT_CHECKED)


def recorded_rules(image: ImageModel, one: InForceModel) -> RulesInForce:
    """Return the rules of one policy for one group of rows, as they were in force.

    Args:
        image: its part of the report.
        one: the rules that it states.
    """
    rules = one.rules.in_force()
    limits = {name: rule for name, rule in rules.items() if not isinstance(rule, ScanRule)}
    reasons: dict[tuple[Target, str], int] = {}

    def entry_of(listed: FindingModel | DetailModel, target: Target) -> int | None:
        if listed.group != one.group:
            return None
        found = [by.reason for by in listed.ignored_by if by.policy == one.policy]
        return reasons.setdefault((target, found[-1]), len(reasons)) if found else None

    ignored = {
        (finding.finding, ids_of(finding.cve_details)): index
        for finding in image.findings
        if (index := entry_of(finding, Target.VULNERABILITY)) is not None
    }
    ignored_details = {
        (detail.kind, detail.detail): index
        for detail in image.details
        if (index := entry_of(detail, TARGET_OF[detail.kind])) is not None
    }
    known = [*reasons]
    in_force = {Target.FILE: one.ignore_file, Target.CHECK_RULE: one.ignore_check_rule}
    in_force[Target.VULNERABILITY] = one.ignore - sum(in_force.values())
    for target, count in in_force.items():
        known += [(target, "")] * (count - sum(known_target is target for known_target, _ in reasons))
    made = {
        (target, reason): Ignore.model_construct(reason=reason).model_copy(update={target.value: "*"})
        for target, reason in {*known}
    }
    entries = tuple((index, made[one]) for index, one in enumerate(known))
    recorded = _Recorded(entries, ignored, ignored_details)
    denials = _denials(image, one)
    states = {
        (finding.finding, known_ids_of(finding.cve_details)): by.state
        for finding in image.findings
        for by in finding.exploited
        if finding.group == one.group and by.policy == one.policy
    }
    feed = _RecordedFeed(frozenset(), states) if EXPLOITED in limits else None
    grace = GraceInForce(one.grace.seconds, image.seen.expiry_at) if one.grace else None
    return RulesInForce(
        limits,
        one.rules.scan,
        recorded,
        policy=one.policy,
        grace=grace,
        unlisted=one.unlisted,
        denials=denials,
        feed=feed,
        known=_known(image, one),
    )


def _known(image: ImageModel, one: InForceModel) -> KnownFindings | None:
    """Return the known findings that were listed; the others stand under a key that no finding has."""
    if one.known is None:
        return None
    numbers = Counter[Key](
        key
        for finding in image.findings
        for by in finding.known
        if finding.group == one.group and by.policy == one.policy and by.state is Novelty.KNOWN
        if (key := key_of(finding.finding)) is not None
    )
    numbers[_GONE] = max(one.known - numbers.total(), 0)
    return KnownFindings(numbers)


def _denials(image: ImageModel, one: InForceModel) -> _RecordedDenials:
    reasons: dict[str, int] = {}
    denied = {
        (finding.finding, known_ids_of(finding.cve_details)): reasons.setdefault(by.reason, len(reasons))
        for finding in image.findings
        for by in finding.denied_by
        if finding.group == one.group and by.policy == one.policy
    }
    known = [*reasons, *[""] * (one.deny - len(reasons))]
    made = {reason: Deny.model_construct(vulnerability="*", reason=reason) for reason in {*known}}
    entries = tuple((index, made[reason]) for index, reason in enumerate(known))
    return _RecordedDenials(entries, denied, one.deny_cves)
