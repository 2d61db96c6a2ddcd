"""`python -m hssgate`, and the console script."""

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> None:
    """Run the command line and exit with its code."""
    # Modules are made to stay: collecting while they load finds nothing, at a tenth of the start-up. It is switched on
    # again once they are loaded.
    gc.disable()
    # No plugin of somebody else's package gets to see what the gate parses, and none is searched for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Time zones are of no use here; pydantic loads them, and to find them Python would read how it was built: 6 ms.
    os.environ.setdefault("PYTHONTZPATH", "")
    try:
        from hssgate.cli.main import run
    except KeyboardInterrupt:  # Ctrl-C while the modules load
        sys.exit(130)
    _leave(run(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """End the process at once, with this code."""
    # Taking every module apart costs time, and a request that was given up must neither hold up the end nor speak in
    # it. Output is flushed when it is written; this is for whatever was not.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
