"""Sends one HTTP request: bounded in time and size, no redirect followed, echoed secrets masked."""

import contextlib
import io
import socket
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from urllib.parse import urlsplit

from hssgate.clock import Clock
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.failures import BodyTooLarge, Route, translated
from hssgate.hss.http_library import httpx
from hssgate.hss.proxies import Proxy
from hssgate.hss.response_headers import age_of, request_id, server_time
from hssgate.hss.secret import Secret
from hssgate.record import record
from hssgate.redaction.redactor import Redactor
from hssgate.text import clean

_MIB = 1024 * 1024
LARGEST_BODY = 32 * _MIB  # bytes, after decompression
_LARGEST_PIECE = 64 * 1024
_ANY_GZIP_OR_ZLIB = 47  # zlib's `wbits` for both formats
_NO_SUCCESS = 300
_SENT_SECRETS = ("Authorization", "X-Auth-Token", "X-Security-Token", "X-Metadata-Token")
_SHOWN_HEADERS = ("x-request-id", "x-iam-trace-id")
_LONGEST_AGE_OF_A_DATE = 60.0  # seconds; the `Date` of an older cached response is not the server's time
# `Pragma` is for HTTP/1.0 caches, which ignore `Cache-Control`.
_ALWAYS_SENT = {
    "Accept": "application/json", "Accept-Encoding": "gzip", "Cache-Control": "no-cache", "Pragma": "no-cache",
}  # fmt: skip
_ISSUING_HEADER = "x-subject-token"  # carries the token that IAM issues
_BEHIND_THE_PROXY = "proxy.start_tls.started"  # httpcore's trace event: the proxy has connected to the host


@record
class Response:
    """An HTTP response.

    Args:
        status: the HTTP status.
        headers: the headers, secrets masked.
        body: the body, decompressed, secrets masked.
        server_time: the `Date` header in epoch seconds, if it is readable and not from a cache.
        age: age in a cache in seconds, from the header `Age`; infinite if that is unreadable.
        redactor: masks the secrets of this exchange; JSON parsing uses it for strings with escapes.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    server_time: float | None
    age: float = 0.0
    redactor: Redactor = field(default_factory=Redactor)


@record(kw_only=True)
class Request:
    """An HTTP request.

    Args:
        url: already encoded; it is sent byte for byte.
        method: the HTTP method.
        headers: added to those of every request.
        content: the JSON body.
        auth: adds the credentials.
        for_secrets: the response contains a credential: its body and token are not masked, even if the server issues
            the same secret again.
        largest: limit of the response's body in bytes, decompressed.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    auth: httpx.Auth | None = None
    for_secrets: bool = False
    largest: int = LARGEST_BODY


class HostClient:
    """Sends requests to one host and returns complete responses. Thread-safe.

    Args:
        http: the HTTP client; it must not follow redirects.
        clock: for the deadline of each exchange.
        secrets: masked in every response; the caller may extend the list.
        proxy: the proxy that the client uses.
    """

    def __init__(
        self, http: httpx.Client, clock: Clock, secrets: Sequence[Secret] = (), proxy: Proxy | None = None
    ) -> None:
        self._http = http
        self._clock = clock
        self._secrets = secrets
        self._proxy = proxy

    def send(self, request: Request, *, within: float) -> Response:
        """Send the request and return the response, with any status.

        Args:
            request: the request.
            within: seconds for the whole exchange, from name resolution to the last byte of the body.

        If the body of an error response does not arrive in time, the response is returned without it.

        Raises:
            ApiUnavailable: no response, or an incomplete success, in time.
            ApiRefused: the proxy refused the request, or the address is not valid.
            HostUntrusted: the server's certificate is not trusted.
        """
        # httpx limits single steps only: a server that sends one byte a second would never time out. The exchange
        # therefore runs in a thread of its own that the clock abandons at the deadline; `give_up` then shuts its
        # sockets down, so that thread and connection end. A name resolution cannot be interrupted: its thread is left
        # behind, and closes the socket that it gets.
        # An error response is used even if its body stalls: its status alone says whether to retry.
        heads: list[Response] = []
        attempt = _Attempt(Route(str(urlsplit(request.url).hostname), self._proxy))
        try:
            with translated(attempt.route, within, lambda: _exchange_of(heads), self._masked):
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
            if self._clock.monotonic() <= until:  # later the caller has abandoned this exchange
                heads.append(head)
            return replace(
                head,
                body=in_body.raw_data(_body(received, headers.get("Content-Encoding", "identity"), request.largest)),
            )
        finally:
            received.close()

    def _masked(self, text: object) -> str:
        """Mask secrets in a message of httpx, which may contain text of the server."""
        known = (*self._secrets, *(self._proxy.secrets if self._proxy else ()))
        return Redactor(secret.reveal() for secret in known).text(str(text))


