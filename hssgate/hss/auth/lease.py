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

_EARLY = 600.0  # seconds before expiry at which a renewal is due
_EARLY_SHARE = 0.25  # or this share of the lifetime, if that is less
_PAUSE = 30.0  # seconds between two attempts at renewal, while the old credential is still valid


@record
class Issued(Generic[T]):
    """A newly issued credential.

    Args:
        value: the credential.
        seconds: until it expires.
    """

    value: T
    seconds: float


class Lease(Generic[T]):
    """A cached credential that is renewed before it expires. Thread-safe.

    Args:
        obtain: takes a time limit in seconds, returns a new credential.
        clock: for the expiry times.
        what: name of the credential in messages.
        warn: called with a line if a renewal was refused and the old credential is still used.
        log: called with a line about each exchange.
    """

    def __init__(
        self,
        obtain: Callable[[float], Issued[T]],
        clock: Clock,
        *,
        what: str,
        warn: Callable[[str], None],
        log: Callable[[str], None],
    ) -> None:
        self._obtain = obtain
        self._clock = clock
        self._what = what
        self._warn = warn
        self._log = log
        self._lock = threading.Lock()
        self._held: T | None = None
        self._renew_at = self._ends_at = 0.0
        self._refusal: ApiRefused | None = None

    @property
    def value(self) -> T:
        """The credential; call `prepare` first."""
        if self._held is None:
            raise RuntimeError(f"{self._what}: nothing was obtained")
        return self._held

    def prepare(self, within: float) -> None:
        """Obtain or renew the credential if it is due.

        Args:
            within: time limit of an exchange in seconds.

        Raises:
            ApiUnavailable: there is no valid credential, and the exchange failed for now.
            ApiRefused: there is no valid credential, and the exchange was refused.
        """
        # A refusal is final: the issuer may lock the identity after repeated failures, so it is never asked again. The
        # old credential stays in use until it expires. A failure that may pass is retried after a pause, not at every
        # poll. The lock makes concurrent requests wait for one exchange instead of each starting its own.
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
                self._log(f"{self._what} could not be renewed yet: {failure}")

    def _take(self, issued: Issued[T]) -> None:
        now = self._clock.monotonic()
        self._held = issued.value
        self._ends_at = now + issued.seconds
        self._renew_at = self._ends_at - min(_EARLY, issued.seconds * _EARLY_SHARE)
        self._log(f"{self._what} obtained, for {self._left()}")

    def _left(self) -> str:
        return format_duration(max(self._ends_at - self._clock.monotonic(), 0.0))


def seconds_left(ends_at: float, response: Response, clock: Clock) -> float:
    """Return the seconds until a credential expires, by the server's clock if the response has it, else by ours.

    Args:
        ends_at: expiry time in epoch seconds.
        response: of the issuer.
        clock: the local clock.
    """
    now = clock.epoch() if response.server_time is None else response.server_time
    return max(ends_at - now, 0.0)
