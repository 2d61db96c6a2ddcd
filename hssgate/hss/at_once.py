"""Several requests at once: a bounded number of threads that take what is left to ask."""

import threading
from collections.abc import Callable
from typing import TypeVar

from hssgate.clock import Clock

CALLS_AT_ONCE = 8

Item = TypeVar("Item")
Value = TypeVar("Value")


def ask_at_once(
    take: Callable[[], Item | None],
    ask: Callable[[Item], Value],
    keep: Callable[[Item, Value], None],
    clock: Clock,
    *,
    most: int,
) -> None:
    """Ask for one item after another in several threads, until none is left or one has failed.

    Only `ask` runs in several threads at once; `take` and `keep` share a lock, so they may change common state. After
    a failure no item is taken any more; answers under way are still kept. After an interrupt none is kept, so that
    nothing changes behind the caller's back.

    Args:
        take: returns the next item, or None where there is none for now.
        ask: returns the answer for an item.
        keep: called with the item and its answer.
        clock: runs the threads.
        most: threads, at most `CALLS_AT_ONCE` of them.

    Raises:
        BaseException: the first that one of the callables raised.
    """
    lock = threading.Lock()
    failures: list[BaseException] = []
    is_over = False

    def work() -> None:
        try:
            while (item := next_item()) is not None:
                response = ask(item)
                with lock:
                    if not is_over:
                        keep(item, response)
        except BaseException as failure:  # noqa: BLE001 - raised below, in the caller's thread
            failures.append(failure)

    def next_item() -> Item | None:
        with lock:
            return None if failures or is_over else take()

    try:
        clock.together(work, workers=min(most, CALLS_AT_ONCE))
    finally:
        with lock:
            is_over = True
    if failures:
        raise failures[0]
