"""The script of `gitlab-ci-template.yml`, run as each shell of GitLab's runner runs it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.test_gitlab_template import OPTIONS, job, variable

pytestmark = pytest.mark.real

SCRIPT = job()["script"][0]
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


@dataclass(frozen=True)
class JobEnded:
    """How the job ended.

    Args:
        code: as the runner learns it.
        err: what it said.
        asked: the variables that the gate was run with, if it was.
    """

    code: int
    err: str
    asked: dict[str, str] | None


@dataclass(frozen=True)
class Runner:
    """A runner on whose PATH `uv` is a fake that installs a fake gate.

    The gate notes the variables it is run with, and ends with `GATE_ENDS_WITH`.

    Args:
        folder: of its own.
    """

    folder: Path

    @property
    def project(self) -> Path:
        """The checkout."""
        return self.folder / "project"

    @property
    def temporary(self) -> Path:
        """Where temporary files go."""
        return self.folder / "tmp"

    def install_a_gate(self, script: str) -> None:
        """Have `uv` install a gate that is this script."""
        put(self.folder / "gate", script)
        put(
            self.folder / "bin" / "uv",
            f"""case $1 in
              venv) for folder; do :; done; mkdir -p "$folder/bin"; cp "{self.folder}/gate" "$folder/bin/python" ;;
              pip) printf '%s\\n' "$@" > "{self.folder}/installed" ;;
            esac""",
        )

    def run(
        self, inputs: dict[str, str] | None = None, env: dict[str, str] | None = None, shell: Shell = SHELLS["bash"]
    ) -> JobEnded:
        """Run the job, its variables replaced as GitLab replaces them."""
        known = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(self.temporary),
            "HSSGATE_TOKEN": "emulator-token",
        } | (env or {})
        for name, value in job({"scanned-after": ""} | (inputs or {}))["variables"].items():
            known[name] = value["value"] if isinstance(value, dict) else _expanded(value, known)
        ended = subprocess.run(
            shell.command,
            cwd=self.project,
            env=known,
            input=(TRAP if shell.trapped else "") + SETTINGS + shell.wrapped.format(shlex.quote(SCRIPT)),
            capture_output=True,
            text=True,
            check=False,
        )
        code = int(ended.stdout.rpartition("ended with ")[2]) if shell.trapped else ended.returncode
        noted = self.folder / "asked"
        asked = dict(re.findall(r"(\w+)=([^\0]*)\0", noted.read_text(encoding="utf-8"))) if noted.exists() else None
        return JobEnded(code, ended.stderr, asked)


def _expanded(value: str, known: dict[str, str]) -> str:
    return known.get(value[1:], "") if re.fullmatch(r"\$\w+", value) else value


def put(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with a fake gate."""
    found = Runner(tmp_path)
    for folder in (tmp_path / "bin", found.project, found.temporary):
        folder.mkdir()
    found.install_a_gate(f'env -0 > "{tmp_path}/asked"; echo "$@" > "{tmp_path}/called"; exit "${{GATE_ENDS_WITH:-0}}"')
    return found


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
@pytest.mark.parametrize("code", [0, 4, 10])
def test_the_exit_code_of_the_job_is_the_gates(runner: Runner, shell: Shell, code: int) -> None:
    """In every shell, though the runner's bash makes 1 of the code of a command that fails."""
    assert runner.run(env={"GATE_ENDS_WITH": str(code)}, shell=shell).code == code
    assert (runner.folder / "called").read_text() == "-I -m hssgate check\n"
    assert not [*runner.temporary.iterdir()]


@pytest.mark.parametrize("name", OPTIONS)
def test_an_input_beats_a_variable_of_the_project_and_an_empty_one_leaves_it(runner: Runner, name: str) -> None:
    """In GitLab a project's variables beat those of a job of the same name, so the script settles it."""
    read = variable(name).replace("INPUT_", "")
    project = {read: "of the project"}

    honoured = runner.run({name: ""}, project)
    beaten = runner.run({name: "of the input"}, project)

    assert honoured.asked is not None
    assert beaten.asked is not None
    assert (honoured.asked[read], beaten.asked[read]) == ("of the project", "of the input")


def test_the_reports_are_added_to_those_of_the_project(runner: Runner) -> None:
    """An option that is no input can be given through its variable."""
    ended = runner.run(env={"HSSGATE_REPORTS": "markdown=more/summary.md"})

    assert ended.asked is not None
    assert ended.asked["HSSGATE_REPORTS"].split() == [
        "junit=hssgate-junit.xml", "codequality=hssgate-codequality.json", "json=hssgate-report.json", "html=hssgate.html",
        "dotenv=hssgate.env", "markdown=more/summary.md",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["cicd-name", "policy", "scanned-after"])
