"""All rows and their timelines, with a cache of the rows listed now."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from hssgate.emulator.images import Image
from hssgate.emulator.query import Filter, Query
from hssgate.emulator.query_parameters import ImageSelector
from hssgate.emulator.row_dialect import RowDialect
from hssgate.emulator.rows import Row, RowTimeline, timelines_of
from hssgate.emulator.selection import Match, select

_MOST_KEPT = 16  # cached selections of a state, so that paging through a list filters the rows once


class Register:
    """All images with their timelines. Not thread-safe.

    Args:
        match: whether text filters match a substring or the whole text.
        dialect: how rows are filled.
    """

    def __init__(self, match: Match, dialect: RowDialect) -> None:
        self._match = match
        self._dialect = dialect
        self._timelines: list[RowTimeline] = []
        self._shown: list[RowTimeline] | None = None
        self._state: _State | None = None

    def add(self, image: Image, started: float) -> None:
        """Add an image.

        Args:
            image: the image.
            started: start of its timeline in epoch seconds.
        """
        self._timelines.extend(timelines_of(image, started))
        self._shown = self._state = None

    def page(self, query: Query, now: float) -> tuple[int, list[Row]]:
        """Return the number of rows that match at a moment, and those of a page.

        Args:
            query: the page.
            now: epoch seconds.
        """
        rows = self._at(now).selected(query.wanted, descending=query.descending, match=self._match)
        return len(rows), list(rows[query.page.offset : query.page.offset + query.page.limit])

    def images(self, selector: ImageSelector, now: float) -> list[Row]:
        """Return the images that a detail call selects; of several rows with one `image_id` the last scanned.

        Args:
            selector: the images to find.
            now: epoch seconds.
        """
        state = self._at(now)
        rows = state.ordered(descending=True) if selector.image_id is None else state.of_id(selector.image_id)
        found: dict[object, Row] = {}
        for row in rows:
            if selector.matches(row):
                found.setdefault(_identity(row), row)
        return list(found.values())

    def rows(self, now: float) -> list[Row]:
        """Return all rows at a moment, in the API's default order."""
        return list(self._at(now).ordered(descending=False))

    def _at(self, now: float) -> "_State":
        if self._state is None or not self._state.since <= now < self._state.until:
            if self._shown is None:
                self._shown = self._dialect.applied_to(self._timelines)
            self._state = _State(self._shown, now)
        return self._state


class _State:
    """The rows between two changes; `since` is the time it was built for, `until` the time of the next change."""

    def __init__(self, timelines: Sequence[RowTimeline], now: float) -> None:
        self.since = now
        self.until = math.inf
        self._rows: list[Row] = []
        for timeline in timelines:
            index = bisect_right(timeline.moments, now)
            if index < len(timeline.moments):
                self.until = min(self.until, timeline.moments[index])
            row = timeline.rows[index - 1] if index else None
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
    """Return the key of a row's image; a row without an id, or with an id that is not text, is its own image."""
    image_id = row.shown("image_id")
    return image_id if isinstance(image_id, str) else id(row)


def _scanned(row: Row) -> float:
    """Return the sort key of a row; rows never scanned sort first."""
    return -math.inf if row.latest_scan_time is None else row.latest_scan_time
