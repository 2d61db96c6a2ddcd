"""The `HSSGATE_*` variables: one that would decide what is judged is never lost, be it empty or misspelt."""

import re
from pathlib import Path

import click
import pytest

from hssgate.cli import environment
from hssgate.cli.main import cli
from tests.cli.test_check import finished, images
from tests.conftest import KEY, Bench, Ended
from tests.system.test_secrecy import commands

ROOT = Path(__file__).parents[2]
STRICT = "rules: {vulnerabilities: 0}"


@pytest.fixture(autouse=True)
def policies(tmp_path: Path) -> None:
    """A policy that no image of these tests meets, and a lenient one."""
    (tmp_path / "strict.yaml").write_text(STRICT)
    (tmp_path / "lenient.yaml").write_text("rules: {severity: High}")


def check(bench: Bench, env: dict[str, str], *arguments: str) -> Ended:
    """Check an image that has vulnerabilities, under the built-in policy unless something else is read."""
    bench.play(images(finished()))
    return bench.check(*arguments, env=KEY | env)


def refused(ended: Ended, variable: str) -> bool:
    """Whether it was misuse that names the variable, before anything was asked."""
    return ended.code == 2 and ended.err.startswith(f"error: {variable} ")


@pytest.mark.parametrize("value", ["", " ", "\n"], ids=["empty", "blank", "line break"])
@pytest.mark.parametrize(
    "variable", ["HSSGATE_POLICY", "HSSGATE_SCANNED_AFTER", "HSSGATE_CICD_NAME", "HSSGATE_REGISTRY_NAME"]
)
def test_an_empty_variable_that_decides_is_misuse(bench: Bench, variable: str, value: str) -> None:
    """It comes from a misspelt variable behind it: the check would be weaker than intended."""
    ended = check(bench, {variable: value}, "team/app:1.0")

    assert ended.code == 2
    assert variable in ended.err
    assert "empty" in ended.err
    assert bench.emulator.request_count == 0


def test_an_empty_list_of_images_is_misuse(bench: Bench) -> None:
    """And the message names the variable."""
    assert refused(check(bench, {"HSSGATE_IMAGES": ""}), "HSSGATE_IMAGES")


@pytest.mark.parametrize(
    ("variable", "arguments"),
    [
        pytest.param("HSSGATE_POLICY", ["--policy", "lenient.yaml"], id="policy"),
        pytest.param("HSSGATE_SCANNED_AFTER", ["--scanned-after", "2h"], id="moment"),
        pytest.param("HSSGATE_CICD_NAME", ["--cicd-name", "shop"], id="identifier"),
        pytest.param("HSSGATE_IMAGES", [], id="images"),
    ],
)
def test_an_option_replaces_its_empty_variable(bench: Bench, variable: str, arguments: list[str]) -> None:
    """An option replaces its variable, so an empty variable is no error then."""
    assert check(bench, {variable: ""}, "team/app:1.0", *arguments).code == 0


def test_an_empty_variable_that_decides_nothing_counts_as_unset(bench: Bench) -> None:
    """Pipelines pass unset variables as empty ones."""
    names = [name for name in environment.SETTINGS if name not in environment.DECIDING]

    ended = check(bench, dict.fromkeys(names, ""), "team/app:1.0")

    assert (ended.code, "HSSGATE" in ended.err) == (0, False), ended.err


MEANT = [
    pytest.param("HSSGATE_POLICY_FILE", "HSSGATE_POLICY", id="begins with the name"),
    pytest.param("HSSGATE_POLICYFILE", "HSSGATE_POLICY", id="policy in one word"),
    pytest.param("HSSGATE_POLICIES", "HSSGATE_POLICY", id="plural"),
    pytest.param("HSSGATE_POLCY", "HSSGATE_POLICY", id="a letter left out"),
    pytest.param("HSSGATEPOLICY", "HSSGATE_POLICY", id="no underscore at all"),
    pytest.param("hssgate_policy", "HSSGATE_POLICY", id="lower case"),
    pytest.param("HSSGATE_SCANED_AFTER", "HSSGATE_SCANNED_AFTER", id="a letter too few"),
    pytest.param("HSSGATE_SCANNEDAFTER", "HSSGATE_SCANNED_AFTER", id="in one word"),
    pytest.param("HSSGATE_SCANNED", "HSSGATE_SCANNED_AFTER", id="the first half"),
    pytest.param("HSSGATE_CICDNAME", "HSSGATE_CICD_NAME", id="identifier in one word"),
    pytest.param("HSSGATE_CICD", "HSSGATE_CICD_NAME", id="identifier, cut"),
]


