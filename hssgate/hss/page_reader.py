"""Pages of the API's lists: each is requested within a deadline, read, and counted against the memory of a run."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiUnavailable
from hssgate.hss.auth.authenticator import Authenticator
from hssgate.hss.connection import Connection
from hssgate.hss.exchange import LARGEST_BODY
from hssgate.hss.hosts import Hosts
from hssgate.hss.models import weight_of
from hssgate.hss.paging import Listing, whole_list
from hssgate.hss.query import PAGE_SIZE, encode, escape
from hssgate.hss.responses import Page, Row, read_object, read_page, require_fresh

Answer = TypeVar("Answer")

LARGEST_AT_ONCE = 1024 * 1024  # bytes of a response that is read concurrently with others
MORE_TIME = "raise --timeout, or ask for fewer images at once, by --cicd-name or by their versions"
_ROOM_FOR_FINDINGS = 26_000_000  # bytes of memory for all findings and details of a run


class PageReader:
    """Requests pages from HSS. Thread-safe.

    Args:
        hosts: HTTP clients; the caller closes them.
        connection: endpoint, project, credentials.
        clock: for deadlines and signatures.
        warn: called with one line for each problem that was corrected.
        oldest: largest accepted age of a cached response in seconds.
    """

    def __init__(
        self, hosts: Hosts, connection: Connection, clock: Clock, warn: Callable[[str], None], oldest: float
    ) -> None:
        self.authenticator = Authenticator(connection, hosts, clock, warn)
        self._host = hosts.client(connection.endpoint)
        self._clock = clock
        self._enterprise_project_id = connection.enterprise_project_id
        self._request_timeout = connection.request_timeout
        self._endpoint = connection.endpoint
        self._oldest = oldest
        self._answered: set[str] = set()  # names of the calls that succeeded before in this run
        self._room = _ROOM_FOR_FINDINGS
        self._counting = threading.Lock()

    def deadline(self, within: float) -> Deadline:
        """Return the deadline of a call that begins now and may take so many seconds."""
        return Deadline(self._clock.monotonic(), within)

    def all_pages(
        self,
        call: str,
        path: str,
        names: dict[str, str | int],
        model: type[Row],
        deadline: Deadline,
        *,
        at_once: int = 1,
    ) -> Listing[Row]:
        """Return a list from all pages.

        Args:
            call: name of the call; once it was answered, some refusals of it are retried.
            path: of the resource, below the project.
            names: query parameters, besides page and enterprise project.
            model: of a row.
            deadline: for all pages together.
            at_once: how many lists are read side by side, and share the memory for them.

        Raises:
            ApiUnavailable: a request failed, a response was unreadable, or the list kept changing.
            ApiRefused: a retry would not help.
        """
        largest = LARGEST_BODY if at_once == 1 else LARGEST_AT_ONCE

        def read(offset: int) -> Page[Row]:
            at: dict[str, str | int] = {"limit": PAGE_SIZE, "offset": offset}
            return self.page_at(call, path, names | at, model, deadline=deadline, largest=largest)

        try:
            return whole_list(read, self._room // at_once)
        except ApiError as error:
            # As in `_answer`: the error of each image is kept until the end, and the frames would keep the rows read.
            raise error.without_frames() from None

    def page_at(
        self,
        call: str,
        path: str,
        names: dict[str, str | int],
        model: type[Row],
        *,
        deadline: Deadline,
        largest: int = LARGEST_BODY,
    ) -> Page[Row]:
        """Return one page, by query parameters besides the enterprise project; arguments and errors as of `page`."""
        if self._enterprise_project_id is not None:
            names = names | {"enterprise_project_id": self._enterprise_project_id}
        return self.page(call, f"{path}?{encode(names.items())}", model, deadline, largest)

    def kept(self, listing: Listing[Row]) -> Listing[Row]:
        """Return the list, and count its rows against the memory limit: they are kept until the reports are written."""
        with self._counting:
            self._room -= sum(map(weight_of, listing.rows))
        return listing

    def page(
        self, call: str, target: str, model: type[Row], deadline: Deadline, largest: int = LARGEST_BODY
    ) -> Page[Row]:
        """Return one page.

        Args:
            call: name of the call.
            target: path below the project, and query.
            model: of a row.
            deadline: of the call.
            largest: limit of the response's body in bytes.

        Raises:
            ApiUnavailable: the request failed, or the response was unreadable or larger.
            ApiRefused: a retry would not help.
        """
        return self._answer(call, target, partial(read_page, model=model), deadline, largest)

    def single(self, call: str, path: str, model: type[Row], deadline: Deadline) -> Row:
        """Return a response that is one object, not a list; arguments and errors as of `page`."""
        project = self._enterprise_project_id
        query = "" if project is None else "?" + encode([("enterprise_project_id", project)])
        return self._answer(call, path + query, partial(read_object, model=model), deadline, LARGEST_AT_ONCE)

    def _answer(self, call: str, target: str, read: Callable[..., Answer], deadline: Deadline, largest: int) -> Answer:
        self.authenticator.prepare(self.left(deadline))
        try:
            answer = self._requested(call, target, read, deadline, largest)
        except ApiError as error:
            # The caller keeps the error while it retries. Its traceback refers to the frames of this request, and
            # thus to the body of the response: with eight threads these bodies would fill the memory. The frame of
            # this method stays in it, so the response is a variable of another one.
            raise error.without_frames() from None
        self._answered.add(call)
        return answer

    def _requested(
        self, call: str, target: str, read: Callable[..., Answer], deadline: Deadline, largest: int
    ) -> Answer:
        url = f"{self._endpoint}/v5/{escape(self.authenticator.project_id)}{target}"
        response = self.authenticator.send(self._host, url, lambda: self.left(deadline), largest)
        require_fresh(response, self._oldest)
        return read(response, was_answered=call in self._answered)

    def left(self, deadline: Deadline) -> float:
        """Return the seconds that a request may take.

        Raises:
            ApiUnavailable: no time is left.
        """
        left = deadline.left(self._clock.monotonic())
        if left <= 0:
            raise ApiUnavailable("no time was left for the next page of the list", advice=MORE_TIME)
        return min(left, self._request_timeout)
