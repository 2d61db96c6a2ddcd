"""Prints a verdict on the console."""

from collections.abc import Collection, Iterable, Sequence

from hssgate.cli.console import Console
from hssgate.reports.language import Language, written_in
from hssgate.reports.summary import render, render_quiet
from hssgate.reports.wording import policy_line, warning_lines
from hssgate.verdict import Outcome, PolicySource, Verdict


def print_policies(policies: Iterable[PolicySource], console: Console) -> None:
    """Print the policies of a run, its first line, which has one form in every language."""
    console.result(policy_line(policies))


def print_warnings(verdict: Verdict, console: Console, printed: Collection[str] = ()) -> None:
    """Print the warnings of a run.

    Args:
        verdict: the verdict.
        console: where to print.
        printed: those that were printed before.
    """
    with written_in(console.language):
        for line in warning_lines(verdict, printed):
            console.warning(line)


def print_verdict(verdict: Verdict, console: Console, earlier: Sequence[tuple[Outcome, str]] = ()) -> None:
    """Print the verdict; with `-q`, only the checks that keep images from passing.

    Args:
        verdict: the verdict.
        console: where to print.
        earlier: for each image its earlier outcome and the saved report with it, if it was judged again.
    """
    # Lines are broken at blanks, which Chinese has few of, so there the terminal breaks them.
    width = console.result_width if console.language is Language.ENGLISH else None
    with written_in(console.language):
        if console.verbosity < 0:
            console.result(render_quiet(verdict, console.paint_result))
        else:
            console.result(render(verdict, console.paint_result, width, earlier))
