"""The script of `gitlab-ci-template.yml`, run as each shell of GitLab's runner runs it."""

import json
import os
import shlex
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.project.test_gitlab_template import OPTIONS, job
from tests.support.machine import Machine, Running

pytestmark = pytest.mark.real

SETTINGS = "if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit\nset +o noclobber\n"
TRAP = 'runner_script_trap() { echo "ended with $?"; exit 0; }\ntrap runner_script_trap EXIT\n'


@dataclass(frozen=True)
class Shell:
    """How a runner has a shell run a script.

    Args:
        command: reads the script from standard input.
        wrapped: what stands around the script, quoted as a word.
        trapped: whether the runner reads the exit code from a trap, as with Kubernetes.
    """

    command: str
    wrapped: str
    trapped: bool = False


SHELLS = {
    "bash": Shell("bash", ": | eval {}\n"),
    "bash, new strategy": Shell("bash", ": | (eval {})\n"),
    "bash, Kubernetes": Shell("bash", ": | eval {}\n", trapped=True),
    "bash, without a pipe": Shell("bash", "eval {}\n", trapped=True),
    "sh": Shell("sh", ": | eval {}\n"),
    "sh, Kubernetes": Shell("sh", ": | eval {}\n", trapped=True),
}
NOTHING: dict[str, str] = {}


@dataclass(frozen=True)
class JobEnded:
    """How the job ended.

    Args:
        code: as the runner learns it.
        printed: what it printed.
        asked: the variables that the fake gate was run with, if it was.
    """

    code: int
    printed: str
    asked: dict[str, str] | None


@dataclass(frozen=True)
class Runner:
    """A runner.

    Args:
        machine: where it runs.
    """

    machine: Machine

    @property
    def project(self) -> Path:
        """The checkout."""
        return self.machine.work

    def start(
        self, inputs: dict[str, str] = NOTHING, env: dict[str, str] = NOTHING, shell: Shell = SHELLS["bash"]
    ) -> Running:
        """Start the job, with what is a variable in GitLab in its environment."""
        script = "\n".join(job({"scanned-after": ""} | inputs)["script"])
        (self.machine.folder / "script").write_text(
            (TRAP if shell.trapped else "") + SETTINGS + shell.wrapped.format(shlex.quote(script)), encoding="utf-8"
        )
        return self.machine.start(shell.command, self.machine.folder / "script", env=env)

    def run(
        self, inputs: dict[str, str] = NOTHING, env: dict[str, str] = NOTHING, shell: Shell = SHELLS["bash"]
    ) -> JobEnded:
        """Run the job to its end."""
        running = self.start(inputs, env, shell)
        code = running.ended()
        if shell.trapped:
            code = int(running.printed.rpartition("ended with ")[2])
        notes = self.machine.notes("gate")
        return JobEnded(code, running.printed, notes[-1]["environ"] if notes else None)


@pytest.fixture
def runner(machine: Machine) -> Runner:
    """A runner with a fake gate."""
    machine.install_a_fake_gate()
    return Runner(machine)


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
@pytest.mark.parametrize("code", [0, 4, 10])
def test_the_exit_code_of_the_job_is_the_gates(runner: Runner, shell: Shell, code: int) -> None:
    """In every shell, though the runner's bash makes 1 of the code of a command that fails."""
    assert runner.run(env={"GATE_ENDS_WITH": str(code)}, shell=shell).code == code
    assert [note["gate"] for note in runner.machine.notes("gate")] == [["check"]]
    assert not [*(runner.machine.folder / "tmp").iterdir()]


def variable(name: str) -> str:
    return "HSSGATE_" + name.upper().replace("-", "_")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_input_beats_every_variable_and_an_empty_one_leaves_it(runner: Runner, name: str) -> None:
    """Variables of the project and of an earlier job: in GitLab both take precedence over the job's own."""
    prefixes = ("HSSGATE_", "HSSGATE_INPUT_", "HSSGATE_WRITTEN_")
    elsewhere = {variable(name).replace("HSSGATE_", prefix): "of elsewhere" for prefix in prefixes}

    beaten = runner.run({name: "of the input"}, elsewhere)

    assert beaten.asked is not None
    assert beaten.asked[variable(name)] == "of the input"
    if name != "images":
        honoured = runner.run({name: ""}, elsewhere)
        assert honoured.asked is not None
        assert honoured.asked[variable(name)] == "of elsewhere"


