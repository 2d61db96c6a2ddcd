"""A list read page by page: whole and from one moment, or not at all."""

from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import BaseModel

from hssgate.api.answers import Page
from hssgate.api.query import LARGEST_OFFSET, PAGE_SIZE
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.record import record

Row = TypeVar("Row", bound=BaseModel)

_READS = 3  # of a list that changes while it is paged through


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


def whole_list(read: Callable[[int], Page[Row]]) -> Listing[Row]:
    """Return every row from all pages, or none: half a list could hide the row that matters.

    Args:
        read: returns the page that begins at an offset.

    Raises:
        ApiUnavailable: a page was no answer, or the list would not hold still.
        ApiRefused: asking again would not help.
    """
    for _ in range(_READS):
        pages = _read_pages(read)
        if _are_complete(pages) and _hold_together(pages):
            rows = tuple(row for page in pages for row in page.rows)
            return Listing(rows, pages[-1].server_time, pages[-1].exchange)
    last = pages[-1]
    counted = sum(len(page.rows) for page in pages)
    raise ApiUnavailable(
        f"the list changed each time it was read ({counted} rows received, {last.total_num} announced)", last.exchange
    )


def _read_pages(read: Callable[[int], Page[Row]]) -> list[Page[Row]]:
    pages: list[Page[Row]] = []
    received = 0
    while True:
        page = read(received)
        if pages and page.total_num is None and page.rows == pages[-1].rows and 0 < len(page.rows) < PAGE_SIZE:
            return pages  # the offset is ignored: this is the first page again, and it was not full
        pages.append(page)
        received += len(page.rows)
        if received > LARGEST_OFFSET and received != page.total_num:
            raise ApiUnavailable(
                f"the list has more than {LARGEST_OFFSET} rows, the most that can be asked for", page.exchange
            )
        is_last = not page.rows or received == page.total_num
        if is_last or not _hold_together(pages[-2:]):
            return pages


def _are_complete(pages: list[Page[Row]]) -> bool:
    announced = pages[-1].total_num
    return announced is None or sum(len(page.rows) for page in pages) == announced


def _hold_together(pages: list[Page[Row]]) -> bool:
    """Whether the pages show one list: rows neither missing nor moved from page to page while it was read."""
    if len({page.total_num for page in pages}) > 1:
        return False
    seen_before: set[Row] = set()
    for page in pages:
        if any(row in seen_before for row in page.rows):
            return False
        seen_before.update(page.rows)
    return True
