"""`hssgate doctor`: output of the preflight checks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click

from hssgate import __version__
from hssgate.cli.connect.addresses import HssTarget
from hssgate.cli.connect.connections import (
    chosen,
    connection_with,
    explain,
    hosts_without_credentials,
    open_hosts,
    project_of,
    proxies_of,
    target_of_options,
    unused_credentials,
)
from hssgate.cli.connect.credentials import CredentialChoice
from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.environment import IMAGES, decided_by_variable, dotenv_prefix, read_by, variable_problems
from hssgate.cli.help_page import HelpPage
from hssgate.cli.option_types import LONGEST_CICD_NAME, TextParam
from hssgate.cli.options import ConnectionOptions, common_options, connection_options, receives
from hssgate.cli.policy_files import choose, load, policy_option
from hssgate.cli.recipients import recipients_of
from hssgate.doctor import (
    EARLIER_FAILURE,
    CheckResult,
    CheckState,
    access_results,
    check_access,
    check_host,
    failed,
    host_failed,
    skipped,
)
from hssgate.errors import Misused
from hssgate.exit_codes import ExitCode, worst
from hssgate.hss.connection import Connection
from hssgate.hss.credentials import AccessKey, MachineAgency, Token
from hssgate.hss.proxies import Proxy
from hssgate.policy.entry_warnings import warnings_of_ends
from hssgate.record import record
from hssgate.reports.tone import Tone
from hssgate.reports.wording import policy_in_words
from hssgate.text import clean, escaped, plural

T = TypeVar("T")

_TONES: dict[CheckState, Tone] = {CheckState.OK: "good", CheckState.FAILED: "bad", CheckState.SKIPPED: "dim"}
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


@click.command(cls=HelpPage, short_help="check every prerequisite, and name each problem")
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
    """Check variables, policy, hosts, TLS, clock, credentials, project, API, permission and CI/CD identifier.

    Prints a line for each, with a remedy for each problem, for each host the secrets that it is sent, and the scans
    that are left. Exit 0 only if all are fine; else 2 if the caller can fix it, or 3 if HSS cannot be reached. At most
    one wrong signature is sent: five lock an access key for five minutes.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(options.verbose, quiet=options.quiet)
    with context.interruptible():
        choice = _tried(lambda: chosen(context))
        results = [_variables(ctx), _policy(options.policies, context), *_connection(options, choice, context)]
    if isinstance(choice, CredentialChoice):
        results = _with_notes(results, "credentials", unused_credentials(choice, context))
    code = worst(ExitCode.PASSED, *(result.blame for result in results))
    console.result(_as_json(results, code) if options.layout == "json" else _as_text(results, console))
    ctx.exit(code)


def _variables(ctx: click.Context) -> CheckResult:
    """Check the variables that `check` reads, except the one of IMAGE, which may be given as an argument later."""
    from hssgate.cli.check import check

    context: RunContext = ctx.obj
    here, open_here = read_by(ctx.command), decided_by_variable(ctx)
    elsewhere = {name: option for name, option in read_by(check).items() if name not in here and name != IMAGES}
    found = variable_problems(context.environ, elsewhere | open_here)
    for line in found.warnings:
        context.console.warning(line)
    prefix = _tried(lambda: dotenv_prefix(context.environ))
    if faults := [*found.faults, *([str(prefix)] if isinstance(prefix, Misused) else [])]:
        return failed("variables", Misused("\n".join(faults)))
    return CheckResult("variables", CheckState.OK, "none that decides what is judged is empty or misspelt")


def _policy(policies: Sequence[Path], context: RunContext) -> CheckResult:
    try:
        loaded = load(choose(policies), context.clock.epoch())
    except Misused as error:
        result = failed("policy", error)
        return replace(result, message=f"{result.message}\n{_POLICY_ADVICE}")
    warnings = [line for one in loaded for line in warnings_of_ends(one, context.clock.epoch())]
    for line in warnings:
        context.console.warning(line)
    named = ", ".join(policy_in_words(one.source) for one in loaded)
    return CheckResult("policy", CheckState.OK, named + (f", {plural(len(warnings), 'warning')}" if warnings else ""))


