"""Table and JSON lines of `hssgate images`, formatted row by row."""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hssgate.durations import format_api_time
from hssgate.hss.models import CicdImage
from hssgate.text import clean, escaped, escaped_to_ascii, is_plain, without_commands

_GAP = "  "
_LONGEST_CELL = 400  # characters; names of up to 128 characters each are never truncated
_DIGEST_SHOWN = 12
_JSON = json.JSONEncoder(ensure_ascii=False)  # `json.dumps` would make one a row


@dataclass(frozen=True)
class Layout:
    """Format of the rows.

    Args:
        header: the line above all rows, if there is one.
        line: formats a row.
        narrow_line: formats a row for an output that is not encoded in Unicode.
    """

    header: str | None
    line: Callable[[CicdImage], str]
    narrow_line: Callable[[CicdImage], str]


@dataclass(frozen=True)
class _Column:
    """A column; a wider cell shifts the rest of its line, and is not truncated, so that it can be copied.

    Args:
        title: its header.
        width: columns of the terminal; negative: aligned to the right.
        cell: returns its value in a row; None and an empty text are shown as a dash.
    """

    title: str
    width: int
    cell: Callable[[CicdImage], object]


def display_width(text: str) -> int:
    """Return the width of a text in terminal columns: two for a wide character, none for a combining one."""
    return len(text) if is_plain(text) else sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def table_for(width: int | None) -> tuple[Layout, list[str]]:
    """Return the table with as many columns as fit, and the titles of those left out, least important first.

    Args:
        width: columns of the terminal; None where the table does not go to one.
    """
    left_out: list[str] = []
    for title in _DISPENSABLE:
        if width is None or _width(_COLUMNS, left_out) <= width:
            break
        left_out.append(title)
    return _table([column for column in _COLUMNS if column.title not in left_out]), left_out


def _width(columns: Sequence[_Column], left_out: Sequence[str]) -> int:
    widths = [abs(column.width) for column in columns if column.title not in left_out]
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _table(columns: Sequence[_Column]) -> Layout:
    def line(row: CicdImage) -> str:
        cells = [clean(_or_dash(column.cell(row)), _LONGEST_CELL) for column in columns]
        return without_commands(_joined(columns, cells))

    return Layout(_joined(columns, [column.title for column in columns]), line, line)


def _json_line(row: CicdImage) -> str:
    return escaped(_JSON.encode(row.model_dump(exclude_none=True)))


def _joined(columns: Sequence[_Column], cells: Sequence[str]) -> str:
    pairs = zip(columns, cells, strict=True)
    return _GAP.join(_padded(cell, column.width) for column, cell in pairs).rstrip()


def _padded(text: str, width: int) -> str:
    room = " " * max(abs(width) - display_width(text), 0)
    return text + room if width > 0 else room + text


def _or_dash(value: object) -> object:
    return "-" if value in (None, "") else value


def _image(row: CicdImage) -> str:
    name = "/".join(part for part in (row.namespace, row.image_name) if part)
    return f"{name}:{row.image_version}" if row.image_version else name


def _scanned(row: CicdImage) -> str | None:
    return None if row.latest_scan_time is None else format_api_time(row.latest_scan_time)


def _digest(row: CicdImage) -> str | None:
    algorithm, colon, value = (row.image_digest or "").rpartition(":")
    return f"{algorithm}{colon}{value[:_DIGEST_SHOWN]}"


_COLUMNS = (
    _Column("IMAGE", 40, _image),
    _Column("CICD NAME", 16, lambda row: row.cicd_name),
    _Column("STATUS", 16, lambda row: row.scan_status),
    _Column("SEVERITY", 8, lambda row: row.severity_level),
    _Column("VULNS", -5, lambda row: row.vul_num),
    _Column("UNSAFE", -6, lambda row: row.unsafe_setting_num),
    _Column("MALICIOUS", -9, lambda row: row.malicious_file_num),
    _Column("SCANNED (UTC)", 20, _scanned),
    _Column("DIGEST", 19, _digest),
)
_DISPENSABLE = ("DIGEST", "CICD NAME", "SCANNED (UTC)", "UNSAFE", "MALICIOUS")  # in this order, where space is short

LAYOUTS = {
    "table": _table(_COLUMNS),
    "json": Layout(None, _json_line, lambda row: escaped_to_ascii(_json_line(row))),
}
