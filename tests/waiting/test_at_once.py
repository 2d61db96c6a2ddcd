"""Several polls at once: after the first answer, at most eight, all paused or stopped together."""

import sys
import threading
from collections.abc import Callable
from types import FrameType

import httpx
import pytest

from hssgate.errors import ApiError, ApiRefused, ApiUnavailable, Exchange, Interrupted, RequestRefused
from hssgate.exit_codes import ExitCode
from hssgate.hss.at_once import CALLS_AT_ONCE, ask_at_once
from hssgate.hss.client import HssClient
from hssgate.hss.connection import Connection
from hssgate.hss.credentials import Token
from hssgate.hss.hosts import Hosts
from hssgate.hss.models import CicdImage
from hssgate.hss.page_reader import LARGEST_AT_ONCE
from hssgate.hss.paging import Listing
from hssgate.hss.query import CicdImagesQuery
from hssgate.hss.secret import Secret
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.settings import WaitSettings
from hssgate.waiting.observation import Observation
from hssgate.waiting.poll_group import PollGroup
from hssgate.waiting.poller import Poller
from hssgate.waiting.row_filter import Wanted
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.states import Ending
from tests.conftest import Bench
from tests.support.fakes import START, FakeClock
from tests.waiting.test_poller import ROW, page

LONGEST = 30.0  # seconds of real time after which a test gives up on its threads


class ThreadedClock(FakeClock):
    """Virtual time, but real threads for what is done together."""

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONGEST)
            assert not thread.is_alive()


class Crowd:
    """Images that are polled one by one, each by a request of its own; what happens is recorded.

    Args:
        size: of images.
        status: of the row that an answer shows.
        errors: raised instead, by the number of the image, once.
        clock: time, and the threads.
    """

    tick_seconds = 1e9
    time_left: Callable[[], float] | None = None

    def __init__(self, size: int, *, status: str, errors: dict[int, ApiError], clock: FakeClock) -> None:
        self.references = [parse_reference(f"app-{number}:1") for number in range(size)]
        self.errors = errors
        self.waits_for_failure = bool(errors)  # the answers beside a failure come after it
        self.clock = clock
        self.polls: list[tuple[int, float]] = []
        self.most = self.under_way = 0
        self.first_round = threading.Barrier(CALLS_AT_ONCE)
        self.has_failed = threading.Event()
        self._status = status
        self._lock = threading.Lock()

    def wait(self) -> dict[Reference, Observation]:
        poll_groups = [
            PollGroup((reference,), self._fetch_of(number)) for number, reference in enumerate(self.references)
        ]
        poller = Poller(
            poll_groups, Schedule(WaitSettings(timeout=600, settle=0), start=self.clock.monotonic(), single_poll=9),
            self.clock, self,
            scanned_after=None, similar_rows=lambda _reference, _within: Listing((), None, Exchange(200)),
        )  # fmt: skip
        return poller.run()

    def _fetch_of(self, number: int) -> Callable[[float], Listing[CicdImage]]:
        return lambda _within: self._fetch(number)

    def _fetch(self, number: int) -> Listing[CicdImage]:
        with self._lock:
            order = len(self.polls)
            self.polls.append((number, self.clock.monotonic()))
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        if order == 0:
            assert self.under_way == 1
        elif order <= CALLS_AT_ONCE:
            self.first_round.wait(LONGEST)  # none is answered before eight are under way
        with self._lock:
            self.under_way -= 1
            error = self.errors.pop(number, None)
        if error is not None:
            raise error
        if self.waits_for_failure and 0 < order <= CALLS_AT_ONCE:
            assert self.has_failed.wait(LONGEST)
        name = self.references[number].image_name
        row = {"image_name": name, "image_version": "1", "scan_status": self._status}
        return Listing((CicdImage.model_validate(row),), START, Exchange(200))

    def changed(self, _reference: Reference, state: str, _elapsed: float) -> None:
        if state.startswith(("no answer", "refused")):
            self.has_failed.set()

    def advise(self, _text: str, _elapsed: float) -> None: ...

    def detail(self, _text: str, _elapsed: float) -> None: ...

    def tick(self, _elapsed: float) -> None: ...

    def warn(self, _text: str) -> None: ...


def test_the_first_is_asked_alone_and_then_eight_at_once() -> None:
    """One good answer shows that the credentials are good; more than eight are never under way."""
    crowd = Crowd(20, status="failed", errors={}, clock=ThreadedClock())

    ended = crowd.wait()

    assert {observation.ending for observation in ended.values()} == {Ending.ENDED}
    assert sorted(number for number, _ in crowd.polls) == list(range(20))
    assert (crowd.polls[0][0], crowd.most) == (0, CALLS_AT_ONCE)


@pytest.mark.parametrize("alone", [pytest.param(401, id="refused"), pytest.param(503, id="no answer")])
def test_without_a_good_answer_one_is_asked_at_a_time(alone: int) -> None:
    """A refusal of the credentials costs one request; a fault says nothing about them."""
    if alone == 401:
        crowd = Crowd(9, status="failed", errors={0: ApiRefused("HTTP 401", Exchange(401))}, clock=ThreadedClock())
        assert {observation.ending for observation in crowd.wait().values()} == {Ending.REFUSED}
        assert [number for number, _ in crowd.polls] == [0]
        return
    crowd = Crowd(9, status="failed", errors={}, clock=ThreadedClock())
    busy = {number: ApiUnavailable("busy", Exchange(503)) for number in range(9)}
    asked: list[int] = []

    def fetch(number: int) -> Listing[CicdImage]:
        with crowd._lock:
            assert crowd.under_way == 0
        asked.append(number)
        raise busy[number]

    crowd._fetch = fetch  # type: ignore[method-assign]
    assert {observation.ending for observation in crowd.wait().values()} == {Ending.UNANSWERED}
    assert set(asked) == set(range(9))


