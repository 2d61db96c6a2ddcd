"""What judging a group of rows requires: the rules in force for it, and the lists behind its row that they need."""

from collections.abc import Sequence

from hssgate.hss.models import DetailKind
from hssgate.judging.criteria import Criteria
from hssgate.policy.judge import all_accept
from hssgate.policy.rules import RulesInForce, Subject, rules_for
from hssgate.waiting.groups import Phase, RowGroup
from hssgate.waiting.observation import Observation

COUNTED_IN = {DetailKind.BASELINE_BREACH: "unsafe_setting_num", DetailKind.MALICIOUS_FILE: "malicious_file_num"}


def subject_of(observation: Observation, row_group: RowGroup) -> Subject:
    """Return the names that overrides are matched against: the row's, or the reference's if there is no row."""
    named = row_group.row if row_group.has_rows else observation.reference
    return Subject(named.namespace, named.image_name or observation.reference.image_name, named.image_version)


def rules_in_force(observation: Observation, row_group: RowGroup, criteria: Criteria) -> list[RulesInForce]:
    """Return the rules that a group is judged by, one entry for each policy."""
    subject = subject_of(observation, row_group)
    return [rules_for(loaded, subject, criteria.expiry_at) for loaded in criteria.policies]


def has_result(observation: Observation, row_group: RowGroup) -> bool:
    """Whether the group's scan succeeded and its result is final."""
    return row_group.has_succeeded and row_group.key not in observation.unsettled


def has_findings_to_read(
    observation: Observation, row_group: RowGroup, rules_by_policy: Sequence[RulesInForce]
) -> bool:
    """Whether findings of the group could matter: of a result, or of an accepted failure for which HSS counts some."""
    if has_result(observation, row_group):
        return True
    return is_accepted_failure(row_group, rules_by_policy) and bool(row_group.row.vul_num)


def details_to_read(
    observation: Observation, row_group: RowGroup, rules_by_policy: Sequence[RulesInForce]
) -> frozenset[DetailKind]:
    """Return the lists of files and baseline checks that the rules need; of an accepted failure, those HSS counts."""
    needed = frozenset(kind for rules in rules_by_policy for kind in rules.needed_details)
    if has_result(observation, row_group):
        return needed
    if not is_accepted_failure(row_group, rules_by_policy):
        return frozenset()
    return needed & {kind for kind, field in COUNTED_IN.items() if getattr(row_group.row, field)}


def is_accepted_failure(row_group: RowGroup, rules_by_policy: Sequence[RulesInForce]) -> bool:
    """Whether the group's scan failed in a way that every policy accepts."""
    if row_group.phase is not Phase.ENDED or row_group.has_succeeded:
        return False
    return all_accept(rules_by_policy, row_group.row)
