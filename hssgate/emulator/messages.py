"""HTTP requests and responses as values, and their conversion from and to WSGI."""

import errno
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse

from hssgate.emulator.transport import TRANSPORT, Reset, Stall, TransportFault, Truncation

_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True)
class Request:
    """A request.

    Args:
        method: upper case.
        path: raw path if the server provides it, else the path as WSGI decodes it; bytes as Latin-1.
        query: raw query, without the question mark.
        headers: by lower-case name; bytes as Latin-1.
        body: the whole body.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """A response.

    Args:
        status: HTTP status.
        body: the whole body.
        headers: without `Content-Length`; of several headers with one name the last counts.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=(("Content-Type", "application/json"),))

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> "Response":
        """Return the response with these headers; each replaces a header of the same name."""
        merged = {name.lower(): (name, value) for name, value in (*self.headers, *headers)}
        return Response(self.status, self.body, tuple(merged.values()))


def json_response(status: int, content: object) -> Response:
    """Return a JSON response: UTF-8, or ASCII with escapes if a string contains a lone surrogate."""
    try:
        body = json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        body = json.dumps(content).encode()
    return Response(status, body)


def read_request(environ: dict[str, Any]) -> Request:
    """Return the request of a WSGI environment."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if content_type := environ.get("CONTENT_TYPE"):
        headers["content-type"] = content_type
    length = environ.get("CONTENT_LENGTH") or "0"
    return Request(
        method=environ["REQUEST_METHOD"].upper(),
        path=environ.get("REQUEST_URI", "").partition("?")[0] or _quoted(environ.get("PATH_INFO") or "/"),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(int(length)) if length.isdigit() and length != "0" else b"",
    )


def deliver(
    response: Response,
    transport_fault: TransportFault | None,
    environ: dict[str, Any],
    start_response: StartResponse,
    sleep: Callable[[float], None],
) -> list[bytes]:
    """Return the body for WSGI, after applying a transport fault if there is one.

    Raises:
        ConnectionResetError: the fault is a reset, and the caller is not `Server`.
    """
    body = b"" if response.status in _WITHOUT_BODY else response.body
    play: Callable[[TransportFault], None] | None = environ.get(TRANSPORT)
    length = len(body)
    if transport_fault is not None:
        if play:
            play(transport_fault)
        else:
            body = _in_process(transport_fault, body, sleep)
    headers = [*response.headers, ("Content-Length", str(length))]
    if response.status in _WITHOUT_BODY:
        headers = [header for header in headers if not header[0].lower().startswith("content-")]
    start_response(f"{response.status} {_reason(response.status)}", headers)
    return [body]


def _in_process(transport_fault: TransportFault, body: bytes, sleep: Callable[[float], None]) -> bytes:
    match transport_fault:
        case Reset():
            raise ConnectionResetError(errno.ECONNRESET, "reset by the scenario")
        case Truncation():
            return body[: transport_fault.kept(len(body))]
        case Stall(seconds=seconds):
            sleep(seconds)
            return body[: transport_fault.kept(len(body))]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _quoted(path: str) -> str:
    """Percent-encode a decoded path, so that later code handles one form only."""
    try:
        raw = path.encode("latin-1")
    except UnicodeEncodeError:  # some in-process clients leave the characters as they are
        raw = path.encode()
    return quote(raw)
