"""Client of the HSS API: a method for each call, with a deadline for each."""

import threading
from collections.abc import Callable, Sequence
from typing import assert_never

from hssgate.clock import Clock
from hssgate.errors import ApiError, ApiUnavailable, ResponseTooLarge
from hssgate.hss.auth.authenticator import Authenticator
from hssgate.hss.connection import Connection
from hssgate.hss.exchange import LARGEST_BODY
from hssgate.hss.hosts import Hosts
from hssgate.hss.models import CicdConfiguration, CicdImage, Cve, Detail, DetailKind, Finding, weight_of
from hssgate.hss.paging import Listing, RowFilter, whole_list
from hssgate.hss.query import LONGEST_VERSION, PAGE_SIZE, CicdImagesQuery, encode, escape
from hssgate.hss.responses import Page, Row, read_page, require_fresh

OLDEST_ANSWER = 5.0  # seconds; largest accepted age of a cached response
LARGEST_AT_ONCE = 1024 * 1024  # bytes of a response that is read concurrently with others
_MORE_TIME = "raise --timeout, or ask for fewer images at once, by --cicd-name or by their versions"
# Bytes of memory for the rows of a list, and for all findings and details of a run.
ROOM_FOR_ROWS = 40_000_000
_ROOM_FOR_FINDINGS = 28_000_000


