"""Findings, files and failed baseline checks of one image in the Markdown report, and what to do about a block."""

from collections.abc import Iterator, Sequence

from hssgate.reports.escaping import code, fence, linked, row, text, text_with_code
from hssgate.reports.explanation import MORE, entries_to_paste, explanation_of
from hssgate.reports.findings import (
    MOST_CVES,
    check_id,
    detail_words,
    exploited_in_words,
    field,
    identifier,
    novelty_in_words,
    package,
    published_on,
    worst_details,
)
from hssgate.reports.language import translate
from hssgate.reports.links import cve_record
from hssgate.reports.markdown_tables import bullets, fold, folded, table_of
from hssgate.reports.size_limit import Part, Rank
from hssgate.verdict import ImageVerdict, ListedDetail, ListedFinding, PolicySource

_MOST_ROWS = 100
_MOST_IGNORE_ENTRIES = 50
_COLUMNS = "Level|Finding|:CVSS|Package and path|Fix|Published"
_COLUMNS_WITH_FEEDS = "Level|Finding|:CVSS|Exploited|Package and path|Fix|Published"


def explanation_parts(image: ImageVerdict, policies: Sequence[PolicySource]) -> Iterator[Part]:
    """Return what is behind a block, and what to do."""
    explanation = explanation_of(image, policies)
    if explanation is None:
        return
    shown = explanation.findings[:_MOST_ROWS]
    with_feeds = any(listed.exploited for listed in explanation.findings)
    rows = [
        row(
            *_finding(listed),
            "" if listed.cvss is None else f"{listed.cvss:.1f}",
            *([exploited_in_words(listed)] if with_feeds else []),
            _package(listed),
            text(field(listed.finding.solution)),
            published_on(listed),
        )
        for listed in shown
    ]
    if rows:
        columns = _COLUMNS_WITH_FEEDS if with_feeds else _COLUMNS
        found = table_of(columns, rows, len(explanation.findings) - len(shown))
        heading = translate("Findings that block, most severe first")
        yield Part(Rank.FINDINGS, folded(heading, len(explanation.findings), found))
    lines = [
        f"- {code(rule)}: {translate('{remedy}.', remedy=text_with_code(translate(remedy)))}"
        for rule, remedy in explanation.remedies
    ]
    lines += [f"- {translate('Ask: {contact}', contact=text(contact))}" for contact in explanation.contacts]
    lines.append(f"- {translate('More: {where}.', where=text_with_code(translate(MORE)))}")
    paragraphs = [f"#### {translate('What to do')}", bullets(lines)]
    if entries := entries_to_paste([explanation], _MOST_IGNORE_ENTRIES):
        paragraphs.append(fold(translate("To let it pass, with a reason, in the policy"), fence(entries, "yaml")))
    yield Part(Rank.IGNORE_ENTRIES, "\n\n".join(paragraphs))


def ignored_part(image: ImageVerdict) -> Iterator[Part]:
    """Return the ignored findings, with their reasons."""
    ignored = [listed for listed in image.findings if listed.ignored_by]
    shown = ignored[:_MOST_ROWS]
    rows = [row(*_finding(listed), code(package(listed.finding)), _why(listed)) for listed in shown]
    if rows:
        listed = table_of("Level|Finding|Package|Reason", rows, len(ignored) - len(shown))
        yield Part(Rank.IGNORED_FINDINGS, folded(translate("Findings ignored"), len(ignored), listed))


def details_part(image: ImageVerdict) -> Iterator[Part]:
    """Return the files and the failed baseline checks."""
    shown = worst_details(image.details)[:_MOST_ROWS]
    rows = [_detail(listed) for listed in shown]
    if rows:
        listed = table_of("Kind|Severity|What|About", rows, len(image.details) - len(shown))
        yield Part(
            Rank.DETAILS, folded(translate("Details: files and failed baseline checks"), len(image.details), listed)
        )


def _finding(listed: ListedFinding) -> tuple[str, str]:
    """Return level and id, with CVE ids that link to their public records."""
    own = linked(code(identifier(listed.finding)), cve_record(listed.finding.vul_id))
    cves = [linked(text(cve), cve_record(cve)) for cve in listed.cve_ids[:MOST_CVES] if cve != listed.finding.vul_id]
    more = [translate("{count} more", count=left)] if (left := len(listed.cve_ids) - MOST_CVES) > 0 else []
    level = ", ".join(filter(None, (listed.finding.level.value, novelty_in_words(listed))))
    return level, f"{own} {', '.join([*cves, *more])}".rstrip()


def _package(listed: ListedFinding) -> str:
    return " ".join(filter(None, (code(package(listed.finding)), code(field(listed.finding.app_path)))))


def _why(listed: ListedFinding | ListedDetail) -> str:
    return "; ".join(f"{text(field(reason))} ({code(field(policy))})" for policy, reason in listed.ignored_by)


def _detail(listed: ListedDetail) -> str:
    what, about = detail_words(listed.detail)
    name = " ".join(filter(None, (code(check_id(listed.detail)), code(what))))
    notes = "; ".join(filter(None, (text(about), _why(listed))))
    return row(translate(listed.kind.value.replace("_", " ")), text(field(listed.detail.severity)), name, notes)
