"""HTTP server on a loopback address, with a thread for each connection."""

import contextlib
import ipaddress
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIApplication

from hssgate.emulator.connection import Connection, ServedApplication

_POLL_INTERVAL = 0.05  # seconds; how soon the end is noticed


@contextlib.contextmanager
def serve(
    app: WSGIApplication,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ssl_context: ssl.SSLContext | None = None,
) -> Iterator["Server"]:
    """Serve in the background until the context ends; then every connection is closed too.

    Args:
        app: the WSGI application.
        host: a loopback address.
        port: 0: any that is free.
        ssl_context: serve TLS with it.

    Raises:
        ValueError: the host is not loopback.
        OSError: the port is taken.
    """
    server = Server(app, host=host, port=port, ssl_context=ssl_context)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_INTERVAL,), name="hssgate-emulator", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


class Server(socketserver.ThreadingTCPServer):
    """A listening socket and its connections.

    Args:
        app: the WSGI application.
        host: a loopback address.
        port: 0: any that is free.
        ssl_context: serve TLS with it.

    Raises:
        ValueError: the host is not loopback.
        OSError: the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 4096

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        address = "127.0.0.1" if host == "localhost" else host
        if not _is_loopback(address):
            raise ValueError(f"{host!r} is not a loopback address; the emulator serves 127.0.0.1 or ::1")
        self._closing = threading.Event()
        self._ssl_context = ssl_context
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), socketserver.BaseRequestHandler)  # see finish_request
        self.host, self.port = self.socket.getsockname()[:2]
        self._served = ServedApplication(
            app=app,
            scheme="https" if ssl_context else "http",
            host=self.host,
            port=self.port,
            closing=self._closing,
        )

    @property
    def url(self) -> str:
        """Return the address, as `http://127.0.0.1:PORT`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._served.scheme}://{host}:{self.port}"

    def wait(self) -> None:
        """Block until the server is closed, or an exception such as KeyboardInterrupt is raised."""
        self._closing.wait()

    def close(self) -> None:
        """Stop the server and close every connection; `serve_forever` must be running or about to run."""
        self._closing.set()
        self.shutdown()
        self.server_close()
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Handle the requests of a connection, in its thread."""
        connection: socket.socket = request
        if self._ssl_context:
            connection.settimeout(Connection.timeout)
            connection = self._ssl_context.wrap_socket(connection, server_side=True)
        with self._connections_lock:
            self._connections.add(connection)
        try:
            if self._closing.is_set():
                return
            handler = Connection(connection, client_address, self, self._served)
            if handler.is_reset:  # at once: an orderly shutdown before it would hide the reset
                connection.close()
        finally:
            with self._connections_lock:
                self._connections.discard(connection)
            if self._ssl_context:  # the socket that the caller closes is only the one below
                connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Print errors of the emulator; a client that disconnects is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
