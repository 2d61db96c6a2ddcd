"""Which successes are not believed yet, and when the next read may settle them; most old ones are believed at once."""

from collections.abc import Iterable
from dataclasses import replace

from hssgate.durations import believable
from hssgate.hss.models import CicdImage
from hssgate.record import record
from hssgate.waiting.groups import MOVING, GroupKey, RowGroup, compared_fields

_DATE_STEP = 1.0  # seconds that a `Date` header may be short of the moment


@record(kw_only=True)
class AnswerTimes:
    """When an answer was asked for, when it came, and what the server's clock showed.

    Args:
        began: when the poll began, on the monotonic clock.
        ended: when it ended, on the same clock.
        server: the server's clock in epoch seconds, if known.
    """

    began: float
    ended: float
    server: float | None


@record
class _FirstSeen:
    """When a result was first seen as it is now."""

    fields: tuple[object, ...]
    at: float
    is_old: bool = False  # its scan time proves that it does not change any more
    is_agreed: bool = False  # a second read, `--settle` after this one, showed the same


@record
class _SeenMoving:
    """The last poll that showed the scan of a group under way.

    Args:
        server_time: the server's clock then, in epoch seconds, if known.
        scan_time: what the row showed as the time of its last scan, epoch milliseconds.
    """

    server_time: float | None
    scan_time: int | None

    def is_before(self, scanned: int) -> bool:
        """Whether a scan that ended at a moment, in epoch milliseconds, is shown to have ended after this poll."""
        if self.server_time is None or scanned == self.scan_time:
            return False
        return scanned / 1000 >= self.server_time + _DATE_STEP


class Settling:
    """Which successes of one image are not believed yet, and when they may be.

    HSS may list a success before its numbers are final. A success is believed at once if its scan time proves that it
    is old; otherwise only when a second read, `--settle` after the first, shows the same. One that was not listed at
    the first answer came about during the wait: its scan time proves nothing unless the scan was seen in progress. One
    that counts nothing and has no level may be a row that HSS has not filled yet, however old its scan is.
    """

    def __init__(self) -> None:
        self._moving: dict[GroupKey, _SeenMoving] = {}
        self._first_seen: dict[GroupKey, _FirstSeen] = {}
        self._is_first_answer = True
        self.due: dict[GroupKey, float] = {}  # when the next read may settle it, on the monotonic clock

    def update(self, row_groups: Iterable[RowGroup], times: AnswerTimes, settle: float) -> None:
        """Take in the groups of an answer.

        Args:
            row_groups: all groups of the image.
            times: of the answer.
            settle: how far apart two equal reads of a young success must be, in seconds; 0 believes the first.
        """
        before, self._first_seen, self.due = self._first_seen, {}, {}
        for group in row_groups:
            if group.phase in MOVING:
                self._moving[group.key] = _SeenMoving(times.server, group.row.latest_scan_time)
            if not group.has_succeeded or settle == 0:
                continue
            first = self._first_seen[group.key] = self._first_read(group, before.get(group.key), times, settle)
            if not (first.is_agreed or (first.is_old and not group.row.is_empty)):
                self.due[group.key] = first.at + settle
        self._is_first_answer = False

    @property
    def agreed(self) -> frozenset[GroupKey]:
        """Keys of the groups whose success two reads showed alike, `--settle` apart."""
        return frozenset(key for key, first in self._first_seen.items() if first.is_agreed)

    def _first_read(self, group: RowGroup, first: _FirstSeen | None, times: AnswerTimes, settle: float) -> _FirstSeen:
        """Return when the result was first seen as it is now, and whether that was long enough ago."""
        rows = (group.row, *group.others)
        fields = tuple(map(compared_fields, rows))
        if first is None:
            moving = self._moving.get(group.key)
            was_listed = self._is_first_answer or moving is not None
            is_old = was_listed and all(_is_old(row, moving, times.server, settle) for row in rows)
            return _FirstSeen(fields, times.ended, is_old)
        if first.fields != fields:
            return _FirstSeen(fields, times.ended)
        return replace(first, is_agreed=first.is_agreed or times.began >= first.at + settle)


def _is_old(row: CicdImage, moving: _SeenMoving | None, server_time: float | None, settle: float) -> bool:
    """Whether the scan time proves that a success is too old to change; that of one seen moving may be the old one."""
    if server_time is None:
        return False
    scanned = believable(row.latest_scan_time, 1000 * server_time)
    if scanned is None or (moving is not None and not moving.is_before(scanned)):
        return False
    return server_time - scanned / 1000 >= settle
