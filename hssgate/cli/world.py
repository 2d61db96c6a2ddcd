"""The outside world as the commands see it; tests hand in another one."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path
from types import FrameType

import httpx

from hssgate.api.http import open_http
from hssgate.cli.console import Console
from hssgate.clock import Clock, SystemClock
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.record import record
from hssgate.secret import Secret

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


@record
class World:
    """What a command needs of the outside.

    Args:
        clock: time and chance.
        open_http: makes a client for scheme and host, with certificate authorities of the caller's own or not, and
            with the proxy for this host, if there is one.
        interruptible: while it is entered, signals end the clock's waits.
        environ: the environment variables.
        console: where output goes.
    """

    clock: Clock
    open_http: Callable[[str, Path | None, Secret | None], httpx.Client]
    interruptible: Callable[[], AbstractContextManager[None]]
    environ: Mapping[str, str]
    console: Console = field(default_factory=Console)


def real_world() -> World:
    """Return the world of a real run."""
    clock = SystemClock()
    return World(clock, open_http, lambda: _signals_end_waits(clock), os.environ)


@contextlib.contextmanager
def _signals_end_waits(clock: SystemClock) -> Iterator[None]:
    """Let the first signal end the wait in good order, and a second one end the process at once."""
    came: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        code = _CODES[signal.Signals(number)]
        if came:
            os._exit(code)
        came.append(number)
        clock.interrupt(Interrupted(code))

    before = {number: signal.signal(number, handle) for number in _CODES}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
