"""Reads what is behind a block: findings with their CVEs, malicious and sensitive files, failed baseline checks.

It begins when every image is judged and changes no verdict: it has a time limit of its own and a bounded number of
requests, and a failure is only a note.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiRefused, Interrupted, ListTooLarge, ResponseTooLarge
from hssgate.hss.at_once import CALLS_AT_ONCE
from hssgate.hss.client import HssClient
from hssgate.hss.models import Cve, Detail, DetailKind, Finding
from hssgate.judging.batch import Batch
from hssgate.judging.block_lists import (
    FINDINGS,
    MOST_LISTS,
    NAMES_OF_LISTS,
    Case,
    Extent,
    ListToRead,
    lists_to_read,
    notices_to_read,
)
from hssgate.judging.criteria import Criteria
from hssgate.judging.image import JudgedImage, judge_image
from hssgate.policy.findings import FetchedDetails, Findings
from hssgate.policy.judge import most_severe_first
from hssgate.policy.judge_details import kept
from hssgate.text import plural
from hssgate.verdict import ImageVerdict, Unread
from hssgate.waiting.groups import GroupKey
from hssgate.waiting.observer import Observer

SECONDS = 30.0  # that reading may take

Rows = tuple[Finding, ...] | tuple[Detail, ...]


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
        self._rows: dict[ListToRead, Rows] = {}
        self._unread: dict[ListToRead, str] = {}
        self.interruption: Interrupted | None = None

    def read(self, cases: Sequence[Case], criteria: Criteria) -> list[JudgedImage]:
        """Return the images as they were judged, with what is behind their verdicts as far as it could be read."""
        found = lists_to_read(cases, self._extent, criteria)
        self._unread |= dict.fromkeys(found[MOST_LISTS:], f"no more than {MOST_LISTS} lists are read after a verdict")
        lists = found[:MOST_LISTS]
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

    def _read_lists(self, lists: Sequence[ListToRead]) -> None:
        """Read lists several at a time; one that is too large for its share of the memory is read by itself."""
        at_once = min(len(lists), CALLS_AT_ONCE)
        failed = self._read_at_once(lists, at_once)
        large = [one for one, why in failed.items() if isinstance(why, ListTooLarge | ResponseTooLarge)]
        if at_once > 1 and large:
            failed |= self._read_at_once(large, 1)
        self._unread |= {one: str(why) for one, why in failed.items() if one not in self._rows}

    def _read_at_once(self, lists: Iterable[ListToRead], at_once: int) -> dict[ListToRead, ApiError]:
        def ask(one: ListToRead) -> Rows:
            if one.what == FINDINGS:
                return self._client.list_findings(one.row, within=self._left(), at_once=at_once).rows
            kind = DetailKind(one.what)
            found = self._client.list_details(
                kind, one.row, within=self._left(), at_once=at_once, also_passed=self._extent.is_whole
            )
            return kept(found.rows)

        batch = Batch(
            lists, ask, lambda one: one.what, refused=self._refused, clock=self._clock, observer=self._observer
        )
        return batch.run(self._rows.__setitem__, self._deadline, at_once=at_once)

    def _left(self) -> float:
        return self._deadline.left(self._clock.monotonic())

    def _read_cves(self, judged: Sequence[JudgedImage]) -> None:
        """Read the CVEs of notices, as far as there is time; those without are named by their own id."""
        batch = Batch(
            [vul_id for vul_id in notices_to_read(judged, self._extent) if vul_id not in self._cves],
            lambda vul_id: self._client.list_cves(vul_id, within=self._left()),
            lambda _: "cves",
            refused=self._refused,
            clock=self._clock,
            observer=self._observer,
        )
        failed = batch.run(self._cves.__setitem__, self._deadline, at_once=CALLS_AT_ONCE)
        unread = [str(why) for vul_id, why in failed.items() if vul_id not in self._cves]
        # Where a rule lacks CVEs, its check has the error already, and that does change the verdict.
        if unread and not any(_lacks_cves(image.verdict) for image in judged):
            self._observer.warn(f"the CVEs of the findings could not be read, which changes no verdict: {unread[0]}")

    def _with_lists(self, cases: Sequence[Case], criteria: Criteria) -> list[JudgedImage]:
        rows: defaultdict[int, dict[ListToRead, Rows]] = defaultdict(dict)
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
        if _lacks_cves(image):
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
        for what, name in NAMES_OF_LISTS.items():
            unread = {
                cases[one.image].observation.reference.text: why
                for one, why in self._unread.items()
                if one.what == what
            }
            if unread:
                first, why = next(iter(unread.items()))
                of = first if len(unread) == 1 else plural(len(unread), "image")
                self._observer.warn(f"{of}: the {name} could not be read, which changes no verdict: {why}")


def _lacks_cves(image: ImageVerdict) -> bool:
    """Whether CVEs that rules need could not be read."""
    return image.seen is not None and any(group.cves_error for group in image.seen.groups)


def _with_lists(case: Case, rows: dict[ListToRead, Rows], unread: list[Unread], criteria: Criteria) -> JudgedImage:
    """Return an image with the lists that were read; result and message of each check stay as they were."""
    groups, verdict = case.observation.row_groups, case.judged.verdict
    findings = dict(case.findings)
    details: dict[GroupKey, FetchedDetails] = dict(case.details)
    for one, found in rows.items():
        key = groups[one.group].key
        if one.what == FINDINGS:
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
