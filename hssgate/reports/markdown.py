"""Markdown report for the summary of a CI step and for comments on merge requests, bounded in size."""

from collections.abc import Iterator, Sequence

from hssgate import __version__
from hssgate.durations import format_duration, format_moment
from hssgate.reports.escaping import code, fence, linked, row, table, text, text_with_code
from hssgate.reports.explanation import MORE, entries_to_paste, explanation_of
from hssgate.reports.findings import (
    MOST_CVES,
    check_id,
    detail_words,
    exploited_in_words,
    field,
    identifier,
    package,
    published_on,
    worst_details,
)
from hssgate.reports.image_facts import (
    evidence_values,
    images_in_full,
    message,
    request_values,
    values,
    where,
    worst_checks,
    worst_first,
)
from hssgate.reports.language import translate, translate_message
from hssgate.reports.links import cve_record
from hssgate.reports.size_limit import Part, Rank, bounded, fit
from hssgate.reports.wording import SHORT_SHA, meaning, policy_name, reason, searched_in_words, tally, title, word
from hssgate.verdict import Check, ImageVerdict, ListedDetail, ListedFinding, Outcome, PolicySource, Result, Verdict

LONGEST = 900_000  # bytes of a report; GitHub takes 1 MiB a step
_ROOM_OF_NOTE = 1000
_ROOM_OF_OVERVIEW = LONGEST // 3
_ROOM_OF_LIST = 64 * 1024
_MOST_ROWS = 100
_MOST_CHECKS = 40
_MOST_IGNORE_ENTRIES = 50
_UNFOLDED = 10  # rows; longer lists are collapsed
_LONGEST_MESSAGE = 1000
_LONGEST_REASON = 200
_MARK = "[//]: # (hssgate report)"  # not rendered; `recognition` identifies an old report by it
_NO_BREAK = "\u00a0"

_MARKS: dict[Result | Outcome, str] = {
    Result.PASSED: "✅",
    Result.FAILED: "❌",
    Result.ERROR: "❗",
    Result.WARNED: "⚠️",
    Result.SKIPPED: "➖",
    Outcome.PASSED: "✅",
    Outcome.BLOCKED: "❌",
    Outcome.ERROR: "❗",
}


def render(verdict: Verdict) -> str:
    """Return the report, at most `LONGEST` bytes long, with a newline at its end."""
    parts = [_head(verdict), *_warnings(verdict), *_overview(verdict)]
    for image in images_in_full(verdict):
        parts += _image(image, verdict.policies)
    fitted = fit(parts, LONGEST - _ROOM_OF_NOTE)
    first, *rest = fitted.texts
    note = [f"❗ **{fitted.note}**"] if fitted.note else []
    return "\n\n".join([first, *note, *rest]) + "\n"


def _head(verdict: Verdict) -> Part:
    took = format_duration(max(verdict.finished_at - verdict.started_at, 0))
    finished = format_moment(verdict.finished_at * 1000)
    errors = [f"- ❗ {text(error.message, _LONGEST_MESSAGE)}" for error in verdict.run_errors]
    policies = [_policy(source) for source in verdict.policies]
    judged_by = ", ".join(bounded(policies, _ROOM_OF_LIST, str)) or translate("no policy")
    exit_code = translate("Exit code {code} ({meaning})", code=int(verdict.exit_code), meaning=meaning(verdict))
    paragraphs = [
        f"## {_MARKS[verdict.outcome]} hssgate: {title(verdict).lower()}",
        _MARK,
        translate("**{tally}**. {exit_code}.", tally=tally(verdict), exit_code=exit_code),
        _list(errors),
        translate(
            "Judged by {policies}. Finished {finished}, took {took}. hssgate {version}.",
            policies=judged_by,
            finished=finished,
            took=took,
            version=__version__,
        ),
    ]
    return Part(Rank.VERDICT, "\n\n".join(filter(None, paragraphs)))


def _policy(source: PolicySource) -> str:
    sha256 = f"sha256 {code(source.sha256[:SHORT_SHA])}"
    if source.searched:
        return f"{translate('the built-in policy')} ({sha256}; {text(searched_in_words(source.searched))})"
    return f"{code(policy_name(source))} ({sha256})"


def _warnings(verdict: Verdict) -> Iterator[Part]:
    if verdict.warnings:
        lines = [f"- ⚠️ {text(translate_message(line), _LONGEST_MESSAGE)}" for line in verdict.warnings]
        yield Part(Rank.WARNINGS, _folded(translate("Warnings"), len(lines), _list(lines)))


def _overview(verdict: Verdict) -> Iterator[Part]:
    """Return a table of all images if there are several."""
    if len(verdict.images) > 1:
        rows = [
            row(
                _marked(image.outcome),
                code(image.reference.text),
                str(int(image.exit_code)),
                text(reason(image), _LONGEST_REASON),
            )
            for image in worst_first(verdict.images)
        ]
        yield Part(Rank.OVERVIEW, _table("Result|Image|:Exit code|Because", rows, room=_ROOM_OF_OVERVIEW))


def _image(image: ImageVerdict, policies: Sequence[PolicySource]) -> Iterator[Part]:
    yield _checks(image)
    yield from _explanation(image, policies)
    yield from _ignored(image)
    yield from _details(image)
    yield _evidence(image)


