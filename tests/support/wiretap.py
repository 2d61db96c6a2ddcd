"""Recorder of all traffic between gate and emulator, for a judge that trusts neither."""

import email.utils
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from hssgate.emulator.app import Emulator
from tests.support.fakes import FakeClock
from tests.support.wire_rows import Row, number

_PAGING = {"limit", "offset", "sort_key", "sort_dir"}
_FULL_PAGE = 200
_NO_PAUSE = 0.5  # seconds
_LONGEST_AGE_OF_A_DATE = 60  # seconds
_LISTS = re.compile(r"/(images|vulnerabilities|cve)$")


class Overrun(BaseException):
    """The gate sent more requests than any wait could need."""


@dataclass
class Look:
    """One recorded pass over the pages of a list; times are those of the monotonic clock.

    Args:
        began: when its first page was asked for.
        ended: when its last page was there.
        pages: as they came; None stands for what was no answer.
        server_time: of the last page, in epoch seconds; 0 where it is not given, or lay in a cache for a minute.
        age: seconds that the last page lay in a cache.
        own_time: of this machine when the last page was there, in epoch seconds.
        path: what was asked.
        filters: what was asked for, without paging.
        also: the list read right before it by another spelling of the name; both are one poll.
    """

    began: float
    ended: float = 0.0
    pages: list[Row | None] = field(default_factory=list)
    server_time: float = 0.0
    age: float = 0.0
    own_time: float = 0.0
    path: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    also: "Look | None" = None

    @property
    def now(self) -> float:
        """The time at the end of the pass in epoch seconds, by the server's clock if it is known."""
        return self.server_time or self.own_time

    @property
    def rows(self) -> list[Any] | None:
        """All rows, those of the other spelling too, or None where one of the lists is no answer."""
        if self.also is None:
            return self.own_rows
        if self.own_rows is None or self.also.own_rows is None:
            return None
        return [*self.also.own_rows, *self.own_rows]

    @property
    def own_rows(self) -> list[Any] | None:
        """All rows, or None where a page was no answer or the pages do not add up to one list."""
        pages = [page for page in self.pages if page is not None]
        if not pages or len(pages) < len(self.pages):
            return None
        lists = [_rows(page) for page in pages]
        totals = [total for page in pages if (total := number(page.get("total_num"))) is not None]
        if not totals:  # then the list ends with a page that is empty, or the same again
            if lists[-1] and (len(lists) == 1 or lists[-1] != lists[-2]):
                return None
            lists = lists[:-1] if lists[-1] else lists
        found = [row for rows in lists for row in rows]
        if totals and (len(lists[-1]) >= _FULL_PAGE or len(found) < max(totals)):
            return None
        return None if len(lists) > 1 and _is_torn(lists) else found


def polls_of(looks: Iterable[Look]) -> list[Look]:
    """Return looks as polls: two in a row for different names, without a pause between them, are one."""
    polls: list[Look] = []
    for look in looks:
        before = polls[-1] if polls else None
        is_same = before is not None and before.also is None and look.began - before.ended < _NO_PAUSE
        if is_same and before is not None and before.filters.get("image_name") != look.filters.get("image_name"):
            polls[-1] = replace(look, began=before.began, also=before)
        else:
            polls.append(look)
    return polls


def _is_torn(lists: list[list[Any]]) -> bool:
    pages = [{json.dumps(row, sort_keys=True) for row in rows} for rows in lists]
    return len(set().union(*pages)) < sum(map(len, pages))


class Wiretap(httpx.BaseTransport):
    """Forwards requests to the emulator and records the responses.

    Args:
        emulator: answers.
        clock: tells when.
        oldest: seconds that an answer may have lain in a cache.
        most: requests after which the gate is stopped.
    """

    def __init__(self, emulator: Emulator, clock: FakeClock, oldest: float = 5.0, most: int = 20_000) -> None:
        self._inner = httpx.WSGITransport(app=emulator)
        self._clock = clock
        self._oldest = oldest
        self._most = most
        self.looks: list[Look] = []
        self.details: list[Look] = []
        self.statuses: list[int] = []
        self._given_up = 0
        self._last: Look | None = None
        self.bodies: dict[int, tuple[dict[str, str], bytes]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if len(self.statuses) >= self._most:
            raise Overrun
        self.forget_unheard()
        self.statuses.append(0)
        look = self._last = self._look(request)
        self._given_up = self._clock.given_up
        try:
            response = self._inner.handle_request(request)
            body = b"".join(response.stream)  # type: ignore[arg-type]
        except BaseException:  # a signal, too
            look.pages.append(None)
            raise
        headers = dict(response.headers)
        if put := self.bodies.get(len(self.statuses)):
            headers, body = headers | put[0], put[1]
        self.statuses[-1] = response.status_code
        look.ended = self._clock.monotonic()
        look.age = float(headers.get("age", "0"))
        look.pages.append(_page(response.status_code, body) if look.age <= self._oldest else None)
        look.server_time = _epoch(headers.get("date", "")) if look.age <= _LONGEST_AGE_OF_A_DATE else 0.0
        look.own_time = self._clock.epoch()
        return httpx.Response(response.status_code, headers=headers, stream=httpx.ByteStream(body))

    def forget_unheard(self) -> None:
        """Remove the last response if it came after the gate had given up."""
        if self._last is not None and self._clock.given_up > self._given_up:
            self._last.ended, self._last.pages[-1] = min(self._last.ended, self._clock.monotonic()), None
            self.statuses[-1] = 0
        self._last = None

    def _look(self, request: httpx.Request) -> Look:
        """Return the pass that the request continues, or a new one."""
        parts = urlsplit(str(request.url))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        filters = {name: value for name, value in query.items() if name not in _PAGING}
        kept = self.looks if parts.path.endswith("/cicd/images") else self.details
        if query.get("offset", "0") == "0" or not kept or (kept[-1].path, kept[-1].filters) != (parts.path, filters):
            kept.append(Look(self._clock.monotonic(), path=parts.path, filters=filters))
        return kept[-1]


def _epoch(date: str) -> float:
    """Return an HTTP date in epoch seconds, or 0 if it is not valid: then no result is too old by it."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return 0.0


def _page(status: int, body: bytes) -> Row | None:
    if status != 200:
        return None
    try:
        page = json.loads(body)
        if not isinstance(page, dict) or not {"data_list", "total_num"} & page.keys():
            return None
        number(page.get("total_num"))
        if page.get("error_code") not in {None, "", "0", 0}:
            return None
        if not isinstance(page.get("data_list"), list | dict | None):
            return None
    except (ValueError, RecursionError):  # no JSON
        return None
    return page


def _rows(page: Row) -> list[Any]:
    found = page.get("data_list") or []
    return [found] if isinstance(found, dict) else found
