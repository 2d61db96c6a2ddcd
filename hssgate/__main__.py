"""`python -m hssgate`, and the console script."""

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # Modules are made to stay: collecting while they load finds nothing, at a tenth of the start-up. It is switched on
    # again once they are loaded.
    gc.disable()
    # No plugin of somebody else's package gets to see what the gate parses, and none is searched for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from hssgate.cli.main import run
    except KeyboardInterrupt:  # Ctrl-C while the modules load
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
