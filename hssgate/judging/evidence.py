"""What a report keeps of an image: its findings, files and checks with what the policies made of them."""

from collections.abc import Mapping, Sequence

from hssgate.hss.models import DetailKind, known_ids_of
from hssgate.judging.criteria import Criteria
from hssgate.judging.scan import earliest_scan_time
from hssgate.policy.feeds import EXPLOITED
from hssgate.policy.findings import FetchedDetails, FetchedFindings, Findings, FindingsMissing
from hssgate.policy.ignores import TARGET_OF
from hssgate.policy.judge_details import failed_only, passed_only
from hssgate.policy.judge_findings import CountedFindings
from hssgate.policy.model import Target
from hssgate.policy.rules import RulesInForce
from hssgate.verdict import ListedDetail, ListedFinding, Seen, SeenGroup
from hssgate.waiting.groups import GroupKey
from hssgate.waiting.observation import Observation

FindingsByGroup = Mapping[GroupKey, FetchedFindings]
DetailsByGroup = Mapping[GroupKey, FetchedDetails]


def listed_findings(
    found: FetchedFindings, rules_by_policy: Sequence[RulesInForce], counted_by_policy: Sequence[CountedFindings | None]
) -> tuple[ListedFinding, ...]:
    """Return each finding with what the policies made of it."""
    if not isinstance(found, Findings):
        return ()
    reasons: dict[int, list[tuple[str, str]]] = {}
    due: dict[int, float] = {}
    denying = [
        (rules.policy, rules.denials, dict(rules.denials.entries)) for rules in rules_by_policy if rules.denials.entries
    ]
    for rules, counted in zip(rules_by_policy, counted_by_policy, strict=True):
        entries = dict(rules.ignores.entries)
        for finding, index in counted.sorted_findings.ignored if counted else ():
            reasons.setdefault(id(finding), []).append((rules.policy, entries[index].reason))
        for one in counted.weighed if counted else ():
            if one.due is not None:
                due[id(one.finding)] = min(one.due, due.get(id(one.finding), one.due))
    compared = [(rules.policy, rules.known.compare(found.listed)) for rules in rules_by_policy if rules.known]
    with_cves = [(finding, found.cves.get(finding.vul_id or "", ())) for finding in found.listed]
    return tuple(
        ListedFinding(
            finding,
            cves,
            tuple(reasons.get(id(finding), ())),
            cves_read=finding.vul_id in found.cves,
            due=due.get(id(finding)),
            denied_by=tuple(
                (policy, entries[entry].reason)
                for policy, denials, entries in denying
                if (entry := denials.entry_for(finding, known_ids_of(cves))) is not None
            ),
            exploited=tuple(
                (rules.policy, rules.feed.state(finding, cves).value)
                for rules in rules_by_policy
                if rules.feed is not None and EXPLOITED in rules.limits
            ),
            known=tuple((policy, one.novelty_of(finding).value) for policy, one in compared),
        )
        for finding, cves in with_cves
    )


def listed_details(fetched: FetchedDetails, rules_by_policy: Sequence[RulesInForce]) -> tuple[ListedDetail, ...]:
    """Return each file and baseline check with the entries that ignore it, by kind."""
    # Asked once for each policy: with the most entries and the longest lists this is the inner loop.
    known = [(rules, rules.needed_details, dict(rules.ignores.entries)) for rules in rules_by_policy]
    return tuple(
        ListedDetail(
            kind,
            detail,
            tuple(
                (rules.policy, entries[index].reason)
                for rules, needed, entries in known
                if kind in needed and (index := rules.ignores.entry_for_detail(kind, detail)) is not None
            ),
        )
        for kind in DetailKind
        if isinstance(found := fetched.get(kind), tuple)
        for detail in failed_only(found)
    )


def passed_checks(fetched: FetchedDetails) -> tuple[ListedDetail, ...]:
    """Return the baseline checks of `cn_standard` that passed, if they were fetched."""
    found = fetched.get(DetailKind.BASELINE_BREACH)
    return tuple(
        ListedDetail(DetailKind.BASELINE_BREACH, detail)
        for detail in (passed_only(found) if isinstance(found, tuple) else ())
    )


def used_on_details(fetched: FetchedDetails, rules: RulesInForce) -> dict[Target, frozenset[int]]:
    """Return the indexes of the `ignore` entries that ignored files or checks, where all lists needed were fetched."""
    used: dict[Target, frozenset[int]] = {}
    for target in (Target.FILE, Target.CHECK_RULE):
        lists = {kind: fetched.get(kind) for kind in rules.needed_details if TARGET_OF[kind] is target}
        read = {kind: failed_only(found) for kind, found in lists.items() if isinstance(found, tuple)}
        if lists and len(read) == len(lists):
            indexes = (rules.ignores.entry_for_detail(kind, detail) for kind, found in read.items() for detail in found)
            used[target] = frozenset(index for index in indexes if index is not None)
    return used


def seen_of(
    observation: Observation,
    findings: FindingsByGroup,
    details: DetailsByGroup,
    criteria: Criteria,
) -> Seen:
    """Return the observations that a verdict is made from."""
    groups = []
    for row_group in observation.row_groups:
        found, lists = findings.get(row_group.key), details.get(row_group.key, {})
        groups.append(
            SeenGroup(
                phase=row_group.phase.value,
                settled=row_group.key not in observation.unsettled,
                agreed=row_group.key in observation.agreed,
                row=row_group.row,
                platform=row_group.platform,
                others=row_group.others,
                findings_read=isinstance(found, Findings),
                findings_count=len(found.listed) if isinstance(found, Findings) else None,
                findings_error=str(found.error) if isinstance(found, FindingsMissing) else None,
                cves_error=str(found.cves_error) if isinstance(found, Findings) and found.cves_error else None,
                details_count={kind: len(failed_only(one)) for kind, one in lists.items() if isinstance(one, tuple)},
                details_errors={
                    kind: str(one.error) for kind, one in lists.items() if isinstance(one, FindingsMissing)
                },
            )
        )
    return Seen(
        ending=observation.ending.value,
        error=str(observation.error) if observation.error else None,
        groups=tuple(groups),
        judged_at=criteria.judged_at,
        scanned_after=earliest_scan_time(observation, criteria.scanned_after),
        expiry_at=criteria.expiry_at,
    )
