"""Signal handling: ends a run at once while nothing is lost by it, and in order once reports are due."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hssgate.exit_codes import ExitCode

# Nothing else is imported here: this module must be loaded before whatever takes long to load.

_CODES = {"SIGINT": ExitCode.INTERRUPTED, "SIGTERM": ExitCode.TERMINATED, "SIGHUP": ExitCode.TERMINATED}
_STDERR = 2


class Signals:
    """SIGINT, SIGTERM and SIGHUP.

    The first one ends the process at once, without a traceback. While they are heeded the first one is handed on
    instead, and the second one ends the process at once.
    """

    def __init__(self) -> None:
        self._heed: Callable[[ExitCode], None] | None = None
        self._came: ExitCode | None = None
        self._closed = False

    @property
    def came(self) -> ExitCode | None:
        """The code of the first signal, if one came and the process goes on."""
        return self._came

    def install(self) -> None:
        """Take the signals from now on; a SIGHUP that is ignored, as under nohup, stays so."""
        for name in _CODES:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self.receive)

    def receive(self, number: int, _frame: FrameType | None = None) -> None:
        """Take a signal; this is its handler.

        Args:
            number: of the signal.
        """
        code = _CODES[signal.Signals(number).name]
        if self._came is not None or (self._heed is None and not self._closed):
            with suppress(OSError):
                os.write(_STDERR, b"error: interrupted\n")
            os._exit(code)
        self._came = code
        if self._heed is not None and not self._closed:
            self._heed(code)

    @contextmanager
    def heeded(self, heed: Callable[[ExitCode], None]) -> Iterator[None]:
        """Hand the first signal on instead of ending the process.

        Args:
            heed: is called within the signal handler with the exit code of the signal.
        """
        self._heed = heed
        try:
            yield
        finally:
            self._heed = None

    def close(self) -> ExitCode | None:
        """Let no later signal change how the run ends, since its reports are written; a second one still ends it.

        Returns:
            The code of the signal that came before, if one did.
        """
        self._closed = True
        return self._came
