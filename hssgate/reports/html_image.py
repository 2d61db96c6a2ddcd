"""Section of one image in the HTML report: checks with their bars, findings, details and evidence."""

from collections.abc import Iterator, Sequence

from hssgate.reports.bars import bar
from hssgate.reports.explanation import MORE, entries_to_paste, explanation_of
from hssgate.reports.html_baseline import baseline_part
from hssgate.reports.html_findings import details_part, findings_part
from hssgate.reports.html_tables import badge, fold, row_header, small, table
from hssgate.reports.image_facts import (
    READ_COLUMNS,
    LabelledValues,
    evidence_values,
    message,
    read_rows,
    request_values,
    where,
    worst_checks,
)
from hssgate.reports.language import translate, translate_count
from hssgate.reports.markup import Markup, element, joined, lines, text_element, text_with_code
from hssgate.reports.size_limit import Part, Rank
from hssgate.reports.wording import word
from hssgate.verdict import Check, ImageVerdict, PolicySource

_ROOM_OF_ROWS = 256 * 1024
_MOST_CHECKS = 100
_MOST_IGNORE_ENTRIES = 50
_MOST_READS = 50

_CHECK_COLUMNS = ("Result", "Rule", "Against the limit", "What was found")


def image_parts(image: ImageVerdict, policies: Sequence[PolicySource], number: int, of: int) -> Iterator[Part]:
    """Return the parts of the section of an image.

    Args:
        image: the image.
        policies: that judged it.
        number: number by which the overview links to the section.
        of: number of sections that share the size limit.
    """
    yield _checks(image, number)
    yield from findings_part(image, number, of)
    yield from _what_to_do(image, policies)
    yield from details_part(image, number, of)
    yield from baseline_part(image, number, of)
    yield _evidence(image)


def _checks(image: ImageVerdict, number: int) -> Part:
    name = element("code", image.reference.text)
    heading = element("h2", name, Markup(" "), badge(image.outcome, word(image.outcome)), id=f"image-{number}")
    request = element("p", translate("Asked for:"), Markup(" "), _values_line(request_values(image)), class_="quiet")
    checks = worst_checks(image.checks, _MOST_CHECKS)
    rows = [_check(check) for check in checks]
    left_out = len(image.checks) - len(checks)
    listed = table(
        "checks",
        translate("Checks"),
        tuple(map(translate, _CHECK_COLUMNS)),
        rows,
        room=_ROOM_OF_ROWS,
        left_out=left_out,
    )
    return Part(Rank.CHECKS, element("section", heading, request, listed))


def _check(check: Check) -> Markup:
    return element(
        "tr",
        element("td", badge(check.result)),
        row_header(element("code", check.rule), *small(where(check))),
        element("td", bar(check) or Markup("")),
        text_element("td", message(check)),
    )


def _what_to_do(image: ImageVerdict, policies: Sequence[PolicySource]) -> Iterator[Part]:
    explanation = explanation_of(image, policies)
    if explanation is None:
        return
    items = [
        element("li", element("code", rule), text_with_code(f": {translate('{remedy}.', remedy=translate(remedy))}"))
        for rule, remedy in explanation.remedies
    ] + [element("li", translate("Ask: {contact}", contact=contact)) for contact in explanation.contacts]
    items.append(element("li", text_with_code(translate("More: {where}.", where=translate(MORE)))))
    entries = entries_to_paste([explanation], _MOST_IGNORE_ENTRIES)
    listed = element("pre", element("code", lines(entries)))
    pasted = [fold(translate("To let it pass, with a reason, in the policy"), listed)] if entries else []
    what_to_do = element("section", element("h3", translate("What to do")), element("ul", *items), *pasted)
    yield Part(Rank.IGNORE_ENTRIES, what_to_do)


def _evidence(image: ImageVerdict) -> Part:
    known = (
        joined(element("dt", name), element("dd", text_element("code", value)))
        for name, value in evidence_values(image)
    )
    rows_of_reads = read_rows(image)
    shown = rows_of_reads[-_MOST_READS:]
    rows = [element("tr", row_header(cells[0]), *(text_element("td", cell) for cell in cells[1:])) for cells in shown]
    caption = translate(
        "Each change of state, and the last reads, of {polls}", polls=translate_count(image.polls, "poll")
    )
    left_out = len(rows_of_reads) - len(shown)
    listed = table("reads", caption, tuple(map(translate, READ_COLUMNS)), rows, room=_ROOM_OF_ROWS, left_out=left_out)
    return Part(Rank.EVIDENCE, fold(translate("Evidence"), joined(element("dl", *known), listed)))


def _values_line(values: LabelledValues) -> Markup:
    return joined(*(joined(name, Markup(" "), element("code", value)) for name, value in values), between=", ")
