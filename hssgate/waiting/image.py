"""State of one image while it is polled."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hssgate.durations import believable
from hssgate.errors import ApiError, ApiRefused, ApiUnavailable
from hssgate.hss.models import CicdImage, ScanStatus
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.text import clean
from hssgate.verdict import Read
from hssgate.waiting.groups import (
    MOVING,
    NOT_STARTED,
    GroupKey,
    Phase,
    RowGroup,
    compared_fields,
    group_rows,
    is_newer,
    judged_fields,
)
from hssgate.waiting.observation import Observation, state_of, status_of
from hssgate.waiting.states import Ending, Event, Pause, Stage

_MOST_CHANGES = 200
_MOST_SIMILAR_ROWS = 200
_DATE_STEP = 1.0  # seconds that a `Date` header may be short of the moment


@dataclass
class _FirstSeen:
    """When a result was first seen as it is now."""

    fields: tuple[object, ...]
    at: float
    believed: bool


@dataclass(frozen=True)
class _SeenMoving:
    """The last look at a group that showed its scan under way.

    Args:
        server_time: the server's clock then, in epoch seconds, if it told.
        scan_time: what the row showed as the time of its last scan, epoch milliseconds.
    """

    server_time: float | None
    scan_time: int | None

    def is_before(self, scanned: int) -> bool:
        """Whether a scan that ended at a moment, in epoch milliseconds, is shown to have ended after the look."""
        if self.server_time is None or scanned == self.scan_time:
            return False
        return scanned / 1000 >= self.server_time + _DATE_STEP


class ImageState:
    """One image while it is waited for.

    Args:
        reference: the image.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.stage = Stage.NOT_STARTED
        self.ending: Ending | None = None
        self.pause = Pause.PACED
        self._row_groups: tuple[RowGroup, ...] = ()
        self._moving: dict[GroupKey, _SeenMoving] = {}
        self._newest: dict[GroupKey, CicdImage] = {}
        self._outranked: set[tuple[object, ...]] = set()
        self._first_seen: dict[GroupKey, _FirstSeen] = {}
        self._settles: dict[GroupKey, float] = {}
        self._error: ApiError | None = None
        self._server_time: float | None = None
        self._scanned_after: int | None = None
        self._waited = 0.0
        self._polls = 0
        self._changes: list[Read] = []
        self._recent: list[Read] = []
        self._similar_rows: tuple[CicdImage, ...] = ()
        self._searched = False
        self._told_state = ""
        self._told_statuses: set[str | None] = set()

    def see(
        self,
        listing: Listing[CicdImage],
        *,
        began: float,
        now: float,
        at: float,
        settle: float,
        scanned_after: int | None,
    ) -> Event:
        """Take in the rows of an answer, and return what they tell.

        Args:
            listing: the answer.
            began: when the look began, on the monotonic clock.
            now: when it ended, on the same clock.
            at: when it ended, in epoch seconds.
            settle: how far apart two equal reads of a young success must be, in seconds; 0 believes the first.
            scanned_after: epoch milliseconds; an earlier result is stale.
        """
        self._polls += 1
        self._error = None
        self._server_time = listing.server_time
        self._scanned_after = scanned_after
        present = int(1000 * (listing.server_time if listing.server_time is not None else at))
        self._row_groups = self._distrust_vanished(
            group_rows(self.reference, listing.rows, scanned_after, present), present
        )
        self._similar_rows = tuple(row for row in listing.rows if not self.reference.owns(row))[:_MOST_SIMILAR_ROWS]
        self._settles = {}
        listed = {row_group.key for row_group in self._row_groups}
        self._first_seen = {key: first for key, first in self._first_seen.items() if key in listed}
        for row_group in self._row_groups:
            self._settle(row_group, listing.server_time, began=began, now=now, settle=settle)
        row = self._telling_row()
        self._record(Read(at, listing.exchange.http_status, listing.exchange.request_id, row))
        return self._event()

    def unanswered(self, error: ApiError, at: float) -> None:
        """Take in that a look got no answer; `at` is in epoch seconds."""
        self._polls += 1
        self._error = error
        self._record(Read(at, error.exchange.http_status, error.exchange.request_id, None, answered=False))

    def end(self, ending: Ending, waited: float, error: ApiError | None = None) -> None:
        """Stop waiting.

        Args:
            ending: why.
            waited: seconds since the start of the run.
            error: why there was no answer, if that is the reason.
        """
        self.ending = ending
        self._waited = round(waited, 3)  # as reports show it, so that what is worded from it is the same everywhere
        self._error = error or self._error
        if ending is Ending.UNANSWERED and isinstance(self._error, ApiUnavailable):
            self._error = self._error.with_advice()

    def add_similar_rows(self, rows: Iterable[CicdImage]) -> None:
        """Add rows that the caller may have meant, found by the name alone."""
        self._searched = True
        self._similar_rows += tuple(row for row in rows if not self.reference.owns(row))[:_MOST_SIMILAR_ROWS]

    @property
    def has_rows(self) -> bool:
        """Whether any row belonged to the reference at the last answer."""
        return bool(self._row_groups)

    @property
    def was_answered(self) -> bool:
        """Whether the last look brought an answer."""
        return self._polls > 0 and self._error is None

    @property
    def settles_at(self) -> tuple[float, ...]:
        """When each group settles that is about to, on the monotonic clock."""
        return tuple(self._settles.values())

    @property
    def state(self) -> str:
        """The state in words, one line."""
        if self._error is not None:
            return f"{'refused' if isinstance(self._error, ApiRefused) else 'no answer'}: {self._error}"
        if not self._row_groups:
            return "not listed"
        several = len(self._row_groups) > 1
        words = [
            (f"{row_group.label}: " if several else "") + state_of(row_group, row_group.key in self._settles)
            for row_group in self._row_groups
        ]
        return clean("; ".join(words))

    def has_new_state(self) -> bool:
        """Whether the state changed since this was last asked."""
        changed, self._told_state = self.state != self._told_state, self.state
        return changed

    def new_warnings(self) -> list[str]:
        """Return a line for each undocumented status not warned of before."""
        odd = [row_group for row_group in self._row_groups if row_group.phase is Phase.UNDOCUMENTED]
        fresh = [row_group for row_group in odd if row_group.row.scan_status not in self._told_statuses]
        self._told_statuses |= {row_group.row.scan_status for row_group in fresh}
        return [
            f"{self.reference.text}: the scan status {status_of(row_group.row)} is not documented; "
            "waiting for one that is"
            for row_group in fresh
        ]

    def observation(self) -> Observation:
        """Return what was seen, once the wait is over."""
        return Observation(
            reference=self.reference,
            ending=self.ending or Ending.INTERRUPTED,
            row_groups=self._row_groups,
            unsettled=frozenset(self._settles),
            error=self._error,
            server_time=self._server_time,
            scanned_after=self._scanned_after,
            waited_seconds=self._waited,
            polls=self._polls,
            reads=self._evidence_kept(),
            similar_rows=self._similar_rows,
            searched=self._searched,
        )

    def _event(self) -> Event:
        phases = {row_group.phase for row_group in self._row_groups}
        if not phases or phases & NOT_STARTED:
            return Event.NOTHING_STARTED
        if not phases <= {Phase.ENDED, Phase.AMBIGUOUS}:
            return Event.IN_PROGRESS
        return Event.YOUNG if self._settles else Event.RESULT

    def _distrust_vanished(self, found: tuple[RowGroup, ...], present: int) -> tuple[RowGroup, ...]:
        """Keep waiting for what was seen before: neither its absence nor an older result replaces it."""
        for row_group in found:
            if row_group.phase in MOVING:
                self._moving[row_group.key] = _SeenMoving(self._server_time, row_group.row.latest_scan_time)
                self._outranked |= {(row_group.key, judged_fields(row)) for row in row_group.others}
                self._outranked |= {
                    (key, judged_fields(row)) for key, row in self._newest.items() if key == row_group.key
                }
        kept = tuple(self._or_vanished(row_group, present) for row_group in found)
        listed = {row_group.key for row_group in found}
        gone = tuple(RowGroup(key, Phase.VANISHED, row) for key, row in self._newest.items() if key not in listed)
        self._newest |= {row_group.key: row_group.row for row_group in kept}
        return (*kept, *gone)

    def _or_vanished(self, row_group: RowGroup, present: int) -> RowGroup:
        before = self._newest.get(row_group.key)
        if before is None or row_group.phase is not Phase.ENDED:
            return row_group
        outranked = (row_group.key, judged_fields(row_group.row)) in self._outranked
        is_old = outranked or is_newer(before, row_group.row, present)
        return replace(row_group, phase=Phase.VANISHED, row=before) if is_old else row_group

    def _settle(
        self, row_group: RowGroup, server_time: float | None, *, began: float, now: float, settle: float
    ) -> None:
        """Believe a success that is old, or that two reads far enough apart agree on."""
        key = row_group.key
        if row_group.phase is not Phase.ENDED or row_group.row.scan_status != ScanStatus.SUCCESS or settle == 0:
            self._first_seen.pop(key, None)
            return
        fields = compared_fields(row_group.row)
        first = self._first_seen.get(key)
        if first is None:
            old = _is_old(row_group.row, self._moving.get(key), server_time, settle)
            self._first_seen[key] = _FirstSeen(fields, now, believed=old)
        elif first.fields != fields:
            self._first_seen[key] = _FirstSeen(fields, now, believed=False)
        elif began >= first.at + settle:
            first.believed = True
        if not self._first_seen[key].believed:
            self._settles[key] = self._first_seen[key].at + settle

    def _telling_row(self) -> CicdImage | None:
        """Return the row of the group that holds the image up, else of the first."""
        order = list(Phase)
        worst = min(self._row_groups, key=lambda row_group: order.index(row_group.phase), default=None)
        return worst.row if worst else None

    def _record(self, read: Read) -> None:
        """Keep each change of state and the last two reads; of very many changes, the first and the latest ones."""
        if not self._recent or _evidence(read) != _evidence(self._recent[-1]):
            self._changes.append(read)
        if len(self._changes) > _MOST_CHANGES:
            del self._changes[_MOST_CHANGES // 2]
        self._recent = [*self._recent[-1:], read]

    def _evidence_kept(self) -> tuple[Read, ...]:
        return (*(read for read in self._changes if read not in self._recent), *self._recent)


def _is_old(row: CicdImage, moving: _SeenMoving | None, server_time: float | None, settle: float) -> bool:
    """Whether the scan time proves that a success is too old to change; that of one seen moving may be the old one."""
    if server_time is None:
        return False
    scanned = believable(row.latest_scan_time, 1000 * server_time)
    if scanned is None or (moving is not None and not moving.is_before(scanned)):
        return False
    return server_time - scanned / 1000 >= settle


def _evidence(read: Read) -> tuple[object, ...]:
    fields = judged_fields(read.row) if read.row else None
    return (read.answered, read.http_status, fields)
