"""The step of the action on a simulated GitHub runner: its output for each outcome, and its cancellation."""

import hashlib
import json
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from junitparser import JUnitXml

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.project.test_pipelines import ACTION, GATE
from tests.support.machine import MOMENTS, ROOT, Machine, Running

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def hss() -> Iterator[str]:
    """The emulator, with an image for each outcome."""
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        yield server.url


class Job:
    """A job of a workflow; its steps share RUNNER_TEMP.

    Args:
        machine: where it runs.
        endpoint: of HSS.
    """

    def __init__(self, machine: Machine, endpoint: str) -> None:
        self.machine = machine
        self._endpoint = endpoint
        self._steps = 0
        (machine.folder / "temp").mkdir()
        self._entry = machine.put("entry", GATE["run"])

    def step(
        self,
        images: str = "demo/passes:1.0",
        inputs: Mapping[str, str] = MappingProxyType({}),
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> "Step":
        """Prepare a step that uses the action."""
        self._steps += 1
        given = {"images": images, "endpoint": self._endpoint, "project-id": "any", **inputs}
        values = {name: given.get(name, found.get("default", "")) for name, found in ACTION["inputs"].items()}
        variables = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: values[found[1]], text)
            for name, text in GATE["env"].items()
        }
        of_the_runner = {
            "GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_JOB": "gate", "GITHUB_RUN_ID": "1",
            "GITHUB_RUN_ATTEMPT": "1", "RUNNER_TEMP": str(self.machine.folder / "temp"),
            "GITHUB_OUTPUT": str(self.machine.folder / f"outputs-{self._steps}"),
            "GITHUB_STEP_SUMMARY": str(self.machine.folder / f"summary-{self._steps}"),
        }  # fmt: skip
        return Step(self.machine, self._entry, of_the_runner | variables | dict(env))


