"""The real command line as a process.

`start` and `run`, the counterparts of `subprocess.Popen` and `subprocess.run`, fork `python -m hssgate …` off a process
that has loaded everything: a tenth of the processor time of a start. tests/selftest/test_forks.py compares both kinds of
process. Any other command is started anew, and so is one whose environment differs in what Python reads when it starts.
`anew=True` is for tests whose subject is the start.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hssgate.selftest.forks import ForkServer, is_supported
from tests.conftest import KEY

ROOT = Path(__file__).parents[2]
PATIENT = 60  # seconds after which a hanging process fails its test
_NOT_KEPT = ("HSSGATE", "HUAWEI", "HW_", "COVERAGE_")  # of the variables of whoever runs the tests
_starting = threading.Lock()
_READ_AT_THE_START = ("PYTHON", "LANG", "LC_", "TZ", "LD_", "OPENSSL_")  # by Python and the libraries it loads


def command(*arguments: str) -> list[str]:
    """The command line of `hssgate` with these arguments."""
    return [sys.executable, "-m", "hssgate", *arguments]


def environment(**more: str) -> dict[str, str]:
    """The caller's environment without variables of hssgate, and with the emulator's key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_KEPT)}
    return kept | KEY | {"PYTHONPATH": str(ROOT)} | more


class Forking(subprocess.Popen[Any]):
    """A forked process; only its start and end differ from the base class."""

    def _execute_child(  # the one seam between making the pipes and starting what is at their other ends
        self, args: Sequence[str], _executable: object, _preexec: object, _close_fds: object, _pass_fds: object,
        cwd: Path | None, env: Mapping[str, str], _startup: object, _flags: object, _shell: object, *given: Any,  # noqa: ANN401
    ) -> None:  # fmt: skip
        pipes: list[int] = [*given[:6]]  # of stdin, stdout and stderr: the reader and the writer of each, or -1
        theirs = [pipes[0], pipes[3], pipes[5]]
        streams = [own if fd == -1 else fd for own, fd in enumerate(theirs)]
        try:
            self._forked = server().start(args, cwd=cwd or Path.cwd(), environ=env, streams=streams)
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
        self.pid = self._forked.pid
        self._child_created = True

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        self.returncode = self._forked.poll()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended."""
        self.returncode = self._forked.wait(timeout)
        return self.returncode


def start(
    command: Sequence[str], *, env: Mapping[str, str], anew: bool = False, **given: Any  # noqa: ANN401 - as in subprocess
) -> "subprocess.Popen[Any]":  # fmt: skip
    """Start a process, as `subprocess.Popen` does."""
    kind = Forking if not anew and can_be_forked(command, env) else subprocess.Popen
    return kind(command, env=env, **given)


def run(
    command: Sequence[str], *, env: Mapping[str, str], anew: bool = False, capture_output: bool = False,
    timeout: float = PATIENT, check: bool = False, **given: Any,  # noqa: ANN401 - as in subprocess
) -> "subprocess.CompletedProcess[Any]":  # fmt: skip
    """Run a process to its end, as `subprocess.run` does."""
    if capture_output:
        given |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start(command, env=env, anew=anew, **given) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    ended = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check:
        ended.check_returncode()
    return ended


def ran(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `hssgate` to its end, with its output as text."""
    return run(command(*arguments), env=environment(**env), capture_output=True, text=True)


def checked(url: str, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `hssgate check` to its end, with two reports."""
    given = ["check", *arguments, "--endpoint", url, "--project-id", "p"]
    return ran(*given, "--report", "junit=junit.xml", "--report", "json=report.json", **env)


_servers: list[ForkServer] = []


def server() -> ForkServer:
    """The fork server of this process; a new one if it was killed."""
    with _starting:
        if not (_servers and _servers[-1].is_running):
            _servers.append(ForkServer([sys.executable], environment()))
        return _servers[-1]


def can_be_forked(command: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether a process of this kind can be forked."""
    is_ours = [*command[:3]] == [sys.executable, "-m", "hssgate"]
    return is_ours and is_supported() and _at_the_start(env) == _at_the_start(environment())


def _at_the_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_THE_START)}
