"""Parser of API responses: pages of rows, with the documented quirks.

Source: the formats that the official SDK accepts. Where the manual is silent, the stricter reading applies.
"""

import contextlib
from collections.abc import Iterator
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from hssgate.durations import format_duration
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.exchange import Response
from hssgate.hss.fields import count_of
from hssgate.hss.json_rows import document_in, rows_in
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow, partly_readable_row, worded_fault
from hssgate.hss.refusals import OF_HSS, OK, OTHER_SERVER, UNAUTHORIZED, failure_of
from hssgate.hss.response_headers import request_id
from hssgate.record import record
from hssgate.text import clean

Row = TypeVar("Row", bound=BaseModel)

_OTHER_CACHE = "HSS must not be reached through a cache: check HTTPS_PROXY and NO_PROXY, and ask the proxy's operator"
_OTHER_FORM = "check the address; else report this response to hssgate, with the request id"


@record
class Page(Generic[Row]):
    """One page of rows.

    Args:
        rows: as received, in the API's order.
        total_num: number of rows on all pages, if the API gives it.
        server_time: the server's clock, in epoch seconds, if known.
        exchange: status and request id.
        age: age of the response in a cache, in seconds.
        odd: rows of images with unreadable fields.
    """

    rows: tuple[Row, ...]
    total_num: int | None
    server_time: float | None
    exchange: Exchange
    age: float = 0.0
    odd: tuple[PartlyReadableRow, ...] = ()

    @property
    def size(self) -> int:
        """The number of received rows."""
        return len(self.rows) + len(self.odd)


def read_page(response: Response, model: type[Row], *, was_answered: bool = False) -> Page[Row]:
    """Return the rows of a response.

    A row of the image list names its image, so an unreadable row is a problem of that image only. The rows of any other
    call all belong to one image: there, one unreadable row makes the whole response unreadable.

    Args:
        response: of a list call.
        model: of a row.
        was_answered: whether this call succeeded before in this run; see `failure_of`.

    Raises:
        ApiUnavailable: throttled, a server error, or not the documented format.
        ApiRefused: a retry would not help.
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
                odd.append(partly_readable_row(raw, error))
    return Page(tuple(rows), total_num, response.server_time, exchange, response.age, tuple(odd))


def read_object(response: Response, model: type[Row], *, was_answered: bool = False) -> Row:
    """Return a response that is one object, not a list.

    Raises:
        ApiUnavailable: throttled, a server error, or not the documented format.
        ApiRefused: a retry would not help.
    """
    if response.status != OK:
        raise failure_of(response, OF_HSS, was_answered=was_answered)
    with unreadable(exchange_of(response)):
        document = document_of(response)
        if _is_error(document):
            raise failure_of(response, OF_HSS, was_answered=was_answered)
        return model.model_validate(document)


def require_fresh(response: Response, oldest: float) -> None:
    """Refuse a response from a cache: it may be older than the push.

    A 401 is accepted from a cache too: a retry could only be another wrong signature.

    Args:
        response: of any call.
        oldest: largest accepted age in seconds.

    Raises:
        ApiUnavailable: the response is too old; a retry may get a fresh one.
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
    """Return status and request id of a response."""
    return Exchange(response.status, request_id(response.headers))


def document_of(response: Response) -> object:
    """Return the JSON document of a response.

    Raises:
        ValueError: it is not valid JSON, has duplicate keys, or exceeds a limit.
        RecursionError: it is nested too deep.
    """
    return document_in(response.body, response.redactor)


@contextlib.contextmanager
def unreadable(exchange: Exchange) -> Iterator[None]:
    """Translate errors of parsing a response.

    Raises:
        ApiUnavailable: the response is unreadable; a retry may get a readable one.
    """
    try:
        yield
    except ValidationError as error:
        raise ApiUnavailable(f"unreadable answer: {worded_fault(error)}", exchange, advice=_OTHER_FORM) from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else clean(error, 120)
        raise ApiUnavailable(f"unreadable answer: {reason}", exchange, advice=OTHER_SERVER) from error


def unreadable_row(odd: PartlyReadableRow, exchange: Exchange) -> ApiUnavailable:
    """Return the error of an image that an unreadable row may belong to."""
    return ApiUnavailable(f"unreadable answer: {odd}", exchange, advice=_OTHER_FORM)


def _is_error(document: object) -> bool:
    """Whether a 200 is an error, by its `error_code`.

    Raises:
        ValueError: it has both an error code and rows.
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
    """Yield the rows: in the manual's own example a single row is an object; null means no rows.

    Args:
        data_list: the decoded list, with null in place of each object.
        found: the decoded objects of the list.
    """
    if data_list is not None and not isinstance(data_list, list | dict):
        raise ValueError("data_list is no list")
    if isinstance(data_list, dict):
        yield data_list
    elif data_list is not None:
        yield from (next(found, None) if item is None else item for item in data_list)
