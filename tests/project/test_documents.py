"""Every page of the documentation: links lead somewhere, commands are those of the program, samples are valid."""

import ast
import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import yaml

from docs import generated, picture
from hssgate.cli.main import cli
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.exit_codes import ExitCode
from hssgate.policy.load import load_policy
from tests.cli.test_known import known
from tests.conftest import Bench
from tests.support.fakes import START
from tests.support.markdown_pages import ROOT, anchors_of, blocks_of, commands_of, links_of, markdown_files

FILES = [path.relative_to(ROOT).as_posix() for path in markdown_files()]
USERS_PAGES = [name for name in FILES if name.startswith(("docs/", "README"))]
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
MOST_WORDS = 700  # of README


@pytest.mark.parametrize("name", FILES)
def test_links_lead_somewhere(name: str) -> None:
    """To a file or folder of the repository, and to an anchor that the page has."""
    for target in links_of(TEXTS[name]):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        resolved = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert resolved.exists(), target
        if anchor:
            assert anchor in anchors_of(resolved.read_text(encoding="utf-8")), target


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to each page of docs/, in one step or by a page that it leads to."""
    reached, waiting = set[Path](), [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = (target.partition("#")[0] for target in links_of(page.read_text(encoding="utf-8")))
        waiting += [(page.parent / target).resolve() for target in targets if target and "://" not in target]

    assert {ROOT / name for name in FILES if name.startswith("docs/")} <= reached


def test_the_readme_is_short() -> None:
    """What it does not need stands in a page."""
    assert len(TEXTS["README.md"].split()) <= MOST_WORDS


@pytest.mark.parametrize("name", generated.PAGES)
def test_generated_parts_are_current(name: str) -> None:
    """Commands, options, and the stages of the wait."""
    assert generated.page(name) == TEXTS[f"docs/{name}"], "run make docs"


def test_the_picture_of_a_block_is_current() -> None:
    """The output of a check of today."""
    assert picture.picture() == picture.PICTURE.read_text(encoding="utf-8"), "run make docs"


def of_hssgate(command: str) -> list[list[str]]:
    """The arguments of each run of hssgate in a command line: after a pipe, in a variable's value, in a container."""
    found = []
    bare = re.sub(r"\s#\s.*$", "", command)
    for part in re.split(r"\|\|?|&&|;|&(?!\w)", re.sub(r"[<>]\s*\S+", "", bare).replace('eval "$(', "")):
        try:
            words = shlex.split(part.replace(')"', ""))
        except ValueError:
            continue
        if "hssgate" in words and not words[0].startswith(("pip", "git")):
            arguments = words[words.index("hssgate") + 1 :]
            if arguments and (
                not words[0].startswith("docker") or arguments[0] in cli.list_commands(click.Context(cli))
            ):
                found.append(arguments)
    return found


COMMANDS = sorted(
    {
        (name, shlex.join(arguments))
        for name in USERS_PAGES
        for source in (
            *(command for block in blocks_of(TEXTS[name], "console", "sh") for command in commands_of(block)),
            *re.findall(r"`(hssgate [^`\n]+)`", re.sub(r"(?m)^\| `.*", "", TEXTS[name])),  # a table of messages
        )
        for arguments in of_hssgate(source)
    }
)


