"""What is listed at a moment, sorted once and kept for as long as nothing changes."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from hssgate.emulator.images import Image
from hssgate.emulator.query import Filter, Query
from hssgate.emulator.questions import Which
from hssgate.emulator.rows import Course, Row, courses_of
from hssgate.emulator.selection import Match, select

_MOST_KEPT = 16  # selections per state; paging through one must not filter anew for each page


class Register:
    """All images with their timelines. Not safe for use by several threads at once.

    Args:
        match: how text filters compare.
    """

    def __init__(self, match: Match) -> None:
        self._match = match
        self._courses: list[Course] = []
        self._state: _State | None = None

    def add(self, image: Image, started: float) -> None:
        """List an image.

        Args:
            image: the image.
            started: epoch seconds from which its timeline counts.
        """
        self._courses.extend(courses_of(image, started))
        self._state = None

    def page(self, query: Query, now: float) -> tuple[int, list[Row]]:
        """Return how many rows there are at a moment, and those of a page.

        Args:
            query: the page.
            now: epoch seconds.
        """
        rows = self._at(now).selected(query.wanted, descending=query.descending, match=self._match)
        return len(rows), list(rows[query.page.offset : query.page.offset + query.page.limit])

    def images(self, which: Which, now: float) -> list[Row]:
        """Return the images that a detail call is about; of rows of one `image_id` the one scanned last.

        Args:
            which: the images meant.
            now: epoch seconds.
        """
        state = self._at(now)
        rows = state.ordered(descending=True) if which.image_id is None else state.of_id(which.image_id)
        found: dict[object, Row] = {}
        for row in rows:
            if which.means(row):
                found.setdefault(_identity(row), row)
        return list(found.values())

    def rows(self, now: float) -> list[Row]:
        """Return all rows at a moment, in the order of the API's default."""
        return list(self._at(now).ordered(descending=False))

    def _at(self, now: float) -> "_State":
        if self._state is None or not self._state.since <= now < self._state.until:
            self._state = _State(self._courses, now)
        return self._state


class _State:
    """The rows between two changes; `since` is when it was looked at, `until` when the next change comes."""

    def __init__(self, courses: Sequence[Course], now: float) -> None:
        self.since = now
        self.until = math.inf
        self._rows: list[Row] = []
        for course in courses:
            index = bisect_right(course.moments, now)
            if index < len(course.moments):
                self.until = min(self.until, course.moments[index])
            row = course.rows[index - 1] if index else None
            if row is not None:
                self._rows.append(row)
        self._ordered: dict[bool, list[Row]] = {}
        self._selected: dict[tuple[Filter, bool], list[Row]] = {}
        self._by_id: dict[object, list[Row]] | None = None

    def ordered(self, *, descending: bool) -> list[Row]:
        if descending not in self._ordered:
            self._ordered[descending] = sorted(self._rows, key=_scanned, reverse=descending)
        return self._ordered[descending]

    def selected(self, wanted: Filter, *, descending: bool, match: Match) -> list[Row]:
        key = (wanted, descending)
        if key not in self._selected:
            if len(self._selected) >= _MOST_KEPT:
                self._selected.pop(next(iter(self._selected)))
            self._selected[key] = select(self.ordered(descending=descending), wanted, match)
        return self._selected[key]

    def of_id(self, image_id: str) -> list[Row]:
        if self._by_id is None:
            self._by_id = {}
            for row in self.ordered(descending=True):
                self._by_id.setdefault(_identity(row), []).append(row)
        return self._by_id.get(image_id, [])


def _identity(row: Row) -> object:
    """Take a row without an id, or with one that is no text, for an image of its own."""
    image_id = row.shown("image_id")
    return image_id if isinstance(image_id, str) else id(row)


def _scanned(row: Row) -> float:
    """Rows never scanned come first, or last in descending order."""
    return -math.inf if row.latest_scan_time is None else row.latest_scan_time
