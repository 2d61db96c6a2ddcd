"""Cost of 2,000 `ignore` entries on an image with 12,000 findings, compared with one entry.

Whole processes of `hssgate check` against the emulator on a socket, with a JSON report, in turn; least of their own
processor time. Run it with `make bench`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve

FINDINGS = 12_000
ENTRIES = 2_000
ROUNDS = 3
SCENARIO = f"""
images:
  - image_name: app
    image_version: "1.0"
    many_findings: {{count: {FINDINGS}, repair_necessity: delay_repair, app_name: openssl, prefix: CVE-2023-}}
    timeline: [{{at: -1h, scan_status: success, severity_level: High, vul_num: {FINDINGS}}}]
"""
KINDS = {  # what the entries are like
    "ids": "{{vulnerability: CVE-2031-{0:05}",
    "ids and packages": "{{vulnerability: CVE-2031-{0:05}, package: openssl",
    "globs that begin alike": "{{vulnerability: 'CVE-2031-{0:05}*'",
    "globs that end alike": "{{vulnerability: '*-{0:05}-x'",
    "globs on the middle": "{{vulnerability: '*-{0:05}-*'",
    "packages": "{{vulnerability: '*', package: 'lib{0:05}*'",
}


def main() -> None:
    """Measure and print the table."""
    print(f"{'entries are':>24}{'1 entry':>12}{f'{ENTRIES} in JSON':>16}{'ratio':>8}{'in YAML':>12}{'ratio':>8}")
    app = Emulator(parse_scenario(SCENARIO, "scenario"), now=time.time, sleep=time.sleep)
    with serve(app) as server:
        for name, kind in KINDS.items():
            seconds: dict[tuple[int, str], list[float]] = {
                (1, ".json"): [],
                (ENTRIES, ".json"): [],
                (ENTRIES, ".yaml"): [],
            }
            for _ in range(ROUNDS):
                for (count, suffix), found in seconds.items():
                    found.append(_processor_time(server.url, kind, count, suffix))
            one, json_file, yaml_file = (min(found) for found in seconds.values())
            print(
                f"{name:>24}{one:>10.2f} s{json_file:>14.2f} s{json_file / one:>8.2f}{yaml_file:>10.2f} s"
                f"{yaml_file / one:>8.2f}",
                flush=True,
            )


def _processor_time(url: str, kind: str, count: int, suffix: str) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        entries = "".join(f"  - {kind.format(number)}, reason: accepted}}\n" for number in range(count))
        text = f"rules: {{medium_vulnerabilities: 10}}\nignore:\n{entries}"
        if suffix == ".json":
            text = json.dumps(yaml.safe_load(text))
        (folder / f"hssgate{suffix}").write_text(text, encoding="utf-8")
        given = ["check", "app:1.0", "--endpoint", url, "--project-id", "demo", "-q", "--report", "json=report.json"]
        environ = os.environ | {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "hssgate", *given], env=environ, cwd=folder, check=False, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not (folder / "report.json").exists():
            sys.exit("the check wrote no report")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
