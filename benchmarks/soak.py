"""Thousands of random schedules in virtual time, each checked by a judge that shares no code with the gate.

A schedule is made of its seed alone; `--schedules 1 --seed N` plays one again. The exit code is 1 where anything was
found. Run it with `make soak`.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from tests.support.schedules import Outcome, play, schedule_of

KINDS = {
    "wrong pass": "wrong passes",
    "hang": "hangs",
    "crash": "crashes",
    "refused": "asked after a refusal",
    "report": "reports that judge refuses",
    "signal": "signals not heeded",
    "misuse": "misuses that were run",
}
LONGEST = 60  # seconds of this machine's time after which a schedule counts as hanging


class _Hanging(BaseException):
    """A schedule does not end."""


def main() -> int:
    """Play the schedules and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000, metavar="N", help="how many (default 10000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the first; the next one's is S + 1")
    given = parser.parse_args()
    signal.signal(signal.SIGALRM, _give_up)
    began, cpu = time.monotonic(), time.process_time()
    codes: Counter[int | None] = Counter()
    requests = 0
    found: list[tuple[int, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.seed, given.seed + given.schedules):
            outcome = _played(seed, Path(folder))
            codes[outcome.code] += 1
            requests += outcome.requests
            for kind, what in outcome.faults:
                found.append((seed, kind, what))
                print(f"seed {seed}: {kind}: {what}", flush=True)
    print(f"{'schedules':<22}{given.schedules:>8}   seeds {given.seed} to {given.seed + given.schedules - 1}")
    print(f"{'requests':<22}{requests:>8}")
    for code, count in sorted(codes.items(), key=lambda counted: (counted[0] is None, counted[0] or 0)):
        print(f"{'stopped' if code is None else f'exit code {code}':<22}{count:>8}")
    for kind, name in KINDS.items():
        seeds = sorted({seed for seed, found_kind, _ in found if found_kind == kind})
        print(f"{name:<22}{len(seeds):>8}   {'seeds ' + ', '.join(map(str, seeds)) if seeds else ''}".rstrip())
    print(f"took {time.monotonic() - began:.0f} s, {time.process_time() - cpu:.0f} s of processor time")
    return 1 if found else 0


def _played(seed: int, folder: Path) -> Outcome:
    signal.alarm(LONGEST)
    try:
        return play(schedule_of(seed), folder, seed)
    except _Hanging:
        return Outcome(None, (("hang", f"no end within {LONGEST} s of real time"),), 0)
    finally:
        signal.alarm(0)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise _Hanging


if __name__ == "__main__":
    sys.exit(main())
