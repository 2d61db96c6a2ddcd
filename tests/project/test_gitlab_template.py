"""`gitlab-ci-template.yml`: its inputs are the options of `check`, and no input can become more than a value."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from hssgate import __version__
from hssgate.cli.check import check
from hssgate.reports import FORMATS

TEMPLATE = (Path(__file__).parents[2] / "gitlab-ci-template.yml").read_text(encoding="utf-8")
HEADER, BODY = re.split(r"^---\n", TEMPLATE, flags=re.MULTILINE)
INPUTS: dict[str, dict[str, Any]] = yaml.safe_load(HEADER)["spec"]["inputs"]
TEXTS = [name for name, found in INPUTS.items() if found.get("type", "string") == "string"]
OPTIONS = [
    "images", "cicd-name", "registry-name", "metadata-file", "resolve", "platform", "policy", "scanned-after", "timeout",
    "appear-timeout", "settle", "region", "cloud", "endpoint", "project-id", "enterprise-project-id", "findings",
]  # fmt: skip


def interpolated(inputs: dict[str, Any]) -> dict[str, Any]:
    """The template as GitLab reads it: inputs are put into the text, and the outcome is read by libyaml."""
    given_or_default = {name: inputs.get(name, found.get("default")) for name, found in INPUTS.items()}

    def value(match: re.Match[str]) -> str:
        found = given_or_default[match[1]]
        return found if isinstance(found, str) else json.dumps(found)

    text = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", value, BODY)
    read = yaml.load(text, Loader=yaml.CSafeLoader)  # libyaml, as in GitLab
    assert isinstance(read, dict)
    return read


def job(inputs: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    (found,) = interpolated({"images": "team/app:1.0", **inputs}).values()
    assert isinstance(found, dict)
    return found


def given_to(read: dict[str, Any]) -> dict[str, str]:
    """The inputs as the shell knows them, by the variable that the first command sets."""
    words = shlex.split(read["script"][0].partition("\n")[2])
    assert all(re.match(r"HSSGATE_INPUT_[A-Z_]+=", word) for word in words)
    return dict(word.removeprefix("HSSGATE_INPUT_").split("=", 1) for word in words)


def variable(name: str) -> str:
    return name.upper().replace("-", "_")


def test_the_inputs_are_the_documented_ones() -> None:
    """Names, order and defaults; each is described."""
    assert {name: found.get("default") for name, found in INPUTS.items()} == {
        "images": None,
        "job-name": "hssgate",
        "stage": "test",
        "cicd-name": "",
        "registry-name": "",
        "metadata-file": "",
        "resolve": "",
        "platform": "",
        "policy": "",
        "scanned-after": "$CI_PIPELINE_CREATED_AT",
        "timeout": "",
        "appear-timeout": "",
        "settle": "",
        "region": "",
        "cloud": "",
        "endpoint": "",
        "project-id": "",
        "enterprise-project-id": "",
        "findings": "",
        "image": "python:3.12-slim",
        "install": f"hssgate=={__version__}",
        "output-prefix": "(name of the job)",
        "allow-exit-codes": [256],
    }
    assert "default" not in INPUTS["images"]
    assert all(found["description"] for found in INPUTS.values())


def test_every_option_that_is_an_input_is_an_option_of_check() -> None:
    """Under the same name, and through the variable that `check` reads first."""
    variables = {"images": "HSSGATE_IMAGES"} | {
        found.opts[0].removeprefix("--"): found.envvar if isinstance(found.envvar, str) else found.envvar[0]
        for found in check.params
        if isinstance(found, click.Option) and found.envvar
    }
    (looped,) = re.findall(r"for option in ([A-Z_\s\\]+); do", BODY)

    assert looped.replace("\\", "").split() == [variables[name].removeprefix("HSSGATE_") for name in OPTIONS]
    for name in OPTIONS:
        assert given_to(job({name: "x"}))[variable(name)] == "x"


@pytest.mark.parametrize("option", ["timeout", "appear-timeout", "settle"])
def test_the_descriptions_tell_the_defaults_of_check(option: str) -> None:
    """An empty input leaves them to it."""
    (found,) = [param for param in check.params if f"--{option}" in param.opts]

    assert f"empty is {found.default}" in INPUTS[option]["description"]


def test_the_reports_written_are_the_artifacts_kept() -> None:
    """With any outcome."""
    script, artifacts = job()["script"][1], job()["artifacts"]
    (reports,) = re.findall(r"reports='([^']+)'", script)
    written = dict(word.split("=") for word in reports.split())

    assert artifacts["when"] == "always"
    names = {"junit": "junit", "codequality": "codequality", "gitlab": "container_scanning", "dotenv": "dotenv"}
    assert artifacts["reports"] == {theirs: written[ours] for ours, theirs in names.items()}
    assert {*artifacts["paths"]} == {path for name, path in written.items() if name != "dotenv"}
    assert {*written} <= {*FORMATS}


def test_no_exit_code_is_softened_unless_it_is_named() -> None:
    """The default is not an exit code, and hides nothing."""
    assert job()["allow_failure"] == {"exit_codes": [256]}
    assert job({"allow-exit-codes": [4, 3]})["allow_failure"] == {"exit_codes": [4, 3]}
    assert job({"allow-exit-codes": []})["allow_failure"] == {"exit_codes": []}


def test_an_input_is_always_between_quotes() -> None:
    """Of YAML, and of the shell in its first command, which only sets variables; the second one has none."""
    inputs, script = yaml.safe_load(BODY)["$[[ inputs.job-name ]]"]["script"]

    first, line = inputs.splitlines()
    assert {word.partition("=")[2] for word in shlex.split(line)} <= {f"$[[ inputs.{name} ]]" for name in TEXTS}
    assert re.fullmatch(r"(HSSGATE_INPUT_[A-Z_]+='[^']*' ?)+", line)
    assert first == "# the inputs, as they were written"
    assert "$[[" not in script


@pytest.mark.parametrize("name", TEXTS)
def test_a_single_quote_is_refused(name: str) -> None:
    """Only this character could end the value."""
    assert not re.search(INPUTS[name]["regex"], "a'b")
    assert re.search(INPUTS[name]["regex"], 'a"b\n$(touch pwned) #:{}[]|>&*!%@`\\')


@pytest.mark.parametrize("name", [name for name in TEXTS if INPUTS[name].get("default") != ""])
def test_what_must_not_be_empty_cannot_be(name: str) -> None:
    """But for the moment, which may be given up for a digest, and the prefix."""
    assert bool(re.search(INPUTS[name]["regex"], "")) == (name in {"scanned-after", "output-prefix"})


PLAIN = job()
PRINTABLE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="'\ufeff\ufffe\uffff")
)


@given(text=PRINTABLE, name=st.sampled_from(OPTIONS))
def test_an_input_is_a_value_and_nothing_else(text: str, name: str) -> None:
    """Any text on one line is unchanged, and so are the lines around it."""
    read = job({name: text})

    assert given_to(read) == given_to(PLAIN) | {variable(name): text}
    read["script"][0] = PLAIN["script"][0]
    assert read == PLAIN


@given(
    text=st.text(st.sampled_from('a:-# \n\t"\\{}[]&*!|>%@`,?\u0085\u2028$'), max_size=30), name=st.sampled_from(TEXTS)
)
def test_an_input_of_several_lines_breaks_out_of_nothing(text: str, name: str) -> None:
    """GitLab reads a job of the same keys and the same script, or refuses the pipeline."""
    assume(re.search(INPUTS[name]["regex"], text))
    try:
        read = job({name: text})
    except yaml.YAMLError:
        return

    assert [*read] == [*PLAIN]
    others = {other: value for other, value in given_to(PLAIN).items() if other != variable(name)}
    assert {other: value for other, value in given_to(read).items() if other != variable(name)} == others
    assert (read["script"][1:], read["artifacts"]) == (PLAIN["script"][1:], PLAIN["artifacts"])


def test_a_quote_would_break_out_but_for_the_regex() -> None:
    """The reason why it is refused: the oracle of these tests sees an injection."""
    broken = job({"image": "x'\n  before_script: [touch pwned]\n  resource_group: 'y"})

    assert broken["before_script"] == ["touch pwned"]


@pytest.mark.parametrize("name", ["examples/Jenkinsfile", "examples/gate.sh"])
def test_the_examples_install_this_release(name: str) -> None:
    """And no other."""
    text = (Path(__file__).parents[2] / name).read_text(encoding="utf-8")

    assert re.findall(r"hssgate==([\w.]+)", text) == [__version__]
