"""Many gates under one key in one virtual time: the whole command line against the emulator."""

import contextlib
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.main import run
from hssgate.cli.signals import Signals
from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from tests.conftest import KEY
from tests.support.shared_time import SharedClock, SharedTime

LATENCY = 0.2  # seconds that each call takes
THROTTLED = 429
APART = 0.001  # seconds between the starts of two


@dataclass(frozen=True)
class Member:
    """One member of a fleet: an image, and the gate that waits for it.

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
        end = {"scan_status": "success", "severity_level": self.level, "vul_num": 1, "malicious_file_num": 0}
        timeline = [{"at": 0, "scan_status": "scanning"}, {"at": self.scanned, **end}]
        return {"image_name": f"app-{self.number}", "image_version": "1.0", "timeline": timeline}

    @property
    def level(self) -> str:
        return "Low" if self.right == 0 else "High"


@dataclass(frozen=True)
class Quota:
    """Rate limit of one key.

    Args:
        calls: that many
        seconds: in any span of that many.
        retry_after: what a refusal tells, in seconds; None: nothing.
    """

    calls: int
    seconds: float = 60
    retry_after: float | None = None


@dataclass(frozen=True)
class Ended:
    """Result of one member.

    Args:
        member: who.
        code: the exit code.
        at: seconds from the start.
        answered: how many of its calls were not refused.
    """

    member: Member
    code: int
    at: float
    answered: int

    @property
    def delay(self) -> float:
        """Seconds from the end of the scan to the end of the wait."""
        return self.at - self.member.scanned


@dataclass(frozen=True)
class Sailed:
    """Results of a fleet.

    Args:
        ended: each.
        calls: of all.
        refused: how many of them, for the limit.
    """

    ended: Sequence[Ended]
    calls: int
    refused: int

    @property
    def codes(self) -> dict[int, int]:
        """The exit code of each, by its number."""
        return {ended.member.number: ended.code for ended in self.ended}


def fleet_of(size: int) -> list[Member]:
    """Return members whose scans take one to five minutes; every tenth image is blocked."""
    chance = random.Random(size)
    return [Member(number, chance.uniform(60, 300), 10 if number % 10 == 0 else 0) for number in range(1, size + 1)]


def sail(members: Sequence[Member], quota: Quota, *arguments: str) -> Sailed:
    """Run `hssgate check` for all members at once, under one key.

    Args:
        members: who waits.
        quota: what the key is allowed.
        arguments: more of them, for each.
    """
    shared = SharedTime()
    scenario = {
        "images": [member.image for member in members],
        "rate_limit": {"requests": quota.calls, "seconds": quota.seconds, "retry_after": quota.retry_after},
        "match": "exact",
        "faults": [{"requests": "*", "call": "any", "delay": LATENCY}],
    }
    emulator = Emulator(Scenario.model_validate(scenario), now=shared.epoch, sleep=shared.sleep)
    ended: list[Ended] = []
    lines: list[_Line] = []

    def live(member: Member) -> None:
        lines.append(line := _Line(emulator))
        world = RunContext(
            SharedClock(shared, member.number),
            lambda _endpoint, _ca_bundle, _proxy: httpx.Client(transport=line, trust_env=False),
            Signals(), KEY, Console(),
        )  # fmt: skip
        given = [f"app-{member.number}:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p", "-q"]
        code = run(["check", *given, *arguments], world)
        ended.append(Ended(member, code, shared.elapsed, line.calls - line.refused))

    for member in members:
        shared.start(lambda member=member: live(member), after=member.number * APART)  # type: ignore[misc]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        shared.run()
    return Sailed(ended, sum(line.calls for line in lines), sum(line.refused for line in lines))


class _Line(httpx.BaseTransport):
    """Transport of one gate to the emulator; counts the responses.

    Args:
        emulator: answers.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._inner = httpx.WSGITransport(app=emulator)
        self.calls = self.refused = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        body = b"".join(response.stream)  # type: ignore[arg-type]
        self.calls += 1
        self.refused += response.status_code == THROTTLED
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body))
