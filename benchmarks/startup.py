"""What a whole `hssgate check` on a finished image costs, beside merely importing what it is made of.

Both are run as whole processes in turn, A B A B …, against the emulator on a socket; what is printed are the medians
and, pair by pair, the ratio. Bytecode is cached for both, as for anything installed. Run it with `make bench`.
"""

import os
import resource
import statistics
import subprocess
import sys
import time

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve

RUNS = 15
IMPORTS = """
import click, junit_xml, pydantic, httpx
with httpx.Client():
    pass
"""


def main() -> None:
    """Measure and print the table."""
    app = Emulator(default_scenario(), now=time.time, sleep=time.sleep)
    with serve(app) as server:
        check = [
            sys.executable, "-m", "hssgate", "check", "demo/passes:1.0",
            "--endpoint", server.url, "--project-id", "demo",
            "--report", "junit=/dev/null",
        ]  # fmt: skip
        imports = [sys.executable, "-c", IMPORTS]
        measured = [(_measure(check), _measure(imports)) for _ in range(RUNS + 1)][1:]  # the first pair warms up
    print(f"{'':34}{'processor':>12}{'wall':>10}")
    for name, column in (("hssgate check, finished image", 0), ("the imports and one client", 1)):
        cpu, wall = (statistics.median(pair[column][figure] for pair in measured) for figure in (0, 1))
        print(f"{name:34}{cpu:>10.3f} s{wall:>8.3f} s")
    cpu, wall = (statistics.median(pair[0][figure] / pair[1][figure] for pair in measured) for figure in (0, 1))
    print(f"{f'ratio, median of {RUNS} pairs':34}{cpu:>12.2f}{wall:>10.2f}")


def _measure(command: list[str]) -> tuple[float, float]:
    """Return processor and wall seconds of a command, which must succeed."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


if __name__ == "__main__":
    main()
