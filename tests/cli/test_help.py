"""`--help`: options in groups, examples that can be run, and where to read on."""

import re
import shlex

import click
import pytest

from hssgate.cli.help_texts import DOCUMENTATION, EXAMPLES, GROUPS
from hssgate.cli.main import cli
from tests.conftest import Bench

_COMMON = {"verbose", "quiet", "version", "help"}


def commands() -> dict[str, click.Command]:
    """Each command and group of commands by the words that run it."""
    found: dict[str, click.Command] = {"hssgate": cli}
    waiting: list[tuple[str, click.Group]] = [("hssgate", cli)]
    while waiting:
        path, group = waiting.pop()
        ctx = click.Context(group)
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            found[f"{path} {name}"] = command
            if isinstance(command, click.Group):
                waiting.append((f"{path} {name}", command))
    return found


COMMANDS = commands()


@pytest.mark.parametrize("path", COMMANDS)
def test_every_help_ends_with_the_address_of_the_documentation(bench: Bench, path: str) -> None:
    """Of the command line, of each group and of each command; every option of the command is in it."""
    ended = bench.run(*path.split()[1:], "--help")

    assert ended.code == 0
    assert ended.out.splitlines()[-1] == f"Documentation: {DOCUMENTATION}", "declare it with cls=HelpPage"
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option):
            assert re.search(rf"(?m)^  (?:-\w, )?{parameter.opts[-1]}\b(?!-)", ended.out), parameter.opts


def test_the_options_of_check_are_in_groups(bench: Bench) -> None:
    """Every one but those of all commands; an option that is new needs a place."""
    placed = {name for names in GROUPS.values() for name in names}
    printed = bench.run("check", "--help").out
    ungrouped = printed.partition("\nOptions:\n")[2].partition("\n\n")[0]

    assert re.findall(r"(?m)^(\w+):$", printed)[: len(GROUPS)] == [*GROUPS]
    assert {
        found.name for found in COMMANDS["hssgate check"].params if isinstance(found, click.Option)
    } - placed == _COMMON, "give the option a group in hssgate/cli/help_texts.py"
    assert re.findall(r"--[a-z-]+", ungrouped) == ["--verbose", "--quiet", "--version", "--help"]


def test_no_heading_is_for_one_option(bench: Bench) -> None:
    """`images` and `policy init` have too few for a group of each."""
    assert "\nImage:\n" not in bench.run("images", "--help").out
    assert "\nPolicy:\n" not in bench.run("policy", "explain", "--help").out


@pytest.mark.parametrize(
    ("path", "example"), [(path, example) for path, examples in EXAMPLES.items() for example in examples]
)
def test_each_example_is_a_command_line(path: str, example: str, bench: Bench) -> None:
    """It is shown in the help of its command, and has options that this command takes."""
    assert example in bench.run(*path.split()[1:], "--help").out

    words = shlex.split(re.sub(r' [|>].*|eval "\$\(|\)"$', "", example))
    command = COMMANDS[max((known for known in COMMANDS if " ".join(words).startswith(known)), key=len)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_command_has_an_example() -> None:
    """And no other has."""
    assert set(EXAMPLES) == set(COMMANDS), "add an example to hssgate/cli/help_texts.py"