@pytest.mark.parametrize(
    ("code", "source", "scanned_after", "mentioned"),
    [
        pytest.param(4, "parent_pipeline", "$CI_PIPELINE_CREATED_AT", True, id="timed out in a child"),
        pytest.param(5, "parent_pipeline", "${CI_PIPELINE_CREATED_AT}", True, id="an older failure in a child"),
        pytest.param(4, "pipeline", "$CI_PIPELINE_CREATED_AT", True, id="timed out in a multi-project pipeline"),
        pytest.param(4, "parent_pipeline", "$PARENT_CREATED_AT", False, id="with the time of the parent"),
        pytest.param(4, "push", "$CI_PIPELINE_CREATED_AT", False, id="timed out elsewhere"),
        pytest.param(10, "parent_pipeline", "$CI_PIPELINE_CREATED_AT", False, id="blocked"),
        pytest.param(0, "parent_pipeline", "$CI_PIPELINE_CREATED_AT", False, id="passed"),
    ],
)
def test_a_child_pipeline_names_the_time_that_is_too_late(
    runner: Runner,
    code: int,
    source: str,
    scanned_after: str,
    mentioned: bool,  # noqa: FBT001
) -> None:
    """Its own time is after every scan that the one before it began; the exit code stays."""
    times = {"CI_PIPELINE_CREATED_AT": "2026-11-28T12:00:00Z", "PARENT_CREATED_AT": "2026-11-28T11:00:00Z"}
    env = times | {"CI_PIPELINE_SOURCE": source, "GATE_ENDS_WITH": str(code)}

    ended = runner.run({"scanned-after": scanned_after}, env)

    assert ended.code == code
    assert ("another pipeline started this one at 2026-11-28T12:00:00Z" in ended.printed) is mentioned


def test_the_reports_are_added_to_those_of_the_project(runner: Runner) -> None:
    """An option that is no input can be given through its variable."""
    ended = runner.run(env={"HSSGATE_REPORTS": "markdown=more/summary.md"})

    assert ended.asked is not None
    assert ended.asked["HSSGATE_REPORTS"].split() == [
        "junit=hssgate-junit.xml", "codequality=hssgate-codequality.json", "json=hssgate-report.json",
        "html=hssgate.html", "dotenv=hssgate.env", "gitlab=gl-container-scanning-report.json", "markdown=more/summary.md",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        pytest.param("$IMAGE", "team/app:1.0", id="plain"),
        pytest.param("${IMAGE}@$DIGEST", "team/app:1.0@sha256:5f", id="in braces, and two"),
        pytest.param("registry/$EMPTY$IMAGE$EMPTY", "registry/team/app:1.0", id="an empty one beside others"),
        pytest.param("$$IMAGE $ 5$", "$IMAGE $ 5$", id="dollars"),
        pytest.param("$NESTED", "$IMAGE", id="no second time"),
        pytest.param("${IMAGE:-x} $(IMAGE) ${}", "${IMAGE:-x} $(IMAGE) ${}", id="nothing of the shell"),
        pytest.param("$ODD", "a 'b' \"c\" `d` \\e $(f)", id="any value"),
    ],
)
def test_variables_in_an_input_are_replaced(runner: Runner, written: str, expanded: str) -> None:
    """As GitLab does it in variables."""
    known = {
        "IMAGE": "team/app:1.0", "DIGEST": "sha256:5f", "EMPTY": "", "NESTED": "$IMAGE", "ODD": "a 'b' \"c\" `d` \\e $(f)",
    }  # fmt: skip

    ended = runner.run({"images": written}, known)

    assert ended.asked is not None, ended.printed
    assert ended.asked["HSSGATE_IMAGES"] == expanded


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(
    ("written", "env", "words"),
    [
        pytest.param("$UNKNOWN", {}, "there is no variable UNKNOWN", id="unknown"),
        pytest.param("a:1 b@${UNKNOWN}", {}, "there is no variable UNKNOWN", id="unknown, beside others"),
        pytest.param("$EMPTY", {"EMPTY": ""}, "an input is $EMPTY, which is empty here", id="empty"),
    ],
)
def test_an_input_whose_variable_is_missing_or_empty_is_misuse(
    runner: Runner, name: str, written: str, env: dict[str, str], words: str
) -> None:
    """The check would be weaker than intended."""
    ended = runner.run({name: written}, env)

    assert (ended.code, ended.asked) == (2, None)
    assert words in ended.printed


