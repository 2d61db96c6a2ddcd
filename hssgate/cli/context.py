"""RunContext: clock, HTTP, signals, environment and console of a command, which tests replace."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path

from hssgate.cli.console import Console
from hssgate.cli.signals import Signals
from hssgate.clock import Clock, SystemClock
from hssgate.errors import Interrupted, Misused
from hssgate.files import PATIENCE
from hssgate.hss.http import HttpClient, open_http
from hssgate.hss.secret import Secret
from hssgate.record import record

_PATIENCE_AFTER_SIGNAL = 1.0  # seconds for a silent reader: whoever sent the signal soon kills the process


@record
class RunContext:
    """The outside world of a command; tests replace all of it here.

    Args:
        clock: time and random numbers.
        open_http: makes an HTTP client from scheme and host, an optional CA bundle and an optional proxy.
        signals: signal handling.
        environ: the environment variables.
        console: output.
    """

    clock: Clock
    open_http: Callable[[str, Path | None, Secret | None], HttpClient]
    signals: Signals
    environ: Mapping[str, str]
    console: Console = field(default_factory=Console)

    def interruptible(self) -> AbstractContextManager[None]:
        """Let the first signal interrupt the clock's waits; a second one ends the process at once."""
        return self.signals.heeded(lambda code: self.clock.interrupt(Interrupted(code)))


def real_context(signals: Signals) -> RunContext:
    """Return the context of a real run.

    Args:
        signals: the signal handling installed at the start of the process.
    """
    context = RunContext(SystemClock(), open_http, signals, os.environ)
    context.console.patience = lambda: PATIENCE if signals.came is None else _PATIENCE_AFTER_SIGNAL
    return context


def require_working_directory() -> None:
    """Refuse to run in a deleted directory: no policy would be found there, and no report could be written.

    Raises:
        Misused: there is no working directory.
    """
    try:
        Path.cwd()
    except OSError as error:
        problem = "the working directory does not exist any more, or cannot be entered"
        raise Misused(f"{problem} ({error.strerror}); change to one that exists and run again") from error
