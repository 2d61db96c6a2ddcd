"""What the application asks of the connection that carries its answer.

A server that can play mishaps puts a callable under `TRANSPORT` into the WSGI environment; the application calls it
with the mishap before `start_response`, and gives the whole answer. Without it the application plays them itself as
well as it can: an exception, or a body shorter than its `Content-Length`.
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
        limit: that many at most; at least the last byte is missing.
    """

    limit: int

    def kept(self, length: int) -> int:
        """Return how many bytes of a body of this length are sent."""
        return max(min(self.limit, length - 1), 0)


@dataclass(frozen=True)
class Stall:
    """The connection falls silent after half of the body, and is closed later.

    Args:
        seconds: how long it is silent.
    """

    seconds: float

    def kept(self, length: int) -> int:
        """Return how many bytes of a body of this length are sent."""
        return length // 2


Mishap = Reset | Truncation | Stall
