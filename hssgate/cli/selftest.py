"""`hssgate selftest`: runs the gate in each situation and compares its result with the expected one."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.old_reports import RemovesOldReports
from hssgate.cli.option_types import ReportParam
from hssgate.cli.options import common_options
from hssgate.cli.report_files import check_paths, reason_of, takes_stdout, write_report
from hssgate.errors import Interrupted, Misused
from hssgate.exit_codes import ExitCode, worst
from hssgate.selftest.junit import render
from hssgate.selftest.play import Player
from hssgate.selftest.run import Agreement, Run, SituationResult, exit_code_of
from hssgate.selftest.situation import Theme, chosen, load_themes
from hssgate.selftest.starts import starting
from hssgate.selftest.tables import complaints, headline, json_lines, listing, table
from hssgate.text import clean

_ROOM = 1024 * 1024  # bytes; temporary space that a run needs at most at any time

_EPILOG = """\b
Exit codes:
  0    the gate gave the expected result in every situation
  1    crashed: a bug
  2    misused: an option or NAME is wrong, or there is no folder for temporary files
  3    the report could not be written
  5    a situation could not be played
  10   the gate gave another result than expected
  130  interrupted (SIGINT)
  143  interrupted (SIGTERM)
"""


@click.command(
    cls=RemovesOldReports, short_help="test the gate in every situation, on the embedded emulator", epilog=_EPILOG
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "is_list", is_flag=True, help="List the situations with their names, and run none.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table, or JSON lines: an object a situation.",
)
@click.option(
    "--report",
    "reports",
    type=ReportParam(("junit",)),
    multiple=True,
    help="Write a report; FORMAT is junit; PATH - is stdout.",
)
@common_options
@click.pass_context
def selftest(  # noqa: PLR0917 - click hands over every option by name
    ctx: click.Context,
    names: tuple[str, ...],
    is_list: bool,  # noqa: FBT001 - click's flag
    form: str,
    reports: tuple[tuple[str, str], ...],
    verbose: int,
    quiet: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Run the gate in each situation on the embedded emulator, and compare its result with the expected one.

    A positive control for a pipeline: each situation runs `hssgate` as a process, mostly `hssgate check`, over loopback
    sockets, and compares exit code, output, requests and reports. The caller's environment has no effect, and no other
    host is contacted. NAME is a situation or a theme, as printed by --list; default: all.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    check_paths(reports)
    console.results_to_stderr = takes_stdout(reports)
    try:
        themes = chosen(load_themes(), names)
    except LookupError as error:
        raise Misused(f"{clean(error.args[0], 100)!r} is no situation and no theme; --list names them") from error
    if is_list:
        console.result(listing(themes, console.paint_result, console.result_width))
        return
    results, seconds, interruption = _play(themes, context)
    by_name = {result.situation.name: result for result in results}
    code = interruption or exit_code_of(results)
    for _, path in reports:
        if write_report("junit", path, lambda: render(themes, by_name), console):
            code = worst(code, ExitCode.API_UNAVAILABLE)
    closing = headline(results, seconds, code, console.paint_result)
    if form == "json":
        console.result(json_lines(themes, by_name))
        console.progress(closing)
    else:
        if console.verbosity >= 0:
            console.result(table(themes, by_name, console.paint_result, console.result_width))
        played = [result for result in results if result.agreement is Agreement.DISAGREED or not interruption]
        if wrong := complaints(played, console.paint_result):
            console.result(f"\n{wrong}")
        console.result(closing)
    ctx.exit(int(code))


def _play(themes: tuple[Theme, ...], context: RunContext) -> tuple[list[SituationResult], float, ExitCode | None]:
    """Return the results, the duration in seconds, and the exit code of a signal, if one came."""
    situations = [situation for theme in themes for situation in theme.situations]
    began = context.clock.monotonic()
    interruption = None
    with context.interruptible(), _folder() as folder, starting(situations, context.environ, folder) as starter:
        player = Player(context.clock, context.environ, folder, starter)
        run = Run(situations, player, _ProgressLine(len(situations), context.console))
        try:
            run.play()
        except Interrupted as signal:
            context.console.error("interrupted")
            interruption = signal.exit_code
    return run.results, context.clock.monotonic() - began, interruption


class _ProgressLine:
    """Prints the progress of the run."""

    def __init__(self, total: int, console: Console) -> None:
        self._total = total
        self._count = 0
        self._console = console

    def __call__(self, result: SituationResult) -> None:
        self._count += 1
        seconds = f", {result.ended.seconds:.1f}s" if result.ended else ""
        self._console.detail(f"{result.situation.name}: {result.agreement.value}{seconds}")
        self._console.live(f"{self._count} of {self._total} situations played")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a temporary folder with enough space for a run."""
    try:
        made = tempfile.TemporaryDirectory(prefix="hssgate-selftest-", ignore_cleanup_errors=True)
    except OSError as error:
        raise Misused(f"no folder for temporary files: {reason_of(error)}; name one by TMPDIR") from error
    with made as name:
        folder = Path(name)
        try:
            (folder / "room").write_bytes(bytes(_ROOM))
            (folder / "room").unlink()
        except OSError as error:
            raise Misused(
                f"{folder.parent} has no room for temporary files: {reason_of(error)}; name another by TMPDIR"
            ) from error
        yield folder
