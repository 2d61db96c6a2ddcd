"""Fuzzes each target by coverage for a while: `make fuzz`, or `python -m tests.support.fuzz --seconds 600 rows`.

A failing input is written to `.cache/fuzz/TARGET/`; once fixed it goes into `tests/corpus/TARGET/` under a descriptive
name, and `tests/system/test_fuzzing.py` replays it.
"""

import argparse
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"
FOUND = Path(__file__).parents[2] / ".cache" / "fuzz"
LONGEST_INPUT = 4096  # bytes
SLOWEST_INPUT = 5  # seconds; what takes longer is a finding, too


def main() -> int:
    """Fuzz the named targets, or all, each in a process of its own; return 1 if any failed."""
    from tests.support.fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(description="fuzz what reads text from outside")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all without one")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    given = parser.parse_args()
    if unknown := set(given.targets) - TARGETS.keys():
        parser.error(f"no target is named {', '.join(sorted(unknown))}")
    broken = [name for name in given.targets or TARGETS if not _holds(name, given.seconds)]
    print(f"broken: {', '.join(broken)}; see {FOUND}" if broken else "nothing found")  # noqa: T201 - its result
    return 1 if broken else 0


def _holds(name: str, seconds: int) -> bool:
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SLOWEST_INPUT}",
        "-rss_limit_mb=512",
    ]
    command = [
        sys.executable, "-m", "tests.support.fuzz_one", name,
        f"-artifact_prefix={found}/", *limits, "-print_final_stats=1", str(found), str(CORPUS / name),
    ]  # fmt: skip
    print(f"== {name}", flush=True)  # noqa: T201 - what follows is libFuzzer's own log
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
