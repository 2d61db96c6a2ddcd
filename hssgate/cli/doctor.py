"""`hssgate doctor`: output of the preflight checks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click

from hssgate import __version__
from hssgate.cli.connect.addresses import Site
from hssgate.cli.connect.connections import (
    chosen,
    connection_with,
    explain,
    hosts_without_credentials,
    open_hosts,
    project_of,
    proxies_of,
    site_of_options,
    unused_credentials,
)
from hssgate.cli.connect.credentials import Choice
from hssgate.cli.console import Console
from hssgate.cli.context import World
from hssgate.cli.environment import IMAGES, decided_by_variable, dotenv_prefix, oddities, read_by
from hssgate.cli.option_types import LONGEST_CICD_NAME, TextParam
from hssgate.cli.options import ConnectionOptions, common_options, connection_options, receives
from hssgate.cli.policy_files import choose, load, policy_option
from hssgate.cli.recipients import recipients_of
from hssgate.doctor import (
    WHAT_COMES_BEFORE,
    Look,
    State,
    failed,
    look_at_access,
    look_at_host,
    unseen,
    unseen_access,
    unseen_host,
)
from hssgate.errors import Misused
from hssgate.exit_codes import ExitCode, worst
from hssgate.hss.connection import Connection
from hssgate.hss.credentials import AccessKey, MachineAgency, Token
from hssgate.hss.proxies import Proxy
from hssgate.policy.entry_warnings import warnings_of_ends
from hssgate.record import record
from hssgate.reports.summary import Tone
from hssgate.reports.wording import policy_in_words
from hssgate.text import clean, escaped, plural

T = TypeVar("T")

_TONES: dict[State, Tone] = {State.OK: "good", State.FAILED: "bad", State.SKIPPED: "dim"}
SCHEMA_VERSION = 1
_POLICY_ADVICE = "check the path; `hssgate policy validate` names each fault, `hssgate policy init` writes a starter"


@record(kw_only=True)
class _Options(ConnectionOptions):
    """Options of `doctor`.

    Args:
        cicd_name: CI/CD identifier that should exist.
        policies: policy files.
        layout: `text` or `json`.
    """

    cicd_name: str | None
    policies: tuple[Path, ...]
    layout: str


@click.command(short_help="look at all that a check needs, and say what is wrong")
@click.option(
    "--cicd-name",
    type=TextParam(LONGEST_CICD_NAME),
    show_envvar=True,
    envvar="HSSGATE_CICD_NAME",
    help="CI/CD identifier name that should exist.",
)
@policy_option
@connection_options
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or an object for programs.",
)
@common_options
@click.pass_context
@receives(_Options)
def doctor(ctx: click.Context, options: _Options) -> None:
    """Look once at variables, policy, hosts, TLS, clock, credentials, project, permission and CI/CD identifier.

    A line for each, with what to do where it does not hold, and for each host what it is sent. Exit 0 only if all hold;
    else 2 where the caller can fix it, or 3 where HSS is out of reach. At most one signature fails: five lock an access
    key for five minutes.
    """
    world: World = ctx.obj
    console = world.console
    console.take_verbosity(options.verbose, quiet=options.quiet)
    with world.interruptible():
        choice = _tried(lambda: chosen(world))
        looks = [_variables(ctx), _policy(options.policies, world), *_connection(options, choice, world)]
    if isinstance(choice, Choice):
        looks = _with_notes(looks, "credentials", unused_credentials(choice, world))
    code = worst(ExitCode.PASSED, *(look.blame for look in looks))
    console.result(_as_json(looks, code) if options.layout == "json" else _as_text(looks, console))
    ctx.exit(code)


def _variables(ctx: click.Context) -> Look:
    """Look at the variables that `check` reads, but for that of IMAGE, which `check` itself may be given."""
    from hssgate.cli.check import check

    world: World = ctx.obj
    here, open_here = read_by(ctx.command), decided_by_variable(ctx)
    elsewhere = {name: option for name, option in read_by(check).items() if name not in here and name != IMAGES}
    found = oddities(world.environ, elsewhere | open_here)
    for line in found.warnings:
        world.console.warning(line)
    prefix = _tried(lambda: dotenv_prefix(world.environ))
    if faults := [*found.faults, *([str(prefix)] if isinstance(prefix, Misused) else [])]:
        return failed("variables", Misused("\n".join(faults)))
    return Look("variables", State.OK, "none that decides what is judged is empty or misspelt")


def _policy(policies: Sequence[Path], world: World) -> Look:
    try:
        loaded = load(choose(policies))
    except Misused as error:
        look = failed("policy", error)
        return replace(look, message=f"{look.message}\n{_POLICY_ADVICE}")
    warnings = [line for one in loaded for line in warnings_of_ends(one, world.clock.epoch())]
    for line in warnings:
        world.console.warning(line)
    named = ", ".join(policy_in_words(one.source) for one in loaded)
    return Look("policy", State.OK, named + (f", {plural(len(warnings), 'warning')}" if warnings else ""))


def _with_notes(looks: Sequence[Look], name: str, notes: Sequence[str]) -> list[Look]:
    """Return the looks with more lines in the message of one of them."""
    return [replace(look, message="\n".join([look.message, *notes])) if look.name == name else look for look in looks]


def _connection(given: _Options, choice: Choice | Misused, world: World) -> list[Look]:
    """Look at all that has to do with HSS; what can be found wrong without asking is not asked for."""
    site = _tried(lambda: site_of_options(world, given))
    connection = _connection_or_look(given, site, choice, world)
    if isinstance(site, Misused):
        looks, server_time = unseen_host(site), None
    else:
        with hosts_without_credentials(given.ca_bundle, world) as hosts:
            looks, server_time = look_at_host(hosts, site.endpoint, world.clock, given.request_timeout)
    if isinstance(connection, Look):
        return [unseen("hosts", WHAT_COMES_BEFORE), *looks, *unseen_access(connection)]
    proxies = _tried(lambda: dict(proxies_of(connection, world)))
    looks = [failed("hosts", proxies) if isinstance(proxies, Misused) else _hosts(connection, proxies), *looks]
    if any(look.blame for look in looks if look.name != "clock"):
        return [*looks, *unseen_access()]
    explain(connection, world)
    with open_hosts(connection, world) as hosts:
        access = look_at_access(
            hosts,
            connection,
            world.clock,
            cicd_name=given.cicd_name,
            server_time=server_time,
            warn=world.console.warning,
        )
        return [*looks, *access]


def _connection_or_look(
    given: ConnectionOptions, site: Site | Misused, choice: Choice | Misused, world: World
) -> Connection | Look:
    """Return the connection, or the look at credentials or project that tells why there is none."""
    if isinstance(choice, Misused):
        return failed("credentials", choice)
    if isinstance(site, Misused):
        return unseen("credentials", WHAT_COMES_BEFORE)
    project_id = _tried(lambda: project_of(given, site, choice))
    if isinstance(project_id, Misused):
        return failed("project", project_id)
    connection = _tried(lambda: connection_with(world, given, site, choice, project_id))
    if isinstance(connection, Misused):
        is_look_up = isinstance(choice.credentials, Token | AccessKey | MachineAgency)
        return failed("project" if is_look_up else "credentials", connection)
    return connection


def _hosts(connection: Connection, proxies: Mapping[str, Proxy]) -> Look:
    """Name each host that a check would ask, what it would be sent, and the proxy on the way to it."""
    sent: dict[str, list[str]] = {}
    for endpoint, what in recipients_of(connection):
        sent.setdefault(endpoint, []).append(what)
    lines = []
    for endpoint, secrets in sent.items():
        through = f", through the proxy {proxies[endpoint].shown}" if endpoint in proxies else ""
        lines.append(f"{urlsplit(endpoint).netloc} is sent {' and '.join(dict.fromkeys(secrets))}{through}")
    return Look("hosts", State.OK, "\n".join(lines))


def _tried(look: Callable[[], T]) -> T | Misused:
    try:
        return look()
    except Misused as error:
        return error


def _as_text(looks: Sequence[Look], console: Console) -> str:
    width = max(len(look.name) for look in looks)
    lines = []
    for look in looks:
        first, *others = [clean(line) for line in look.message.splitlines()] or [""]
        word = console.paint_result(f"{look.state.value:<7}", _TONES[look.state])
        lines.append(f"{word}  {look.name:<{width}}  {first}")
        lines += [f"{'':<{width + 11}}{line}" for line in others]
    return "\n".join(lines)


def _as_json(looks: Sequence[Look], code: ExitCode) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "hssgate", "version": __version__},
        "exit_code": int(code),
        "checks": [{"name": look.name, "result": look.state.value, "message": look.message} for look in looks],
    }
    return escaped(json.dumps(document, ensure_ascii=False))
