"""Observer of a wait: receives progress and warnings."""

from typing import Protocol

from hssgate.reference import Reference


class Observer(Protocol):
    """Receives what happens while the gate waits."""

    tick_seconds: float

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