def _checks(image: ImageVerdict) -> Part:
    heading = f"### {_MARKS[image.outcome]} {code(image.reference.text)} {word(image.outcome)}"
    wanted = ", ".join(f"{name} {code(value)}" for name, value in request_values(image))
    checks = worst_checks(image.checks, _MOST_CHECKS)
    rows = [_check(check) for check in checks]
    listed = _table("Result|Rule|:Found|:Accepted|Message", rows, len(image.checks) - len(checks))
    return Part(Rank.CHECKS, f"{heading}\n\n{translate('Asked for: {values}.', values=wanted)}\n\n{listed}")


def _check(check: Check) -> str:
    rule = code(check.rule) + (f" ({text(where(check))})" if where(check) else "")
    found, accepted = values(check)
    return row(_marked(check.result), rule, text(found), text(accepted), text(message(check), _LONGEST_MESSAGE))


def _explanation(image: ImageVerdict, policies: Sequence[PolicySource]) -> Iterator[Part]:
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
        columns = f"Level|Finding|:CVSS|{'Exploited|' if with_feeds else ''}Package and path|Fix|Published"
        found = _table(columns, rows, len(explanation.findings) - len(shown))
        heading = translate("Findings that block, most severe first")
        yield Part(Rank.FINDINGS, _folded(heading, len(explanation.findings), found))
    lines = [
        f"- {code(rule)}: {translate('{remedy}.', remedy=text_with_code(translate(remedy)))}"
        for rule, remedy in explanation.remedies
    ]
    lines += [f"- {translate('Ask: {contact}', contact=text(contact))}" for contact in explanation.contacts]
    lines.append(f"- {translate('More: {where}.', where=text_with_code(translate(MORE)))}")
    paragraphs = [f"#### {translate('What to do')}", _list(lines)]
    if entries := entries_to_paste([explanation], _MOST_IGNORE_ENTRIES):
        paragraphs.append(_fold(translate("To let it pass, with a reason, in the policy"), fence(entries, "yaml")))
    yield Part(Rank.IGNORE_ENTRIES, "\n\n".join(paragraphs))


def _ignored(image: ImageVerdict) -> Iterator[Part]:
    ignored = [listed for listed in image.findings if listed.ignored_by]
    shown = ignored[:_MOST_ROWS]
    rows = [row(*_finding(listed), code(package(listed.finding)), _why(listed)) for listed in shown]
    if rows:
        listed = _table("Level|Finding|Package|Reason", rows, len(ignored) - len(shown))
        yield Part(Rank.IGNORED_FINDINGS, _folded(translate("Findings ignored"), len(ignored), listed))


def _details(image: ImageVerdict) -> Iterator[Part]:
    shown = worst_details(image.details)[:_MOST_ROWS]
    rows = [_detail(listed) for listed in shown]
    if rows:
        listed = _table("Kind|Severity|What|About", rows, len(image.details) - len(shown))
        yield Part(
            Rank.DETAILS, _folded(translate("Details: files and failed baseline checks"), len(image.details), listed)
        )


def _evidence(image: ImageVerdict) -> Part:
    return Part(
        Rank.EVIDENCE,
        _fold(translate("Evidence"), _list([f"- {name}: {code(value)}" for name, value in evidence_values(image)])),
    )


def _finding(listed: ListedFinding) -> tuple[str, str]:
    """Return level and id, with CVE ids that link to their public records."""
    own = linked(code(identifier(listed.finding)), cve_record(listed.finding.vul_id))
    cves = [linked(text(cve), cve_record(cve)) for cve in listed.cve_ids[:MOST_CVES] if cve != listed.finding.vul_id]
    more = [translate("{count} more", count=left)] if (left := len(listed.cve_ids) - MOST_CVES) > 0 else []
    return listed.finding.level.value, f"{own} {', '.join([*cves, *more])}".rstrip()


def _package(listed: ListedFinding) -> str:
    return " ".join(filter(None, (code(package(listed.finding)), code(field(listed.finding.app_path)))))


def _why(listed: ListedFinding | ListedDetail) -> str:
    return "; ".join(f"{text(field(reason))} ({code(field(policy))})" for policy, reason in listed.ignored_by)


def _detail(listed: ListedDetail) -> str:
    what, about = detail_words(listed.detail)
    name = " ".join(filter(None, (code(check_id(listed.detail)), code(what))))
    notes = "; ".join(filter(None, (text(about), _why(listed))))
    return row(translate(listed.kind.value.replace("_", " ")), text(field(listed.detail.severity)), name, notes)


def _marked(ended: Result | Outcome) -> str:
    return f"{_MARKS[ended]}{_NO_BREAK}{translate(ended.value)}"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(bounded(lines, _ROOM_OF_LIST, "- {}".format))


def _table(columns: str, rows: Sequence[str], left_out: int = 0, room: int = _ROOM_OF_LIST) -> str:
    names = [(":" if name.startswith(":") else "") + translate(name.removeprefix(":")) for name in columns.split("|")]
    return table(names, bounded(rows, room, lambda note: row(note, *[""] * (len(names) - 1)), left_out))


def _folded(heading: str, count: int, body: str) -> str:
    """Return a body under its heading, collapsed if it is long."""
    heading = f"{heading} ({count})"
    return f"#### {heading}\n\n{body}" if count <= _UNFOLDED else _fold(heading, body)


def _fold(heading: str, body: str) -> str:
    return f"<details><summary>{heading}</summary>\n\n{body}\n\n</details>"
