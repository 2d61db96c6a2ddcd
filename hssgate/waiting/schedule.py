"""Poll times: when a poll group is due next, how long its poll may take, which deadline is missed; reads no clock."""

import heapq
from collections.abc import Collection
from typing import Protocol, assert_never

from hssgate.durations import Deadline
from hssgate.settings import WaitSettings
from hssgate.waiting.pacing import last_poll_reserve
from hssgate.waiting.states import LIMITS, Limit, Pause, Stage

_USUAL_POLL = 5.0  # seconds in which nearly every poll has its answer
_LARGEST_SHARE = 4  # part of the time left, for one of very many polls


class Waiting(Protocol):
    """What the schedule needs to know of an image."""

    @property
    def stage(self) -> Stage:
        """The stage of its wait, which decides the deadline."""

    @property
    def pause(self) -> Pause:
        """When its next poll is due."""

    @property
    def appear_from(self) -> float | None:
        """When `--appear-timeout` began anew, if it did."""

    @property
    def settles_at(self) -> Collection[float]:
        """When results of it may have settled."""


class Schedule:
    """The times of one run; all moments are on one monotonic clock, and all else is seconds.

    Args:
        wait: deadlines and pauses.
        start: of the run; deadlines are counted from it.
        single_poll: for the one poll that a timeout of 0 leaves.
    """

    def __init__(self, wait: WaitSettings, *, start: float, single_poll: float) -> None:
        self.wait = wait
        self.start = start
        self._single_poll = single_poll
        self._limits = {
            Limit.APPEAR: Deadline(start, min(wait.appear_timeout, wait.timeout)),
            Limit.TIMEOUT: Deadline(start, wait.timeout),
        }
        self._slowest_poll = 0.0
        self._throttled_until = start

    def deadline(self, image: Waiting) -> Deadline:
        """Return the deadline of an image that runs at its stage."""
        limit = LIMITS[image.stage]
        if limit is Limit.APPEAR and image.appear_from is not None:
            left = self._limits[Limit.TIMEOUT].left(image.appear_from)
            return Deadline(image.appear_from, min(self.wait.appear_timeout, left))
        return self._limits[limit]

    def option_of_deadline(self, image: Waiting) -> str:
        """Return the option that sets the deadline of an image."""
        timeout = self._limits[Limit.TIMEOUT]
        left = timeout.seconds if image.appear_from is None else timeout.left(image.appear_from)
        is_appearing = LIMITS[image.stage] is Limit.APPEAR and self.wait.appear_timeout <= left
        return "--appear-timeout" if is_appearing else "--timeout"

    def is_missed(self, image: Waiting, now: float) -> bool:
        """Whether the deadline has come and no poll can be taken any more; a timeout of 0 leaves one."""
        deadline = self.deadline(image)
        return deadline.seconds > 0 and deadline.is_over(now)

    def note_poll(self, seconds: float) -> None:
        """Take in how long a poll took."""
        self._slowest_poll = max(self._slowest_poll, seconds)

    def throttle(self, until: float) -> None:
        """Let no poll be due before a moment, but for the last ones before a deadline."""
        self._throttled_until = max(self._throttled_until, until)

    def last_poll_at(self, image: Waiting, polls: int) -> float:
        """Return when the last poll is due, so that its answer is there at the deadline.

        Args:
            image: that is polled.
            polls: how many are to be taken one after the other.
        """
        deadline = self.deadline(image)
        return deadline.at - last_poll_reserve(self._slowest_poll, polls, deadline.seconds)

    def next_poll(self, images: Collection[Waiting], now: float, pause: float, polls: int) -> float:
        """Return when images that share a request are polled next.

        Args:
            images: those still open.
            now: the present.
            pause: until the next poll, where nothing calls for an earlier one.
            polls: how many are to be taken one after the other before a deadline.
        """
        dues = (min(self._due(image, now, pause), self.last_poll_at(image, polls)) for image in images)
        return self.put_off(min(dues, default=now), images, polls)

    def put_off(self, due: float, images: Collection[Waiting], polls: int) -> float:
        """Return when a poll is due that was due at a moment: not while throttling lasts, but for the last polls."""
        if due >= self._throttled_until:
            return due
        return min([self._throttled_until, *(self.last_poll_at(image, polls) for image in images)])

    def time_for(self, images: Collection[Waiting], now: float, polls: int) -> float:
        """Return the seconds that a poll may take.

        The time until the first deadline is divided among all polls to come, so that one request without an answer
        does not take the time of all. Where there are very many, a share would be too short for any answer; most polls
        take far less than theirs. So each may take a few seconds, but never more than a quarter of the time that is
        left: however many requests hang, one after the other, some of it is left for the next.

        Args:
            images: that are polled.
            now: the present.
            polls: how many are to be taken one after the other.
        """
        moments = [deadline.at for image in images if (deadline := self.deadline(image)).seconds > 0]
        if not moments:
            return self._single_poll
        left = min(moments) - now
        return max(left / polls, min(left / _LARGEST_SHARE, _USUAL_POLL))

    def _due(self, image: Waiting, now: float, pause: float) -> float:
        """Return when an image is due: after the pause, or when a result may have settled."""
        settles = [max(at, now + self.wait.interval) for at in image.settles_at]
        match image.pause:
            case Pause.RETRY:
                return now + pause
            case Pause.PACED:
                return min([now + pause, *settles])
            case Pause.SETTLE:
                return min([now + self.wait.max_interval, *settles])
            case unreachable:
                assert_never(unreachable)


class DueTimes:
    """When each of several things is due, the first one first.

    A heap: with thousands of images, a walk through all at each poll would cost more than the polls.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, number: int, due: float) -> None:
        """Add one by its number."""
        heapq.heappush(self._heap, (due, number))

    @property
    def first(self) -> float:
        """When the first one is due; there must be one."""
        return self._heap[0][0]

    def are_several_due(self, now: float) -> bool:
        """Whether more than one is due."""
        # The two least entries of a heap are among its first three.
        return sum(due <= now for due, _ in self._heap[:3]) > 1

    def take(self, now: float) -> int | None:
        """Remove and return the first one that is due, None where none is."""
        if self._heap and self.first <= now:
            return heapq.heappop(self._heap)[1]
        return None

    def take_all(self) -> list[tuple[float, int]]:
        """Remove and return all, each as the moment and its number."""
        taken, self._heap = self._heap, []
        return taken
