"""Reads a list page by page: whole and unchanged, or not at all."""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from hssgate.errors import ApiUnavailable, Exchange, RequestRefused
from hssgate.hss.models import weight_of
from hssgate.hss.odd_rows import OddRow
from hssgate.hss.query import LARGEST_OFFSET, PAGE_SIZE
from hssgate.hss.responses import Page
from hssgate.record import record

Row = TypeVar("Row", bound=BaseModel)
Row_contra = TypeVar("Row_contra", bound=BaseModel, contravariant=True)

_READS = 3  # of a list that changes while it is paged through
_BUCKETS = 64
_MOST_PASSED_OVER = 20  # rows that are kept only to be named


class Sieve(Protocol[Row_contra]):
    """Says which rows of a list are kept; it is asked once for each row, in their order."""

    def keeps(self, row: Row_contra) -> bool:
        """Whether a row is kept."""

    def keeps_odd(self, odd: OddRow) -> bool:
        """Whether a row that cannot be read in full is kept."""


class _Everything:
    """Keeps every row."""

    def keeps(self, row: object) -> bool:  # noqa: ARG002 - as the protocol has it
        return True

    def keeps_odd(self, odd: OddRow) -> bool:  # noqa: ARG002 - as the protocol has it
        return True


@record
class Listing(Generic[Row]):
    """All rows that match a query, as they stood in one moment.

    Args:
        rows: from every page.
        server_time: the server's clock at the last page, in epoch seconds, if known.
        exchange: status and request id of the last page.
        age: seconds that the last page lay in a cache.
        odd: rows that cannot be read in full.
        passed_over: the first rows that cannot be read in full and were not kept.
    """

    rows: tuple[Row, ...]
    server_time: float | None
    exchange: Exchange
    age: float = 0.0
    odd: tuple[OddRow, ...] = ()
    passed_over: tuple[OddRow, ...] = ()


def whole_list(
    read: Callable[[int], Page[Row]], room: int, sieve: Callable[[], Sieve[Row]] = _Everything
) -> Listing[Row]:
    """Return the rows from all pages, or none: half a list could hide the row that matters.

    Args:
        read: returns the page that begins at an offset.
        room: bytes of memory that the rows kept may take.
        sieve: makes what says of each row whether it is kept, anew for each reading; by default all are. Every row is
            read and compared with the others all the same.

    Raises:
        ApiUnavailable: a page was no answer, or the list changed each time it was read.
        ApiRefused: asking again would not help; the rows need more room.
    """
    for _ in range(_READS):
        reading = _read(read, room, sieve())
        last = reading.last
        if reading.tally.is_complete and reading.holds_together:
            return Listing(
                rows=tuple(reading.kept),
                server_time=last.server_time,
                exchange=last.exchange,
                age=last.age,
                odd=tuple(reading.odd),
                passed_over=tuple(reading.passed_over),
            )
    raise ApiUnavailable(
        f"the list changed each time it was read ({reading.tally.received} rows received, {last.total_num} announced)",
        last.exchange,
        advice="images are pushed while it is read: ask for fewer at once, by --cicd-name or by their versions",
    )


@dataclass
class Tally:
    """The rows received so far, compared with the numbers of rows that the pages give.

    A number below the rows received cannot be that of the list: some servers count the page. It is not believed,
    however often it changes. One that is not below has to stay what an earlier page announced.

    Args:
        received: rows on all pages.
        announced: how many there are, by a page with more to follow.
        is_counted: any page gave a number.
    """

    received: int = 0
    announced: int | None = None
    is_counted: bool = False

    def contradicts(self, page: Page[Row]) -> bool:
        """Whether a page that was not yet added says that the list has changed."""
        if page.total_num is None or self.announced is None:
            return False
        return page.total_num >= self.received + page.size and page.total_num != self.announced

    def add(self, page: Page[Row]) -> None:
        """Count the rows of the next page in."""
        has_changed = self.contradicts(page)
        self.received += page.size
        if page.total_num is not None:
            self.is_counted = True
            if has_changed or page.total_num > self.received:
                self.announced = page.total_num

    @property
    def is_complete(self) -> bool:
        """Whether as many rows were received as were announced."""
        return self.announced is None or self.received >= self.announced

    def ends_with(self, page: Page[Row], limit: int) -> bool:
        """Whether no other page follows on the one that was added last.

        A server that gives no number may also give fewer rows at once than it was asked for: then only an empty page
        is the last one.

        Args:
            page: the last one.
            limit: how many rows were asked for at once.
        """
        return page.size == 0 or (page.size < limit and self.is_counted and self.is_complete)


