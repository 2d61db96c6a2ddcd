"""RowDialect: scenario keys for row behaviour that HSS's manual leaves open; rewrites the emulator's row timelines."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from hssgate.emulator.rows import TERMINAL, Row, RowTimeline
from hssgate.emulator.strict import StrictModel

_Change = Callable[[RowTimeline], RowTimeline]
_COUNTS = ("vul_num", "unsafe_setting_num", "malicious_file_num")


class RowDialect(StrictModel):
    """A possible behaviour of HSS's rows; the defaults are the emulator's behaviour without a dialect.

    Args:
        rows: `added`: each push has a row of its own; `rewritten`: a push takes over the row of its names, and its id.
        digest: `pushed`: shown from the first state on; `scanned`: left out until a scan has ended; `previous`: that of
            the previous scan until the next one has ended.
        scan_time: moment that `latest_scan_time` gives: the end or the start of the scan.
        cicd_name: `hidden`: rows do not show it, though it is filtered by.
        severity_level: `empty`: left out where all three counts are 0.
    """

    rows: Literal["added", "rewritten"] = "added"
    digest: Literal["pushed", "scanned", "previous"] = "pushed"
    scan_time: Literal["end", "start"] = "end"
    cicd_name: Literal["shown", "hidden"] = "shown"
    severity_level: Literal["shown", "empty"] = "shown"

    def applied_to(self, timelines: Iterable[RowTimeline]) -> list[RowTimeline]:
        """Return the timelines as this dialect shows them."""
        if self.rows == "rewritten":
            timelines = _rewritten(timelines)
        changes: list[_Change] = []
        if self.digest != "pushed":
            changes.append(_keep_digest if self.digest == "previous" else _withhold_digest)
        if self.scan_time == "start":
            changes.append(_date_by_start)
        if self.cicd_name == "hidden":
            changes.append(_hide_identifier)
        if self.severity_level == "empty":
            changes.append(_empty_levels)
        for change in changes:
            timelines = map(change, timelines)
        return list(timelines)


def _rewritten(timelines: Iterable[RowTimeline]) -> Iterator[RowTimeline]:
    """Yield one timeline for all pushes of the same names, each in force until the next one begins."""
    pushes: dict[tuple[str | None, ...], list[tuple[float, RowTimeline]]] = {}
    for timeline in timelines:
        begun = next(((at, row) for at, row in zip(timeline.moments, timeline.rows, strict=True) if row), None)
        if begun is not None:
            at, row = begun
            names = (row.cicd_name, row.registry_name, row.namespace, row.image_name, row.image_version)
            pushes.setdefault(names, []).append((at, timeline))
    for of_one_name in pushes.values():
        of_one_name.sort(key=lambda push: push[0])
        ends = [at for at, _ in of_one_name[1:]]
        states = [
            (at, row)
            for (_, timeline), end in zip(of_one_name, [*ends, float("inf")], strict=True)
            for at, row in zip(timeline.moments, timeline.rows, strict=True)
            if at < end
        ]
        image_id = next(row.image_id for _, row in states if row)
        yield RowTimeline(
            tuple(at for at, _ in states),
            tuple(row and dataclasses.replace(row, image_id=image_id) for _, row in states),
        )


def _withhold_digest(timeline: RowTimeline) -> RowTimeline:
    return _each(timeline, lambda row: row if _has_ended(row) else dataclasses.replace(row, image_digest=None))


def _keep_digest(timeline: RowTimeline) -> RowTimeline:
    digest: str | None = None

    def kept(row: Row) -> Row:
        nonlocal digest
        if _has_ended(row):
            digest = row.image_digest
        return dataclasses.replace(row, image_digest=digest)

    return _each(timeline, kept)


def _date_by_start(timeline: RowTimeline) -> RowTimeline:
    """Give a scan that was seen to start that moment; one listed as ended from the first state on keeps its end."""
    start: float | None = None
    rows: list[Row | None] = []
    for at, row in zip(timeline.moments, timeline.rows, strict=True):
        if row is None or not _has_ended(row):
            start = at if row and row.scan_status == "scanning" else start
            rows.append(row)
            continue
        is_dated = start is not None and row.latest_scan_time == int(at * 1000)
        rows.append(dataclasses.replace(row, latest_scan_time=int(1000 * (start or at))) if is_dated else row)
        start = None
    return RowTimeline(timeline.moments, tuple(rows))


def _hide_identifier(timeline: RowTimeline) -> RowTimeline:
    return _each(timeline, lambda row: dataclasses.replace(row, raw={"cicd_name": None, **row.raw}))


def _empty_levels(timeline: RowTimeline) -> RowTimeline:
    return _each(
        timeline,
        lambda row: (
            row if any(getattr(row, name) != 0 for name in _COUNTS) else dataclasses.replace(row, severity_level=None)
        ),
    )


def _each(timeline: RowTimeline, change: Callable[[Row], Row]) -> RowTimeline:
    return RowTimeline(timeline.moments, tuple(row and change(row) for row in timeline.rows))


def _has_ended(row: Row) -> bool:
    return row.scan_status in TERMINAL
