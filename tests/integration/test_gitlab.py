"""`gitlab-ci-template.yml` in pipelines that gitlab-ci-local runs.

Its exit status lies, for a softened job that fails with another code leaves it 0: the lines that it prints are read.
What it does otherwise than GitLab is held in tests/project/test_gitlab_template.py and tests/project/test_gitlab_script.py.
"""

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from junitparser import JUnitXml

from tests.cli.test_check import DIGEST, FOREVER, finished, image, images
from tests.integration.conftest import (
    BIN,
    NODE_MODULES,
    ROOT,
    emulator,
    finding,
    node,
    ran,
    succeeded,
)
from tests.reports.test_gitlab import SCHEMA
from tests.support.machine import Machine

pytestmark = pytest.mark.integration

TEMPLATE = "gitlab-ci-template.yml"
SCENARIO = images(
    finished("severity_level: High, vul_num: 111, malicious_file_num: 0", image_name="severe"),
    image(FOREVER, image_name="endless"),
)
HOSTILE = '"; touch pwned; " $(touch pwned) `touch pwned`\n  before_script: [touch pwned]\n'
PUSH = """
import json, os, urllib.request
push = {"cicd_name": "shop", "namespace": "team", "image_name": "app", "image_version": "1.0", "image_digest": os.environ["PUSHED"],
        "timeline": [{"at": "1s", "scan_status": "scanning"},
                     {"at": "2s", "scan_status": "success", "severity_level": "Low", "vul_num": 3, "malicious_file_num": 0}]}
urllib.request.urlopen(os.environ["EMULATOR"] + "/_emulator/images", json.dumps(push).encode())
open("build.env", "w").write("IMAGE=registry.example.com/team/app:1.0\\nDIGEST=" + os.environ["PUSHED"] + "\\n"
    "HSSGATE_INPUT_IMAGES=team/severe:1.0\\nHSSGATE_INPUT_TIMEOUT=0\\nHSSGATE_WRITTEN_IMAGES=team/severe:1.0\\n")
"""
PIPELINE: dict[str, Any] = {
    "stages": ["build", "test", "deploy"],
    "build": {
        "stage": "build",
        "variables": {"PUSHED": DIGEST, "PUSH": {"value": PUSH, "expand": False}},
        "script": ['python3 -c "$PUSH"'],
        "artifacts": {"reports": {"dotenv": "build.env"}},
    },
    "hssgate": {"needs": ["build"]},
    "deploy": {
        "stage": "deploy",
        "needs": ["hssgate", "slow"],
        "script": [
            'echo "the gate said $HSSGATE_RESULT of $HSSGATE_IMAGE_DIGEST with $HSSGATE_EXIT_CODE"',
            'echo "the slow gate said $SLOW_HSSGATE_RESULT with $SLOW_HSSGATE_EXIT_CODE"',
        ],
    },
}
SILENT = "http://127.0.0.1:$SILENT_PORT"
JOBS: dict[str, dict[str, Any]] = {
    "hssgate": {"images": "$IMAGE@$DIGEST", "timeout": "2m", "settle": "1s"},
    "slow": {"images": "team/endless:1.0", "scanned-after": "", "allow-exit-codes": [4]},
    "image scan: blocked": {"images": "team/endless:1.0 team/severe:1.0", "scanned-after": "", "allow-exit-codes": [4]},
    "stale": {"images": "team/severe:1.0"},
    "nobody answers": {"images": "team/app:1.0", "endpoint": SILENT, "allow-exit-codes": [4]},
    "misused": {"images": "team/app", "allow-exit-codes": [4]},
    "by uv": {"images": "team/severe:1.0", "scanned-after": ""},
    "not installed": {"images": "team/app:1.0", "install": "hssgate==0", "allow-exit-codes": [1, 4]},
    "hostile": dict.fromkeys(("images", "cicd-name", "policy", "scanned-after", "timeout", "region", "install"), HOSTILE),
}  # fmt: skip


