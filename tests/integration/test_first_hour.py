"""README followed word by word on a fresh clone with an empty home.

tests/project/test_translation.py proves that both languages have the same commands, so each is run in one of them.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import BIN, NO_COMPILE, ROOT, succeeded
from tests.support.markdown_pages import blocks_of, commands_of

pytestmark = pytest.mark.integration


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of what is committed."""
    succeeded("git", "clone", "--quiet", ROOT, tmp_path / "clone", cwd=tmp_path)
    return tmp_path / "clone"


@pytest.fixture
def newcomer(tmp_path: Path, packages: dict[str, str]) -> dict[str, str]:
    """The environment of a user with an empty home, who has uv and pipx; where packages come from is the machine's."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    sources = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
    own = {"HOME": str(home), "LANG": "C.UTF-8", "PATH": f"{os.environ['PATH']}:{BIN}", "UV_SYSTEM_CERTS": "1"}
    return sources | packages | NO_COMPILE | own


def commands(clone: Path, language: str, number: int) -> list[str]:
    """The commands of a block of README, without comments."""
    block = blocks_of((clone / language).read_text(encoding="utf-8"), "console")[number]
    return [re.sub(r"\s+#.*$", "", command) for command in commands_of(block)]


def test_the_first_commands_work(clone: Path, newcomer: dict[str, str]) -> None:
    """`make demo` shows a pass and a block; `make test`, which runs this very tree's tests, is at least a target."""
    demo, test = commands(clone, "README.zh-CN.md", 0)
    python = f"PYTHON={sys.executable}"

    out = succeeded(*demo.split(), python, cwd=clone, env=newcomer)
    succeeded(*test.split(), "--dry-run", python, cwd=clone, env=newcomer)

    assert "PASSED (1 image passed), exit code 0" in out
    assert "BLOCKED (1 image blocked), exit code 10" in out
    (report,) = re.findall(r"Open (\S+) in a browser", out)
    assert (clone / report).exists()
    (program,) = re.findall(r"(?m)(\S+) policy init$", out)
    assert succeeded(program, "policy", "init", "-", cwd=clone, env=newcomer).startswith("#")


def test_each_way_to_install_works(clone: Path, tmp_path: Path, newcomer: dict[str, str]) -> None:
    """From a clone: with uvx, and with pip in a virtual environment; what pipx does is the latter."""
    text = (clone / "README.md").read_text(encoding="utf-8")
    (install,) = re.findall(r"(?m)^\$ pipx install \..*$", text)
    (uvx,) = re.findall(r"uvx --from \. hssgate --version", install)
    assert re.search(r"pip install \.$", install)
    succeeded(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)

    succeeded(tmp_path / "venv" / "bin" / "pip", "install", "--quiet", ".", cwd=clone, env=newcomer)

    versions = {
        succeeded(tmp_path / "venv" / "bin" / "hssgate", "--version", cwd=tmp_path, env=newcomer),
        succeeded(*uvx.split(), cwd=clone, env=newcomer),
    }
    assert len(versions) == 1


def test_without_an_account_the_doctor_names_what_is_missing(
    clone: Path, tmp_path: Path, newcomer: dict[str, str]
) -> None:
    """The first command that needs HSS, before any key is set."""
    (doctor,) = (command for command in commands(clone, "README.md", 1) if " doctor " in command)
    program = shutil.which("hssgate", path=str(BIN)) or ""

    ended = subprocess.run(
        [program, *doctor.split()[1:]],
        cwd=tmp_path,
        env=newcomer,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode in {2, 3}
    assert "no credentials: set HUAWEICLOUD_SDK_AK" in ended.stdout
