"""The action, as a workflow of somebody else uses it: worked off by the real act, against the emulator."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from tests.integration.conftest import BIN, emulator, put_script
from tests.integration.runner import Job, Runner, Step, committed, copy_of_this_repository, workflow

pytestmark = pytest.mark.integration

OUTPUTS_OF_THE_WORST_IMAGE = (
    "severity", "vulnerabilities", "unsafe-settings", "malicious-files", "scan-status", "image-id", "image-digest",
)  # fmt: skip
HOSTILE = "\"'; touch pwned; $(touch pwned) `touch pwned` ${HOME} & | > pwned \\"
HOSTILE_LINES = (
    "x\n::error::pwned\n  ::error::pwned\n##[error]pwned\n::set-output name=result::passed\n::stop-commands::pwned"
)
# What the runner itself sets anew for each step.
OF_THE_STEP = ("GITHUB_ACTION=", "_=", "SHLVL=", "PWD=", "OLDPWD=", "SNAPSHOT=")
SNAPSHOT = """
env | grep -vE "^(${OF_THE_STEP})" | sort >"$KEPT/$SNAPSHOT.env"
python3 -I - >"$KEPT/$SNAPSHOT.python" <<'EOF'
import importlib.metadata, sys
print(sys.version, sys.executable, sys.path)
print(sorted((found.name, found.version) for found in importlib.metadata.distributions()))
EOF
git status --short --ignored >"$KEPT/$SNAPSHOT.git"
"""


def snapshot(name: str) -> Step:
    of_the_step = "|".join(OF_THE_STEP)
    return {"env": {"SNAPSHOT": name}, "run": SNAPSHOT.replace("${OF_THE_STEP}", of_the_step)}


def gate(step: str, images: str = "demo/passes:1.0", **inputs: str) -> Step:
    given = {"images": images, "endpoint": "${{ env.EMULATOR }}", "project-id": "any"}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    return {"id": step, "continue-on-error": True, "uses": "org/hssgate@v1", "with": given}


@pytest.fixture(scope="module")
def hss() -> Iterator[str]:
    """The emulator, with an image for each outcome."""
    with emulator() as url:
        yield url


@pytest.fixture(scope="module")
def job(hss: str, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """One job that uses the action again and again, in a repository that knows nothing of hssgate."""
    folder = tmp_path_factory.mktemp("job")
    shop = folder / "shop"
    shop.mkdir()
    (shop / f"{HOSTILE}.yaml").write_text("version: 1\nrules: {severity: High}\n")
    put_script(shop / "old-python", 'case $1 in --version) echo "Python 3.10.13" ;; *) exit 1 ;; esac')
    for stray in ("httpx.py", "sitecustomize.py", "pip.py", "junit=another.xml"):
        (shop / stray).write_text("raise SystemExit('the caller reached into the gate')\n")
    (shop / "wf.yml").write_text(
        workflow(
            snapshot("before"),
            gate("passes"),
            gate("blocked", "demo/passes:1.0\ndemo/blocked-severity:1.0\n"),
            gate("failed-scan", "demo/scan-failed:1.0"),
            gate("job-timeout", "demo/scanning-forever:1.0", timeout=""),
            gate("own-timeout", "demo/scanning-forever:1.0", timeout="0"),
            gate("api-down", endpoint="http://127.0.0.1:9", appear_timeout="1s"),
            gate("misused", timeout="soon"),
            gate("no-images", ""),
            gate("hostile-policy", policy=f"{HOSTILE}.yaml"),
            gate("hostile-name", cicd_name=HOSTILE, appear_timeout="0"),
            gate("hostile-lines", cicd_name=HOSTILE_LINES),
            gate("option", timeout="--help"),
            gate("option-image", "--help"),
            gate("pattern", reports="junit=*.xml json=here.json"),
            gate("no-policy", policy="${{ steps.misspelt.outputs.policy }}"),
            gate("old-python", python="./old-python"),
            gate("no-python", python="no-such-python"),
            gate("builtin-python", python="exit"),
            gate("hostile-python", python=HOSTILE + "\n::error::pwned"),
            snapshot("after"),
            env={
                "EMULATOR": hss,
                "HSSGATE_TOKEN": "emulator-token",
                "HSSGATE_TIMEOUT": "1s",
                "PYTHONPATH": ".",
                "PIP_TARGET": "elsewhere",
                "PIP_REQUIRE_VIRTUALENV": "1",
            },
        ),
        encoding="utf-8",
    )
    action = copy_of_this_repository(folder / "org hssgate")
    runner = Runner(folder)
    shutil.copy(BIN / "uv", runner.bin)
    job = runner.run(committed(shop), "wf.yml", actions={"org/hssgate@v1": action})
    assert job.code == 0, job.log
    return job


def ended(job: Job, step: str) -> tuple[str, str, str]:
    outputs = job.outputs(step)
    return job.outcome(step), outputs["result"], outputs["exit-code"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("passes", ("success", "passed", "0")),
        ("blocked", ("failure", "blocked", "10")),
        ("failed-scan", ("failure", "error", "5")),
        ("job-timeout", ("failure", "error", "4")),
        ("own-timeout", ("failure", "error", "4")),
        ("api-down", ("failure", "error", "3")),
        ("misused", ("failure", "error", "2")),
        ("no-images", ("failure", "error", "2")),
        ("no-policy", ("failure", "error", "2")),
        ("hostile-policy", ("success", "passed", "0")),
        ("hostile-name", ("failure", "error", "4")),
        ("hostile-lines", ("failure", "error", "2")),
        ("option", ("failure", "error", "2")),
        ("option-image", ("failure", "error", "2")),
        ("pattern", ("success", "passed", "0")),
        ("old-python", ("failure", "error", "2")),
        ("no-python", ("failure", "error", "2")),
        ("builtin-python", ("failure", "error", "2")),
        ("hostile-python", ("failure", "error", "2")),
    ],
)
def test_the_step_has_the_exit_code_of_the_gate(job: Job, step: str, expected: tuple[str, str, str]) -> None:
    """Its outcome, and the outputs of both; each ending for its own reason."""
    assert ended(job, step) == expected, job.printed(step)


def test_a_verdict_fills_every_output(job: Job) -> None:
    """Of a pass and of a block alike; those of an image are of the worst one."""
    passed, blocked = job.outputs("passes"), job.outputs("blocked")

    assert all(passed[name] for name in OUTPUTS_OF_THE_WORST_IMAGE)
    assert (passed["severity"], passed["vulnerabilities"], passed["scan-status"]) == ("Low", "3", "success")
    assert (blocked["severity"], blocked["vulnerabilities"]) == ("High", "111")
    assert blocked["image-digest"].startswith("sha256:")
    assert [image["result"] for image in json.loads(blocked["json"])["images"]] == ["passed", "blocked"]
    assert (passed["junit"], blocked["junit"]) == ("hssgate-junit.xml", "hssgate-junit-2.xml")


def test_a_run_without_reports_names_none(job: Job) -> None:
    """Though one of a run before lies there."""
    assert (job.kept / "workspace" / "hssgate-junit.xml").exists()
    for step in ("misused", "no-images", "old-python"):
        assert job.outputs(step)["junit"] == ""
        assert job.outputs(step)["severity"] == ""


def test_the_reports_lie_in_the_work_tree(job: Job) -> None:
    """Where later steps look for them, and a path is no pattern."""
    assert job.outputs("pattern")["junit"] == "*.xml"
    assert len(JUnitXml.fromfile(str(job.kept / "workspace" / "*.xml"))) == 1
    assert json.loads((job.kept / "workspace" / "here.json").read_text())["result"] == "passed"


def test_an_empty_input_leaves_the_job_variable_in_force(job: Job) -> None:
    """And one that is given beats it."""
    (waited,) = json.loads(job.outputs("job-timeout")["json"])["images"]
    (looked,) = json.loads(job.outputs("own-timeout")["json"])["images"]

    assert waited["polls"] > looked["polls"] == 1


def test_what_blocks_is_annotated(job: Job) -> None:
    """By the gate itself, with the worst finding."""
    (annotation,) = job.annotations("blocked")

    assert annotation.startswith("severity: High found, at most Medium accepted; worst: high HCE2-SA-2024-0201")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("no-images", ["the input images is empty"]),
        ("no-policy", ["the input policy is empty"]),
        ("misused", ["--timeout", "'soon'", "is not a duration"]),
        ("old-python", ["./old-python is Python 3.10.13", "3.11 or newer", "input python"]),
        ("no-python", ["no-such-python is not found", "3.11 or newer", "input python"]),
        ("builtin-python", ["exit is not found"]),
        ("hostile-python", ["is not found", "3.11 or newer"]),
    ],
)
def test_what_is_wrong_is_one_clear_error(job: Job, step: str, words: list[str]) -> None:
    """On the run's page, with what to do."""
    (error,) = job.annotations(step)

    assert [word for word in words if word not in error] == []