class Step:
    """A step of a job."""

    def __init__(self, machine: Machine, entry: Path, env: dict[str, str]) -> None:
        self.machine = machine
        self.env = env
        self.command = ("sh", "-e", entry)  # as GitHub starts it

    def start(self) -> Running:
        """Start it."""
        return self.machine.start(*self.command, env=self.env)

    def hang(self, moment: str) -> Running:
        """Start it, and return when it hangs at this moment."""
        return self.machine.hang(moment, *self.command, env=self.env)

    def run(self) -> "Step":
        """Run it to its end."""
        running = self.start()
        self.code = running.ended()
        self.printed = running.printed
        return self

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs, of which the last one of a name counts."""
        text = Path(self.env["GITHUB_OUTPUT"]).read_text(encoding="utf-8")
        found = re.findall(r"^([a-z-]+)(?:=(.*)|<<(\S+)\n((?:.*\n)*?)\3)$", text, flags=re.MULTILINE)
        return {name: block.removesuffix("\n") if fence else line for name, line, fence, block in found}

    def ended(self) -> tuple[int, str, str]:
        """Return its exit code and its outputs for later steps."""
        return self.code, self.outputs["result"], self.outputs["exit-code"]


@pytest.fixture
def job(machine: Machine, hss: str) -> Job:
    """A job that has begun."""
    return Job(machine, hss)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("demo/passes:1.0", (0, "passed", "0")),
        ("demo/blocked-severity:1.0", (10, "blocked", "10")),
        ("demo/scan-failed:1.0", (5, "error", "5")),
        ("demo/nowhere", (2, "error", "2")),
    ],
)
def test_the_step_has_the_exit_code_of_the_gate(job: Job, image: str, expected: tuple[int, str, str]) -> None:
    """With the same exit code and matching outputs."""
    assert job.step(image).run().ended() == expected


def test_only_wheels_of_the_lock_are_installed(job: Job) -> None:
    """By their hashes; nothing is built on the runner, and nothing beside the lock is looked for."""
    job.step().run()

    installed = next(note["command"] for note in job.machine.notes() if "install" in note.get("command", ()))
    lock = str(ROOT / "requirements" / "runtime.txt")
    assert installed[-6:] == ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", lock]


def test_there_is_no_verdict_before_there_is_one(job: Job) -> None:
    """The first lines that the step writes."""
    step = job.step()

    step.run()

    assert Path(step.env["GITHUB_OUTPUT"]).read_text().startswith("exit-code=1\nresult=error\n")


@pytest.mark.parametrize("path", ["/dev/full", "/proc/nowhere/outputs"])
def test_outputs_that_cannot_be_written_end_the_step_at_once(job: Job, path: str) -> None:
    """The exit code is that of a report that cannot be written, and an annotation says so."""
    step = job.step(env={"GITHUB_OUTPUT": path}).run()

    assert step.code == 3
    assert "::error title=hssgate::GITHUB_OUTPUT cannot be written" in step.printed
    assert job.machine.notes() == []


@pytest.mark.parametrize("moment", [*MOMENTS, "gate"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_cancelled_step_ends_at_once(job: Job, moment: str, number: int, code: int) -> None:
    """In every phase with the first signal, with outputs that no later step takes for a pass, and with no child left."""
    step = job.step("demo/scanning-forever:1.0")
    if moment == "gate":
        running = step.start()
        running.read_until("demo/scanning-forever:1.0: scanning")
    else:
        running = step.hang(moment)

    sent = running.cancel(((number, 7.5), (signal.SIGTERM, 2.5)))

    assert (sent, job.machine.left()) == ([number], {})
    step.code = running.ended()
    assert step.ended() == (code, "error", str(code))
    assert [*(job.machine.folder / "temp").glob("hssgate-*/bin")] == []
    assert (job.machine.work / "hssgate-junit.xml").exists() == (moment == "gate")


def test_a_gate_that_takes_no_notice_is_killed_by_the_next_signal(job: Job) -> None:
    """As one that is stopped, or waits for a disk."""
    step = job.step("demo/scanning-forever:1.0")
    running = step.start()
    running.read_until("demo/scanning-forever:1.0: scanning")
    (gate,) = (
        process
        for process, command in job.machine.left().items()
        if "import os, runpy" in command and "private_venv" not in command
    )
    os.kill(gate, signal.SIGSTOP)

    sent = running.cancel(((signal.SIGINT, 1.5), (signal.SIGTERM, 7.5)))

    assert (sent, running.ended()) == ([signal.SIGINT, signal.SIGTERM], 130)
    assert step.outputs["exit-code"] == "130"


def test_a_signal_at_any_moment_of_the_start_gives_no_pass(job: Job) -> None:
    """Sent before the shell has read its first line, and as it reads on."""
    for _ in range(10):
        step = job.step("demo/scanning-forever:1.0")
        running = step.start()
        assert running.cancel() == [signal.SIGINT]
        assert running.ended() == 130
        outputs = Path(step.env["GITHUB_OUTPUT"])
        assert not outputs.exists() or step.outputs.get("exit-code", "1") in {"1", "130"}
        assert job.machine.left() == {}


def test_what_ends_the_shell_without_a_word_gives_no_pass(job: Job) -> None:
    """SIGKILL, as a runner that is lost sends it."""
    step = job.step()
    running = step.hang("config")

    running.process.kill()
    running.process.wait()
    job.machine.kill()

    assert running.ended() == 137
    assert (step.outputs["result"], step.outputs["exit-code"]) == ("error", "1")


def test_steps_run_side_by_side(job: Job) -> None:
    """Each has a venv of its own, and removes it alone."""
    steps = [job.step(), job.step("demo/blocked-severity:1.0"), job.step()]

    for step, running in [(step, step.start()) for step in steps]:
        step.code, step.printed = running.ended(), running.printed

    assert [step.code for step in steps] == [0, 10, 0], "\n".join(step.printed for step in steps)
    assert len({step.outputs["junit"] for step in steps}) == 3
    folders = {note["environ"]["TMPDIR"] for note in job.machine.notes()}
    assert len(folders) == 3
    assert not any(Path(folder).exists() for folder in folders)


def test_the_second_gate_of_a_job_writes_reports_of_its_own(job: Job) -> None:
    """A note says so; reports requested by name keep that name."""
    first, second = job.step().run(), job.step("demo/blocked-severity:1.0").run()
    third = job.step(inputs={"reports": "junit=mine.xml"}).run()

    assert [step.outputs["junit"] for step in (first, second, third)] == [
        "hssgate-junit.xml", "hssgate-junit-2.xml", "mine.xml",
    ]  # fmt: skip
    assert "gate 2 of this job; its reports are hssgate-junit-2.xml and hssgate-report-2.json" in second.printed
    assert "of this job" not in first.printed + third.printed
    codes = {
        name: json.loads((job.machine.work / name).read_text())["exit_code"]
        for name in ("hssgate-report.json", "hssgate-report-2.json")
    }
    assert codes == {"hssgate-report.json": 0, "hssgate-report-2.json": 10}


@pytest.mark.parametrize("name", ["images", "metadata", "cicd-name", "policy", "scanned-after", "resolve", "platform"])
@pytest.mark.parametrize("value", ["", " \n"], ids=["empty", "blank"])
def test_an_input_that_is_given_and_empty_is_misuse(job: Job, name: str, value: str) -> None:
    """It is what is left of a misspelt output, and the gate would judge by something else."""
    step = job.step(inputs={name: value}).run()

    assert step.ended() == (2, "error", "2")
    assert f"::error title=hssgate::the input {name} is empty" in step.printed
    assert job.machine.notes() == []


@pytest.mark.parametrize("name", ["timeout", "settle", "region", "project-id"])
def test_an_empty_input_that_decides_nothing_is_an_option_left_out(job: Job, name: str) -> None:
    """Its variable, else its default applies."""
    assert job.step(inputs={name: ""}).run().code == 0


def test_images_may_come_from_the_job(job: Job) -> None:
    """By their variable, where the input is left out; with neither it is misuse."""
    by_variable = job.step("(not given)", env={"HSSGATE_IMAGES": "demo/blocked-severity:1.0"}).run()
    by_nothing = job.step("(not given)").run()

    assert by_variable.ended() == (10, "blocked", "10")
    assert by_nothing.ended() == (2, "error", "2")
    assert "::error title=hssgate::the input images is missing" in by_nothing.printed


def test_images_may_be_in_a_file(job: Job) -> None:
    """A thousand of them are too long for a variable."""
    (job.machine.work / "images.txt").write_text("demo/passes:1.0\ndemo/blocked-severity:1.0\n")

    assert job.step("@images.txt").run().ended() == (10, "blocked", "10")


def test_a_container_without_bash_is_named(job: Job) -> None:
    """As on Alpine: at once, with what to do."""
    step = job.step()
    (job.machine.folder / "none").mkdir()

    running = job.machine.start(
        "/bin/sh", "-e", step.command[-1], env=step.env | {"PATH": str(job.machine.folder / "none")}
    )

    assert running.ended() == 2
    assert "this container has no bash; install it before this step (on Alpine: apk add bash)" in running.printed
    assert step.outputs == {"exit-code": "2", "result": "error"}


def test_build_metadata_replaces_image(job: Job) -> None:
    """Handed on as a file, quotes and line breaks as they are; where images are given too, they pick among its names."""
    digest = "sha256:" + hashlib.sha256(b"\n".join([b"demo", b"demo", b"passes", b"1.0"])).hexdigest()
    build = json.dumps({"image.name": "demo/passes:1.0", "containerimage.digest": digest}, indent=2)
    passed = job.step("(not given)", inputs={"metadata": build}).run()
    contradicted = job.step("demo/blocked-severity:1.0", inputs={"metadata": build}).run()
    broken = job.step("(not given)", inputs={"metadata": "$(touch here) 'x"}).run()

    assert passed.ended() == (0, "passed", "0"), passed.printed
    assert contradicted.ended() == broken.ended() == (2, "error", "2")
    assert "is none of the images in --metadata-file: demo/passes:1.0" in contradicted.printed
    assert "metadata.json: not valid JSON" in broken.printed
    assert not (job.machine.work / "here").exists()


def test_the_reports_of_the_job_are_added(job: Job) -> None:
    """One that the input has, too, is written once."""
    step = job.step(env={"HSSGATE_REPORTS": "markdown=more.md junit=hssgate-junit.xml"}).run()

    assert step.code == 0, step.printed
    assert {path.name for path in job.machine.work.iterdir()} == {"more.md", "hssgate-junit.xml", "hssgate-report.json"}


def test_the_working_directory_has_the_policy_and_the_reports(job: Job) -> None:
    """The output names the report as later steps find it, from the workspace."""
    (job.machine.work / "sub").mkdir()
    (job.machine.work / "sub" / "hssgate.yaml").write_text("version: 1\nrules: {severity: High}\n")

    here = job.step("demo/blocked-severity:1.0").run()
    there = job.step("demo/blocked-severity:1.0", {"working-directory": "sub", "reports": "junit=j.xml"}).run()

    assert (here.code, there.code) == (10, 0), there.printed
    assert there.outputs["junit"] == "sub/j.xml"
    assert len(JUnitXml.fromfile(str(job.machine.work / "sub" / "j.xml"))) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param("", "the input working-directory is empty", id="empty"),
        pytest.param("missing", "there is no folder missing", id="missing"),
        pytest.param("-", "there is no folder -", id="the folder before, to a shell"),
    ],
)
def test_an_invalid_working_directory_is_misuse(job: Job, given: str, words: str) -> None:
    """The gate would judge by the policy of another folder."""
    step = job.step(inputs={"working-directory": given}, env={"OLDPWD": str(job.machine.folder)}).run()

    assert step.ended() == (2, "error", "2")
    assert words in step.printed


FORMATS = (
    "junit=a.xml json=b.json markdown=c.md html=d.html sarif=e.sarif codequality=f.json dotenv=g.env gitlab=h.json"
)


@pytest.mark.parametrize("image", ["demo/passes:1.0", "demo/blocked-severity:1.0"])
@pytest.mark.parametrize(
    "inputs",
    [pytest.param({"policy": ""}, id="misused"), pytest.param({"python": "no-such-python"}, id="without Python")],
)
def test_no_old_report_outlives_a_step_that_ends_early(job: Job, image: str, inputs: dict[str, str]) -> None:
    """Of none of the formats; where a link led to one, the link stays."""
    job.step(image, {"reports": FORMATS}).run()
    (job.machine.work / "b.json").rename(job.machine.work / "elsewhere.json")
    (job.machine.work / "b.json").symlink_to("elsewhere.json")

    step = job.step(image, {"reports": FORMATS, **inputs}).run()

    assert step.code == 2
    assert {path.name for path in job.machine.work.iterdir()} == {"b.json"}
    assert "junit" not in step.outputs


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('{"name": "hssgate", "schema_version": 1}', id="JSON of somebody else"),
        pytest.param('<testsuites><testsuite name="x"/></testsuites>', id="JUnit of somebody else"),
        pytest.param(
            "HSSGATE_RESULT=passed\nHSSGATE_EXIT_CODE=0\nREGISTRY=mine\n", id="variables with one of their own"
        ),
        pytest.param("version: 1\nrules: {severity: High}\n", id="policy"),
        pytest.param("[]", id="an empty list"),
    ],
)
def test_a_file_that_is_no_report_stays(job: Job, text: str) -> None:
    """With any name."""
    (job.machine.work / "hssgate-report.json").write_text(text)

    job.step(inputs={"policy": ""}).run()

    assert (job.machine.work / "hssgate-report.json").read_text() == text


def test_an_installation_that_fails_is_no_verdict(job: Job) -> None:
    """It is exit 3, in one annotation, with the last lines of pip."""
    step = job.step(env={"NOT_INSTALLED": "1"}).run()

    assert step.ended() == (3, "error", "3")
    (error,) = re.findall(r"^::error.*$", step.printed, flags=re.MULTILINE)
    assert error.startswith("::error title=hssgate::hssgate could not be installed, and no request was sent to HSS: `")
    assert error.endswith("ended with 1: ERROR: no such package")
