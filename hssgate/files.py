"""Bounded reads and writes of user-supplied paths, including pipes and devices."""

import errno
import os
import select
import stat
from collections.abc import Callable
from pathlib import Path

PATIENCE = 30.0  # seconds without a byte after which a pipe is given up
_CHUNK = 64 * 1024  # bytes
_PIECE = 4096  # bytes that a pipe takes without blocking if it takes any, on every system that has `poll`
_GLANCE = 0.25  # seconds
_MOST_LINKS = 40
_LONGEST_NUMBER = 9  # digits
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bounded(path: Path, most: int, patience: float | None = None) -> bytes:
    """Return the content of a file, pipe or device, at most `most` + 1 bytes; the extra byte shows that it is longer.

    A pipe with a writer, such as `<(command)` or `/dev/stdin`, is read to its end. A pipe without a writer would block
    the run forever, so it is given up after a while.

    Args:
        path: path of the file.
        most: maximum number of bytes that the caller accepts.
        patience: seconds without a byte after which a pipe is given up; None for `PATIENCE`.

    Raises:
        OSError: the file cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | _AT_ONCE)
    with os.fdopen(handle, "rb", buffering=0) as file:
        data = bytearray()
        is_pipe = not stat.S_ISREG(os.fstat(handle).st_mode) and hasattr(select, "poll")
        while len(data) <= most:
            if is_pipe:
                _await(handle, select.POLLIN, patience, "no process writes to it")
            chunk = file.read(min(_CHUNK, most + 1 - len(data)))
            if chunk is None:  # another reader of the pipe was faster; this is not the end of the data
                continue
            if not chunk:
                break
            data += chunk
        return bytes(data)


def write_to_pipe(path: Path, data: bytes, patience: float | None = None) -> None:
    """Write to a pipe or a device; a pipe without a reader is given up after a while.

    Args:
        path: path of the pipe or device.
        data: the bytes to write.
        patience: seconds without a reader after which it is given up; None for `PATIENCE`.

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
    """Return the file descriptor that a path such as `/dev/stdout` or `/dev/fd/3` stands for; None for other paths."""
    # Opening such a path would open the underlying file again, at offset 0, and overwrite what was written before. So
    # links are followed one by one, without resolving the last one (`/proc/self/fd/3`), which is the file itself.
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        if folder in (f"/proc/{os.getpid()}/fd", "/dev/fd"):
            return int(name) if name.isdecimal() and len(name) <= _LONGEST_NUMBER else None
        path = os.path.join(folder, name)  # noqa: PTH118 - pathlib would remove parts that the links need
        if not os.path.islink(path):  # noqa: PTH114
            return None
        path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118
    return None


def write_to_open(number: int, data: bytes) -> None:
    """Write to an open file descriptor at its current position.

    Raises:
        OSError: it cannot be written.
    """
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(data)


def can_be_given_up() -> bool:
    """Whether this system shows that a stream takes no more bytes, so that its reader need not be waited for."""
    return hasattr(select, "poll")


def write_to_stream(number: int, data: bytes, patience: Callable[[], float] | None = None) -> None:
    """Write to a stream that is open, such as stdout; one whose reader is silent is given up.

    The stream may be shared with other processes, which expect it to block. So it is not made non-blocking, but written
    to in pieces, each of them only when there is room for it.

    Args:
        number: of the open file.
        data: what to write.
        patience: returns the seconds for which the reader may be silent, and is called several times a second, as a
            signal may shorten them; `PATIENCE` where it is not given.

    Raises:
        OSError: it cannot be written.
    """
    left = memoryview(data)
    is_file = stat.S_ISREG(os.fstat(number).st_mode)
    while left:
        if not is_file:
            _await_room(number, patience)
        left = left[os.write(number, left if is_file else left[:_PIECE]) :]


def _await_room(number: int, patience: Callable[[], float] | None) -> None:
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    waited = 0.0
    while True:
        seconds = PATIENCE if patience is None else patience()
        glance = min(_GLANCE, max(seconds - waited, 0.0))
        if poll.poll(glance * 1000):
            return
        waited += glance
        if waited >= seconds:
            raise TimeoutError(errno.ETIMEDOUT, f"no process reads it: {waited:g}s without a byte")


def _await(handle: int, event: int, patience: float | None, otherwise: str) -> None:
    seconds = PATIENCE if patience is None else patience
    poll = select.poll()
    poll.register(handle, event)
    if not poll.poll(seconds * 1000):
        raise TimeoutError(errno.ETIMEDOUT, f"{otherwise}: {seconds:g}s without a byte")
