"""Time and peak memory of `hssgate check` with 5,000 findings, compared with 50.

Both are whole processes against the emulator on a socket, with a rule on levels, an exception, and JUnit and JSON
reports. Run it with `make bench`.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve

SCENARIO = """
images:
  - image_name: app
    image_version: "1.0"
    many_findings: {{count: {count}, repair_necessity: delay_repair, app_name: openssl, solution: update it}}
    timeline: [{{at: -1h, scan_status: success, severity_level: High, vul_num: {count}}}]
"""
POLICY = """
rules: {high_vulnerabilities: 0, medium_vulnerabilities: 10}
ignore: [{vulnerability: '*-0001', reason: to have one}]
"""
CHILD = """
import resource, sys
from hssgate.cli.main import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=open("peak", "w"))
sys.exit(code)
"""
COUNTS = (50, 5_000)


def main() -> None:
    """Measure and print the table."""
    print(f"{'findings':>10}{'processor':>12}{'peak memory':>14}{'JUnit':>12}{'JSON':>12}")
    measured = [_measure(count) for count in COUNTS]
    for count, (cpu, peak, junit, document) in zip(COUNTS, measured, strict=True):
        print(f"{count:>10}{cpu:>10.2f} s{peak / 1024:>11.0f} MB{junit / 1024:>9.0f} kB{document / 1024:>9.0f} kB")
    (few_cpu, few_peak, *_), (many_cpu, many_peak, *_) = measured
    print(f"{'ratio':>10}{many_cpu / few_cpu:>12.1f}{many_peak / few_peak:>14.2f}")


def _measure(count: int) -> tuple[float, int, int, int]:
    """Return processor seconds, peak memory in kB, and the sizes of both reports in bytes."""
    app = Emulator(parse_scenario(SCENARIO.format(count=count), "scenario"), now=time.time, sleep=time.sleep)
    with serve(app) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hssgate.yaml").write_text(POLICY, encoding="utf-8")
        given = ["check", "app:1.0", "--endpoint", server.url, "--project-id", "demo", "-q"]
        given += ["--report", "junit=junit.xml", "--report", "json=report.json"]
        environ = os.environ | {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", CHILD, *given], env=environ, cwd=folder, check=False, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        sizes = [(folder / report).stat().st_size for report in ("junit.xml", "report.json")]
        return cpu, int((folder / "peak").read_text()), sizes[0], sizes[1]


if __name__ == "__main__":
    main()
