"""Section of one image in the HTML report: checks with their bars, findings, details and evidence."""

from collections.abc import Iterator, Sequence

from hssgate.hss.models import Detail, DetailKind
from hssgate.reports.bars import bar
from hssgate.reports.explanation import entries_to_paste, explanation_of
from hssgate.reports.findings import (
    Effect,
    consequences,
    detail_words,
    field,
    identifier,
    in_order_of_effect,
    package,
    published_on,
    worst_details,
)
from hssgate.reports.html_tables import badge, row_header, table
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
from hssgate.reports.markup import Markup, element, joined, lines, text_element
from hssgate.reports.size_limit import Part, Rank
from hssgate.reports.wording import word
from hssgate.text import plural
from hssgate.verdict import Check, ImageVerdict, ListedFinding, PolicySource, Result

MOST_ROWS = 5000  # of findings, of all images together; and of details
_ROOM_OF_ALL_ROWS = 4 * 1024 * 1024  # bytes, of all images together
_ROOM_OF_ROWS = 256 * 1024
_MOST_CHECKS = 100
_MOST_IGNORE_ENTRIES = 50
_MOST_READS = 50
_MOST_CVES = 20
_UNFOLDED = 50  # rows of a table that need not be opened first

_CHECK_COLUMNS = ("Result", "Rule", "Against the limit", "What was found")
_FINDING_COLUMNS = ("Effect", "Level", "Finding", "Package and path", "What to do, or why ignored")
_DETAIL_COLUMNS = ("Kind", "Severity", "What", "About")
_TONES = {
    Effect.BLOCKS: Result.FAILED,
    Effect.WARNS: Result.WARNED,
    Effect.ACCEPTED: Result.PASSED,
    Effect.IGNORED: Result.SKIPPED,
}


def image_parts(image: ImageVerdict, policies: Sequence[PolicySource], number: int, of: int) -> Iterator[Part]:
    """Return the parts of the section of an image.

    Args:
        image: the image.
        policies: that judged it.
        number: number by which the overview links to the section.
        of: number of sections that share the size limit.
    """
    yield _checks(image, number)
    yield from _findings(image, of)
    yield from _what_to_do(image, policies)
    yield from _details(image, of)
    yield _evidence(image)


def _checks(image: ImageVerdict, number: int) -> Part:
    name = element("code", image.reference.text)
    heading = element("h2", name, Markup(" "), badge(image.outcome, word(image.outcome)), id=f"image-{number}")
    request = element("p", "Asked for:", Markup(" "), _values_line(request_values(image)), class_="quiet")
    checks = worst_checks(image.checks, _MOST_CHECKS)
    rows = [_check(check) for check in checks]
    left_out = len(image.checks) - len(checks)
    listed = table("checks", "Checks", _CHECK_COLUMNS, rows, room=_ROOM_OF_ROWS, left_out=left_out)
    return Part(Rank.CHECKS, element("section", heading, request, listed))


def _check(check: Check) -> Markup:
    return element(
        "tr",
        element("td", badge(check.result)),
        row_header(element("code", check.rule), *_small(where(check))),
        element("td", bar(check) or Markup("")),
        text_element("td", message(check)),
    )