def test_commands_are_found() -> None:
    """More than a few: the search for them works."""
    assert len(COMMANDS) > 40
    assert len({shlex.split(command)[0] for _, command in COMMANDS}) >= len(cli.list_commands(click.Context(cli)))


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=lambda value: value if " " in value else None)
def test_each_command_is_one_of_the_program(name: str, command: str, tmp_path: Path) -> None:
    """With arguments and options that it takes; the command line itself parses them, and runs nothing."""
    del name
    arguments = [word.replace("…", "0").rstrip(".") for word in shlex.split(command)]
    if "[OPTIONS]" in command or "[PATH]" in command:
        arguments = [word for word in arguments if not word.startswith("[")]
    for file in ("build.json", "kev.json", "a.yaml", "b.toml"):
        (tmp_path / file).touch()
    group: click.Command = cli
    ctx = click.Context(cli, info_name="hssgate")
    while isinstance(group, click.Group) and arguments and not arguments[0].startswith("-"):
        found = group.get_command(ctx, arguments[0])
        assert found is not None, command
        group, arguments = found, arguments[1:]
    parser = group.make_parser(ctx)
    _, left, _ = parser.parse_args(arguments)

    known = {option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert [word for word in left if word.startswith("-") and word not in known] == []


def test_arguments_of_the_gate_script_are_those_of_check() -> None:
    """In every example that runs it, in any language."""
    check = cli.get_command(click.Context(cli), "check")
    assert check is not None
    known = {option for parameter in check.params for option in parameter.opts}
    lines = [line for name in USERS_PAGES for line in TEXTS[name].splitlines() if "sh ci/gate.sh" in line]

    assert len(lines) > 4
    for line in lines:
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", line.partition("gate.sh")[2])) <= known, line


@pytest.mark.parametrize("name", USERS_PAGES)
def test_options_in_the_text_exist(name: str) -> None:
    """Every option in code style is one of some command, or stands with the program that it belongs to."""
    known = {"--help", "-h", "--version"}
    waiting: list[click.Command] = [cli]
    while waiting:
        command = waiting.pop()
        known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        if isinstance(command, click.Group):
            ctx = click.Context(command)
            waiting += [found for each in command.list_commands(ctx) if (found := command.get_command(ctx, each))]
    of_others = {
        "--push",
        "--metadata-file",
        "--format",
        "--digest-file",
        "--env-file",
        "--build-arg",
        "--secret",
        "--repo",
    }

    named = {
        option
        for code in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXTS[name], flags=re.DOTALL))
        if not code.startswith(("trivy ", "grype "))
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)
    }
    assert named - known - of_others == set()


@pytest.mark.parametrize("name", FILES)
def test_targets_of_make_exist(name: str) -> None:
    """Every `make TARGET` in a block of code or in code style."""
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))

    assert set(re.findall(r"(?m)(?:^\$ |`)make ([a-z]+)", TEXTS[name])) <= targets


@pytest.mark.parametrize("name", USERS_PAGES)
def test_variables_in_the_text_exist(name: str) -> None:
    """Every variable of hssgate is read or written by it, or by what runs it."""
    sources = [*(ROOT / "hssgate").rglob("*.py"), *(ROOT / "action").iterdir(), ROOT / "gitlab-ci-template.yml"]
    written = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.is_file())
    of_the_text = {"HSSGATE_POLICY_FILE"}  # a misspelt one, as an example
    prefixed = {"HSSGATE_RESULT", "HSSGATE_EXIT_CODE", "HSSGATE_SEVERITY", "HSSGATE_JUDGED_BY", "HSSGATE_NEXT_DUE"}

    for variable in set(re.findall(r"\bHSSGATE_[A-Z_]+\b", TEXTS[name])) - of_the_text - prefixed:
        assert variable in written, variable


def write_policy(path: Path, text: str) -> None:
    """Write a policy of a page, and beside it the feed and the list of known findings that it names."""
    path.write_text(text, encoding="utf-8")
    (path.parent / "kev.json").write_text(
        json.dumps(
            {
                "dateReleased": datetime.fromtimestamp(START, UTC).isoformat(),
                "vulnerabilities": [{"cveID": "CVE-2021-44228"}],
            }
        )
    )
    known(file=path.parent / "hssgate-accepted.json")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param(name, number, id=f"{name} {number}")
        for name in USERS_PAGES
        for number, block in enumerate(blocks_of(TEXTS[name], "yaml"))
        if re.search(r"(?m)^rules:", block)
    ],
)
def test_each_policy_is_valid(name: str, number: int, tmp_path: Path) -> None:
    """The loader takes it."""
    path = tmp_path / "hssgate.yaml"
    write_policy(path, blocks_of(TEXTS[name], "yaml")[number])

    assert load_policy(path, START).policy.rules.in_force()


