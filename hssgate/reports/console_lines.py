"""Lines of the console summary, broken into the width of the terminal."""

import textwrap

from hssgate.record import record
from hssgate.reports.language import translate
from hssgate.reports.tone import Paint, Tone

_DEEPEST = 11  # columns by which broken lines are indented
_NARROWEST = 40  # columns into which lines are broken


@record
class Lines:
    """Makes lines of text.

    Args:
        paint: colours a word, if the terminal supports it.
        width: columns of the terminal; None where lines are not broken.
    """

    paint: Paint
    width: int | None

    def labelled(self, word: str, tone: Tone, text: str) -> list[str]:
        """Return a text behind a coloured word, which is translated."""
        word = translate(word)
        padded = word + " " * (7 - len(word) - sum(not character.isascii() for character in word))
        return self.broken(f"  {padded}  ", text, self.paint(padded, tone))

    def broken(self, start: str, text: str, painted: str = "") -> list[str]:
        """Return a text behind the start of a line, broken into as many lines as the terminal needs."""
        first = f"  {painted}  " if painted else start
        if self.width is None:
            return [f"{first}{text}"]
        room = max(self.width - len(start), _NARROWEST - len(start), 1)
        indent = min(len(start), _DEEPEST)
        # The start may be longer than the other lines are indented: a filler of its length stands for it.
        filler = "x" * (len(start) - indent)
        wide = room + len(start) - indent
        head, *rest = textwrap.wrap(filler + text, wide, break_long_words=False, break_on_hyphens=False) or [filler]
        return [f"{first}{head.removeprefix(filler)}", *(" " * indent + line for line in rest)]
