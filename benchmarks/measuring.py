"""Measures a whole process: wall time, processor time, peak memory.

A small process stands between this one and the measured one: on Linux a child's peak begins with that of its parent.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Spent(NamedTuple):
    """What a process cost.

    Args:
        wall: seconds.
        processor: seconds, in user and system mode.
        peak: megabytes of memory at most.
        code: its exit code.
    """

    wall: float
    processor: float
    peak: float
    code: int


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path | None = None) -> Spent:
    """Run a command without output and return what it cost.

    Args:
        command: its program by path.
        environ: its whole environment.
        folder: where it runs.
    """
    between = [sys.executable, "-I", "-S", __file__, *command]
    done = subprocess.run(between, env=environ, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return Spent(*json.loads(done.stdout))


def environment(**variables: str) -> dict[str, str]:
    """Return this environment with the emulator's key, and with bytecode cached as for anything installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk", **variables}


def _between() -> None:
    command = sys.argv[1:]
    began = time.perf_counter()
    with open(os.devnull, "r+b") as nowhere:  # noqa: PTH123 - pathlib would make this process larger than need be
        actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), stream) for stream in (0, 1, 2)]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - began
    spent = (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
    print(json.dumps(spent))


if __name__ == "__main__":
    _between()
