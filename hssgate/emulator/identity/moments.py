"""Timestamps in the format of each service."""

from datetime import UTC, datetime


def in_milliseconds(moment: float) -> str:
    """Return epoch seconds as `2026-01-01T00:00:00.000Z`."""
    return _utc(moment).isoformat(timespec="milliseconds") + "Z"


def in_microseconds(moment: float) -> str:
    """Return epoch seconds as `2026-01-01T00:00:00.000000Z`."""
    return _utc(moment).isoformat(timespec="microseconds") + "Z"


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
