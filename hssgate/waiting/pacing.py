"""Arithmetic of the pauses, as pure functions; all values are seconds."""

import math

from hssgate.settings import WaitSettings

JITTER = 0.1
LAST_POLL_LEAST = 0.25  # time kept for the last poll before a deadline
LAST_POLL_MOST = 10.0


def poll_pause(elapsed: float, wait: WaitSettings, roll: float) -> float:
    """Return the pause before the next poll: the square root of the seconds waited, with jitter.

    Long scans are polled more often than by a share of the wait, short ones less often: of the rules without knowledge
    of the scan, the root comes closest to the least possible delay at as many calls (`benchmarks/pace.py`).

    Args:
        elapsed: time waited so far.
        wait: the shortest and the longest pause.
        roll: from -1 to 1, for the jitter; the result stays between the shortest and the longest pause.
    """
    paced = _clamped(math.sqrt(elapsed), wait.interval, wait.max_interval)
    return _clamped(paced * (1 + JITTER * roll), wait.interval, wait.max_interval)


def last_poll_reserve(slowest_poll: float, polls: int, window: float) -> float:
    """Return how long before a deadline the last poll is taken, so that its answer is there at the deadline.

    Args:
        slowest_poll: the longest that a poll has taken in this run.
        polls: how many are to be taken one after the other.
        window: the whole time from start to deadline, of which at most half is kept.
    """
    return min(max(LAST_POLL_LEAST, 2 * slowest_poll) * polls, LAST_POLL_MOST, window / 2)


def _clamped(value: float, least: float, most: float) -> float:
    return max(least, min(value, most))
