"""Pagination: returns a complete, consistent list from all pages, or an error."""

from array import array
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from hssgate.errors import ApiUnavailable, Exchange, ListTooLarge
from hssgate.hss.models import weight_of
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.query import LARGEST_OFFSET, PAGE_SIZE
from hssgate.hss.responses import Page, Row
from hssgate.hss.tally import Tally
from hssgate.record import record

Row_contra = TypeVar("Row_contra", bound=BaseModel, contravariant=True)

_PASSES = 3  # over a list that changes while it is read
_BUCKETS = 64
_MOST_PASSED_OVER = 20  # unreadable rows that are kept for messages only


class RowFilter(Protocol[Row_contra]):
    """Selects the rows of a list to keep; it is called once for each row, in their order."""

    def keeps(self, row: Row_contra) -> bool:
        """Whether to keep a row."""

    def keeps_odd(self, odd: PartlyReadableRow) -> bool:
        """Whether to keep a row with unreadable fields."""


class _KeepAll:
    """Keeps every row."""

    def keeps(self, row: object) -> bool:  # noqa: ARG002 - as the protocol has it
        return True

    def keeps_odd(self, odd: PartlyReadableRow) -> bool:  # noqa: ARG002 - as the protocol has it
        return True


@record
class Listing(Generic[Row]):
    """All rows that match a query, at one point in time.

    Args:
        rows: from every page.
        server_time: the server's clock at the last page, in epoch seconds, if known.
        exchange: status and request id of the last page.
        age: age of the last page in a cache, in seconds.
        odd: kept rows with unreadable fields.
        passed_over: the first rows with unreadable fields that were not kept.
    """

    rows: tuple[Row, ...]
    server_time: float | None
    exchange: Exchange
    age: float = 0.0
    odd: tuple[PartlyReadableRow, ...] = ()
    passed_over: tuple[PartlyReadableRow, ...] = ()


def whole_list(
    read: Callable[[int], Page[Row]], room: int, row_filter: Callable[[], RowFilter[Row]] = _KeepAll
) -> Listing[Row]:
    """Return the rows from all pages, or raise: a partial list could lack the row that decides.

    Args:
        read: returns the page at an offset.
        room: limit of the memory for the kept rows, in bytes.
        row_filter: makes a filter for each pass; default: keep all rows. The consistency checks include the rows that
            it drops.

    Raises:
        ApiUnavailable: a page failed, or the list changed during each pass.
        ApiRefused: a retry would not help; also if the rows exceed `room`.
    """
    for _ in range(_PASSES):
        current = _read(read, room, row_filter())
        last = current.last
        if current.tally.is_complete and current.holds_together:
            return Listing(
                rows=tuple(current.kept),
                server_time=last.server_time,
                exchange=last.exchange,
                age=last.age,
                odd=tuple(current.odd),
                passed_over=tuple(current.passed_over),
            )
    raise ApiUnavailable(
        f"the list changed each time it was read ({current.tally.received} rows received, {last.total_num} announced)",
        last.exchange,
        advice="images are pushed while it is read: ask for fewer at once, by --cicd-name or by their versions",
    )


class _Pass(Generic[Row]):
    """State of one pass over the pages.

    Args:
        last: the page read last.
        room: memory left for the kept rows, in bytes.

    Attributes:
        tally: number of rows.
        kept: rows that the filter keeps.
        odd: rows with unreadable fields that the filter keeps.
        passed_over: the first rows with unreadable fields that it does not keep.
        holds_together: the pages are consistent: no row moved from page to page during the pass.
    """

    def __init__(self, last: Page[Row], room: int) -> None:
        self.last = last
        self.room = room
        self.tally = Tally()
        self.kept: list[Row] = []
        self.odd: list[PartlyReadableRow] = []
        self.passed_over: list[PartlyReadableRow] = []
        self.holds_together = True

    def take(self, page: Page[Row], row_filter: RowFilter[Row]) -> None:
        """Count a page in, and keep what the sieve keeps."""
        self.last = page
        self.holds_together = self.holds_together and not self.tally.contradicts(page)
        self.tally.add(page)
        kept = [row for row in page.rows if row_filter.keeps(row)]
        self.kept += kept
        self.room -= sum(map(weight_of, kept))
        for odd in page.odd:
            if row_filter.keeps_odd(odd):
                self.odd.append(odd)
                self.room -= weight_of(odd.known)
            elif len(self.passed_over) < _MOST_PASSED_OVER:
                self.passed_over.append(odd)


def _read(read: Callable[[int], Page[Row]], room: int, row_filter: RowFilter[Row]) -> _Pass[Row]:
    """Read all pages once.

    HSS has no snapshots: while images are pushed, a row can move to another page between two requests. A moved row is
    read twice or not at all. A missing row could be the one that blocks, so a pass counts only if `total_num` stayed
    the same, all announced rows came, and no row occurred on two pages. The offset is the number of received rows, not
    a multiple of the page size: some servers send fewer rows than requested.

    Raises:
        ApiUnavailable: a page failed, or the list is longer than the largest offset.
        ApiRefused: a retry would not help; also if the rows exceed `room`.
    """
    page = read(0)
    current = _Pass(page, room)
    seen = _DuplicateRows()
    while True:
        current.take(page, row_filter)
        if current.room < 0:
            raise ListTooLarge(
                f"the list is too large to be judged: {current.tally.received} rows read, and there are more; "
                "ask for fewer images in a run, each by its own version",
                page.exchange,
            )
        seen.add(_rows_of(page))
        if current.tally.ends_with(page, PAGE_SIZE) or not current.holds_together:
            break
        if current.tally.received > LARGEST_OFFSET:
            raise ApiUnavailable(
                f"the list has more than {LARGEST_OFFSET} rows, the most that can be asked for",
                page.exchange,
                advice="ask for fewer images at once, by --cicd-name or by their versions",
            )
        before, page = page, read(current.tally.received)
        if _is_again(page, before) and not current.tally.is_counted:
            break  # without `total_num` and with the offset ignored, the one page is the whole list
        if not set(_rows_of(page)).isdisjoint(_rows_of(before)):
            current.take(page, row_filter)
            current.holds_together = False
            break
    current.holds_together = current.holds_together and not seen.any_twice
    return current


def _rows_of(page: Page[Row]) -> tuple[object, ...]:
    return (*page.rows, *page.odd)


def _is_again(page: Page[Row], before: Page[Row]) -> bool:
    """Whether the server ignores the offset: this is the first page again, and it was not full."""
    return page.total_num is None and page.size < PAGE_SIZE and _rows_of(page) == _rows_of(before)


class _DuplicateRows:
    """Detects rows that occur on two pages, with eight bytes for each row: a list may have two million rows."""

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def add(self, rows: Iterable[object]) -> None:
        """Add the rows of a page; duplicates within one page are allowed."""
        for found in {hash(row) for row in rows}:
            self._buckets[found % _BUCKETS].append(found)

    @property
    def any_twice(self) -> bool:
        """Whether any row occurs on two pages.

        Two different rows with one hash count as duplicates too. The list is then read again; that happens once in
        ten million lists.
        """
        return any(len(set(bucket)) < len(bucket) for bucket in self._buckets)
