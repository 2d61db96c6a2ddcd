"""State of one image while it is polled."""

from collections.abc import Iterable, Sequence
from itertools import islice

from hssgate.errors import ApiError, ApiRefused, ApiUnavailable
from hssgate.hss.models import CicdImage
from hssgate.hss.responses import unreadable_row
from hssgate.reference import Reference
from hssgate.text import clean
from hssgate.verdict import Read
from hssgate.waiting.groups import MOST_GROUPS, MOVING, NOT_STARTED, Phase, RowGroup, TooManyGroups, group_rows
from hssgate.waiting.history import MOST_CHANGES, GroupHistory, ReadHistory
from hssgate.waiting.listed_rows import ListedRows
from hssgate.waiting.observation import Observation, state_of, status_of
from hssgate.waiting.row_filter import MOST_SIMILAR_ROWS
from hssgate.waiting.settling import AnswerTimes, Settling
from hssgate.waiting.states import Ending, Event, Pause, Stage

_PHASES = list(Phase)
_MOST_NAMED = 5  # groups, in a line about the state
_LONGEST_NAMED = 200  # characters of one of them
_MOST_STATUSES = 10  # undocumented ones, that are warned of
_TOO_MANY_GROUPS = f"more than {MOST_GROUPS} groups of rows belong to the image, which is too many"
_TOO_MANY_GROUPS_ADVICE = "name the organisation in IMAGE, or give --cicd-name or --registry-name"


