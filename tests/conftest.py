"""The gate's own command line over the emulator, in virtual time and without sockets."""

import contextlib
import functools
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import httpx
import hypothesis
import pytest
from junitparser import JUnitXml

from hssgate.cli.context import RunContext
from hssgate.cli.main import run
from hssgate.cli.signals import Signals
from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from hssgate.emulator.scenario import parse_scenario
from hssgate.hss.secret import Secret
from hssgate.policy.model import BUILT_IN_TEXT
from tests.support.depth import DEPTH
from tests.support.fakes import FakeClock
from tests.support.machine import Machine
from tests.support.registry import Registry

_OWN_VARIABLES = (
    "HSSGATE_",
    "HUAWEICLOUD_",
    "HW_",
    "CLOUD_SDK_",
    "GITHUB_",
    "ACTIONS_",
    "DOCKER_CONFIG",
    "SSL_CERT_FILE",
    "LANG",
    "LC_ALL",
    "REQUESTS_CA_BUNDLE",
    "NO_COLOR",
    "FORCE_COLOR",
    "COVERAGE_",  # whoever runs the tests is measured; the processes that a test starts run as a user's do
)
_MEASURED = {"tests", "cli", "hss", "identity", "judging", "policy", "saved", "selftest", "waiting"}  # folders
_MEMORY = Path("/dev/shm")  # noqa: S108 - each user has a folder of their own in it
_ROOM = 2**30  # bytes
KEY = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}


