"""How often one key may ask."""

import math
from collections import deque

from hssgate.emulator.model import RateLimit
from hssgate.emulator.refusals import throttled


class Throttle:
    """The requests of each key within the span of the limit.

    Args:
        limit: None: as often as one likes.
    """

    def __init__(self, limit: RateLimit | None) -> None:
        self._limit = limit
        self._admitted: dict[str, deque[float]] = {}

    def admit(self, key: str, now: float) -> None:
        """Count a request.

        Args:
            key: who asks.
            now: epoch seconds.

        Raises:
            Refusal: 429 APIGW.0308; the request does not count then.
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
