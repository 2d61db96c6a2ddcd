"""Escapes text from outside for Markdown, so that it has no markup, links or mentions."""

import re
from collections.abc import Iterable, Sequence

from hssgate.text import LONGEST_LINE, clean, without_commands

# GitHub and GitLab look for references (@user, #1, !1, https://…) in the rendered text, after Markdown's escapes are
# resolved. A backslash does not stop that; a zero-width space does. It goes after the sign that begins a mention,
# issue, merge request, label, milestone, epic or snippet, into addresses, between the colons of an emoji, and before
# characters that would begin a block or a quick action of GitLab (`/close`).
_GAP = "\u200b"
_ACTIVE = re.compile(
    r"[@#!%~^&$*\[](?=\S)"
    r"|:(?=//|(?!\d\d:)[\w+-]+:)"  # an emoji (:smile:), but not a time (12:30:00)
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
# A backtick ends a code span, a pipe ends a table cell, and `##[` is a command in the log of a GitHub runner.
_SPAN_BREAKERS = re.compile(r"[`|]|##")
_SPANS = re.compile(r"`([^`]*)`|(https://[^\s`]*[^\s`.。])")  # names in backticks, and addresses
_FENCE = re.compile(r"`{3,}")


def text(raw: object, longest: int = LONGEST_LINE) -> str:
    """Return the text as one line of Markdown without active content, safe in a table as well.

    Args:
        raw: any value from outside.
        longest: maximum number of characters shown.
    """
    return _ACTIVE.sub(rf"\g<0>{_GAP}", clean(raw, longest)).translate(_ESCAPES)


def code(raw: object, longest: int = LONGEST_LINE) -> str:
    """Return the text as a code span, from which it can be copied unchanged.

    Args:
        raw: any value from outside.
        longest: maximum number of characters shown.
    """
    line = clean(raw, longest)
    if not line:
        return ""
    if _SPAN_BREAKERS.search(line):
        return f"<code>{text(line)}</code>"
    return f"`{line}`"


def linked(shown: str, address: str | None) -> str:
    """Return Markdown as a link; unchanged if there is no address.

    Args:
        shown: Markdown.
        address: of our own making, such as that of a CVE's public record.
    """
    return f"[{shown}]({address})" if address else shown


def text_with_code(ours: str) -> str:
    """Return a text of the gate's own: names in backticks, and addresses, as code spans."""
    parts = iter(_SPANS.split(ours))
    shown = [next(parts).translate(_ESCAPES)]
    for name, address, words in zip(parts, parts, parts, strict=True):
        shown += [code(address or name), words.translate(_ESCAPES)]
    return "".join(shown)


def fence(block: str, language: str) -> str:
    """Return lines as a fenced block, with a fence longer than any run of backticks in them."""
    longest = max((len(run) for run in _FENCE.findall(block)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{without_commands(block)}\n{ticks}"


def table(columns: Sequence[str], rows: Iterable[str]) -> str:
    """Return a table.

    Args:
        columns: names of the columns; one that begins with a colon is aligned right.
        rows: rows, each made by `row`.
    """
    rule = ("---:" if column.startswith(":") else "---" for column in columns)
    return "\n".join([row(*(column.lstrip(":") for column in columns)), row(*rule), *rows])


def row(*cells: str) -> str:
    """Return a row of a table.

    Args:
        cells: cells that are Markdown already.
    """
    return f"| {' | '.join(cells)} |"
