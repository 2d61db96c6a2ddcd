"""How much memory, time and output `hssgate check` takes at most: a process for each thing that a hostile server sends.

Exits with 1 where one took more than the limits, passed, crashed or hung. Run it with `make bench`; arguments are parts
of the names of the cases to run.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.hostile_server import ANSWERS, CHANGING, TOKEN
from hssgate.reports import FORMATS

LIMIT = 150  # MB
TIMEOUT = 20  # seconds that each is given
LATEST = TIMEOUT + 10  # seconds after which each must have ended, on a busy machine
MOST_PRINTED = 1.0  # MB on stdout and stderr
_THOUSAND = "1,000 images asked for"
_POLICY = """
rules: {severity: High, vulnerabilities: 1000000, high_vulnerabilities: 0, medium_vulnerabilities: 10}
ignore: [{vulnerability: 'SA-1', reason: to have one}]
"""


def main() -> int:
    """Measure and print the table; return the exit code."""
    print("| the server sends | exit code | peak memory | seconds | printed |\n|---|---|---|---|---|")
    chosen = [name for name in ANSWERS if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    return max([_shown(name) for name in chosen], default=2)


def _shown(name: str) -> int:
    """Print the row of a case; return 1 where it is not as it should be."""
    command = [sys.executable, "-m", "benchmarks.hostile_server", name]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            code, peak, seconds, printed = _run(name, next(iter(server.stdout or ())).strip(), Path(folder))
        finally:
            server.kill()
    print(f"| {name} | {code} | {peak:.0f} MB | {seconds:.0f} | {printed:.2f} MB |", flush=True)
    is_late = seconds > LATEST or printed > MOST_PRINTED
    return int(peak > LIMIT or is_late or code not in {3, 4, 5, 10})


def _run(name: str, url: str, folder: Path) -> tuple[int, float, float, float]:
    """Return the exit code of a check with every report, the peak of its memory in MB, its seconds, and MB printed."""
    (folder / "hssgate.yaml").write_text(_POLICY, encoding="utf-8")
    images, options = ["app:1.0"], []
    if name.startswith(_THOUSAND):
        images, options = [f"app{number}:1.0" for number in range(1000)], ["--cicd-name", "pipeline"]
    if name.endswith(CHANGING):
        options = ["--interval", "1", "--max-interval", "1"]
    command = [
        sys.executable,
        "-m",
        "hssgate",
        "check",
        "--endpoint",
        url,
        "--project-id",
        "demo",
        "--timeout",
        str(TIMEOUT),
        *options,
    ]
    command += [word for form in FORMATS for word in ("--report", f"{form}=report.{form}")]
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HSSGATE_TOKEN": TOKEN,
        "HSSGATE_IMAGES": " ".join(images),
    }
    environ |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }
    began = time.monotonic()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            ["/usr/bin/timeout", "-s", "KILL", "60", *command], env=environ, cwd=folder, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 1024, seconds, (folder / "output").stat().st_size / 1e6


if __name__ == "__main__":
    sys.exit(main())
