"""Tests of parsing and formatting durations and moments."""

import pytest

from hssgate.durations import (
    AHEAD_AT_MOST,
    Moment,
    believable,
    format_api_time,
    format_duration,
    format_moment,
    parse_duration,
    parse_moment,
)

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("90s", 90, id="seconds"),
        pytest.param("15m", 900, id="minutes"),
        pytest.param("1h30m", 5400, id="mixed"),
        pytest.param("1d", 86400, id="day"),
        pytest.param("250ms", 0.25, id="milliseconds"),
        pytest.param("90", 90, id="plain seconds"),
        pytest.param("0", 0, id="zero"),
        pytest.param(" 1.5m ", 90, id="decimal, with blanks around"),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """Each documented form gives its seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "-5s", "5 s", "s", "1m1h", "1s1s", "1e3", "nan", "inf", "١s", "5x", "1h-1m", "9" * 100, "400d", "m5"],
    ids=lambda text: text[:10] or "empty",
)
def test_anything_else_is_refused(text: str) -> None:
    """The meaning of an invalid duration is not guessed."""
    with pytest.raises(ValueError, match=r"duration|year|twice"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (0.44, "0.4s"), (5, "5s"), (59.6, "1m00s"), (65, "1m05s"), (3599.7, "1h00m"), (7260, "2h01m"), (5 * 86400, "5d00h"),
    ],
)  # fmt: skip
def test_durations_are_shown(seconds: float, text: str) -> None:
    """A duration is shown with two units at most."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-09-21T14:13:20Z", Moment(1_790_000_000_000), id="ISO with Z"),
        pytest.param("2026-09-21T22:13:20+08:00", Moment(1_790_000_000_000), id="ISO with offset"),
        pytest.param("1790000000", Moment(1_790_000_000_000), id="epoch seconds"),
        pytest.param("1790000000.5", Moment(1_790_000_000_500), id="epoch seconds with a fraction"),
        pytest.param("1790000000123", Moment(1_790_000_000_123), id="epoch milliseconds"),
        pytest.param("15m", Moment(1_789_999_100_000, is_age=True), id="age"),
    ],
)
def test_moments_are_read(text: str, moment: Moment) -> None:
    """Each documented form of WHEN gives its milliseconds."""
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("2026-09-21T14:13:20", "names no zone", id="no zone"),
        pytest.param("yesterday", "is not a moment", id="word"),
        pytest.param("", "is not a moment", id="empty"),
        pytest.param("2026-13-01T00:00:00Z", "is not a moment", id="no such month"),
        pytest.param("900", "for an age write 900s", id="seconds that look like an age"),
        pytest.param("20260131", "before any scan", id="a date without dashes"),
        pytest.param("1890000000", "more than a day ahead", id="future"),
    ],
)
def test_other_moments_are_refused(text: str, reason: str) -> None:
    """An invalid moment, or one that no scan can have, is refused."""
    with pytest.raises(ValueError, match=reason):
        parse_moment(text, NOW)


def test_a_moment_beyond_every_calendar_is_shown_as_a_number() -> None:
    """The largest time of the API does not crash a message."""
    assert format_moment(2**63 - 1) == "9223372036854775808 ms"
    assert format_moment(1e20) == "100000000000000000000 ms"
    assert format_moment(1e30) == "1000000000000000019884624838656 ms"
    assert str(Moment(1_790_000_000_000)) == "2026-09-21T14:13:20Z"


NOW_MS = int(NOW * 1000)


@pytest.mark.parametrize(
    ("epoch_ms", "is_a_time"),
    [
        pytest.param(None, False, id="none"),
        pytest.param(0, False, id="zero"),
        pytest.param(-1, False, id="negative"),
        pytest.param(NOW_MS // 1000, False, id="seconds"),
        pytest.param(1_420_070_399_999, False, id="the end of 2014"),
        pytest.param(1_420_070_400_000, True, id="the beginning of 2015"),
        pytest.param(NOW_MS, True, id="now"),
        pytest.param(NOW_MS + AHEAD_AT_MOST, True, id="15 minutes ahead"),
        pytest.param(NOW_MS + AHEAD_AT_MOST + 1, False, id="further ahead"),
    ],
)
def test_a_time_lies_between_2015_and_a_quarter_of_an_hour_ahead(epoch_ms: int | None, is_a_time: bool) -> None:  # noqa: FBT001 - a row of the table
    """A time outside of these bounds is ignored; if the present is not known, there is no upper bound."""
    assert AHEAD_AT_MOST == 900_000
    assert believable(epoch_ms, NOW_MS) == (epoch_ms if is_a_time else None)
    assert believable(4_102_444_800_000, None) == 4_102_444_800_000


def test_an_invalid_time_is_shown_as_a_number() -> None:
    """Shown as a date it would lie in 1970."""
    assert format_api_time(NOW_MS) == "2026-09-21T14:13:20Z"
    assert format_api_time(NOW_MS // 1000) == "1790000000 (no time)"
