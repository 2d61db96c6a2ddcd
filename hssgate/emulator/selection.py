"""Filters of `ListCicdImages`, as predicates on rows."""

from collections.abc import Callable, Iterable
from typing import Literal

from hssgate.emulator.query import Filter
from hssgate.emulator.rows import Row

Match = Literal["contains", "exact"]
Predicate = Callable[[Row], bool]

_TEXTS = ("namespace", "image_name", "image_version", "cicd_name")
_EQUALS = (
    "enterprise_project_id",
    "image_id",
    "pipeline_type",
    "scan_status",
    "severity_level",
    "image_size",
)
_COUNTS = {
    "has_vul": ("vul_num",),
    "has_unsafe_setting": ("unsafe_setting_num",),
    "has_malicious_file": ("malicious_file_num",),
    "risky": ("vul_num", "unsafe_setting_num", "malicious_file_num"),
}
_TIMES = ("latest_update_time", "latest_scan_time")


def select(rows: Iterable[Row], wanted: Filter, match: Match) -> list[Row]:
    """Return the rows that match the filter, in their order.

    Args:
        rows: all rows.
        wanted: the filter.
        match: whether text filters match a substring or the whole text.
    """
    predicates = list(_predicates(wanted, match))
    return [row for row in rows if all(predicate(row) for predicate in predicates)]


def _predicates(wanted: Filter, match: Match) -> Iterable[Predicate]:
    for name in _TEXTS:
        if (text := getattr(wanted, name)) is not None:
            yield _contains(name, text) if match == "contains" else _equals(name, text)
    for name in _EQUALS:
        if (value := getattr(wanted, name)) is not None:
            yield _equals(name, value)
    for name, counts in _COUNTS.items():
        if (flag := getattr(wanted, name)) is not None:
            yield _counted(counts, expected=flag)
    for name in _TIMES:
        start, end = getattr(wanted, f"start_{name}"), getattr(wanted, f"end_{name}")
        if start is not None or end is not None:
            yield _within(name, start or 0, end)
    if wanted.latest_version:  # false does not restrict: the parameter means "only the newest versions"
        yield _equals("latest_version", value=True)


def _contains(name: str, text: str) -> Predicate:
    return lambda row: text in (getattr(row, name) or "")


def _equals(name: str, value: object) -> Predicate:
    return lambda row: bool(getattr(row, name) == value)


def _counted(names: tuple[str, ...], *, expected: bool) -> Predicate:
    return lambda row: any((getattr(row, name) or 0) > 0 for name in names) is expected


def _within(name: str, start: int, end: int | None) -> Predicate:
    def is_within(row: Row) -> bool:
        moment: int | None = getattr(row, name)
        return moment is not None and start <= moment and (end is None or moment <= end)

    return is_within
