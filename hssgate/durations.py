"""Parses and formats durations and moments: `90s`, `1h30m`, ISO 8601, epoch seconds or milliseconds."""

import re
from datetime import UTC, datetime

from hssgate.record import record

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(?=.)(?:[0-9]+(?:\.[0-9]+)?(?:d|h|ms|m(?!s)|s))+", re.ASCII)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(d|h|ms|m(?!s)|s)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_MILLISECONDS_FROM = 100_000_000_000  # larger numbers are milliseconds: as seconds this is the year 5138, as ms 1973
_OLDEST_EPOCH_MS = 1_420_070_400_000  # 2015; an older time is a mistake, such as seconds in place of milliseconds
# The tolerance is that of Huawei Cloud's gateways for the time of a signature (API Request Signing Guide).
AHEAD_AT_MOST = 15 * 60 * 1000  # milliseconds that a time may be ahead of the server's clock
LONGEST = 366 * 86400.0  # seconds
_LONGEST_TEXT = 64


def parse_duration(text: str) -> float:
    """Return the seconds of a DURATION such as `90s`, `15m`, `1h30m`, `500ms` or plain seconds.

    Raises:
        ValueError: the text is not a duration, has a unit twice or out of order, or is longer than a year.
    """
    raw = text.strip()
    if len(raw) <= _LONGEST_TEXT and _NUMBER.fullmatch(raw):
        seconds = float(raw)
    elif len(raw) <= _LONGEST_TEXT and _DURATION.fullmatch(raw):
        parts = _PART.findall(raw)
        ranks = [list(_UNITS).index(unit) for _, unit in parts]
        if ranks != sorted(set(ranks)):
            raise ValueError(f"{raw!r} names a unit twice or a small one before a large one; write it like 1h30m")
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    else:
        raise ValueError(f"{raw[:_LONGEST_TEXT]!r} is not a duration; write it like 90s, 15m, 1h30m, or plain seconds")
    if seconds > LONGEST:
        raise ValueError(f"{raw!r} is longer than a year")
    return seconds


def format_duration(seconds: float) -> str:
    """Return seconds as `0.4s`, `45s`, `1m05s`, `2h00m` or `3d04h`."""
    if seconds < 10 and round(seconds, 1) != round(seconds):  # noqa: PLR2004 - under ten, a decimal matters
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{whole}s"
    if whole < 3600:  # noqa: PLR2004
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 48 * 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def describe_skew(skew: float) -> str:
    """Return the warning about a wrong clock.

    Args:
        skew: seconds that the server's clock is ahead of this machine's.
    """
    side = "behind" if skew > 0 else "ahead of"
    return (
        f"this machine's clock is {format_duration(abs(skew))} {side} the server's, whose time is used instead; set it"
    )


@record
class Deadline:
    """The time that something may take, on the monotonic clock.

    Args:
        start: when it began.
        seconds: how long it may take from then on.
    """

    start: float
    seconds: float

    @property
    def at(self) -> float:
        """The moment at which it is over."""
        return self.start + self.seconds

    def left(self, now: float) -> float:
        """Return the seconds that are left; negative once it is over."""
        return self.at - now

    def is_over(self, now: float) -> bool:
        """Whether no time is left."""
        return now >= self.at


@record
class Moment:
    """A value of WHEN: the earliest scan time that is accepted.

    Args:
        epoch_ms: milliseconds since the epoch.
        is_age: whether it was given as an age, which is counted back on the server's clock and not on ours.
    """

    epoch_ms: int
    is_age: bool = False

    def __str__(self) -> str:
        return format_moment(self.epoch_ms)


def parse_moment(text: str, now: float) -> Moment:
    """Parse a WHEN.

    Args:
        text: ISO 8601 with a zone, epoch seconds or milliseconds, or an age such as `15m`.
        now: the present, in epoch seconds.

    Raises:
        ValueError: it is none of these, lacks a zone, is a number before 2015, or is more than a day in the future.
    """
    raw = text.strip()
    if _NUMBER.fullmatch(raw) and len(raw) <= _LONGEST_TEXT:
        number = float(raw)
        moment = Moment(int(number if number >= _MILLISECONDS_FROM else number * 1000))
        if moment.epoch_ms < _OLDEST_EPOCH_MS:
            raise ValueError(
                f"{raw!r} would be {moment}, before any scan; "
                f"for an age write {raw}s, for a moment 2026-01-31T12:00:00Z"
            )
    elif len(raw) <= _LONGEST_TEXT and _DURATION.fullmatch(raw):
        moment = Moment(int((now - parse_duration(raw)) * 1000), is_age=True)
    else:
        moment = Moment(_iso_ms(raw))
    if moment.epoch_ms > (now + 86400) * 1000:
        raise ValueError(
            f"{raw!r} lies more than a day ahead: no scan can be that new; write it like 2026-01-31T12:00:00Z or 15m"
        )
    return moment


def believable(epoch_ms: int | None, now: float | None) -> int | None:
    """Return a time of the API, or None if it cannot be the time of a scan.

    A time before 2015 is an unset field (0) or in seconds by mistake; a time far in the future is that of no scan. Used
    as they are, such times would make a row look older or newer than it is.

    Args:
        epoch_ms: the time as sent by the API, in milliseconds.
        now: the present in epoch milliseconds; None if it is not known.
    """
    if epoch_ms is None or epoch_ms < _OLDEST_EPOCH_MS or (now is not None and epoch_ms > now + AHEAD_AT_MOST):
        return None
    return epoch_ms


def format_api_time(epoch_ms: int) -> str:
    """Return a time of the API as `2026-01-31T12:00:00Z`, or as a bare number if it lies before 2015."""
    return format_moment(epoch_ms) if epoch_ms >= _OLDEST_EPOCH_MS else f"{epoch_ms} (no time)"


def format_moment(epoch_ms: float) -> str:
    """Return epoch milliseconds as `2026-01-31T12:00:00Z`, or as a bare number beyond the range of `datetime`."""
    try:
        return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{epoch_ms:.0f} ms"


def _iso_ms(raw: str) -> int:
    try:
        parsed = datetime.fromisoformat(raw)
        if parsed.tzinfo is not None:
            return int(parsed.timestamp() * 1000)
    except ValueError:
        raise ValueError(
            f"{raw[:_LONGEST_TEXT]!r} is not a moment; write it like 2026-01-31T12:00:00Z, 1769860800 or 15m"
        ) from None
    raise ValueError(f"{raw!r} names no zone; add Z or an offset such as +08:00")
