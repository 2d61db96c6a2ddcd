"""Requests and answers as values, between the WSGI border and the rest."""

import errno
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse

from hssgate.emulator.transport import TRANSPORT, Mishap, Reset, Stall, Truncation

_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True)
class Call:
    """A request.

    Args:
        method: upper case.
        path: as on the wire where the server tells, else as WSGI decodes it; bytes as Latin-1.
        query: as on the wire, without the question mark.
        headers: by lower-case name; bytes as Latin-1.
        body: all of it.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A response.

    Args:
        status: HTTP status.
        body: all of it.
        headers: but for `Content-Length`; a name given twice counts with its last value.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=(("Content-Type", "application/json"),))

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> "Answer":
        """Return the answer with headers put in place of those of the same name."""
        merged = {name.lower(): (name, value) for name, value in (*self.headers, *headers)}
        return Answer(self.status, self.body, tuple(merged.values()))


def json_answer(status: int, content: object) -> Answer:
    """Return content as JSON: UTF-8, or ASCII with escapes where a text holds half a surrogate pair."""
    try:
        body = json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        body = json.dumps(content).encode()
    return Answer(status, body)


def read_call(environ: dict[str, Any]) -> Call:
    """Return the request of a WSGI environment."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if content_type := environ.get("CONTENT_TYPE"):
        headers["content-type"] = content_type
    length = environ.get("CONTENT_LENGTH") or "0"
    return Call(
        method=environ["REQUEST_METHOD"].upper(),
        path=environ.get("REQUEST_URI", "").partition("?")[0] or _quoted(environ.get("PATH_INFO") or "/"),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(int(length)) if length.isdigit() and length != "0" else b"",
    )


def deliver(
    answer: Answer,
    mishap: Mishap | None,
    environ: dict[str, Any],
    start_response: StartResponse,
    sleep: Callable[[float], None],
) -> list[bytes]:
    """Return the answer as WSGI has it, and let a mishap befall it.

    Raises:
        ConnectionResetError: the mishap is a reset, and no server is there to play it.
    """
    body = b"" if answer.status in _WITHOUT_BODY else answer.body
    play: Callable[[Mishap], None] | None = environ.get(TRANSPORT)
    length = len(body)
    if mishap is not None:
        if play:
            play(mishap)
        else:
            body = _in_process(mishap, body, sleep)
    headers = [*answer.headers, ("Content-Length", str(length))]
    if answer.status in _WITHOUT_BODY:
        headers = [header for header in headers if not header[0].lower().startswith("content-")]
    start_response(f"{answer.status} {_reason(answer.status)}", headers)
    return [body]


def _in_process(mishap: Mishap, body: bytes, sleep: Callable[[float], None]) -> bytes:
    match mishap:
        case Reset():
            raise ConnectionResetError(errno.ECONNRESET, "reset by the scenario")
        case Truncation():
            return body[: mishap.kept(len(body))]
        case Stall(seconds=seconds):
            sleep(seconds)
            return body[: mishap.kept(len(body))]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _quoted(path: str) -> str:
    """Bring a decoded path back into the form of the wire, so that there is one form to go on with."""
    try:
        raw = path.encode("latin-1")
    except UnicodeEncodeError:  # some in-process clients leave the characters as they are
        raw = path.encode()
    return quote(raw)
