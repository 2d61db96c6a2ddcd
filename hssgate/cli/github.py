"""Output for GitHub Actions: step summary, outputs and annotations.

Source: GitHub's workflow commands and environment files.
"""

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from hssgate.cli.console import Console
from hssgate.cli.context import RunContext, require_working_directory
from hssgate.cli.report_files import reason_of
from hssgate.errors import GateError
from hssgate.exit_codes import ExitCode
from hssgate.hss.secret import Secret
from hssgate.reports import FORMATS
from hssgate.reports.language import written_in
from hssgate.reports.summary import headline
from hssgate.reports.wording import policy_line
from hssgate.text import clean
from hssgate.verdict import Outcome, Result, Verdict

_MOST_ANNOTATIONS = 9  # GitHub shows ten in a step
_LARGEST_SUMMARY = 1024 * 1024  # bytes of a step; GitHub drops a larger summary entirely
_LONGEST_ANNOTATION = 1000
_LEVELS = {Result.FAILED: "error", Result.ERROR: "error", Result.WARNED: "warning"}

Annotation = tuple[str, str, str]  # level, title, message


def in_github_actions(environ: Mapping[str, str]) -> bool:
    """Whether this run is a step of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def writers(context: RunContext) -> tuple[Callable[[Verdict], str | None], ...]:
    """Return functions that write the step's outputs and summary; none outside GitHub Actions."""
    if not in_github_actions(context.environ):
        return ()
    return partial(_write_outputs, context=context), _Summary(context).write


def annotate(verdict: Verdict, context: RunContext) -> None:
    """Annotate the run; no effect outside GitHub Actions."""
    if in_github_actions(context.environ):
        _annotate(_annotations(verdict), context.console)


def _write_outputs(verdict: Verdict, context: RunContext) -> str | None:
    """Append the outputs; of several outputs with one name GitHub uses the last."""
    from hssgate.reports.outputs import compact_json, outputs

    values = {**outputs(verdict), "json": compact_json(verdict)}
    return _unwritten(context, "GITHUB_OUTPUT", lambda path: _append_outputs(path, values, context.console))


class _Summary:
    """The step's summary: the whole verdict first, then a line for each later change of it."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._is_told = False

    def write(self, verdict: Verdict) -> str | None:
        with written_in(self._context.console.language):
            return self._write(verdict)

    def _write(self, verdict: Verdict) -> str | None:
        redactor = self._context.console.redactor
        errors = "; ".join(error.message for error in verdict.run_errors)
        problems = [
            headline(verdict, lambda text, _tone: text),
            *([errors] if errors else []),
            policy_line(verdict.policies),
        ]
        brief = redactor.own_text("; ".join(problems))
        summary = brief if self._is_told else redactor.data(FORMATS["markdown"](verdict))
        self._is_told = True
        return _unwritten(self._context, "GITHUB_STEP_SUMMARY", lambda path: _append_summary(path, summary, brief))


def mask(secret: Secret, context: RunContext) -> None:
    """Make GitHub mask a new secret in all output of this job; no effect outside GitHub Actions."""
    if in_github_actions(context.environ):
        context.console.mask(secret)


class AnnouncesMisuse(click.Command):
    """A command that reports misuse to GitHub in the place of its verdict."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's signature
        """Parse the arguments."""
        parent: click.Context | None = extra.get("parent")
        with _announcing(parent.obj if parent else None):
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command."""
        with _announcing(ctx.obj):
            require_working_directory()
            return super().invoke(ctx)


@contextlib.contextmanager
def _announcing(context: RunContext | None) -> Iterator[None]:
    """Report an error to GitHub, and raise it again."""
    try:
        yield
    except GateError as error:
        _announce(context, str(error), error.exit_code)
        raise
    except click.ClickException as error:
        from hssgate.cli.foreign_words import message_of

        _announce(context, message_of(error), ExitCode.MISUSED)
        raise


def _announce(context: RunContext | None, message: str, code: ExitCode) -> None:
    if context is None or not in_github_actions(context.environ):
        return
    console = context.console
    values = {"result": Outcome.ERROR.value, "exit-code": str(int(code))}
    _unwritten(context, "GITHUB_OUTPUT", lambda path: _append_outputs(path, values, console))
    _annotate([("error", "hssgate", message)], console)


def _unwritten(context: RunContext, variable: str, append: Callable[[Path], None]) -> str | None:
    """Append to the file that the variable names; return a message if that failed."""
    path = context.environ.get(variable)
    if not path:
        return None
    try:
        append(Path(path))
    except (OSError, ValueError) as error:
        line = f"${variable} ({clean(path, 300)}) could not be written: {reason_of(error)}"
        context.console.error(line)
        return line
    return None


def _append_summary(path: Path, summary: str, brief: str) -> None:
    """Append the summary, or a one-line version if the summary would exceed the limit."""
    taken = path.stat().st_size if path.exists() else 0
    for text in (summary, brief):
        data = f"\n{text.rstrip()}\n".encode(errors="replace")
        if taken + len(data) < _LARGEST_SUMMARY:
            with path.open("ab") as file:
                file.write(data)
            return


def _append_outputs(path: Path, values: Mapping[str, str], console: Console) -> None:
    """Append each output between two random delimiter lines, which no value can contain."""
    fence = f"hssgate-{secrets.token_hex(16)}"
    text = "".join(f"{name}<<{fence}\n{console.redactor.data(value)}\n{fence}\n" for name, value in values.items())
    with path.open("ab") as file:
        file.write(text.encode(errors="replace"))


def _annotations(verdict: Verdict) -> list[Annotation]:
    """Return the errors, then the warnings."""
    from hssgate.reports.explanation import worst_by_check

    found = []
    for image in verdict.images:
        worst = worst_by_check(image)
        for check in image.checks:
            if level := _LEVELS.get(check.result):
                behind = worst.get(id(check), "")
                message = f"{check.message}; worst: {behind}" if behind else check.message
                found.append((level, f"hssgate: {clean(image.reference.text, 200)}", message))
    found += [("error", "hssgate", error.message) for error in verdict.run_errors]
    of_checks = {  # as the warnings of the run name them
        f"{image.reference.text}: {check.message}"
        for image in verdict.images
        for check in image.checks
        if check.result is Result.WARNED
    }
    found += [("warning", "hssgate", line) for line in verdict.warnings if line not in of_checks]
    return sorted(found, key=lambda annotation: annotation[0])


def _annotate(annotations: Iterable[Annotation], console: Console) -> None:
    """Print as many annotations as GitHub shows; the last one gives the number of those left out."""
    shown = [*dict.fromkeys(annotations)]
    if len(shown) > _MOST_ANNOTATIONS:
        left_out = len(shown) - _MOST_ANNOTATIONS + 1
        level = shown[_MOST_ANNOTATIONS - 1][0]
        shown[_MOST_ANNOTATIONS - 1 :] = [(level, "hssgate", f"and {left_out} more, see the summary of this step")]
    for level, title, message in shown:
        console.command(f"::{level} title={_property(title)}::{_data(clean(message, _LONGEST_ANNOTATION))}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