@pytest.mark.parametrize(("variable", "meant"), MEANT)
def test_a_misspelt_variable_that_would_decide_is_misuse(bench: Bench, variable: str, meant: str) -> None:
    """The message names both and a remedy; the value is not shown."""
    ended = check(bench, {variable: "s3cret"}, "team/app:1.0")

    assert refused(ended, variable), ended.err
    assert f"{meant} decides what is judged: rename it, unset it, or give --" in ended.err
    assert "s3cret" not in ended.err
    assert bench.emulator.request_count == 0


@pytest.mark.parametrize(("variable", "meant"), MEANT)
def test_a_misspelt_variable_beside_its_option_is_a_warning(bench: Bench, variable: str, meant: str) -> None:
    """It would not have been read."""
    given = {
        "HSSGATE_POLICY": ["--policy", "lenient.yaml"],
        "HSSGATE_SCANNED_AFTER": ["--scanned-after", "2h"],
        "HSSGATE_CICD_NAME": ["--cicd-name", "shop"],
    }

    ended = check(bench, {variable: "x"}, "team/app:1.0", *given[meant])

    assert ended.code == 0
    assert f"warning: {variable} is no variable of hssgate and has no effect" in ended.err


def test_a_misspelt_list_of_images_matters_where_no_image_is_given(bench: Bench) -> None:
    """HSSGATE_IMAGE is what many a pipeline calls a variable of its own."""
    assert refused(check(bench, {"HSSGATE_IMAGE": "team/app:1.0"}), "HSSGATE_IMAGE")

    beside = check(bench, {"HSSGATE_IMAGE": "x"}, "team/app:1.0")
    assert (beside.code, "warning: HSSGATE_IMAGE is no variable of hssgate" in beside.err) == (0, True)


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("HSSGATE_FOO", ""),
        ("HSSGATE_VERSION", ""),
        ("HSSGATE_PATH", ""),
        ("HSSGATE_PYTHON", ""),
        ("HSSGATE_LEVEL", ""),
        ("HSSGATE_TIME_OUT", "; did you mean HSSGATE_TIMEOUT?"),
        ("HSSGATE_ENDPOINTS", "; did you mean HSSGATE_ENDPOINT?"),
        ("HSSGATE_TOKN", "; did you mean HSSGATE_TOKEN?"),
    ],
)
def test_any_other_unknown_variable_is_a_warning(bench: Bench, variable: str, hint: str) -> None:
    """One line, with the variable that may be meant."""
    ended = check(bench, {variable: "s3cret"}, "team/app:1.0")

    line = f"warning: {variable} is no variable of hssgate and has no effect{hint}\n"
    assert (ended.code, line in ended.err) == (0, True), ended.err
    assert "s3cret" not in ended.out + ended.err


@pytest.mark.parametrize(
    "variable",
    [
        "HSSGATE_INPUT_POLICY",
        "HSSGATE_INPUT_ANYTHING",
        "HSSGATE_WRITTEN_POLICY",
        "HSSGATE_SERVICE_HOST",
        "HSSGATE_SERVICE_PORT_HTTPS",
        "HSSGATE_PORT",
        "HSSGATE_PORT_443_TCP_ADDR",
        "HSSGATE_RESULT",
        "HSSGATE_IMAGE_DIGEST",
        "HSSGATE_APP_HSSGATE_IMAGE_ID",
        "HSSGATE_POLICY_GATE_HSSGATE_JUDGED_BY",
        "PREFIX_HSSGATE_POLICY",
    ],
)
def test_what_others_set_is_passed_over(bench: Bench, variable: str) -> None:
    """Variables of the GitLab template, of Kubernetes, and of an earlier job's dotenv report with any prefix."""
    ended = check(bench, {variable: ""}, "team/app:1.0")

    assert (ended.code, "HSSGATE" in ended.err) == (0, False), ended.err


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        (["judge", "report.json"], True),
        (["policy", "validate"], True),
        (["policy", "explain", "team/app:1.0"], True),
        (["doctor", "--endpoint", "http://127.0.0.1:9", "--project-id", "project"], True),
        (["images", "--endpoint", "http://127.0.0.1:9", "--project-id", "project"], False),
        (["selftest", "--list"], False),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
@pytest.mark.parametrize(("variable", "value"), [("HSSGATE_POLICY", ""), ("HSSGATE_POLICY_FILE", "strict.yaml")])
def test_what_reads_a_policy_asks_for_its_variable(
    bench: Bench, arguments: list[str], variable: str, value: str, *, asks: bool
) -> None:
    """Exit code 2 that names it; commands that judge nothing do not care."""
    check(bench, {}, "team/app:1.0")
    Path("hssgate.yaml").write_text(STRICT)

    ended = bench.run(*arguments, env=KEY | {variable: value})

    assert ended.code == (2 if asks else 0), ended.err
    assert (f"{variable} " in ended.out + ended.err) is asks


