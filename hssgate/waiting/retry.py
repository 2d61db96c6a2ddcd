"""Retries: how long to pause, and until when."""

import math
from collections.abc import Callable
from typing import TypeVar

from hssgate.clock import Clock
from hssgate.errors import ApiUnavailable
from hssgate.waiting.observer import Observer
from hssgate.waiting.pacing import ADVICE_AFTER, LAST_POLL_LEAST, SERVER_FAULTS_IN_A_ROW, backoff_ceiling

T = TypeVar("T")


class Streak:
    """Failures in a row, and how many of the last ones are equal."""

    def __init__(self) -> None:
        self._kind: tuple[int | None, str] | None = None
        self._equal = 0
        self.failures = 0
        self.server_faults = 0

    def add(self, error: ApiUnavailable) -> None:
        """Count a failure in."""
        self.failures += 1
        self.server_faults = self.server_faults + 1 if error.server_fault else 0
        self._equal = self._equal + 1 if error.kind == self._kind else 1
        self._kind = error.kind

    def end(self) -> None:
        """Begin anew after an answer."""
        self._kind = None
        self._equal = self.failures = self.server_faults = 0

    @property
    def is_too_long(self) -> bool:
        """Whether there were more faults of the server in a row than are asked again."""
        return self.server_faults > SERVER_FAULTS_IN_A_ROW

    @property
    def calls_for_advice(self) -> bool:
        """Whether the last failure is the third equal one in a row."""
        return self._equal == ADVICE_AFTER


def advice_on(error: ApiUnavailable) -> str:
    """Return the line that says what to check while the same failure goes on."""
    return f"{ADVICE_AFTER} times in a row: {error.with_advice()}"


def retry_pause(error: ApiUnavailable, failures: int, clock: Clock) -> float:
    """Return the seconds to wait after a failure: what the server asked for, else full jitter below a rising ceiling.

    Args:
        error: what went wrong.
        failures: in a row, from 1.
        clock: for chance.
    """
    return clock.uniform(0, backoff_ceiling(failures)) if error.retry_after is None else error.retry_after


def pause_until(due: float, start: float, clock: Clock, observer: Observer) -> None:
    """Let time pass, telling the observer.

    Args:
        due: when to stop, on the monotonic clock.
        start: of the run, on the same clock.
        clock: whose time passes.
        observer: is told, at least every `tick_seconds`.
    """
    while (left := due - clock.monotonic()) > 0:
        clock.sleep(min(left, observer.tick_seconds))
        observer.tick(clock.monotonic() - start)


def until_answered(ask: Callable[[float], T], *, start: float, deadline: float, clock: Clock, observer: Observer) -> T:
    """Ask until there is an answer or no time is left; the last time shortly before the deadline.

    Args:
        ask: takes the seconds that are left, returns the answer.
        start: of the run, on the monotonic clock.
        deadline: on the same clock; where it is the start, there is one attempt, as long as a request may take.
        clock: time and chance.
        observer: is told what happens.

    Raises:
        ApiUnavailable: the last attempt failed.
        ApiRefused: asking again would not help.
    """
    streak = Streak()
    while True:
        left = deadline - clock.monotonic() if deadline > start else math.inf
        try:
            return ask(left)
        except ApiUnavailable as error:
            streak.add(error)
            last_attempt_at = deadline - min(LAST_POLL_LEAST, (deadline - start) / 2)
            if streak.is_too_long or clock.monotonic() >= last_attempt_at:
                raise error.with_advice() from None
            observer.detail(str(error), clock.monotonic() - start)
            if streak.calls_for_advice:
                observer.advise(advice_on(error), clock.monotonic() - start)
            pause = retry_pause(error, streak.failures, clock)
        pause_until(min(clock.monotonic() + pause, last_attempt_at), start, clock, observer)
