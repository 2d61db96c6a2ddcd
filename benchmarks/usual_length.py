"""An experiment: what it would gain to know the usual length of an image's scan, and to look when it is due.

Arithmetic alone, with the gate's own pauses. Run it with `python -m benchmarks.usual_length`; what came of it is told
in benchmarks/README.md.
"""

import math
import random
import statistics
from collections.abc import Callable

from hssgate.settings import Patience
from hssgate.waiting.pacing import poll_pause

SCANS = 2000
EARLIER = 5  # scans of the same image that the usual length is learned from
SPREADS = (0.02, 0.2, 0.5)
USUAL = (20.0, 1200.0)  # seconds, log-uniform
PATIENCE = Patience()

Look = Callable[[float, float, random.Random], float]  # from the time waited and the moment due to the next pause
Reading = Callable[[float, random.Random], float]  # from the length of an earlier scan to what its row seems to tell


def as_paced(waited: float, _due: float, chance: random.Random) -> float:
    """Pause as the gate does."""
    return poll_pause(waited, PATIENCE, chance.uniform(-1, 1))


def timed_jitter(waited: float, due: float, chance: random.Random) -> float:
    """Pause as the contract allows, the jitter chosen so that a look comes right after the moment due."""
    if waited >= due or due > PATIENCE.timeout:
        return as_paced(waited, due, chance)
    rolls = [step / 10 for step in range(-10, 11)]
    return poll_pause(waited, PATIENCE, min(rolls, key=lambda roll: _first_look_after(due, waited, roll) - due))


def not_before_due(waited: float, due: float, chance: random.Random) -> float:
    """Look once, then not before four fifths of the usual length, then at twentieths of it: against the contract."""
    if waited < 0.8 * due:
        return max(0.8 * due - waited, PATIENCE.interval)
    if waited < 1.5 * due:
        return min(max(0.05 * due, PATIENCE.interval), PATIENCE.max_interval)
    return as_paced(waited, due, chance)


def as_assumed(length: float, _chance: random.Random) -> float:
    """Take scan time less update time for the length of the scan."""
    return length


def built_before(length: float, chance: random.Random) -> float:
    """The update time is that of the build: push, queue and whatever else the pipeline does count as well."""
    return length + chance.uniform(60, 3600)


def scanned_again(length: float, chance: random.Random) -> float:
    """The update time stays and the image is scanned again later: the manual's own example has 47 days between them."""
    return length + chance.uniform(1, 60) * 86_400


WAYS: dict[str, Look] = {
    "as paced": as_paced,
    "jitter timed to the moment due": timed_jitter,
    "no look before it is due": not_before_due,
}
READINGS: dict[str, Reading] = {
    "a scan's length": as_assumed,
    "time since the build": built_before,
    "time since another scan": scanned_again,
}


def main() -> None:
    """Print what each way gains under each assumption."""
    print(f"{'the rows tell':26}{'spread':>7}  {'way':32}{'noticed: mean':>14}{'p95':>9}{'calls':>8}")
    for told, reading in READINGS.items():
        for spread in SPREADS:
            for name, look in WAYS.items():
                delays, calls = _wait(look, reading, spread)
                figures = f"{statistics.fmean(delays):>12,.1f} s{sorted(delays)[int(SCANS * 0.95)]:>7,.0f} s"
                print(f"{told:26}{spread:>7.0%}  {name:32}{figures}{calls / SCANS:>8.1f}")


def _wait(look: Look, reading: Reading, spread: float) -> tuple[list[float], int]:
    """Return the delays after the ends of all scans, and the calls; a wait ends after the gate's default half hour."""
    chance = random.Random(1)
    delays, calls = [], 0
    for _ in range(SCANS):
        usual = math.exp(chance.uniform(*map(math.log, USUAL)))
        lengths = [usual * chance.lognormvariate(0, spread) for _ in range(EARLIER + 1)]
        due = statistics.median(reading(length, chance) for length in lengths[1:])
        waited, calls = 0.0, calls + 1
        while waited < lengths[0]:
            waited, calls = min(waited + look(waited, due, chance), max(PATIENCE.timeout, lengths[0])), calls + 1
        delays.append(waited - lengths[0])
    return delays, calls


def _first_look_after(due: float, waited: float, roll: float) -> float:
    while waited < due:
        waited += poll_pause(waited, PATIENCE, roll)
    return waited


if __name__ == "__main__":
    main()
