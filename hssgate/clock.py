"""Time and randomness: the only module that uses `time` and `random`, so that tests can replace both."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from hssgate.errors import Interrupted

T = TypeVar("T")

_GLANCE = 1.0  # seconds of a wait after which `on_wait` is called


def _nothing() -> None:
    """Fill no silence."""


class Clock(Protocol):
    """What the gate asks of the outside world besides HTTP.

    `on_wait` is called now and then while `call` waits, so that a long silence can be filled.
    """

    on_wait: Callable[[], None]

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def epoch(self) -> float:
        """Return seconds since the epoch, as this machine believes."""

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass."""

    def uniform(self, low: float, high: float) -> float:
        """Return a random number from low to high."""

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        """Return what the work returns, or raise what it raises.

        Args:
            work: the callable; it may block in any way.
            within: seconds after which it is given up, also while it blocks.
            abandon: called when it is given up, to free what the work holds.

        Raises:
            TimeoutError: the work took longer.
        """

    def interrupt(self, interruption: Interrupted) -> None:
        """End the wait under way, or else the next one; to be called from a signal handler."""

    def together(self, work: Callable[[], None], *, workers: int) -> None:
        """Return when all of several callers of the same work have come back from it.

        Args:
            work: safe to be called by several threads at once; it ends in bounded time and raises nothing.
            workers: how many call it.
        """


class SystemClock:
    """The real thing; a signal handler may end its waits, and nothing else, by `interrupt`."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._interruption: Interrupted | None = None
        self._is_waiting = False
        self.on_wait: Callable[[], None] = _nothing

    monotonic = staticmethod(time.monotonic)
    epoch = staticmethod(time.time)

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass.

        Raises:
            Interrupted: a signal came.
        """
        with self._waiting():
            time.sleep(seconds)

    def uniform(self, low: float, high: float) -> float:
        """Return a random number from low to high."""
        return self._random.uniform(low, high)

    def interrupt(self, interruption: Interrupted) -> None:
        """End the wait under way, or else the next one; to be called from a signal handler."""
        self._interruption = interruption
        if self._is_waiting:
            raise interruption

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        """Run the work in a thread: a name look-up or a trickling answer heeds no timeout of its own.

        Raises:
            TimeoutError: the work took longer; its thread ends on its own once `abandon` freed it.
            Interrupted: a signal came.
        """
        outcomes: list[T] = []
        failures: list[BaseException] = []
        finished = threading.Event()

        def run() -> None:
            try:
                outcomes.append(work())
            except BaseException as failure:  # noqa: BLE001 - handed on to the caller below
                failures.append(failure)
            finally:
                finished.set()

        if self._interruption:
            raise self._interruption
        # A signal must not tear a thread's start apart: it is heeded in the wait.
        threading.Thread(target=run, name="hssgate-request", daemon=True).start()
        try:
            with self._waiting():
                in_time = self._await(finished, within)
        except BaseException:  # the work must not go on behind the caller's back
            abandon()
            raise
        if not in_time:
            abandon()
            raise TimeoutError
        if failures:
            raise failures.pop()  # kept in the list it would keep itself, and what its frames hold
        return outcomes.pop()

    def _await(self, finished: threading.Event, within: float) -> bool:
        deadline = self.monotonic() + within
        while not finished.wait(max(min(deadline - self.monotonic(), _GLANCE), 0.0)):
            if self.monotonic() >= deadline:
                return False
            if threading.current_thread() is threading.main_thread():
                self.on_wait()
        return True

    def together(self, work: Callable[[], None], *, workers: int) -> None:
        """Run the work in threads.

        Raises:
            Interrupted: a signal came; the threads end on their own.
        """
        threads = [threading.Thread(target=work, name="hssgate-worker", daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        with self._waiting():
            for thread in threads:
                while thread.is_alive():
                    thread.join(_GLANCE)
                    if thread.is_alive() and threading.current_thread() is threading.main_thread():
                        self.on_wait()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # signals come to the main thread alone
            return
        self._is_waiting = True
        try:
            if self._interruption:
                raise self._interruption
            yield
        finally:
            self._is_waiting = False
