"""Delay and number of calls until the end of a scan is noticed: the gate and loops with a fixed interval.

Each scan is waited for by a `hssgate check` of its own before the emulator, in virtual time, so the figures are the
same on every machine. Run it with `python -m benchmarks.delay`.
"""

import argparse
import contextlib
import io
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.main import run
from hssgate.cli.signals import Signals
from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from tests.conftest import KEY
from tests.support.fakes import FakeClock
from tests.support.fleet import LATENCY, Member

SHORTEST, LONGEST = 5.0, 1800.0
LOOPS = (5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True)
class Waited:
    """How one scan was waited for.

    Args:
        noticed: seconds from the end of the scan to the first answer that shows it.
        ended: seconds from the end of the scan to the end of the wait.
        calls: made.
    """

    noticed: float
    ended: float
    calls: int


def main() -> None:
    """Wait for the scans of each mix in each way, and print a table for each mix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=200, metavar="N", help="of each mix (default 200)")
    given = parser.parse_args()
    for name, length in MIXES.items():
        chance = random.Random(1)
        members = [Member(number, length(chance), 0) for number in range(1, given.scans + 1)]
        mean = statistics.fmean(member.scanned for member in members)
        print(f"\n{name}, mean {mean:.0f} s")
        print(
            f"{'':26}{'noticed: mean':>14}{'median':>8}{'p95':>7}{'ended: mean':>13}{'median':>8}{'p95':>7}{'calls':>8}"
        )
        _print("hssgate", [checked(member) for member in members])
        _print("  --interval 10s", [checked(member, "--interval", "10s") for member in members])
        for interval in LOOPS:
            _print(f"a loop, every {interval:.0f} s", [polled(member, interval) for member in members])


def checked(member: Member, *arguments: str) -> Waited:
    """Return how `hssgate check` waits, with its defaults but for a deadline beyond the longest scan."""
    clock = FakeClock(seed=member.number)
    scenario = {"images": [member.image], "faults": [{"requests": "*", "delay": LATENCY}]}
    emulator = Emulator(Scenario.model_validate(scenario), now=clock.epoch, sleep=clock.pass_time)
    line = _Line(emulator, clock)
    world = RunContext(clock, lambda _endpoint, _ca, _proxy: httpx.Client(transport=line), Signals(), KEY, Console())
    began = clock.monotonic()
    given = [f"app-{member.number}:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p", "--timeout", "1h"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = run(["check", "-q", *given, *arguments], world)
    if code != member.right:
        raise AssertionError(f"a scan of {member.scanned} s ended with {code}")
    noticed = next(at for at in line.answers if at - began >= member.scanned)
    return Waited(noticed - began - member.scanned, clock.monotonic() - began - member.scanned, len(line.answers))


def polled(member: Member, interval: float) -> Waited:
    """Return how a loop waits that sleeps so many seconds after each call and believes the first `success`."""
    now, calls = LATENCY, 1
    while now < member.scanned:
        now, calls = now + interval + LATENCY, calls + 1
    return Waited(now - member.scanned, now - member.scanned, calls)


class _Line(httpx.BaseTransport):
    """Hands requests to the emulator and keeps when they were answered.

    Args:
        emulator: answers.
        clock: tells when.
    """

    def __init__(self, emulator: Emulator, clock: FakeClock) -> None:
        self._inner = httpx.WSGITransport(app=emulator)
        self._clock = clock
        self.answers: list[float] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        self.answers.append(self._clock.monotonic())
        return response


def _evenly(chance: random.Random) -> float:
    """Any order of magnitude is as likely as any other."""
    return math.exp(chance.uniform(math.log(SHORTEST), math.log(LONGEST)))


def _usually_short(chance: random.Random) -> float:
    """A median of one minute, 19 of 20 under three."""
    return min(max(chance.lognormvariate(math.log(60), math.log(3) / 1.645), SHORTEST), LONGEST)


MIXES: dict[str, Callable[[random.Random], float]] = {
    "scans of 5 s to 30 min, log-uniform": _evenly,
    "scans mostly under 3 min, log-normal (assumed)": _usually_short,
}


def _print(name: str, waits: Sequence[Waited]) -> None:
    noticed = sorted(wait.noticed for wait in waits)
    ended = sorted(wait.ended for wait in waits)
    calls = statistics.fmean(wait.calls for wait in waits)
    widths = ((14, 8, 7), (13, 8, 7))
    print(
        f"{name:26}" + "".join(_three(*pair) for pair in zip((noticed, ended), widths, strict=True)) + f"{calls:>8.1f}"
    )


def _three(ascending: Sequence[float], widths: Sequence[int]) -> str:
    figures = (statistics.fmean(ascending), statistics.median(ascending), ascending[int(len(ascending) * 0.95) - 1])
    return "".join(f"{figure:>{width}.1f}" for figure, width in zip(figures, widths, strict=True))


if __name__ == "__main__":
    main()
