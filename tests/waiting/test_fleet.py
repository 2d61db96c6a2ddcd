"""Many gates under one key whose calls are limited: each ends right, none starves, and they do not storm the API."""

import pytest

from hssgate.errors import ApiUnavailable
from hssgate.settings import WaitSettings
from hssgate.waiting.retry import Failures, backoff_ceiling
from tests.support.fakes import FakeClock
from tests.support.fleet import Quota, fleet_of, sail
from tests.support.turnstile import Queue, Turnstile, pass_through, polling, watching

pytestmark = pytest.mark.unmeasured


def pause_after(error: ApiUnavailable, failures: int, clock: FakeClock) -> float:
    """Return the pause after so many failures in a row."""
    row = Failures()
    return [row.add(error, clock) for _ in range(failures)][-1]


@pytest.mark.large
def test_a_crowd_under_one_limit_ends_right_and_does_not_storm() -> None:
    """Thirty gates and thirty calls a minute: the API refuses most of a storm, and the storm dies down."""
    members = fleet_of(30)

    sailed = sail(members, Quota(30))
    stormed = pass_through(members, polling(5), Turnstile(Quota(30)))

    assert sailed.codes == {member.number: member.right for member in members}
    assert sailed.refused < stormed.refused / 2
    assert sailed.calls < stormed.calls / 2


@pytest.mark.large
def test_five_hundred_under_a_limit_of_a_hundred_a_minute_end_right_by_default() -> None:
    """None starves, none makes more calls than the back-off of a waiting gate, and most are done by one answer or two."""
    members = fleet_of(500)

    sailed = pass_through(members, watching(WaitSettings()), Turnstile(Quota(100)))

    assert sailed.codes == {member.number: member.right for member in members}
    assert sailed.calls <= 9_500
    assert sailed.calls - sailed.refused <= 900


@pytest.mark.parametrize("retry_after", [2.0, 10.0])
def test_a_crowd_that_is_told_when_to_come_back_ends_right(retry_after: float) -> None:
    """None starves, though all come back at the same moment: how many calls that makes is the server's choice."""
    members = fleet_of(30)

    sailed = pass_through(members, watching(WaitSettings()), Turnstile(Quota(30, retry_after=retry_after)))

    assert sailed.codes == {member.number: member.right for member in members}


def test_a_crowd_that_is_told_its_turns_comes_in_turn() -> None:
    """Where the server knows what it says, hardly a call is refused twice."""
    members = fleet_of(200)

    sailed = pass_through(members, watching(WaitSettings()), Queue(Quota(100)))

    assert sailed.codes == {member.number: member.right for member in members}
    assert sailed.refused <= sailed.calls / 2


@pytest.mark.parametrize("retry_after", [None, 7.0])
def test_waiting_without_http_goes_as_the_command_does(retry_after: float | None) -> None:
    """Call by call, so what large fleets are measured by is the gate."""
    members = fleet_of(8)
    quota = Quota(4, retry_after=retry_after)

    sailed = sail(members, quota)

    assert pass_through(members, watching(WaitSettings()), Turnstile(quota)) == sailed


def test_the_same_fleet_sails_the_same_way() -> None:
    """Never are two awake at once, so a figure is a figure."""
    members = fleet_of(30)

    first, second = (pass_through(members, watching(WaitSettings()), Turnstile(Quota(10))) for _ in range(2))

    assert first == second


def test_the_servers_wait_is_kept_to_the_second() -> None:
    """Each time; where it names none, chance spreads the crowd below a rising ceiling."""
    clock = FakeClock()
    told, untold = ApiUnavailable("throttled", retry_after=7.0), ApiUnavailable("throttled")

    assert {pause_after(told, failures, clock) for failures in range(1, 8)} == {7.0}
    for failures in range(1, 8):
        spread = [pause_after(untold, failures, clock) for _ in range(50)]
        assert len(set(spread)) == len(spread)
        assert 0 <= min(spread) < max(spread) <= backoff_ceiling(failures)