@dataclass(frozen=True)
class Project:
    """A repository with a pipeline that includes the template.

    Args:
        folder: of the checkout.
    """

    folder: Path

    def commit(self, jobs: dict[str, dict[str, Any]], rest: dict[str, Any]) -> None:
        """Commit a pipeline of these jobs of the template, by name with their inputs."""
        emulated = {"endpoint": "$EMULATOR", "project-id": "any"}
        includes = [
            {"local": TEMPLATE, "inputs": emulated | {"job-name": name} | inputs} for name, inputs in jobs.items()
        ]
        (self.folder / ".gitlab-ci.yml").write_text(yaml.safe_dump({"include": includes} | rest), encoding="utf-8")
        shutil.copy(ROOT / TEMPLATE, self.folder)
        git = ("git", "-c", "user.name=dev", "-c", "user.email=dev@example.invalid")
        for command in (
            ["init", "--quiet"],
            ["remote", "add", "origin", "https://gitlab.example.invalid/team/app.git"],
            ["add", "."],
            ["commit", "--quiet", "--message", "Add the gate"],
        ):
            succeeded(*git, *command, cwd=self.folder)

    def gitlab_ci_local(self, *options: str, env: dict[str, str] | None = None, **variables: str) -> str:
        """Run gitlab-ci-local, and return what it said."""
        program = NODE_MODULES / "gitlab-ci-local" / "dist" / "index.js"
        shell = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source")
        given = [part for name, value in variables.items() for part in ("--variable", f"{name}={value}")]
        # Into a file: it ends before a pipe has taken all that it prints.
        to_file = ("sh", "-c", 'exec "$@" >.gitlab-ci-local-printed', "sh")
        ended = ran(*to_file, node(), program, *shell, *options, *given, cwd=self.folder, env=env)
        printed = (self.folder / ".gitlab-ci-local-printed").read_text(encoding="utf-8")
        return printed + ended.stderr if not options else printed or ended.stderr

    def artifact(self, job: str, name: str) -> Path:
        """A file that the job handed in."""
        return self.folder / ".gitlab-ci-local" / "artifacts" / job / name


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that has run.

    Args:
        project: whose it was.
        log: all that was said.
    """

    project: Project
    log: str

    def ending(self, job: str) -> str:
        """How a job ended: `passed`, `WARN 4`, `FAIL 10`."""
        (said,) = re.findall(
            rf"^{re.escape(job)} +finished in .+?(WARN \d+|FAIL \d+)? *$", self.log, flags=re.MULTILINE
        )
        return said or "passed"


@pytest.fixture(scope="module")
def pipeline(wheel: Path, packages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The pipeline of all these jobs, run once; `HSSGATE_TIMEOUT` is a variable of the project.

    The jobs that are about the installation install; the others find a Python whose environments have hssgate already.
    Jobs of a stage run at once. The checkout has a blank and Chinese in its path.
    """
    project = Project(tmp_path_factory.mktemp("my 项目"))
    machine = Machine(tmp_path_factory.mktemp("machine"))
    known = {name: machine.environ[name] for name in ("NOTES", "MACHINE")}
    installed = {"variables": known | {"PATH": f"{machine.folder / 'bin'}:{os.environ['PATH']}"}}
    with_uv = tmp_path_factory.mktemp("uv")
    (with_uv / "uv").symlink_to(BIN / "uv")
    by_uv = {"by uv": {"variables": {"PATH": f"{with_uv}:{os.environ['PATH']}", "PIP_CONFIG_FILE": os.devnull}}}
    installing = {"hssgate", "not installed", "hostile", "by uv"}
    project.commit(JOBS, PIPELINE | dict.fromkeys([*{*JOBS} - installing], installed) | by_uv)
    scenario = machine.folder / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with emulator(scenario) as url, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, but not listening
        log = project.gitlab_ci_local(
            env=finding(wheel, packages)
            | {"UV_FIND_LINKS": f"{os.environ.get('UV_FIND_LINKS', '')},{wheel.parent}".strip(",")},
            EMULATOR=url,
            SILENT_PORT=str(silent.getsockname()[1]),
            HSSGATE_TOKEN="emulator-token",
            HSSGATE_TIMEOUT="0",
        )
        yield Pipeline(project, log)


@pytest.mark.parametrize(
    ("job", "ending"),
    [
        pytest.param("hssgate", "passed", id="the digest of the build, waited for"),
        pytest.param("slow", "WARN 4", id="timed out, softened"),
        pytest.param("image scan: blocked", "FAIL 10", id="a softened code hides no violation"),
        pytest.param("stale", "FAIL 4", id="scanned before the pipeline was created"),
        pytest.param("nobody answers", "FAIL 3", id="API down"),
        pytest.param("misused", "FAIL 2", id="misused"),
        pytest.param("by uv", "FAIL 10", id="installed by uv, where there is one"),
        pytest.param("not installed", "FAIL 3", id="a failed installation is no softened verdict"),
        pytest.param("hostile", "FAIL 3", id="inputs that would like to be commands"),
    ],
)
def test_each_job_ends_as_its_verdict(pipeline: Pipeline, job: str, ending: str) -> None:
    """By the exit code that the runner sees, and `allow_failure` makes a warning of."""
    assert pipeline.ending(job) == ending, pipeline.log


