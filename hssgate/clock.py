"""Clock and random numbers of the gate, so that tests can replace both; beside it only the emulator uses `time`."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from hssgate.errors import Interrupted

T = TypeVar("T")

_TICK = 1.0  # seconds between two calls of `on_wait` during a wait


def _nothing() -> None:
    """Do nothing."""


class Clock(Protocol):
    """Time, randomness and threads of the gate; `on_wait` is called about once a second while `call` waits."""

    on_wait: Callable[[], None]

    def monotonic(self) -> float:
        """Return seconds of a clock that never runs backwards."""

    def epoch(self) -> float:
        """Return seconds since the epoch by the clock of this machine."""

    def sleep(self, seconds: float) -> None:
        """Wait for the seconds to pass."""

    def uniform(self, low: float, high: float) -> float:
        """Return a random number from low to high."""

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        """Call the work, return its result or raise its exception.

        Args:
            work: a callable, which may block.
            within: seconds after which the work is abandoned, even while it blocks.
            abandon: called if the work is abandoned, to free its resources.

        Raises:
            TimeoutError: the work took longer.
        """

    def interrupt(self, interruption: Interrupted) -> None:
        """End the current wait, or the next one if there is none; called by a signal handler."""

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        """Call the work in several threads and return when all calls have returned.

        Args:
            work: a thread-safe callable that ends in bounded time and raises nothing.
            workers: number of threads.
        """


class SystemClock:
    """Clock of the operating system.

    A signal handler calls `interrupt`, which raises only inside a wait. Anywhere else an exception could leave a lock
    held or a file half written, so there it takes effect at the next wait.
    """

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._interruption: Interrupted | None = None
        self._is_waiting = False
        self.on_wait: Callable[[], None] = _nothing

    monotonic = staticmethod(time.monotonic)
    epoch = staticmethod(time.time)

    def sleep(self, seconds: float) -> None:
        """Wait for the seconds to pass.

        Raises:
            Interrupted: a signal arrived.
        """
        with self._waiting():
            time.sleep(seconds)

    def uniform(self, low: float, high: float) -> float:
        """Return a random number from low to high."""
        return self._random.uniform(low, high)

    def interrupt(self, interruption: Interrupted) -> None:
        """End the current wait, or the next one if there is none; called by a signal handler."""
        self._interruption = interruption
        if self._is_waiting:
            raise interruption

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        """Call the work in a thread.

        A DNS look-up, or a response that arrives byte by byte, has no timeout for the whole of it.

        Raises:
            TimeoutError: the work took longer; its thread ends by itself once `abandon` has freed its resources.
            Interrupted: a signal arrived.
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
        # Outside of `_waiting`: an exception raised in the middle of `start` could leave the thread half started.
        threading.Thread(target=run, name="hssgate-request", daemon=True).start()
        try:
            with self._waiting():
                in_time = self._await(finished, within)
        except BaseException:  # otherwise the work would continue after its caller has gone on
            abandon()
            raise
        if not in_time:
            abandon()
            raise TimeoutError
        if failures:
            raise failures.pop()  # left in the list, it would form a cycle with its traceback and keep its frames alive
        return outcomes.pop()

    def _await(self, finished: threading.Event, within: float) -> bool:
        deadline = self.monotonic() + within
        while not finished.wait(max(min(deadline - self.monotonic(), _TICK), 0.0)):
            if self.monotonic() >= deadline:
                return False
            if threading.current_thread() is threading.main_thread():
                self.on_wait()
        return True

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        """Call the work in threads.

        Raises:
            Interrupted: a signal arrived; the threads end by themselves.
        """
        threads = [threading.Thread(target=work, name="hssgate-worker", daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        with self._waiting():
            for thread in threads:
                while thread.is_alive():
                    thread.join(_TICK)
                    if thread.is_alive() and threading.current_thread() is threading.main_thread():
                        self.on_wait()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # Python runs signal handlers in the main thread only
            return
        self._is_waiting = True
        try:
            if self._interruption:
                raise self._interruption
            yield
        finally:
            self._is_waiting = False
