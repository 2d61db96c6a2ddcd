"""Classifies responses of the API: rows, a retryable failure, or a refusal with advice.

Sources: HSS error codes (all HTTP 400), gateway error codes (`APIGW.` and `APIG.`), and the shapes that the official
SDK understands. Where the manual is silent the reading is the careful one.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from hssgate.durations import format_duration
from hssgate.errors import ApiError, ApiRefused, ApiUnavailable, Exchange, RequestRefused
from hssgate.hss.exchange import Answer, request_id, server_time
from hssgate.hss.json_rows import document_in, rows_in
from hssgate.hss.models import CicdImage, count_of
from hssgate.hss.odd_rows import OddRow, odd_row, worded_fault
from hssgate.record import record
from hssgate.text import clean

Row = TypeVar("Row", bound=BaseModel)

_SHORTEST_WAIT = 1.0  # seconds; a `Retry-After: 0` must not become a hail of requests
_OK = 200
_UNAUTHORIZED = 401
_THROTTLED = 429
_TRANSIENT = frozenset({_THROTTLED, 502, 503, 504})
_DEEPEST_ERROR = 5
_CANONICAL_REQUEST = ", canonicalRequest:"  # from here on the gateway tells what it signed itself, at length

_DENIED = "the identity may not read HSS images in this project; grant it read access to HSS, and check the project id"


@record
class Advice:
    """What to do next about a refusal.

    Args:
        by_code: by the error code, that of the gateway without its prefix.
        by_status: by the HTTP status, where the code says nothing.
        otherwise: where neither does.
    """

    by_code: Mapping[str, str]
    by_status: Mapping[int, str]
    otherwise: str


_ADVICE_BY_CODE = {
    "HSS.0001": "HSS finds a parameter invalid; check the image reference and --cicd-name",
    "HSS.0010": _DENIED,
    "HSS.0013": _DENIED,
    "0101": "this host does not serve the API; check --region or --endpoint",
    "0301": "the credentials are wrong, expired, or locked for five minutes after five bad signatures; check them and "
    "this machine's clock",
    "0302": _DENIED,
    "0307": "the token is of another region or has ended; get a new one",
    "0310": "the project is unavailable; check the project id",
    "0801": _DENIED,
    "0802": _DENIED,
}
_ADVICE_BY_STATUS = {
    401: "check the credentials and this machine's clock",
    403: _DENIED,
    404: "check --region or --endpoint, and the project id",
}
_OF_HSS = Advice(_ADVICE_BY_CODE, _ADVICE_BY_STATUS, "see the HSS error codes")


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


def read_page(answer: Answer, model: type[Row]) -> Page[Row]:
    """Return the rows of an answer.

    A row of an image says which image it is of, so one that cannot be read is a doubt about that image alone. Rows of
    other calls are all of the image that was asked about: there, one makes the whole answer unreadable.

    Args:
        answer: of a list call.
        model: what a row is.

    Raises:
        ApiUnavailable: throttled, a server's fault, or not the documented shape.
        ApiRefused: asking again would not help.
    """
    exchange = exchange_of(answer)
    if answer.status != _OK:
        raise failure_of(answer, _OF_HSS)
    with unreadable(exchange):
        document, found = rows_in(answer.body, "data_list", answer.redactor)
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
    return Page(tuple(rows), total_num, answer.server_time, exchange, answer.age, tuple(odd))


def require_fresh(answer: Answer, oldest: float) -> None:
    """Refuse an answer that a cache gave in place of the service: it may be from before the push.

    A 401 stands all the same: asking again could only be another bad signature.

    Args:
        answer: of any call.
        oldest: seconds that it may have lain in a cache.

    Raises:
        ApiUnavailable: asking again may bring a fresh one.
    """
    if answer.age > oldest and answer.status != _UNAUTHORIZED:
        given = clean(answer.headers.get("Age", ""), 40)
        raise ApiUnavailable(
            f"HTTP {answer.status}: a cache answered in place of HSS (header Age: {given}, "
            f"at most {format_duration(oldest)} is accepted)",
            exchange_of(answer),
        )


def exchange_of(answer: Answer) -> Exchange:
    """Return what is known of the exchange."""
    return Exchange(answer.status, request_id(answer.headers))


def document_of(answer: Answer) -> object:
    """Return the JSON of the answer.

    Raises:
        ValueError: it is none, or one that no program should have written.
        RecursionError: it is nested too deep.
    """
    return document_in(answer.body, answer.redactor)


@contextlib.contextmanager
def unreadable(exchange: Exchange) -> Iterator[None]:
    """Turn what comes of an answer that cannot be read into an error of our own.

    Raises:
        ApiUnavailable: asking again may bring a readable one.
    """
    try:
        yield
    except ValidationError as error:
        raise ApiUnavailable(f"unreadable answer: {worded_fault(error)}", exchange) from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else clean(error, 120)
        raise ApiUnavailable(f"unreadable answer: {reason}", exchange) from error


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


def failure_of(answer: Answer, advice: Advice) -> ApiError:
    """Return the error that an answer without a usable status stands for.

    Args:
        answer: of any of the cloud's services.
        advice: what to do next about a refusal.
    """
    body = _error_body(answer)
    exchange = Exchange(answer.status, request_id(answer.headers) or body.request_id)
    reason = " ".join(part for part in (body.code, body.message) if part) or "without a readable reason"
    at = f" (request id {exchange.request_id})" if exchange.request_id else ""
    what = f"HTTP {answer.status}: {reason}{at}"
    if answer.status in _TRANSIENT:
        return ApiUnavailable(what, exchange, retry_after=_retry_after(answer))
    if answer.status >= 500 or answer.status < 300:  # noqa: PLR2004 - HTTP's classes
        retry_after = _retry_after(answer)
        return ApiUnavailable(what, exchange, retry_after=retry_after, server_fault=answer.status >= 500)  # noqa: PLR2004
    if answer.status < 400:  # noqa: PLR2004
        return RequestRefused(f"{what}; a redirect is never followed, check --endpoint", exchange)
    gateway_code = body.code.rpartition(".")[2] if body.code.startswith(("APIGW.", "APIG.")) else ""
    to_do = (
        advice.by_code.get(body.code)
        or advice.by_code.get(gateway_code)
        or advice.by_status.get(answer.status)
        or advice.otherwise
    )
    # A bad credential is bad for every image, and five bad signatures lock a key; all else may be about this one.
    refusal = ApiRefused if answer.status == _UNAUTHORIZED else RequestRefused
    return refusal(f"{what}; {to_do}", exchange)


@record
class _ErrorBody:
    code: str = ""
    message: str = ""
    request_id: str | None = None


def _error_body(answer: Answer) -> _ErrorBody:
    """Read code and message out of any of the shapes that HSS, the gateway and IAM use."""
    masked = answer.redactor.text
    try:
        document = json.loads(answer.body[:100_000])
    except (ValueError, RecursionError):
        return _ErrorBody(message=clean(masked(answer.body[:400].decode(errors="replace")), 200))
    levels = [document]
    for _ in range(_DEEPEST_ERROR):
        level = levels.pop() if levels else None
        if not isinstance(level, dict):
            break
        code = level.get("error_code") or level.get("errorCode") or level.get("code")
        message = (
            level.get("error_msg") or level.get("errorMsg") or level.get("message") or level.get("error_description")
        )
        if code or message:
            found = level.get("request_id")
            return _ErrorBody(
                clean(masked(str(code or "")), 60),
                clean(masked(str(message or "")).partition(_CANONICAL_REQUEST)[0], 600),
                clean(masked(found), 100) if isinstance(found, str) else None,
            )
        levels.extend(value for value in level.values() if isinstance(value, dict))
    return _ErrorBody()


def _retry_after(answer: Answer) -> float | None:
    given = answer.headers.get("Retry-After", "").strip()
    if not given:
        return None
    if given.isascii() and given.isdigit() and len(given) <= 9:  # noqa: PLR2004 - 30 years
        return max(float(given), _SHORTEST_WAIT)
    moment = server_time(given)
    if moment is None:
        return None
    now = answer.server_time
    if now is None:
        return None
    return max(moment - now, _SHORTEST_WAIT)