def test_no_input_was_run(pipeline: Pipeline) -> None:
    """Neither in a job's folder nor in the checkout."""
    assert not [*pipeline.project.folder.rglob("pwned")]


@pytest.mark.parametrize(("job", "code"), [("hssgate", 0), ("slow", 4), ("stale", 4)])
def test_the_reports_are_artifacts_whatever_the_outcome(pipeline: Pipeline, job: str, code: int) -> None:
    """JSON, JUnit, Code Quality, container scanning and HTML."""
    report = json.loads(pipeline.project.artifact(job, "hssgate-report.json").read_text(encoding="utf-8"))
    junit = JUnitXml.fromfile(str(pipeline.project.artifact(job, "hssgate-junit.xml")))
    quality = json.loads(pipeline.project.artifact(job, "hssgate-codequality.json").read_text(encoding="utf-8"))

    assert report["exit_code"] == code
    assert (junit.failures + junit.errors > 0) == (code != 0)
    assert bool(quality) == (code != 0)
    scanning = json.loads(
        pipeline.project.artifact(job, "gl-container-scanning-report.json").read_text(encoding="utf-8")
    )
    jsonschema.validate(scanning, SCHEMA)
    assert scanning["scan"]["status"] == "failure"  # HSS counts findings here, and lists none
    assert pipeline.project.artifact(job, "hssgate.html").exists()


def test_the_verdict_reaches_a_later_job(pipeline: Pipeline) -> None:
    """As variables, through the dotenv report; those of another gate have a prefix."""
    assert f"the gate said passed of {DIGEST} with 0" in pipeline.log
    assert "the slow gate said error with 4" in pipeline.log


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository of its own."""
    return Project(tmp_path)


def schema_faults(path: Path) -> str:
    """What GitLab's JSON schema has against an expanded pipeline."""
    return ran(BIN / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path, cwd=path.parent).stdout


@pytest.mark.parametrize("jobs", [{"hssgate": {"images": "app:1"}}, JOBS], ids=["as it comes", "with all inputs"])
def test_the_expanded_pipeline_keeps_to_gitlabs_schema(project: Project, jobs: dict[str, dict[str, Any]]) -> None:
    """And the check can tell: with a misspelt key it does not."""
    project.commit(jobs, {})
    expanded = project.gitlab_ci_local("--preview")
    path = project.folder / "expanded.yml"
    path.write_text(expanded, encoding="utf-8")
    wrong = project.folder / "wrong.yml"
    wrong.write_text(expanded.replace("allow_failure", "alow_failure"), encoding="utf-8")

    assert {*yaml.safe_load(expanded)} > {*jobs}
    assert "ok -- validation done" in schema_faults(path)
    assert "alow_failure" in schema_faults(wrong)


def test_a_job_is_extended_by_its_name(project: Project) -> None:
    """Keyless credentials, rules, tags: what the template cannot know stands in the pipeline's own file."""
    token = {"HUAWEICLOUD_OIDC_ID_TOKEN": {"aud": "huawei-cloud"}}
    rules = [{"if": "$CI_COMMIT_TAG"}]
    project.commit({"gate": {"images": "app:1"}}, {"gate": {"id_tokens": token, "rules": rules, "tags": ["linux"]}})

    job = yaml.safe_load(project.gitlab_ci_local("--preview"))["gate"]

    assert (job["id_tokens"], job["rules"], job["tags"]) == (token, rules, ["linux"])
    assert "HSSGATE_INPUT_IMAGES='app:1'" in job["script"][0]
    assert "-m hssgate check" in job["script"][1]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "`images` input: required value has not been provided"),
        ({"images": "a'b"}, "`images` input: `a'b` does not match required regex"),
        ({"images": "app:1", "allow-exit-codes": 4}, "`allow-exit-codes` input: provided value is not a array"),
    ],
)
def test_a_pipeline_with_wrong_inputs_is_refused(project: Project, inputs: dict[str, Any], said: str) -> None:
    """Before anything runs."""
    project.commit({"gate": inputs}, {})

    assert said in project.gitlab_ci_local("--preview")
