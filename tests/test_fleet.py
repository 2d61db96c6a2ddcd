"""Many gates under one key whose calls are limited: each ends right, none starves, and they do not storm the API."""

import pytest

from hssgate.errors import ApiUnavailable
from hssgate.pacing import backoff_ceiling
from hssgate.retrying import retry_pause
from tests.fakes import FakeClock
from tests.fleet import checking, fleet_of, polling, sail

_THROTTLED = 429


@pytest.mark.parametrize("retry_after", [None, 2.0, 10.0])
def test_a_crowd_under_one_limit_ends_right(retry_after: float | None) -> None:
    """Thirty gates and thirty calls a minute: the API refuses most of a storm, and the storm dies down."""
    members = fleet_of(30)

    sailed = sail(members, checking(), limit=30, retry_after=retry_after)
    stormed = sail(members, polling(5), limit=30)

    assert {ended.member.number: ended.code for ended in sailed.ended} == {
        member.number: member.right for member in members
    }
    assert sailed.statuses.count(_THROTTLED) < stormed.statuses.count(_THROTTLED) / 2
    assert len(sailed.statuses) < len(stormed.statuses) / 2


def test_the_same_fleet_sails_the_same_way() -> None:
    """Never are two awake at once, so a figure is a figure."""
    members = fleet_of(8)

    first, second = (sail(members, checking(), limit=4) for _ in range(2))

    assert first == second


def test_who_is_turned_away_again_comes_back_in_no_crowd() -> None:
    """The server's wait is kept to the second; where it was not enough, chance comes on top of it."""
    clock = FakeClock()
    error = ApiUnavailable("throttled", retry_after=7.0)

    pauses = [[retry_pause(error, failures, clock) for _ in range(50)] for failures in range(1, 8)]

    assert set(pauses[0]) == {7.0}
    for failures, spread in enumerate(pauses[1:], start=2):
        assert len(set(spread)) == len(spread)
        assert 7.0 <= min(spread) < max(spread) <= 7.0 + backoff_ceiling(failures)
