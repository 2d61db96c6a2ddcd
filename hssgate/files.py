"""Bounded reads and writes of user-supplied paths, including pipes and devices."""

import errno
import os
import select
import stat
from pathlib import Path

PATIENCE = 30.0  # seconds for which a pipe may be silent
_CHUNK = 64 * 1024  # bytes
_MOST_LINKS = 40
_LONGEST_NUMBER = 9  # digits
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bounded(path: Path, most: int, patience: float | None = None) -> bytes:
    """Return the bytes of a file, a pipe or a device, and one more than `most` where there are more.

    A pipe that is written to, such as `<(command)` or `/dev/stdin`, is read to its end; a pipe without a writer is
    given up instead of waited for without end.

    Args:
        path: of the file.
        most: bytes that it may have.
        patience: seconds for which a pipe may be silent; `PATIENCE` where it is not given.

    Raises:
        OSError: it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | _AT_ONCE)
    with os.fdopen(handle, "rb", buffering=0) as file:
        data = bytearray()
        is_pipe = not stat.S_ISREG(os.fstat(handle).st_mode) and hasattr(select, "poll")
        while len(data) <= most:
            if is_pipe:
                _await(handle, select.POLLIN, patience, "no process writes to it")
            chunk = file.read(min(_CHUNK, most + 1 - len(data)))
            if chunk is None:  # another reader was faster: that is no end
                continue
            if not chunk:
                break
            data += chunk
        return bytes(data)


def write_to_pipe(path: Path, data: bytes, patience: float | None = None) -> None:
    """Write to a pipe or a device; a pipe without a reader is given up instead of waited for without end.

    Raises:
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | _AT_ONCE)
    with os.fdopen(handle, "wb", buffering=0) as file:
        left = memoryview(data)
        while left:
            if hasattr(select, "poll"):
                _await(handle, select.POLLOUT, patience, "no process reads it")
            left = left[file.write(left) or 0 :]


def open_number(path: Path | str) -> int | None:
    """Return the number under which this process has open what the path names, as `/dev/stdout` and `/dev/fd/3` do."""
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        if folder in (f"/proc/{os.getpid()}/fd", "/dev/fd"):
            return int(name) if name.isdecimal() and len(name) <= _LONGEST_NUMBER else None
        path = os.path.join(folder, name)  # noqa: PTH118 - pathlib would take out what the links need
        if not os.path.islink(path):  # noqa: PTH114
            return None
        path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118
    return None


def write_to_open(number: int, data: bytes) -> None:
    """Write to what is open already, from where it stands.

    Raises:
        OSError: it cannot be written.
    """
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(data)


def _await(handle: int, event: int, patience: float | None, otherwise: str) -> None:
    seconds = PATIENCE if patience is None else patience
    poll = select.poll()
    poll.register(handle, event)
    if not poll.poll(seconds * 1000):
        raise TimeoutError(errno.ETIMEDOUT, f"{otherwise}: {seconds:g}s without a byte")
