"""Prints a verdict on the console."""

from collections.abc import Collection

from hssgate.cli.console import Console
from hssgate.reports.summary import render, render_quiet
from hssgate.reports.wording import warning_lines
from hssgate.verdict import Verdict


def print_warnings(verdict: Verdict, console: Console, printed: Collection[str] = ()) -> None:
    """Print the warnings of a run.

    Args:
        verdict: the verdict.
        console: where to print.
        printed: those that were printed before.
    """
    for line in warning_lines(verdict, printed):
        console.warning(line)


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print the verdict; with `-q`, only the checks that keep images from passing."""
    if console.verbosity < 0:
        console.result(render_quiet(verdict, console.paint_result))
    else:
        console.result(render(verdict, console.paint_result, console.result_width))