def _findings(image: ImageVerdict, of: int) -> Iterator[Part]:
    consequences_found = in_order_of_effect(consequences(image))
    counts = [(effect, sum(one.effect is effect for one in consequences_found)) for effect in Effect]
    caption = "Blocking first, then by level: " + ", ".join(f"{count} {effect}" for effect, count in counts if count)
    shown = consequences_found[: MOST_ROWS // of]
    rows = [_finding(one.effect, one.listed) for one in shown]
    listed = table(
        "findings",
        caption,
        _FINDING_COLUMNS,
        rows,
        room=_ROOM_OF_ALL_ROWS // of,
        left_out=len(consequences_found) - len(shown),
    )
    if consequences_found:
        yield Part(Rank.FINDINGS, _folded("Findings", len(consequences_found), listed))


def _finding(effect: Effect, listed: ListedFinding) -> Markup:
    finding = listed.finding
    notes = [
        field(finding.solution),
        *(f"ignored: {field(why)} ({field(policy)})" for policy, why in listed.ignored_by),
    ]
    cves = ", ".join(field(cve) for cve in listed.cve_ids[:_MOST_CVES])
    return element(
        "tr",
        element("td", badge(_TONES[effect], effect.value)),
        element("td", finding.level.value),
        row_header(element("code", identifier(finding)), *_small(cves), *_small(_score(listed))),
        element("td", element("code", package(finding)), *_small(field(finding.app_path))),
        element("td", *(text_element("div", note) for note in notes if note)),
    )


def _what_to_do(image: ImageVerdict, policies: Sequence[PolicySource]) -> Iterator[Part]:
    explanation = explanation_of(image, policies)
    if explanation is None:
        return
    items = [element("li", element("code", rule), f": {remedy}.") for rule, remedy in explanation.remedies] + [
        element("li", f"Ask: {contact}") for contact in explanation.contacts
    ]
    entries = entries_to_paste([explanation], _MOST_IGNORE_ENTRIES)
    listed = element("pre", element("code", lines(entries)))
    pasted = [_fold("To let it pass, with a reason, in the policy", listed)] if entries else []
    what_to_do = element("section", element("h3", "What to do"), element("ul", *items), *pasted)
    yield Part(Rank.IGNORE_ENTRIES, what_to_do)


def _score(listed: ListedFinding) -> str:
    """Return score and date of a finding, as far as they are known."""
    score = [] if listed.cvss is None else [f"CVSS {listed.cvss:.1f}"]
    published = published_on(listed)
    return ", ".join([*score, *([f"published {published}"] if published else [])])


def _details(image: ImageVerdict, of: int) -> Iterator[Part]:
    shown = worst_details(image.details)[: MOST_ROWS // of]
    rows = [_detail(listed.kind, listed.detail) for listed in shown]
    caption = "Malicious files, sensitive files, breaches of the baseline"
    left_out = len(image.details) - len(shown)
    listed = table("details", caption, _DETAIL_COLUMNS, rows, room=_ROOM_OF_ALL_ROWS // of, left_out=left_out)
    if image.details:
        yield Part(Rank.DETAILS, _folded("Details: files and failed baseline checks", len(image.details), listed))


def _detail(kind: DetailKind, detail: Detail) -> Markup:
    what, about = detail_words(detail)
    return element(
        "tr",
        element("td", kind.value.replace("_", " ")),
        element("td", field(detail.severity)),
        row_header(element("code", what)),
        text_element("td", about),
    )


def _evidence(image: ImageVerdict) -> Part:
    known = (
        joined(element("dt", name), element("dd", text_element("code", value)))
        for name, value in evidence_values(image)
    )
    rows_of_reads = read_rows(image)
    shown = rows_of_reads[-_MOST_READS:]
    rows = [element("tr", row_header(cells[0]), *(text_element("td", cell) for cell in cells[1:])) for cells in shown]
    caption = f"Each change of state, and the last reads, of {plural(image.polls, 'poll')}"
    left_out = len(rows_of_reads) - len(shown)
    listed = table("reads", caption, READ_COLUMNS, rows, room=_ROOM_OF_ROWS, left_out=left_out)
    return Part(Rank.EVIDENCE, _fold("Evidence", joined(element("dl", *known), listed)))


def _small(text: str) -> list[Markup]:
    """Return the text in small print; nothing if it is empty."""
    return [Markup(" "), text_element("small", text)] if text else []


def _values_line(values: LabelledValues) -> Markup:
    return joined(*(joined(name, Markup(" "), element("code", value)) for name, value in values), between=", ")


def _folded(heading: str, count: int, body: Markup) -> Markup:
    """Return a body under its heading, collapsed if it is long."""
    heading = f"{heading} ({count})"
    return _fold(heading, body) if count > _UNFOLDED else element("section", element("h3", heading), body)


def _fold(heading: str, body: Markup) -> Markup:
    return element("details", element("summary", element("strong", heading)), body)
