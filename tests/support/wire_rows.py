"""Independent reader of list rows: which fields are readable, and which times are plausible."""

import re
from typing import Any

Row = dict[str, Any]

COUNTS = ("vul_num", "unsafe_setting_num", "malicious_file_num")
_TIMES = ("latest_scan_time", "latest_update_time")
_TEXTS = (
    "image_id", "cicd_name", "namespace", "image_name", "image_version", "image_digest", "registry_name",
    "registry_type", "image_type", "pipeline_type", "scan_status", "scan_failed_desc", "scan_failed_code",
    "severity_level",
)  # fmt: skip
_BEGIN_OF_2015 = 1_420_070_400_000
_AHEAD = 900_000  # milliseconds


def number(value: object) -> int | None:
    """Return a count; None if it is missing.

    Raises:
        ValueError: it is none.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)( \D+)?", value)):
        return int(found[1])
    raise ValueError(value)


def time_of(row: Row, name: str, now: float) -> int | None:
    """Return a time of a row in epoch milliseconds, if it is one.

    Args:
        row: whose time it is.
        name: of the field.
        now: the present in epoch seconds.
    """
    value = row.get(name)
    if isinstance(value, str):
        value = number(value)
    return value if value is not None and _BEGIN_OF_2015 <= value <= now * 1000 + _AHEAD else None


def unreadable(row: object) -> set[str] | None:
    """Return the names of the unreadable fields, or None if the row is not an object."""
    if not isinstance(row, dict):
        return None
    odd = {name for name in _TEXTS if not isinstance(row.get(name), str | None)}
    for name in (*COUNTS, *_TIMES):
        value = row.get(name)
        is_negative_time = name in _TIMES and isinstance(value, int) and not isinstance(value, bool) and value < 0
        try:
            number(0 if is_negative_time else value)
        except ValueError:
            odd.add(name)
    return odd
