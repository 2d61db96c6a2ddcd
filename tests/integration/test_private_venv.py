"""The installation of the locked requirements on machines of every kind: `action/private_venv.py`, with the real pip and uv."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.integration.conftest import BIN, ROOT, of_the_index, ran, succeeded
from tests.integration.runner import PYTHON, Runner, copy_of_this_repository

pytestmark = pytest.mark.integration

SCRIPT = ROOT / "action" / "private_venv.py"
LOCK = ROOT / "requirements" / "runtime.txt"
IMPORTS = "import sys, click, httpx, junit_xml, pydantic, yaml; print('all of the lock in', sys.prefix)"
OUT_OF_REACH = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_FIND_LINKS": "/nowhere"}
MISDIRECTED = dict.fromkeys(
    (
        "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_DRY_RUN", "PIP_PYTHON", "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV", "UV_CONSTRAINT", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_TARGET", "PYTHONHOME", "PYTHONPATH",
        "PYTHONUSERBASE", "VIRTUAL_ENV",
    ),
    "/nowhere",
)  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path) -> Runner:
    """A runner with a Python and without uv."""
    return Runner(tmp_path)


@pytest.fixture
def quick(machine: Runner) -> Runner:
    """A runner with uv."""
    shutil.copy(BIN / "uv", machine.bin)
    return machine


def installed(
    runner: Runner, folder: Path, env: Mapping[str, str] | None = None, *, python: Path = PYTHON, lock: Path = LOCK
) -> "subprocess.CompletedProcess[str]":
    """Install the lock into `temp`, from a work tree, and import what was installed."""
    temp, work = folder / "temp", folder / "work"
    temp.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    given = runner.environment() | {"RUNNER_TEMP": str(temp)} | dict(env or {})
    command = (python, "-I", "-X", "utf8", SCRIPT, "--require-hashes", "-r", lock, "--", "-c", IMPORTS, "check")
    return ran(*command, cwd=work, env=given)


def assert_installed(ended: "subprocess.CompletedProcess[str]", folder: Path) -> None:
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"all of the lock in {folder / 'temp'}/hssgate-")
    assert [*(folder / "temp").iterdir()] == []


def test_misdirecting_uv_settings_are_ignored(quick: Runner, tmp_path: Path) -> None:
    """Variables and settings of the caller's work tree: the venv gets all of the lock, and nothing else is written."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "uv.toml").write_text('no-index = true\noverride-dependencies = ["httpx<0.1"]\n')
    (work / "pyproject.toml").write_text('[tool.uv]\nno-index = true\n[tool.uv.pip]\nprefix = "elsewhere"\n')
    before = sorted(work.iterdir())

    ended = installed(quick, tmp_path, MISDIRECTED | {"UV_NO_VERIFY_HASHES": "1", "UV_CONFIG_FILE": "uv.toml"})

    assert_installed(ended, tmp_path)
    assert "trying pip" not in ended.stderr
    assert sorted(work.iterdir()) == before


def test_pip_takes_over_where_uv_fails(quick: Runner, tmp_path: Path) -> None:
    """Its configuration names the mirror; what else it says, for everyday work, is left aside."""
    everyday = ConfigParser()
    everyday.read(of_the_index().get("PIP_CONFIG_FILE", []))
    everyday.read_dict(
        {
            "global": {
                "require-virtualenv": "true",
                "quiet": "2",
                "constraint": "/nowhere",
                "log": "pip.log",
                "python": "/nowhere",
            },
            "install": {"user": "true", "target": "elsewhere", "dry-run": "true", "no-deps": "true"},
        }
    )
    with (tmp_path / "pip.conf").open("w") as settings:
        everyday.write(settings)

    ended = installed(
        quick, tmp_path, MISDIRECTED | {"UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_CONFIG_FILE": settings.name}
    )

    assert_installed(ended, tmp_path)
    assert "trying pip" in ended.stderr
    assert [*(tmp_path / "work").iterdir()] == []


@pytest.mark.parametrize("pip", [None, "pip==21.3.1"], ids=["without pip", "with an old pip"])
def test_a_python_whose_pip_is_not_todays(
    machine: Runner, tmp_path: Path, packages: dict[str, str], pip: str | None
) -> None:
    """An old one serves, and reads the index; where there is none, the venv gets one of its own."""
    succeeded(PYTHON, "-m", "venv", "--without-pip", tmp_path / "bare", cwd=tmp_path)
    if pip:
        succeeded(PYTHON, "-m", "pip", "--python", tmp_path / "bare" / "bin" / "python", "install", pip, cwd=tmp_path)

    env = {} if pip else packages
    assert_installed(installed(machine, tmp_path, env, python=tmp_path / "bare" / "bin" / "python"), tmp_path)


@pytest.mark.parametrize(
    ("hashes", "instead"),
    [
        pytest.param("(?<=sha256:)[0-9a-f]{64}", "0" * 64, id="another hash"),
        pytest.param(r" \\\n    --hash=\S+", "", id="no hash"),
    ],
)
@pytest.mark.parametrize("by", ["pip", "uv"])
def test_a_package_is_checked_by_its_hash(machine: Runner, tmp_path: Path, by: str, hashes: str, instead: str) -> None:
    """By pip and by uv, whose word for it is handed on."""
    if by == "uv":
        shutil.copy(BIN / "uv", machine.bin)
    lock = tmp_path / "runtime.txt"
    lock.write_text(re.sub(hashes, instead, LOCK.read_text()))

    ended = installed(machine, tmp_path, lock=lock)

    assert ended.returncode == 3
    assert "hash" in ended.stderr.lower()
    assert "all of the lock" not in ended.stdout


def test_no_index_within_reach_is_told_apart_from_a_verdict(quick: Runner, tmp_path: Path) -> None:
    """Exit 3, what failed, and why, in one annotation after the folded log; from a folder whose path holds a blank."""
    action = copy_of_this_repository(tmp_path / "an action")
    temp = tmp_path / "the temp"
    temp.mkdir()
    env = quick.environment() | OUT_OF_REACH | {
        "INPUT_IMAGES": "demo/passes:1.0", "GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(tmp_path / "outputs"), "HSSGATE_TOKEN": "emulator-token",
    }  # fmt: skip

    ended = ran("bash", action / "action" / "run.sh", cwd=tmp_path, env=env)

    lines = ended.stdout.splitlines()
    assert ended.returncode == 3
    assert (tmp_path / "outputs").read_text() == "exit-code=1\nresult=error\nexit-code=3\n"
    assert (lines[0], lines[-2]) == ("::group::Set hssgate up", "::endgroup::")
    assert lines[-1].startswith(
        "::error title=hssgate::hssgate could not be installed, and no request was sent to HSS: `"
    )
    assert "ended with 1: ERROR: No matching distribution found for annotated-types" in lines[-1]
    assert not [path for path in temp.rglob("*") if path.name == "pyvenv.cfg"]
