"""Caches a short-lived credential and renews it before it expires; never repeats a refused exchange."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.exchange import Response
from hssgate.record import record

T = TypeVar("T")

_EARLY = 600.0  # seconds before its end that a renewal is due
_EARLY_SHARE = 0.25  # of its life, where that is less
_PAUSE = 30.0  # seconds between two attempts at a renewal, while what is held still serves


@record
class Issued(Generic[T]):
    """Something that ends.

    Args:
        value: what was issued.
        seconds: of its life that were left when it came.
    """

    value: T
    seconds: float


class Lease(Generic[T]):
    """Holds what was issued, and renews it in time.

    Args:
        obtain: takes the seconds that it may last, returns something new.
        clock: for the ends.
        what: is held, in words.
        warn: called with a line where a renewal failed and what is held goes on.
        say: called with a line about each exchange.
    """

    def __init__(
        self,
        obtain: Callable[[float], Issued[T]],
        clock: Clock,
        *,
        what: str,
        warn: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        self._obtain = obtain
        self._clock = clock
        self._what = what
        self._warn = warn
        self._say = say
        self._lock = threading.Lock()
        self._held: T | None = None
        self._renew_at = self._ends_at = 0.0
        self._refusal: ApiRefused | None = None

    @property
    def value(self) -> T:
        """What is held; `prepare` comes first."""
        if self._held is None:
            raise RuntimeError(f"{self._what}: nothing was obtained")
        return self._held

    def prepare(self, within: float) -> None:
        """See to it that what is held serves a while longer.

        Args:
            within: seconds that an exchange may last.

        Raises:
            ApiUnavailable: nothing that serves is held, and the exchange failed for now.
            ApiRefused: nothing that serves is held, and the exchange was refused.
        """
        with self._lock:
            if self._held is not None and self._clock.monotonic() < self._renew_at:
                return
            serves = self._held is not None and self._clock.monotonic() < self._ends_at
            if self._refusal is not None:
                if serves:
                    return
                raise self._refusal
            try:
                self._take(self._obtain(within))
            except ApiRefused as refusal:
                self._refusal = refusal
                if not serves:
                    raise
                self._warn(f"{self._what} could not be renewed and will serve {self._left()} longer: {refusal}")
            except ApiUnavailable as failure:
                if not serves:
                    raise
                self._renew_at = self._clock.monotonic() + _PAUSE
                self._say(f"{self._what} could not be renewed yet: {failure}")

    def _take(self, issued: Issued[T]) -> None:
        now = self._clock.monotonic()
        self._held = issued.value
        self._ends_at = now + issued.seconds
        self._renew_at = self._ends_at - min(_EARLY, issued.seconds * _EARLY_SHARE)
        self._say(f"{self._what} obtained, for {self._left()}")

    def _left(self) -> str:
        return format_duration(max(self._ends_at - self._clock.monotonic(), 0.0))


def seconds_left(ends_at: float, response: Response, clock: Clock) -> float:
    """Return the seconds until a moment of the server's clock as in the answer; without one, of our own.

    Args:
        ends_at: epoch seconds.
        response: that named the moment.
        clock: our own.
    """
    now = clock.epoch() if response.server_time is None else response.server_time
    return max(ends_at - now, 0.0)
