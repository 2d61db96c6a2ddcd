"""One HTTP exchange: bounded in time and size, redirects refused, httpx errors translated."""

import contextlib
import email.utils
import io
import math
import re
import socket
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, timedelta
from urllib.parse import urlsplit

import httpx

from hssgate.clock import Clock
from hssgate.durations import LONGEST
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.failures import BodyTooLarge, Line, translated
from hssgate.hss.proxies import Proxy
from hssgate.hss.secret import Secret
from hssgate.record import record
from hssgate.redaction import Redactor
from hssgate.text import clean

_MIB = 1024 * 1024
LARGEST_BODY = 32 * _MIB  # bytes, after decompression
_LARGEST_PIECE = 64 * 1024
_ANY_GZIP_OR_ZLIB = 47
_LONGEST_RUN = timedelta(seconds=LONGEST)
_NO_SUCCESS = 300
_SENT_SECRETS = ("Authorization", "X-Auth-Token", "X-Security-Token", "X-Metadata-Token")
_SHOWN_HEADERS = ("x-request-id", "x-iam-trace-id")
_LONGEST_AGE_OF_A_DATE = 60.0  # seconds; what lay in a cache for longer does not tell the server's time
_SECONDS = re.compile("[0-9]{1,12}", re.ASCII)
# `Pragma` is for caches that know nothing of the other.
_ALWAYS_SENT = {
    "Accept": "application/json", "Accept-Encoding": "gzip", "Cache-Control": "no-cache", "Pragma": "no-cache",
}  # fmt: skip
_ISSUING_HEADER = "x-subject-token"  # by which IAM gives a token
_BEHIND_THE_PROXY = "proxy.start_tls.started"  # of httpcore's trace: the proxy has opened the way to the host


@record
class Response:
    """What came back.

    Args:
        status: the HTTP status.
        headers: the response's headers.
        body: the bytes, decompressed.
        server_time: the `Date` header in epoch seconds, if there was a readable one that is not from a cache.
        age: seconds that the answer lay in a cache, by its `Age` header; endless where that cannot be read.
        redactor: took the secrets out of headers and body, as far as they show before the JSON is read.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    server_time: float | None
    age: float = 0.0
    redactor: Redactor = field(default_factory=Redactor)


@record(kw_only=True)
class Request:
    """What is asked.

    Args:
        url: already encoded; it is sent byte for byte as it is given.
        method: the HTTP method.
        headers: beside those that every question has.
        content: the body, JSON.
        auth: adds the credentials.
        for_secrets: what a success brings is to be used, even if it is the secret that was brought before.
        largest: bytes of the answer's body, decompressed.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    auth: httpx.Auth | None = None
    for_secrets: bool = False
    largest: int = LARGEST_BODY


class HostClient:
    """Sends requests to one host and brings back whole answers.

    Args:
        http: the client, which must not follow redirects.
        clock: bounds each exchange as a whole; httpx bounds only its single steps.
        secrets: masked in every answer; the list may grow.
        proxy: that the client reaches the host through.
    """

    def __init__(
        self, http: httpx.Client, clock: Clock, secrets: Sequence[Secret] = (), proxy: Proxy | None = None
    ) -> None:
        self._http = http
        self._clock = clock
        self._secrets = secrets
        self._proxy = proxy

    def send(self, request: Request, *, within: float) -> Response:
        """Send the request and return the answer, with any status.

        Args:
            request: what to send.
            within: seconds for the whole exchange, name look-up and body included.

        An answer that is not a success may come without its body where that does not arrive in time.

        Raises:
            ApiUnavailable: no answer, or not the whole of a success, in time.
            ApiRefused: a proxy does not let the request through, or the address is none.
            HostUntrusted: the server's certificate is not to be trusted.
        """
        heads: list[Response] = []
        attempt = _Attempt(Line(str(urlsplit(request.url).hostname), self._proxy))
        try:
            with translated(attempt.line, within, lambda: _exchange_of(heads), self._masked):
                return self._clock.call(
                    lambda: self._exchange(request, within, heads, attempt), within=within, abandon=attempt.give_up
                )
        except ApiUnavailable:
            if heads and heads[-1].status >= _NO_SUCCESS:
                return heads[-1]
            raise

    def _exchange(self, request: Request, within: float, heads: list[Response], attempt: "_Attempt") -> Response:
        until = self._clock.monotonic() + within
        kind = {"Content-Type": "application/json"} if request.content is not None else {}
        sent = self._http.build_request(
            request.method,
            request.url,
            content=request.content,
            headers={**_ALWAYS_SENT, **kind, **request.headers},
            timeout=httpx.Timeout(max(within, 0.001)),
            extensions={"trace": attempt.follow},
        )
        received = self._http.send(sent, auth=request.auth, stream=True, follow_redirects=False)
        redactor = echo_redactor(received.request, self._secrets)
        brings_secrets = request.for_secrets and received.is_success
        in_body = Redactor() if brings_secrets else redactor
        try:
            headers = httpx.Headers(
                [
                    (name, value if brings_secrets and name.lower() == _ISSUING_HEADER else mask(value))
                    for name, value in received.headers.multi_items()
                    for mask in (redactor.text if name.lower() in _SHOWN_HEADERS else redactor.data,)
                ]
            )
            age = age_of(headers)
            date = server_time(headers.get("Date")) if age <= _LONGEST_AGE_OF_A_DATE else None
            head = Response(received.status_code, headers, b"", date, age, in_body)
            if self._clock.monotonic() <= until:  # else the caller has given it up
                heads.append(head)
            return replace(
                head,
                body=in_body.raw_data(_body(received, headers.get("Content-Encoding", "identity"), request.largest)),
            )
        finally:
            received.close()

    def _masked(self, text: object) -> str:
        """Return what httpx says of an exchange, which may hold text of the server."""
        known = (*self._secrets, *(self._proxy.secrets if self._proxy else ()))
        return Redactor(secret.reveal() for secret in known).text(str(text))


