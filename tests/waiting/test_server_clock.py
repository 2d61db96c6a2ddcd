"""The server's clock: how WHEN is read where it differs from this machine's."""

import pytest

from hssgate.durations import Moment, describe_skew
from hssgate.errors import Exchange
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.waiting.poll_group import PollGroup
from tests.waiting.test_polls import AGE, APP, DONE, MOMENT, SCANNING, Desk, row


@pytest.mark.parametrize(
    ("asked", "server", "moment", "warns"),
    [
        pytest.param(None, 3600.0, None, True, id="nothing asked for"),
        pytest.param(MOMENT, 600.0, 1_600_000, True, id="a moment, in its later reading"),
        pytest.param(MOMENT, 900.0, 1_900_000, True, id="a moment, a quarter of an hour"),
        pytest.param(MOMENT, 3600.0, 1_900_000, True, id="a moment, no more than a quarter of an hour"),
        pytest.param(MOMENT, -600.0, 1_000_000, True, id="a moment, a server that is behind"),
        pytest.param(MOMENT, 60.0, 1_060_000, False, id="a moment, a difference not worth telling"),
        pytest.param(MOMENT, 2.0, 1_000_000, False, id="a moment, a difference that no Date can show"),
        pytest.param(MOMENT, 2.5, 1_002_500, False, id="a moment, the least known difference"),
        pytest.param(MOMENT, None, 1_000_000, False, id="a moment, the server tells no time"),
        pytest.param(AGE, 600.0, 1_600_000, True, id="an age, on the server's clock"),
        pytest.param(AGE, 3600.0, 4_600_000, True, id="an age, never older than it is on either clock"),
        pytest.param(AGE, -600.0, 400_000, True, id="an age, a server that is behind"),
        pytest.param(AGE, -3600.0, 100_000, True, id="an age, back by no more than a quarter of an hour"),
        pytest.param(AGE, 60.0, 1_060_000, False, id="an age, a difference not worth telling"),
        pytest.param(AGE, -2.0, 1_000_000, False, id="an age, a difference that no Date can show"),
        pytest.param(AGE, None, 1_000_000, False, id="an age, the server tells no time"),
    ],
)
def test_when_is_read_on_the_servers_clock(
    asked: Moment | None, server: float | None, moment: int | None, warns: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """As far as the clocks are known to differ; a wide difference is told once."""
    desk = Desk(scanned_after=asked, server=server)

    observation = desk.poll(desk.poll_group(APP, brings=[SCANNING, DONE]))[APP]

    assert observation.scanned_after == moment
    assert desk.warnings == ([describe_skew(server or 0.0)] if warns else [])
    notes = [text for text, _ in desk.looks if "for the difference of the clocks" in text]
    assert len(notes) == (moment not in (None, 1_000_000))


@pytest.mark.parametrize(
    ("server", "age", "moment"),
    [
        pytest.param(-20.0, 0.0, 1_000_000, id="written when it was asked for"),
        pytest.param(-7.0, 0.0, 1_000_000, id="written meanwhile"),
        pytest.param(3.0, 0.0, 1_003_000, id="ahead of the answer's arrival"),
        pytest.param(-30.0, 0.0, 990_000, id="behind the moment at which it was asked for"),
        pytest.param(-30.0, 4.0, 994_000, id="the same from a cache"),
        pytest.param(-23.0, 4.0, 1_000_000, id="no older than the cache says"),
    ],
)
def test_a_slow_or_cached_answer_proves_no_difference_of_the_clocks(server: float, age: float, moment: int) -> None:
    """Its `Date` may be from any moment since it was asked for, or since it went into the cache."""
    desk = Desk(scanned_after=AGE)

    def fetch(_within: float) -> Listing[CicdImage]:
        desk.clock.pass_time(20)
        return Listing((row("failed"),), desk.clock.epoch() + server, Exchange(200), age)

    assert desk.poll(PollGroup((APP,), fetch))[APP].scanned_after == moment


def test_an_answer_without_a_time_leaves_the_difference_as_it_was() -> None:
    """WHEN does not become earlier again because one answer lacks its Date."""
    desk = Desk(scanned_after=MOMENT)
    times = iter([300.0, None])

    def fetch(_within: float) -> Listing[CicdImage]:
        ahead = next(times)
        time = None if ahead is None else desk.clock.epoch() + ahead
        return Listing((row("scanning" if ahead else "failed"),), time, Exchange(200))

    assert desk.poll(PollGroup((APP,), fetch))[APP].scanned_after == 1_300_000
