"""Escapes text from outside for Markdown, so that it has no markup, links or mentions."""

import re
from collections.abc import Iterable, Sequence

from hssgate.text import LONGEST_LINE, clean, without_commands

# Renderers look for references in the text that Markdown has left, so no escape helps: an invisible character does. It
# goes behind the signs that begin a mention, issue, merge request, label, milestone, epic or snippet (GitHub, GitLab),
# into addresses, and between the colons of an emoji; and before what would begin a block, or a command of GitLab.
_GAP = "\u200b"
_ACTIVE = re.compile(
    r"[@#!%~^&$*\[](?=\S)"
    r"|:(?=//|(?!\d\d:)[\w+-]+:)"  # a time is no emoji
    r"|www(?=\.)"
    r"|GH(?=-\d)"
    r"|^(?=[-+=:/#]|\d+[.)])",
    re.IGNORECASE,
)
_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]~"}
    | {character: f"&#{ord(character)};" for character in f"|${_GAP}"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
# A backtick ends a span, a pipe the cell of a table; `##[` is a command where a report goes to a log of a runner.
_SPAN_BREAKERS = re.compile(r"[`|]|##")
_FENCE = re.compile(r"`{3,}")


def text(raw: object, longest: int = LONGEST_LINE) -> str:
    """Return the text as one line of Markdown that shows it, wherever it stands, in a table too.

    Args:
        raw: anything from outside.
        longest: characters of it that are shown.
    """
    return _ACTIVE.sub(rf"\g<0>{_GAP}", clean(raw, longest)).translate(_ESCAPES)


def code(raw: object, longest: int = LONGEST_LINE) -> str:
    """Return the text as a code span; it can be copied unchanged.

    Args:
        raw: anything from outside.
        longest: characters of it that are shown.
    """
    line = clean(raw, longest)
    if not line:
        return ""
    if _SPAN_BREAKERS.search(line):
        return f"<code>{text(line)}</code>"
    return f"`{line}`"


def fence(block: str, language: str) -> str:
    """Return lines as a fenced block that nothing in them can close."""
    longest = max((len(run) for run in _FENCE.findall(block)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{without_commands(block)}\n{ticks}"


def table(columns: Sequence[str], rows: Iterable[str]) -> str:
    """Return a table; a column whose name begins with a colon is read from the right.

    Args:
        columns: their names.
        rows: each made by `row`.
    """
    rule = ("---:" if column.startswith(":") else "---" for column in columns)
    return "\n".join([row(*(column.lstrip(":") for column in columns)), row(*rule), *rows])


def row(*cells: str) -> str:
    """Return cells, which are Markdown already, as a row of a table."""
    return f"| {' | '.join(cells)} |"
