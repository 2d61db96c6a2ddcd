"""Order of rows by their times: which are the newest, and which were pushed in an order that two times contradict."""

from collections.abc import Iterable, Sequence

from hssgate.durations import believable
from hssgate.hss.models import CicdImage


def newest_of(group: Sequence[CicdImage], now: int | None) -> list[CicdImage]:
    """Return the rows that no other of the group is newer than, in their order; a server may list a tag without end."""
    times = [_times_of(row, now) for row in group]
    kept = set(_unbeaten(range(len(group)), times, 0))
    return [row for number, row in enumerate(group) if number in kept]


def rivals_of(newest: CicdImage, group: Iterable[CicdImage], now: int | None) -> tuple[CicdImage, ...]:
    """Return rows of other pushes that were scanned after the newest one, though updated before it.

    Which of the two times tells the order of pushes is not documented, so none of these rows may be left out.
    """
    updated, scanned = _times_of(newest, now)
    rivals = []
    for row in group:
        its_update, its_scan = _times_of(row, now)
        if updated is None or scanned is None or its_update is None or its_scan is None:
            continue
        if its_update < updated and its_scan > scanned and _identity(row) != _identity(newest):
            rivals.append(row)
    return tuple(rivals)


def is_newer(one: CicdImage, other: CicdImage, now: int | None = None) -> bool:
    """Whether a row is shown to be newer than another, by update time, then by scan time.

    The first time in which the two differ decides; one that only one of them has decides nothing.

    Args:
        one: that may be newer.
        other: that may be older.
        now: the server's present in epoch milliseconds; a time well beyond it is none.
    """
    for mine, theirs in zip(_times_of(one, now), _times_of(other, now), strict=True):
        if mine != theirs:
            return mine is not None and theirs is not None and mine > theirs
    return False


def _times_of(row: CicdImage, now: int | None) -> tuple[int | None, ...]:
    """Return the times by which rows are compared, the decisive one first."""
    return believable(row.latest_update_time, now), believable(row.latest_scan_time, now)


def _unbeaten(numbers: Sequence[int], times: Sequence[tuple[int | None, ...]], level: int) -> Sequence[int]:
    """Return the numbers of the rows that no other is newer than, by their times from one level on."""
    if len(numbers) < 2 or level == len(times[numbers[0]]):  # noqa: PLR2004 - one is newest
        return numbers
    latest = max((time for number in numbers if (time := times[number][level]) is not None), default=None)
    timed = [number for number in numbers if latest is not None and times[number][level] == latest]
    untimed = [number for number in numbers if times[number][level] is None]
    return [*_unbeaten(timed, times, level + 1), *_unbeaten(untimed, times, level + 1)]


def _identity(row: CicdImage) -> str | None:
    return row.image_digest or row.image_id