@pytest.mark.parametrize("name", USERS_PAGES)
def test_each_yaml_is_yaml(name: str) -> None:
    """Workflows and templates can be read."""
    for block in blocks_of(TEXTS[name], "yaml"):
        assert yaml.safe_load(block)


def test_the_messages_of_troubleshooting_are_the_programs() -> None:
    """Each text to look for stands in a message of the program."""
    strings = "\n".join(
        node.value
        for folder in ("hssgate", "action")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    messages = re.findall(r"(?m)^\| `([^`]+)` \|", TEXTS["docs/troubleshooting.md"].partition("## By message")[2])

    assert len(messages) > 15
    assert [message for message in messages if message not in strings] == []


EMULATED = sorted(
    {
        (name, found[0], found[1])
        for name in USERS_PAGES
        for block in blocks_of(TEXTS[name], "console")
        for found in re.findall(r"(?m)^\$ hssgate (check demo/.*)\n((?:(?!\$ ).+\n)*)", block)
    }
)


def test_checks_of_the_emulators_images_are_found() -> None:
    """The search for them works."""
    assert {name for name, _, shown in EMULATED if shown} >= {"docs/emulator.md", "docs/troubleshooting.md"}


@pytest.mark.parametrize(("name", "command", "shown"), EMULATED, ids=[f"{name} {line}" for name, line, _ in EMULATED])
def test_checks_of_the_emulators_images_print_what_is_shown(name: str, command: str, shown: str, bench: Bench) -> None:
    """Each line that is shown is printed, in this order, and the last one has the exit code."""
    del name
    bench.emulator = Emulator(default_scenario(), now=bench.clock.epoch, sleep=bench.clock.pass_time)

    ended = bench.check(*shlex.split(command)[1:], reports=False)

    assert [line for line in ended.out.splitlines() if line in shown.splitlines()] == shown.splitlines()
    if "exit code" in shown:
        assert re.search(rf"exit code {ended.code}\b", shown)


@pytest.mark.parametrize("name", ["docs/policy.md", "docs/zh/policy.md"])
def test_the_policy_of_the_page_is_explained_as_shown(name: str, bench: Bench, tmp_path: Path) -> None:
    """Each line that is shown is printed, in this order, for the policy of the same page."""
    write_policy(tmp_path / "hssgate.yaml", blocks_of(TEXTS[name], "yaml")[0])
    (shown,) = re.findall(r"(?m)^\$ hssgate policy explain legacy/app:1\.0.*\n((?:(?!\$ ).+\n)*)", TEXTS[name])
    wanted = [line for line in shown.splitlines() if line.startswith("  ") and "…" not in line and "```" not in line]

    printed = bench.run("policy", "explain", "legacy/app:1.0").out.splitlines()

    assert len(wanted) > 3
    assert [line for line in printed if line in wanted] == wanted


def test_the_pages_that_the_program_names_are_there() -> None:
    """Each page and section in a message, in both languages, for each exit code."""
    named = {
        place
        for path in (ROOT / "hssgate").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for place in re.findall(r"(?:(?<=/blob/main/)|(?<![\w/]))docs/[\w./-]+\.md(?:#[\w{}-]+)?", node.value)
    }
    places = {place.replace("{code}", str(int(code))) for place in named for code in ExitCode}

    assert len(places) > len(ExitCode)
    for place in places:
        page, _, anchor = place.partition("#")
        assert not anchor or anchor in anchors_of(TEXTS[page]), place


def test_the_example_of_doctor_has_each_of_its_checks(bench: Bench) -> None:
    """In their order; only `hosts` has a second line."""
    bench.emulator = Emulator(default_scenario(), now=bench.clock.epoch, sleep=bench.clock.pass_time)
    (example,) = [block for block in blocks_of(TEXTS["docs/credentials.md"], "console") if "hssgate doctor" in block]
    printed = json.loads(bench.run("doctor", "--region", "ap-southeast-1", "--cicd-name", "x", "--format", "json").out)

    assert re.findall(r"(?m)^(?:ok|failed) +([a-z-]+)", example) == [check["name"] for check in printed["checks"]]
