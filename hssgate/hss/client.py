"""Client of the HSS API: a method for each call, with a deadline for each."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiUnavailable, ResponseTooLarge
from hssgate.hss.connection import Connection
from hssgate.hss.exchange import LARGEST_BODY
from hssgate.hss.hosts import Hosts
from hssgate.hss.models import CicdConfiguration, CicdImage, Cve, Detail, DetailKind, Finding, ScanQuota
from hssgate.hss.page_reader import MORE_TIME, PageReader
from hssgate.hss.paging import Listing, RowFilter, whole_list
from hssgate.hss.query import CicdImagesQuery, escape, filterable_version
from hssgate.hss.responses import Page, Row

OLDEST_ANSWER = 5.0  # seconds; largest accepted age of a cached response
ROOM_FOR_ROWS = 40_000_000  # bytes of memory for the rows of a list


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
        self._pages = PageReader(hosts, connection, clock, warn, oldest)
        self.authenticator = self._pages.authenticator
        self._clock = clock
        self._enterprise_project_id = connection.enterprise_project_id
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
        deadline = self._pages.deadline(within)

        def read(offset: int) -> Page[CicdImage]:
            return self._images(replace(query, offset=offset), deadline, largest)

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
        return self._images(query, self._pages.deadline(within))

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
            "tag_name": filterable_version(image.image_version) or "",  # the id is sent as well
        }
        path = f"/image/{escape(image.image_id or '')}/vulnerabilities"
        return self._pages.kept(
            self._pages.all_pages("findings", path, names, Finding, self._pages.deadline(within), at_once=at_once)
        )

    def list_details(
        self, kind: DetailKind, image: CicdImage, *, within: float, at_once: int = 1, also_passed: bool = False
    ) -> Listing[Detail]:
        """Return the malicious files, sensitive files or baseline checks of an image.

        Sources: ListImageMalware, ListImageSensitive, ListCheckRulesInfo.

        Args:
            kind: of the details.
            image: the row of the image.
            within: seconds for all pages together.
            at_once: how many lists are read side by side, and share the memory for them.
            also_passed: whether baseline checks that passed are returned too.

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
                names |= {"type": "image", "image_id": image.image_id or ""}
                names |= {} if also_passed else {"scan_result": "failed"}
            case unreachable:
                assert_never(unreachable)
        return self._pages.kept(
            self._pages.all_pages(kind, path, names, Detail, self._pages.deadline(within), at_once=at_once)
        )

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
        return self._pages.all_pages("configurations", path, names, CicdConfiguration, self._pages.deadline(within))

    def scan_quota(self, *, within: float) -> ScanQuota:
        """Return the numbers of scans; source: ShowImagePayPerScanStatistics; errors as of a list."""
        path = "/image/pay-per-scan/statistics"
        return self._pages.single("quota", path, ScanQuota, self._pages.deadline(within))

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

        deadline = self._pages.deadline(within)
        left = [vul_id for vul_id in vul_ids if vul_id not in known]
        queue = iter(left)
        ask_at_once(
            lambda: next(queue, None),
            lambda vul_id: self.list_cves(vul_id, within=deadline.left(self._clock.monotonic())),
            known.__setitem__,
            self._clock,
            most=len(left),
        )

    def page_of_notices(self, names: dict[str, str | int], model: type[Row], *, within: float) -> Page[Row]:
        """Return a page of the list of all notices (ListGeneralImageVuls); errors as of `page_of_cicd_images`."""
        deadline = self._pages.deadline(within)
        return self._pages.page_at("notices", "/images/vulnerabilities", names, model, deadline=deadline)

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
        return self._pages.kept(
            self._pages.all_pages("cves", path, {}, Cve, self._pages.deadline(within), at_once=CALLS_AT_ONCE)
        ).rows

    def _images(self, query: CicdImagesQuery, deadline: Deadline, largest: int = LARGEST_BODY) -> Page[CicdImage]:
        if self._enterprise_project_id is not None:
            query = replace(query, enterprise_project_id=self._enterprise_project_id)
        target = f"/image/cicd/images?{query.encoded()}"
        try:
            return self._pages.page("images", target, CicdImage, deadline, largest)
        except ResponseTooLarge:
            if largest == LARGEST_BODY:
                raise
        # Eight concurrent responses of 32 MiB would not fit into memory. Each is therefore first read with a small
        # limit; one that exceeds it is requested again under a lock, so that only one large response is in memory.
        if not self._large_answer.acquire(timeout=self._pages.left(deadline)):
            raise ApiUnavailable("no time was left for a large response, while another was read", advice=MORE_TIME)
        try:
            return self._pages.page("images", target, CicdImage, deadline)
        finally:
            self._large_answer.release()
