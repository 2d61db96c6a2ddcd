"""Report files: paths validated before the wait, files written atomically after it."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from hssgate.cli.console import Console
from hssgate.errors import Misused
from hssgate.files import open_number, write_to_open, write_to_pipe
from hssgate.policy.search import NAMES_IN_WORDS, is_default_name
from hssgate.text import clean

STDOUT = "-"
_STDOUT_NUMBER = 1
_SLICE = 1024 * 1024  # characters of a report that are written at once

Reports = Sequence[tuple[str, str]]


def takes_stdout(reports: Reports) -> bool:
    """Whether one of the reports goes to stdout: nothing else may be printed there then. Call `check_paths` first."""
    return any(_is_stdout(path) for _, path in reports)


def check_paths(reports: Reports) -> None:
    """Refuse paths that cannot be written, before any request is sent.

    Raises:
        Misused: a path is a folder, lies under a file, cannot be a path, is given twice, or is a default policy's.
    """
    seen: dict[str, str] = {}
    for name, path in reports:
        try:
            key = STDOUT if _is_stdout(path) else os.path.realpath(path)
        except OSError as error:
            raise Misused(f"--report {name}={clean(path, 300)}: no current folder: {reason_of(error)}") from error
        if key in seen:
            raise Misused(f"--report {name}={path}: the report {seen[key]} already goes there")
        seen[key] = f"{name}={path}"
        if path == STDOUT:
            continue
        refuse_default_name(f"--report {name}={clean(path, 300)}", path, "report", "hssgate-report.json")
        if path.endswith(("/", os.sep)):
            raise Misused(f"--report {name}={path}: {path} is a folder; name a file in it")
        try:
            check_path(Path(path))
        except (OSError, ValueError) as error:
            raise Misused(f"--report {name}={clean(path, 300)}: {reason_of(error)}") from error


def refuse_default_name(option: str, path: str, what: str, better: str) -> None:
    """Refuse a path on which the next run would find its policy.

    Args:
        option: as it was given, for the message.
        path: of the file that is to be written.
        what: it is, in a word.
        better: a name for it.

    Raises:
        Misused: the path, or the file that it leads to, has the name of a default policy file.
    """
    if taken := next(filter(is_default_name, (*Path(path).parts, Path(os.path.realpath(path)).name)), None):
        raise Misused(
            f"{option}: {clean(taken, 100)} is, or resembles, the name of a default policy file ({NAMES_IN_WORDS}), "
            f"so the next run would read the {what} as its policy; name it {better}, for example"
        )


def inputs_of(ctx: click.Context) -> list[Path]:
    """Return the input files of a command: those of its parameters that are paths."""
    items = [item for value in ctx.params.values() for item in (value if isinstance(value, tuple) else (value,))]
    return [item for item in items if isinstance(item, Path)]


def refuse_inputs(reports: Reports, inputs: Iterable[Path]) -> None:
    """Refuse a report that would replace a file that this run reads, under any of its names.

    Raises:
        Misused: a report would replace an input.
    """
    read_files = [path for path in inputs if path.is_file()]
    for name, path in reports:
        if read := next((read for read in read_files if path != STDOUT and is_same_file(path, read)), None):
            raise Misused(f"--report {name}={clean(path, 300)}: this run reads that file ({read}); name another one")


def is_same_file(path: str | Path, other: str | Path) -> bool:
    """Whether both paths lead to one file: by name, by links, or on a case-insensitive file system."""
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(path, other)  # noqa: PTH121 - either may be text
    except (OSError, ValueError):
        return False


def is_stream(path: str) -> bool:
    """Whether output there cannot be replaced: stdout, an open descriptor, a pipe, or a device."""
    if path == STDOUT:
        return True
    try:
        return open_number(path) is not None or not stat.S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):  # the file does not exist yet, or the path is not valid
        return False


def remove_file(path: str) -> None:
    """Remove a report whose verdict is no longer that of the run."""
    with contextlib.suppress(OSError):
        Path(path).unlink()


def write_report(name: str, path: str, render: Callable[[], str], console: Console) -> str | None:
    """Write a report with secrets masked; if that fails, print the error and return it.

    Args:
        name: of its format.
        path: of the report; `-` is stdout.
        render: returns its text.
        console: for stdout, and for the error.
    """
    try:
        text = console.redactor.data(render())
        if path == STDOUT:
            console.document(text)
        else:
            write_whole(Path(path), text)
    except (OSError, ValueError) as error:
        line = f"the report {name}={clean(path, 300)} could not be written: {reason_of(error)}"
        console.error(line)
        return line
    return None


def reason_of(error: OSError | ValueError) -> str:
    """Return the reason of a file error, without the path."""
    return clean(error.strerror if isinstance(error, OSError) and error.strerror else error, 200)


def write_whole(path: Path, text: str) -> None:
    """Replace a file atomically; a pipe, or an open descriptor such as /dev/stdout, is written to directly.

    Raises:
        OSError: it cannot be written; the previous content is unchanged.
        ValueError: the path is not valid.
    """
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        write_to_pipe(path, text.encode("utf-8", errors="replace"))
        return
    if (number := open_number(path)) is not None:  # replacing the file would lose what others write to the descriptor
        write_to_open(number, text.encode("utf-8", errors="replace"))
        return
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name[:100]}.{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            for first in range(0, len(text), _SLICE):  # a whole report in bytes would be in memory twice
                file.write(text[first : first + _SLICE].encode("utf-8", errors="replace"))
        unfinished.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _is_stdout(path: str) -> bool:
    return path == STDOUT or open_number(path) == _STDOUT_NUMBER


def check_path(path: Path) -> None:
    """Refuse a path that cannot be written.

    Raises:
        Misused: it is a folder, or lies under a file.
        OSError: the system refuses it.
    """
    if path.is_dir():
        raise Misused(f"{path} is a folder; name a file in it")
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir():
        raise Misused(f"{parent} is a file, so nothing can be written under it")
