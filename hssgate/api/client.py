"""The calls of HSS that the gate makes, each with a deadline of its own."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from hssgate.api.answers import Page, read_page
from hssgate.api.auth.access_key import SignedAuth
from hssgate.api.auth.token import TokenAuth
from hssgate.api.models import CicdImage
from hssgate.api.query import LARGEST_OFFSET, CicdImagesQuery
from hssgate.api.wire import Wire
from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.settings import Connection, Token

_UNAUTHORIZED = 401
_READS = 3  # of a list that changes while it is paged through


@dataclass(frozen=True)
class Listing:
    """All rows that match a query, as they stood in one moment.

    Args:
        rows: from every page.
        server_time: the server's clock at the last page, in epoch seconds, if it told.
        exchange: status and request id of the last page.
    """

    rows: tuple[CicdImage, ...]
    server_time: float | None
    exchange: Exchange


class HssClient:
    """Asks HSS.

    Args:
        http: the HTTP client; it is not closed here.
        connection: endpoint, project, credentials.
        clock: for deadlines and signatures.
        warn: called with one line where something is odd but healed.
    """

    def __init__(self, http: httpx.Client, connection: Connection, clock: Clock, warn: Callable[[str], None]) -> None:
        self._wire = Wire(http, clock)
        self._clock = clock
        self._warn = warn
        self._enterprise_project_id = connection.enterprise_project_id
        self._request_timeout = connection.request_timeout
        self._base = f"{connection.endpoint}/v5/{quote(connection.project_id, safe='-_.~')}"
        match connection.credentials:
            case Token(value=token):
                self._auth: TokenAuth | SignedAuth = TokenAuth(token)
            case key:
                self._auth = SignedAuth(key, connection.project_id, clock)

    def list_cicd_images(self, query: CicdImagesQuery, *, within: float) -> Listing:
        """Return every row that matches, from all pages, or none: half a list could hide the row that matters.

        Args:
            query: filters; page size and sort order as given.
            within: seconds for all pages together.

        Raises:
            ApiUnavailable: an answer failed or was unreadable, or the list would not hold still.
            ApiRefused: asking again would not help.
        """
        deadline = self._clock.monotonic() + within
        for _ in range(_READS):
            pages = self._pages(query, deadline)
            if _are_complete(pages) and _hold_together(pages):
                rows = tuple(row for page in pages for row in page.rows)
                return Listing(rows, pages[-1].server_time, pages[-1].exchange)
        last = pages[-1]
        counted = sum(len(page.rows) for page in pages)
        raise ApiUnavailable(
            f"the list changed each time it was read ({counted} rows received, {last.total_num} announced)",
            last.exchange,
        )

    def first_cicd_images(self, query: CicdImagesQuery, *, within: float) -> Listing:
        """Return the first page only.

        Raises:
            ApiUnavailable: the answer failed or was unreadable.
            ApiRefused: asking again would not help.
        """
        page = self._page(query, self._clock.monotonic() + within)
        return Listing(page.rows, page.server_time, page.exchange)

    def _pages(self, query: CicdImagesQuery, deadline: float) -> list[Page]:
        pages: list[Page] = []
        received = 0
        while True:
            page = self._page(query.model_copy(update={"offset": received}), deadline)
            if pages and page.rows and page.rows == pages[-1].rows and page.total_num is None:
                return pages  # the offset is ignored: this is the first page again, and there is no other
            pages.append(page)
            received += len(page.rows)
            if (
                not page.rows
                or received == page.total_num
                or received > LARGEST_OFFSET
                or not _hold_together(pages[-2:])
            ):
                return pages

    def _page(self, query: CicdImagesQuery, deadline: float) -> Page:
        if self._enterprise_project_id is not None:
            query = query.model_copy(update={"enterprise_project_id": self._enterprise_project_id})
        url = f"{self._base}/image/cicd/images?{query.encoded()}"
        answer = self._wire.get(url, auth=self._auth, within=self._left(deadline))
        if answer.status == _UNAUTHORIZED and isinstance(self._auth, SignedAuth):
            skew = self._auth.heal_skew(answer.server_time)
            if skew is not None:
                side = "behind" if skew > 0 else "ahead of"
                self._warn(
                    f"this machine's clock is {format_duration(abs(skew))} {side} the server's: signing with the "
                    "server's time instead; set the clock"
                )
                answer = self._wire.get(url, auth=self._auth, within=self._left(deadline))
        return read_page(answer)

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise ApiUnavailable("no time was left for the next page of the list")
        return min(left, self._request_timeout)


def _are_complete(pages: list[Page]) -> bool:
    announced = pages[-1].total_num
    return announced is None or sum(len(page.rows) for page in pages) == announced


def _hold_together(pages: list[Page]) -> bool:
    """Whether the pages show one list: rows neither missing nor moved from page to page while it was read."""
    if len({page.total_num for page in pages}) > 1:
        return False
    seen_before: Counter[CicdImage] = Counter()
    for page in pages:
        if any(row in seen_before for row in page.rows):
            return False
        seen_before.update(page.rows)
    return True
