"""Starts hssgate processes quickly through a fork server, with a Popen-like handle for each."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_SERVER = "hssgate.selftest.fork_server"
_OF_EVERY_START = {"PYDANTIC_DISABLE_PLUGINS": "__all__", "PYTHONTZPATH": ""}  # as in hssgate/__main__.py
_LONGEST = 30.0  # seconds to start a server and a process; a busy machine takes two


def is_supported() -> bool:
    """Whether this system supports the fork server; Windows and some Pythons of macOS do not."""
    return all(hasattr(os, name) for name in ("fork", "waitid")) and hasattr(socket, "send_fds")


class Forked:
    """A forked process, with the part of the interface of `subprocess.Popen` that is used here.

    Args:
        channel: to its supervisor.
        pid: of the process.
    """

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs; negative: the number of the signal that ended it."""
        with self._lock:
            return self._exit_code_within(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once the process has ended.

        Args:
            timeout: in seconds; None: no limit.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        with self._lock:
            code = self._exit_code_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        with self._lock:  # its id is not reused before its exit code is read
            if self._exit_code_within(0.0) is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _exit_code_within(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            self._channel.settimeout(seconds)
            with contextlib.suppress(BlockingIOError, TimeoutError):
                self.returncode = int(_message_on(self._channel)["ended"])
                self._channel.close()
        return self.returncode


class ForkServer:
    """Starts a fork server and uses it; thread-safe.

    Args:
        python: the interpreter with its options, with which each command begins.
        environ: of the server.
        new_session: start the server in a session of its own, which Ctrl-C does not reach.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, python: Sequence[str], environ: Mapping[str, str], *, new_session: bool = False) -> None:
        self._python = [*python]
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(  # noqa: S603 - our own module
                [*python, "-m", _SERVER, str(theirs.fileno())],
                env={**_OF_EVERY_START, **environ}, pass_fds=[theirs.fileno()], start_new_session=new_session,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def is_running(self) -> bool:
        """Whether the server is running."""
        return self._server.poll() is None

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        streams: Sequence[int],
        new_session: bool = False,
    ) -> Forked:
        """Start a process.

        Args:
            command: interpreter, options and module; it must begin like `python`.
            cwd: its working folder.
            environ: its whole environment.
            streams: descriptors of its stdin, stdout and stderr.
            new_session: start it in a session of its own.

        Raises:
            OSError: it could not be started; the message gives the reason.
        """
        arguments = command[len(self._python) :]
        request = {"arguments": arguments, "cwd": str(cwd), "environ": dict(environ), "new_session": new_session}
        ours, theirs = socket.socketpair()
        ours.settimeout(_LONGEST)
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno(), *streams])
            ours.sendall(json.dumps(request).encode() + b"\n")
            pid = _pid_in(_message_on(ours))
        except BaseException:
            ours.close()
            raise
        return Forked(ours, pid)

    def close(self) -> None:
        """End the server; processes that it started continue."""
        self._control.close()
        try:
            self._server.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def _pid_in(answer: dict[str, Any]) -> int:
    """Return the process id.

    Raises:
        OSError: the process could not be created.
    """
    if "pid" in answer:
        return int(answer["pid"])
    raise OSError(answer["errno"], answer["message"])


def _message_on(channel: socket.socket) -> dict[str, Any]:
    """Return the next message, a line of JSON.

    Raises:
        OSError: the other side has closed the channel, or there was no message in time.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        part = channel.recv(1)
        if not part:
            raise ConnectionResetError("the fork server has gone")
        line += part
    found: dict[str, Any] = json.loads(line)
    return found
