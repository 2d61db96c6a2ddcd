"""Five hundred waits at once under one key that is allowed 100 calls a minute: the gate beside loops that just poll.

All of it in virtual time, so the figures are the same on every machine. Run it with `python -m benchmarks.fleet`.
"""

import argparse
import statistics

from tests.fleet import Member, Sailed, Wait, checking, fleet_of, polling, sail

LIMIT = 100
THROTTLED = 429
WAYS: tuple[tuple[str, Wait, float | None], ...] = (
    ("hssgate check", checking(), None),
    ("  --appear-timeout 15m", checking("--appear-timeout", "15m"), None),
    ("  the same, Retry-After: 2", checking("--appear-timeout", "15m"), 2),
    ("  the same, Retry-After: 10", checking("--appear-timeout", "15m"), 10),
    ("every 5 s", polling(5), None),
    ("every 10 s", polling(10), None),
    ("every 30 s", polling(30), None),
)


def main() -> None:
    """Let each way wait, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=500, metavar="N", help="how many wait (default 500)")
    given = parser.parse_args()
    members = fleet_of(given.size)
    print(f"{'':30}{'right':>8}{'calls':>8}{'429':>8}{'a minute':>10}{'delay: median':>15}{'p99':>9}{'last':>9}")
    for name, wait, retry_after in WAYS:
        _print(name, members, sail(members, wait, limit=LIMIT, retry_after=retry_after))


def _print(name: str, members: list[Member], sailed: Sailed) -> None:
    right = sum(ended.code == ended.member.right for ended in sailed.ended)
    delays = sorted(ended.delay for ended in sailed.ended)
    refused = sum(status == THROTTLED for status in sailed.statuses)
    last = max(ended.at for ended in sailed.ended)
    figures = (statistics.median(delays), delays[int(len(delays) * 0.99) - 1], last)
    print(
        f"{name:30}{f'{right}/{len(members)}':>8}{len(sailed.statuses):>8}{refused:>8}"
        f"{len(sailed.statuses) / last * 60:>10.0f}{figures[0]:>13.0f} s{figures[1]:>7.0f} s{figures[2]:>7.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
