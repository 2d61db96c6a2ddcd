"""`hssgate emulator`: the API on loopback, for experiments and for tests of pipelines."""

import time
from pathlib import Path

import click

from hssgate.cli.context import RunContext
from hssgate.cli.help_page import HelpPage
from hssgate.cli.options import common_options
from hssgate.emulator.app import Emulator
from hssgate.emulator.identity.guide import credentials_guide
from hssgate.emulator.scenario import ScenarioInvalid, default_scenario, load_scenario
from hssgate.emulator.server import serve
from hssgate.errors import Interrupted, Misused
from hssgate.text import clean

_LONG_WHILE = 3600.0


@click.command(cls=HelpPage, short_help="serve the API of HSS on loopback")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one.")
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    help="YAML file of images, credentials, limits and faults; without one, an image for each outcome.",
)
@common_options
@click.pass_context
def emulator(ctx: click.Context, port: int, scenario: Path | None, verbose: int, quiet: bool) -> None:  # noqa: FBT001
    """Serve the API of HSS on loopback until interrupted.

    The first line on stdout is `listening on http://127.0.0.1:PORT`. Without --scenario: access key emulator-ak with
    secret emulator-sk, token emulator-token, any project id. Other ways of authentication, by IAM, STS, ECS metadata
    or GitHub, are printed at start. Images can be pushed while it runs, as JSON to /_emulator/images; docs/emulator.md
    describes them and the scenario file.
    """
    context: RunContext = ctx.obj
    context.console.take_verbosity(verbose, quiet=quiet)
    try:
        played = load_scenario(scenario) if scenario else default_scenario()
    except ScenarioInvalid as error:
        raise Misused(str(error)) from error
    app = Emulator(played, now=context.clock.epoch, sleep=time.sleep)  # each of its threads sleeps by itself
    try:
        with context.interruptible(), serve(app, port=port) as server:
            context.console.result(f"listening on {server.url}")
            context.console.result(app.describe())
            context.console.result(f"\n{credentials_guide(played, server.url)}")
            while True:
                context.clock.sleep(_LONG_WHILE)
    except OSError as error:
        raise Misused(f"--port {port}: {clean(error.strerror or error)}; name another, or 0 for a free one") from error
    except Interrupted as interruption:
        ctx.exit(int(interruption.exit_code))