def test_an_input_whose_variable_is_empty_is_misuse(runner: Runner, name: str) -> None:
    """It would ask for less than was meant, and nobody would notice."""
    ended = runner.run({name: "$UNKNOWN"})

    assert (ended.code, ended.asked) == (2, None)
    assert "an input is $UNKNOWN, which is empty here" in ended.err
    assert runner.run({name: "$UNKNOWN"}, {"UNKNOWN": "known"}).code == 0


HOSTILE = '$(touch pwned) `touch pwned` "; touch pwned; " ${x:=y} $PATH \\ * --help && touch pwned | touch pwned #'


@pytest.mark.parametrize("name", OPTIONS)
def test_an_input_is_never_run(runner: Runner, name: str) -> None:
    """It arrives as it was written."""
    ended = runner.run({name: HOSTILE})

    assert ended.asked is not None
    assert ended.asked[variable(name).replace("INPUT_", "")] == HOSTILE
    assert not [*runner.project.iterdir()]


def test_what_is_installed_is_words_and_never_run(runner: Runner) -> None:
    """As after `pip install`: several, and none of them a pattern for files of the checkout."""
    (runner.project / "a.txt").touch()

    runner.run({"install": f"--require-hashes\n-r *.txt {HOSTILE}"})

    installed = (runner.folder / "installed").read_text().splitlines()
    assert installed[-len(HOSTILE.split()) - 3 :] == ["--require-hashes", "-r", "*.txt", *HOSTILE.split()]
    assert not (runner.project / "pwned").exists()


def test_a_report_of_an_earlier_run_is_not_kept(runner: Runner) -> None:
    """A misused gate writes none, and the green one of yesterday would be shown."""
    for path in job()["artifacts"]["paths"]:
        (runner.project / path).write_text("green")

    assert runner.run(env={"GATE_ENDS_WITH": "2"}).code == 2
    assert not [*runner.project.iterdir()]


@pytest.mark.parametrize("code", [1, 2, 4, 23])
def test_a_failed_installation_is_no_verdict(runner: Runner, code: int) -> None:
    """Exit code 3 whatever pip's was, so that softening 4 never hides it; after uv pip had its try."""
    put(runner.folder / "bin" / "uv", f"exit {code}")
    put(runner.folder / "bin" / "python3", f'case $* in *venv*) exit {code} ;; esac; exec {sys.executable} "$@"')

    ended = runner.run()

    assert (ended.code, ended.asked) == (3, None)
    assert "could not be installed (hssgate==" in ended.err
    assert "exit code 3" in ended.err
    assert not [*runner.temporary.iterdir()]


def test_a_python_that_is_too_old_is_misuse(runner: Runner) -> None:
    """Said, before anything is installed."""
    put(runner.folder / "bin" / "python3", "exit 1")

    ended = runner.run()

    assert (ended.code, ended.asked) == (2, None)
    assert "Python 3.11 or newer is needed" in ended.err
    assert not (runner.folder / "installed").exists()


def test_without_python_it_is_misuse(runner: Runner) -> None:
    """As in an image of another language."""
    for tool in ("bash", "rm", "mktemp", "grep"):
        (runner.folder / "bin" / tool).symlink_to(shutil.which(tool) or "")

    ended = runner.run(env={"PATH": str(runner.folder / "bin")})

    assert (ended.code, ended.asked) == (2, None)
    assert "there is no Python here" in ended.err


@pytest.mark.parametrize(("image", "code"), [("demo/passes:1.0", 0), ("demo/blocked-severity:1.0", 10)])
def test_the_checkout_has_no_say_in_what_runs(runner: Runner, image: str, code: int) -> None:
    """With the gate itself: modules that bear the names of ours or of Python's are not imported."""
    runner.install_a_gate(f'exec {sys.executable} "$@"')
    (runner.project / "hssgate").mkdir()
    for name in ("hssgate/__init__", "hssgate/__main__", "httpx", "venv", "pip", "json"):
        (runner.project / f"{name}.py").write_text("raise SystemExit(99)")

    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        inputs = {"images": image, "endpoint": server.url, "project-id": "any", "timeout": "0"}
        ended = runner.run(inputs, {"PYTHONPATH": str(runner.project)})

    assert ended.code == code
    assert {path.name for path in runner.project.glob("hssgate[-.]*")} == {*job()["artifacts"]["paths"], "hssgate.env"}