def test_all_pause_when_one_is_throttled() -> None:
    """Also those under way, whose answers come later: none is asked before the time that the server named."""
    throttled = ApiUnavailable("HTTP 429", Exchange(429), retry_after=40.0, throttled=True)
    crowd = Crowd(12, status="scanning", errors={3: throttled}, clock=ThreadedClock())
    began = crowd.clock.monotonic()

    crowd.wait()

    moments = [moment - began for _, moment in crowd.polls]
    assert moments[: 1 + CALLS_AT_ONCE] == [0.0] * (1 + CALLS_AT_ONCE)
    assert min(moments[1 + CALLS_AT_ONCE :]) >= 40.0


def test_all_stop_when_the_credentials_are_refused() -> None:
    """None of those that were not under way is asked; answers that come later change nothing."""
    crowd = Crowd(20, status="failed", errors={3: ApiRefused("HTTP 403", Exchange(403))}, clock=ThreadedClock())

    ended = crowd.wait()

    endings = [ended[reference].ending for reference in crowd.references]
    assert endings == [Ending.ENDED, *[Ending.REFUSED] * 19]
    assert len(crowd.polls) == 1 + CALLS_AT_ONCE


def test_a_refusal_of_one_request_stops_only_its_image() -> None:
    """The others are asked and judged."""
    crowd = Crowd(20, status="failed", errors={3: RequestRefused("HTTP 400", Exchange(400))}, clock=ThreadedClock())

    ended = crowd.wait()

    endings = [ended[reference].ending for reference in crowd.references]
    assert [number for number, ending in enumerate(endings) if ending is Ending.REFUSED] == [3]
    assert endings.count(Ending.ENDED) == 19


def test_an_answer_after_an_interrupt_changes_nothing() -> None:
    """The caller goes on with what it has; its state must not change meanwhile."""
    threads: list[threading.Thread] = []
    asked, answer = threading.Event(), threading.Event()
    kept: list[int] = []
    left = iter([1, 2])

    class Interrupting(FakeClock):
        def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
            threads.extend(threading.Thread(target=work, daemon=True) for _ in range(workers))
            threads[0].start()
            assert asked.wait(LONGEST)
            raise Interrupted(ExitCode.TERMINATED)

    def ask(_item: int) -> int:
        asked.set()
        assert answer.wait(LONGEST)
        return 0

    with pytest.raises(Interrupted):
        ask_at_once(lambda: next(left, None), ask, lambda item, _answer: kept.append(item), Interrupting(), most=1)
    answer.set()
    threads[0].join(LONGEST)

    assert not threads[0].is_alive()
    assert (kept, list(left)) == ([], [2])


def test_a_large_answer_is_asked_for_again_by_itself(bench: Bench) -> None:
    """Eight answers of 32 MiB at once would not fit into memory; one image alone needs no second request."""
    padding = "x" * (LARGEST_AT_ONCE + 1)

    def handler(request: httpx.Request) -> httpx.Response:
        name = request.url.params["image_name"]
        return page({**ROW, "image_name": name, "padding": padding if name == "large" else ""})

    several = bench.answer(handler).check("app:1.0", "large:1.0", "other:1.0")
    requests = [request.url.params["image_name"] for request in bench.sent]
    alone = bench.answer(handler).check("large:1.0")

    assert (several.code, alone.code) == (0, 0)
    assert requests == ["app", "large", "large", "other"]
    assert [request.url.params["image_name"] for request in bench.sent] == ["large"]


@pytest.mark.large
def test_the_work_of_the_waiting_grows_with_the_images_alone() -> None:
    """Twice as many images take no more than 2.1 times as many calls of functions: no poll walks all the others."""
    calls = {size: _function_calls(size) for size in (60, 120)}

    assert calls[120] <= 2.1 * calls[60]


def _function_calls(size: int) -> int:
    crowd = Crowd(size, status="scanning", errors={}, clock=FakeClock())
    crowd.first_round = threading.Barrier(1)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        crowd.wait()
    finally:
        sys.setprofile(None)
    return calls


def test_a_large_answer_waits_for_another_one_no_longer_than_its_time() -> None:
    """Then there is no answer, as after any other silence."""
    clock = FakeClock()
    row = {**ROW, "padding": "x" * LARGEST_AT_ONCE}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=iter([page(row).content])))
    hosts = Hosts(
        lambda _endpoint, _proxy: httpx.Client(transport=transport, trust_env=False), lambda _endpoint: None, clock,
        on_secret=lambda _secret: None, log=lambda _line: None,
    )  # fmt: skip
    connection = Connection(
        endpoint="https://hss.example", project_id="p", credentials=Token(value=Secret("t"), source="a test")
    )
    client = HssClient(hosts, connection, clock, lambda _line: None)
    query = CicdImagesQuery(image_name="app", image_version="1.0")
    client._large_answer.acquire()

    with pytest.raises(ApiUnavailable, match="large response"):
        client.list_cicd_images(query, within=0.05, largest=LARGEST_AT_ONCE, row_filter=lambda: Wanted([]))
