"""A list page by page, for those who show it rather than judge it: never more than two pages are held."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from hssgate.api.answers import Page
from hssgate.api.models import CicdImage
from hssgate.api.query import LARGEST_OFFSET, CicdImagesQuery
from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.pacing import backoff_ceiling

MOST_FAULTS = 5  # in a row, that are lived through
_LONGEST_PAUSE = 300.0  # seconds; a server that asks for more is not waited for


def pages_of(
    fetch: Callable[[CicdImagesQuery], Page[CicdImage]],
    query: CicdImagesQuery,
    clock: Clock,
    warn: Callable[[str], None],
) -> Iterator[Page[CicdImage]]:
    """Yield the pages of a list, each asked for only when it is wanted; there is at least one.

    Rows that stood on the page before too, because newer ones moved them down meanwhile, are left out.

    Args:
        fetch: returns the page at the query's offset; raises ApiError.
        query: what to ask for; its offset is where to begin.
        clock: for the pauses after a fault.
        warn: called with a line where a page has to be asked for again, or the list changed.

    Raises:
        ApiUnavailable: a fault lasted, or the list broke off before the number of rows that was announced.
        ApiRefused: asking again would not help, or there may be rows beyond what can be asked for.
    """
    offset, announced = query.offset, None
    before: frozenset[CicdImage] = frozenset()
    while offset <= LARGEST_OFFSET:
        page = _asked(fetch, query.model_copy(update={"offset": offset}), clock, warn)
        if None not in (announced, page.total_num) and announced != page.total_num:
            warn(
                f"the list changed while it was read ({announced} rows announced, then {page.total_num}): "
                "some may be missing"
            )
        announced = page.total_num
        new = tuple(row for row in page.rows if row not in before)
        yield replace(page, rows=new)
        if not new:
            return _check_end(offset, page)
        before = frozenset(page.rows)
        offset += len(page.rows)
        if offset == announced:
            return None
    raise ApiRefused(
        f"rows beyond offset {LARGEST_OFFSET} cannot be asked for: narrow the list, "
        "for instance with --end-latest-scan-time at the last row's time",
        page.exchange,
    )


def _check_end(offset: int, page: Page[CicdImage]) -> None:
    """Hold a page that brought nothing new against the number of rows announced."""
    if page.total_num is not None and offset < page.total_num:
        raise ApiUnavailable(
            f"the list broke off at offset {offset}, though {page.total_num} rows are announced; ask again",
            page.exchange,
        )


def _asked(
    fetch: Callable[[CicdImagesQuery], Page[CicdImage]],
    query: CicdImagesQuery,
    clock: Clock,
    warn: Callable[[str], None],
) -> Page[CicdImage]:
    """Return the page, asked for again after a passing fault."""
    faults = 0
    while True:
        try:
            return fetch(query)
        except ApiUnavailable as error:
            faults += 1
            pause = error.retry_after
            if pause is None:
                pause = clock.uniform(0, backoff_ceiling(faults))
            if faults > MOST_FAULTS or pause > _LONGEST_PAUSE:
                raise
            warn(f"{error}; asking again in {format_duration(pause)}")
        clock.sleep(pause)
