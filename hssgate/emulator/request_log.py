"""Log of the API requests that were answered, in the order of the responses."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

REQUEST_LOG_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """An API request.

    Args:
        number: counted from 1.
        method: upper case.
        path: raw path.
        query: raw query, without the question mark.
        status: HTTP status that was sent, 0 for a reset connection.
        at: time of arrival in epoch seconds.
    """

    number: int
    method: str
    path: str
    query: str
    status: int
    at: float


class RequestLog:
    """Counts requests as they arrive, and keeps the last 10,000 that were answered."""

    def __init__(self) -> None:
        self._answered: deque[LoggedRequest] = deque(maxlen=REQUEST_LOG_LENGTH)
        self.count = 0

    @property
    def answered(self) -> Sequence[LoggedRequest]:
        """Return the requests that were answered."""
        return tuple(self._answered)

    def next_number(self) -> int:
        """Return the number of a request that arrived."""
        self.count += 1
        return self.count

    def keep(self, request: LoggedRequest) -> None:
        """Add a request that was answered."""
        self._answered.append(request)
