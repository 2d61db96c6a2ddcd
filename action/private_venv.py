"""Makes the venv in which the action runs the gate, out of the Python that runs this file.

`python -I private_venv.py` says on stdout where the venv's interpreter is, or what went wrong and what to do; what the
installers say goes to stderr. Nothing but the standard library is at hand here.
"""

import hashlib
import importlib.metadata
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
_COMPLETE = "hssgate-complete"  # a file that is written last: without it the venv is half made
_PIP_WITH_PYTHON = (22, 3)  # the first pip that installs for another interpreter

# Variables that say where packages come from stay. The others of pip and uv say where they go, which of them, or that
# hashes are not looked at: all that is said here. Those of Python could bring in modules of the caller.
_INSTALLERS = re.compile(r"PIP_|UV_|PYTHON")
_SOURCES = re.compile(
    r"(PIP|UV)_(.*INDEX.*|FIND_LINKS|.*_HOST|PROXY|.*CERTS?|NATIVE_TLS|.*TIMEOUT|.*RETRIES|.*CACHE.*|CONFIG_FILE"
    r"|KEYRING_PROVIDER|OFFLINE|LINK_MODE)"
)


class SetUpFailed(Exception):
    """There is no venv to run in; the message says why and what to do."""


def main() -> int:
    """Make the venv, or find it made, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a shell reads it, on Windows too
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    for name in [*os.environ]:
        if _INSTALLERS.match(name) and not _SOURCES.fullmatch(name):
            del os.environ[name]
    # A configuration file may say the opposite for everyday work.
    os.environ |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    try:
        interpreter = _private_venv(os.environ.get("RUNNER_TEMP", ""))
    except SetUpFailed as failed:
        print(failed)
        return 1
    except OSError as error:
        print(f"{error}; is there room in RUNNER_TEMP, and may this user write there?")
        return 1
    print(interpreter)
    return 0


def _private_venv(temp: str) -> Path:
    """Return the interpreter of the venv that belongs to this Python, these requirements and this copy of hssgate."""
    if not temp:
        raise SetUpFailed("RUNNER_TEMP is not set; this is made for a runner of GitHub Actions")
    made_of = (LOCK.read_text(encoding="utf-8"), sys.version, sys.base_prefix, str(ROOT))
    folder = Path(temp) / f"hssgate-{hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]}"
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / _COMPLETE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
        os.chdir(folder)  # neither uv nor pip finds settings or modules of the caller's work tree
        _install(interpreter)
        _link(folder)
        _ran(interpreter, "-I", "-X", "utf8", "-m", "hssgate", "check", "--help", shown=False)
        (folder / _COMPLETE).touch()
    return interpreter


def _install(interpreter: Path) -> None:
    """Install the locked requirements, each held against its hashes."""
    locked = ("--require-hashes", "-r", LOCK)
    if uv := shutil.which("uv"):
        try:
            _ran(uv, "pip", "install", "--python", interpreter, *locked)
        except SetUpFailed as failed:
            _say(f"{failed}\npip is asked instead, which may know of another index.")
        else:
            return
    pip: tuple[str | Path, ...]
    if _pip_version() >= _PIP_WITH_PYTHON:
        pip = (sys.executable, "-I", "-m", "pip", "--python", interpreter)
    else:
        try:
            _ran(interpreter, "-I", "-m", "ensurepip")
        except SetUpFailed as failed:
            raise SetUpFailed(
                f"{failed}; the runner has no uv, and its Python neither pip 22.3 or newer nor ensurepip: give it one "
                "of them (on Debian and Ubuntu: python3-venv), or run actions/setup-python before"
            ) from failed
        pip = (interpreter, "-I", "-m", "pip")
    try:
        _ran(*pip, "--no-input", "--disable-pip-version-check", "install", "--no-compile", *locked)
    except SetUpFailed as failed:
        raise SetUpFailed(
            f"{failed}; all of it stands in the log above. Is the package index within reach? A mirror is named by "
            "PIP_INDEX_URL or pip's configuration"
        ) from failed


def _pip_version() -> tuple[int, ...]:
    """Return the version of this Python's own pip, or nothing."""
    try:
        found = re.match(r"(\d+)\.(\d+)", importlib.metadata.version("pip"))
    except importlib.metadata.PackageNotFoundError:
        return ()
    return tuple(map(int, found.groups())) if found else ()


def _link(folder: Path) -> None:
    """Let the venv find hssgate where the runner has put this repository."""
    base = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", base))
    (packages / "hssgate.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def _ran(*command: str | Path, shown: bool = True) -> None:
    """Run a command that must succeed."""
    words = [*map(str, command)]
    _say(f"$ {shlex.join(words)}")
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        errors="replace",
    ) as process:  # fmt: skip
        lines = []
        for line in process.stdout or ():
            lines.append(line.strip())
            if shown:
                _say(line.rstrip())
    if process.returncode != 0:
        told = [line for line in lines if line.lower().startswith("error")] or [line for line in lines if line] or ["-"]
        raise SetUpFailed(f"`{shlex.join(words)}` ended with {process.returncode}: {told[-1]}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
