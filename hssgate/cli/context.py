"""Context of a command: clock, HTTP, environment and console, which tests replace."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path

from hssgate.cli.console import Console
from hssgate.cli.signals import Signals
from hssgate.clock import Clock, SystemClock
from hssgate.errors import Interrupted, Misused
from hssgate.hss.http import HttpClient, open_http
from hssgate.hss.secret import Secret
from hssgate.record import record


@record
class RunContext:
    """What a command needs of the outside.

    Args:
        clock: time and chance.
        open_http: makes a client for scheme and host, with certificate authorities of the caller's own or not, and
            with the proxy for this host, if there is one.
        signals: that end the run.
        environ: the environment variables.
        console: where output goes.
    """

    clock: Clock
    open_http: Callable[[str, Path | None, Secret | None], HttpClient]
    signals: Signals
    environ: Mapping[str, str]
    console: Console = field(default_factory=Console)

    def interruptible(self) -> AbstractContextManager[None]:
        """Let the first signal end the clock's waits in good order, and a second one the process at once."""
        return self.signals.heeded(lambda code: self.clock.interrupt(Interrupted(code)))


def real_context(signals: Signals) -> RunContext:
    """Return the world of a real run.

    Args:
        signals: that were installed at its start.
    """
    return RunContext(SystemClock(), open_http, signals, os.environ)


def require_working_directory() -> None:
    """Refuse to run in a directory that was deleted: no policy would be found there, and no report could be written.

    Raises:
        Misused: there is no working directory.
    """
    try:
        Path.cwd()
    except OSError as error:
        problem = "the working directory does not exist any more, or cannot be entered"
        raise Misused(f"{problem} ({error.strerror}); change to one that exists and run again") from error