def _with_notes(results: Sequence[CheckResult], name: str, notes: Sequence[str]) -> list[CheckResult]:
    """Return the results with additional lines in the message of one of them."""
    return [
        replace(result, message="\n".join([result.message, *notes])) if result.name == name else result
        for result in results
    ]


def _connection(given: _Options, choice: CredentialChoice | Misused, context: RunContext) -> list[CheckResult]:
    """Check everything about HSS; problems that show without a request are found without one."""
    target = _tried(lambda: target_of_options(context, given))
    connection = _connection_or_look(given, target, choice, context)
    if isinstance(target, Misused):
        results, server_time = host_failed(target), None
    else:
        with hosts_without_credentials(given.ca_bundle, context) as hosts:
            results, server_time = check_host(hosts, target.endpoint, context.clock, given.request_timeout)
    if isinstance(connection, CheckResult):
        return [skipped("hosts", EARLIER_FAILURE), *results, *access_results(connection)]
    proxies = _tried(lambda: dict(proxies_of(connection, context)))
    results = [failed("hosts", proxies) if isinstance(proxies, Misused) else _hosts(connection, proxies), *results]
    if any(result.blame for result in results if result.name != "clock"):
        return [*results, *access_results()]
    explain(connection, context)
    with open_hosts(connection, context) as hosts:
        access = check_access(
            hosts,
            connection,
            context.clock,
            cicd_name=given.cicd_name,
            server_time=server_time,
            warn=context.console.warning,
        )
        return [*results, *access]


def _connection_or_look(
    given: ConnectionOptions,
    target: HssTarget | Misused,
    choice: CredentialChoice | Misused,
    context: RunContext,
) -> Connection | CheckResult:
    """Return the connection, or the failed check of credentials or project."""
    if isinstance(choice, Misused):
        return failed("credentials", choice)
    if isinstance(target, Misused):
        return skipped("credentials", EARLIER_FAILURE)
    project_id = _tried(lambda: project_of(given, target, choice))
    if isinstance(project_id, Misused):
        return failed("project", project_id)
    connection = _tried(lambda: connection_with(context, given, target, choice, project_id))
    if isinstance(connection, Misused):
        is_look_up = isinstance(choice.credentials, Token | AccessKey | MachineAgency)
        return failed("project" if is_look_up else "credentials", connection)
    return connection


def _hosts(connection: Connection, proxies: Mapping[str, Proxy]) -> CheckResult:
    """List each host of a run, the secrets that it is sent, and its proxy."""
    sent: dict[str, list[str]] = {}
    for endpoint, what in recipients_of(connection):
        sent.setdefault(endpoint, []).append(what)
    lines = []
    for endpoint, secrets in sent.items():
        through = f", through the proxy {proxies[endpoint].shown}" if endpoint in proxies else ""
        lines.append(f"{urlsplit(endpoint).netloc} is sent {' and '.join(dict.fromkeys(secrets))}{through}")
    return CheckResult("hosts", CheckState.OK, "\n".join(lines))


def _tried(result: Callable[[], T]) -> T | Misused:
    try:
        return result()
    except Misused as error:
        return error


def _as_text(results: Sequence[CheckResult], console: Console) -> str:
    width = max(len(result.name) for result in results)
    lines = []
    for result in results:
        first, *others = [clean(line) for line in result.message.splitlines()] or [""]
        word = console.paint_result(f"{result.state.value:<7}", _TONES[result.state])
        lines.append(f"{word}  {result.name:<{width}}  {first}")
        lines += [f"{'':<{width + 11}}{line}" for line in others]
    return "\n".join(lines)


def _as_json(results: Sequence[CheckResult], code: ExitCode) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "hssgate", "version": __version__},
        "exit_code": int(code),
        "checks": [
            {"name": result.name, "result": result.state.value, "message": result.message} for result in results
        ],
    }
    return escaped(json.dumps(document, ensure_ascii=False))
