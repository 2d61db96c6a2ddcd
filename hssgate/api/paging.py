"""A list read page by page: whole and from one moment, or not at all."""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from hssgate.api.answers import Page
from hssgate.api.models import weight_of
from hssgate.api.query import LARGEST_OFFSET, PAGE_SIZE
from hssgate.errors import ApiUnavailable, Exchange, RequestRefused
from hssgate.record import record

Row = TypeVar("Row", bound=BaseModel)
Sieve = Callable[[Row], bool]  # whether a row is to be kept; asked once for each, in their order

_READS = 3  # of a list that changes while it is paged through
_BUCKETS = 64


@record
class Listing(Generic[Row]):
    """All rows that match a query, as they stood in one moment.

    Args:
        rows: from every page.
        server_time: the server's clock at the last page, in epoch seconds, if it told.
        exchange: status and request id of the last page.
    """

    rows: tuple[Row, ...]
    server_time: float | None
    exchange: Exchange


def whole_list(
    read: Callable[[int], Page[Row]], room: int, sieve: Callable[[], Sieve[Row]] | None = None
) -> Listing[Row]:
    """Return the rows from all pages, or none: half a list could hide the row that matters.

    Args:
        read: returns the page that begins at an offset.
        room: bytes of memory that the rows kept may take.
        sieve: makes what says of each row whether it is kept, anew for each reading; without it all are. Every row is
            read and held against the others all the same.

    Raises:
        ApiUnavailable: a page was no answer, or the list would not hold still.
        ApiRefused: asking again would not help; the rows need more room.
    """
    for _ in range(_READS):
        reading = _read(read, room, sieve() if sieve else _everything)
        last = reading.last
        if last.total_num in (None, reading.received) and reading.holds_together:
            return Listing(tuple(reading.kept), last.server_time, last.exchange)
    raise ApiUnavailable(
        f"the list changed each time it was read ({reading.received} rows received, {last.total_num} announced)",
        last.exchange,
    )


def _everything(_: object) -> bool:
    return True


@dataclass
class _Reading(Generic[Row]):
    """What one pass over the pages has brought so far.

    Args:
        last: the last page.
        received: rows on all pages.
        kept: those that passed the sieve.
        holds_together: the pages show one list: no row moved from page to page while it was read.
    """

    last: Page[Row]
    received: int = 0
    kept: list[Row] = field(default_factory=list)
    holds_together: bool = True


def _read(read: Callable[[int], Page[Row]], room: int, keep: Sieve[Row]) -> _Reading[Row]:
    page = read(0)
    reading = _Reading(page)
    seen = _Seen()
    while True:
        reading.last = page
        reading.received += len(page.rows)
        kept = [row for row in page.rows if keep(row)]
        reading.kept += kept
        room -= sum(map(weight_of, kept))
        if room < 0:
            raise RequestRefused(
                f"the list is too large to be held against anything: {reading.received} rows read, and there are more; "
                "ask for fewer images in a run, each by its own version",
                page.exchange,
            )
        if reading.received > LARGEST_OFFSET and reading.received != page.total_num:
            raise ApiUnavailable(
                f"the list has more than {LARGEST_OFFSET} rows, the most that can be asked for", page.exchange
            )
        seen.add(page.rows)
        if not page.rows or reading.received == page.total_num:
            reading.holds_together = not seen.any_twice
            return reading
        before, page = page, read(reading.received)
        if page.total_num is None and page.rows == before.rows and len(page.rows) < PAGE_SIZE:
            reading.holds_together = not seen.any_twice
            return reading  # the offset is ignored: this is the first page again, and it was not full
        if page.total_num != before.total_num or not set(page.rows).isdisjoint(before.rows):
            reading.last, reading.holds_together = page, False
            reading.received += len(page.rows)
            return reading


class _Seen:
    """Tells whether any row stood on two pages, in eight bytes a row: a list may have two million."""

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def add(self, rows: Iterable[BaseModel]) -> None:
        """Take in a page, on which a row may stand twice."""
        for found in {hash(row) for row in rows}:
            self._buckets[found % _BUCKETS].append(found)

    @property
    def any_twice(self) -> bool:
        """Whether any did; two that merely have one hash are a list that is read again, once in ten million lists."""
        return any(len(set(bucket)) < len(bucket) for bucket in self._buckets)
