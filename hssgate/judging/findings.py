"""Fetches the findings, CVEs, files and baseline checks that the policies of an image need."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiRefused, GateError, Interrupted, RequestRefused
from hssgate.hss.client import HssClient
from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding
from hssgate.judging.criteria import Criteria
from hssgate.judging.evidence import DetailsByGroup, FindingsByGroup
from hssgate.judging.requirements import details_to_read, has_findings_to_read, rules_in_force
from hssgate.policy.denials import is_cve
from hssgate.policy.findings import FetchedDetails, FetchedFindings, Findings, FindingsMissing
from hssgate.policy.ignores import sort_findings
from hssgate.policy.judge_details import NAMES, failed_only, kept
from hssgate.policy.known import Novelty
from hssgate.policy.rules import RulesInForce
from hssgate.text import plural
from hssgate.waiting.groups import GroupKey
from hssgate.waiting.observation import Observation
from hssgate.waiting.observer import Observer
from hssgate.waiting.retry import until_answered

T = TypeVar("T")


class FindingsReader:
    """Reads findings and details of a run's images; what was refused once is not requested again.

    Args:
        client: asks HSS.
        clock: time and random numbers.
        observer: receives progress and warnings.
        deadline: when to stop reading, from the start of the run.
        needs_dates: whether CVEs are wanted with their dates, which the list of all notices lacks.
    """

    def __init__(
        self, client: HssClient, clock: Clock, observer: Observer, deadline: Deadline, *, needs_dates: bool = False
    ) -> None:
        self._client = client
        self._clock = clock
        self._observer = observer
        self._deadline = deadline
        self.cves: dict[str, tuple[Cve, ...]] = {}
        self._given_up: dict[object, GateError] = {}  # by call
        self._takes_list = not needs_dates  # the list of all notices
        self.interruption: Interrupted | None = None

    def findings_by_group(self, observation: Observation, criteria: Criteria) -> FindingsByGroup:
        """Return the findings of each group of rows for which a rule or an `ignore` entry needs them.

        What could not be read is a FindingsMissing; never raises GateError.
        """
        fetched: dict[GroupKey, FetchedFindings] = {}
        for row_group in observation.row_groups:
            rules = rules_in_force(observation, row_group, criteria)
            if has_findings_to_read(observation, row_group, rules) and any(policy.need_findings for policy in rules):
                fetched[row_group.key] = self._or_missing("findings", partial(self._findings, row_group.row, rules))
        return fetched

    def details_by_group(self, observation: Observation, criteria: Criteria) -> DetailsByGroup:
        """Return the files and baseline checks of each group of rows that a rule needs.

        What could not be read is a FindingsMissing; never raises GateError.
        """
        fetched: dict[GroupKey, FetchedDetails] = {}
        for row_group in observation.row_groups:
            kinds = details_to_read(observation, row_group, rules_in_force(observation, row_group, criteria))
            if kinds:
                fetched[row_group.key] = {
                    kind: self._or_missing(kind, partial(self._details, row_group.row, kind)) for kind in sorted(kinds)
                }
        return fetched

    def _details(self, row: CicdImage, kind: DetailKind) -> tuple[Detail, ...]:
        found = self._until_answered(
            lambda left: self._client.list_details(kind, row, within=left, also_passed=True)  # evidence for an audit
        )
        listed = kept(found.rows)
        self._observer.detail(f"{row.image_name}: {len(failed_only(listed))} {NAMES[kind]}", self._elapsed())
        return listed

    def _or_missing(self, call: object, ask: Callable[[], T]) -> T | FindingsMissing:
        """Return the answer, or why there is none; a call that was refused once is not made again."""
        if (reason := self.interruption or self._given_up.get(call)) is not None:
            return FindingsMissing(reason)
        try:
            return ask()
        except Interrupted as interruption:
            self.interruption = interruption
            return FindingsMissing(interruption)
        except ApiError as error:
            if isinstance(error, ApiRefused) and not isinstance(error, RequestRefused):
                self._given_up[call] = error
            return FindingsMissing(error.without_frames())

    def _findings(self, row: CicdImage, rules: Sequence[RulesInForce]) -> Findings:
        listed = self._until_answered(lambda left: self._client.list_findings(row, within=left)).rows
        self._observer.detail(f"{row.image_name}: {plural(len(listed), 'finding')}", self._elapsed())
        wanted = dict.fromkeys(vul_id for policy in rules for vul_id in policy.ignores.notices_to_look_up(listed))
        self._look_up(wanted)
        found = Findings(listed, {vul_id: self.cves[vul_id] for vul_id in wanted})
        needed = dict.fromkeys(
            finding.vul_id
            for policy in rules
            for finding in _whose_cves_are_needed(policy, found)
            if finding.vul_id is not None
        )
        if all(policy.need_only_scores for policy in rules):
            self._look_up_scores(needed)
        failure = self._or_missing("cves", lambda: self._look_up(needed))
        known = {vul_id: self.cves[vul_id] for vul_id in {**wanted, **needed} if vul_id in self.cves}
        return Findings(listed, known, failure.error if isinstance(failure, FindingsMissing) else None)

    def _look_up(self, vul_ids: Iterable[str]) -> None:
        unknown = [vul_id for vul_id in vul_ids if vul_id not in self.cves]
        if unknown:
            self._until_answered(lambda left: self._client.look_up_cves(unknown, self.cves, within=left))

    def _look_up_scores(self, vul_ids: Iterable[str]) -> None:
        """Take the scores of many notices from the list of all notices; those it lacks keep their own calls."""
        from hssgate.hss.notice_list import FEWEST_NOTICES, scores_of  # few policies need scores

        unknown = {vul_id for vul_id in vul_ids if vul_id not in self.cves}
        if len(unknown) < FEWEST_NOTICES or not self._takes_list:
            return

        def ask(left: float) -> dict[str, tuple[Cve, ...]]:
            deadline = Deadline(self._clock.monotonic(), left)

            try:
                return scores_of(
                    unknown,
                    lambda names, model: self._client.page_of_notices(
                        names, model, within=deadline.left(self._clock.monotonic())
                    ),
                )
            except ApiError as error:
                self._takes_list = False
                self._observer.detail(f"the list of all notices was not read: {error}", self._elapsed())
                return {}

        found = self._or_missing("notices", lambda: self._until_answered(ask))
        if not isinstance(found, FindingsMissing):  # else a signal came
            self.cves |= found

    def _until_answered(self, ask: Callable[[float], T]) -> T:
        return until_answered(
            ask,
            deadline=self._deadline,
            clock=self._clock,
            observer=self._observer,
        )

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._deadline.start


def _whose_cves_are_needed(policy: RulesInForce, found: Findings) -> Iterator[Finding]:
    """Yield the findings whose scores or dates a rule reads, and those that a `deny` entry may name by a CVE."""
    if policy.denials.may_name_cves:
        yield from (finding for finding in found.listed if not is_cve(finding))
    if not policy.need_cves:
        return
    compared = policy.known.compare(found.listed) if policy.known and not policy.need_cves_of_known else None
    for finding in sort_findings(found.listed, found.cve_ids, policy.ignores).counted:
        if compared is None or compared.novelty_of(finding) is Novelty.NEW:
            yield finding
