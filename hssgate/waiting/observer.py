"""Observer of a wait: receives progress and warnings."""

from collections.abc import Callable
from typing import Protocol

from hssgate.reference import Reference


class Observer(Protocol):
    """Receives what happens while the gate waits.

    Attributes:
        tick_seconds: how often it wants to be called in a pause.
        time_left: set while images are polled; returns the seconds until the last deadline of those still open.
    """

    tick_seconds: float
    time_left: Callable[[], float] | None

    def changed(self, reference: Reference, state: str, elapsed: float) -> None:
        """An image's state is now this one."""

    def detail(self, text: str, elapsed: float) -> None:
        """The result of a poll or of another request."""

    def tick(self, elapsed: float) -> None:
        """Time passes; called at least every `tick_seconds` of a pause."""

    def advise(self, text: str, elapsed: float) -> None:
        """A failure goes on; `text` says what the caller can check."""

    def warn(self, text: str) -> None:
        """A warning."""
