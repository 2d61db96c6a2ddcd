"""Fork server behind `forks.py`: `python -m hssgate.selftest.fork_server FD`, FD being a socket to its client.

It loads all of hssgate, and forks a supervisor for each request. The supervisor forks the process itself, waits for it
and reports its exit. Neither ever has a second thread: a fork copies only the calling thread, and a lock taken by
another would stay locked for ever. The process is reaped only after the client has read the report. Until then its id
is not reused, so that a signal from the client cannot reach another process.

A forked process differs from a new one in the settings that Python reads at start (`PYTHON*`, the locale), which are
those of the server, and in the modules that are already loaded.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import hssgate

_STREAMS = 3  # stdin, stdout, stderr


def _serve(control: socket.socket) -> dict[str, Any]:
    """Handle requests until the client closes the socket; return, in each forked process only, with its request."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps supervisors
    while True:
        try:
            begun, fds, _, _ = socket.recv_fds(control, 1, 1 + _STREAMS)
        except OSError:
            begun, fds = b"", []
        if not begun:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            return _supervise(socket.socket(fileno=fds[0]), fds[1:])
        for fd in fds:
            os.close(fd)


def _supervise(channel: socket.socket, streams: list[int]) -> dict[str, Any]:
    """Fork the process and report its exit; return in the forked process only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with channel.makefile("rb") as lines:
        request: dict[str, Any] = json.loads(lines.readline())
    try:
        folder = os.open(request["cwd"], os.O_DIRECTORY)
        pid = os.fork()
    except OSError as error:
        _report(channel, {"errno": error.errno, "message": error.strerror})
        os._exit(0)
    if pid == 0:
        channel.close()
        os.fchdir(folder)
        os.close(folder)
        for standard, fd in enumerate(streams):
            os.dup2(fd, standard)
            os.close(fd)
        return request
    for fd in (folder, *streams):
        os.close(fd)
    _report(channel, {"pid": pid})
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    by_itself = ended is not None and ended.si_code == os.CLD_EXITED
    code = ended.si_status if ended else 0
    _report(channel, {"ended": code if by_itself else -code})
    with contextlib.suppress(OSError):
        channel.recv(1)  # the process keeps its id until the client has closed the channel
    os._exit(0)


def _report(channel: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the client has closed the channel
        channel.sendall(json.dumps(message).encode() + b"\n")


def _load_everything() -> None:
    for found in pkgutil.walk_packages(hssgate.__path__, "hssgate."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    gc.freeze()  # the collector would write to these objects, and copy their shared memory pages in each process


def _become(request: dict[str, Any]) -> None:
    """Turn this process into the requested one: set up the state of a new interpreter, then run the module."""
    arguments: list[str] = request["arguments"]
    if request["new_session"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(request["environ"])
    sys.orig_argv[-3:] = arguments  # in place of `-m` with this module and its descriptor
    sys.argv[:] = arguments[1:]
    if not sys.flags.safe_path:
        sys.path[0] = str(Path.cwd())
    _open_streams()
    runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)


def _open_streams() -> None:
    """Open stdin, stdout and stderr as Python does at start: the buffering depends on the file behind each."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        own: io.TextIOWrapper = getattr(sys, name)
        mode, buffering = ("rb", -1) if name == "stdin" else ("wb", 0 if own.write_through else -1)
        buffer = open(fd, mode, buffering, closefd=False)  # noqa: SIM115 - a descriptor
        stream = io.TextIOWrapper(
            buffer, own.encoding, own.errors, "\n", write_through=own.write_through,
            line_buffering=not own.write_through and (name == "stderr" or buffer.isatty()),
        )  # fmt: skip
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    _load_everything()
    _become(_serve(socket.socket(fileno=int(sys.argv[1]))))
