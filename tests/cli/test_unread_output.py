"""Output that no process reads: a full pipe behind stdout or stderr is given up, and defeats no deadline."""

import contextlib
import fcntl
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from hssgate.cli.console import Console
from hssgate.cli.context import real_context
from hssgate.cli.signals import Signals
from hssgate.files import PATIENCE, write_to_stream
from tests.cli.test_check import finished, images
from tests.conftest import Bench

WritingTo = Callable[[str], AbstractContextManager[None]]
ROOM = 4096  # bytes; the smallest size of a pipe


class Pipe:
    """A small pipe, and its reader."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, ROOM)

    def close(self) -> None:
        for number in (self.reader, self.writer):
            os.close(number)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


@pytest.fixture
def writing_to(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> WritingTo:
    """Return what makes a stream of `sys` the pipe, with a short patience; pytest has streams of its own until a test."""
    monkeypatch.setattr("hssgate.files.PATIENCE", 0.02)

    @contextlib.contextmanager
    def writing(name: str) -> Iterator[None]:
        with os.fdopen(os.dup(pipe.writer), "w", encoding="utf-8") as stream:
            monkeypatch.setattr(sys, name, stream)
            yield

    return writing


def test_a_verdict_that_no_process_reads_is_an_error(writing_to: WritingTo) -> None:
    """What fits into the pipe is printed; then stdout is given up, and what comes after is not waited for."""
    with writing_to("stdout"):
        console = Console()
        for _ in range(1000):
            console.result("x" * ROOM)

    assert isinstance(console.unprinted, TimeoutError)
    assert "no process reads it: 0.02s without a byte" in str(console.unprinted)


def test_progress_that_no_process_reads_is_dropped(writing_to: WritingTo) -> None:
    """It changes nothing about the run."""
    with writing_to("stderr"):
        console = Console()
        for _ in range(1000):
            console.progress("x" * 100)
            console.warning("x" * 100)

    assert console.unprinted is None


@pytest.mark.parametrize(
    "write",
    [pytest.param(Console.document, id="a report on stdout"), pytest.param(Console.rows, id="rows of hssgate images")],
)
def test_a_document_that_no_process_reads_is_an_error(
    writing_to: WritingTo, write: Callable[[Console, str], None]
) -> None:
    """It could not be written, as any other; what comes after is not waited for."""
    with writing_to("stdout"):
        console = Console()
        with pytest.raises(TimeoutError, match="no process reads it"):
            write(console, "x" * 2 * ROOM)
        write(console, "x" * 2 * ROOM)


def test_a_reader_that_is_slow_gets_everything(pipe: Pipe) -> None:
    """In pieces, each as soon as there is room."""
    data = os.urandom(10 * ROOM)
    found = bytearray()

    def read() -> None:
        while len(found) < len(data):
            found.extend(os.read(pipe.reader, 100))

    reader = threading.Thread(target=read)
    reader.start()
    write_to_stream(pipe.writer, data)
    reader.join()

    assert found == data


def test_the_patience_may_end_while_it_lasts(pipe: Pipe) -> None:
    """It is asked for again and again: a signal shortens it."""
    seconds = iter([30.0, 30.0, 0.0])

    with pytest.raises(TimeoutError):
        write_to_stream(pipe.writer, b"x" * 2 * ROOM, lambda: next(seconds))


def test_a_signal_shortens_the_patience() -> None:
    """From half a minute to a second, for whoever sent it soon kills the process."""
    signals = Signals()
    console = real_context(signals).console
    assert console.patience is not None

    before = console.patience()
    with signals.heeded(lambda _code: None):
        signals.receive(15)

    assert (before, console.patience()) == (PATIENCE, 1.0)


def test_a_file_takes_everything_at_once(tmp_path: Path) -> None:
    """There is no reader to wait for."""
    with (tmp_path / "log").open("wb") as file:
        write_to_stream(file.fileno(), b"x" * 10 * ROOM, lambda: 0.0)

    assert (tmp_path / "log").stat().st_size == 10 * ROOM


def test_a_run_whose_stdout_no_process_reads_is_no_pass(bench: Bench, pipe: Pipe, writing_to: WritingTo) -> None:
    """It ends, and every report says why the exit code is 3."""
    os.write(pipe.writer, b"x" * ROOM)
    bench.play(images(finished()))

    with writing_to("stdout"):
        ended = bench.check("team/app:1.0")

    assert ended.code == 3
    assert "the verdict could not be printed on stdout: no process reads it" in ended.err
    assert ended.report["exit_code"] == 3
