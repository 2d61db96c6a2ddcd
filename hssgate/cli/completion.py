"""`hssgate completion`: prints the script by which a shell completes commands and options."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from hssgate.cli.context import RunContext
from hssgate.cli.help_page import HelpPage
from hssgate.cli.options import common_options

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_HSSGATE_COMPLETE"  # by which the script asks; click derives it from the name of the program
_EPILOG = """\b
Load it when the shell starts:
  bash   eval "$(hssgate completion bash)"           in ~/.bashrc
  zsh    eval "$(hssgate completion zsh)"            in ~/.zshrc
  fish   hssgate completion fish | source            in ~/.config/fish/config.fish
"""


@click.command(cls=HelpPage, short_help="print the completion script of a shell", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
@common_options
@click.pass_context
def completion(ctx: click.Context, shell: str, verbose: int, quiet: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the script that completes commands and options of hssgate in SHELL."""
    context: RunContext = ctx.obj
    context.console.take_verbosity(verbose, quiet=quiet)
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"click has no completion for {shell}", ctx)
    # That of ShellComplete itself: the one for bash starts a bash to ask its version.
    context.console.document(ShellComplete.source(made(ctx.find_root().command, {}, "hssgate", _VARIABLE)))