class _Attempt:
    """One request under way; others of the same host may be under way beside it.

    Args:
        line: how far it has come.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._sockets: set[socket.socket] = set()
        self._given_up = threading.Event()

    def follow(self, event: str, info: dict[str, object]) -> None:
        """Remember the sockets, and whether a proxy has let the request through."""
        if event == _BEHIND_THE_PROXY:
            self.line.is_through = True
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        with contextlib.suppress(AttributeError):
            found = info["return_value"].get_extra_info("socket")  # type: ignore[attr-defined]
            if isinstance(found, socket.socket):
                if self._given_up.is_set():  # while the name was looked up: nothing is to be sent any more
                    found.close()
                self._sockets = {known for known in self._sockets if known.fileno() >= 0} | {found}

    def give_up(self) -> None:
        """End what the request waits for, so that its thread and connection are freed."""
        self._given_up.set()
        for known in self._sockets:
            with contextlib.suppress(OSError):  # the raw socket's own method: TLS state belongs to the other thread
                socket.socket.shutdown(known, socket.SHUT_RDWR)


def echo_redactor(request: httpx.Request, secrets: Iterable[Secret]) -> Redactor:
    """Return a redactor for the secrets that the request carried and its server may echo.

    Args:
        request: as it was sent, with its credentials.
        secrets: that were not sent but made use of.
    """
    sent = [request.headers.get(name, "") for name in _SENT_SECRETS]
    signature = sent[0].rpartition("Signature=")[2]
    return Redactor((*(secret.reveal() for secret in secrets), *sent, signature))


def request_id(headers: httpx.Headers) -> str | None:
    """Return the id to quote to Huawei Cloud's support."""
    found = headers.get("X-Request-Id") or headers.get("X-IAM-Trace-Id")
    return clean(found, 100) if found else None


def _exchange_of(heads: Sequence[Response]) -> Exchange:
    """Return what is known of an exchange whose body never came."""
    return Exchange(heads[-1].status, request_id(heads[-1].headers)) if heads else Exchange()


def age_of(headers: httpx.Headers) -> float:
    """Return the seconds that an answer lay in a cache, 0 where none was in between, endless where it cannot be read.

    Each cache on the way may have added the header; the longest time counts.
    """
    given = [part.strip() for value in headers.get_list("Age") for part in value.split(",")]
    return max((float(part) if _SECONDS.fullmatch(part) else math.inf for part in given), default=0.0)


def server_time(date: str | None) -> float | None:
    """Return an HTTP date in epoch seconds, or None where it is missing or unreadable."""
    if not date:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(date)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)  # HTTP knows no other zone
        return (moment + _LONGEST_RUN - _LONGEST_RUN).timestamp()  # as long as a run lasts there are to be days
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _body(response: httpx.Response, given_encoding: str, largest: int) -> bytes:
    encoding = given_encoding.strip().lower()
    coded = encoding in ("gzip", "x-gzip", "deflate")
    if not coded and encoding not in ("", "identity"):
        raise httpx.DecodingError(f"unknown Content-Encoding {clean(encoding, 40)!r}", request=response.request)
    inflate = zlib.decompressobj(_ANY_GZIP_OR_ZLIB) if coded else None
    body = io.BytesIO()  # gives what was written without another copy of it
    for chunk in response.iter_raw():
        for piece in _inflated(inflate, chunk) if inflate else (chunk,):
            if body.tell() + len(piece) > largest:
                raise BodyTooLarge(f"the body is larger than {largest // _MIB} MiB", request=response.request)
            body.write(piece)
    if inflate and not inflate.eof:
        raise httpx.DecodingError("the compressed body is cut short", request=response.request)
    return body.getvalue()


def _inflated(inflate: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """Yield what a chunk stands for in pieces: a few bytes may stand for a gigabyte."""
    while chunk and not inflate.eof:
        yield inflate.decompress(chunk, _LARGEST_PIECE)
        chunk = inflate.unconsumed_tail
