"""Markdown report for the summary of a CI step and for comments on merge requests, bounded in size."""

from collections.abc import Iterator, Sequence

from hssgate import __version__
from hssgate.durations import format_duration, format_moment
from hssgate.reports.escaping import code, row, text, text_with_code
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
from hssgate.reports.markdown_findings import details_part, explanation_parts, ignored_part
from hssgate.reports.markdown_tables import ROOM_OF_LIST, bullets, fold, folded, table_of
from hssgate.reports.size_limit import Part, Rank, bounded, fit
from hssgate.reports.wording import (
    SHORT_SHA,
    meaning,
    policy_name,
    read_on,
    reason,
    searched_in_words,
    tally,
    title,
    word,
)
from hssgate.verdict import Check, ImageVerdict, Outcome, PolicySource, Result, Verdict

LONGEST = 900_000  # bytes of a report; GitHub takes 1 MiB a step
_ROOM_OF_NOTE = 1000
_ROOM_OF_OVERVIEW = LONGEST // 3
_MOST_CHECKS = 40
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
    judged_by = ", ".join(bounded(policies, len(policies), ROOM_OF_LIST, str)) or translate("no policy")
    exit_code = translate("Exit code {code} ({meaning})", code=int(verdict.exit_code), meaning=meaning(verdict))
    paragraphs = [
        f"## {_MARKS[verdict.outcome]} hssgate: {title(verdict).lower()}",
        _MARK,
        translate("**{tally}**. {exit_code}.", tally=tally(verdict), exit_code=exit_code),
        bullets(errors),
        translate("More: {where}.", where=text_with_code(read_on(verdict.exit_code)))
        if verdict.outcome is Outcome.ERROR
        else "",
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
        yield Part(Rank.WARNINGS, folded(translate("Warnings"), len(lines), bullets(lines)))


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
        yield Part(Rank.OVERVIEW, table_of("Result|Image|:Exit code|Because", rows, room=_ROOM_OF_OVERVIEW))


def _image(image: ImageVerdict, policies: Sequence[PolicySource]) -> Iterator[Part]:
    yield _checks(image)
    yield from explanation_parts(image, policies)
    yield from ignored_part(image)
    yield from details_part(image)
    yield _evidence(image)


def _checks(image: ImageVerdict) -> Part:
    heading = f"### {_MARKS[image.outcome]} {code(image.reference.text)} {word(image.outcome)}"
    wanted = ", ".join(f"{name} {code(value)}" for name, value in request_values(image))
    checks = worst_checks(image.checks, _MOST_CHECKS)
    rows = [_check(check) for check in checks]
    listed = table_of("Result|Rule|:Found|:Accepted|Message", rows, len(image.checks) - len(checks))
    return Part(Rank.CHECKS, f"{heading}\n\n{translate('Asked for: {values}.', values=wanted)}\n\n{listed}")


def _check(check: Check) -> str:
    rule = code(check.rule) + (f" ({text(where(check))})" if where(check) else "")
    found, accepted = values(check)
    return row(_marked(check.result), rule, text(found), text(accepted), text(message(check), _LONGEST_MESSAGE))


def _evidence(image: ImageVerdict) -> Part:
    return Part(
        Rank.EVIDENCE,
        fold(translate("Evidence"), bullets([f"- {name}: {code(value)}" for name, value in evidence_values(image)])),
    )


def _marked(ended: Result | Outcome) -> str:
    return f"{_MARKS[ended]}{_NO_BREAK}{translate(ended.value)}"
