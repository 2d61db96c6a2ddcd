"""Findings, files and failed baseline checks of one image in the HTML report."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from hssgate.reports.findings import (
    Consequence,
    Effect,
    check_id,
    consequences,
    detail_words,
    due_in_words,
    exploited_in_words,
    field,
    identifier,
    in_order_of_effect,
    novelty_in_words,
    package,
    published_on,
    worst_details,
)
from hssgate.reports.html_tables import anchor, badge, fold, row_header, small, table
from hssgate.reports.language import translate
from hssgate.reports.links import cve_record, safe_address
from hssgate.reports.markup import Markup, element, text_element
from hssgate.reports.size_limit import Part, Rank
from hssgate.verdict import SEVERITY, ImageVerdict, ListedDetail, ListedFinding, Outcome, Result

MOST_ROWS = 5000  # of findings, of all images together; and of details
ROOM_OF_ALL_ROWS = 4 * 1024 * 1024  # bytes, of all images together
_MOST_CVES = 10
_UNFOLDED = 10  # rows of a table that need not be opened first

_FINDING_COLUMNS = ("Effect", "Level", "Finding", "CVE", "Package and path", "Fix, or why ignored")
_EXPLOITED = "Exploited"  # one more column, if a policy reads feeds
_DETAIL_COLUMNS = ("Kind", "Severity", "What", "About")
_TONES = {
    Effect.BLOCKS: Result.FAILED,
    Effect.WARNS: Result.WARNED,
    Effect.ACCEPTED: Result.PASSED,
    Effect.IGNORED: Result.SKIPPED,
}


def findings_part(image: ImageVerdict, number: int, of: int) -> Iterator[Part]:
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
    with_feeds = any(one.listed.exploited for one in found)
    rows = [_finding(one, _effect(one, behind), with_feeds=with_feeds) for one in shown]
    is_open = image.outcome is Outcome.BLOCKED or len(found) <= _UNFOLDED
    first = rows[:_UNFOLDED] if is_open else []
    parts = [_table_of_findings(caption, first, ROOM_OF_ALL_ROWS // of, with_feeds=with_feeds)] if first else []
    if len(first) < len(found):
        left_out = len(found) - len(shown)
        others = _table_of_findings(
            caption, rows[len(first) :], ROOM_OF_ALL_ROWS // of, left_out, with_feeds=with_feeds
        )
        parts.append(
            fold(
                translate("{count} more", count=len(found) - len(first))
                if first
                else translate("All {count}", count=len(found)),
                others,
            )
        )
    heading = element("h3", f"{translate('Findings')} ({len(found)})", id=anchor(number, "findings"))
    yield Part(Rank.FINDINGS, element("section", heading, *parts))


def _table_of_findings(
    caption: str, rows: Sequence[Markup], room: int, left_out: int = 0, *, with_feeds: bool
) -> Markup:
    columns = [*_FINDING_COLUMNS[:4], *([_EXPLOITED] if with_feeds else []), *_FINDING_COLUMNS[4:]]
    return table("findings", caption, tuple(map(translate, columns)), rows, room=room, left_out=left_out)


def _effect(one: Consequence, behind: Collection[ListedFinding]) -> str:
    """Return the effect of a finding in words; `severity` counts no findings, and they are behind it all the same."""
    is_behind = one.effect is Effect.ACCEPTED and one.listed in behind
    return translate("behind {rule}", rule=SEVERITY) if is_behind else translate(one.effect.value)


def _finding(one: Consequence, effect: str, *, with_feeds: bool) -> Markup:
    listed, finding = one.listed, one.listed.finding
    notes = [
        field(finding.solution),
        *(f"{translate('denied')}: {field(why)} ({field(policy)})" for policy, why in listed.denied_by),
        *(f"{translate('ignored')}: {field(why)} ({field(policy)})" for policy, why in listed.ignored_by),
    ]
    address = cve_record(finding.vul_id) or safe_address(finding.url)
    return element(
        "tr",
        element("td", badge(Result.FAILED if effect != translate(one.effect.value) else _TONES[one.effect], effect)),
        element("td", finding.level.value, *small(novelty_in_words(listed))),
        row_header(_linked(element("code", identifier(finding)), address), *_score(listed)),
        element("td", *_cves(listed), class_="cves"),
        *([element("td", exploited_in_words(listed), class_="exploited")] if with_feeds else []),
        element("td", element("code", package(finding)), *small(field(finding.app_path)), class_="wide"),
        element("td", *(text_element("div", note) for note in notes if note), class_="wide"),
    )


def _cves(listed: ListedFinding) -> Iterator[Markup]:
    """Return the CVE ids, each linked to its public record."""
    for cve in listed.cve_ids[:_MOST_CVES]:
        yield element("div", _linked(element("code", field(cve)), cve_record(cve)))
    if len(listed.cve_ids) > _MOST_CVES:
        yield element("div", translate("and {count} more", count=len(listed.cve_ids) - _MOST_CVES))


def _linked(content: Markup, address: str | None) -> Markup:
    """Return the content as a link; unchanged if there is no address."""
    return element("a", content, href=address, rel="noreferrer") if address else content


def _score(listed: ListedFinding) -> Iterator[Markup]:
    """Return score and date of a finding, as far as they are known."""
    if listed.cvss is not None:
        yield from small(f"CVSS {listed.cvss:.1f}")
    if published := published_on(listed):
        yield from small(translate("published {day}", day=published))
    yield from small(due_in_words(listed))


def details_part(image: ImageVerdict, number: int, of: int) -> Iterator[Part]:
    """Return the files and the failed baseline checks; a long list is collapsed."""
    if not image.details:
        return
    shown = worst_details(image.details)[: MOST_ROWS // of]
    listed = table(
        "details",
        translate("Malicious files, sensitive files, breaches of the baseline"),
        tuple(map(translate, _DETAIL_COLUMNS)),
        [_detail(one) for one in shown],
        room=ROOM_OF_ALL_ROWS // of,
        left_out=len(image.details) - len(shown),
    )
    heading = f"{translate('Details: files and failed baseline checks')} ({len(image.details)})"
    name = anchor(number, "details")
    if len(image.details) > _UNFOLDED:
        section = fold(heading, listed, id=name)
    else:
        section = element("section", element("h3", heading, id=name), listed)
    yield Part(Rank.DETAILS, section)


def _detail(listed: ListedDetail) -> Markup:
    what, about = detail_words(listed.detail)
    return element(
        "tr",
        element("td", translate(listed.kind.value.replace("_", " "))),
        element("td", field(listed.detail.severity)),
        row_header(element("code", what), *small(check_id(listed.detail))),
        element("td", *notes(about, listed)),
    )


def notes(about: str, listed: ListedDetail) -> Iterator[Markup]:
    """Return what is known about a file or check, and the reasons of the entries that ignore it."""
    ignored = (f"{translate('ignored')}: {field(why)} ({field(policy)})" for policy, why in listed.ignored_by)
    yield from (text_element("div", note) for note in (about, *ignored) if note)
