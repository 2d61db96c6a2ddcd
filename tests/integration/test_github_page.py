"""The page on GitHub, worked off by the real act: the example to copy, and going on in spite of one exit code."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import BIN, ROOT, emulator, put_script
from tests.integration.runner import Job, Runner, Step, committed, copy_of_this_repository, workflow

pytestmark = pytest.mark.integration

PAGE = (ROOT / "docs" / "pipelines-github.md").read_text(encoding="utf-8")
DIGEST = "sha256:" + "5" * 64
BUILD = f"""
name: build
description: Builds and pushes nothing, and says by which names and digest.
inputs: {{push: {{}}, tags: {{}}}}
outputs: {{metadata: {{value: "${{{{ steps.push.outputs.metadata }}}}"}}}}
runs:
  using: composite
  steps:
    - id: push
      shell: bash
      env: {{TAGS: "${{{{ inputs.tags }}}}"}}
      run: |
        echo "metadata={{\\"containerimage.digest\\": \\"{DIGEST}\\", \\"image.name\\": \\"$TAGS\\"}}" >>"$GITHUB_OUTPUT"
"""
# What HSS's own plug-in does: from then on HSS knows the image.
SCAN = f"""curl --silent --fail "$HSSGATE_ENDPOINT/_emulator/images" --data '{{
  "cicd_name": "my-pipeline", "namespace": "team", "image_name": "app", "image_version": "'"$GITHUB_SHA"'",
  "image_digest": "{DIGEST}", "timeline": [
    {{"at": "0s", "scan_status": "scanning"}},
    {{"at": "1s", "scan_status": "success", "severity_level": "Low", "malicious_file_num": 0}}]}}'"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A caller's folder."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def worked_off(tmp_path: Path, shop: Path, url: str, text: str, action: str) -> Job:
    """Commit the workflow with what the folder holds, and work it off where HSS is at this address."""
    (shop / "wf.yml").write_text(text, encoding="utf-8")
    runner = Runner(tmp_path)
    shutil.copy(BIN / "uv", runner.bin)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "action.yml").write_text(BUILD)
    actions = {action: copy_of_this_repository(tmp_path / "action"), "docker/build-push-action@v6": tmp_path / "build"}
    given = [f"HSSGATE_ENDPOINT={url}", "HSSGATE_PROJECT_ID=any", "HSSGATE_TOKEN=emulator-token"]
    arguments = [word for variable in given for word in ("--env", variable)]
    return runner.run(committed(shop), "wf.yml", *arguments, actions=actions)


def test_the_example_gates_the_push_it_made(tmp_path: Path, shop: Path) -> None:
    """Built, scanned, waited for and found by the digest of this very push; only the way in is a token here."""
    example = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    (action,) = re.findall(r"uses: (\S+/hssgate@\S+)", example)
    put_script(shop / "ci" / "hss-scan.sh", SCAN)

    with emulator() as url:
        job = worked_off(tmp_path, shop, url, f"on: push\n{example}", action)

    assert job.code == 0, job.log
    assert re.search(r"team/app:[0-9a-f]{40}: scan finished", job.log)
    assert "PASSED (1 image passed), exit code 0" in job.log
    assert job.annotations("gate", "warning") == []


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("demo/passes:1.0", 0),
        ("demo/scanning-forever:1.0", 0),
        ("demo/blocked-severity:1.0", 1),
        ("demo/scan-failed:1.0", 1),
    ],
)
def test_one_exit_code_is_softened_and_no_other(tmp_path: Path, shop: Path, image: str, code: int) -> None:
    """A timeout lets the job go on; what blocks or gives no result does not."""
    action = "org/hssgate@v1"
    gate: Step = {"id": "gate", "uses": action, "continue-on-error": True, "with": {"images": image, "timeout": "0"}}
    (recipe,) = re.findall(r"      - (if: .*\n        run: exit 1)\n", PAGE)
    soften: Step = yaml.safe_load(recipe.replace("\n        ", "\n"))

    with emulator() as url:
        job = worked_off(tmp_path, shop, url, workflow(gate, soften), action)

    assert job.code == code, job.log
