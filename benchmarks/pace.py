"""Pauses between polls compared with the best possible ones: delay and number of calls.

Expectations are computed, not sampled: the length of a scan has a density, and a rule of pauses gives the times of the
polls; a scan ends in the middle of its second. The optimum comes from dynamic programming over those times on a grid
of one second, at the price of a call at which it makes as many calls as the rule it is compared with. Run it with
`python -m benchmarks.pace`.
"""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

from hssgate.settings import WaitSettings
from hssgate.waiting.pacing import poll_pause

SHORTEST, LONGEST = 5, 1800  # seconds of a scan
_LAST = LONGEST + 60  # the grid ends one longest pause later
_STEP_LEAST, _STEP_MOST = 5, 60  # seconds between two polls
_PRICES = 40  # bisections of the price of a call

Density = Sequence[float]  # probability that a scan ends in each second of the grid


def main() -> None:
    """Print a table for each mix of scan lengths."""
    for name, weigh in MIXES.items():
        mix = Mix(weigh)
        print(f"\n{name}\n{'':24}{'calls':>8}{'mean delay':>12}{'best at as many':>17}{'ratio':>8}")
        for rule, polls in RULES.items():
            calls, delay = mix.expectation(polls())
            best = mix.least_delay(calls)
            print(f"{rule:24}{calls:>8.2f}{delay:>11.2f}s{best:>16.2f}s{delay / best:>8.2f}")


class Mix:
    """Scan lengths with a density, on the grid.

    Args:
        weigh: relative probability of a length in seconds.
    """

    def __init__(self, weigh: Callable[[float], float]) -> None:
        weights = [weigh(second) if SHORTEST <= second <= LONGEST else 0.0 for second in range(_LAST + 1)]
        self._ends: Density = [weight / sum(weights) for weight in weights]
        self._ended = [0.0, *accumulate(self._ends)]  # before each second
        self._moment = [0.0, *accumulate((second - 0.5) * end for second, end in enumerate(self._ends))]

    def expectation(self, polls: Sequence[float]) -> tuple[float, float]:
        """Return the mean number of calls and the mean delay of polls at these times."""
        calls = delay = 0.0
        for second, end in enumerate(self._ends):
            if end:
                number, noticed = next((i, at) for i, at in enumerate(polls, 1) if at >= second - 0.5)
                calls += end * number
                delay += end * (noticed - second + 0.5)
        return calls, delay

    def least_delay(self, calls: float) -> float:
        """Return the least mean delay at so many calls, between the two nearest schedules of the convex hull."""
        cheap, dear = 0.0, 1000.0
        few, many = self._best(dear), self._best(cheap)
        for _ in range(_PRICES):
            price = (cheap + dear) / 2
            found = self._best(price)
            if found[0] > calls:
                cheap, many = price, found
            else:
                dear, few = price, found
        share = 0.0 if many[0] == few[0] else (calls - few[0]) / (many[0] - few[0])
        return few[1] + share * (many[1] - few[1])

    def _best(self, price: float) -> tuple[float, float]:
        """Return calls and delay of the schedule that costs least, where a call costs so many seconds of delay."""
        cost = [0.0] * (_LAST + 1)
        after = [_LAST] * (_LAST + 1)
        for at in range(_LAST - 1, -1, -1):
            running = 1.0 - self._ended[at + 1]
            cost[at], after[at] = math.inf, _LAST
            for then in range(min(at + _STEP_LEAST, _LAST), min(at + _STEP_MOST, _LAST) + 1):
                ended = self._ended[then + 1] - self._ended[at + 1]
                late = then * ended - (self._moment[then + 1] - self._moment[at + 1])
                if (found := late + price * max(running, 0.0) + cost[then]) < cost[at]:
                    cost[at], after[at] = found, then
        polls, at = [0.0], 0
        while at < _LAST:
            at = after[at]
            polls.append(float(at))
        return self.expectation(polls)


def _polls(pause: Callable[[float], float]) -> Sequence[float]:
    """Return the times of the polls, the first at once."""
    times = [0.0]
    while times[-1] < LONGEST:
        times.append(times[-1] + pause(times[-1]))
    return times


def _held(seconds: float) -> float:
    return min(max(seconds, WaitSettings().interval), WaitSettings().max_interval)


RULES: dict[str, Callable[[], Sequence[float]]] = {
    "hssgate": lambda: _polls(lambda waited: poll_pause(waited, WaitSettings(), 0.0)),
    "a tenth of the wait": lambda: _polls(lambda waited: _held(waited / 10)),
    "root of the wait": lambda: _polls(lambda waited: _held(math.sqrt(waited))),
    "a loop, every 10 s": lambda: _polls(lambda _: 10.0),
    "a loop, every 15 s": lambda: _polls(lambda _: 15.0),
    "a loop, every 30 s": lambda: _polls(lambda _: 30.0),
}
MIXES: dict[str, Callable[[float], float]] = {
    "scans of 5 s to 30 min, log-uniform": lambda seconds: 1 / seconds,
    "scans mostly under 3 min, log-normal (assumed)": lambda seconds: (
        math.exp(-((math.log(seconds / 60) * 1.645 / math.log(3)) ** 2) / 2) / seconds
    ),
}


if __name__ == "__main__":
    main()