def test_an_input_is_nothing_but_a_value(job: Job) -> None:
    """It reaches hssgate literally: none is run, none is a command to the runner, none is parsed as an option."""
    (policy,) = json.loads(job.outputs("hostile-policy")["json"])["policies"]
    lines = [line.strip() for step in ("hostile-lines", "hostile-python") for line in job.printed(step).splitlines()]

    assert policy["path"] == f"{HOSTILE}.yaml"
    assert not [*job.kept.rglob("pwned")]
    assert [line for line in lines if line.startswith("::") or "##[" in line] == []
    assert "pwned" not in [text for step in ("hostile-lines", "hostile-python") for text in job.annotations(step)]
    assert "Usage:" not in job.printed("option") + job.printed("option-image")


def test_the_caller_keeps_python_path_and_environment(job: Job) -> None:
    """After all these runs they are as before, and nothing but reports is new in the work tree."""
    for kind in ("env", "python"):
        before, after = ((job.kept / f"{when}.{kind}").read_text() for when in ("before", "after"))
        assert after == before != ""
    first, last = ({*(job.kept / f"{when}.git").read_text().splitlines()} for when in ("before", "after"))

    left = {line.split(maxsplit=1)[1].strip('"') for line in last - first}
    assert left > {"*.xml", "here.json", "hssgate-junit.xml", "hssgate-report.json", "hssgate-junit-2.xml"}
    assert [
        name for name in left if not re.fullmatch(r"\*.xml|here.json|hssgate-(junit|report)(-\d+)?.(xml|json)", name)
    ] == []