def sha256(path: str | Path) -> str:
    """The first digits of a file's SHA-256, by which a policy is named in every output."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


NO_FILE = (  # how the built-in policy is named
    f"built-in policy (sha256 {hashlib.sha256(BUILT_IN_TEXT.encode()).hexdigest()[:12]}; "
    "no hssgate.yaml, .yml, .toml or .json in {folder})"
)


def _heed_signals() -> None:
    """Give the processes that tests start the usual signals, also where a shell runs the tests in the background.

    Such a shell ignores SIGINT, and nohup SIGHUP, for all that it starts: a process to which a test sends one of them
    would never end.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make quick`."""
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out real and large tests, and go through a part of the largest tables",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set how deep tests go, and where their files are."""
    _heed_signals()
    DEPTH.is_quick = config.getoption("--quick")
    usual = hypothesis.settings.get_profile("ci" if os.environ.get("CI") else "default")
    examples = DEPTH.examples(usual.max_examples)
    # A busy machine is no fault, so that there is no deadline.
    hypothesis.settings.register_profile("ours", usual, deadline=None, max_examples=examples)
    hypothesis.settings.load_profile("ours")
    # On a disk, the folders of six thousand tests take longer than the tests: they are put into memory.
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is real or large, and a part of the rows of long tables, if asked to."""
    if not DEPTH.is_quick:
        return
    left_out = [item for item in items if item.get_closest_marker("real") or item.get_closest_marker("large")]
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for rows in tables.values():
        left_out += DEPTH.left_out_of(rows)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in {*left_out}]


class _Guard:
    """Keeps tests that are not marked `real` from processes and sockets: `make quick` is quick, and runs anywhere."""

    _REAL = frozenset(
        {"socket.__new__", "subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"}
    )

    def __init__(self) -> None:
        self._is_on = False
        self._was_off = False
        self._refused: list[str] = []

    def __call__(self, event: str, _arguments: object) -> None:
        """Refuse what Python is about to do."""
        if self._is_on and event in self._REAL:
            self._refused.append(event)
            raise PermissionError(f"{event} in a test without the mark real")

    def set_for(self, item: pytest.Item) -> None:
        """Poller over a test, unless it or one before it is real: servers of that one may live on in their threads."""
        self._was_off |= any(item.get_closest_marker(name) for name in ("real", "integration"))
        self._is_on = not self._was_off

    def stop(self) -> None:
        """Let everything pass."""
        self._is_on = False

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """Let something pass that a test needs in order to begin."""
        before, self._is_on = self._is_on, False
        yield
        self._is_on = before

    def check(self) -> None:
        """Fail the test if it was refused something, for it may have taken that for a connection that fails."""
        if self._refused:
            events = ", ".join(sorted(set(self._refused)))
            self._refused.clear()
            pytest.fail(f"{events}: a test that starts a process or opens a socket is marked with @pytest.mark.real")


GUARD = _Guard()
sys.addaudithook(GUARD)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the guard before the fixtures."""
    GUARD.set_for(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure the tests in the folders of the modules that decide: to be measured takes a test twice as long."""
    measurement = coverage.Coverage.current()
    folder = item.path.parent.name
    left_to_others = item.get_closest_marker("large") or item.get_closest_marker("unmeasured")
    if measurement is None or (folder in _MEASURED and not left_to_others):
        return (yield)
    measurement.stop()
    try:
        return (yield)
    finally:
        measurement.start()


@pytest.fixture(autouse=True)
def guarded() -> Iterator[None]:
    """Fail where the guard was tripped."""
    yield
    GUARD.check()


def pytest_sessionfinish() -> None:
    """Keep what was measured, for a process that runs tests for another ends without ceremony; and end the guard.

    mutmut runs the tests in its own process, and then forks one for each mutant.
    """
    GUARD.stop()
    if measurement := coverage.Coverage.current():
        measurement.stop()
        measurement.save()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the caller's and no policy file of this folder reaches a test."""
    for name in [*os.environ]:
        if name.startswith(_OWN_VARIABLES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C.UTF-8")  # without any, Python adds LC_CTYPE to the environment of its processes
    monkeypatch.chdir(tmp_path)


@functools.lru_cache
def _parsed(scenario: str) -> Scenario:
    """A scenario, which nothing changes: many runs are of the same one."""
    return parse_scenario(scenario, "scenario")


@dataclass(frozen=True)
class Ended:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        loaded: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def junit(self) -> JUnitXml:
        """The JUnit report, read by an independent parser."""
        return JUnitXml.fromfile(str(self.folder / "junit.xml"))

    def checks(self, image: int = 0) -> dict[str, str]:
        """The result of each check of an image."""
        return {check["rule"]: check["result"] for check in self.report["images"][image]["checks"]}


@dataclass
class Bench:
    """A gate, an emulator and a clock.

    Args:
        capture: pytest's own.
        folder: of the run.
        clock: virtual time.
        sent: the requests of the last run, as they went over the wire.
        signals: of the last run; none reaches it but through `receive`.
    """

    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    emulator: Emulator = field(init=False)
    handler: Callable[[httpx.Request], httpx.Response] | None = None
    sent: list[httpx.Request] = field(default_factory=list)
    signals: Signals = field(default_factory=Signals)

    def play(self, scenario: str) -> "Bench":
        """Start the emulator over a scenario."""
        self.emulator = Emulator(_parsed(scenario), now=self.clock.epoch, sleep=self.clock.pass_time)
        return self

    def answer(self, handler: Callable[[httpx.Request], httpx.Response]) -> "Bench":
        """Answer requests by hand instead."""
        self.handler = handler
        return self

    def check(self, *arguments: str, env: dict[str, str] | None = None, reports: bool = True) -> Ended:
        """Run `hssgate check`, with JUnit and JSON reports."""
        given = ["check", *arguments, "--endpoint", "http://127.0.0.1:9", "--project-id", "project"]
        if reports:
            given += ["--report", "junit=junit.xml", "--report", "json=report.json"]
        return self.run(*given, env=KEY if env is None else env)

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Ended:
        """Run the command line."""
        self.sent.clear()
        with self.monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            self.signals = Signals()
            world = RunContext(self.clock, self._open_http, self.signals, os.environ)
            code = run(arguments, world)
        out, err = self.capture.readouterr()
        return Ended(code, out, err, self.folder)

    def _open_http(self, _endpoint: str, _ca_bundle: Path | None, _proxy: Secret | None) -> httpx.Client:
        transport: httpx.BaseTransport
        if handler := self.handler:
            transport = httpx.MockTransport(lambda request: _as_stream(handler(request)))
        else:
            transport = httpx.WSGITransport(app=self.emulator)
        return httpx.Client(transport=_Recording(transport, self.sent))


class _Recording(httpx.BaseTransport):
    """Keeps each request."""

    def __init__(self, transport: httpx.BaseTransport, sent: list[httpx.Request]) -> None:
        self._transport = transport
        self._sent = sent

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._sent.append(request)
        return self._transport.handle_request(request)


def _as_stream(response: httpx.Response) -> httpx.Response:
    """Give the body piece by piece, as a socket does."""
    stream = httpx.ByteStream(response.content)
    return httpx.Response(response.status_code, headers=response.headers, stream=stream, extensions=response.extensions)


@pytest.fixture
def registry() -> Registry:
    """An empty registry."""
    return Registry()


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    """A gate over the emulator's default: one finished image."""
    return Bench(capsys, monkeypatch, tmp_path)


@pytest.fixture
def in_shanghai() -> Iterator[None]:
    """The local time of the machine is eight hours ahead of UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine on which nothing may be left running."""
    found = Machine(tmp_path)
    yield found
    assert found.left() == {}
