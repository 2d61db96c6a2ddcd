"""How much memory `hssgate check` takes at most, whatever the server sends: a process each, before a hostile one.

Exits with 1 where one took more than the limit, passed, crashed or hung. Run it with `make bench`; arguments are parts
of the names of the cases to run.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.hostile_server import ANSWERS, TOKEN
from hssgate.reports import FORMATS

LIMIT = 150  # MB
_THOUSAND = "1,000 images asked for"
_POLICY = """
rules: {severity: High, vulnerabilities: 1000000, high_vulnerabilities: 0, medium_vulnerabilities: 10}
ignore: [{vulnerability: 'SA-1', reason: to have one}]
"""


def main() -> int:
    """Measure and print the table; return the exit code."""
    print("| the server sends | exit code | peak memory |\n|---|---|---|")
    chosen = [name for name in ANSWERS if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    return max([_told(name) for name in chosen], default=2)


def _told(name: str) -> int:
    """Print the row of a case; return 1 where it is not as it should be."""
    command = [sys.executable, "-m", "benchmarks.hostile_server", name]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            code, peak = _run(name, next(iter(server.stdout or ())).strip(), Path(folder))
        finally:
            server.kill()
    print(f"| {name} | {code} | {peak:.0f} MB |", flush=True)
    return int(peak > LIMIT or code not in {3, 5, 10})


def _run(name: str, url: str, folder: Path) -> tuple[int, float]:
    """Return the exit code of a check with every report, and the peak of its memory in MB."""
    (folder / "hssgate.yaml").write_text(_POLICY, encoding="utf-8")
    images, options = ["app:1.0"], []
    if name.startswith(_THOUSAND):
        images, options = [f"app{number}:1.0" for number in range(1000)], ["--cicd-name", "pipeline"]
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
        "20",
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
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            ["/usr/bin/timeout", "-s", "KILL", "60", *command], env=environ, cwd=folder, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
