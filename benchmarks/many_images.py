"""Calls, time and memory of `hssgate check` by number of images.

With `--cicd-name` they share their polls; without, each is asked for by itself. Run it with `make bench`.
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks import own_venv
from benchmarks.measuring import environment, run
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve

IMAGE = """
  - {{cicd_name: shop, namespace: team, image_name: app-{number:04}, image_version: "1.0", scan_status: success,
     severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0, latest_scan_time: 1700000000000}}
"""
COUNTS = (1, 10, 100, 1_000)
WAYS = {"one --cicd-name": ["--cicd-name", "shop"], "without": []}


def main() -> None:
    """Measure and print the table."""
    scenario = "match: exact\nimages:\n" + "".join(IMAGE.format(number=number) for number in range(max(COUNTS)))
    app = Emulator(parse_scenario(scenario, "scenario"), now=time.time, sleep=time.sleep)
    print(f"{'':18}{'images':>8}{'calls':>8}{'wall':>10}{'processor':>12}{'an image':>11}{'peak memory':>14}")
    with serve(app) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = own_venv.make(folder / "ours", "hssgate")
        for way, options in WAYS.items():
            for count in COUNTS:
                images = [f"team/app-{number:04}:1.0" for number in range(count)]
                asked = ["--endpoint", server.url, "--project-id", "demo", "-q", "--report", "junit=report.xml"]
                before = app.request_count
                spent = run([ours, "-m", "hssgate", "check", *images, *asked, *options], environment(), folder)
                if spent.code != 0:
                    sys.exit(f"hssgate ended with {spent.code}")
                print(
                    f"{way:18}{count:>8,}{app.request_count - before:>8,}{spent.wall:>8.2f} s{spent.processor:>10.2f} s"
                    f"{spent.processor / count * 1000:>8.1f} ms{spent.peak:>11.1f} MB"
                )


if __name__ == "__main__":
    main()
