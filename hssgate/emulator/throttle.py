"""Rate limit of each caller."""

import math
from collections import deque

from hssgate.emulator.model import RateLimit
from hssgate.emulator.refusals import throttled


class Throttle:
    """Counts the requests of each caller in a sliding window.

    Args:
        limit: None: no limit.
    """

    def __init__(self, limit: RateLimit | None) -> None:
        self._limit = limit
        self._admitted: dict[str, deque[float]] = {}

    def admit(self, key: str, now: float) -> None:
        """Count a request.

        Args:
            key: name of the caller.
            now: epoch seconds.

        Raises:
            Refusal: 429 APIGW.0308; a refused request is not counted.
        """
        if self._limit is None:
            return
        admitted = self._admitted.setdefault(key, deque())
        while admitted and admitted[0] <= now - self._limit.seconds:
            admitted.popleft()
        if len(admitted) >= self._limit.requests:
            retry_after = self._limit.retry_after
            raise throttled(
                self._limit.requests,
                self._limit.seconds,
                None if retry_after is None else math.ceil(retry_after),
            )
        admitted.append(now)