HOSTILE = '$(touch pwned) `touch pwned` "; touch pwned; " ${x:=y} \\ * --help && touch pwned | touch pwned #'


@pytest.mark.parametrize("name", OPTIONS)
def test_an_input_is_never_run(runner: Runner, name: str) -> None:
    """It is passed on unchanged."""
    ended = runner.run({name: HOSTILE})

    assert ended.asked is not None
    assert ended.asked[variable(name)] == HOSTILE
    assert not [*runner.project.iterdir()]


def test_what_is_installed_is_words_and_never_run(runner: Runner) -> None:
    """As after `pip install`: several words, none expanded to files of the checkout."""
    (runner.project / "a.txt").touch()

    runner.run({"install": f"--require-hashes\n-r *.txt $WHAT {HOSTILE}"}, {"WHAT": "hssgate==7"})

    installed = runner.machine.notes()[-1]["command"]
    words = ["--require-hashes", "-r", "*.txt", "hssgate==7", *HOSTILE.split()]
    assert installed[-len(words) :] == words
    assert not (runner.project / "pwned").exists()


def test_no_old_report_outlives_a_job_that_ends_early(machine: Machine) -> None:
    """Yesterday's passing report would be shown; a file that is not a report of hssgate stays, with any name."""
    runner = Runner(machine)
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        inputs = {"images": "demo/passes:1.0", "endpoint": server.url}
        assert runner.run(inputs).code == 0
    written = {path.name for path in runner.project.iterdir()}
    (runner.project / "hssgate.html").write_text("<!DOCTYPE html><title>docs of the repository</title>")
    (runner.project / "hssgate.json").write_text('{"version": 1, "rules": {"severity": "Low"}}')

    ended = runner.run({"images": "demo/passes:1.0", "policy": "$UNKNOWN"})

    assert written == {*job()["artifacts"]["paths"], "hssgate.env"}
    assert ended.code == 2
    assert {path.name for path in runner.project.iterdir()} == {"hssgate.html", "hssgate.json"}


def test_a_failed_installation_is_no_verdict(runner: Runner) -> None:
    """Exit code 3, so that softening 4 never hides it."""
    ended = runner.run(env={"NOT_INSTALLED": "1"})

    assert (ended.code, ended.asked) == (3, None)
    assert "hssgate could not be installed, and no request was sent to HSS" in ended.printed
    assert "ERROR: no such package" in ended.printed
    assert not [*(runner.machine.folder / "tmp").iterdir()]


def test_a_python_that_is_too_old_is_misuse(runner: Runner) -> None:
    """It is an error before anything is installed."""
    runner.machine.put("bin/python3", "exit 1")

    ended = runner.run()

    assert (ended.code, ended.asked, runner.machine.notes()) == (2, None, [])
    assert "Python 3.11 or newer is needed" in ended.printed


def test_without_python_it_is_misuse(runner: Runner) -> None:
    """As in an image of another language."""
    (runner.machine.folder / "bin" / "python3").unlink()
    for tool in ("bash", "rm", "grep", "env", "head", "tr"):
        (runner.machine.folder / "bin" / tool).symlink_to(shutil.which(tool) or "")

    ended = runner.run(env={"PATH": str(runner.machine.folder / "bin")})

    assert (ended.code, ended.asked) == (2, None)
    assert "there is no Python here" in ended.printed


