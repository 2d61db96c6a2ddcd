"""Judges one image: its scan, its freshness, and every policy."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.durations import Moment
from hssgate.exit_codes import WORST_FIRST, ExitCode
from hssgate.hss.models import CicdImage
from hssgate.judging.criteria import Criteria
from hssgate.judging.evidence import (
    DetailsByGroup,
    FindingsByGroup,
    listed_details,
    listed_findings,
    passed_checks,
    seen_of,
    used_on_details,
)
from hssgate.judging.requirements import is_accepted_failure, rules_in_force, subject_of
from hssgate.judging.scan import judge_freshness, judge_scan
from hssgate.policy.checks import Facts
from hssgate.policy.entry_warnings import AppliedPolicy
from hssgate.policy.findings import Findings
from hssgate.policy.judge import JudgedRow, judge_row, most_severe_first, skip_rules
from hssgate.policy.judge_findings import CountedFindings
from hssgate.policy.model import Target
from hssgate.policy.rules import RulesInForce
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


@record
class JudgedImage:
    """The verdict on one image, and what the policies' `ignore` entries did.

    Args:
        verdict: the verdict on the image.
        applied: for each group of rows and each policy, which `ignore` entries took effect.
    """

    verdict: ImageVerdict
    applied: tuple[tuple[AppliedPolicy, ...], ...]


def judge_image(
    observation: Observation, findings: FindingsByGroup, criteria: Criteria, details: DetailsByGroup = _NO_DETAILS
) -> JudgedImage:
    """Return the verdict on one image.

    Args:
        observation: result of the wait for the image.
        findings: its findings by group, if they were needed.
        criteria: policies and moments.
        details: its files and baseline checks by group, if they were needed.
    """
    rules_by_group = [rules_in_force(observation, row_group, criteria) for row_group in observation.judged_groups]
    return judge_by_rules(observation, findings, rules_by_group, criteria, details)


def judge_by_rules(
    observation: Observation,
    findings: FindingsByGroup,
    rules_by_group: Sequence[Sequence[RulesInForce]],
    criteria: Criteria,
    details: DetailsByGroup = _NO_DETAILS,
) -> JudgedImage:
    """Return the verdict on one image by the given rules; the policies of the criteria are not read.

    Args:
        observation: result of the wait for the image.
        findings: its findings by group, if they were needed.
        rules_by_group: for each of the observation's `judged_groups`, the rules of each policy.
        criteria: moments.
        details: its files and baseline checks by group, if they were needed.
    """
    groups = [
        _judge_group(observation, row_group, findings, rules_by_policy, criteria, details=details)
        for row_group, rules_by_policy in zip(observation.judged_groups, rules_by_group, strict=True)
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
        passed_checks=tuple(
            replace(detail, group=number) for number, group in enumerate(groups) for detail in group.passed_checks
        ),
        seen=seen_of(observation, findings, details, criteria),
        in_force=tuple(
            PolicyInForce(
                group=number if observation.row_groups else None,
                policy=rules.policy,
                rules=rules.by_name,
                ignore=len(rules.ignores.entries),
                ignore_file=rules.ignores.count(Target.FILE),
                ignore_check_rule=rules.ignores.count(Target.CHECK_RULE),
                grace=rules.grace.seconds if rules.grace else None,
                unlisted=rules.unlisted.value,
                deny=len(rules.denials.entries),
                deny_cves=rules.denials.may_name_cves,
                known=rules.known.count if rules.known else None,
            )
            for number, group in enumerate(groups)
            for rules in rules_by_group[number]
        ),
    )
    return JudgedImage(verdict, tuple(group.applied for group in groups))


def _is_proof_asked_for(observation: Observation, scanned_after: Moment | None) -> bool:
    """Whether a digest or `--scanned-after` asks for a proof that the result is of the image that was pushed."""
    return bool(observation.reference.digests) or scanned_after is not None


@record
class _JudgedGroup:
    """The part of an image's verdict that one group of rows makes.

    Args:
        row_group: the group.
        checks: its checks, `scan` first.
        findings: its findings, if they were fetched.
        details: its files and baseline checks, if they were fetched.
        passed_checks: baseline checks that passed, if they were fetched.
        applied: for each policy, which `ignore` entries took effect.
    """

    row_group: RowGroup
    checks: tuple[Check, ...]
    findings: tuple[ListedFinding, ...]
    details: tuple[ListedDetail, ...]
    passed_checks: tuple[ListedDetail, ...]
    applied: tuple[AppliedPolicy, ...]


def _judge_group(
    observation: Observation,
    row_group: RowGroup,
    findings: FindingsByGroup,
    rules_by_policy: Sequence[RulesInForce],
    criteria: Criteria,
    *,
    details: DetailsByGroup = _NO_DETAILS,
) -> _JudgedGroup:
    checks = [judge_scan(observation, row_group, rules_by_policy)]
    if _is_proof_asked_for(observation, criteria.scanned_after):
        checks.append(judge_freshness(observation, row_group, criteria.scanned_after))
    accepted = is_accepted_failure(row_group, rules_by_policy)
    found, lists = findings.get(row_group.key), details.get(row_group.key, {})
    counted_by_policy: list[CountedFindings | None] = []
    for rules in rules_by_policy:
        if row_group.has_succeeded or accepted:
            facts = Facts(
                row=row_group.row,
                findings=found,
                now=criteria.judged_at,
                settled=row_group.key not in observation.unsettled,
                agreed=row_group.key in observation.agreed,
                is_accepted_failure=accepted,
                details=lists,
            )
            judged = judge_row(facts, rules)
        else:
            judged = JudgedRow(skip_rules(rules, "the scan gave no result"))
        counted_by_policy.append(judged.counted)
        policy = rules.policy if len(rules_by_policy) > 1 else None
        checks += [replace(check, policy=policy, place=rules.places.get(check.rule)) for check in judged.checks]
    if row_group.phase is Phase.ENDED and row_group.others:
        from hssgate.judging.rivals import with_rivals

        codes = [_judge_rival(observation, row_group, row, rules_by_policy, criteria) for row in row_group.others]
        checks = with_rivals(checks, row_group, codes)
    return _JudgedGroup(
        row_group,
        tuple(checks),
        listed_findings(found, rules_by_policy, counted_by_policy),
        listed_details(lists, rules_by_policy),
        passed_checks(lists),
        tuple(
            AppliedPolicy(
                subject_of(observation, row_group),
                counted.sorted_findings.used if counted else None,
                criteria.expiry_at,
                used_on_details(lists, rules),
                counted.sorted_findings.partly if counted else frozenset(),
            )
            for rules, counted in zip(rules_by_policy, counted_by_policy, strict=True)
        ),
    )


def _judge_rival(
    observation: Observation,
    row_group: RowGroup,
    row: CicdImage,
    rules_by_policy: Sequence[RulesInForce],
    criteria: Criteria,
) -> ExitCode:
    """Return the exit code that a rival row would have by itself.

    Its findings are not fetched. So with a rule or `ignore` entry that needs them, it passes only if HSS counts none.
    """
    rival = RowGroup(row_group.key, Phase.ENDED, row)
    findings = {row_group.key: Findings(())} if row.vul_num == 0 else {}
    return worst_of(_judge_group(observation, rival, findings, rules_by_policy, criteria).checks)
