"""`hssgate policy`: what its commands write, print and exit with."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

from hssgate.cli.main import cli
from hssgate.policy.load import load_policy
from hssgate.policy.model import Policy, built_in
from hssgate.policy.rule_table import Rules
from hssgate.policy.schema import policy_schema
from hssgate.policy.starter import starter_policy
from tests.cli.test_exploited import feed
from tests.cli.test_known import known
from tests.conftest import Bench
from tests.support.fakes import START

POLICY = """\
version: 1
rules:
  severity: Medium
  vulnerabilities: {limit: 20, action: warn}
  scan_age: 24h
  scan: {accept: [image_oversized, failed]}
overrides:
  - images: ["legacy/*"]
    rules: {vulnerabilities: 300, malicious_files: 1}
    reason: SEC-123, being replaced
    expires: 2027-03-31
  - images: ["legacy/*"]
    rules: {severity: High}
    reason: over
    expires: 2026-09-20
  - images: ["legacy/app:*"]
    rules: {vulnerabilities: 200}
    reason: SEC-124
"""


def save(bench: Bench, name: str, text: str) -> None:
    (bench.folder / name).write_text(text, encoding="utf-8")


def uncommented(text: str) -> str:
    """The starter with every example uncommented, that is, every comment that begins with a key."""
    return re.sub(r"^( *)# (?=[a-z_]+:|  )", r"\1", text, flags=re.MULTILINE)


@pytest.mark.parametrize("command", ["", "init", "validate", "schema", "explain", "import", "test"])
def test_help_is_a_letter_away(bench: Bench, command: str) -> None:
    """`-h` on the group and on each of its commands."""
    ended = bench.run("policy", *command.split(), "-h")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: hssgate policy {command}".rstrip())
    assert "--help" in ended.out


def test_the_group_alone_shows_its_commands(bench: Bench) -> None:
    """As `hssgate` alone does, and all of them are there."""
    group = cli.get_command(click.Context(cli), "policy")
    assert isinstance(group, click.Group)

    ended = bench.run("policy")

    assert ended.code == 2
    assert sorted(group.commands) == ["explain", "import", "init", "schema", "test", "validate"]
    assert all(name in ended.out for name in group.commands)


def test_the_starter_is_the_built_in_policy(bench: Bench) -> None:
    """It is valid as written, and equal to the built-in policy."""
    written = bench.run("policy", "init")
    validated = bench.run("policy", "validate")

    assert (written.code, written.out) == (0, "hssgate.yaml: written\n")
    assert "hssgate policy schema > hssgate.schema.json" in written.err
    assert (validated.code, validated.out, validated.err) == (0, "hssgate.yaml: valid\n", "")
    assert load_policy(bench.folder / "hssgate.yaml", START).policy == built_in()


def test_the_examples_of_the_starter_are_valid(bench: Bench) -> None:
    """Uncommented, they show every rule and every list of a policy."""
    save(bench, "hssgate.yaml", uncommented(starter_policy()))
    feed("CVE-2021-44228")
    known()

    ended = bench.run("policy", "validate", "-q")

    loaded = load_policy(bench.folder / "hssgate.yaml", START).policy
    assert (ended.code, ended.out, ended.err) == (0, "hssgate.yaml: valid\n", "")
    assert set(loaded.rules.in_force()) == set(Rules.model_fields)
    assert loaded.model_fields_set == set(Policy.model_fields)


def test_the_starter_fits_a_screen_and_names_its_schema() -> None:
    """Editors read the first line."""
    lines = starter_policy().splitlines()

    assert lines[0] == "# yaml-language-server: $schema=hssgate.schema.json"
    assert max(map(len, lines)) <= 120


def test_the_starter_goes_to_stdout(bench: Bench) -> None:
    """Nothing but the policy, and no file."""
    ended = bench.run("policy", "init", "-")

    assert (ended.code, ended.out, ended.err) == (0, starter_policy(), "")
    assert [*bench.folder.iterdir()] == []


def test_a_policy_is_not_overwritten_unawares(bench: Bench) -> None:
    """Only `--force` replaces it."""
    save(bench, "team.yml", "mine")

    refused = bench.run("policy", "init", "team.yml")
    kept = (bench.folder / "team.yml").read_text(encoding="utf-8")
    forced = bench.run("policy", "init", "team.yml", "--force")

    assert (refused.code, refused.out, kept) == (2, "", "mine")
    assert "team.yml: there is one already; --force replaces it" in refused.err
    assert (forced.code, (bench.folder / "team.yml").read_text(encoding="utf-8")) == (0, starter_policy())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("hssgate.toml", "the starter is YAML; name the file .yaml or .yml", id="another format"),
        pytest.param("nowhere/hssgate.yaml", "it cannot be written: No such file", id="no folder"),
        pytest.param("", "the path is empty", id="empty path"),
    ],
)
def test_the_starter_cannot_go_there(bench: Bench, path: str, message: str) -> None:
    """Exit code 2 and the reason."""
    ended = bench.run("policy", "init", path)

    assert ended.code == 2
    assert message in ended.err


@pytest.mark.parametrize(
    ("there", "written", "found"),
    [
        pytest.param("hssgate.toml", "hssgate.yaml", "hssgate.toml and hssgate.yaml", id="two default files"),
        pytest.param("README", ".hssgate.yaml", ".hssgate.yaml", id="a name that only resembles a default one"),
    ],
)
def test_a_starter_that_stops_the_next_check_gives_a_warning(
    bench: Bench, there: str, written: str, found: str
) -> None:
    """`check` takes one default file, under its exact name."""
    save(bench, there, "[rules]\nseverity = 'Low'")

    ended = bench.run("policy", "init", written)

    assert ended.code == 0
    assert f"warning: {found}: without --policy a check in this folder ends with exit code 2" in ended.err
    assert bench.check("app:1").code == 2


def test_every_fault_of_every_file_is_listed(bench: Bench) -> None:
    """A line each on stdout, the good file between them; exit code 2."""
    save(bench, "a.yaml", "rules:\n  severty: Low\n  vulnerabilities: x\n")
    save(bench, "b.toml", "[rules]\nseverity = 'Low'\n")
    save(bench, "c.json", '{"rules": {}}')

    ended = bench.run("policy", "validate", "a.yaml", "b.toml", "a.yaml", "c.json", "d.yaml")

    assert ended.code == 2
    assert ended.out.splitlines() == [
        "a.yaml:2: rules.severty: unknown key; did you mean `severity`?",
        "a.yaml:3: rules.vulnerabilities: 'x' is not a whole number; write one such as 20",
        "b.toml: valid",
        "c.json: rules: it limits nothing, and an empty policy would pass everything; add a rule such as `severity: Medium`",
        "d.yaml: it cannot be read: No such file or directory",
    ]
    assert ended.err == "error: 3 of 4 policy files cannot be used\n"


def test_validate_reads_what_check_would_read(bench: Bench) -> None:
    """The files of the variable, else the default file, which there must be."""
    save(bench, "org.yaml", "rules: {severity: Low}")
    nothing = bench.run("policy", "validate")
    save(bench, "hssgate.json", '{"rules": {"severity": "Low"}}')

    found = bench.run("policy", "validate")
    given = bench.run("policy", "validate", env={"HSSGATE_POLICY": "org.yaml\nhssgate.json\n"})

    assert nothing.code == 2
    assert f"no hssgate.yaml, .yml, .toml or .json in {bench.folder}" in nothing.err
    assert "hssgate policy init" in nothing.err
    assert (found.code, found.out) == (0, "hssgate.json: valid\n")
    assert (given.code, given.out) == (0, "org.yaml: valid\nhssgate.json: valid\n")


def test_validate_warns_of_ends(bench: Bench) -> None:
    """Of overrides that have ended or will soon, and of nothing else."""
    save(bench, "hssgate.yaml", POLICY.replace("2027-03-31", "2026-10-04"))

    ended = bench.run("policy", "validate")

    assert (ended.code, ended.out) == (0, "hssgate.yaml: valid\n")
    assert ended.err.splitlines() == [
        "warning: hssgate.yaml:12: the override for legacy/* (over) ended on 2026-09-20 and has no effect any more",
        "warning: hssgate.yaml:8: the override for legacy/* (SEC-123, being replaced) ends after 2026-10-04",
    ]


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        pytest.param(
            "s3cr3t/of+40-characters=AAAAAAAAAAAAAAAAA", "rules: {{severity: '{0}'}}", id="in place of a level"
        ),
        pytest.param("s3cr3t/of+40-characters=AAAAAAAAAAAAAAAAA", "rules: {{severity: Low, '{0}': 1}}", id="as a key"),
        pytest.param("s3cr3t-" * 40, "rules: {{severity: 'x{0}'}}", id="a long one"),
        pytest.param("s3cr3t-" * 40, "rules: {{severity: Low, 'x{0}': 1}}", id="a long one as a key"),
        pytest.param("s3cr3t 'in' quotes", 'rules: {{scan_age: "{0}"}}', id="with signs that are escaped"),
    ],
)
def test_a_secret_in_a_policy_is_not_shown(bench: Bench, secret: str, text: str) -> None:
    """What was written is shown whole or not at all, so that a secret in it is known for one."""
    save(bench, "hssgate.yaml", text.format(secret))

    ended = bench.run("policy", "validate", env={"HSSGATE_TOKEN": secret})

    assert ended.code == 2
    assert "s3cr3t" not in ended.out + ended.err


SEVERITY_NOTE = "no entry of `ignore` changes `severity`, which is HSS's own verdict"


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        pytest.param("rules: {severity: Low}\nignore: [{vulnerability: CVE-1, reason: r}]", True, id="both"),
        pytest.param(
            "rules: {vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]", False, id="ignore alone"
        ),
        pytest.param("rules: {severity: Low}", False, id="severity alone"),
        pytest.param(
            "rules: {vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]\n"
            "overrides: [{images: [app], rules: {severity: Low}, reason: r}]",
            True,
            id="severity of an override",
        ),
    ],
)
def test_validate_notes_that_severity_is_not_changed_by_ignore(bench: Bench, text: str, noted: bool) -> None:  # noqa: FBT001
    """It is no fault, and quiet is heard."""
    save(bench, "hssgate.yaml", text)

    ended, quiet = bench.run("policy", "validate"), bench.run("policy", "validate", "-q")

    assert (ended.code, ended.out) == (0, "hssgate.yaml: valid\n")
    assert (f"note: hssgate.yaml: {SEVERITY_NOTE}" in ended.err) is noted
    assert quiet.err == ""


def test_the_schema_is_printed(bench: Bench) -> None:
    """Whole, and as JSON."""
    ended = bench.run("policy", "schema")

    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == policy_schema()
    Draft202012Validator.check_schema(json.loads(ended.out))


@pytest.mark.real
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_schema_cut_short_is_no_success() -> None:
    """A full disk is exit code 2."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "hssgate", "policy", "schema"], stdout=full, stderr=subprocess.PIPE, check=False, text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stderr == "error: stdout cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["explain"], "Missing argument 'IMAGE'", id="no image"),
        pytest.param(["explain", "app"], "names neither a version nor a digest", id="no version"),
        pytest.param(["explain", "app:1", "--policy", "x.yaml"], "x.yaml: it cannot be read", id="no such policy"),
        pytest.param(["explain", "app:1", "--policy", ""], "the path is empty", id="empty path"),
        pytest.param(["explain", "app:1", "--format", "xml"], "'xml' is not one of", id="unknown format"),
        pytest.param(["validate", ""], "the path is empty", id="empty path to validate"),
        pytest.param(["lint"], "No such command 'lint'", id="unknown command"),
    ],
)
def test_misuse_is_exit_code_two(bench: Bench, arguments: list[str], message: str) -> None:
    """With one clear message."""
    ended = bench.run("policy", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


@pytest.mark.parametrize(
    "arguments",
    [["-q", "policy", "init"], ["policy", "-q", "init"], ["policy", "init", "-q"]],
    ids=["before the group", "before the command", "after the command"],
)
def test_quiet_works_at_any_position(bench: Bench, arguments: list[str]) -> None:
    """Only the result is left."""
    ended = bench.run(*arguments)

    assert (ended.code, ended.out, ended.err) == (0, "hssgate.yaml: written\n", "")
