"""Answers to commands and options of other scanners: where hssgate has the same thing."""

import click

_NO_SCANNER = "hssgate does not scan: HSS does, and `hssgate check IMAGE` waits for its result and judges it"
_POLICY = "exit codes are fixed; the policy says what blocks"
_REPORT = "`--report FORMAT=PATH` writes a report, such as `--report json=report.json`, or `--report json=-` for stdout"
_LAYOUT = "`--format json` prints JSON to stdout: redirect it with `>`"
_CREDENTIALS = (
    "a secret is never an option: set the variable HSSGATE_TOKEN, or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
)
_HELP = "`hssgate --help` lists the commands, and `hssgate COMMAND --help` the options of one"
_COMMANDS = {
    "scan": _NO_SCANNER,
    "image": _NO_SCANNER,
    "help": _HELP,
    "version": "`hssgate --version` shows it",
}
_OPTIONS = {
    "--severity": f"{_POLICY}, for example `rules: {{severity: Medium}}` (see `hssgate policy init`)",
    "--severity-threshold": f"{_POLICY}, for example `rules: {{severity: Medium}}` (see `hssgate policy init`)",
    "--fail-on": f"{_POLICY}, for example `rules: {{high_vulnerabilities: 0}}` (see `hssgate policy init`)",
    "--exit-code": f"{_POLICY}; `hssgate check --help` lists them",
    "--ignore-unfixed": "HSS does not always say what has a fix; `ignore` entries of the policy accept findings, each "
    "with a reason",
    "--format": _REPORT,
    "-f": _REPORT,
    "--output": _REPORT,
    "-o": _REPORT,
    **dict.fromkeys(
        ("--token", "--ak", "--sk", "--access-key", "--secret-key", "--username", "--password"), _CREDENTIALS
    ),
    "--details": "`--findings always` reads what `--details` read",
    "--insecure": "TLS is always verified; `--ca-bundle PATH` names the authorities of a private cloud or a proxy",
}


def message_of(error: click.ClickException) -> str:
    """Return the message of an error, with an answer if a habit of another scanner caused it."""
    match error:
        case click.NoSuchOption(option_name=name, ctx=ctx) if name in _OPTIONS:
            return f"{error.message.removesuffix('.')}: {_answer(name, ctx)}"
        case click.exceptions.NoSuchCommand(command_name=name, ctx=ctx) if _is_of_hssgate(ctx) and _answer_to(name):
            return f"{error.message.removesuffix('.')}: {_answer_to(name)}"
        case _:
            return error.format_message()


def _answer_to(command: str) -> str:
    """Return the answer to a command that does not exist; empty if there is none."""
    is_image = ":" in command or "@" in command
    return f"to check an image: `hssgate check {command}`" if is_image else _COMMANDS.get(command, "")


def _answer(name: str, ctx: click.Context | None) -> str:
    """Return the answer to an option; for a command without what it names, the command's own counterpart."""
    own = {option for param in (ctx.command.params if ctx else ()) for option in param.opts}
    if "--severity-level" in own and _OPTIONS[name].startswith(_POLICY):
        return "`--severity-level High` lists the images of a level; `hssgate check` blocks, by the policy"
    if _OPTIONS[name] == _REPORT and "--report" not in own and ctx and ctx.parent:
        return _LAYOUT if "--format" in own else "the output goes to stdout: redirect it with `>`"
    return _OPTIONS[name]


def _is_of_hssgate(ctx: click.Context | None) -> bool:
    """Whether a command of hssgate itself was looked for, and not one of `hssgate policy`."""
    return ctx is not None and ctx.parent is None
