"""Many gates at once in one virtual time: a heap of who wakes when, and one of them awake at a time."""

import contextlib
import heapq
import io
import itertools
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx

from hssgate.cli.console import Console
from hssgate.cli.main import run
from hssgate.cli.world import World
from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from tests.conftest import KEY
from tests.fakes import START

T = TypeVar("T")

LATENCY = 0.2  # seconds that each call takes
SPAN = 60  # seconds of the limit


class SharedTime:
    """Virtual time for threads: each runs until it sleeps, and the one that wakes first runs next.

    With the same threads it always goes the same way, for never are two of them awake.
    """

    def __init__(self) -> None:
        self._sleepers: list[tuple[float, int, threading.Semaphore]] = []
        self._order = itertools.count()
        self._awake = threading.Semaphore(0)
        self._mine = threading.local()
        self.now = 1000.0

    def epoch(self) -> float:
        return self.now - 1000.0 + START

    def start(self, work: Callable[[], None], after: float) -> None:
        """Let work begin in a thread of its own, after so many seconds."""
        turn = threading.Semaphore(0)

        def live() -> None:
            self._mine.turn = turn
            turn.acquire()
            try:
                work()
            finally:
                self._awake.release()

        threading.Thread(target=live, daemon=True).start()
        heapq.heappush(self._sleepers, (self.now + after, next(self._order), turn))

    def sleep(self, seconds: float) -> None:
        """Let seconds pass for the thread that calls."""
        turn: threading.Semaphore = self._mine.turn
        heapq.heappush(self._sleepers, (self.now + max(seconds, 0.0), next(self._order), turn))
        self._awake.release()
        turn.acquire()

    def run(self) -> None:
        """Let time go on until all work is done."""
        while self._sleepers:
            moment, _, turn = heapq.heappop(self._sleepers)
            self.now = max(self.now, moment)
            turn.release()
            self._awake.acquire()


class SharedClock:
    """One gate's clock in a time that it shares.

    Args:
        shared: the time.
        seed: of its chance.
    """

    def __init__(self, shared: SharedTime, seed: int) -> None:
        self._shared = shared
        self._random = random.Random(seed)
        self.sleep = shared.sleep
        self.epoch = shared.epoch
        self.on_wait: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self._shared.now

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def call(self, work: Callable[[], T], *, within: float, abandon: Callable[[], None]) -> T:
        until = self._shared.now + within
        result = work()
        if self._shared.now > until:
            abandon()
            raise TimeoutError
        return result

    def together(self, work: Callable[[], None], *, workers: int) -> None:
        for _ in range(workers):
            work()


class Counted(httpx.BaseTransport):
    """Hands requests to the emulator and counts its answers by status.

    Args:
        emulator: answers.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._inner = httpx.WSGITransport(app=emulator)
        self.statuses: list[int] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        body = b"".join(response.stream)  # type: ignore[arg-type]
        self.statuses.append(response.status_code)
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body))


@dataclass(frozen=True)
class Member:
    """One of a fleet: an image, and who waits for it.

    Args:
        number: names the image.
        scanned: seconds from the start after which its scan ends.
        right: the exit code that is due.
    """

    number: int
    scanned: float
    right: int

    @property
    def image(self) -> dict[str, object]:
        level = "Low" if self.right == 0 else "High"
        end = {"scan_status": "success", "severity_level": level, "vul_num": 1, "malicious_file_num": 0}
        timeline = [{"at": 0, "scan_status": "scanning"}, {"at": self.scanned, **end}]
        return {"image_name": f"app-{self.number}", "image_version": "1.0", "timeline": timeline}


@dataclass(frozen=True)
class Ended:
    """How it went for one.

    Args:
        member: who.
        code: the exit code.
        at: seconds from the start.
    """

    member: Member
    code: int
    at: float

    @property
    def delay(self) -> float:
        """Seconds from the end of the scan to the end of the wait."""
        return self.at - self.member.scanned


@dataclass(frozen=True)
class Sailed:
    """How it went for all.

    Args:
        ended: each.
        statuses: of all calls, in their order.
    """

    ended: Sequence[Ended]
    statuses: Sequence[int]


Wait = Callable[[Member, SharedTime, httpx.BaseTransport], int]


def fleet_of(size: int) -> list[Member]:
    """Return so many members whose scans take from one to five minutes; every tenth image is blocked."""
    chance = random.Random(size)
    return [Member(number, chance.uniform(60, 300), 10 if number % 10 == 0 else 0) for number in range(1, size + 1)]


def sail(members: Sequence[Member], wait: Wait, *, limit: int, retry_after: float | None = None) -> Sailed:
    """Let all of them wait at once under one key.

    Args:
        members: who waits.
        wait: how.
        limit: calls a minute that the key is allowed.
        retry_after: what a refusal tells, in seconds; None: nothing.
    """
    shared = SharedTime()
    scenario = {
        "images": [member.image for member in members],
        "rate_limit": {"requests": limit, "seconds": SPAN, "retry_after": retry_after},
        "match": "exact",
        "faults": [{"requests": "*", "call": "any", "delay": LATENCY}],
    }
    counted = Counted(Emulator(Scenario.model_validate(scenario), now=shared.epoch, sleep=shared.sleep))
    ended: list[Ended] = []

    def live(member: Member) -> None:
        code = wait(member, shared, counted)
        ended.append(Ended(member, code, shared.now - 1000.0))

    for member in members:
        shared.start(lambda member=member: live(member), after=member.number * 0.001)  # type: ignore[misc]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        shared.run()
    return Sailed(ended, counted.statuses)


def checking(*arguments: str) -> Wait:
    """Return a wait as `hssgate check` does it, with these arguments and else its defaults."""

    def wait(member: Member, shared: SharedTime, transport: httpx.BaseTransport) -> int:
        world = World(
            SharedClock(shared, member.number),
            lambda _endpoint, _ca_bundle: httpx.Client(transport=transport, trust_env=False),
            contextlib.nullcontext, KEY, Console(),
        )  # fmt: skip
        given = [f"app-{member.number}:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p", "-q"]
        return run(["check", *given, *arguments], world)

    return wait


def polling(interval: float, timeout: float = 1800.0) -> Wait:
    """Return a wait that asks at a fixed interval, whatever the answer is, as loops in shell scripts do."""

    def wait(member: Member, shared: SharedTime, transport: httpx.BaseTransport) -> int:
        url = f"http://127.0.0.1:9/v5/p/image/cicd/images?image_name=app-{member.number}"
        with httpx.Client(transport=transport, trust_env=False, headers={"X-Auth-Token": "emulator-token"}) as http:
            began = shared.now
            while shared.now - began < timeout:
                response = http.get(url)
                if response.status_code == 200 and response.json()["data_list"][0]["scan_status"] == "success":
                    return 10 if response.json()["data_list"][0]["severity_level"] == "High" else 0
                shared.sleep(interval)
        return 4

    return wait
