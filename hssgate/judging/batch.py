"""Asks for many items several at a time, until all are answered or no time is left."""

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiRefused, ApiUnavailable, RequestRefused, ResponseTooLarge
from hssgate.hss.at_once import ask_at_once
from hssgate.waiting.observer import Observer
from hssgate.waiting.retry import Failures, pause_until

Item = TypeVar("Item", bound=Hashable)
Answer = TypeVar("Answer")

_TRIES = 3  # for an item that fails while others are answered


class _Throttled(Exception):
    """All items pause."""


class Batch(Generic[Item, Answer]):
    """Items to be asked for.

    A throttled call pauses all of them. An item that fails otherwise is asked for again when the others have been, a
    few times. What was refused for one item is not asked for again for another of its call.

    Args:
        items: each once.
        ask: returns the answer for an item.
        call: returns what call an item needs.
        refused: by call, why it need not be tried again; more is added.
        clock: time and random numbers.
        observer: receives progress.
    """

    def __init__(
        self,
        items: Iterable[Item],
        ask: Callable[[Item], Answer],
        call: Callable[[Item], object],
        *,
        refused: dict[object, ApiRefused],
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._waiting = deque(items)
        self._ask = ask
        self._call = call
        self._refused = refused
        self._clock = clock
        self._observer = observer
        self._again: deque[Item] = deque()
        self._tries = Counter[Item]()
        self._failed: dict[Item, ApiError] = {}
        self._finished = 0
        self._last: ApiUnavailable | None = None  # failure of this round

    def run(self, keep: Callable[[Item, Answer], None], deadline: Deadline, *, at_once: int) -> dict[Item, ApiError]:
        """Ask for all of them.

        Args:
            keep: called with each item and its answer, never by two threads at once.
            deadline: until when to ask.
            at_once: how many are asked for side by side.

        Returns:
            The items without an answer, each with the reason.

        Raises:
            Interrupted: a signal came; answers so far are kept.
        """

        def keep_answer(item: Item, answer: Answer | None) -> None:
            if answer is not None:
                self._finished += 1
                keep(item, answer)

        late = ApiUnavailable(f"there was no answer within {deadline.seconds:.0f} seconds")
        failures = Failures()
        while self._waiting and not deadline.is_over(self._clock.monotonic()):
            before, self._last = self._finished, None
            with contextlib.suppress(_Throttled):
                ask_at_once(self._take, self._attempt, keep_answer, self._clock, most=at_once)
            if self._last is not None:
                if self._finished > before:
                    failures.end()
                due = self._clock.monotonic() + failures.add(self._last, self._clock)
                if deadline.is_over(due):
                    late = self._last
                    break
                pause_until(due, deadline.start, self._clock, self._observer)
            if not self._waiting:
                self._waiting, self._again = self._again, deque()
        return self._failed | dict.fromkeys([*self._waiting, *self._again], late)

    def _take(self) -> Item | None:
        return self._waiting.popleft() if self._waiting else None

    def _attempt(self, item: Item) -> Answer | None:
        """Return the answer, or None where the item is given up."""
        call = self._call(item)
        if call in self._refused:
            self._failed[item] = self._refused[call]
            return None
        try:
            return self._ask(item)
        except (ApiRefused, ResponseTooLarge) as error:
            self._failed[item] = error.without_frames()
            if isinstance(error, ApiRefused) and not isinstance(error, RequestRefused):
                self._refused[call] = error.without_frames()
            return None
        except ApiUnavailable as error:
            self._last = error
            if error.throttled:
                self._waiting.append(item)
                raise _Throttled from None
            self._tries[item] += 1
            if self._tries[item] < _TRIES:
                self._again.append(item)
            else:
                self._failed[item] = error.without_frames()
            return None
