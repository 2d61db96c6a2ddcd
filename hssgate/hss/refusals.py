"""Error of an unsuccessful response: retryable, refused for this request, or refused for the whole run; with advice.

Sources: HSS error codes (all HTTP 400), gateway error codes (`APIGW.` and `APIG.`), and the error formats of HSS, the
gateway and IAM. Where the manual does not define a case, the stricter reading applies.
"""

import json
from collections.abc import Mapping

from hssgate.errors import (
    ApiError,
    ApiRefused,
    ApiUnavailable,
    CallRefused,
    Exchange,
    NotServed,
    RequestRefused,
)
from hssgate.hss.exchange import Response
from hssgate.hss.response_headers import request_id, server_time
from hssgate.record import record
from hssgate.text import clean

_SHORTEST_WAIT = 1.0  # seconds; `Retry-After: 0` must not cause a busy loop of requests
OK = 200
UNAUTHORIZED = 401
_THROTTLED = 429
TRANSIENT = frozenset({408, 502, 503, 504})
_SERVER_FAULTS = 500  # the first of them
_REDIRECTS = 300
_REFUSALS = 400
_DEEPEST_ERROR = 5
_CANONICAL_REQUEST = ", canonicalRequest:"  # start of the gateway's long copy of what it signed; left out of messages

_NO_SUCH_API = "0101"  # of the gateway
_DENIED = "the identity may not read HSS images in this project; grant it read access to HSS, and check the project id"


@record
class Advice:
    """What to do next about a refusal.

    Args:
        by_code: by error code; gateway codes without their prefix.
        by_status: by HTTP status, if there is none for the code.
        otherwise: if there is none for either.
    """

    by_code: Mapping[str, str]
    by_status: Mapping[int, str]
    otherwise: str


_ADVICE_BY_CODE = {
    "HSS.0001": "HSS finds a parameter invalid; check the image reference and --cicd-name",
    "HSS.0010": _DENIED,
    "HSS.0013": _DENIED,
    _NO_SUCH_API: "this host does not serve the API: check --region or --endpoint; HSS of this region or cloud may "
    "have no CI/CD calls",
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
OF_HSS = Advice(_ADVICE_BY_CODE, _ADVICE_BY_STATUS, "see the HSS error codes")
_ASK_LESS = "the number of requests is limited: run fewer checks at once, or raise --interval"
_WAIT = "the service or its gateway is overloaded or down: look again in a while, and check any proxy in between"
_REPORT = "a fault of the service itself: ask Huawei Cloud's support, with the request id"
OTHER_SERVER = "check the address: another server, or a proxy in between, may be answering in its place"
_NOT_FOLLOWED = "; a redirect is never followed"
_REDIRECTED = "check --endpoint, and any proxy in between"

# Codes for missing permissions and wrong addresses: a retry would be refused as well.
FINAL_CODES = frozenset({"HSS.0010", "HSS.0013"})
FINAL_PREFIXES = ("IAM", "PAP")
_BAD_CREDENTIALS = frozenset({"0301", "0307"})  # of the gateway
_FORBIDDEN_OR_MISSING = frozenset({403, 404})
_TOO_MANY_REQUESTS = "0308"  # of the gateway


def failure_of(response: Response, advice: Advice, *, was_answered: bool = False) -> ApiError:
    """Return the error for a response.

    Args:
        response: of any service of the cloud; a 200 with an error code counts as a 4xx.
        advice: what to do next about a refusal.
        was_answered: whether this call succeeded before in this run. Credentials and address were then right, so a
            later refusal comes from maintenance, a firewall or a database fault, and is retried; except if its code is
            about permissions.
    """
    body = _error_body(response)
    exchange = Exchange(response.status, request_id(response.headers) or body.request_id)
    reason = " ".join(part for part in (body.code, body.message) if part) or "without a readable reason"
    at = f" (request id {exchange.request_id})" if exchange.request_id else ""
    is_redirect = _REDIRECTS <= response.status < _REFUSALS
    what = f"HTTP {response.status}: {reason}{at}{_NOT_FOLLOWED if is_redirect else ''}"
    code = _gateway_code(body.code)
    retry_after = _retry_after(response)
    if response.status == _THROTTLED or code == _TOO_MANY_REQUESTS:
        return ApiUnavailable(what, exchange, retry_after=retry_after, throttled=True, advice=_ASK_LESS)
    if response.status in TRANSIENT:
        return ApiUnavailable(what, exchange, retry_after=retry_after, advice=_WAIT)
    if response.status >= _SERVER_FAULTS:
        return ApiUnavailable(what, exchange, retry_after=retry_after, server_fault=True, advice=_REPORT)
    if response.status < _REDIRECTS and response.status != OK:
        return ApiUnavailable(what, exchange, retry_after=retry_after, advice=OTHER_SERVER)
    to_do = _to_do(response.status, body.code, advice)
    if was_answered and not _is_final(response.status, body.code):
        return ApiUnavailable(what, exchange, retry_after=retry_after, server_fault=True, advice=to_do)
    return _refusal(response.status, body.code)(f"{what}; {to_do}", exchange, code=body.code)


def _refusal(status: int, code: str) -> type[ApiRefused]:
    """Return what a refusal is about: the credentials, the call, or this request."""
    # A wrong credential affects every call, and five wrong signatures lock the key: it ends the run at once. Any other
    # 4xx, such as that of an invalid parameter, may be about this image only.
    number = _gateway_code(code)
    if status == UNAUTHORIZED or number in _BAD_CREDENTIALS:
        return ApiRefused
    if number == _NO_SUCH_API:
        return NotServed
    is_of_address = status in _FORBIDDEN_OR_MISSING or _REDIRECTS <= status < _REFUSALS
    return CallRefused if is_of_address or _is_final(status, code) else RequestRefused


def _gateway_code(code: str) -> str:
    """Return a gateway code without its prefix; empty for a code of another service."""
    prefix, _, number = code.rpartition(".")
    return number if prefix.upper() in ("APIGW", "APIG") else ""


def _is_final(status: int, code: str) -> bool:
    """Whether a refusal is about the caller or the address, so that a retry would be refused as well."""
    number = _gateway_code(code)
    return (
        status == UNAUTHORIZED
        or code.upper() in FINAL_CODES
        or code.upper().startswith(FINAL_PREFIXES)
        or number == _NO_SUCH_API
        or number.startswith("03")
    )


def _to_do(status: int, code: str, advice: Advice) -> str:
    if _REDIRECTS <= status < _REFUSALS:
        return _REDIRECTED
    return (
        advice.by_code.get(code)
        or advice.by_code.get(_gateway_code(code))
        or advice.by_status.get(status)
        or advice.otherwise
    )


@record
class _ErrorBody:
    code: str = ""
    message: str = ""
    request_id: str | None = None


def _error_body(response: Response) -> _ErrorBody:
    """Return code and message of an error, in any of the formats of HSS, the gateway and IAM."""
    masked = response.redactor.text
    try:
        document = json.loads(response.body[:100_000])
    except (ValueError, RecursionError):
        return _ErrorBody(message=clean(masked(response.body[:400].decode(errors="replace")), 200))
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


def _retry_after(response: Response) -> float | None:
    given = response.headers.get("Retry-After", "").strip()
    if not given:
        return None
    if given.isascii() and given.isdigit() and len(given) <= 9:  # noqa: PLR2004 - 30 years
        return max(float(given), _SHORTEST_WAIT)
    moment = server_time(given)
    if moment is None:
        return None
    now = response.server_time
    if now is None:
        return None
    return max(moment - now, _SHORTEST_WAIT)
