"""Observer of a wait: receives progress and warnings."""

from typing import Protocol

from hssgate.reference import Reference


class Observer(Protocol):
    """Is told what happens while the gate waits."""

    tick_seconds: float

    def changed(self, reference: Reference, state: str, elapsed: float) -> None:
        """An image's state is now this one."""

    def detail(self, text: str, elapsed: float) -> None:
        """A poll or another request brought this, whether or not it changed anything."""

    def tick(self, elapsed: float) -> None:
        """Time passes; called at least every `tick_seconds` of a pause."""

    def advise(self, text: str, elapsed: float) -> None:
        """Something goes on that the caller can act on while the run waits."""

    def warn(self, text: str) -> None:
        """Something is odd."""