@pytest.mark.parametrize(
    ("inputs", "env", "prefix"),
    [
        pytest.param({}, {}, "", id="the default job"),
        pytest.param({"job-name": "image scan: web"}, {}, "IMAGE_SCAN__WEB_", id="another job"),
        pytest.param({"job-name": "镜像1"}, {}, "__1_", id="Chinese"),
        pytest.param({}, {"CI_JOB_NAME": "hssgate: [web]"}, "HSSGATE___WEB__", id="of a matrix"),
        pytest.param({"output-prefix": "WEB_"}, {}, "WEB_", id="given"),
        pytest.param({"output-prefix": "$TEAM"}, {"TEAM": "A_"}, "A_", id="given by a variable"),
        pytest.param({"job-name": "web", "output-prefix": ""}, {}, "", id="given empty"),
        pytest.param({"output-prefix": "WEB_"}, {"HSSGATE_DOTENV_PREFIX": "OTHER_"}, "WEB_", id="beats the variable"),
    ],
)
def test_each_gate_has_its_own_prefix(runner: Runner, inputs: dict[str, str], env: dict[str, str], prefix: str) -> None:
    """Two gates of a pipeline never share variables."""
    ended = runner.run(inputs, env)

    assert ended.asked is not None, ended.printed
    assert ended.asked["HSSGATE_DOTENV_PREFIX"] == prefix


@pytest.mark.parametrize("shell", [SHELLS["bash"], SHELLS["sh"]], ids=["bash", "sh"])
def test_a_cancelled_job_reports_and_leaves_nothing_running(machine: Machine, shell: Shell) -> None:
    """The runner signals all processes of the job's group."""
    runner = Runner(machine)
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        running = runner.start({"images": "demo/scanning-forever:1.0", "endpoint": server.url}, shell=shell)
        running.read_until("demo/scanning-forever:1.0: scanning")

        os.killpg(running.process.pid, signal.SIGTERM)
        running.ended()

    assert json.loads((runner.project / "hssgate-report.json").read_text(encoding="utf-8"))["exit_code"] == 143


THOUSAND = " ".join(f"registry-{n:04}.{'of-the-shop.' * 8}example.com/demo/passes:1.0" for n in range(1000))


def test_a_thousand_images_reach_the_gate(machine: Machine) -> None:
    """By a file, for as text they are longer than Linux lets a variable be; it is removed."""
    runner = Runner(machine)
    assert len(THOUSAND) > 128 * 1024

    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        inputs = {"images": THOUSAND, "cicd-name": "demo", "endpoint": server.url, "project-id": "any"}
        ended = runner.run(inputs, shell=SHELLS["sh"])

    assert ended.code == 0, ended.printed[-1000:]
    assert len(json.loads((runner.project / "hssgate-report.json").read_text(encoding="utf-8"))["images"]) == 1000
    assert not [*runner.project.glob("hssgate-images*")]


@pytest.mark.parametrize("inputs", [{"policy": "$UNKNOWN"}, {"output-prefix": "$UNKNOWN"}], ids=["before", "after"])
def test_a_long_list_is_not_left_behind(runner: Runner, inputs: dict[str, str]) -> None:
    """Where the job gives up before it runs the gate."""
    assert runner.run({"images": THOUSAND} | inputs).code == 2
    assert not [*runner.project.iterdir()]


@pytest.mark.parametrize(("image", "code"), [("demo/passes:1.0", 0), ("demo/blocked-severity:1.0", 10)])
def test_the_checkout_does_not_change_what_runs(machine: Machine, image: str, code: int) -> None:
    """Modules of the checkout with the names of ours or of Python's are not imported."""
    runner = Runner(machine)
    (runner.project / "hssgate").mkdir()
    for name in ("hssgate/__init__", "hssgate/__main__", "httpx", "venv", "pip", "json"):
        (runner.project / f"{name}.py").write_text("raise SystemExit(99)")

    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        inputs = {"images": image, "endpoint": server.url, "project-id": "any", "timeout": "0"}
        ended = runner.run(inputs, {"PYTHONPATH": str(runner.project)})

    assert ended.code == code, ended.printed
    written = [*runner.project.glob("hssgate[-.]*"), *runner.project.glob("gl-*")]
    assert {path.name for path in written} == {*job()["artifacts"]["paths"], "hssgate.env"}
