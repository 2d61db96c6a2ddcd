"""HTTP proxy with CONNECT, as in companies."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class Proxy:
    """A proxy that runs.

    Args:
        address: host and port.
        heads: what it was asked, one text a connection.
    """

    address: str
    heads: list[str] = field(default_factory=list)

    @property
    def targets(self) -> list[str]:
        """The requested hosts."""
        return [found[1] for head in self.heads if (found := re.match(r"CONNECT (\S+) HTTP/1\.1\r\n", head))]


@contextlib.contextmanager
def connect_proxy(leads_to: str, answer: bytes = ESTABLISHED) -> Iterator[Proxy]:
    """Run a proxy.

    Args:
        leads_to: `HOST:PORT` where every tunnel ends, for any requested host: names need not exist.
        answer: to each request; only a 200 opens the tunnel.
    """
    host, _, port = leads_to.rpartition(":")

    def attend(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
                head += piece
            proxy.heads.append(head.decode("latin-1"))
            connection.sendall(answer)
            if answer.startswith(b"HTTP/1.1 200"):
                with socket.create_connection((host, int(port))) as target:
                    back = threading.Thread(target=_pour, args=(target, connection), daemon=True)
                    back.start()
                    _pour(connection, target)
                    back.join()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=attend, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(f"127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _pour(source: socket.socket, target: socket.socket) -> None:
    """Forward bytes until the end, and close the other side."""
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
