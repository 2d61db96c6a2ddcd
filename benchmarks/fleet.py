"""Many waits under one rate-limited key: the gate and simple polling loops.

All of it in virtual time, so the figures are the same on every machine. The gate's waiting is the real one, without the
HTTP beneath it. Run it with `python -m benchmarks.fleet`, and `--gates 10000` for the largest.
"""

import argparse
import statistics
import time
from collections.abc import Iterator

from hssgate.settings import WaitSettings
from tests.support.fleet import Quota, Sailed, fleet_of
from tests.support.turnstile import Queue, Turnstile, Way, pass_through, polling, watching

GATES = (10, 100, 500, 1000)
QUOTAS = ("100/60", "200/1")
LOOPS = (5, 10, 30)
DEFAULT = WaitSettings()
LONG = WaitSettings(timeout=6 * 3600, appear_timeout=6 * 3600)
COLUMNS = ("right", "exit 3", "exit 4", "calls", "429", "a minute", "median", "p99", "last", "Jain", "took")
WIDTHS = (13, 7, 7, 10, 10, 9, 8, 8, 8, 6, 7)


def main() -> None:
    """Let each way wait, and print a table for each quota."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gates", type=int, nargs="+", default=GATES, metavar="N", help="how many wait")
    parser.add_argument("--quota", nargs="+", default=QUOTAS, metavar="CALLS/SECONDS", help="what the key is allowed")
    parser.add_argument("--pause", type=float, metavar="SECONDS", help="shortest and longest pause of the gate")
    given = parser.parse_args()
    settings = WaitSettings(interval=given.pause, max_interval=given.pause) if given.pause else DEFAULT
    for text in given.quota:
        calls, _, seconds = text.partition("/")
        quota = Quota(int(calls), float(seconds))
        print(f"\n{quota.calls} calls in {quota.seconds:g} s; delays in seconds, of the waits that ended right")
        print(f"{'':34}" + "".join(f"{name:>{width}}" for name, width in zip(COLUMNS, WIDTHS, strict=True)))
        for gates in given.gates:
            for name, sailed, took in _rows(gates, quota, settings):
                _print(f"{gates:>6,} {name}", sailed, took)


def _rows(gates: int, quota: Quota, settings: WaitSettings) -> Iterator[tuple[str, Sailed, float]]:
    members = fleet_of(gates)

    def timed(name: str, way: Way, turnstile: Turnstile) -> tuple[str, Sailed, float]:
        began = time.monotonic()
        return name, pass_through(members, way, turnstile), time.monotonic() - began

    yield (ours := timed("hssgate", watching(settings), Turnstile(quota)))
    if any(ended.code != ended.member.right for ended in ours[1].ended):
        yield timed("  its deadlines at 6 h", watching(LONG), Turnstile(quota))
    if ours[1].refused and quota.seconds > 1:  # `Retry-After` is in whole seconds
        yield timed("  each given its turn, 6 h", watching(LONG), Queue(quota))
    for interval in LOOPS:
        yield timed(f"a loop, every {interval} s", polling(interval), Turnstile(quota))


def _print(name: str, sailed: Sailed, took: float) -> None:
    right = [ended for ended in sailed.ended if ended.code == ended.member.right]
    others = [ended.code for ended in sailed.ended if ended.code != ended.member.right]
    delays = sorted(ended.delay for ended in right)
    last = max(ended.at for ended in sailed.ended)
    answered = [ended.answered for ended in sailed.ended]
    values = (
        f"{len(right)}/{len(sailed.ended)}", others.count(3), others.count(4),
        f"{sailed.calls:,}", f"{sailed.refused:,}", f"{sailed.calls / last * 60:,.0f}",
        f"{statistics.median(delays):,.0f}", f"{_share(delays, 0.99):,.0f}", f"{last:,.0f}",
        f"{_jain(answered):.2f}", f"{took:.0f} s",
    )  # fmt: skip
    print(f"{name:34}" + "".join(f"{value:>{width}}" for value, width in zip(values, WIDTHS, strict=True)), flush=True)


def _share(ascending: list[float], share: float) -> float:
    return ascending[max(int(len(ascending) * share) - 1, 0)]


def _jain(shares: list[int]) -> float:
    """Return Jain's index of fairness: 1 where all have the same, 1/n where one has all."""
    squares = sum(share**2 for share in shares)
    return float(sum(shares) ** 2 / (len(shares) * squares)) if squares else 0.0


if __name__ == "__main__":
    main()
