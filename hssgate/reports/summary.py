"""Console summary at the end of a run: a line for each check, and the verdict in the last line."""

from collections.abc import Callable
from typing import Literal

from hssgate.durations import format_duration
from hssgate.reports.findings import detail_line, ignore_entries_for, ignored_lines, line, rule_breaking_findings
from hssgate.reports.wording import tally
from hssgate.text import clean, plural
from hssgate.verdict import Check, ImageVerdict, Outcome, Result, Verdict

Tone = Literal["good", "bad", "warn", "dim", "bold"]
Paint = Callable[[str, Tone], str]

_MOST_FINDINGS = 10
_MOST_IGNORE_ENTRIES = 5

_TONES: dict[Result | Outcome, Tone] = {
    Result.PASSED: "good",
    Result.FAILED: "bad",
    Result.ERROR: "bad",
    Result.WARNED: "warn",
    Result.SKIPPED: "dim",
    Outcome.PASSED: "good",
    Outcome.BLOCKED: "bad",
    Outcome.ERROR: "bad",
}


def render(verdict: Verdict, paint: Paint) -> str:
    """Return the summary, with a line for each check.

    Args:
        verdict: the verdict to show.
        paint: colours a word, if the terminal supports it.
    """
    hints = [hint for image in verdict.images if (hint := _ignore_entries(image, paint))]
    return "\n".join(
        [*(_image(image, paint) for image in verdict.images), *hints, *_run(verdict, paint), headline(verdict, paint)]
    )


def _run(verdict: Verdict, paint: Paint) -> list[str]:
    """Return a line for each error of the run that belongs to no image."""
    word = paint(f"{Result.ERROR.value:<7}", _TONES[Result.ERROR])
    return [f"  {word}  run: {clean(error.message)}" for error in verdict.run_errors]


def headline(verdict: Verdict, paint: Paint) -> str:
    """Return the verdict in one line."""
    word = paint(verdict.outcome.value.upper(), _TONES[verdict.outcome])
    return f"hssgate: {word} ({tally(verdict)}), exit code {int(verdict.exit_code)}"


def _image(image: ImageVerdict, paint: Paint) -> str:
    word = paint(image.outcome.value, _TONES[image.outcome])
    waited = f"waited {format_duration(image.waited_seconds)}, {plural(image.polls, 'poll')}"
    details = [detail_line(kind, detail) for kind, detail in image.details]
    return "\n".join(
        [
            f"{paint(clean(image.reference.text), 'bold')}: {word} ({waited})",
            *(_check(check, paint) for check in image.checks),
            *_extra_lines("ignored", ignored_lines(image), paint),
            *_extra_lines("found", details, paint),
        ]
    )


def _extra_lines(word: str, lines: list[str], paint: Paint) -> list[str]:
    """Return lines that do not affect the verdict, at most `_MOST_FINDINGS` of them."""
    more = [f"and {len(lines) - _MOST_FINDINGS} more, see the reports"] if len(lines) > _MOST_FINDINGS else []
    return [f"  {paint(f'{word:<7}', 'dim')}  {text}" for text in (*lines[:_MOST_FINDINGS], *more)]


def _ignore_entries(image: ImageVerdict, paint: Paint) -> str:
    """Return the findings that block, and the `ignore` entries to paste into the policy to let them pass."""
    blocking = rule_breaking_findings(image)
    entries = ignore_entries_for(blocking, _MOST_IGNORE_ENTRIES)
    if not entries:
        return ""
    shown = [f"  {line(finding)}" for finding in blocking[:_MOST_FINDINGS]]
    more = [f"  and {len(blocking) - len(shown)} more, see the reports"] if len(blocking) > len(shown) else []
    head = f"{clean(image.reference.text)}: {plural(len(blocking), 'finding')} against the policy"
    return "\n".join(
        [paint(head, "bold"), *shown, *more, paint("to let them pass, with a reason, in the policy:", "dim"), entries]
    )


def _check(check: Check, paint: Paint) -> str:
    word = paint(f"{check.result.value:<7}", _TONES[check.result])
    message = clean(check.message)
    where = check.name.removeprefix(check.rule)
    return f"  {word}  {message}{clean(where)}" if not where else f"  {word}  {message}  [{clean(where.strip(' ()'))}]"
