"""Cleaning of text from outside for display: one line of bounded length without control characters."""

import json
import re
import unicodedata
from collections.abc import Iterable

# C0 and C1 controls, zero-width and bidirectional marks (they reorder what a reader sees), lone surrogates (they
# cannot be encoded), non-characters, and the tag block (invisible text). Line breaks are included, or text from outside
# could add a line to the log that looks like ours.
_UNSAFE = (  # compiled at first use, for nearly all text is plain
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    "\ufff9-\uffff\U000e0000-\U000e0fff"
    + "".join(chr((plane << 16) + 0xFFFE) + chr((plane << 16) + 0xFFFF) for plane in range(1, 17))
    + "]+"
)
_UNSAFE_BUT_PRINTABLE = "[\u2060-\u206f\ufff9-\uffff\U000e0000-\U000e0fff]"  # today, or in a later Unicode
_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_BEYOND_ASCII = r"[^\x00-\x7f]+"
# `::` at the head of a line and `##[` anywhere are GitHub's workflow commands, `##vso[` is Azure's.
_COMMAND = re.compile(r"(?m)^[^\S\n]*::|##(?=\[|vso\[)")
_LONE_SURROGATE = "[\ud800-\udfff]"
_COMMAND_IN_JSON = r"##(?=\[|vso\[)"

_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # invisible, but letters or symbols to Unicode

LONGEST_LINE = 2000


def clean(text: object, longest: int = LONGEST_LINE) -> str:
    """Return the text as one line without control characters.

    Args:
        text: any value from the API, a file or the caller; it is converted to text.
        longest: maximum number of characters; longer text ends with an ellipsis.
    """
    raw = str(text)
    if len(raw) > 4 * longest:  # no megabyte needs to be cleaned to show one line
        raw = raw[: 4 * longest]
    line = " ".join((raw if _is_safe(raw) else re.sub(_UNSAFE, " ", _ANSI.sub("", raw))).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _is_safe(text: str) -> bool:
    """Whether `clean` has nothing to remove but blanks; for Chinese, a sixth of the time that removing takes."""
    return is_plain(text) or (text.isprintable() and not re.search(_UNSAFE_BUT_PRINTABLE, text))


def is_plain(text: str) -> bool:
    """Whether the text has only visible ASCII and blanks.

    Nearly all text does, and this test takes a hundredth of the time of the regular expressions above.
    """
    return text.isascii() and text.isprintable()


def is_visible(text: str) -> bool:
    """Whether the text has a visible character: a letter, number, punctuation or symbol."""
    return any(unicodedata.category(found)[0] in "LNPS" and found not in _FILLERS for found in text)


def without_commands(text: str) -> str:
    """Return the text without workflow commands, which a runner would execute if they were printed to its log."""
    return _COMMAND.sub(lambda found: " ".join(found[0]), text)


def without_commands_in_json(document: str) -> str:
    """Return a JSON document with the same data, without workflow commands of a runner in it."""
    return re.sub(_COMMAND_IN_JSON, r"#\\u0023", document)


def without_lone_surrogates(document: str) -> str:
    """Return a JSON document with the same data that can be encoded: lone surrogates are written as escapes."""
    return re.sub(_LONE_SURROGATE, _as_escapes, document)


def without_control_sequences(text: str) -> str:
    """Return the text without the control sequences of a terminal."""
    return _ANSI.sub("", text) if "\x1b" in text or "\x9b" in text else text


def escaped(document: str) -> str:
    """Return a one-line JSON document with the same data, with the characters that `clean` removes as escapes."""
    return without_commands_in_json(document if is_plain(document) else re.sub(_UNSAFE, _as_escapes, document))


def escaped_to_ascii(document: str) -> str:
    """Return a JSON document with the same data in ASCII, with all other characters as escapes."""
    return re.sub(_BEYOND_ASCII, _as_escapes, document)


def joined(names: Iterable[str], most: int = 5) -> str:
    """Return different names with commas between; of many, the first ones and the number of the others."""
    different = [*dict.fromkeys(names)]
    more = [f"and {len(different) - most} more"] if len(different) > most else []
    return ", ".join([*different[:most], *more])


def plural(count: int, noun: str) -> str:
    """Return `1 image`, `2 images`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _as_escapes(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
