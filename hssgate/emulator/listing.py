"""Body of a page: the rows in their envelope, with the quirks of the scenario."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from hssgate.emulator.model import Quirks

_TIMES = frozenset({"latest_scan_time", "latest_update_time"})


def envelope(total: int, rows: Sequence[dict[str, JsonValue]], quirks: Quirks) -> dict[str, JsonValue]:
    """Return the body of a page.

    Args:
        total: rows on all pages.
        rows: those of this page, as JSON.
        quirks: a single row as an object, null for the rows, no total or a wrong one, odd times.
    """
    shown: list[JsonValue] = [_with_odd_times(row, quirks) for row in rows]
    body: dict[str, JsonValue] = {}
    match quirks.total_num:
        case "ok":
            body["total_num"] = total
        case "page":
            body["total_num"] = len(rows)
        case "missing":
            pass
    match quirks.data_list:
        case "list":
            body["data_list"] = shown
        case "object":
            body["data_list"] = shown[0] if len(shown) == 1 else shown
        case "null":
            body["data_list"] = None
    return body


def _with_odd_times(row: Mapping[str, JsonValue], quirks: Quirks) -> dict[str, JsonValue]:
    return {name: _odd_time(value, quirks) if name in _TIMES else value for name, value in row.items()}


def _odd_time(value: JsonValue, quirks: Quirks) -> JsonValue:
    if not isinstance(value, int):
        return value
    match quirks.times:
        case "ok":
            return value
        case "seconds":
            return value // 1000
        case "zero":
            return 0