class ImageState:
    """One image while it is polled.

    Args:
        reference: the image.
        most_changes: of state that are kept as evidence.
    """

    def __init__(self, reference: Reference, most_changes: int = MOST_CHANGES) -> None:
        self.reference = reference
        self.stage = Stage.NOT_STARTED
        self.ending: Ending | None = None
        self.pause = Pause.PACED
        self.appear_from: float | None = None  # when `--appear-timeout` began anew, on the monotonic clock
        self._row_groups: tuple[RowGroup, ...] = ()
        self._groups = GroupHistory()
        self._settling = Settling()
        self._reads = ReadHistory(most_changes)
        self._error: ApiError | None = None
        self._server_time: float | None = None
        self._scanned_after: int | None = None
        self._waited = 0.0
        self._time_up = ""
        self._moving_of_tag: CicdImage | None = None  # a row that lacks only the digest asked for
        self._similar_rows: tuple[CicdImage, ...] = ()
        self._searched = False
        self._shown_state = ""
        self._statuses_warned_of: set[str | None] = set()
        self._has_warned_of_forgotten = False

    def take_answer(
        self, rows: ListedRows, times: AnswerTimes, *, at: float, settle: float, scanned_after: int | None
    ) -> Event | ApiUnavailable:
        """Update the state from the rows of an answer.

        Args:
            rows: the rows of the answer.
            times: when the poll began and ended.
            at: when the answer came, in epoch seconds.
            settle: how far apart two equal reads of a young success must be, in seconds; 0 believes the first.
            scanned_after: epoch milliseconds; an earlier result is stale.

        Returns:
            What the rows show, or why none of them can be relied on.
        """
        exchange = rows.exchange
        if (odd := rows.odd_row_of(self.reference)) is not None:
            return unreadable_row(odd, exchange)
        candidates = rows.candidates(self.reference)
        present = int(1000 * (at if times.server is None else times.server))
        try:
            found = group_rows(self.reference, candidates, scanned_after, present, self._groups.is_new)
            self._row_groups = self._groups.update(found, present)
        except TooManyGroups:
            return ApiUnavailable(_TOO_MANY_GROUPS, exchange, advice=_TOO_MANY_GROUPS_ADVICE)
        self._error = None
        self._server_time = times.server
        self._scanned_after = scanned_after
        self._settling.update(self._row_groups, times, settle)
        self._moving_of_tag = next(
            (row for row in candidates if row.is_moving and self.reference.may_become(row)), None
        )
        self._similar_rows = tuple(islice(rows.not_of(self.reference), MOST_SIMILAR_ROWS))
        self._reads.add(Read(at, exchange.http_status, exchange.request_id, self._decisive_row()))
        return self._event()

    def take_failure(self, error: ApiError, at: float) -> None:
        """Note that a poll got no answer; `at` is in epoch seconds."""
        self._error = error
        self._reads.add(Read(at, error.exchange.http_status, error.exchange.request_id, None, answered=False))

    def end(self, ending: Ending, waited: float, error: ApiError | None = None, time_up: str = "") -> None:
        """Stop waiting.

        Args:
            ending: why.
            waited: seconds since the start of the run.
            error: why there was no answer, if that is the reason.
            time_up: the option whose time was up, if that is the reason.
        """
        self.ending = ending
        self._time_up = time_up
        self._waited = round(waited, 3)  # as reports show it, so that what is worded from it is the same everywhere
        self._error = error or self._error
        if ending is Ending.UNANSWERED and isinstance(self._error, ApiUnavailable):
            self._error = self._error.with_advice()

    def add_similar_rows(self, rows: Iterable[CicdImage]) -> None:
        """Add rows that the caller may have meant, found by the name alone."""
        self._searched = True
        self._similar_rows += tuple(row for row in rows if not self.reference.owns(row))[:MOST_SIMILAR_ROWS]

    @property
    def has_rows(self) -> bool:
        """Whether any row belonged to the reference at the last answer."""
        return bool(self._row_groups)

    @property
    def is_listed(self) -> bool:
        """Whether any row had its names at the last answer, be it of another digest."""
        of_its_names = (row for row in self._similar_rows if self.reference.differences(row) == ("image_digest",))
        return self.has_rows or next(of_its_names, None) is not None

    @property
    def was_answered(self) -> bool:
        """Whether the last poll brought an answer."""
        return self._reads.polls > 0 and self._error is None

    @property
    def settles_at(self) -> tuple[float, ...]:
        """When each group settles that is about to, on the monotonic clock."""
        return tuple(self._settling.due.values())

    @property
    def state(self) -> str:
        """The state in words, one line."""
        if self._error is not None:
            return f"{'refused' if isinstance(self._error, ApiRefused) else 'no answer'}: {self._error}"
        if not self._row_groups and self._moving_of_tag is not None:
            row = self._moving_of_tag
            digest = "another digest" if row.image_digest else "no digest yet"
            return clean(f"not listed by its digest; a row with {digest}: {status_of(row)}")
        if not self._row_groups:
            return "not listed"
        if len(self._row_groups) == 1:
            return self._worded(self._row_groups[0])
        return clean("; ".join(self._named_groups()))

    def _named_groups(self) -> list[str]:
        """Return a few groups in words, those that the image waits for first where there are more."""
        groups: Sequence[RowGroup] = self._row_groups
        if (more := len(groups) - _MOST_NAMED) <= 0:
            return [f"{group.label}: {self._worded(group)}" for group in groups]
        first = sorted(groups, key=_order)[:_MOST_NAMED]
        named = [clean(f"{group.label}: {self._worded(group)}", _LONGEST_NAMED) for group in first]
        return [*named, f"and {more} more"]

    def _worded(self, group: RowGroup) -> str:
        return clean(state_of(group, group.key in self._settling.due))

    def has_new_state(self) -> bool:
        """Whether the state changed since this was last asked; another request that fails alike is no change."""
        before, self._shown_state = self._shown_state, self.state
        if self._error is not None and self._error.exchange.request_id is not None:
            self._shown_state = self._shown_state.replace(self._error.exchange.request_id, "")
        return self._shown_state != before

    def new_warnings(self) -> list[str]:
        """Return a line for each undocumented status not warned of before, and one where there is no end of them."""
        lines = []
        rows = {group.row.scan_status: group.row for group in self._row_groups if group.phase is Phase.UNDOCUMENTED}
        for status, row in rows.items():
            if status in self._statuses_warned_of or len(self._statuses_warned_of) > _MOST_STATUSES:
                continue
            self._statuses_warned_of.add(status)
            if len(self._statuses_warned_of) <= _MOST_STATUSES:
                named = f"the scan status {status_of(row)} is"
            else:
                named = "more scan statuses are"
            lines.append(f"{self.reference.text}: {named} not documented; waiting for one that is")
        if self._groups.has_forgotten and not self._has_warned_of_forgotten:
            self._has_warned_of_forgotten = True
            lines.append(
                f"{self.reference.text}: more results came and went while it was scanned than are remembered; none of "
                "them is believed"
            )
        return lines

    def observation(self) -> Observation:
        """Return what was seen, once the wait is over."""
        return Observation(
            reference=self.reference,
            ending=self.ending or Ending.INTERRUPTED,
            row_groups=self._row_groups,
            unsettled=frozenset(self._settling.due),
            error=self._error,
            server_time=self._server_time,
            scanned_after=self._scanned_after,
            waited_seconds=self._waited,
            polls=self._reads.polls,
            reads=self._reads.kept,
            similar_rows=self._similar_rows,
            searched=self._searched,
            agreed=self._settling.agreed,
            time_up=self._time_up,
        )

    def _event(self) -> Event:
        phases = {group.phase for group in self._row_groups}
        if not phases or phases & NOT_STARTED:
            # Platforms of one image may be scanned one after the other.
            is_moving = self._moving_of_tag is not None or (Phase.ABSENT in phases and not phases.isdisjoint(MOVING))
            return Event.TAG_IN_PROGRESS if is_moving else Event.NOTHING_STARTED
        if not phases <= {Phase.ENDED, Phase.AMBIGUOUS}:
            return Event.IN_PROGRESS
        return Event.YOUNG if self._settling.due else Event.RESULT

    def _decisive_row(self) -> CicdImage | None:
        """Return the row of the group that the image waits for, else of the first."""
        worst = min(self._row_groups, key=_order, default=None)
        return worst.row if worst else None


def _order(group: RowGroup) -> int:
    return _PHASES.index(group.phase)
