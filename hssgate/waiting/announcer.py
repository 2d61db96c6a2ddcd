"""What is shown while images are polled: changes of state, results of polls, and each note and advice once."""

from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiUnavailable
from hssgate.waiting.image import ImageState
from hssgate.waiting.observer import Observer
from hssgate.waiting.poll_group import OpenGroup
from hssgate.waiting.retry import advice_on


class Announcer:
    """Passes on to the observer what is new.

    Args:
        observer: receives it.
        clock: for the time since the start of the run.
        start: of the run, on the monotonic clock.
    """

    def __init__(self, observer: Observer, clock: Clock, start: float) -> None:
        self._observer = observer
        self._clock = clock
        self._start = start
        self._noted: set[str] = set()
        self._advised: set[tuple[int | None, str]] = set()

    def change(self, image: ImageState) -> None:
        """Show the state of an image if it is another than before, and what of it calls for a warning."""
        for warning in image.new_warnings():
            self._observer.warn(warning)
        if image.has_new_state():
            self._observer.changed(image.reference, image.state, self._elapsed)

    def poll(self, group: OpenGroup, result: str) -> None:
        """Show the result of a poll, and when the next one is due."""
        pause = format_duration(max(group.due - self._clock.monotonic(), 0.0))
        self._observer.detail(f"{result}; " + (f"next look in {pause}" if group.open else "done"), self._elapsed)
        self._observer.tick(self._elapsed)

    def note(self, note: str) -> None:
        """Show a note, unless it was shown before."""
        if note not in self._noted:
            self._noted.add(note)
            self._observer.detail(note, self._elapsed)

    def advise(self, error: ApiUnavailable) -> None:
        """Show what to check while an error goes on, once for errors of a kind."""
        if error.kind not in self._advised:
            self._advised.add(error.kind)
            self._observer.advise(advice_on(error), self._elapsed)

    @property
    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._start