def test_the_set_up_is_folded(job: Job) -> None:
    """In the log."""
    assert job.annotations("passes", "group") == job.annotations("blocked", "group") == ["Set hssgate up"]


def test_two_jobs_at_once_in_a_folder_with_blanks_and_chinese(hss: str, tmp_path: Path) -> None:
    """Of a matrix: each has its own outcome and reports, and the policy of its working directory."""
    shop = tmp_path / "shop"
    for name, level in (("工作 区 1", "High"), ("工作 区 2", "Low")):
        (shop / name).mkdir(parents=True)
        (shop / name / "hssgate.yaml").write_text(f"version: 1\nrules: {{severity: {level}}}\n", encoding="utf-8")
    here = "${{ matrix.folder }}"
    shown = {
        "env": {"ENDED": "${{ steps.a.outputs.exit-code }} ${{ steps.a.outputs.junit }}", "FOLDER": here},
        "run": 'printf %s "$ENDED" >"$KEPT/$FOLDER"; test -f "$FOLDER/hssgate-junit.xml"',
    }
    steps = [gate("a", "demo/blocked-severity:1.0", working_directory=here, settle="0"), shown]
    job = yaml.safe_load(workflow(*steps, env={"EMULATOR": hss, "HSSGATE_TOKEN": "emulator-token"}))
    job["jobs"]["gate"]["strategy"] = {"matrix": {"folder": ["工作 区 1", "工作 区 2"]}}
    job["jobs"]["gate"]["steps"].pop()
    (shop / "wf.yml").write_text(yaml.safe_dump(job), encoding="utf-8")
    runner = Runner(tmp_path)
    shutil.copy(BIN / "uv", runner.bin)

    ran = runner.run(
        committed(shop), "wf.yml", actions={"org/hssgate@v1": copy_of_this_repository(tmp_path / "action")}
    )

    assert ran.code == 0, ran.log
    assert {path.name: path.read_text() for path in ran.kept.iterdir()} == {
        "工作 区 1": "0 工作 区 1/hssgate-junit.xml",
        "工作 区 2": "10 工作 区 2/hssgate-junit.xml",
    }


def test_pip_is_used_where_the_runner_has_no_uv(hss: str, tmp_path: Path) -> None:
    """And a gate that blocks ends the job, when nothing softens it."""
    shop = tmp_path / "shop"
    shop.mkdir()
    blocked = gate("gate", "demo/blocked-malware:1.0")
    del blocked["continue-on-error"]
    (shop / "wf.yml").write_text(workflow(blocked, env={"EMULATOR": hss, "HSSGATE_TOKEN": "emulator-token"}))
    action = copy_of_this_repository(tmp_path / "action")

    job = Runner(tmp_path).run(committed(shop), "wf.yml", actions={"org/hssgate@v1": action})

    assert job.code == 1
    assert ended(job, "gate") == ("failure", "blocked", "10")


def test_a_thousand_images_come_by_file(hss: str, tmp_path: Path) -> None:
    """As text they are longer than Linux lets a variable be: the runner starts no step, and no output reads as a pass."""
    shop = tmp_path / "shop"
    shop.mkdir()
    images = "\n".join(f"registry-{n:04}.{'of-the-shop.' * 8}example.com/demo/passes:1.0" for n in range(1000))
    assert len(images) > 128 * 1024
    (shop / "images.txt").write_text(images)
    shown = {
        "env": {step: f"${{{{ steps.{step}.outputs.result }}}} ${{{{ steps.{step}.outputs.exit-code }}}}" for step in "ab"},
        "run": 'printf "%s\n" "$a" "$b" >"$KEPT/shown"; cp *.json "$KEPT"',
    }  # fmt: skip
    steps = [
        gate("a", images, cicd_name="demo"),
        gate("b", "@images.txt", cicd_name="demo", reports="json=b.json"),
        shown,
    ]
    job = yaml.safe_load(workflow(*steps, env={"EMULATOR": hss, "HSSGATE_TOKEN": "emulator-token"}))
    job["jobs"]["gate"]["steps"].pop()  # it would pass on the report of a thousand images as text
    (shop / "wf.yml").write_text(yaml.safe_dump(job))
    runner = Runner(tmp_path)
    shutil.copy(BIN / "uv", runner.bin)

    ran = runner.run(
        committed(shop), "wf.yml", actions={"org/hssgate@v1": copy_of_this_repository(tmp_path / "action")}
    )

    assert "argument list too long" in ran.log
    assert (ran.kept / "shown").read_text().splitlines() == ["error 1", "passed 0"]
    assert len(json.loads((ran.kept / "b.json").read_text())["images"]) == 1000
