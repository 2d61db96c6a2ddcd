"""Entry point of `python -m hssgate` and of the console script."""

import _signal  # what is built in of `signal`: the rest takes 4 ms to load, in which Ctrl-C would be a traceback
import gc
import os
import sys

_SIGNALLED = 128  # plus the number of the signal


def main() -> None:
    """Run the command line and exit with its code."""
    # Before all else: a signal while modules load is neither a traceback nor exit code 1. Before this line the process
    # is Python's alone.
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, _end_at_once)
    # Modules are made to stay: collecting while they load finds nothing, at a tenth of the start-up. It is switched on
    # again once they are loaded.
    gc.disable()
    # No plugin of somebody else's package gets to see what the gate parses, and none is searched for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Time zones are of no use here; pydantic loads them, and to find them Python would read how it was built: 6 ms.
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
    # Taking every module apart costs time, and a request that was given up must neither hold up the end nor speak in
    # it. Output is flushed when it is written; this is for the rest.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


if __name__ == "__main__":
    main()
