"""What was asked: the API requests that were answered, in the order of the answers."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

LEDGER_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """An API request.

    Args:
        number: counted from 1.
        method: upper case.
        path: as on the wire.
        query: as on the wire, without the question mark.
        status: HTTP status that was sent, 0 for a reset connection.
        at: epoch seconds of its arrival.
    """

    number: int
    method: str
    path: str
    query: str
    status: int
    at: float


class Ledger:
    """Counts requests as they arrive, and keeps the last 10,000 that were answered."""

    def __init__(self) -> None:
        self._answered: deque[Request] = deque(maxlen=LEDGER_LENGTH)
        self.count = 0

    @property
    def answered(self) -> Sequence[Request]:
        """Return the requests that were answered."""
        return tuple(self._answered)

    def next_number(self) -> int:
        """Return the number of a request that arrived."""
        self.count += 1
        return self.count

    def keep(self, request: Request) -> None:
        """Keep a request that was answered."""
        self._answered.append(request)
