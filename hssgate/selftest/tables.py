"""Output of a selftest: list, table, disagreements, and JSON lines."""

import json
import shlex
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from hssgate.exit_codes import ExitCode
from hssgate.selftest.agreement import in_words
from hssgate.selftest.run import Agreement, SituationResult, exit_code_of
from hssgate.selftest.situation import Theme
from hssgate.text import clean, escaped_to_ascii, plural

Paint = Callable[[str, Literal["good", "bad", "bold", "dim"]], str]

_ANSWER_WIDTH = 17  # columns of an exit code in words
_NARROWEST = 24  # columns into which a sentence is broken
_MOST_LINES = 12  # of a process' output


def listing(themes: Sequence[Theme], paint: Paint, columns: int | None = None) -> str:
    """Return name, expected result and sentence of each situation.

    Args:
        themes: in the order of the list.
        paint: colours a text.
        columns: of the terminal; None where sentences are not broken into lines.
    """
    width = max(len(name) for theme in themes for name in theme.names)
    indent = 2 + width + 2 + _ANSWER_WIDTH + 2
    lines = []
    for theme in themes:
        lines.append(paint(f"{theme.name}: {theme.title}", "bold"))
        lines += [
            f"  {found.name:<{width}}  {in_words(found.exit_code):<{_ANSWER_WIDTH}}  "
            + f"\n{' ' * indent}".join(_broken(found.situation, columns and columns - indent))
            for found in theme.situations
        ]
    return "\n".join(lines)


def table(
    themes: Sequence[Theme], results: Mapping[str, SituationResult], paint: Paint, columns: int | None = None
) -> str:
    """Return a line for each situation: its sentence, the expected and the actual result.

    Args:
        themes: in the order of the table.
        results: by name of the situation, one for each.
        paint: colours a text.
        columns: of the terminal; None where sentences are not broken into lines.
    """
    width = max(len(found.situation) for theme in themes for found in theme.situations) + 2
    if columns is not None:
        width = min(width, max(columns - 2 * (_ANSWER_WIDTH + 2), _NARROWEST + 2))
    lines = [paint(f"{'situation':<{width}}  {'expected':<{_ANSWER_WIDTH}}  got", "bold")]
    for theme in themes:
        lines.append(paint(theme.title, "bold"))
        lines += [_row(results[name], width, paint) for name in theme.names]
    return "\n".join(lines)


def complaints(results: Iterable[SituationResult], paint: Paint) -> str:
    """Return each difference with a command to reproduce it; empty if there is none."""
    blocks = []
    for result in results:
        if result.agreement is Agreement.AGREED:
            continue
        head = paint(f"{result.situation.name}: {result.situation.situation}", "bold")
        problems = [f"  {paint(clean(problem), 'bad')}" for problem in result.problems]
        blocks += [head, *problems, *(f"  {paint(clean(line), 'dim')}" for line in details_of(result))]
    return "\n".join(blocks)


def headline(results: Sequence[SituationResult], seconds: float, exit_code: ExitCode, paint: Paint) -> str:
    """Return the outcome in one line."""
    counts = {agreement: sum(result.agreement is agreement for result in results) for agreement in Agreement}
    counted = [f"{counts[Agreement.AGREED]} of {plural(len(results), 'situation')} as expected"]
    if counts[Agreement.DISAGREED]:
        counted.append(f"{counts[Agreement.DISAGREED]} with another answer")
    if counts[Agreement.NOT_PLAYED]:
        counted.append(f"{counts[Agreement.NOT_PLAYED]} not played")
    match exit_code_of(results):
        case ExitCode.PASSED:
            word = paint("HOLDS", "good")
        case ExitCode.BLOCKED:
            word = paint("DOES NOT HOLD", "bad")
        case _:
            word = paint("NOT PROVEN", "bad")
    return f"hssgate selftest: {word} ({', '.join(counted)}, {seconds:.0f}s), exit code {int(exit_code)}"


def json_lines(themes: Sequence[Theme], results: Mapping[str, SituationResult]) -> str:
    """Return a JSON object a line for each situation."""
    return "\n".join(
        escaped_to_ascii(json.dumps(_as_json(theme.name, results[name]), ensure_ascii=False))
        for theme in themes
        for name in theme.names
    )


def details_of(result: SituationResult) -> list[str]:
    """Return the command of the process, and the end of its output."""
    ended = result.ended
    if ended is None:
        return []
    printed = [line for line in (*ended.err.splitlines(), *ended.out.splitlines()) if line.strip()]
    return [f"$ hssgate {shlex.join(ended.arguments)}", *printed[-_MOST_LINES:]]


def _row(result: SituationResult, width: int, paint: Paint) -> str:
    expected = in_words(result.situation.exit_code)
    first, *rest = _broken(result.situation.situation, width - 2)
    row = f"  {first:<{width - 2}}  {expected:<{_ANSWER_WIDTH}}  {_got(result, paint)}"
    return "\n".join([row, *(f"  {line}" for line in rest)])


def _broken(sentence: str, width: int | None) -> list[str]:
    """Return a sentence in lines of this width, or of the narrowest."""
    if width is None:
        return [sentence]
    return textwrap.wrap(sentence, max(width, _NARROWEST), break_long_words=False, break_on_hyphens=False)


def _got(result: SituationResult, paint: Paint) -> str:
    got = in_words(result.ended.exit_code) if result.ended else result.agreement.value
    if result.agreement is Agreement.AGREED:
        return paint(got, "good")
    same = result.ended is not None and result.ended.exit_code == result.situation.exit_code
    return paint(f"{got}, but {result.problems[0]}" if same else f"{got} !", "bad")


def _as_json(theme: str, result: SituationResult) -> dict[str, object]:
    situation, ended = result.situation, result.ended
    got = (
        {"exit_code": ended.exit_code, "requests": ended.requests, "seconds": round(ended.seconds, 2)}
        if ended
        else None
    )
    return {
        "theme": theme,
        "name": situation.name,
        "situation": situation.situation,
        "expected": int(situation.exit_code),
        "got": got,
        "result": result.agreement.value,
        "problems": list(result.problems),
    }
