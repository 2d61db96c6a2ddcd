"""Fits a report into a number of bytes: drops the least important parts or the last lines, and says how many."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import TypeVar

from hssgate.record import record
from hssgate.reports.language import translate, translate_count

Line = TypeVar("Line", bound=str)
_BETWEEN = 2  # maximum number of bytes between two parts


class Rank(IntEnum):
    """Kind of a part of a report, most important first."""

    VERDICT = 0
    WARNINGS = 1
    OVERVIEW = 2
    CHECKS = 3
    EVIDENCE = 4
    IGNORE_ENTRIES = 5
    FINDINGS = 6
    IGNORED_FINDINGS = 7
    DETAILS = 8


@record
class Part:
    """A part of a report.

    Args:
        rank: its kind.
        text: its text in the report's format.
    """

    rank: Rank
    text: str


@record
class Fitted:
    """The parts that fit.

    Args:
        texts: texts of the parts that fit, in the order of the document.
        note: a sentence about the parts left out; empty if there are none.
    """

    texts: list[str]
    note: str


def fit(parts: Sequence[Part], room: int) -> Fitted:
    """Keep the most important parts that fit, and the earlier ones of equal importance.

    Args:
        parts: parts in the order of the document.
        room: bytes available.
    """
    # The first part that does not fit ends the loop, even if a smaller one after it would fit. Otherwise a report could
    # show the details of an image while its checks are left out.
    kept = set()
    for number in sorted(range(len(parts)), key=lambda number: parts[number].rank):
        room -= len(parts[number].text.encode()) + _BETWEEN
        if room < 0:
            break
        kept.add(number)
    left_out = [part.rank for number, part in enumerate(parts) if number not in kept]
    return Fitted([part.text for number, part in enumerate(parts) if number in kept], _note(left_out))


def bounded(lines: Iterable[Line], count: int, room: int, frame: Callable[[str], Line]) -> list[Line]:
    """Return the lines that fit, and one more with the number of those left out, if there are any.

    Args:
        lines: lines, most important first; of a generator, those after the first that does not fit are not made.
        count: their number, and that of lines left out already.
        room: bytes available.
        frame: makes a line of the sentence about those left out.
    """
    shown = [*_fitting(lines, room)]
    if left_out := count - len(shown):
        shown.append(frame(translate("and {count} more, see the JSON report", count=left_out)))
    return shown


def _fitting(lines: Iterable[Line], room: int) -> Iterator[Line]:
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return
        yield line


def _note(left_out: Sequence[Rank]) -> str:
    counted = [
        translate("{part} of {images}", part=translate(_words(rank)), images=translate_count(count, "image"))
        for rank in reversed(Rank)
        if (count := sum(part is rank for part in left_out))
    ]
    if not counted:
        return ""
    parts = translate(", ").join(counted)
    return translate(
        "Left out here to stay within the size limit: {parts}. The JSON report has all of it.", parts=parts
    )


def _words(rank: Rank) -> str:
    return rank.name.lower().replace("_", " ")
