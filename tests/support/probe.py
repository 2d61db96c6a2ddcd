"""Process that prints its own state, and ends as its argument says."""

import gc
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP)
_LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)


def found() -> dict[str, object]:
    """Everything that a program can observe, except its process id and its loaded modules."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "arguments": [sys.argv, sys.orig_argv, sys.executable, str(sys.flags)],
        "module": [__name__, __package__, __spec__.name, __file__],
        "path": sys.path,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "group and session": [os.getpgrp(), os.getsid(0)],
        "signals": [str(signal.getsignal(number)) for number in _SIGNALS],
        "masks": {name: status[name] for name in ("SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd")},
        "limits": [resource.getrlimit(limit) for limit in _LIMITS],
        "rights": {name: status[name] for name in ("Umask", "Uid", "Gid", "CapEff", "CapBnd", "NoNewPrivs")},
        "descriptors": sorted(path.name for path in Path("/proc/self/fd").iterdir()),
        "streams": [
            [getattr(getattr(sys, name), what) for what in ("encoding", "errors", "line_buffering", "write_through")]
            for name in ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
        ],
        "threads": [thread.name for thread in threading.enumerate()],
        "collector": gc.isenabled(),
    }


if __name__ == "__main__":
    match sys.argv[1]:
        case "find":
            sys.stdout.write(json.dumps(found()))
        case "read":
            sys.stdout.write(sys.stdin.read())
        case "write":
            sys.stdout.write("x" * 1_000_000)
        case "wait":
            sys.stdout.write("waits\n")
            sys.stdout.flush()
            signal.pause()
        case "exit":
            sys.exit(7)
        case "exit with words":
            sys.exit("words")
        case "leave at once":
            os._exit(9)
        case "fail":
            raise ValueError("a fault")
