"""Reads what is behind a block: findings with their CVEs, malicious and sensitive files, failed baseline checks.

It begins when every image is judged and changes no verdict: it has a time limit of its own and a bounded number of
requests, and a failure is only a note.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiRefused, Interrupted, ListTooLarge, ResponseTooLarge
from hssgate.hss.at_once import CALLS_AT_ONCE
from hssgate.hss.client import HssClient
from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding
from hssgate.judging.batch import Batch
from hssgate.judging.criteria import Criteria
from hssgate.judging.evidence import DetailsByGroup, FindingsByGroup
from hssgate.judging.image import JudgedImage, judge_image
from hssgate.judging.requirements import COUNTED_IN, has_findings_to_read, has_result, rules_in_force
from hssgate.policy.findings import FetchedDetails, Findings
from hssgate.policy.judge import most_severe_first
from hssgate.policy.judge_details import NAMES, failed_only
from hssgate.policy.rule_table import SPECS
from hssgate.record import record
from hssgate.settings import FindingsMode
from hssgate.text import plural
from hssgate.verdict import ImageVerdict, Result, Unread
from hssgate.waiting.groups import GroupKey
from hssgate.waiting.observation import Observation
from hssgate.waiting.observer import Observer

SECONDS = 30.0  # that reading may take
MOST_LISTS = 1000  # of a run
MOST_NOTICES = 200  # whose CVEs are read for blocked images
_MOST_NOTICES_OF_REPORTS = 2000  # and for reports that list every finding
_FINDINGS = "findings"
_BEHIND: dict[str, tuple[str, ...]] = {  # the lists behind each field that a rule judges
    "severity_level": (_FINDINGS, *DetailKind),
    "vul_num": (_FINDINGS,),
    "unsafe_setting_num": (DetailKind.BASELINE_BREACH,),
    "malicious_file_num": (DetailKind.MALICIOUS_FILE,),
}
_COUNTED_IN: dict[str, str] = {
    _FINDINGS: "vul_num",
    **{kind.value: field for kind, field in COUNTED_IN.items()},
}
_NAMES: dict[str, str] = {_FINDINGS: "findings", **{kind.value: name for kind, name in NAMES.items()}}

Rows = tuple[Finding, ...] | tuple[Detail, ...]


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
class _List:
    """What is listed, and of which row: by the number of its image and of its group."""

    image: int
    group: int
    what: str
    row: CicdImage


class BlockDetails:
    """Reads what is behind the verdicts of one run.

    Args:
        client: asks HSS.
        clock: time and random numbers.
        observer: receives notes.
        extent: how much to read.
        cves: what is known of notices; more is added.
    """

    def __init__(
        self, client: HssClient, clock: Clock, observer: Observer, extent: Extent, cves: dict[str, tuple[Cve, ...]]
    ) -> None:
        self._client = client
        self._observer = observer
        self._extent = extent
        self._cves = cves
        now = clock.monotonic()
        seconds = max(SECONDS, extent.deadline.left(now)) if extent.is_whole else SECONDS
        self._clock = clock
        self._deadline = Deadline(now, seconds)
        self._refused: dict[object, ApiRefused] = {}
        self._rows: dict[_List, Rows] = {}
        self._unread: dict[_List, str] = {}
        self.interruption: Interrupted | None = None

    def read(self, cases: Sequence[Case], criteria: Criteria) -> list[JudgedImage]:
        """Return the images as they were judged, with what is behind their verdicts as far as it could be read."""
        lists = self._lists(cases, criteria)
        judged = [case.judged for case in cases]
        try:
            self._read_lists(lists)
            judged = self._with_lists(cases, criteria)
            self._read_cves(judged)
        except Interrupted as interruption:
            self.interruption = interruption
            unread = [one for one in lists if one not in self._rows and one not in self._unread]
            self._unread |= dict.fromkeys(unread, str(interruption))
            judged = self._with_lists(cases, criteria)
        else:
            self._note_unread(cases)
        return [replace(image, verdict=self._with_cves(image.verdict)) for image in judged]

    def _lists(self, cases: Sequence[Case], criteria: Criteria) -> list[_List]:
        """Return the lists to be read, those of blocked images first."""
        found = [
            _List(number, group, what, row_group.row)
            for number, case in sorted(enumerate(cases), key=lambda numbered: not numbered[1].is_blocked)
            for group, row_group in enumerate(case.observation.row_groups)
            for what in self._wanted(case, group, criteria)
        ]
        why = f"no more than {MOST_LISTS} lists are read after a verdict"
        self._unread |= dict.fromkeys(found[MOST_LISTS:], why)
        return found[:MOST_LISTS]

    def _wanted(self, case: Case, group: int, criteria: Criteria) -> Iterator[str]:
        """Yield what is to be read of a group of rows."""
        observation, row_group = case.observation, case.observation.row_groups[group]
        label = row_group.label if len(observation.row_groups) > 1 else None
        checks = [check for check in case.judged.verdict.checks if check.group == label]
        failed = [check.rule for check in checks if check.result is Result.FAILED]
        behind = {what for rule in failed for field in SPECS[rule].fields for what in _BEHIND.get(field, ())}
        if self._extent.lists_findings:
            behind.add(_FINDINGS)
        rules = rules_in_force(observation, row_group, criteria)
        for what in _NAMES:
            readable = (
                has_result(observation, row_group) and what not in case.details.get(row_group.key, {})
                if what != _FINDINGS
                else case.findings.get(row_group.key) is None and has_findings_to_read(observation, row_group, rules)
            )
            count = getattr(row_group.row, _COUNTED_IN[what]) if what in _COUNTED_IN else None
            if readable and (self._extent.is_whole or (what in behind and count != 0)):
                yield what

    def _read_lists(self, lists: Sequence[_List]) -> None:
        """Read lists several at a time; one that is too large for its share of the memory is read by itself."""
        at_once = min(len(lists), CALLS_AT_ONCE)
        failed = self._read_at_once(lists, at_once)
        large = [one for one, why in failed.items() if isinstance(why, ListTooLarge | ResponseTooLarge)]
        if at_once > 1 and large:
            failed |= self._read_at_once(large, 1)
        self._unread |= {one: str(why) for one, why in failed.items() if one not in self._rows}

    def _read_at_once(self, lists: Iterable[_List], at_once: int) -> dict[_List, ApiError]:
        def ask(one: _List) -> Rows:
            if one.what == _FINDINGS:
                return self._client.list_findings(one.row, within=self._left(), at_once=at_once).rows
            kind = DetailKind(one.what)
            return failed_only(self._client.list_details(kind, one.row, within=self._left(), at_once=at_once).rows)

        batch = Batch(
            lists, ask, lambda one: one.what, refused=self._refused, clock=self._clock, observer=self._observer
        )
        return batch.run(self._rows.__setitem__, self._deadline, at_once=at_once)

    def _left(self) -> float:
        return self._deadline.left(self._clock.monotonic())

    def _read_cves(self, judged: Sequence[JudgedImage]) -> None:
        """Read the CVEs of notices, as far as there is time; those without are named by their own id."""
        batch = Batch(
            [vul_id for vul_id in self._notices(judged) if vul_id not in self._cves],
            lambda vul_id: self._client.list_cves(vul_id, within=self._left()),
            lambda _: "cves",
            refused=self._refused,
            clock=self._clock,
            observer=self._observer,
        )
        batch.run(self._cves.__setitem__, self._deadline, at_once=CALLS_AT_ONCE)

    def _notices(self, judged: Sequence[JudgedImage]) -> list[str]:
        """Return the notices to ask about: of blocked images first, and of those the worst of each."""
        verdicts = [image.verdict for image in judged]
        blocking = [(rank, listed) for verdict in verdicts for rank, listed in enumerate(verdict.blocking_findings)]
        found = [listed.finding.vul_id for _, listed in sorted(blocking, key=lambda ranked: ranked[0])]
        if self._extent.is_whole or self._extent.lists_findings:
            found += [listed.finding.vul_id for verdict in verdicts for listed in verdict.findings]
        distinct = [*dict.fromkeys(vul_id for vul_id in found if vul_id is not None)]
        if self._extent.is_whole:
            return distinct
        return distinct[: _MOST_NOTICES_OF_REPORTS if self._extent.lists_findings else MOST_NOTICES]

    def _with_lists(self, cases: Sequence[Case], criteria: Criteria) -> list[JudgedImage]:
        rows: defaultdict[int, dict[_List, Rows]] = defaultdict(dict)
        for one, found in self._rows.items():
            rows[one.image][one] = found
        unread: defaultdict[int, list[Unread]] = defaultdict(list)
        for one, why in self._unread.items():
            unread[one.image].append(Unread(one.what, why))
        return [
            _with_lists(case, rows[number], unread[number], criteria)
            if number in rows or number in unread
            else case.judged
            for number, case in enumerate(cases)
        ]

    def _with_cves(self, image: ImageVerdict) -> ImageVerdict:
        # Where a rule lacked CVEs, those that were read later stay out of the report, for the verdict was made without.
        if image.seen and any(group.cves_error for group in image.seen.groups):
            return image
        found = (
            replace(listed, cves=self._cves[vul_id], cves_read=True)
            if (vul_id := listed.finding.vul_id or "") in self._cves
            else listed
            for listed in image.findings
        )
        return replace(image, findings=most_severe_first(found))

    def _note_unread(self, cases: Sequence[Case]) -> None:
        """Note what could not be read, once for all images, with the first reason."""
        for what, name in _NAMES.items():
            unread = {
                cases[one.image].observation.reference.text: why
                for one, why in self._unread.items()
                if one.what == what
            }
            if unread:
                first, why = next(iter(unread.items()))
                of = first if len(unread) == 1 else plural(len(unread), "image")
                self._observer.warn(f"{of}: the {name} could not be read, which changes no verdict: {why}")


def _with_lists(case: Case, rows: dict[_List, Rows], unread: list[Unread], criteria: Criteria) -> JudgedImage:
    """Return an image with the lists that were read; result and message of each check stay as they were."""
    groups, verdict = case.observation.row_groups, case.judged.verdict
    findings = dict(case.findings)
    details: dict[GroupKey, FetchedDetails] = dict(case.details)
    for one, found in rows.items():
        key = groups[one.group].key
        if one.what == _FINDINGS:
            findings[key] = Findings(tuple(row for row in found if isinstance(row, Finding)))
        else:
            listed = tuple(row for row in found if isinstance(row, Detail))
            details[key] = {**details.get(key, {}), DetailKind(one.what): listed}
    again = judge_image(case.observation, findings, criteria, details).verdict
    checks = tuple(
        replace(check, broken_by=other.broken_by) for check, other in zip(verdict.checks, again.checks, strict=True)
    )
    verdict = replace(again, checks=checks, row=verdict.row, unread=tuple(unread))
    return replace(case.judged, verdict=verdict)
