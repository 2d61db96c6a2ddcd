"""Many gates under one key whose calls are limited: each ends right, none starves, and they do not storm the API."""

import pytest

from hssgate.errors import ApiUnavailable
from hssgate.pacing import backoff_ceiling
from hssgate.retrying import retry_pause
from tests.fakes import FakeClock
from tests.fleet import Sailed, checking, fleet_of, polling, sail

_THROTTLED = 429


def test_a_crowd_under_one_limit_ends_right_and_does_not_storm() -> None:
    """Thirty gates and thirty calls a minute: the API refuses most of a storm, and the storm dies down."""
    members = fleet_of(30)

    sailed = sail(members, checking(), limit=30)
    stormed = sail(members, polling(5), limit=30)

    assert endings(sailed) == {member.number: member.right for member in members}
    assert sailed.statuses.count(_THROTTLED) < stormed.statuses.count(_THROTTLED) / 2
    assert len(sailed.statuses) < len(stormed.statuses) / 2


@pytest.mark.parametrize("retry_after", [2.0, 10.0])
def test_a_crowd_that_is_told_when_to_come_back_ends_right(retry_after: float) -> None:
    """None starves, though all come back at the same moment: how many calls that makes is the server's choice."""
    members = fleet_of(30)

    sailed = sail(members, checking(), limit=30, retry_after=retry_after)

    assert endings(sailed) == {member.number: member.right for member in members}


def endings(sailed: Sailed) -> dict[int, int]:
    """The exit code of each gate."""
    return {ended.member.number: ended.code for ended in sailed.ended}


def test_the_same_fleet_sails_the_same_way() -> None:
    """Never are two awake at once, so a figure is a figure."""
    members = fleet_of(8)

    first, second = (sail(members, checking(), limit=4) for _ in range(2))

    assert first == second


def test_the_servers_wait_is_kept_to_the_second() -> None:
    """Each time; where it names none, chance spreads the crowd below a rising ceiling."""
    clock = FakeClock()
    told, untold = ApiUnavailable("throttled", retry_after=7.0), ApiUnavailable("throttled")

    assert {retry_pause(told, failures, clock) for failures in range(1, 8)} == {7.0}
    for failures in range(1, 8):
        spread = [retry_pause(untold, failures, clock) for _ in range(50)]
        assert len(set(spread)) == len(spread)
        assert 0 <= min(spread) < max(spread) <= backoff_ceiling(failures)
