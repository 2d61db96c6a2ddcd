"""action.yml and the workflows: what they promise agrees with the command line, and what keeps them safe is in place."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from hssgate.cli.check import check
from tests.cli.test_check import CLEAN, finished, images
from tests.conftest import KEY, Bench

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
INPUTS = [
    "images", "metadata", "cicd-name", "policy", "scanned-after", "resolve", "platform", "timeout", "appear-timeout", "settle",
    "region", "cloud", "endpoint", "project-id", "enterprise-project-id", "findings", "reports", "working-directory", "python",
]  # fmt: skip
# Few pipelines need them, and their variable serves those.
WITHOUT_INPUT = {"registry-name", "lang", "interval", "max-interval", "request-timeout", "ca-bundle"}
OF_THE_STEP = {"working-directory", "python"}
NEVER_EMPTY = ("images", "metadata", "cicd-name", "policy", "scanned-after", "resolve", "platform")
DEFAULTS = dict.fromkeys(NEVER_EMPTY, "(not given)") | {
    "reports": "junit=hssgate-junit.xml json=hssgate-report.json", "working-directory": ".", "python": "python3",
}  # fmt: skip


def loaded(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts
    return document


ACTION = loaded(ROOT / "action.yml")
(GATE,) = ACTION["runs"]["steps"]
SCRIPT = (ROOT / "action" / "run.sh").read_text(encoding="utf-8")


def options() -> dict[str, click.Option]:
    """The options of `check`, by the name that an input has: `reports` takes what `--report` is repeated for.

    `metadata` takes the text of the file that `--metadata-file` names.
    """
    common = {"verbose", "quiet", "version", "help"}
    found = [option for option in check.params if isinstance(option, click.Option) and option.name not in common]
    named = {"report": "reports", "metadata-file": "metadata"}
    return {named.get(name := option.opts[0].removeprefix("--"), name): option for option in found}


def first_variable(option: click.Option) -> str:
    assert option.envvar, f"{option.opts[0]} can be given neither by an input nor by a variable"
    return option.envvar if isinstance(option.envvar, str) else option.envvar[0]


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def test_the_inputs_are_the_options() -> None:
    """Each option is an input or left out on purpose; those that decide what is judged cannot be empty unnoticed."""
    inputs = ACTION["inputs"]

    assert [*inputs] == INPUTS
    assert {*INPUTS} - {"images"} - OF_THE_STEP == options().keys() - WITHOUT_INPUT
    assert {name: given["default"] for name, given in inputs.items() if "default" in given} == DEFAULTS
    assert [name for name, given in inputs.items() if not given["description"].strip()] == []


def test_what_has_no_input_has_a_variable() -> None:
    """Every option without an input has a variable."""
    for name in WITHOUT_INPUT:
        assert first_variable(options()[name]).startswith("HSSGATE_")


def test_an_input_becomes_the_variable_of_its_option() -> None:
    """By the lists of the script."""
    (listed,) = re.findall(r'OPTIONS="([^"]+)"', SCRIPT)
    (checked,) = re.findall(r'NEVER_EMPTY="([^"]+)"', SCRIPT)
    named = {name: name.upper().replace("-", "_") for name in INPUTS if name not in {"reports", *OF_THE_STEP}}

    assert listed.split() == [*named.values()]
    assert checked.split() == [named[name] for name in NEVER_EMPTY]
    assert f"NOT_GIVEN='{DEFAULTS['images']}'" in SCRIPT
    assert f"DEFAULT_REPORTS='{DEFAULTS['reports']}'" in SCRIPT
    variables = {name: first_variable(option) for name, option in options().items()} | {"images": "HSSGATE_IMAGES"}
    assert {name: f"HSSGATE_{variable}" for name, variable in named.items()} == {
        name: variables[name].removesuffix("_FILE") for name in named
    }
    assert first_variable(options()["reports"]) == "HSSGATE_REPORTS"


def test_inputs_reach_the_shell_as_variables_only() -> None:
    """No expression is expanded inside a script."""
    assert GATE["env"] == {f"INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in INPUTS}
    assert not [key for key, value in GATE.items() if key != "env" and "${{" in value]
    for path in WORKFLOWS:
        assert [step["run"] for step in steps(loaded(path)) if "${{" in step.get("run", "")] == []


def test_no_other_action_is_inside() -> None:
    """What the caller pins is all that runs."""
    assert ACTION["runs"]["using"] == "composite"
    assert "uses" not in GATE


def test_the_outputs_are_what_the_gate_sets(bench: Bench, tmp_path: Path) -> None:
    """And the report's path, which the script sets."""
    outputs = tmp_path / "outputs"
    step = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs)}
    bench.play(images(finished(CLEAN))).check("app:1.0", env=KEY | step)
    named = re.findall(r"^([a-z-]+)<<", outputs.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert [*ACTION["outputs"]] == [*named, "junit"]
    without_the_step = {"result": " || 'error'", "exit-code": " || '1'"}  # it never started, and '' == 0 is true
    assert {name: output["value"] for name, output in ACTION["outputs"].items()} == {
        name: f"${{{{ steps.{GATE['id']}.outputs.{name}{without_the_step.get(name, '')} }}}}"
        for name in [*named, "junit"]
    }
    assert [name for name, output in ACTION["outputs"].items() if not output["description"].strip()] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestWorkflow:
    """What keeps a workflow safe."""

    def test_every_action_is_pinned(self, path: Path) -> None:
        """By a full commit with its version beside it; or it is this repository's own."""
        for line in path.read_text(encoding="utf-8").splitlines():
            if "uses:" in line:
                assert re.search(r"uses: (\./|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)(?= |$)", line), line

    def test_each_job_has_only_the_permissions_it_needs(self, path: Path) -> None:
        """No permission is granted globally; each job names its own, and none has `write` for everything."""
        workflow = loaded(path)

        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert isinstance(job["permissions"], dict)
            assert int(job["timeout-minutes"]) <= 60

    def test_no_credential_is_left_in_the_work_tree(self, path: Path) -> None:
        """By checking out."""
        checkouts = [step for step in steps(loaded(path)) if step.get("uses", "").startswith("actions/checkout@")]

        assert checkouts
        assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"] * len(checkouts)


def test_only_the_last_jobs_of_a_release_may_write() -> None:
    """What builds and tests the packages can neither sign nor publish; the image is built out of reach of its token."""
    jobs = loaded(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    rights = {name: job["permissions"].items() for name, job in jobs.items()}
    writing = {name: {right for right, kind in given if kind == "write"} for name, given in rights.items()}

    assert writing == {
        "build": set(), "test": set(), "attest": {"id-token", "attestations"}, "pypi": {"id-token"}, "github": {"contents"},
        "image": {"packages"}, "index": {"packages", "id-token", "attestations"},
    }  # fmt: skip
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "build": None, "test": "build", "attest": "test", "pypi": "attest", "github": "pypi",
        "image": "attest", "index": "image",
    }  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("program", ["true", "echo", "cat"])
def test_an_unusable_python_is_named(tmp_path: Path, program: str) -> None:
    """Some programs ignore what they are asked, and succeed; the step ends with 2 before any of them is believed."""
    paths = {"GITHUB_OUTPUT": str(tmp_path / "outputs"), "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(tmp_path)}
    given = {"INPUT_IMAGES": "app:1.0", "INPUT_PYTHON": program}

    ended = subprocess.run(
        ["bash", ROOT / "action" / "run.sh"], env=os.environ | paths | given, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stdout.startswith(f"::error title=hssgate::{program} is ")
    assert "name one with the input python" in ended.stdout
    assert ended.stdout.count("\n") == 1
    assert (tmp_path / "outputs").read_text() == "exit-code=1\nresult=error\nexit-code=2\n"
