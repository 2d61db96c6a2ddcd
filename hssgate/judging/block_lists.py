"""Which lists are read behind a block, and of whose notices the CVEs: those of blocked images first."""

from collections.abc import Iterator, Sequence

from hssgate.durations import Deadline
from hssgate.hss.models import CicdImage, DetailKind
from hssgate.judging.criteria import Criteria
from hssgate.judging.evidence import DetailsByGroup, FindingsByGroup
from hssgate.judging.image import JudgedImage
from hssgate.judging.requirements import COUNTED_IN, has_findings_to_read, has_result, rules_in_force
from hssgate.policy.judge_details import NAMES
from hssgate.policy.rule_table import SPECS
from hssgate.record import record
from hssgate.settings import FindingsMode
from hssgate.verdict import Result
from hssgate.waiting.observation import Observation

MOST_LISTS = 1000  # of a run
_MOST_NOTICES = 200  # whose CVEs are read for blocked images
_MOST_NOTICES_OF_REPORTS = 2000  # and for reports that list every finding
FINDINGS = "findings"
_BEHIND: dict[str, tuple[str, ...]] = {  # the lists behind each field that a rule judges
    "severity_level": (DetailKind.SENSITIVE_FILE,),  # nothing counts these; `severity` judges the counts as well
    "vul_num": (FINDINGS,),
    "unsafe_setting_num": (DetailKind.BASELINE_BREACH,),
    "malicious_file_num": (DetailKind.MALICIOUS_FILE,),
}
_COUNTED_IN: dict[str, str] = {
    FINDINGS: "vul_num",
    **{kind.value: field for kind, field in COUNTED_IN.items()},
}
NAMES_OF_LISTS: dict[str, str] = {FINDINGS: "findings", **{kind.value: name for kind, name in NAMES.items()}}


@record
class Case:
    """One image that was judged.

    Args:
        observation: what was seen of it.
        findings: what was read of it before the verdict.
        details: files and baseline checks that were read before the verdict.
        judged: the verdict.
    """

    observation: Observation
    findings: FindingsByGroup
    details: DetailsByGroup
    judged: JudgedImage

    @property
    def is_blocked(self) -> bool:
        """Whether a rule of a policy is violated."""
        return any(check.result is Result.FAILED for check in self.judged.verdict.checks)


@record
class Extent:
    """How much is read.

    Args:
        mode: of which images.
        lists_findings: whether a report lists the findings of every image.
        deadline: of the run; `always` may go on until then.
    """

    mode: FindingsMode
    lists_findings: bool
    deadline: Deadline

    @property
    def is_whole(self) -> bool:
        """Whether everything is read, of every image."""
        return self.mode is FindingsMode.ALWAYS


@record
class ListToRead:
    """What is listed, and of which row: by the number of its image and of its group."""

    image: int
    group: int
    what: str
    row: CicdImage


def lists_to_read(cases: Sequence[Case], extent: Extent, criteria: Criteria) -> list[ListToRead]:
    """Return the lists to be read, those of blocked images first."""
    return [
        ListToRead(number, group, what, row_group.row)
        for number, case in sorted(enumerate(cases), key=lambda numbered: not numbered[1].is_blocked)
        for group, row_group in enumerate(case.observation.row_groups)
        for what in _wanted(case, group, extent, criteria)
    ]


def notices_to_read(judged: Sequence[JudgedImage], extent: Extent) -> list[str]:
    """Return the notices to ask about: of blocked images first, and of those the worst of each."""
    verdicts = [image.verdict for image in judged]
    blocking = [(rank, listed) for verdict in verdicts for rank, listed in enumerate(verdict.blocking_findings)]
    found = [listed.finding.vul_id for _, listed in sorted(blocking, key=lambda ranked: ranked[0])]
    if extent.is_whole or extent.lists_findings:
        found += [listed.finding.vul_id for verdict in verdicts for listed in verdict.findings]
    distinct = [*dict.fromkeys(vul_id for vul_id in found if vul_id is not None)]
    if extent.is_whole:
        return distinct
    return distinct[: _MOST_NOTICES_OF_REPORTS if extent.lists_findings else _MOST_NOTICES]


def _wanted(case: Case, group: int, extent: Extent, criteria: Criteria) -> Iterator[str]:
    """Yield what is to be read of a group of rows."""
    observation, row_group = case.observation, case.observation.row_groups[group]
    label = row_group.label if len(observation.row_groups) > 1 else None
    checks = [check for check in case.judged.verdict.checks if check.group == label]
    failed = [check.rule for check in checks if check.result is Result.FAILED]
    behind = {what for rule in failed for field in SPECS[rule].fields for what in _BEHIND.get(field, ())}
    if extent.lists_findings:
        behind.add(FINDINGS)
    rules = rules_in_force(observation, row_group, criteria)
    for what in NAMES_OF_LISTS:
        readable = (
            has_result(observation, row_group) and what not in case.details.get(row_group.key, {})
            if what != FINDINGS
            else case.findings.get(row_group.key) is None and has_findings_to_read(observation, row_group, rules)
        )
        count = getattr(row_group.row, _COUNTED_IN[what]) if what in _COUNTED_IN else None
        if readable and (extent.is_whole or (what in behind and count != 0)):
            yield what
