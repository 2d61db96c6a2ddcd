"""What was issued for a while is renewed in time, once refused never asked for again."""

from collections.abc import Callable

import pytest

from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.auth.lease import Issued, Lease
from tests.support.fakes import FakeClock


class Source:
    """Issues numbers, or fails."""

    def __init__(self, seconds: float = 3600.0) -> None:
        self.asked = 0
        self.seconds = seconds
        self.failure: Exception | None = None

    def __call__(self, _within: float) -> Issued[int]:
        self.asked += 1
        if self.failure:
            raise self.failure
        return Issued(self.asked, self.seconds)


@pytest.fixture
def source() -> Source:
    """Issues for an hour."""
    return Source()


@pytest.fixture
def message() -> list[str]:
    """The warnings and messages."""
    return []


@pytest.fixture
def clock() -> FakeClock:
    """Virtual time."""
    return FakeClock()


@pytest.fixture
def lease(source: Source, message: list[str], clock: FakeClock) -> Lease[int]:
    """There is no credential yet."""
    tell: Callable[[str], None] = message.append
    return Lease(source, clock, what="temporary keys", warn=tell, log=tell)


def test_one_exchange_is_used_until_shortly_before_its_expiry(
    lease: Lease[int], source: Source, clock: FakeClock
) -> None:
    """Ten minutes before the end of an hour it is renewed."""
    lease.prepare(30)
    clock.sleep(2999)
    lease.prepare(30)
    assert (lease.value, source.asked) == (1, 1)

    clock.sleep(2)
    lease.prepare(30)
    assert (lease.value, source.asked) == (2, 2)


def test_a_short_life_is_renewed_after_three_quarters(lease: Lease[int], source: Source, clock: FakeClock) -> None:
    """Of half a minute, a quarter before its end."""
    source.seconds = 30
    lease.prepare(30)

    clock.sleep(22)
    lease.prepare(30)
    assert source.asked == 1

    clock.sleep(1)
    lease.prepare(30)
    assert source.asked == 2


def test_a_refused_exchange_is_never_repeated(lease: Lease[int], source: Source) -> None:
    """The refusal is raised again instead."""
    source.failure = ApiRefused("no such agency")

    for _ in range(3):
        with pytest.raises(ApiRefused, match="no such agency"):
            lease.prepare(30)

    assert source.asked == 1


def test_a_credential_is_used_until_expiry_if_its_renewal_is_refused(
    lease: Lease[int], source: Source, clock: FakeClock, message: list[str]
) -> None:
    """There is one warning; the refusal is raised only after expiry."""
    lease.prepare(30)
    source.failure = ApiRefused("the id token has ended")
    clock.sleep(3100)

    lease.prepare(30)
    lease.prepare(30)
    assert (lease.value, source.asked) == (1, 2)
    assert "temporary keys could not be renewed and will serve 8m20s longer: the id token has ended" in message

    clock.sleep(600)
    with pytest.raises(ApiRefused):
        lease.prepare(30)
    assert source.asked == 2


def test_a_renewal_without_a_response_is_retried(lease: Lease[int], source: Source, clock: FakeClock) -> None:
    """After a pause, while the old credential is valid; after its expiry the failure is raised."""
    lease.prepare(30)
    source.failure = ApiUnavailable("HTTP 503")
    clock.sleep(3100)
    lease.prepare(30)
    lease.prepare(30)
    assert (lease.value, source.asked) == (1, 2)

    source.failure = None
    clock.sleep(31)
    lease.prepare(30)
    assert (lease.value, source.asked) == (3, 3)

    source.failure = ApiUnavailable("HTTP 503")
    clock.sleep(3601)
    with pytest.raises(ApiUnavailable):
        lease.prepare(30)


def test_nothing_is_held_before_it_was_obtained(lease: Lease[int], source: Source) -> None:
    """Asking for it is a bug, and a failure is no reason to stop asking."""
    with pytest.raises(RuntimeError):
        _ = lease.value
    source.failure = ApiUnavailable("HTTP 503")
    for _ in range(2):
        with pytest.raises(ApiUnavailable):
            lease.prepare(30)

    assert source.asked == 2
