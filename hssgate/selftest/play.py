"""Runs one situation: the emulator on a socket, and the real command as a process."""

import contextlib
import json
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse

from hssgate.clock import Clock
from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from hssgate.emulator.server import serve
from hssgate.errors import Misused
from hssgate.saved.consistency import read_consistent_report
from hssgate.selftest.situation import Signal, Situation
from hssgate.selftest.starts import Starter
from hssgate.selftest.surroundings import JSON_REPORT, JUNIT_REPORT, arguments_of

_LONGEST = 60.0  # seconds; the deadlines of all situations are far below
_GLANCE = 0.05  # seconds between two checks of a process
_LONGEST_OUTPUT = 200_000  # bytes of output that are read


class Stopped(Exception):
    """The situation was stopped from outside."""


@dataclass(frozen=True)
class Ended:
    """A finished process.

    Args:
        exit_code: of the process; None: it hung, and was killed.
        out: its stdout.
        err: its stderr.
        requests: number of requests to the API.
        json: its JSON report; None: there is none, or it is not valid JSON.
        contradiction: inconsistency of the JSON report; None: it is consistent, or there is none.
        junit: its JUnit report; None: there is none.
        written: the files that the situation expects, by name; empty where there is none.
        arguments: of `hssgate`.
        seconds: duration.
    """

    exit_code: int | None
    out: str
    err: str
    requests: int
    json: Any
    junit: bytes | None
    arguments: tuple[str, ...]
    seconds: float
    contradiction: str | None = None
    written: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Player:
    """Runs situations, each in a process and a folder of its own.

    Args:
        clock: the time of the API, and for durations.
        environ: of the caller.
        folder: for temporary folders, one for each situation.
        starter: starts the processes.
        stop: when it is set, running situations are stopped.
        longest: seconds after which a process counts as hanging.
    """

    clock: Clock
    environ: Mapping[str, str]
    folder: Path
    starter: Starter = field(default_factory=Starter)
    stop: threading.Event = field(default_factory=threading.Event)
    longest: float = _LONGEST

    def play(self, situation: Situation) -> Ended:
        """Run a situation to its end.

        Raises:
            OSError: a folder, a socket or a process could not be created.
            Stopped: it was stopped.
        """
        with (
            tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as name,
            _playing(situation, self.clock.epoch) as (url, api),
        ):
            folder = Path(name)
            here = folder / situation.folder
            here.mkdir(parents=True, exist_ok=True)
            for file, text in situation.written.items():
                (folder / file).write_text(text, encoding="utf-8")
            arguments = arguments_of(situation, url)
            began = self.clock.monotonic()
            exit_code = self._run(situation, arguments, folder)
            return Ended(
                exit_code=exit_code,
                out=_read(folder / "out"),
                err=_read(folder / "err"),
                requests=api.request_count,
                json=_json(here / JSON_REPORT),
                junit=_bytes(here / JUNIT_REPORT),
                arguments=tuple(arguments),
                seconds=self.clock.monotonic() - began,
                contradiction=_contradiction(here / JSON_REPORT),
                written={file: _read(here / file) for file in situation.writes},
            )

    def _run(self, situation: Situation, arguments: list[str], folder: Path) -> int | None:
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = self.starter.start(situation, arguments, self.environ, folder, (out, err))
        deadline = self.clock.monotonic() + self.longest
        try:
            to_send = situation.signal
            while self.clock.monotonic() < deadline:
                if self.stop.is_set():
                    raise Stopped
                if to_send is not None and to_send.once_said in _read(folder / "err"):
                    process.send_signal(_number(to_send))
                    to_send = None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_GLANCE)
            return None
        finally:
            process.kill()
            process.wait()


class _Api:
    """The API over a scenario whose time begins with the first request: a slow process start does not shift it."""

    def __init__(self, scenario: Scenario, now: Callable[[], float]) -> None:
        self._scenario = scenario
        self._now = now
        self._lock = threading.Lock()
        self._emulator: Emulator | None = None
        self.closing = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        with self._lock:
            self._emulator = self._emulator or Emulator(self._scenario, now=self._now, sleep=self._sleep)
        return self._emulator(environ, start_response)

    @property
    def request_count(self) -> int:
        return self._emulator.request_count if self._emulator else 0

    def _sleep(self, seconds: float) -> None:
        self.closing.wait(seconds)


@contextlib.contextmanager
def _playing(situation: Situation, now: Callable[[], float]) -> Iterator[tuple[str, _Api]]:
    api = _Api(situation.scenario, now)
    if not situation.listens:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, so that no other process listens there
            yield f"http://127.0.0.1:{taken.getsockname()[1]}", api
        return
    with serve(api) as server:
        try:
            yield server.url, api
        finally:
            api.closing.set()


def _number(sent: Signal) -> signal.Signals:
    return signal.Signals[sent.name]


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _read(path: Path) -> str:
    return (_bytes(path) or b"")[:_LONGEST_OUTPUT].decode("utf-8", errors="replace")


def _contradiction(path: Path) -> str | None:
    try:
        if path.exists():
            read_consistent_report(path)
    except Misused as error:
        return str(error).removeprefix(f"{path}: ")
    return None


def _json(path: Path) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(_bytes(path) or b"")
    except ValueError:
        return None
