"""Entry point of `python -m hssgate` and of the console script."""

import _signal  # built-in core of `signal`, which takes 4 ms to load; Ctrl-C during that time would print a traceback
import gc
import os
import sys

_SIGNALLED = 128  # plus the number of the signal


def main() -> None:
    """Run the command line and exit with its code."""
    # First of all install handlers: a signal while modules load must give neither a traceback nor exit code 1. Before
    # this line only Python's own start-up runs, which hssgate cannot influence.
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, _end_at_once)
    # Modules stay in memory, so garbage collection while they load finds nothing, and costs a tenth of the start-up
    # time. It is enabled again once they are loaded (cli/main.py).
    gc.disable()
    # Third-party plugins of pydantic must not see the data that the gate parses; searching for them takes time, too.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # pydantic loads time zones, which hssgate does not need; to find them Python reads its build configuration: 6 ms.
    os.environ.setdefault("PYTHONTZPATH", "")
    from hssgate.cli.signals import Signals

    signals = Signals()
    signals.install()
    from hssgate.cli.main import run

    _leave(run(sys.argv[1:], signals=signals))


def _end_at_once(number: int, _frame: object) -> None:
    os._exit(_SIGNALLED + number)


def _leave(code: int) -> None:
    """End the process at once, with this code."""
    # `sys.exit` would wait for the threads of abandoned requests, which could print in the meantime. Destroying all
    # modules takes time, too. Output is flushed when it is written; the flush here is for the rest.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


if __name__ == "__main__":
    main()
