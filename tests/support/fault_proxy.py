"""A proxy that hands real requests to the emulator on real sockets, and damages what comes back, byte by byte.

It is patient: what it holds back it holds back for ever, so that it is always the client who leaves first. That is how
a deadline is held without a stopwatch: the process has ended, and the proxy tells that it was left.
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
    """One connection, once a whole request has come; each of its moves raises OSError when the client has left.

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
        """End it."""
        self._connection.close()

    @property
    def answer(self) -> bytes:
        """What the emulator answers, from the first byte to the last."""
        return self._answered(self._request)

    @property
    def head(self) -> bytes:
        """The answer up to its blank line, without it."""
        return self.answer.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return self.answer.partition(b"\r\n\r\n")[2]

    def head_without(self, *names: bytes) -> bytes:
        """Return the head without some of its lines."""
        lines = self.head.splitlines(keepends=True)
        return b"".join(line for line in lines if not line.lower().startswith(tuple(name + b":" for name in names)))

    def secure(self, context: ssl.SSLContext) -> None:
        """Go on under TLS."""
        self._connection = context.wrap_socket(self._connection, server_side=True)

    def receive(self) -> bytes:
        """Return what the client says next."""
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
        """Send the same for ever."""
        while True:
            self.send(data)
            if pause:
                self._wait(pause)

    def stall(self) -> None:
        """Say nothing for ever."""
        self._wait(None)

    def reset(self) -> None:
        """Reset the connection."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def half_close(self) -> None:
        """Say that nothing more will come, and listen on for ever."""
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
    """Return the whole answer; the gate asks for one on each connection, so that it ends with it."""
    address = urlsplit(upstream)
    with socket.create_connection((address.hostname or "", address.port or 0)) as server:
        server.sendall(request)
        answer = b""
        while part := server.recv(65536):
            answer += part
    return answer