@dataclass
class _Reading(Generic[Row]):
    """What one pass over the pages has brought so far.

    Args:
        last: the last page.
        room: bytes of memory that are left for the rows kept.
        tally: of the rows on all pages.
        kept: those that passed the sieve.
        odd: those that passed it and cannot be read in full.
        passed_over: the first of those that did not pass it and cannot be read in full.
        holds_together: the pages show one list: no row moved from page to page while it was read.
    """

    last: Page[Row]
    room: int
    tally: Tally = field(default_factory=Tally)
    kept: list[Row] = field(default_factory=list)
    odd: list[OddRow] = field(default_factory=list)
    passed_over: list[OddRow] = field(default_factory=list)
    holds_together: bool = True

    def take(self, page: Page[Row], sieve: Sieve[Row]) -> None:
        """Count a page in, and keep what the sieve keeps."""
        self.last = page
        self.holds_together = self.holds_together and not self.tally.contradicts(page)
        self.tally.add(page)
        kept = [row for row in page.rows if sieve.keeps(row)]
        self.kept += kept
        self.room -= sum(map(weight_of, kept))
        for odd in page.odd:
            if sieve.keeps_odd(odd):
                self.odd.append(odd)
                self.room -= weight_of(odd.known)
            elif len(self.passed_over) < _MOST_PASSED_OVER:
                self.passed_over.append(odd)


def _read(read: Callable[[int], Page[Row]], room: int, sieve: Sieve[Row]) -> _Reading[Row]:
    page = read(0)
    reading = _Reading(page, room)
    seen = _Seen()
    while True:
        reading.take(page, sieve)
        if reading.room < 0:
            raise RequestRefused(
                f"the list is too large to be judged: {reading.tally.received} rows read, and there are more; "
                "ask for fewer images in a run, each by its own version",
                page.exchange,
            )
        seen.add(_rows_of(page))
        if reading.tally.ends_with(page, PAGE_SIZE) or not reading.holds_together:
            break
        if reading.tally.received > LARGEST_OFFSET:
            raise ApiUnavailable(
                f"the list has more than {LARGEST_OFFSET} rows, the most that can be asked for",
                page.exchange,
                advice="ask for fewer images at once, by --cicd-name or by their versions",
            )
        before, page = page, read(reading.tally.received)
        if _is_again(page, before) and not reading.tally.is_counted:
            break
        if not set(_rows_of(page)).isdisjoint(_rows_of(before)):
            reading.take(page, sieve)
            reading.holds_together = False
            break
    reading.holds_together = reading.holds_together and not seen.any_twice
    return reading


def _rows_of(page: Page[Row]) -> tuple[object, ...]:
    return (*page.rows, *page.odd)


def _is_again(page: Page[Row], before: Page[Row]) -> bool:
    """Whether the offset is ignored: this is the first page again, and it was not full."""
    return page.total_num is None and page.size < PAGE_SIZE and _rows_of(page) == _rows_of(before)


class _Seen:
    """Tells whether any row stood on two pages, in eight bytes a row: a list may have two million."""

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def add(self, rows: Iterable[object]) -> None:
        """Take in a page, on which a row may stand twice."""
        for found in {hash(row) for row in rows}:
            self._buckets[found % _BUCKETS].append(found)

    @property
    def any_twice(self) -> bool:
        """Whether any did; two that merely have one hash are a list that is read again, once in ten million lists."""
        return any(len(set(bucket)) < len(bucket) for bucket in self._buckets)
