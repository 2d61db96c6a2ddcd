"""HTTP/1.1 connection handler with keep-alive: calls the WSGI application, and sends each response in one write."""

import io
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from hssgate.emulator.transport import TRANSPORT, Reset, Stall, TransportFault, Truncation

_LONGEST_LINE = 65536
_LARGEST_BODY = 12 * 1024 * 1024  # bytes; the gateway's own limit
_RESET_ON_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)  # linger for no time at all


@dataclass(frozen=True)
class ServedApplication:
    """The application and its address.

    Args:
        app: the WSGI application.
        scheme: `http` or `https`.
        host: the address that the server listens on.
        port: of the address.
        closing: set when the server closes; it ends all stalls.
    """

    app: WSGIApplication
    scheme: str
    host: str
    port: int
    closing: threading.Event


class Connection(BaseHTTPRequestHandler):
    """Reads requests and writes responses until either side closes the connection.

    Args:
        request: the socket.
        client_address: address of the client.
        server: the server.
        served: the application and its address.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75.0  # seconds without a request
    is_reset = False

    def __init__(
        self,
        request: Any,  # noqa: ANN401 - socketserver's signature
        client_address: Any,  # noqa: ANN401 - the same
        server: BaseServer,
        served: ServedApplication,
    ) -> None:
        self._served = served
        super().__init__(request, client_address, server)

    def handle_one_request(self) -> None:
        """Read a request and respond; a client that disconnects is no error."""
        try:
            self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
            if len(self.raw_requestline) > _LONGEST_LINE:
                self.requestline, self.request_version, self.command = "", "HTTP/1.1", ""
                self.send_error(414)
            elif not self.raw_requestline:
                self.close_connection = True
            elif self.parse_request():
                body = self._read_body()
                if body is not None:
                    self._answer(body)
        except OSError:
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Respond to a malformed request as the gateway does, and close the connection."""
        del explain
        self.close_connection = True
        error = {"error_code": "APIGW.0602", "error_msg": message or "Bad request"}
        body = json.dumps(error).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self.wfile.write(self._head(f"{code} {self.responses.get(code, ('Bad request',))[0]}", headers) + body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's signature
        """Log nothing: the application has its own request log."""

    def _read_body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self.send_error(411, "Content-Length is required")
            return None
        length = self.headers.get("Content-Length", "0").strip()
        if not (length.isascii() and length.isdigit()):
            self.send_error(400, "Content-Length is no number")
            return None
        if len(length) > len(str(_LARGEST_BODY)) or int(length) > _LARGEST_BODY:
            self.send_error(413, "Request body is too large")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _answer(self, body: bytes) -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        transport_faults: list[TransportFault] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            del exc_info
            started.append((status, headers))
            return written.append

        environ = self._environ(body)
        environ[TRANSPORT] = transport_faults.append
        parts = self._served.app(environ, start_response)
        try:
            content = b"".join([*written, *parts])
        finally:
            getattr(parts, "close", lambda: None)()
        status, headers = started[-1]
        head = self._head(status, headers)
        if self.command == "HEAD":
            content = b""
        if transport_faults:
            self._play(transport_faults[-1], head, content)
        else:
            self.wfile.write(head + content)

    def _play(self, transport_fault: TransportFault, head: bytes, content: bytes) -> None:
        self.close_connection = True
        match transport_fault:
            case Reset():
                self.is_reset = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            case Truncation():
                self.wfile.write(head + content[: transport_fault.kept(len(content))])
            case Stall(seconds=seconds):
                self.wfile.write(head + content[: transport_fault.kept(len(content))])
                self._served.closing.wait(seconds)

    def _head(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def _environ(self, body: bytes) -> dict[str, Any]:
        target = self.path
        if target.lower().startswith(("http://", "https://")):  # as sent to a proxy
            target = "/" + target.split("://", 1)[1].partition("/")[2]
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "REQUEST_URI": target,
            "SCRIPT_NAME": "",
            "PATH_INFO": _decoded(path),
            "QUERY_STRING": query,
            "SERVER_NAME": self._served.host,
            "SERVER_PORT": str(self._served.port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self._served.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            if "_" in name:  # looks the same as the name with a hyphen
                continue
            key = name.upper().replace("-", "_")
            if key == "CONTENT_TYPE":
                environ[key] = value.strip()
            elif key != "CONTENT_LENGTH":
                key = f"HTTP_{key}"
                environ[key] = f"{environ[key]},{value.strip()}" if key in environ else value.strip()
        return environ


def _decoded(path: str) -> str:
    return unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
