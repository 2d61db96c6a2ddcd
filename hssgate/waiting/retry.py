"""Retries: failures in a row, how long to pause after one, and when to give up."""

import math
from collections.abc import Callable
from typing import TypeVar

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiUnavailable
from hssgate.waiting.observer import Observer
from hssgate.waiting.pacing import LAST_POLL_LEAST

T = TypeVar("T")

BACKOFF_FIRST = 2.0  # seconds
BACKOFF_LONGEST = 60.0
SERVER_FAULTS_IN_A_ROW = 5
ADVICE_AFTER = 3  # equal failures in a row


class Failures:
    """Failures in a row of one request that is repeated."""

    def __init__(self) -> None:
        self._kind: tuple[int | None, str] | None = None
        self._equal = 0
        self._server_faults = 0
        self.count = 0

    def add(self, error: ApiUnavailable, clock: Clock) -> float:
        """Count a failure, and return the seconds to wait before the next attempt.

        That is what the server asked for, else full jitter below a rising ceiling.

        Args:
            error: what went wrong.
            clock: for random numbers.
        """
        self.count += 1
        self._server_faults = self._server_faults + 1 if error.server_fault else 0
        self._equal = self._equal + 1 if error.kind == self._kind else 1
        self._kind = error.kind
        return clock.uniform(0, backoff_ceiling(self.count)) if error.retry_after is None else error.retry_after

    def end(self) -> None:
        """Begin anew after an answer."""
        self._kind = None
        self._equal = self.count = self._server_faults = 0

    @property
    def are_too_many(self) -> bool:
        """Whether there were more faults of the server in a row than are asked again."""
        return self._server_faults > SERVER_FAULTS_IN_A_ROW

    @property
    def call_for_advice(self) -> bool:
        """Whether the last failure is the third equal one in a row."""
        return self._equal == ADVICE_AFTER


def backoff_ceiling(failures: int) -> float:
    """Return the longest pause after so many failures in a row (from 1): doubling, for full jitter below it."""
    return float(min(BACKOFF_FIRST * 2 ** min(failures - 1, 10), BACKOFF_LONGEST))


def advice_on(error: ApiUnavailable) -> str:
    """Return the line that says what to check while the same failure goes on."""
    return f"{ADVICE_AFTER} times in a row: {error.with_advice()}"


def pause_until(due: float, start: float, clock: Clock, observer: Observer) -> None:
    """Let time pass, and show that it does.

    Args:
        due: when to stop, on the monotonic clock.
        start: of the run, on the same clock.
        clock: whose time passes.
        observer: is called at least every `tick_seconds`.
    """
    while (left := due - clock.monotonic()) > 0:
        clock.sleep(min(left, observer.tick_seconds))
        observer.tick(clock.monotonic() - start)


def until_answered(ask: Callable[[float], T], *, deadline: Deadline, clock: Clock, observer: Observer) -> T:
    """Ask until there is an answer or no time is left; the last time shortly before the deadline.

    Args:
        ask: takes the seconds that are left, returns the answer.
        deadline: from the start of the run; where it allows 0 seconds, there is one attempt, as long as a request may
            take.
        clock: time and random numbers.
        observer: receives progress and advice.

    Raises:
        ApiUnavailable: the last attempt failed.
        ApiRefused: asking again would not help.
    """
    failures = Failures()
    last_attempt_at = deadline.at - min(LAST_POLL_LEAST, deadline.seconds / 2)
    while True:
        try:
            return ask(deadline.left(clock.monotonic()) if deadline.seconds > 0 else math.inf)
        except ApiUnavailable as error:
            failed_at = clock.monotonic()
            pause = failures.add(error, clock)
            if failures.are_too_many or failed_at >= last_attempt_at:
                raise error.with_advice() from None
            observer.detail(str(error), failed_at - deadline.start)
            if failures.call_for_advice:
                observer.advise(advice_on(error), failed_at - deadline.start)
        pause_until(min(clock.monotonic() + pause, last_attempt_at), deadline.start, clock, observer)
