"""Fault proxy between the real process and the emulator: damages single bytes of responses on real sockets.

It never closes a stalled connection, so the client always disconnects first. This proves a deadline without measuring
time: the process has ended, and the proxy has seen it disconnect.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_PATIENT = 60  # seconds after which a client that has not left fails its test
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Conversation:
    """One connection with a complete request; every method raises OSError after the client has disconnected.

    Args:
        connection: to the client.
        request: as it came.
        answered: asks the emulator.
    """

    def __init__(self, connection: socket.socket, request: bytes, answered: Callable[[bytes], bytes]) -> None:
        self._connection = connection
        self._request = request
        self._answered = answered

    def close(self) -> None:
        """Stop the proxy."""
        self._connection.close()

    @property
    def answer(self) -> bytes:
        """The emulator's response, from the first byte to the last."""
        return self._answered(self._request)

    @property
    def head(self) -> bytes:
        """The head of the response, without the blank line."""
        return self.answer.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def body(self) -> bytes:
        """The body of the response."""
        return self.answer.partition(b"\r\n\r\n")[2]

    def head_without(self, *names: bytes) -> bytes:
        """Return the head without some of its lines."""
        lines = self.head.splitlines(keepends=True)
        return b"".join(line for line in lines if not line.lower().startswith(tuple(name + b":" for name in names)))

    def secure(self, context: ssl.SSLContext) -> None:
        """Continue with TLS."""
        self._connection = context.wrap_socket(self._connection, server_side=True)

    def receive(self) -> bytes:
        """Return the next bytes of the client."""
        return self._connection.recv(65536)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._connection.sendall(data)

    def trickle(self, data: bytes, pause: float = 1.0) -> None:
        """Send byte after byte, with a pause after each, in seconds."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            self._wait(pause)

    def flood(self, data: bytes, pause: float = 0.0) -> None:
        """Send the same bytes without end."""
        while True:
            self.send(data)
            if pause:
                self._wait(pause)

    def stall(self) -> None:
        """Send nothing until the client disconnects."""
        self._wait(None)

    def reset(self) -> None:
        """Reset the connection."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def half_close(self) -> None:
        """Close the sending direction, and receive until the client disconnects."""
        self._connection.shutdown(socket.SHUT_WR)
        self._wait(None)

    def _wait(self, seconds: float | None) -> None:
        self._connection.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while self._connection.recv(65536):
                pass
            raise ConnectionAbortedError
        self._connection.settimeout(None)


Damage = Callable[[Conversation], None]


@dataclass
class FaultProxy:
    """A running proxy.

    Args:
        url: where it listens.
        asked: how many requests have come.
        left: how many conversations the client ended, by leaving while something was still to come.
    """

    url: str
    asked: int = 0
    left: int = 0


@contextlib.contextmanager
def damaging(damage: Damage, upstream: str = "", *, greeted: bool = True) -> Iterator[FaultProxy]:
    """Serve a proxy that does the same to each conversation.

    Args:
        damage: what is done; the connection is closed after it.
        upstream: the emulator; without, there is no answer to damage.
        greeted: whether a request is waited for first.
    """
    attending: list[threading.Thread] = []

    def attend(connection: socket.socket) -> None:
        with contextlib.closing(connection):
            request = _request_on(connection) if greeted else b""
            if greeted and not request:
                return
            proxy.asked += 1
            with contextlib.closing(Conversation(connection, request, lambda sent: _ask(upstream, sent))) as talk:
                try:
                    damage(talk)
                except OSError:
                    proxy.left += 1

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                attending.append(threading.Thread(target=attend, args=(connection,), daemon=True))
                attending[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = FaultProxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(_PATIENT)
            for thread in attending:  # each ends once its client has left
                thread.join(_PATIENT)


def _request_on(connection: socket.socket) -> bytes:
    """Return a request without a body; empty if the client closed the connection at once."""
    request = b""
    with contextlib.suppress(OSError):
        while not request.endswith(b"\r\n\r\n") and (part := connection.recv(65536)):
            request += part
    return request


def _ask(upstream: str, request: bytes) -> bytes:
    """Return the whole response; it ends with the connection, because the gate sends one request on each."""
    address = urlsplit(upstream)
    with socket.create_connection((address.hostname or "", address.port or 0)) as server:
        server.sendall(request)
        answer = b""
        while part := server.recv(65536):
            answer += part
    return answer
