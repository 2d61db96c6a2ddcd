"""Start-up cost of `hssgate check` on a finished image, compared with alternatives.

Each program runs in a venv that holds what it needs and no more, all in turn, A B C D A B C D …, against the emulator
on a socket; what is printed are the medians and, round by round, the ratios. Run it with `make bench`.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import own_venv
from benchmarks.measuring import Spent, environment, run
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve

ROUNDS = 15
IMPORTS = """
import click, junit_xml, pydantic, httpx
with httpx.Client():
    pass
"""
POLICY = '{"version": 1, "rules": {"severity": "Medium", "malicious_files": 0}}'  # YAML as well
CHECK, IN_JSON, IN_YAML = "hssgate check", "hssgate check, JSON policy", "hssgate check, YAML policy"
NO_BYTECODE = "hssgate check, no bytecode"
SDK, URLLIB = "the official SDK's sample", "a bare urllib loop"
MERELY, WITH_YAML = "imports, one client", "the same with pyyaml"
LOOPS = Path(__file__).parent / "loops"


def main() -> None:
    """Measure and print both tables."""
    app = Emulator(default_scenario(), now=time.time, sleep=time.sleep)
    with serve(app) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = own_venv.make(folder / "ours", "hssgate")
        sdk = own_venv.make(folder / "sdk", "huaweicloudsdkhss")
        asked = [server.url, "demo", "passes", "1.0"]
        for suffix in ("json", "yaml"):
            (folder / f"policy.{suffix}").write_text(POLICY, encoding="utf-8")
        check = [
            "-m",
            "hssgate",
            "check",
            "demo/passes:1.0",
            "--endpoint",
            server.url,
            "--project-id",
            "demo",
            "--report",
            "junit=report.xml",
        ]
        programs = {
            CHECK: [ours, *check],
            IN_JSON: [ours, *check, "--policy", "policy.json"],
            IN_YAML: [ours, *check, "--policy", "policy.yaml"],
            NO_BYTECODE: [ours, "-B", "-X", f"pycache_prefix={folder / 'none'}", *check],
            SDK: [sdk, str(LOOPS / "official_sdk.py"), *asked],
            URLLIB: [ours, str(LOOPS / "bare_urllib.py"), *asked],
            MERELY: [ours, "-c", IMPORTS],
            WITH_YAML: [ours, "-c", f"import yaml{IMPORTS}"],
        }  # fmt: skip
        environ = environment(HOME=name)  # the SDK writes there
        rounds = [
            {program: run(command, environ, folder) for program, command in programs.items()} for _ in range(ROUNDS + 1)
        ][1:]  # the first one warms up
    for spent in (spent for measured in rounds for spent in measured.values()):
        if spent.code != 0:
            sys.exit(f"a program ended with {spent.code}")
    _print(programs, rounds)


def _print(programs: dict[str, list[str]], rounds: list[dict[str, Spent]]) -> None:
    print(f"{'':30}{'wall':>10}{'processor':>12}{'peak memory':>14}")
    for program in programs:
        wall, processor, peak = (statistics.median(found[program][figure] for found in rounds) for figure in range(3))
        print(f"{program:30}{wall:>8.3f} s{processor:>10.3f} s{peak:>11.1f} MB")
    pairs = [(CHECK, SDK), (CHECK, URLLIB), *((one, MERELY) for one in (CHECK, IN_JSON, IN_YAML)), (IN_YAML, WITH_YAML)]
    for one, other in pairs:
        ratios = (
            statistics.median(found[one][figure] / found[other][figure] for found in rounds) for figure in range(3)
        )
        print(f"{one} : {other}")
        print(f"{'':30}" + "{:>10.2f}{:>12.2f}{:>14.2f}".format(*ratios))


if __name__ == "__main__":
    main()
