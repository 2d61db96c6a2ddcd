"""Command group: dispatches to the commands, and converts errors to messages and exit codes."""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hssgate.cli.codearts import Metrics
from hssgate.cli.connect.variables import secret_values
from hssgate.cli.context import RunContext, real_context, require_working_directory
from hssgate.cli.help_page import GroupHelpPage
from hssgate.cli.options import common_options
from hssgate.cli.signals import Signals
from hssgate.errors import GateError
from hssgate.exit_codes import ExitCode
from hssgate.redaction.redactor import Redactor
from hssgate.text import clean

_COMMANDS = {  # name -> module, which is imported only when the command is run
    "check": "check",
    "images": "images",
    "judge": "judge",
    "accept": "accept",
    "policy": "policy",
    "doctor": "doctor",
    "selftest": "selftest",
    "emulator": "emulator",
    "demo": "demo",
    "completion": "completion",
}
_MOST_FRAMES = 3


class _Commands(GroupHelpPage):
    """Imports the module of a command on demand, so that `check` does not load the emulator."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=_COMMANDS, ctx=ctx) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[click.shell_completion.CompletionItem]":
        """Return the commands by name: their help would cost the import of every module at each press of a key."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name) for name in _COMMANDS if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(f"hssgate.cli.{module}"), cmd_name)
        gc.freeze()  # all modules are loaded (see __main__) and stay in memory: the collector need not scan them
        gc.set_threshold(5_000)  # little of what a run makes is cyclic
        gc.enable()
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@common_options
@click.pass_context
def cli(ctx: click.Context, verbose: int, quiet: bool) -> None:  # noqa: FBT001 - click's flag
    """Gate a pipeline on Huawei Cloud HSS image scans; in doubt the gate fails."""
    context: RunContext = ctx.obj
    context.console.take_verbosity(verbose, quiet=quiet)
    if ctx.invoked_subcommand != "check":  # `check` does so itself, and reports it to GitHub
        require_working_directory()


def run(arguments: Sequence[str], context: RunContext | None = None, signals: Signals | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name.
        context: replaces the real clock, HTTP, environment and console in tests.
        signals: the signal handling installed at the start of the process.

    Returns:
        The exit code; this function never raises.
    """
    try:
        context = context or real_context(signals or Signals())
        context.console.redactor.learn(secret_values(context.environ))
        return _run(list(arguments), context)
    except Exception as error:  # noqa: BLE001 - last resort: the exit code of a crash must not be that of a verdict
        return _crashed(error, context)


def _run(arguments: list[str], context: RunContext) -> int:
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    is_check = command == "check" or command not in _COMMANDS  # one that does not exist may be a misspelt `check`
    metrics = Metrics(arguments, context.environ, is_check=is_check)
    metrics.write(ExitCode.CRASHED)
    try:
        code = cli.main(arguments, prog_name="hssgate", standalone_mode=False, obj=context)
    except click.ClickException as error:
        from hssgate.cli.foreign_words import message_of

        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            context.console.result(error.format_message())
        else:
            ctx = getattr(error, "ctx", None)
            if ctx and not ctx.parent and is_check:  # the command itself was not reached
                from hssgate.cli.check import check

                check.remove_despite_misuse(ctx, arguments)
            where = f" (see `{ctx.command_path} --help`)" if ctx else ""
            context.console.error(_lines(message_of(error)) + where)
        code = ExitCode.MISUSED
    except (click.Abort, KeyboardInterrupt):
        context.console.error("interrupted")
        code = ExitCode.INTERRUPTED
    except GateError as error:
        context.console.error(_lines(str(error)))
        code = error.exit_code
    else:
        return int(code or 0)
    metrics.write(code)
    return code


def _lines(message: str) -> str:
    return "\n       ".join(clean(line) for line in message.splitlines())


def _crashed(error: Exception, context: RunContext | None) -> int:
    """Print a crash as a bug with its place, without a traceback."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    # Mask before truncating: a truncated secret would not be recognised.
    redactor = context.console.redactor if context is not None else Redactor(secret_values(os.environ))
    reason = clean(redactor.text(str(error)), 500)
    text = f"hssgate crashed, which is a bug and no verdict: {type(error).__name__}: {reason} ({where})"
    if context is not None:
        context.console.error(text)
    else:
        sys.stderr.write(f"error: {text}\n")
    return ExitCode.CRASHED
