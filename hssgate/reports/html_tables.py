"""Tables, badges and icons of the HTML report."""

from collections.abc import Sequence

from hssgate.reports.language import translate
from hssgate.reports.markup import Markup, element, joined, text_element
from hssgate.reports.size_limit import bounded
from hssgate.verdict import Outcome, Result

_PICTURES = {
    Outcome.PASSED: ("#2a9d5c", "M10 17 l5 5 l9 -11"),
    Outcome.BLOCKED: ("#dc4c40", "M11 11 l12 12 M23 11 l-12 12"),
    Outcome.ERROR: ("#8a63c9", "M17 9 v10 M17 23.5 v1.5"),
}
_SIZE = 34


def table(
    kind: str, caption: str, columns: Sequence[str], rows: Sequence[Markup], *, room: int, left_out: int = 0
) -> Markup:
    """Return a table that scrolls by itself if it is wider than the page.

    Args:
        kind: CSS class of the table.
        caption: caption.
        columns: headings of the columns.
        rows: `tr` elements, most important first.
        room: bytes available for the rows.
        left_out: number of rows that were left out already, to be counted in the last row.
    """

    def last_row(note: str) -> Markup:
        return element("tr", element("td", note, colspan=len(columns)))

    headings = (element("th", column, scope="col", align="left") for column in columns)
    # Jenkins blocks styles, which would leave a table without lines and padding. These attributes are obsolete in
    # HTML 5, but browsers still apply them, and no policy blocks them.
    drawn = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *headings)),
        element("tbody", joined(*bounded(rows, len(rows) + left_out, room, last_row), between="\n")),
        class_=kind,
        rules="rows",
        frame="hsides",
        cellpadding=6,
    )
    return element("div", drawn, class_="scroll", role="region", aria_label=caption, tabindex=0)


def row_header(*content: str) -> Markup:
    """Return the header cell of a row."""
    return element("th", *content, scope="row", align="left")


def fold(heading: str, body: Markup, **attributes: str) -> Markup:
    """Return a body that is collapsed under its heading."""
    return element("details", element("summary", element("strong", heading)), body, **attributes)


def badge(ended: Result | Outcome, text: str | None = None) -> Markup:
    """Return a coloured word for a result; the colour adds nothing that the word does not say."""
    return element("strong", text or translate(ended.value), class_=f"badge {ended.value}")


def small(text: str) -> list[Markup]:
    """Return the text in small print; nothing if it is empty."""
    return [Markup(" "), text_element("small", text)] if text else []


def anchor(number: int, section: str) -> str:
    """Return the id of a section of an image, by which other pages can link to it."""
    return f"image-{number}-{section}"


def icon(outcome: Outcome) -> Markup:
    """Return the icon of an outcome, hidden from screen readers because a word stands beside it."""
    fill, stroke = _PICTURES[outcome]
    middle = _SIZE / 2
    return element(
        "svg",
        element("circle", cx=middle, cy=middle, r=middle, fill=fill),
        element("path", d=stroke, fill="none", stroke="#fff", stroke_width=3, stroke_linecap="round"),
        aria_hidden="true",
        width=_SIZE,
        height=_SIZE,
        viewBox=f"0 0 {_SIZE} {_SIZE}",
    )
