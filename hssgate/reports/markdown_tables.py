"""Tables, lists and collapsed sections of the Markdown report."""

from collections.abc import Sequence

from hssgate.reports.escaping import row, table
from hssgate.reports.language import translate
from hssgate.reports.size_limit import bounded

ROOM_OF_LIST = 64 * 1024  # bytes
_UNFOLDED = 10  # rows; longer lists are collapsed


def bullets(lines: Sequence[str]) -> str:
    """Return a list, whose lines begin with a hyphen."""
    return "\n".join(bounded(lines, len(lines), ROOM_OF_LIST, "- {}".format))


def table_of(columns: str, rows: Sequence[str], left_out: int = 0, room: int = ROOM_OF_LIST) -> str:
    """Return a table.

    Args:
        columns: their names in English, with `|` between; one that begins with a colon is aligned right.
        rows: most important first.
        left_out: number of rows that were left out already.
        room: bytes available.
    """
    names = [(":" if name.startswith(":") else "") + translate(name.removeprefix(":")) for name in columns.split("|")]
    return table(names, bounded(rows, len(rows) + left_out, room, lambda note: row(note, *[""] * (len(names) - 1))))


def folded(heading: str, count: int, body: str) -> str:
    """Return a body under its heading, collapsed if it is long."""
    heading = f"{heading} ({count})"
    return f"#### {heading}\n\n{body}" if count <= _UNFOLDED else fold(heading, body)


def fold(heading: str, body: str) -> str:
    """Return a body that is collapsed under its heading."""
    return f"<details><summary>{heading}</summary>\n\n{body}\n\n</details>"