@pytest.mark.parametrize("arguments", [["policy", "schema"], ["policy", "init", "new.yaml"], ["judge", "report.json"]])
def test_a_variable_that_a_command_never_reads_is_no_fault_there(bench: Bench, arguments: list[str]) -> None:
    """A variable that `check` would refuse may be set for another step; a misspelling is still a warning."""
    check(bench, {}, "team/app:1.0")

    ended = bench.run(*arguments, env={"HSSGATE_SCANNED_AFTER": "", "HSSGATE_SCANED_AFTER": "x", "HSSGATE_IMAGES": ""})

    assert (ended.code, "HSSGATE_SCANED_AFTER is no variable of hssgate" in ended.err) == (0, True), ended.err


@pytest.mark.parametrize("variable", ["HSSGATE_SCANNED_AFTER", "HSSGATE_CICD_NAME"])
def test_doctor_finds_what_check_would_refuse(bench: Bench, variable: str) -> None:
    """Also for options that it does not have itself; the other checks still run."""
    bench.play(images(finished()))

    ended = bench.run("doctor", "--endpoint", "http://127.0.0.1:9", "--project-id", "p", env=KEY | {variable: ""})

    assert ended.code == 2
    assert f"failed   variables    {variable} is set and empty" in ended.out
    assert "HSS lists the images" in ended.out


def test_every_fault_is_named_at_once(bench: Bench) -> None:
    """A line each."""
    ended = check(bench, {"HSSGATE_POLICY": "", "HSSGATE_CICDNAME": "x", "HSSGATE_SCANED_AFTER": "x"}, "team/app:1.0")

    assert [line.split()[0 if number else 1] for number, line in enumerate(ended.err.splitlines())] == [
        "HSSGATE_POLICY", "HSSGATE_CICDNAME", "HSSGATE_SCANED_AFTER",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["yes", "Auto", "1", "-", "auto,never"])
def test_a_choice_of_another_spelling_is_misuse(bench: Bench, value: str) -> None:
    """The message names the variable and what it may be."""
    ended = check(bench, {"HSSGATE_FINDINGS": value}, "team/app:1.0")

    assert (ended.code, f"{value!r} is not one of 'auto', 'always', 'never'" in ended.err) == (2, True), ended.err
    assert "HSSGATE_FINDINGS" in ended.err


@pytest.mark.parametrize("value", ["yes", "on", "True", "01"])
def test_the_flag_of_the_agency_may_be_no_other_word(bench: Bench, value: str) -> None:
    """Also where other credentials come before it."""
    ended = check(bench, {"HSSGATE_ECS_AGENCY": value}, "team/app:1.0")

    assert refused(ended, "HSSGATE_ECS_AGENCY"), ended.err
    assert "is neither 1 nor true, 0 nor false" in ended.err


@pytest.mark.parametrize("value", ["1", "true", "0", "false"])
def test_a_flag_may_be_a_word_or_a_number(bench: Bench, value: str) -> None:
    """Both are in use."""
    assert check(bench, {"HSSGATE_ECS_AGENCY": value}, "team/app:1.0").code == 0


def test_no_variable_of_ours_is_unknown(bench: Bench) -> None:
    """Options, credentials, outputs, and all variables that the action, the template and the examples set."""
    options = {
        name
        for _, command in commands(cli)
        for parameter in command.params
        if isinstance(parameter, click.Option | click.Argument)
        for name in environment._variables_of(parameter)
    }
    check(bench, {}, "team/app:1.0", "--report", "dotenv=out.env")
    outputs = {line.partition("=")[0] for line in Path("out.env").read_text().splitlines()}
    folders = [path for folder in ("action", "examples", "templates") for path in (ROOT / folder).rglob("*")]
    files = [path for path in (ROOT / "action.yml", ROOT / "gitlab-ci-template.yml", *folders) if path.is_file()]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    written = {name for text in texts for name in re.findall(r"\bHSSGATE_[A-Z_]+[A-Z]\b", text)}

    assert "HSSGATE_POLICY" in options
    assert "HSSGATE_INPUT_POLICY" in written
    assert [*environment._unknown(dict.fromkeys(options | outputs | written, ""))] == []


def test_hostile_names_are_one_clean_line(bench: Bench) -> None:
    """Names of variables cannot forge a line of our output."""
    ended = check(bench, {"HSSGATE_\u202e\n::error::x": "1"}, "team/app:1.0")

    (line,) = [line for line in ended.err.splitlines() if "is no variable" in line]
    assert "\u202e" not in line
    assert not line.startswith("::")
