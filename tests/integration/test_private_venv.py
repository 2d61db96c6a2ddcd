"""The set-up of the action, on runners of every kind: `action/private_venv.py` and what `action/run.sh` makes of it."""

import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.integration.conftest import BIN, ROOT, emulator, of_the_index, ran, succeeded
from tests.integration.runner import PYTHON, Runner, copy_of_this_repository

pytestmark = pytest.mark.integration

SCRIPT = ROOT / "action" / "private_venv.py"
LOCK = ROOT / "requirements" / "runtime.txt"
IMPORTED = "import click, httpx, junit_xml, pydantic, yaml, hssgate; print(hssgate.__file__)"
OUT_OF_REACH = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_FIND_LINKS": "/nowhere"}


@pytest.fixture
def machine(tmp_path: Path) -> Runner:
    """A runner with a Python and without uv."""
    return Runner(tmp_path)


@pytest.fixture
def quick(machine: Runner) -> Runner:
    """A runner with uv."""
    shutil.copy(BIN / "uv", machine.bin)
    return machine


def set_up(
    runner: Runner, folder: Path, env: Mapping[str, str] | None = None, *, python: Path = PYTHON, script: Path = SCRIPT
) -> "subprocess.CompletedProcess[str]":
    """Make the venv in `temp`, from a work tree."""
    temp, work = folder / "temp", folder / "work"
    temp.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    given = runner.environment() | {"RUNNER_TEMP": str(temp)} | dict(env or {})
    return ran(python, "-I", script, cwd=work, env=given)


def interpreter(ended: "subprocess.CompletedProcess[str]") -> Path:
    """The one that was made, which has all that hssgate needs, and hssgate."""
    assert ended.returncode == 0, ended.stderr
    made = Path(ended.stdout.strip())
    assert succeeded(made, "-I", "-c", IMPORTED, cwd=made.parent).strip() == str(ROOT / "hssgate" / "__init__.py")
    return made


def test_what_misdirects_an_installer_is_left_aside(quick: Runner, tmp_path: Path) -> None:
    """Variables and settings of the caller's work tree: the venv gets all of the lock, and nothing else is written."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "constraints.txt").write_text("httpx<0.1\n")
    (work / "uv.toml").write_text('no-index = true\noverride-dependencies = ["httpx<0.1"]\n')
    (work / "pyproject.toml").write_text('[tool.uv]\nno-index = true\n[tool.uv.pip]\nprefix = "elsewhere"\n')
    before = sorted(work.iterdir())

    caller = {
        "UV_CONSTRAINT": "constraints.txt", "UV_NO_VERIFY_HASHES": "1", "UV_SYSTEM_PYTHON": "1", "UV_PYTHON": "2.7",
        "VIRTUAL_ENV": str(work), "PYTHONHOME": "/nowhere",
    }  # fmt: skip

    ended = set_up(quick, tmp_path, caller)

    assert interpreter(ended).is_relative_to(tmp_path / "temp")
    assert "uv pip install" in ended.stderr
    assert "-m pip" not in ended.stderr
    assert sorted(work.iterdir()) == before


def test_pip_takes_over_where_uv_fails(quick: Runner, tmp_path: Path) -> None:
    """Only pip may know the runner's mirror; what misdirects it is left aside too."""
    everyday = ConfigParser()
    everyday.read(of_the_index().get("PIP_CONFIG_FILE", []))
    everyday.read_dict({"install": {"user": "true"}, "global": {"require-virtualenv": "true"}})
    with (tmp_path / "pip.conf").open("w") as settings:
        everyday.write(settings)
    caller = {
        "UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_CONFIG_FILE": settings.name, "PIP_TARGET": "elsewhere",
        "PIP_PREFIX": "elsewhere", "PIP_ROOT": "elsewhere", "PIP_CONSTRAINT": "/nowhere", "PIP_REQUIREMENT": "/nowhere",
        "PIP_DRY_RUN": "1", "PIP_PYTHON": "/nowhere", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_USER": "1",
        "PYTHONPATH": ".", "PYTHONUSERBASE": "elsewhere",
    }  # fmt: skip

    ended = set_up(quick, tmp_path, caller)

    assert interpreter(ended).is_relative_to(tmp_path / "temp")
    assert "pip is asked instead" in ended.stderr
    assert [*(tmp_path / "work").iterdir()] == []


@pytest.mark.parametrize("pip", [None, "21.3.1"], ids=["without pip", "with a pip too old"])
def test_a_python_whose_pip_cannot_help(machine: Runner, tmp_path: Path, pip: str | None) -> None:
    """The venv gets a pip of its own."""
    succeeded(PYTHON, "-m", "venv", "--without-pip", tmp_path / "bare", cwd=tmp_path)
    (packages,) = (tmp_path / "bare").glob("lib/python*/site-packages")
    if pip:
        metadata = packages / f"pip-{pip}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: pip\nVersion: {pip}\n")
        (packages / "pip.py").write_text("raise SystemExit('the old pip was asked')\n")

    ended = set_up(machine, tmp_path, python=tmp_path / "bare" / "bin" / "python")

    assert interpreter(ended).is_relative_to(tmp_path / "temp")
    assert "-m ensurepip" in ended.stderr


