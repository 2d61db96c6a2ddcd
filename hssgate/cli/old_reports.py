"""Removes hssgate's own earlier reports from the `--report` paths, even if the command line is then refused."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from hssgate.cli.codearts import BETWEEN_REPORTS, CODEARTS
from hssgate.cli.context import RunContext
from hssgate.cli.help_page import HelpPage
from hssgate.cli.option_types import ReportParam
from hssgate.cli.report_files import STDOUT, Reports, inputs_of, is_same_file, reason_of
from hssgate.errors import GateError, Misused
from hssgate.files import open_number, read_bounded
from hssgate.text import clean


class RemovesOldReports(HelpPage):
    """A command with `--report` that first removes the reports of an earlier run, even if this run ends with misuse.

    Pipelines collect reports after any exit code. Without the removal they would publish those of the run before.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and remove old reports.

        Raises:
            Misused: an old report cannot be removed.
        """
        written = [*args]  # click empties the list
        try:
            rest = super().parse_args(ctx, args)
        except (click.ClickException, GateError):
            self.remove_despite_misuse(ctx, written)
            raise
        if not ctx.resilient_parsing:
            reports: Reports = ctx.params[self._option.human_readable_name]
            if problems := _remove(reports, inputs_of(ctx)):
                raise Misused("\n".join(problems))
        return rest

    def remove_despite_misuse(self, ctx: click.Context, args: Sequence[str]) -> None:
        """Remove old reports although the arguments cannot be parsed, with a warning for each that stays.

        It is unknown which arguments are inputs: a file named in any other argument is kept.
        """
        context: RunContext = ctx.obj
        for problem in _remove(*self._reports_and_others(ctx, args)):
            context.console.warning(problem)

    @property
    def _option(self) -> click.Parameter:
        return next(found for found in self.params if isinstance(found.type, ReportParam))

    def _reports_and_others(self, ctx: click.Context, args: Sequence[str]) -> tuple[Reports, list[str]]:
        """Return the reports in the arguments or in the variable, and all other arguments."""
        values: list[str] = []
        others: list[str] = []
        left = iter(args)
        for arg in left:
            name, equals, value = arg.partition("=")
            if name in self._option.opts:
                values.append(value if equals else next(left, ""))
            else:
                others += [arg, value]
        values = values or [*(self._option.value_from_envvar(ctx) or ())]
        parts = [part for value in values for part in (value, *BETWEEN_REPORTS.split(value))]
        reports = [(name, path) for name, _, path in (part.partition("=") for part in parts)]
        return reports, others


def is_old_report(path: Path, name: str | None = None) -> bool:
    """Whether the file is a report of hssgate; False for an unreadable file.

    Args:
        path: of the file; pipes, devices and open descriptors are never reports.
        name: of the format that this run will write there, if any.
    """
    try:
        if not path.is_file() or open_number(path) is not None:
            return False
        from hssgate.reports.recognition import HEAD, is_report

        return is_report(read_bounded(path, HEAD), name)
    except (OSError, ValueError):
        return False


def _remove(reports: Reports, inputs: Iterable[str | Path]) -> list[str]:
    """Remove old reports except inputs of this run; return a line for each that could not be removed.

    For a link, its target is removed: the new report will be written there. Metrics of CodeArts stay: they were
    overwritten before (`hssgate.cli.codearts`).
    """
    kept = [path for path in inputs if path]
    problems = []
    for name, path in reports:
        if name == CODEARTS or path in ("", STDOUT) or not is_old_report(Path(path), name):
            continue
        if any(is_same_file(path, other) for other in kept):
            continue
        try:
            os.unlink(os.path.realpath(path))  # noqa: PTH108 - pathlib has no such realpath
        except OSError as error:
            place = f"--report {clean(name, 20)}={clean(path, 300)}"
            problems.append(f"{place}: the report of an earlier run cannot be removed: {reason_of(error)}")
    return problems
