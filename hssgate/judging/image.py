"""Judges one image: its scan, its freshness, and every policy."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.durations import Moment
from hssgate.exit_codes import WORST_FIRST, ExitCode
from hssgate.hss.models import CicdImage, DetailKind, ScanStatus
from hssgate.judging.evidence import (
    DetailsByGroup,
    FindingsByGroup,
    listed_details,
    listed_findings,
    seen_of,
    used_on_details,
)
from hssgate.judging.scan import judge_freshness, judge_scan
from hssgate.policy.checks import Facts
from hssgate.policy.entry_warnings import AppliedPolicy
from hssgate.policy.findings import Findings
from hssgate.policy.ignores import SortedFindings
from hssgate.policy.judge import JudgedRow, all_accept, judge_row, most_severe_first, skip_rules
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Target
from hssgate.policy.rules import RulesInForce, Subject, rules_for
from hssgate.record import record
from hssgate.verdict import (
    Check,
    ImageVerdict,
    ListedDetail,
    ListedFinding,
    PolicyInForce,
    worst_of,
)
from hssgate.waiting.groups import Phase, RowGroup
from hssgate.waiting.observation import Observation

_NO_DETAILS: DetailsByGroup = {}
COUNTED_IN = {DetailKind.BASELINE_BREACH: "unsafe_setting_num", DetailKind.MALICIOUS_FILE: "malicious_file_num"}


@record
class Criteria:
    """What every image is judged by.

    Args:
        policies: each of which must be held to.
        now: epoch seconds, for ages and, unless `ends_at` is given, for expiry.
        scanned_after: the moment asked for, to say that the result is fresh.
        ends_at: epoch seconds, for what of the policies has ended by then.
    """

    policies: Sequence[LoadedPolicy]
    now: float
    scanned_after: Moment | None = None
    ends_at: float | None = None

    @property
    def present(self) -> float:
        """The moment that ends of the policies' entries are compared with, in epoch seconds."""
        return self.now if self.ends_at is None else self.ends_at


@record
class JudgedImage:
    """The verdict on one image, and what the policies' `ignore` entries did.

    Args:
        verdict: on the image.
        applied: by group of rows, and in it by policy, which `ignore` entries took effect.
    """

    verdict: ImageVerdict
    applied: tuple[tuple[AppliedPolicy, ...], ...]


def judge_image(
    observation: Observation, findings: FindingsByGroup, criteria: Criteria, details: DetailsByGroup = _NO_DETAILS
) -> JudgedImage:
    """Return the verdict on one image.

    Args:
        observation: what was seen of it.
        findings: its findings by group, where they were needed.
        criteria: policies, time, and the moment asked for.
        details: its files and baseline checks by group, where they were needed.
    """
    in_force = [rules_in_force(observation, row_group, criteria) for row_group in observation.judged_groups]
    return judge_by_rules(observation, findings, in_force, criteria, details)


def judge_by_rules(
    observation: Observation,
    findings: FindingsByGroup,
    in_force: Sequence[Sequence[RulesInForce]],
    criteria: Criteria,
    details: DetailsByGroup = _NO_DETAILS,
) -> JudgedImage:
    """Return the verdict on one image by rules that are known.

    Args:
        observation: what was seen of it.
        findings: its findings by group, where they were needed.
        in_force: for each group of rows, or once where there is none, the rules of each policy.
        criteria: time, and the moment asked for.
        details: its files and baseline checks by group, where they were needed.
    """
    groups = [
        _judge_group(observation, row_group, findings, rules, criteria, details=details)
        for row_group, rules in zip(observation.judged_groups, in_force, strict=True)
    ]
    several = len(observation.row_groups) > 1
    checks = tuple(
        replace(check, group=group.row_group.label if several else None) for group in groups for check in group.checks
    )
    worst = min(groups, key=lambda group: WORST_FIRST.index(worst_of(group.checks)))
    verdict = ImageVerdict(
        reference=observation.reference,
        checks=checks,
        row=worst.row_group.row if worst.row_group.has_rows else None,
        waited_seconds=observation.waited_seconds,
        polls=observation.polls,
        reads=observation.reads,
        findings=most_severe_first(
            replace(finding, group=number) for number, group in enumerate(groups) for finding in group.findings
        ),
        details=tuple(replace(detail, group=number) for number, group in enumerate(groups) for detail in group.details),
        seen=seen_of(observation, findings, details, criteria.scanned_after, criteria.now),
        in_force=tuple(
            PolicyInForce(
                number if observation.row_groups else None,
                rules.policy,
                rules.by_name,
                ignore=len(rules.ignores.entries),
                ignore_file=rules.ignores.count(Target.FILE),
                ignore_check_rule=rules.ignores.count(Target.CHECK_RULE),
            )
            for number, group in enumerate(groups)
            for rules in in_force[number]
        ),
    )
    return JudgedImage(verdict, tuple(group.applied for group in groups))


