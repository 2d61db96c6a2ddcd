"""Signal handling: ends the process at once before any report is due, and in an orderly way later."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hssgate.exit_codes import ExitCode

# No other imports: this module must be loaded before all modules that are slow to load.

_CODES = {"SIGINT": ExitCode.INTERRUPTED, "SIGTERM": ExitCode.TERMINATED, "SIGHUP": ExitCode.TERMINATED}
_STDERR = 2


class Signals:
    """Handler of SIGINT, SIGTERM and SIGHUP.

    By default the first signal ends the process at once, without a traceback. Within `heeded` the first signal calls a
    function instead, so that the run can still write its reports; a second signal ends the process at once. The handler
    uses `os.write` and `os._exit` only: it may run at any line of Python code, and buffered output or `sys.exit` there
    could deadlock or be caught.
    """

    def __init__(self) -> None:
        self._heed: Callable[[ExitCode], None] | None = None
        self._came: ExitCode | None = None
        self._closed = False

    @property
    def came(self) -> ExitCode | None:
        """The exit code of the first signal, if one came and the process continues."""
        return self._came

    def install(self) -> None:
        """Install the handlers; an ignored SIGHUP, as under nohup, stays ignored."""
        for name in _CODES:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self.receive)

    def receive(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle a signal.

        Args:
            number: of the signal.
        """
        code = _CODES[signal.Signals(number).name]
        if self._came is not None or (self._heed is None and not self._closed):
            with suppress(OSError, ValueError):
                # A full pipe that no process reads would hold the process here.
                if select.select((), (_STDERR,), (), 0)[1]:
                    os.write(_STDERR, b"error: interrupted\n")
            os._exit(code)
        self._came = code
        if self._heed is not None and not self._closed:
            self._heed(code)

    @contextmanager
    def heeded(self, heed: Callable[[ExitCode], None]) -> Iterator[None]:
        """Call a function for the first signal instead of ending the process.

        Args:
            heed: called within the signal handler with the exit code of the signal.
        """
        self._heed = heed
        try:
            yield
        finally:
            self._heed = None

    def close(self) -> ExitCode | None:
        """Stop later signals from changing the exit code, because the reports are written; a second one still exits.

        Returns:
            The exit code of an earlier signal, if one came.
        """
        self._closed = True
        return self._came
