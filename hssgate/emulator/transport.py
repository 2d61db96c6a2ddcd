"""Faults of the connection: reset, truncation, stall.

A server that supports them puts a callable under `TRANSPORT` into the WSGI environment. The application calls it with
the fault before `start_response`, and returns the whole response. Under another server the application imitates the
fault: it raises an exception, or returns a body shorter than its `Content-Length`.
"""

from dataclasses import dataclass

TRANSPORT = "hssgate.emulator.transport"


@dataclass(frozen=True)
class Reset:
    """The connection is reset, and nothing is sent."""


@dataclass(frozen=True)
class Truncation:
    """The connection is closed after some bytes of the body.

    Args:
        limit: bytes sent at most; at least the last byte is missing.
    """

    limit: int

    def kept(self, length: int) -> int:
        """Return how many bytes of a body of this length are sent."""
        return max(min(self.limit, length - 1), 0)


@dataclass(frozen=True)
class Stall:
    """The server stops sending after half of the body, and closes the connection later.

    Args:
        seconds: time until it closes.
    """

    seconds: float

    def kept(self, length: int) -> int:
        """Return how many bytes of a body of this length are sent."""
        return length // 2


TransportFault = Reset | Truncation | Stall
