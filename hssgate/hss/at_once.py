"""Runs a function over items in at most eight threads, and takes no more items after the first failure."""

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
    """Process items in several threads, until none is left or one has failed.

    Only `ask` runs concurrently; `take` and `keep` share a lock, so they may change shared state. After a failure no
    further item is taken, but responses in flight are still kept. After an interrupt none is kept, so that no state
    changes after the caller has moved on.

    Args:
        take: returns the next item, or None if there is none for now.
        ask: sends the request of an item, returns its result.
        keep: called with an item and its result.
        clock: runs the threads.
        most: number of threads, limited to `CALLS_AT_ONCE`.

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
        clock.call_in_threads(work, workers=min(most, CALLS_AT_ONCE))
    finally:
        with lock:
            is_over = True
    if failures:
        raise failures[0]