class HssClient:
    """Client of the HSS API. Thread-safe.

    Args:
        hosts: HTTP clients; the caller closes them.
        connection: endpoint, project, credentials.
        clock: for deadlines and signatures.
        warn: called with one line for each problem that was corrected.
        oldest: largest accepted age of a cached response in seconds.
    """

    def __init__(
        self,
        hosts: Hosts,
        connection: Connection,
        clock: Clock,
        warn: Callable[[str], None],
        oldest: float = OLDEST_ANSWER,
    ) -> None:
        self._host = hosts.client(connection.endpoint)
        self.authenticator = Authenticator(connection, hosts, clock, warn)
        self._clock = clock
        self._enterprise_project_id = connection.enterprise_project_id
        self._request_timeout = connection.request_timeout
        self._endpoint = connection.endpoint
        self._oldest = oldest
        self._answered: set[str] = set()  # names of the calls that succeeded before in this run
        self._room = _ROOM_FOR_FINDINGS
        self._counting = threading.Lock()
        self._large_answer = threading.Lock()

    def list_cicd_images(
        self,
        query: CicdImagesQuery,
        *,
        within: float,
        room: int = ROOM_FOR_ROWS,
        largest: int = LARGEST_BODY,
        row_filter: Callable[[], RowFilter[CicdImage]],
    ) -> Listing[CicdImage]:
        """Return every row that matches, from all pages.

        Source: ListCicdImages.

        Args:
            query: filters, page size and sort order.
            within: seconds for all pages together.
            room: limit of the memory for the kept rows, in bytes.
            largest: limit of a response in bytes while others are read; a larger one is requested again alone.
            row_filter: makes a filter for each pass over the pages.

        Raises:
            ApiUnavailable: a request failed, a response was unreadable, or the list kept changing.
            ApiRefused: a retry would not help.
        """
        deadline = self._clock.monotonic() + within

        def read(offset: int) -> Page[CicdImage]:
            return self._images(query.model_copy(update={"offset": offset}), deadline, largest)

        return whole_list(read, room, row_filter)

    def first_cicd_images(self, query: CicdImagesQuery, *, within: float) -> Listing[CicdImage]:
        """Return the first page only.

        Raises:
            ApiUnavailable: the request failed, or the response was unreadable.
            ApiRefused: a retry would not help.
        """
        page = self.page_of_cicd_images(query, within=within)
        return Listing(page.rows, page.server_time, page.exchange, page.age)

    def page_of_cicd_images(self, query: CicdImagesQuery, *, within: float) -> Page[CicdImage]:
        """Return the page at the query's offset.

        Raises:
            ApiUnavailable: the request failed, or the response was unreadable.
            ApiRefused: a retry would not help.
        """
        return self._images(query, self._clock.monotonic() + within)

    def list_findings(self, image: CicdImage, *, within: float, at_once: int = 1) -> Listing[Finding]:
        """Return every vulnerability of an image, from all pages.

        Source: ListImageVulnerabilities; `image_type=cicd`; id, namespace, name and version are mandatory.

        Args:
            image: the row of the image.
            within: seconds for all pages together.
            at_once: how many lists are read side by side, and share the memory for them.

        Raises:
            ApiUnavailable: a request failed, a response was unreadable, or the list kept changing.
            ApiRefused: a retry would not help.
        """
        names: dict[str, str | int] = {
            "image_type": "cicd",
            "namespace": image.namespace or "",
            "image_name": image.image_name or "",
            "tag_name": _filterable(image.image_version),
        }
        path = f"/image/{escape(image.image_id or '')}/vulnerabilities"
        return self._kept(self._all("findings", path, names, Finding, within, at_once=at_once))

    def list_details(self, kind: DetailKind, image: CicdImage, *, within: float, at_once: int = 1) -> Listing[Detail]:
        """Return the malicious files, sensitive files or failed baseline checks of an image.

        Sources: ListImageMalware, ListImageSensitive, ListCheckRulesInfo (failed rules only).

        Args:
            kind: of the details.
            image: the row of the image.
            within: seconds for all pages together.
            at_once: how many lists are read side by side, and share the memory for them.

        Raises:
            ApiUnavailable: a request failed, a response was unreadable, or the list kept changing.
            ApiRefused: a retry would not help.
        """
        image_id = escape(image.image_id or "")
        names: dict[str, str | int] = {"image_type": "cicd"}
        match kind:
            case DetailKind.MALICIOUS_FILE:
                path = f"/image/{image_id}/malwares"
            case DetailKind.SENSITIVE_FILE:
                path = f"/image/{image_id}/sensitive"
            case DetailKind.BASELINE_BREACH:
                path = "/baseline/check-rules"
                names |= {"type": "image", "image_id": image.image_id or "", "scan_result": "failed"}
            case unreachable:
                assert_never(unreachable)
        return self._kept(self._all(kind, path, names, Detail, within, at_once=at_once))

    def list_cicd_configurations(self, cicd_name: str | None, *, within: float) -> Listing[CicdConfiguration]:
        """Return the CI/CD identifiers, from all pages.

        Source: ListCicdConfigurations.

        Args:
            cicd_name: filter; the API may also return names that only contain it. None: all.
            within: seconds for all pages together.

        Raises:
            ApiUnavailable: a request failed, a response was unreadable, or the list kept changing.
            ApiRefused: a retry would not help.
        """
        names: dict[str, str | int] = {} if cicd_name is None else {"cicd_name": cicd_name}
        path = "/image/cicd/configurations"
        return self._all("configurations", path, names, CicdConfiguration, within)

    def look_up_cves(self, vul_ids: Sequence[str], known: dict[str, tuple[Cve, ...]], *, within: float) -> None:
        """Fetch the CVEs of notices concurrently, and add each result to `known` as soon as it arrives.

        Source: ListVulnerabilityCve.

        Args:
            vul_ids: the notices; those in `known` are not requested.
            known: CVEs by notice, to be filled.
            within: seconds for all notices together.

        Raises:
            ApiUnavailable: a request failed, or a response was unreadable; earlier results are in `known`.
            ApiRefused: a retry would not help.
        """
        from hssgate.hss.at_once import ask_at_once

        deadline = self._clock.monotonic() + within
        left = [vul_id for vul_id in vul_ids if vul_id not in known]
        queue = iter(left)
        ask_at_once(
            lambda: next(queue, None),
            lambda vul_id: self.list_cves(vul_id, within=deadline - self._clock.monotonic()),
            known.__setitem__,
            self._clock,
            most=len(left),
        )

    def list_cves(self, vul_id: str, *, within: float) -> tuple[Cve, ...]:
        """Return the CVEs that a notice is about.

        Source: ListVulnerabilityCve.

        Args:
            vul_id: the notice.
            within: seconds for all pages together.

        Raises:
            ApiUnavailable: an answer failed or was unreadable.
            ApiRefused: asking again would not help.
        """
        from hssgate.hss.at_once import CALLS_AT_ONCE

        path = f"/image/vulnerability/{escape(vul_id)}/cve"
        return self._kept(self._all("cves", path, {}, Cve, within, at_once=CALLS_AT_ONCE)).rows

    def _all(
        self,
        call: str,
        path: str,
        names: dict[str, str | int],
        model: type[Row],
        within: float,
        *,
        at_once: int = 1,
    ) -> Listing[Row]:
        """Return a list from all pages; one of several that are read at once has its share of the memory."""
        deadline = self._clock.monotonic() + within
        largest = LARGEST_BODY if at_once == 1 else LARGEST_AT_ONCE
        if self._enterprise_project_id is not None:
            names = names | {"enterprise_project_id": self._enterprise_project_id}

        def read(offset: int) -> Page[Row]:
            query = encode((names | {"limit": PAGE_SIZE, "offset": offset}).items())
            return self._page(call, f"{path}?{query}", model, deadline, largest)

        return whole_list(read, self._room // at_once)

    def _kept(self, listing: Listing[Row]) -> Listing[Row]:
        """Return the list, and count its rows against the memory limit: they are kept until the reports are written."""
        with self._counting:
            self._room -= sum(map(weight_of, listing.rows))
        return listing

    def _images(self, query: CicdImagesQuery, deadline: float, largest: int = LARGEST_BODY) -> Page[CicdImage]:
        if self._enterprise_project_id is not None:
            query = query.model_copy(update={"enterprise_project_id": self._enterprise_project_id})
        target = f"/image/cicd/images?{query.encoded()}"
        try:
            return self._page("images", target, CicdImage, deadline, largest)
        except ResponseTooLarge:
            if largest == LARGEST_BODY:
                raise
        # Eight concurrent responses of 32 MiB would not fit into memory. Each is therefore first read with a small
        # limit; one that exceeds it is requested again under a lock, so that only one large response is in memory.
        if not self._large_answer.acquire(timeout=self._left(deadline)):
            raise ApiUnavailable("no time was left for a large response, while another was read", advice=_MORE_TIME)
        try:
            return self._page("images", target, CicdImage, deadline)
        finally:
            self._large_answer.release()

    def _page(
        self, call: str, target: str, model: type[Row], deadline: float, largest: int = LARGEST_BODY
    ) -> Page[Row]:
        self.authenticator.prepare(self._left(deadline))
        url = f"{self._endpoint}/v5/{escape(self.authenticator.project_id)}{target}"
        try:
            response = self.authenticator.send(self._host, url, lambda: self._left(deadline), largest)
            require_fresh(response, self._oldest)
            page = read_page(response, model, was_answered=call in self._answered)
        except ApiError as error:
            # The caller keeps the error while it retries. Its traceback refers to the frames of this request, and
            # thus to the body of the response: with eight threads these bodies would fill the memory.
            error.__cause__ = error.__context__ = None
            raise error.with_traceback(None) from None
        self._answered.add(call)
        return page

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise ApiUnavailable("no time was left for the next page of the list", advice=_MORE_TIME)
        return min(left, self._request_timeout)


def _filterable(version: str | None) -> str:
    """Return the version if the API's filter accepts its length, else an empty text; the id is sent as well."""
    return version if version is not None and len(version) <= LONGEST_VERSION else ""
