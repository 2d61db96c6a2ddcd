"""Scores of many notices from the list of all notices, where that is cheaper than one call for each notice.

Source: ListGeneralImageVuls (`/images/vulnerabilities`, official SDK 3.1.219), 200 notices a page.

The list is that of all CI/CD images of an enterprise project: it cannot be narrowed to an image. It has no dates, and
nothing says that the CVEs of a notice are complete in it. So it is used for scores alone, and only where the scores of
a notice agree with its `max_cvss_score`; any other notice keeps its own call.
"""

from collections.abc import Callable, Collection
from typing import Annotated

from hssgate.hss.fields import MISSING_IF_INVALID, ResponseModel, Score, Text
from hssgate.hss.models import Cve
from hssgate.hss.query import PAGE_SIZE
from hssgate.hss.responses import Page

FEWEST_NOTICES = 32  # below this, single calls are as fast: eight of them are sent at once
CALLS_FOR_A_PAGE = 8  # single calls that take as long as one page of the list, which are read one after the other
_LISTS = tuple((kind, status) for status in ("unhandled", "handled") for kind in ("linux_vul", "app_vul"))


class _ListedCve(ResponseModel):
    """One CVE in the row of a notice."""

    cve_id: Text = None
    cvss: Score = None


class ListedNotice(ResponseModel):
    """One row of the list."""

    vul_id: Text = None
    cve_list: Annotated[tuple[_ListedCve, ...] | None, MISSING_IF_INVALID] = None
    max_cvss_score: Score = None

    @property
    def scored(self) -> tuple[Cve, ...] | None:
        """The CVEs with their scores; None if there is any doubt about the highest score."""
        cves = self.cve_list or ()
        scores = [cve.cvss for cve in cves if cve.cvss and cve.cve_id is not None]
        if not scores or len(scores) < len(cves) or max(scores) != self.max_cvss_score:
            return None
        return tuple(Cve(cve_id=cve.cve_id, cvss_score=cve.cvss) for cve in cves)


ReadPage = Callable[[dict[str, str | int], type[ListedNotice]], Page[ListedNotice]]


def scores_of(wanted: Collection[str], read: ReadPage) -> dict[str, tuple[Cve, ...]]:
    """Return the scores of notices, as far as the list has them and is cheaper than single calls.

    Args:
        wanted: ids of the notices.
        read: returns a page of the list, from query parameters and the model of a row.

    Raises:
        ApiUnavailable: a request failed, or a response was unreadable.
        ApiRefused: a retry would not help.
    """
    missing = set(wanted)
    found: dict[str, tuple[Cve, ...]] = {}
    doubtful: set[str] = set()
    for kind, status in _LISTS:
        names: dict[str, str | int] = {"type": kind, "handle_status": status, "image_type": "cicd", "limit": PAGE_SIZE}
        offset, pages_left = 0, 1
        while 0 < pages_left * CALLS_FOR_A_PAGE <= len(missing) >= FEWEST_NOTICES:
            page = read(names | {"offset": offset}, ListedNotice)
            for notice in page.rows:
                if notice.vul_id is None or notice.vul_id not in wanted:
                    continue
                cves = notice.scored
                if cves is None or found.setdefault(notice.vul_id, cves) != cves:
                    doubtful.add(notice.vul_id)
                missing.discard(notice.vul_id)
            offset += len(page.rows)
            rows_left = (page.total_num or 0) - offset if page.rows else 0
            pages_left = -(-rows_left // PAGE_SIZE)
    return {vul_id: cves for vul_id, cves in found.items() if vul_id not in doubtful}
