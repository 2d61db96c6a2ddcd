"""The arithmetic of waiting keeps its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.settings import WaitSettings
from hssgate.waiting.pacing import LAST_POLL_MOST, last_poll_reserve, poll_pause

PATIENCE = WaitSettings(interval=5, max_interval=60)


@pytest.mark.parametrize(
    ("elapsed", "roll", "pause"),
    [
        pytest.param(0, 0, 5, id="at the start, the shortest"),
        pytest.param(100, 0, 10, id="10 s after 100 s"),
        pytest.param(900, 0, 30, id="half a minute after a quarter of an hour"),
        pytest.param(100, 1, 11, id="ten per cent later"),
        pytest.param(100, -1, 9, id="ten per cent sooner"),
        pytest.param(0, -1, 5, id="never shorter than the shortest"),
        pytest.param(3600, 1, 60, id="never longer than the longest"),
    ],
)
def test_the_pause_is_the_root_of_the_seconds_waited(elapsed: float, roll: float, pause: float) -> None:
    """Held between the shortest and the longest pause, jitter included."""
    assert poll_pause(elapsed, PATIENCE, roll) == pytest.approx(pause)


@given(st.floats(0, 1e7), st.floats(-1, 1))
def test_the_pause_keeps_its_bounds(elapsed: float, roll: float) -> None:
    """Whatever the time and the jitter."""
    assert 5 <= poll_pause(elapsed, PATIENCE, roll) <= 60


def test_the_last_look_leaves_room_for_its_answer() -> None:
    """Twice the slowest look for each look to come, within bounds."""
    assert last_poll_reserve(0.01, 1, 600) == 0.25
    assert last_poll_reserve(1.0, 1, 600) == 2.0
    assert last_poll_reserve(1.0, 3, 600) == 6.0
    assert last_poll_reserve(30.0, 3, 600) == LAST_POLL_MOST
    assert last_poll_reserve(30.0, 3, 4) == 2.0
