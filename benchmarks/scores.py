"""Calls and time for the CVSS scores of an image's notices: from the list of all notices, and one call for each.

`hssgate check` with a `cvss` rule against the emulator on a socket, which answers each request after 50 ms. Without the
list means that HSS refuses it, which costs a call. Run it with `make bench`.
"""

import os
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
    many_findings: {{count: {notices}, repair_necessity: delay_repair, cves: [{{cve_id: CVE-2024-1, cvss_score: 7.5}}]}}
    timeline: [{{at: -1h, scan_status: success, severity_level: High, vul_num: {notices}}}]
{others}
faults:
  - {{requests: "*", call: any, delay: 50ms}}
{refused}
"""
OTHERS = """  - image_name: aaa
    image_version: "1.0"
    many_findings: {{count: {others}, prefix: "OTHER-", cves: [{{cve_id: CVE-2024-2, cvss_score: 7.5}}]}}
    timeline: [{{at: -30m, scan_status: success, severity_level: High, vul_num: {others}}}]
"""
REFUSED = '  - {requests: "*", call: notices, status: 404}'
CASES = ((31, 0), (32, 0), (32, 1_000), (200, 1_000), (1_000, 1_000), (1_000, 10_000), (1_000, 40_000))


def main() -> None:
    """Measure and print the table."""
    print(
        f"{'notices of the image':>22}{'of others':>12}{'calls':>8}{'seconds':>9}{'without: calls':>16}{'seconds':>9}"
    )
    for notices, others in CASES:
        with_list, without = (_measured(notices, others, refused) for refused in ("", REFUSED))
        print(
            f"{notices:>22,}{others:>12,}{with_list[0]:>8}{with_list[1]:>9.2f}{without[0]:>16}{without[1]:>9.2f}",
            flush=True,
        )


def _measured(notices: int, others: int, refused: str) -> tuple[int, float]:
    """Return the number of calls, and the seconds of the whole check."""
    text = SCENARIO.format(notices=notices, others=OTHERS.format(others=others) if others else "", refused=refused)
    app = Emulator(parse_scenario(text, "scenario"), now=time.time, sleep=time.sleep)
    with serve(app) as server, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "hssgate.yaml").write_text("rules: {cvss: 8.9}\n", encoding="utf-8")
        given = ["check", "app:1.0", "--endpoint", server.url, "--project-id", "demo", "-q", "--findings", "never"]
        environ = os.environ | {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
        start = time.monotonic()
        command = [sys.executable, "-m", "hssgate", *given]
        ended = subprocess.run(command, env=environ, cwd=folder, check=False, capture_output=True)
        if ended.returncode:
            sys.exit(ended.stdout.decode() + ended.stderr.decode())
        return app.request_count, time.monotonic() - start


if __name__ == "__main__":
    main()
