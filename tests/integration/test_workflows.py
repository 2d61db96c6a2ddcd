"""action.yml and the workflows before those who judge such files, and the jobs that can be done at home, done."""

import json
import os
import zipfile
from pathlib import Path

import pytest
import yaml

import hssgate
from tests.integration.conftest import BIN, NO_COMPILE, NODE_MODULES, ROOT, node, ran
from tests.integration.runner import Runner, committed, copy_of_this_repository
from tests.project.test_pipelines_other import SNIPPETS

pytestmark = pytest.mark.integration

ACTION = "action.yml"
WORKFLOWS = [str(path.relative_to(ROOT)) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
DEPENDABOT = ".github/dependabot.yml"
UPLOAD = """
name: upload
description: Puts files aside instead of uploading them.
inputs: {name: {}, path: {}, if-no-files-found: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}"}
      run: cp -r "$FROM" "$KEPT/$NAME"
"""
SETUP = """
name: python
description: The runner has one.
inputs: {python-version: {}}
runs: {using: composite, steps: [{shell: bash, run: python --version}]}
"""


def judged(*command: str | Path) -> None:
    """Run a linter, with shellcheck at hand, over this repository; it must have nothing to say."""
    ended = ran(*command, cwd=ROOT, env={"PATH": os.pathsep.join((str(BIN), os.environ["PATH"]))})

    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"


def test_zizmor_finds_nothing() -> None:
    """With its severest eyes; what is ignored has its reason in the file."""
    judged(BIN / "zizmor", "--offline", "--quiet", "--no-progress", "--persona=auditor", ACTION, *WORKFLOWS, DEPENDABOT)


def test_actionlint_finds_nothing() -> None:
    """In the workflows, their scripts, and the inputs given to this repository's own action."""
    judged(BIN / "actionlint", "-no-color", "-oneline", *WORKFLOWS)


def test_jactionlint_finds_nothing() -> None:
    """In the action, which actionlint does not look at."""
    judged(BIN / "jactionlint", "--no-color", ACTION, *WORKFLOWS)


@pytest.mark.parametrize("name", [name for name in (ACTION, *WORKFLOWS) if "release" not in name])
def test_action_validator_finds_nothing(name: str) -> None:
    """In what its schema knows: that is older than the permission to attest, which the release needs."""
    judged(node(), NODE_MODULES / "@action-validator" / "cli" / "cli.mjs", name)


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        pytest.param("vendor.github-actions", [ACTION], id="action"),
        pytest.param("vendor.github-workflows", WORKFLOWS, id="workflows"),
        pytest.param("vendor.dependabot", [DEPENDABOT], id="dependabot"),
    ],
)
def test_the_schemas_hold(schema: str, names: list[str]) -> None:
    """Those that editors use."""
    judged(BIN / "check-jsonschema", "--builtin-schema", schema, *names)


@pytest.mark.parametrize(
    ("schema", "heading"), [("vendor.azure-pipelines", "Azure Pipelines"), ("vendor.buildkite", "Buildkite")]
)
def test_the_snippets_for_other_systems_keep_to_their_schemas(tmp_path: Path, schema: str, heading: str) -> None:
    """Those that editors use; and they can tell."""
    first, *others = SNIPPETS[heading]["steps"]
    if "timeoutInMinutes" in first:
        first = first | {"timeoutInMinutes": str(first["timeoutInMinutes"])}  # the schema of Azure knows texts alone
    codes = []
    for more in ({}, {"sript": "sh ci/gate.sh"}):
        (tmp_path / "pipeline.yml").write_text(yaml.safe_dump({"steps": [first | more, *others]}))
        checked = ran(BIN / "check-jsonschema", "--builtin-schema", schema, "pipeline.yml", cwd=tmp_path)
        codes.append(checked.returncode)

    assert codes == [0, 1], checked.stdout


def test_shellcheck_finds_nothing() -> None:
    """In the script of the action."""
    judged(BIN / "shellcheck", "--external-sources", "action/run.sh", ".ci/run")
    judged(BIN / "shellcheck", "--shell=sh", "action/attended.sh")


def uses(workflow: str) -> set[str]:
    """The actions of others that a workflow of this repository names."""
    jobs = yaml.safe_load((ROOT / workflow).read_text(encoding="utf-8"))["jobs"].values()
    return {step["uses"] for job in jobs for step in job["steps"] if "uses" in step and step["uses"] != "./"}


def stubs(folder: Path, workflow: str) -> dict[str, Path]:
    """Actions that stand in for those that this machine cannot get; act itself sees to the checkout."""
    found = {}
    for action in uses(workflow):
        for name, text in (("actions/setup-python", SETUP), ("actions/upload-artifact", UPLOAD)):
            if action.startswith(f"{name}@"):
                found[action] = folder / name.replace("/", "-")
                found[action].mkdir(exist_ok=True)
                (found[action] / "action.yml").write_text(text)
    return found


def test_the_action_holds_on_itself(tmp_path: Path, packages: dict[str, str]) -> None:
    """As CI has it: this repository's own action, against the emulator, for each ending that CI knows."""
    workflow = ".github/workflows/ci.yml"
    here = committed(copy_of_this_repository(tmp_path / "here"))
    runner = Runner(tmp_path, packages | NO_COMPILE)

    job = runner.run(here, workflow, "-j", "action", actions=stubs(tmp_path, workflow))

    assert job.code == 0, job.log
    for line in ("success, passed, 0", "failure, blocked, 10", "failure, error, 5"):
        assert f"got {line}; expected {line}" in job.log


def test_a_release_is_built(tmp_path: Path, packages: dict[str, str]) -> None:
    """Of a tag that names the version: both archives, and a list of what an installation holds."""
    workflow = ".github/workflows/release.yml"
    here = committed(copy_of_this_repository(tmp_path / "here"))
    tag = f"v{hssgate.__version__}"
    (tmp_path / "event.json").write_text(json.dumps({"ref": f"refs/tags/{tag}"}))
    runner = Runner(tmp_path, packages | NO_COMPILE)

    job = runner.run(
        here, workflow, "-j", "build", "-e", str(tmp_path / "event.json"), actions=stubs(tmp_path, workflow)
    )  # fmt: skip

    assert job.code == 0, job.log
    (wheel,) = (job.kept / "dist").glob("*.whl")
    assert sorted(path.name for path in (job.kept / "dist").iterdir()) == [
        f"hssgate-{hssgate.__version__}-py3-none-any.whl", f"hssgate-{hssgate.__version__}.tar.gz",
    ]  # fmt: skip
    assert "hssgate/py.typed" in zipfile.ZipFile(wheel).namelist()
    (bill,) = (job.kept / "sbom").iterdir()
    parts = json.loads(bill.read_text())["components"]
    listed = {part["name"].lower().replace("_", "-"): part["version"] for part in parts}
    assert listed.pop("hssgate") == hssgate.__version__
    assert listed == locked()


def locked() -> dict[str, str]:
    """The runtime requirements that hold for this machine."""
    lines = (ROOT / "requirements" / "runtime.txt").read_text().splitlines()
    return {line.split("==")[0]: line.split("==")[1].split()[0] for line in lines if "==" in line and " ; " not in line}
