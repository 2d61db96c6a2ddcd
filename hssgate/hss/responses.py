"""Reads responses of the API: pages of rows, as the documented quirks allow.

Source: the shapes that the official SDK understands. Where the manual is silent the reading is the careful one.
"""

import contextlib
from collections.abc import Iterator
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from hssgate.durations import format_duration
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.exchange import Response, request_id
from hssgate.hss.json_rows import document_in, rows_in
from hssgate.hss.models import CicdImage, count_of
from hssgate.hss.odd_rows import OddRow, odd_row, worded_fault
from hssgate.hss.refusals import OF_HSS, OK, OTHER_SERVER, UNAUTHORIZED, failure_of
from hssgate.record import record
from hssgate.text import clean

Row = TypeVar("Row", bound=BaseModel)

_OTHER_CACHE = "let no cache answer for HSS: check HTTPS_PROXY and NO_PROXY, and whoever runs the proxy"
_OTHER_FORM = "check the address; else report this form of answer to hssgate, with the request id"


@record
class Page(Generic[Row]):
    """One page of rows.

    Args:
        rows: as received, in the API's order.
        total_num: how many rows the API says there are, if it says so.
        server_time: the server's clock, in epoch seconds, if known.
        exchange: status and request id.
        age: seconds that the answer lay in a cache.
        odd: rows of images that cannot be read in full.
    """

    rows: tuple[Row, ...]
    total_num: int | None
    server_time: float | None
    exchange: Exchange
    age: float = 0.0
    odd: tuple[OddRow, ...] = ()

    @property
    def size(self) -> int:
        """The number of rows that were received."""
        return len(self.rows) + len(self.odd)


def read_page(response: Response, model: type[Row], *, was_answered: bool = False) -> Page[Row]:
    """Return the rows of an answer.

    A row of an image says which image it is of, so one that cannot be read is a doubt about that image alone. Rows of
    other calls are all of the image that was asked about: there, one makes the whole answer unreadable.

    Args:
        response: of a list call.
        model: what a row is.
        was_answered: whether this call was answered before in this run; see `failure_of`.

    Raises:
        ApiUnavailable: throttled, a server's fault, or not the documented shape.
        ApiRefused: asking again would not help.
    """
    exchange = exchange_of(response)
    if response.status != OK:
        raise failure_of(response, OF_HSS, was_answered=was_answered)
    with unreadable(exchange):
        document, found = rows_in(response.body, "data_list", response.redactor)
        if _is_error(document):
            raise failure_of(response, OF_HSS, was_answered=was_answered)
        listing = _listing(document)
        total_num = count_of(listing.get("total_num"))
        rows, odd = [], []
        for raw in _rows(listing.get("data_list"), found):
            try:
                rows.append(model.model_validate(raw))
            except ValidationError as error:
                if not issubclass(model, CicdImage):
                    raise
                odd.append(odd_row(raw, error))
    return Page(tuple(rows), total_num, response.server_time, exchange, response.age, tuple(odd))


def require_fresh(response: Response, oldest: float) -> None:
    """Refuse an answer that a cache gave in place of the service: it may be from before the push.

    A 401 stands all the same: asking again could only be another bad signature.

    Args:
        response: of any call.
        oldest: seconds that it may have lain in a cache.

    Raises:
        ApiUnavailable: asking again may bring a fresh one.
    """
    if response.age > oldest and response.status != UNAUTHORIZED:
        given = clean(response.headers.get("Age", ""), 40)
        raise ApiUnavailable(
            f"HTTP {response.status}: a cache answered in place of HSS (header Age: {given}, "
            f"at most {format_duration(oldest)} is accepted)",
            exchange_of(response),
            advice=_OTHER_CACHE,
        )


def exchange_of(response: Response) -> Exchange:
    """Return what is known of the exchange."""
    return Exchange(response.status, request_id(response.headers))


def document_of(response: Response) -> object:
    """Return the JSON of the answer.

    Raises:
        ValueError: it is none, or one that no program should have written.
        RecursionError: it is nested too deep.
    """
    return document_in(response.body, response.redactor)


@contextlib.contextmanager
def unreadable(exchange: Exchange) -> Iterator[None]:
    """Turn what comes of an answer that cannot be read into an error of our own.

    Raises:
        ApiUnavailable: asking again may bring a readable one.
    """
    try:
        yield
    except ValidationError as error:
        raise ApiUnavailable(f"unreadable answer: {worded_fault(error)}", exchange, advice=_OTHER_FORM) from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else clean(error, 120)
        raise ApiUnavailable(f"unreadable answer: {reason}", exchange, advice=OTHER_SERVER) from error


def unreadable_row(odd: OddRow, exchange: Exchange) -> ApiUnavailable:
    """Return the error of an image to which a row may belong that cannot be read in full."""
    return ApiUnavailable(f"unreadable answer: {odd}", exchange, advice=_OTHER_FORM)


def _is_error(document: object) -> bool:
    """Whether a 200 is an error all the same, by its code.

    Raises:
        ValueError: it is that and a list of rows in one.
    """
    code = document.get("error_code") if isinstance(document, dict) else None
    if not code or str(code).strip() in ("", "0"):
        return False
    if isinstance(document, dict) and document.get("data_list") is not None:
        raise ValueError(f"it has rows and the error code {clean(code, 60)}")
    return True


def _listing(document: object) -> dict[str, object]:
    if not isinstance(document, dict) or not {"data_list", "total_num"} & document.keys():
        raise ValueError("neither data_list nor total_num is there")
    return document


def _rows(data_list: object, found: Iterator[object]) -> Iterator[object]:
    """Yield what should be rows: the manual's own example has a single one as an object, and null is none.

    Args:
        data_list: as it was given, with nothing in place of what was found in it.
        found: the objects of the list.
    """
    if data_list is not None and not isinstance(data_list, list | dict):
        raise ValueError("data_list is no list")
    if isinstance(data_list, dict):
        yield data_list
    elif data_list is not None:
        yield from (next(found, None) if item is None else item for item in data_list)
