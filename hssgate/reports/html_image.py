"""Section of one image in the HTML report: checks with their bars, findings, details and evidence."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from hssgate.hss.models import Detail, DetailKind
from hssgate.reports.bars import bar
from hssgate.reports.explanation import MORE, entries_to_paste, explanation_of
from hssgate.reports.findings import (
    Consequence,
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
from hssgate.reports.html_tables import badge, fold, row_header, table
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
from hssgate.reports.links import cve_record, safe_address
from hssgate.reports.markup import Markup, element, joined, lines, text_element, text_with_code
from hssgate.reports.size_limit import Part, Rank
from hssgate.reports.wording import word
from hssgate.verdict import SEVERITY, Check, ImageVerdict, ListedFinding, Outcome, PolicySource, Result

MOST_ROWS = 5000  # of findings, of all images together; and of details
_ROOM_OF_ALL_ROWS = 4 * 1024 * 1024  # bytes, of all images together
_ROOM_OF_ROWS = 256 * 1024
_MOST_CHECKS = 100
_MOST_IGNORE_ENTRIES = 50
_MOST_READS = 50
_MOST_CVES = 10
_UNFOLDED = 10  # rows of a table that need not be opened first

_CHECK_COLUMNS = ("Result", "Rule", "Against the limit", "What was found")
_FINDING_COLUMNS = ("Effect", "Level", "Finding", "CVE", "Package and path", "Fix, or why ignored")
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
    yield from _findings(image, number, of)
    yield from _what_to_do(image, policies)
    yield from _details(image, number, of)
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
        row_header(element("code", check.rule), *_small(where(check))),
        element("td", bar(check) or Markup("")),
        text_element("td", message(check)),
    )


def _findings(image: ImageVerdict, number: int, of: int) -> Iterator[Part]:
    """Return the findings: of a blocked image the first ones stand open, all others are collapsed."""
    found = in_order_of_effect(consequences(image))
    if not found:
        return
    behind = {*image.blocking_findings}
    counts = Counter(_effect(one, behind) for one in found)
    caption = translate("Blocking first, then by level: ") + ", ".join(
        f"{count} {effect}" for effect, count in counts.items()
    )
    shown = found[: MOST_ROWS // of]
    rows = [_finding(one, _effect(one, behind)) for one in shown]
    is_open = image.outcome is Outcome.BLOCKED or len(found) <= _UNFOLDED
    first = rows[:_UNFOLDED] if is_open else []
    parts = [_table_of_findings(caption, first, _ROOM_OF_ALL_ROWS // of)] if first else []
    if len(first) < len(found):
        left_out = len(found) - len(shown)
        others = _table_of_findings(caption, rows[len(first) :], _ROOM_OF_ALL_ROWS // of, left_out)
        parts.append(
            fold(
                translate("{count} more", count=len(found) - len(first))
                if first
                else translate("All {count}", count=len(found)),
                others,
            )
        )
    heading = element("h3", f"{translate('Findings')} ({len(found)})", id=_anchor(number, "findings"))
    yield Part(Rank.FINDINGS, element("section", heading, *parts))


def _table_of_findings(caption: str, rows: Sequence[Markup], room: int, left_out: int = 0) -> Markup:
    return table("findings", caption, tuple(map(translate, _FINDING_COLUMNS)), rows, room=room, left_out=left_out)


def _effect(one: Consequence, behind: Collection[ListedFinding]) -> str:
    """Return the effect of a finding in words; `severity` counts no findings, and they are behind it all the same."""
    is_behind = one.effect is Effect.ACCEPTED and one.listed in behind
    return translate("behind {rule}", rule=SEVERITY) if is_behind else translate(one.effect.value)


def _finding(one: Consequence, effect: str) -> Markup:
    listed, finding = one.listed, one.listed.finding
    notes = [
        field(finding.solution),
        *(f"{translate('ignored')}: {field(why)} ({field(policy)})" for policy, why in listed.ignored_by),
    ]
    address = cve_record(finding.vul_id) or safe_address(finding.url)
    return element(
        "tr",
        element("td", badge(Result.FAILED if effect != translate(one.effect.value) else _TONES[one.effect], effect)),
        element("td", finding.level.value),
        row_header(_linked(element("code", identifier(finding)), address), *_score(listed)),
        element("td", *_cves(listed)),
        element("td", element("code", package(finding)), *_small(field(finding.app_path))),
        element("td", *(text_element("div", note) for note in notes if note)),
    )


def _cves(listed: ListedFinding) -> Iterator[Markup]:
    """Return the CVE ids, each linked to its public record."""
    for cve in listed.cve_ids[:_MOST_CVES]:
        yield element("div", _linked(element("code", field(cve)), cve_record(cve)))
    if len(listed.cve_ids) > _MOST_CVES:
        yield element("div", f"and {len(listed.cve_ids) - _MOST_CVES} more")


def _linked(content: Markup, address: str | None) -> Markup:
    """Return the content as a link; unchanged if there is no address."""
    return element("a", content, href=address, rel="noreferrer") if address else content


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


def _score(listed: ListedFinding) -> Iterator[Markup]:
    """Return score and date of a finding, as far as they are known."""
    if listed.cvss is not None:
        yield from _small(f"CVSS {listed.cvss:.1f}")
    if published := published_on(listed):
        yield from _small(translate("published {day}", day=published))


def _details(image: ImageVerdict, number: int, of: int) -> Iterator[Part]:
    shown = worst_details(image.details)[: MOST_ROWS // of]
    rows = [_detail(listed.kind, listed.detail) for listed in shown]
    caption = translate("Malicious files, sensitive files, breaches of the baseline")
    left_out = len(image.details) - len(shown)
    listed = table(
        "details",
        caption,
        tuple(map(translate, _DETAIL_COLUMNS)),
        rows,
        room=_ROOM_OF_ALL_ROWS // of,
        left_out=left_out,
    )
    if image.details:
        heading = f"{translate('Details: files and failed baseline checks')} ({len(image.details)})"
        anchor = _anchor(number, "details")
        section = (
            fold(heading, listed, id=anchor)
            if len(image.details) > _UNFOLDED
            else element("section", element("h3", heading, id=anchor), listed)
        )
        yield Part(Rank.DETAILS, section)


def _detail(kind: DetailKind, detail: Detail) -> Markup:
    what, about = detail_words(detail)
    return element(
        "tr",
        element("td", translate(kind.value.replace("_", " "))),
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
    caption = translate(
        "Each change of state, and the last reads, of {polls}", polls=translate_count(image.polls, "poll")
    )
    left_out = len(rows_of_reads) - len(shown)
    listed = table("reads", caption, tuple(map(translate, READ_COLUMNS)), rows, room=_ROOM_OF_ROWS, left_out=left_out)
    return Part(Rank.EVIDENCE, fold(translate("Evidence"), joined(element("dl", *known), listed)))


def _small(text: str) -> list[Markup]:
    """Return the text in small print; nothing if it is empty."""
    return [Markup(" "), text_element("small", text)] if text else []


def _values_line(values: LabelledValues) -> Markup:
    return joined(*(joined(name, Markup(" "), element("code", value)) for name, value in values), between=", ")


def _anchor(number: int, section: str) -> str:
    """Return the id of a section of an image, by which other pages can link to it."""
    return f"image-{number}-{section}"
