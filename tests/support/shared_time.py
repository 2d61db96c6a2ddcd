"""Virtual time shared by many threads: a heap of wake-up times, with one thread awake at a time."""

import heapq
import itertools
import random
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from tests.support.fakes import START

T = TypeVar("T")

_BEGINNING = 1000.0  # on the monotonic clock
_STACK = 256 * 1024  # bytes; ten thousand threads have to fit


class SharedTime:
    """Virtual time for threads and generators: each runs until it waits, then the one with the earliest wake-up runs.

    The order is deterministic, because only one of them runs at a time.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, threading.Lock | Iterator[float]]] = []
        self._order = itertools.count()
        self._done = _closed()
        self._mine = threading.local()
        self._now = _BEGINNING

    @property
    def now(self) -> float:
        """The monotonic time of the running thread; it may be ahead of the others."""
        now: float = getattr(self._mine, "now", self._now)
        return now

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.now - _BEGINNING

    def epoch(self) -> float:
        return self.elapsed + START

    def start(self, work: Callable[[], None], after: float) -> None:
        """Start work in a thread of its own after a delay in seconds."""
        turn = _closed()
        begin = self._now + after

        def live() -> None:
            turn.acquire()
            self._mine.turn, self._mine.now = turn, begin
            work()
            self._go_on(None)

        before = threading.stack_size(_STACK)
        try:
            threading.Thread(target=live, daemon=True).start()
        finally:
            threading.stack_size(before)
        heapq.heappush(self._waiting, (begin, next(self._order), turn))

    def start_steps(self, steps: Iterator[float], after: float) -> None:
        """Start a generator after a delay in seconds; it yields the seconds to wait."""
        heapq.heappush(self._waiting, (self._now + after, next(self._order), steps))

    def run_ahead(self, seconds: float) -> None:
        """Advance the time of the calling thread; its next `sleep` waits until the others have caught up."""
        self._mine.now += max(seconds, 0.0)

    def sleep(self, seconds: float) -> None:
        """Wait in the calling thread, while the others run."""
        self.run_ahead(seconds)
        turn: threading.Lock = self._mine.turn
        heapq.heappush(self._waiting, (self._mine.now, next(self._order), turn))
        self._go_on(turn)

    def run(self) -> None:
        """Run until all work is done."""
        self._go_on(None)
        self._done.acquire()

    def _go_on(self, own: "threading.Lock | None") -> None:
        """Wake the next thread, and return when the caller is next; each thread waits on its own lock."""
        while self._waiting:
            moment, _, waiting = heapq.heappop(self._waiting)
            self._now = max(self._now, moment)
            if waiting is own:
                return
            if isinstance(waiting, Iterator):
                self._step(waiting)
                continue
            waiting.release()
            if own is not None:
                own.acquire()
            return
        self._done.release()

    def _step(self, steps: Iterator[float]) -> None:
        self._mine.now, before = self._now, getattr(self._mine, "now", self._now)
        seconds = next(steps, None)
        self._mine.now = before
        if seconds is not None:
            heapq.heappush(self._waiting, (self._now + seconds, next(self._order), steps))


class SharedClock:
    """Clock of one gate in shared time.

    Args:
        shared: the time.
        seed: of its chance.
    """

    def __init__(self, shared: SharedTime, seed: int) -> None:
        self._shared = shared
        self.uniform = random.Random(seed).uniform
        self.sleep = shared.run_ahead  # its sleep is not observable; its next call waits for the others
        self.epoch = shared.epoch
        self.on_wait: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self._shared.now

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        until = self._shared.now + within
        result = work()
        if self._shared.now > until:
            abandon()
            raise TimeoutError
        return result

    def interrupt(self, interruption: BaseException) -> None:
        raise interruption

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        for _ in range(workers):
            work()


def _closed() -> "threading.Lock":
    lock = threading.Lock()
    lock.acquire()
    return lock
