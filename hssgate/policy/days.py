"""Days (UTC) on which parts of a policy end."""

from datetime import UTC, date, datetime


def has_ended(expires: date | None, now: float) -> bool:
    """Whether the last day (UTC) of an entry is over; an entry without `expires` never ends."""
    return expires is not None and day_of(now) > expires


def day_of(now: float) -> date:
    """Return the day (UTC), or the last possible day for a time out of range, so that entries count as ended.

    Args:
        now: epoch seconds.
    """
    try:
        return datetime.fromtimestamp(now, UTC).date()
    except (OverflowError, ValueError, OSError):
        return date.max
