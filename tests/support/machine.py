"""Machine for the shell scripts around the gate: its shells and hssgate are real, pip is a fake.

A process can hang at a named point, where a test sends its signal.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import uuid
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
MOMENTS = ("python", "launcher", "config", "install")  # before the gate, in this order
_LIBRARIES = Path(httpx.__file__).parents[1]
_PATIENT = 60  # seconds after which a hanging process fails its test
_RHYTHM = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5))  # what GitHub's runner sends, and how long it waits

_HANG = """
import os, signal, subprocess, sys
def hang_at(moment):
    if os.environ.get("HANG_AT") == moment:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(os.environ["HANGING"], "w") as fifo:
            fifo.write("here")
        child.wait()
"""
_PIP = """
import json, os, sys
from pathlib import Path
from hang import hang_at
command = sys.argv[1:]
with open(os.environ["NOTES"], "a") as notes:
    notes.write(json.dumps({"command": command, "environ": dict(os.environ)}) + chr(10))
if command[:2] == ["config", "list"]:
    hang_at("config")
    print(os.environ.get("LISTED_BY_PIP", ""))
    sys.exit()
hang_at("install")
if os.environ.get("NOT_INSTALLED"):
    sys.exit("ERROR: no such package")
target = Path(command[command.index("--target") + 1])
if os.environ.get("FAKE_GATE"):
    (target / "hssgate").mkdir()
    (target / "hssgate" / "__main__.py").write_text(os.environ["FAKE_GATE"])
    sys.exit()
lines = [@ROOT@, @LIBRARIES@]
(target / "fake.pth").write_text(chr(10).join(lines))
"""
_GATE = """
import json, os, sys
with open(os.environ["NOTES"], "a") as notes:
    notes.write(json.dumps({"gate": sys.argv[1:], "environ": dict(os.environ)}) + chr(10))
sys.exit(int(os.environ.get("GATE_ENDS_WITH", "0")))
"""
_PYTHON = """
case "${HANG_AT-}:$*" in
  python:*version_info* | launcher:*-X\\ utf8*) echo here >"$HANGING"; exec sleep 600 ;;
esac
exec "@PYTHON@" "$@"
"""


@dataclass
class Running:
    """A process that was started on the machine.

    Args:
        process: its first.
        machine: where it runs.
    """

    process: "subprocess.Popen[str]"
    machine: "Machine"
    printed: str = ""

    def read_until(self, text: str) -> None:
        """Wait until the process has printed this text."""
        assert self.process.stdout
        while text not in self.printed:
            line = self.process.stdout.readline()
            if not line:
                pytest.fail(f"it never printed {text!r}:\n{self.printed}")
            self.printed += line

    def ended(self) -> int:
        """Wait for the end of the process and return the exit code, as in a shell."""
        rest, _ = self.process.communicate(timeout=_PATIENT)
        self.printed += rest
        return self.process.returncode if self.process.returncode >= 0 else 128 - self.process.returncode

    def cancel(self, rhythm: Sequence[tuple[int, float]] = _RHYTHM) -> list[int]:
        """Signal the first process only, and return the signals that were sent until it ended."""
        sent: list[int] = []
        for number, patience in rhythm:
            self.process.send_signal(number)
            sent.append(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
                return sent
        self.process.kill()
        return [*sent, signal.SIGKILL]


@dataclass
class Machine:
    """A machine with the tools of the system, a Python, and its fake pip.

    Args:
        folder: for all of it; commands run in `work`.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("bin", "work", "tmp"):
            (self.folder / name).mkdir()
        venv.EnvBuilder().create(self.folder / "python")
        (packages,) = (self.folder / "python").glob("lib/python*/site-packages")
        (packages / "pip").mkdir()
        (packages / "pip" / "__init__.py").touch()
        (packages / "hang.py").write_text(_HANG)
        pip = _PIP
        for name, path in (("ROOT", ROOT), ("LIBRARIES", _LIBRARIES)):
            pip = pip.replace(f"@{name}@", repr(str(path)))
        (packages / "pip" / "__main__.py").write_text(pip)
        self.put("bin/python3", _PYTHON.replace("@PYTHON@", str(self.folder / "python" / "bin" / "python")))
        os.mkfifo(self.folder / "hanging")
        self.environ = {
            "PATH": os.pathsep.join((str(self.folder / "bin"), "/usr/local/bin", "/usr/bin", "/bin")),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8",
            "NOTES": str(self.folder / "notes"),
            "HANGING": str(self.folder / "hanging"),
            "MACHINE": uuid.uuid4().hex,
            "HSSGATE_TOKEN": "emulator-token",
            "HSSGATE_PROJECT_ID": "any",
        } | self.environ

    @property
    def work(self) -> Path:
        """The work tree."""
        return self.folder / "work"

    def put(self, name: str, script: str) -> Path:
        """Write a shell script that can be run."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def start(self, *command: str | Path, env: Mapping[str, str] | None = None) -> Running:
        """Start a command with default signal handling, independent of the test runner's."""
        heeding = ["/usr/bin/env", "--default-signal=INT,TERM", *map(str, command)]
        process = subprocess.Popen(
            heeding, cwd=self.work, env=self.environ | dict(env or {}), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        return Running(process, self)

    def hang(self, moment: str, *command: str | Path, env: Mapping[str, str] | None = None) -> Running:
        """Start a command, and return when it hangs at this point."""
        fifo = os.open(self.folder / "hanging", os.O_RDONLY | os.O_NONBLOCK)
        running = self.start(*command, env={"HANG_AT": moment} | dict(env or {}))
        end = os.pidfd_open(running.process.pid)
        try:
            ready, _, _ = select.select([fifo, end], [], [], _PATIENT)
        finally:
            os.close(fifo)
            os.close(end)
        if fifo not in ready:
            pytest.fail(f"{moment} was never reached: {running.ended()}\n{running.printed}")
        return running

    def left(self) -> dict[int, str]:
        """Return the processes that run, each with its command."""
        marker = f"MACHINE={self.environ['MACHINE']}".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if marker in (process / "environ").read_bytes().split(b"\0"):
                    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(process.name)] = command
        return found

    def kill(self) -> None:
        """Kill every process, and wait until none is left."""
        while left := self.left():
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def install_a_fake_gate(self) -> None:
        """Make pip install a gate that records its arguments, and exits with GATE_ENDS_WITH."""
        self.environ["FAKE_GATE"] = _GATE

    def notes(self, of: str = "command") -> list[dict[str, Any]]:
        """Return the recorded runs of pip or of the fake gate: `command` or `gate`, and `environ`."""
        path = Path(self.environ["NOTES"])
        lines = path.read_text().splitlines() if path.exists() else []
        return [note for note in map(json.loads, lines) if of in note]
