"""Thousands of waits under one key, without HTTP: the gate's own poller, and simple polling loops.

The command line around the poller is left out; `tests/waiting/test_fleet.py` proves that the results are the same.
"""

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.settings import WaitSettings
from hssgate.waiting.poll_group import PollGroup
from hssgate.waiting.poller import Poller
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.states import Ending
from tests.support.fakes import START
from tests.support.fleet import APART, LATENCY, THROTTLED, Ended, Member, Quota, Sailed
from tests.support.shared_time import SharedClock, SharedTime

_REFUSED = Exchange(THROTTLED)
_ANSWERED = Exchange(200)
_LONGEST_LOOP = 1800.0
_GRACE = 2.0  # seconds that a promised turn is kept


class Throttled(Exception):
    """A call came too early.

    Args:
        retry_after: value of `Retry-After` in seconds, if any.
    """

    def __init__(self, retry_after: float | None) -> None:
        super().__init__()
        self.retry_after = retry_after


class Turnstile:
    """Rate limit, like the emulator's.

    Args:
        quota: what is allowed.
    """

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self._admitted: deque[float] = deque(maxlen=quota.calls)
        self.calls = self.refused = 0

    def admit(self, now: float) -> None:
        """Count a call.

        Raises:
            Throttled: it is one too many.
        """
        self.calls += 1
        if not self._has_room(now):
            self.refused += 1
            raise Throttled(self._retry_after(now))

    def _has_room(self, now: float) -> bool:
        full = len(self._admitted) == self._quota.calls and self._admitted[0] > now - self._quota.seconds
        if not full:
            self._admitted.append(now)
        return not full

    def _retry_after(self, _now: float) -> float | None:
        return None if self._quota.retry_after is None else math.ceil(self._quota.retry_after)


class Queue(Turnstile):
    """Rate limit that tells each refused caller its turn, and keeps that turn free."""

    def __init__(self, quota: Quota) -> None:
        super().__init__(quota)
        self._promised: list[float] = []

    def _has_room(self, now: float) -> bool:
        while self._promised and self._promised[0] <= now - _GRACE:
            heapq.heappop(self._promised)
        if self._promised and self._promised[0] <= now:
            heapq.heappop(self._promised)
            return True
        return super()._has_room(now)

    def _retry_after(self, now: float) -> float:
        turn = self._admitted[0] + self._quota.seconds
        self._admitted.append(turn)
        wait = math.ceil(turn - now)
        heapq.heappush(self._promised, now + wait)
        return wait


Way = Callable[[Member, Turnstile, SharedTime, Callable[[Ended], None]], None]


def pass_through(members: Sequence[Member], way: Way, turnstile: Turnstile) -> Sailed:
    """Run all members at once with one kind of polling."""
    shared = SharedTime()
    ended: list[Ended] = []
    for member in members:
        way(member, turnstile, shared, ended.append)
    shared.run()
    return Sailed(ended, turnstile.calls, turnstile.refused)


def watching(patience: WaitSettings) -> Way:
    """Return the polling of the gate."""

    def start(member: Member, turnstile: Turnstile, shared: SharedTime, tell: Callable[[Ended], None]) -> None:
        shared.start(lambda: tell(_watch(member, turnstile, shared, patience)), after=member.number * APART)

    return start


def polling(interval: float) -> Way:
    """Return the polling of typical shell loops: a fixed interval for half an hour, for any response."""

    def start(member: Member, turnstile: Turnstile, shared: SharedTime, tell: Callable[[Ended], None]) -> None:
        shared.start_steps(_poll(member, turnstile, shared, interval, tell), after=member.number * APART)

    return start


def _watch(member: Member, turnstile: Turnstile, shared: SharedTime, patience: WaitSettings) -> Ended:
    reference = parse_reference(f"app-{member.number}:1.0")
    names = {"image_name": reference.image_name, "image_version": "1.0", "latest_update_time": int(START * 1000)}
    before = CicdImage.model_validate(names | {"scan_status": "scanning"})
    result = {"severity_level": member.level, "vul_num": 1, "malicious_file_num": 0}
    scanned = {"scan_status": "success", "latest_scan_time": int((START + member.scanned) * 1000)}
    after = CicdImage.model_validate(names | scanned | result)
    answered = 0

    def fetch(_within: float) -> Listing[CicdImage]:
        nonlocal answered
        shared.sleep(LATENCY)
        try:
            turnstile.admit(shared.now)
        except Throttled as throttled:
            raise ApiUnavailable("throttled", _REFUSED, retry_after=throttled.retry_after) from None
        answered += 1
        row = after if shared.elapsed >= member.scanned else before
        return Listing((row,), math.floor(shared.epoch()), _ANSWERED)

    poller = Poller(
        [PollGroup((reference,), fetch)], Schedule(patience, start=shared.now, single_poll=30),
        SharedClock(shared, member.number), _Nobody(), scanned_after=None, similar_rows=lambda _reference, within: fetch(within),
    )  # fmt: skip
    ending = poller.run()[reference].ending
    codes = {Ending.ENDED: member.right, Ending.TIMED_OUT: 4}
    return Ended(member, codes.get(ending, 3), shared.elapsed, answered)


def _poll(
    member: Member, turnstile: Turnstile, shared: SharedTime, interval: float, tell: Callable[[Ended], None]
) -> Iterator[float]:
    began = shared.elapsed
    answered = 0
    while shared.elapsed - began < _LONGEST_LOOP:
        yield LATENCY
        try:
            turnstile.admit(shared.now)
        except Throttled:
            pass
        else:
            answered += 1
            if shared.elapsed >= member.scanned:
                tell(Ended(member, member.right, shared.elapsed, answered))
                return
        yield interval
    tell(Ended(member, 4, shared.elapsed, answered))


class _Nobody:
    """Observer that ignores all events."""

    tick_seconds = float("inf")
    time_left: Callable[[], float] | None = None

    def changed(self, _reference: Reference, _state: str, _elapsed: float) -> None: ...

    def detail(self, _text: str, _elapsed: float) -> None: ...

    def advise(self, _text: str, _elapsed: float) -> None: ...

    def tick(self, _elapsed: float) -> None: ...

    def warn(self, _text: str) -> None: ...
