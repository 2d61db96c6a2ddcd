"""Pages of a list for commands that only show it; at most two pages are in memory."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.models import CicdImage
from hssgate.hss.query import LARGEST_OFFSET, CicdImagesQuery
from hssgate.hss.responses import Page
from hssgate.hss.tally import Tally
from hssgate.text import plural
from hssgate.waiting.retry import ADVICE_AFTER, Failures

MOST_FAULTS = 5  # in a row; one more ends the list
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
    tally = Tally(query.offset)
    before: frozenset[CicdImage] = frozenset()
    while (offset := tally.received) <= LARGEST_OFFSET:
        page = _asked(fetch, replace(query, offset=offset), clock, warn)
        if page.odd:
            warn(f"{plural(len(page.odd), 'row')} cannot be read in full, such as {page.odd[0]}")
        if tally.contradicts(page):
            warn(
                f"the list changed while it was read ({tally.announced} rows announced, then {page.total_num}): "
                "some may be missing"
            )
        tally.add(page)
        rows = (*page.rows, *(odd.known for odd in page.odd))
        new = tuple(row for row in rows if row not in before)
        yield replace(page, rows=new, odd=())
        if not new and tally.announced is not None and offset < tally.announced:
            raise ApiUnavailable(
                f"the list broke off at offset {offset}, though {tally.announced} rows are announced; ask again",
                page.exchange,
            )
        if not new or tally.ends_with(page, query.limit):
            return
        before = frozenset(rows)
    raise ApiRefused(
        f"rows beyond offset {LARGEST_OFFSET} cannot be asked for: narrow the list, "
        "for instance with --end-latest-scan-time at the last row's time",
        page.exchange,
    )


def _asked(
    fetch: Callable[[CicdImagesQuery], Page[CicdImage]],
    query: CicdImagesQuery,
    clock: Clock,
    warn: Callable[[str], None],
) -> Page[CicdImage]:
    """Return the page, asked for again after a passing fault."""
    failures = Failures()
    while True:
        try:
            return fetch(query)
        except ApiUnavailable as error:
            pause = failures.add(error, clock)
            if failures.count > MOST_FAULTS or pause > _LONGEST_PAUSE:
                raise error.with_advice() from None
            shown = error.with_advice() if failures.count >= ADVICE_AFTER else error
            warn(f"{shown}; asking again in {format_duration(pause)}")
        clock.sleep(pause)