def subject_of(observation: Observation, row_group: RowGroup) -> Subject:
    """Return what the overrides are matched against: the row's names, or those asked for where there is no row."""
    named = row_group.row if row_group.has_rows else observation.reference
    return Subject(named.namespace, named.image_name or observation.reference.image_name, named.image_version)


def is_proven_fresh(observation: Observation, scanned_after: Moment | None) -> bool:
    """Whether a digest or a scan time proves that the result is of the image meant."""
    return bool(observation.reference.digests) or scanned_after is not None


def rules_in_force(observation: Observation, row_group: RowGroup, criteria: Criteria) -> list[RulesInForce]:
    """Return what a group is held to, one for each policy."""
    subject = subject_of(observation, row_group)
    return [rules_for(loaded, subject, criteria.present) for loaded in criteria.policies]


def has_result(observation: Observation, row_group: RowGroup) -> bool:
    """Whether the group's scan succeeded and its result is believed."""
    succeeded = row_group.phase is Phase.ENDED and row_group.row.scan_status == ScanStatus.SUCCESS
    return succeeded and row_group.key not in observation.unsettled


def has_findings_to_read(observation: Observation, row_group: RowGroup, in_force: Sequence[RulesInForce]) -> bool:
    """Whether findings of the group could matter: of a result, or of an accepted failure for which HSS counts some."""
    if has_result(observation, row_group):
        return True
    return _is_accepted_failure(row_group, in_force) and bool(row_group.row.vul_num)


def details_to_read(
    observation: Observation, row_group: RowGroup, in_force: Sequence[RulesInForce]
) -> frozenset[DetailKind]:
    """Return the lists of files and baseline checks that the rules need; of an accepted failure, those HSS counts."""
    needed = frozenset(kind for rules in in_force for kind in rules.needed_details)
    if has_result(observation, row_group):
        return needed
    if not _is_accepted_failure(row_group, in_force):
        return frozenset()
    return needed & {kind for kind, field in COUNTED_IN.items() if getattr(row_group.row, field)}


def _is_accepted_failure(row_group: RowGroup, in_force: Sequence[RulesInForce]) -> bool:
    if row_group.phase is not Phase.ENDED or row_group.row.scan_status == ScanStatus.SUCCESS:
        return False
    return all_accept(in_force, row_group.row)


@record
class _JudgedGroup:
    row_group: RowGroup
    checks: tuple[Check, ...]
    findings: tuple[ListedFinding, ...]
    details: tuple[ListedDetail, ...]
    applied: tuple[AppliedPolicy, ...]


def _judge_group(
    observation: Observation,
    row_group: RowGroup,
    findings: FindingsByGroup,
    in_force: Sequence[RulesInForce],
    criteria: Criteria,
    *,
    details: DetailsByGroup = _NO_DETAILS,
) -> _JudgedGroup:
    checks = [judge_scan(observation, row_group, in_force)]
    has_ended = row_group.phase is Phase.ENDED
    if is_proven_fresh(observation, criteria.scanned_after):
        checks.append(judge_freshness(observation, row_group, criteria.scanned_after))
    succeeded = has_ended and row_group.row.scan_status == ScanStatus.SUCCESS
    scan_failed = _is_accepted_failure(row_group, in_force)
    found, lists = findings.get(row_group.key), details.get(row_group.key, {})
    sorted_by_policy: list[SortedFindings | None] = []
    for rules in in_force:
        if succeeded or scan_failed:
            settled = row_group.key not in observation.unsettled
            agreed = row_group.key in observation.agreed
            facts = Facts(row_group.row, found, criteria.now, settled, agreed, scan_failed, lists)
            judged = judge_row(facts, rules)
        else:
            judged = JudgedRow(skip_rules(rules, "the scan gave no result"))
        sorted_by_policy.append(judged.sorted_findings)
        policy = rules.policy if len(in_force) > 1 else None
        checks += [replace(check, policy=policy, place=rules.places.get(check.rule)) for check in judged.checks]
    if has_ended and row_group.others:
        from hssgate.judging.rivals import with_rivals

        codes = [_judge_rival(observation, row_group, row, in_force, criteria) for row in row_group.others]
        checks = with_rivals(checks, row_group, codes)
    return _JudgedGroup(
        row_group,
        tuple(checks),
        listed_findings(found, in_force, sorted_by_policy),
        listed_details(lists, in_force),
        tuple(
            AppliedPolicy(
                subject_of(observation, row_group),
                sorted_.used if sorted_ else None,
                criteria.present,
                used_on_details(lists, rules),
            )
            for rules, sorted_ in zip(in_force, sorted_by_policy, strict=True)
        ),
    )


def _judge_rival(
    observation: Observation, ended: RowGroup, row: CicdImage, in_force: Sequence[RulesInForce], criteria: Criteria
) -> ExitCode:
    """Return the exit code of a rival row, whose findings are not fetched: it passes without any, or without rules."""
    rival = RowGroup(ended.key, Phase.ENDED, row)
    findings = {ended.key: Findings((), {})} if row.vul_num == 0 else {}
    return worst_of(_judge_group(observation, rival, findings, in_force, criteria).checks)