def test_a_venv_is_used_again_only_if_it_was_finished(quick: Runner, tmp_path: Path) -> None:
    """One that broke off is made anew, one that is whole is taken as it is."""
    broken = set_up(quick, tmp_path, OUT_OF_REACH)
    (half,) = (tmp_path / "temp").iterdir()
    (half / "litter").touch()

    made = interpreter(set_up(quick, tmp_path))
    again = set_up(quick, tmp_path, OUT_OF_REACH)

    assert broken.returncode == 1
    assert made.parents[1] == half
    assert not (half / "litter").exists()
    assert (again.returncode, again.stdout.strip(), again.stderr) == (0, str(made), "")


def test_other_requirements_make_another_venv(quick: Runner, tmp_path: Path) -> None:
    """The action at two refs in one job."""
    other = copy_of_this_repository(tmp_path / "v2")
    lock = other / "requirements" / "runtime.txt"
    lock.write_text(lock.read_text() + "# another\n")

    made = [set_up(quick, tmp_path).stdout, set_up(quick, tmp_path, script=other / "action" / "private_venv.py").stdout]

    assert len({Path(path.strip()).parents[1] for path in made}) == len(made)


@pytest.mark.parametrize(
    ("hashes", "instead"),
    [
        pytest.param("(?<=sha256:)[0-9a-f]{64}", "0" * 64, id="another hash"),
        pytest.param(r" \\\n    --hash=\S+", "", id="no hash"),
    ],
)
def test_a_package_is_held_against_its_hash(machine: Runner, tmp_path: Path, hashes: str, instead: str) -> None:
    """By pip, whose word for it is handed on."""
    other = copy_of_this_repository(tmp_path / "v2")
    lock = other / "requirements" / "runtime.txt"
    lock.write_text(re.sub(hashes, instead, lock.read_text()))

    ended = set_up(machine, tmp_path, script=other / "action" / "private_venv.py")

    assert ended.returncode == 1
    assert "hashes" in ended.stdout.lower()
    assert ended.stdout.count("\n") == 1


@pytest.fixture
def script(quick: Runner, tmp_path: Path) -> "tuple[list[str], dict[str, str], Path]":
    """The step as action.yml runs it, from a copy in a folder whose path holds a blank: command, environment, outputs."""
    action = copy_of_this_repository(tmp_path / "an action")
    temp = tmp_path / "the temp"
    temp.mkdir()
    given = {"INPUT_IMAGES": "demo/passes:1.0", "INPUT_PROJECT_ID": "any", "INPUT_REPORTS": "junit=j.xml"}
    paths = {"GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    env = quick.environment() | given | paths | {"HSSGATE_TOKEN": "emulator-token"}
    return ["bash", str(action / "action" / "run.sh")], env, tmp_path / "outputs"


def test_no_index_within_reach_is_told_apart_from_a_verdict(
    script: tuple[list[str], dict[str, str], Path], tmp_path: Path
) -> None:
    """Exit 3, what failed, and what to do, in one annotation after the folded log."""
    command, env, outputs = script

    ended = ran(*command, cwd=tmp_path, env=env | OUT_OF_REACH)

    lines = ended.stdout.splitlines()
    assert (ended.returncode, outputs.read_text()) == (3, "result=error\nexit-code=3\n")
    assert (lines[0], lines[-2]) == ("::group::Set hssgate up", "::endgroup::")
    assert lines[-1].startswith("::error title=hssgate::hssgate could not be set up: `")
    assert "ended with 1: ERROR: No matching distribution found for annotated-types" in lines[-1]
    assert "A mirror is named by PIP_INDEX_URL" in lines[-1]
    assert [*(tmp_path / "the temp").glob("hssgate-*/hssgate-complete")] == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_cancelled_step_still_reports(
    script: tuple[list[str], dict[str, str], Path], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """The runner signals only the process that it started."""
    command, env, outputs = script
    with emulator() as url:
        waiting = {"INPUT_IMAGES": "demo/scanning-forever:1.0", "INPUT_ENDPOINT": url, "INPUT_TIMEOUT": "1m"}
        # Whoever runs the tests in the background has SIGINT ignored, and a shell cannot heed what it was told to ignore.
        heeding = ["env", f"--default-signal={number.name.removeprefix('SIG')}", *command]
        with subprocess.Popen(heeding, cwd=tmp_path, env=env | waiting, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            while "scanning-forever:1.0: scanning" not in process.stderr.readline():
                pass
            process.send_signal(number)
            process.stderr.read()

    assert process.returncode == code
    assert JUnitXml.fromfile(str(tmp_path / "j.xml")).errors == 1
    assert outputs.read_text().endswith(f"junit=j.xml\nexit-code={code}\n")
