"""Cost of a long list: `hssgate images`, a `check` with loose filters, and the official SDK.

The emulator runs in a process of its own. Rows a second are those of the whole, the emulator's part included; rows a
second of processor time are the client's own. Run it with `make bench`; `--rows 2000000` takes the largest list there
can be, up to the API's largest offset.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import own_venv
from benchmarks.measuring import Spent, environment, run

SCENARIO = """
images:
  - {{cicd_name: shop, namespace: team, image_name: app, image_version: "1.0", copies: {copies}, scan_status: success,
     severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0, latest_scan_time: 1700000000000,
     image_size: 1000000}}
  - {{cicd_name: shop, namespace: team, image_name: app, image_version: "1", scan_status: success,
     severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0, latest_scan_time: 1600000000000}}
"""
WANTED = "team/app:1"  # its version stands in that of every row, and its own row is the last
LOOPS = Path(__file__).parent / "loops"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--sdk-rows", type=int, default=20_000, help="for the official SDK, which is slower")
    given = parser.parse_args()
    print(f"{'':28}{'rows':>10}{'wall':>10}{'rows/s':>9}{'processor':>12}{'rows/s':>9}{'peak memory':>14}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = own_venv.make(folder / "ours", "hssgate")
        sdk = own_venv.make(folder / "sdk", "huaweicloudsdkhss")
        environ = environment(HOME=name)
        for rows in (given.rows // 100, given.rows):
            with _emulator(folder, rows) as endpoint:
                asked = ["--endpoint", endpoint, "--project-id", "demo", "-q"]
                listing = [ours, "-m", "hssgate", "images", *asked, "--format", "json"]
                _print("hssgate images, JSON lines", rows, run(listing, environ, folder))
                check = [ours, "-m", "hssgate", "check", WANTED, *asked]
                _print("hssgate check, loose match", rows, run(check, environ, folder))
                fewer = min(rows, given.sdk_rows)
                loop = [sdk, str(LOOPS / "official_sdk_list.py"), endpoint, str(fewer)]
                _print("the official SDK", fewer, run(loop, environ, folder))


def _print(name: str, rows: int, spent: Spent) -> None:
    if spent.code != 0:
        sys.exit(f"{name} ended with {spent.code}")
    print(
        f"{name:28}{rows:>10,}{spent.wall:>8.1f} s{rows / spent.wall:>9,.0f}{spent.processor:>10.1f} s"
        f"{rows / spent.processor:>9,.0f}{spent.peak:>11.1f} MB"
    )


@contextlib.contextmanager
def _emulator(folder: Path, rows: int) -> Iterator[str]:
    """Serve so many rows, and give the address."""
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO.format(copies=rows - 1), encoding="utf-8")
    command = [sys.executable, "-m", "hssgate", "emulator", "--scenario", str(scenario)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            time.sleep(1)
            yield line.removeprefix("listening on ").strip()
        finally:
            process.kill()


if __name__ == "__main__":
    main()
