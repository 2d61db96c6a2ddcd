"""Virtual clock: time passes only while something waits."""

import heapq
import random
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

START = 1_790_000_000.0  # 2026-09-21T14:13:20Z


class FakeClock:
    """Virtual time.

    Args:
        seed: of chance.
        epoch: the present at the start, in seconds; monotonic time starts at 1000.
    """

    def __init__(self, seed: int = 0, epoch: float = START) -> None:
        self._random = random.Random(seed)
        self._now = 1000.0
        self._epoch_offset = epoch - self._now
        self._alarms: list[tuple[float, BaseException]] = []
        self.rang: list[BaseException] = []
        self._interruption: BaseException | None = None
        self.slept: list[float] = []
        self.given_up = 0  # calls that took longer than they were given
        self.on_wait: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self._now

    def epoch(self) -> float:
        return self._now + self._epoch_offset

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._heed()
        self.pass_time(seconds)
        self._heed()

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        """Run the work at once; if it takes longer than `within`, set the time back to that deadline and raise."""
        began = self._now
        self._heed()
        try:
            result = work()
        except BaseException as raised:
            if self._now - began > within and self.rang[-1:] == [raised]:  # it was given up before the alarm rang
                heapq.heappush(self._alarms, (self._now, self.rang.pop()))
            self._give_up_if_late(began, within, abandon)
            raise
        self._give_up_if_late(began, within, abandon)
        self._heed()
        return result

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        """Run the work once for each worker, one after the other."""
        for _ in range(workers):
            work()

    def _heed(self) -> None:
        if self._interruption is not None:
            raise self._interruption

    def _give_up_if_late(self, began: float, within: float, abandon: Callable[[], None]) -> None:
        if self._now - began > within:
            self._now = began + within
            self.given_up += 1
            abandon()
            raise TimeoutError

    def pass_time(self, seconds: float) -> None:
        """Let time pass, up to the first alarm."""
        until = self._now + seconds
        if self._alarms and self._alarms[0][0] <= until:
            moment, alarm = heapq.heappop(self._alarms)
            self.rang.append(alarm)
            self._now = max(self._now, moment)
            raise alarm
        self._now = until

    def interrupt(self, interruption: BaseException) -> None:
        """Raise the exception in the current or next wait, and in all later ones."""
        self._interruption = interruption

    def ring(self, after: float, alarm: BaseException) -> None:
        """Raise the exception after this many seconds."""
        heapq.heappush(self._alarms, (self._now + after, alarm))
