"""Progress output while the gate waits: a line per change, a heartbeat in a log, a status line on a terminal."""

from collections.abc import Callable

from hssgate.cli.console import Console
from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.reference import Reference

_HEARTBEAT = 30.0  # seconds without output in a log; a request in flight can delay it by 30 s more


class Progress:
    """Observer of the poller that prints to the console.

    Args:
        console: prints the lines.
        clock: for the time since the last line.
    """

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._states: dict[Reference, str] = {}
        self._spoke_at = clock.monotonic()
        self.warned: list[str] = []
        self.time_left: Callable[[], float] | None = None
        self.tick_seconds = 1.0 if console.is_live else _HEARTBEAT

    def changed(self, reference: Reference, state: str, elapsed: float) -> None:
        """Print a line for an image's new state."""
        self._states[reference] = state
        self._spoke_at = self._clock.monotonic()
        self._console.progress(f"[{format_duration(elapsed):>6}] {reference.text}: {state}")

    def detail(self, text: str, elapsed: float) -> None:
        """Print the result of one request, with -v."""
        self._console.detail(f"[{format_duration(elapsed):>6}] {text}")

    def tick(self, elapsed: float) -> None:
        """Show that the gate is alive."""
        if self._console.is_live:
            left = f", {format_duration(self.time_left())} left" if self.time_left else ""
            self._console.live(f"[{format_duration(elapsed):>6}{left}] {self._summary()}")
        elif self._clock.monotonic() - self._spoke_at >= _HEARTBEAT:
            self._spoke_at = self._clock.monotonic()
            self._console.progress(f"[{format_duration(elapsed):>6}] still waiting: {self._summary()}")

    def advise(self, text: str, elapsed: float) -> None:
        """Print advice at once, as progress and not as a warning: the problem may pass before the end."""
        self._spoke_at = self._clock.monotonic()
        self._console.progress(f"[{format_duration(elapsed):>6}] {text}")

    def warn(self, text: str) -> None:
        """Print a warning at once; it is not repeated at the end."""
        self.warned.append(text)
        self._console.warning(text)

    def _summary(self) -> str:
        counts: dict[str, int] = {}
        for state in self._states.values():
            counts[state] = counts.get(state, 0) + 1
        if len(self._states) == 1:
            return "".join(f"{reference.text}: {state}" for reference, state in self._states.items())
        return ", ".join(f"{count} {state}" for state, count in counts.items())
