"""Writes the generated parts of the documentation: `make docs`.

A part is between a line `<!-- make docs: NAME -->` and one `<!-- end -->`; the picture of a block is a file of its own.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from hssgate.cli.help_texts import EXAMPLES, heading_of
from hssgate.cli.main import cli
from hssgate.waiting.states import LIMITS, TABLE, Edge, Ending, Event, Stage

DOCS = Path(__file__).resolve().parent
PAGES = ("commands.md", "architecture.md")
_PART = re.compile(r"(?P<begin><!-- make docs: (?P<name>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
_COMMON = {"verbose", "quiet", "version", "help"}
_DEFAULT_IN_HELP = re.compile(r"\s*\[default: (.*?)\]$")


def page(name: str) -> str:
    """Return a page with its generated parts made anew.

    Args:
        name: of the file in `docs/`.
    """
    return _PART.sub(_replacement, (DOCS / name).read_text(encoding="utf-8"))


def _replacement(found: re.Match[str]) -> str:
    return f"{found['begin']}\n{_PARTS[found['name']]()}\n{found['end']}"


def commands() -> str:
    """Return a section for each command, with its usage and a table of its options."""
    root = click.Context(cli, info_name="hssgate")
    return "\n".join(_sections(cli, root))


def _sections(group: click.Group, ctx: click.Context) -> Iterator[str]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None  # noqa: S101 - it was listed
        own = click.Context(command, info_name=name, parent=ctx)
        if isinstance(command, click.Group):
            yield from _sections(command, own)
        else:
            yield _section(command, own)


def _section(command: click.Command, ctx: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(ctx))
    paragraphs = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    lines = [f"## {ctx.command_path}", "", f"`{ctx.command_path} {usage}`", ""]
    lines += [line for part in paragraphs for line in (_escaped(part), "")]
    rows = [*_rows([parameter for parameter in command.params if parameter.name not in _COMMON], ctx)]
    if rows:
        lines += ["| option | environment | default | meaning |", "|---|---|---|---|", *rows, ""]
    if examples := EXAMPLES.get(ctx.command_path):
        lines += ["```console", *(f"$ {example}" for example in examples), "```", ""]
    return "\n".join(lines)


def _rows(parameters: list[click.Parameter], ctx: click.Context) -> Iterator[str]:
    """Yield a row for each parameter, and one for the heading of each group, as in `--help`."""
    options = [parameter for parameter in parameters if isinstance(parameter, click.Option)]
    headings = {parameter: heading_of(parameter, options) for parameter in options}
    yield from (_row(parameter, ctx) for parameter in parameters if parameter not in headings)
    for heading in sorted(dict.fromkeys(headings.values()), key=lambda name: name == "Options"):
        if set(headings.values()) != {"Options"}:
            yield f"| **{heading}** | | | |"
        yield from (_row(parameter, ctx) for parameter in options if headings[parameter] == heading)


def _row(parameter: click.Parameter, ctx: click.Context) -> str:
    text = (parameter.help or "") if isinstance(parameter, click.Option) else "See above."
    default = _DEFAULT_IN_HELP.search(text)
    text = _DEFAULT_IN_HELP.sub("", text)
    if isinstance(parameter.type, click.Choice):
        text += f" One of {', '.join(f'`{choice}`' for choice in parameter.type.choices)}."
    variables = [parameter.envvar] if isinstance(parameter.envvar, str) else [*(parameter.envvar or ())]
    cells = (
        f"`{_named(parameter, ctx)}`",
        ", ".join(f"`{name}`" for name in variables),
        _escaped(default[1]) if default else _default(parameter),
        _escaped(" ".join(text.split())),
    )
    return "| " + " | ".join(cells).replace("  ", " ") + " |"


def _named(parameter: click.Parameter, ctx: click.Context) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.make_metavar(ctx).translate({ord(one): None for one in "[]"})
    names = " / ".join((*parameter.opts, *parameter.secondary_opts))
    is_flag = isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count)
    metavar = parameter.metavar or parameter.type.get_metavar(parameter, ctx) or parameter.type.name.split()[0].upper()
    return names if is_flag or isinstance(parameter.type, click.Choice) else f"{names} {metavar}"


def _default(parameter: click.Parameter) -> str:
    default = parameter.default
    shown = isinstance(default, str | int) and not isinstance(default, bool) and default != ""
    return f"`{default}`" if shown else ""


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, with options in code style."""
    words, codes = text.split("`")[::2], text.split("`")[1::2]
    shown = [re.sub(r"(?<![\w-])(--?[a-z][\w-]*)", r"`\1`", part).replace("*", "\\*") for part in words]
    spans = [*(f"`{code}`" for code in codes), ""]
    return "".join(part + span for part, span in zip(shown, spans, strict=True)).replace("|", "\\|")


def states() -> str:
    """Return the stages of the wait, and where each event leads from each of them."""
    stages, events = [*TABLE], [*TABLE[Stage.NOT_STARTED]]
    lines = [
        "| stage | deadline |",
        "|---|---|",
        *(f"| {stage} | {_escaped(limit)} |" for stage, limit in LIMITS.items()),
        "",
        f"| event | {' | '.join(f'from {stage}' for stage in stages)} | at the deadline | next poll |",
        "|---" * (len(stages) + 3) + "|",
        *(_event_row(event, [TABLE[stage][event] for stage in stages]) for event in events),
        "",
    ]
    return "\n".join(lines)


def _event_row(event: Event, edges: list[Edge]) -> str:
    pauses = {edge.pause for edge in edges if not isinstance(edge.to, Ending)}
    cells = (
        _escaped(event),
        *(
            f"{_shown(edge.to)}{' (`--appear-timeout` restarts)' if edge.restarts_appear_timeout else ''}"
            for edge in edges
        ),
        " or ".join(dict.fromkeys(_shown(edge.at_deadline) for edge in edges)),
        _escaped(" or ".join(pauses)),
    )
    return "| " + " | ".join(cells).replace("  ", " ") + " |"


def _shown(to: Stage | Ending) -> str:
    """Return the name of a stage, or of an end in bold."""
    return f"**{to}**" if isinstance(to, Ending) else str(to)


_PARTS: dict[str, Callable[[], str]] = {"commands": commands, "states": states}


if __name__ == "__main__":
    for name in PAGES:
        (DOCS / name).write_text(page(name), encoding="utf-8")