class _Attempt:
    """One request in flight; others to the same host may run concurrently.

    Args:
        route: direct or through a proxy.
    """

    def __init__(self, route: Route) -> None:
        self.route = route
        self._sockets: set[socket.socket] = set()
        self._given_up = threading.Event()

    def follow(self, event: str, info: dict[str, object]) -> None:
        """Handle a trace event of httpcore: record sockets, and whether the proxy has connected to the host."""
        if event == _BEHIND_THE_PROXY:
            self.route.is_through = True
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        with contextlib.suppress(AttributeError):
            found = info["return_value"].get_extra_info("socket")  # type: ignore[attr-defined]
            if isinstance(found, socket.socket):
                if self._given_up.is_set():  # during name resolution: nothing may be sent any more
                    found.close()
                self._sockets = {known for known in self._sockets if known.fileno() >= 0} | {found}

    def give_up(self) -> None:
        """Shut down the sockets of the request, so that its thread ends."""
        self._given_up.set()
        for known in self._sockets:
            # Not `SSLSocket.shutdown`: that would change the TLS state, which the other thread is using.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(known, socket.SHUT_RDWR)


def echo_redactor(request: httpx.Request, secrets: Iterable[Secret]) -> Redactor:
    """Return a redactor for the secrets of a request, which a server or proxy may echo in its response.

    Some gateways repeat headers in error messages; the API gateway itself shows what it signed. An echo could end up in
    a report, so the credentials that were sent, and the signature alone, are masked before anything is parsed.

    Args:
        request: as it was sent, with its credentials.
        secrets: secrets that were used and not sent, such as the secret key.
    """
    sent = [request.headers.get(name, "") for name in _SENT_SECRETS]
    signature = sent[0].rpartition("Signature=")[2]
    return Redactor((*(secret.reveal() for secret in secrets), *sent, signature))


def _exchange_of(heads: Sequence[Response]) -> Exchange:
    """Return status and request id of an exchange whose body is missing."""
    return Exchange(heads[-1].status, request_id(heads[-1].headers)) if heads else Exchange()


def _body(response: httpx.Response, given_encoding: str, largest: int) -> bytes:
    encoding = given_encoding.strip().lower()
    coded = encoding in ("gzip", "x-gzip", "deflate")
    if not coded and encoding not in ("", "identity"):
        raise httpx.DecodingError(f"unknown Content-Encoding {clean(encoding, 40)!r}", request=response.request)
    inflate = zlib.decompressobj(_ANY_GZIP_OR_ZLIB) if coded else None
    body = io.BytesIO()  # `getvalue` returns its buffer without a copy
    for chunk in response.iter_raw():
        for piece in _inflated(inflate, chunk) if inflate else (chunk,):
            if body.tell() + len(piece) > largest:
                raise BodyTooLarge(f"the body is larger than {largest // _MIB} MiB", request=response.request)
            body.write(piece)
    if inflate and not inflate.eof:
        raise httpx.DecodingError("the compressed body is cut short", request=response.request)
    return body.getvalue()


def _inflated(inflate: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """Decompress a chunk piece by piece: a few compressed bytes may expand to a gigabyte."""
    while chunk and not inflate.eof:
        yield inflate.decompress(chunk, _LARGEST_PIECE)
        chunk = inflate.unconsumed_tail
