"""Who is looked for when, for how long, and when it is over: the poller by hand-written looks, in virtual time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from hssgate.durations import Moment
from hssgate.errors import ApiRefused, ApiUnavailable, Exchange, Interrupted, RequestRefused
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.settings import WaitSettings
from hssgate.waiting.observation import Observation
from hssgate.waiting.poll_group import PollGroup
from hssgate.waiting.poller import Poller
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.states import Ending
from tests.support.fakes import START, FakeClock

APP, OTHER, THIRD, FOURTH = (parse_reference(f"{name}:1") for name in ("app", "other", "third", "fourth"))
PATIENCE = WaitSettings(timeout=1000, appear_timeout=500, settle=0, interval=1, max_interval=1000)


class Even(FakeClock):
    """Chance always takes the middle, and notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[float, float]] = []
        self.together: list[int] = []

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        self.together.append(workers)
        super().call_in_threads(work, workers=workers)

    def uniform(self, low: float, high: float) -> float:
        self.asked.append((low, high))
        return (low + high) / 2


def row(status: str = "scanning", name: str = "app", **fields: object) -> CicdImage:
    base = {"image_name": name, "image_version": "1", "scan_status": status, "latest_scan_time": int(START) * 1000}
    return CicdImage.model_validate(base | fields)


MOMENT, AGE = Moment(1_000_000), Moment(1_000_000, is_age=True)
Brought = tuple[CicdImage, ...] | Exception


@dataclass
class Desk:
    """A poller and its surroundings: it is told everything, and every look is noted.

    Args:
        patience: of the poller.
        late: seconds by which the run had begun before.
        scanned_after: the moment asked for.
        server: seconds by which the server's clock is ahead; None where it tells no time.
        nearby: what a search for near misses brings.
    """

    patience: WaitSettings = PATIENCE
    late: float = 0.0
    scanned_after: Moment | None = None
    server: float | None = 0.0
    nearby: Brought = ()
    tick_seconds: float = 1e9
    time_left: Callable[[], float] | None = None
    clock: Even = field(default_factory=Even)
    taken: list[tuple[str, float, float]] = field(default_factory=list)
    searched: list[tuple[str, float, float]] = field(default_factory=list)
    changes: list[tuple[str, str, float]] = field(default_factory=list)
    looks: list[tuple[str, float]] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    lefts: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    advice: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = self.clock.monotonic() - self.late

    def poll_group(self, *references: Reference, brings: Sequence[Brought], takes: float = 0.0) -> PollGroup:
        """Return a poll group whose looks bring this in turn, and the last of it for ever."""
        left = list(brings)

        def fetch(within: float) -> Listing[CicdImage]:
            self.taken.append((references[0].image_name, self.elapsed, within))
            self.clock.pass_time(takes)
            return self.listing(left.pop(0) if len(left) > 1 else left[0])

        return PollGroup(references, fetch)

    def poll(self, *poll_groups: PollGroup) -> dict[Reference, Observation]:
        self.it = Poller(
            poll_groups, Schedule(self.patience, start=self.start, single_poll=9.0), self.clock, self,
            scanned_after=self.scanned_after, similar_rows=self.search,
        )  # fmt: skip
        return self.it.run()

    def search(self, reference: Reference, within: float) -> Listing[CicdImage]:
        self.searched.append((reference.image_name, self.elapsed, within))
        return self.listing(self.nearby)

    def listing(self, brought: Brought) -> Listing[CicdImage]:
        if isinstance(brought, Exception):
            raise brought
        server = None if self.server is None else self.clock.epoch() + self.server
        return Listing(brought, server, Exchange(200, f"r-{len(self.taken)}"))

    @property
    def elapsed(self) -> float:
        return self.clock.monotonic() - self.start

    @property
    def moments(self) -> list[float]:
        """When looks were taken, from the start of the run."""
        return [round(elapsed, 6) for _, elapsed, _ in self.taken]

    def changed(self, reference: Reference, state: str, elapsed: float) -> None:
        self.changes.append((reference.image_name, state, elapsed))

    def advise(self, text: str, elapsed: float) -> None:
        self.advice.append((text, elapsed))

    def detail(self, text: str, elapsed: float) -> None:
        self.looks.append((text, elapsed))

    def tick(self, elapsed: float) -> None:
        self.ticks.append(elapsed)
        self.lefts.append(self.time_left() if self.time_left else -1.0)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


DONE: Brought = (row("failed"),)
SCANNING: Brought = (row(),)
BUSY = ApiUnavailable("busy", Exchange(503))


def test_an_image_that_has_ended_costs_one_look() -> None:
    """Everything is told once, and the observation bears the time since the start of the run."""
    desk = Desk(late=7.0)

    observation = desk.poll(desk.poll_group(APP, brings=[DONE], takes=2.0))[APP]

    assert (observation.ending, observation.waited_seconds, observation.polls, desk.it.interruption) == (
        Ending.ENDED,
        9.0,
        1,
        None,
    )
    assert observation.server_time == desk.clock.epoch()
    assert [read.at for read in observation.reads] == [desk.clock.epoch()]
    assert desk.taken == [("app", 7.0, 493.0)]
    assert desk.changes == [("app", "failed", 9.0)]
    assert desk.looks == [("1 row, request id r-1; done", 9.0)]
    assert (desk.ticks, desk.warnings, desk.searched) == ([9.0], [], [])


def test_the_time_left_is_that_of_the_last_deadline() -> None:
    """An image that is not listed has --appear-timeout, one that is being scanned --timeout, an ended one none."""
    desk = Desk()

    desk.poll(
        desk.poll_group(APP, brings=[(), SCANNING, DONE], takes=2.0),
        desk.poll_group(OTHER, brings=[(row("failed", "other"),)]),
    )

    # After each poll and each pause; `other` ends at its first poll, and `app` starts at its second.
    assert [round(left) for left in desk.lefts] == [498, 498, 497, 995, 992, 0]


def test_the_pause_is_the_root_of_the_seconds_waited() -> None:
    """With jitter about it; each look that is not the last one tells when the next is due."""
    desk = Desk(late=100.0)

    desk.poll(desk.poll_group(APP, brings=[SCANNING, SCANNING, SCANNING, DONE], takes=10.0))

    assert desk.moments == [100.0, 120.488088, 141.911227, 164.236454]
    assert desk.clock.asked == [(-1, 1)] * 4
    assert [text for text, _ in desk.looks] == [
        "1 row, request id r-1; next look in 10s", "1 row, request id r-2; next look in 11s",
        "1 row, request id r-3; next look in 12s", "1 row, request id r-4; done",
    ]  # fmt: skip
    assert desk.changes == [("app", "scanning", 110.0), ("app", "failed", pytest.approx(174.236454))]


def test_a_look_may_take_what_is_left_until_the_first_deadline() -> None:
    """Shared by all that are waited for, so that one silence does not take the time of all; 0 leaves one look."""
    desk = Desk(late=100.0)
    desk.poll(desk.poll_group(APP, brings=[SCANNING, DONE]), desk.poll_group(OTHER, brings=[(row("failed", "other"),)]))
    assert desk.taken == [("app", 100.0, 200.0), ("other", 100.0, 200.0), ("app", 110.0, 890.0)]

    once = Desk(patience=WaitSettings(timeout=0, appear_timeout=0))
    assert once.poll(once.poll_group(APP, brings=[SCANNING]))[APP].ending is Ending.TIMED_OUT
    assert once.taken == [("app", 0.0, 9.0)]

    shared = Desk()
    shared.poll(shared.poll_group(APP, OTHER, brings=[SCANNING, (row("failed"), row("failed", "other"))]))
    assert shared.taken[1] == ("app", 1.0, 499.0)


@pytest.mark.parametrize(
    ("first", "timeout", "last"),
    [
        pytest.param((), 1000.0, 494.0, id="nothing has started"),
        pytest.param((), 300.0, 294.0, id="nothing has started, and the whole time is shorter"),
        pytest.param(SCANNING, 1000.0, 994.0, id="started"),
    ],
)
def test_the_last_look_is_taken_before_the_deadline_that_runs(first: Brought, timeout: float, last: float) -> None:
    """Twice the slowest look before it, so that its answer is there in time."""
    desk = Desk(patience=WaitSettings(timeout=timeout, appear_timeout=500, settle=0, interval=400, max_interval=1000))

    observation = desk.poll(desk.poll_group(APP, brings=[first], takes=3.0))[APP]

    assert observation.ending is Ending.TIMED_OUT
    assert desk.moments[-1] == last
    assert desk.changes[0][2] == 3.0
    assert observation.waited_seconds == last + 3


def test_the_slowest_poll_counts_and_every_poll_group_has_one() -> None:
    """Faster ones later do not shorten what is kept; whoever is left alone has more time."""
    desk = Desk(patience=WaitSettings(timeout=100, appear_timeout=100, settle=0, interval=200, max_interval=1000))
    slow, fast = (
        desk.poll_group(APP, brings=[SCANNING], takes=2.0),
        desk.poll_group(OTHER, brings=[(row(name="other"),)], takes=1.0),
    )

    observations = desk.poll(slow, fast)

    assert desk.moments == [0.0, 2.0, 92.0, 94.0, 96.0]
    assert [observations[image].ending for image in (APP, OTHER)] == [Ending.TIMED_OUT, Ending.TIMED_OUT]


def test_of_a_short_wait_the_half_is_kept_for_the_last_look() -> None:
    """However slow the looks are."""
    desk = Desk(patience=WaitSettings(timeout=8, appear_timeout=8, interval=50))

    desk.poll(desk.poll_group(APP, brings=[SCANNING], takes=3.5))

    assert desk.moments == [0.0, 4.0]
    assert desk.looks[0][0] == "1 row, request id r-1; next look in 0.5s"


def test_images_of_one_poll_group_share_its_looks_and_each_gets_its_own_rows() -> None:
    """Rows of another name are no near misses; whoever has ended is looked for no more."""
    desk = Desk()
    everything = (row("failed"), row(name="other"), row("failed", image_version="2"), row(name="stranger"))

    observations = desk.poll(desk.poll_group(APP, OTHER, brings=[everything, (row("failed", "other"),)]))

    assert [observations[image].polls for image in (APP, OTHER)] == [1, 2]
    assert observations[APP].similar_rows == (row("failed", image_version="2"),)
    assert list(observations) == [APP, OTHER]
    assert desk.changes == [("app", "failed", 0.0), ("other", "scanning", 0.0), ("other", "failed", 1.0)]
    assert desk.looks[0][0] == "4 rows, request id r-1; next look in 1s"


def test_the_poll_group_that_is_due_first_is_looked_at_first() -> None:
    """Each by its own pauses."""
    desk = Desk(patience=WaitSettings(timeout=1000, settle=0, interval=10, max_interval=1000))

    desk.poll(
        desk.poll_group(APP, brings=[ApiUnavailable("busy", retry_after=25), DONE]),
        desk.poll_group(OTHER, brings=[(row(name="other"),)] * 3 + [(row("failed", "other"),)]),
    )

    assert [(name, elapsed) for name, elapsed, _ in desk.taken] == [
        ("app", 0.0), ("other", 0.0), ("other", 10.0), ("other", 20.0), ("app", 25.0), ("other", 30.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "together"),
    [
        pytest.param(DONE, [3], id="answered"),
        pytest.param(BUSY, [3], id="not answered: the second is alone as well, and the first is queued again"),
    ],
)
def test_groups_are_polled_together_only_after_an_answer(first: Brought, together: list[int]) -> None:
    """Bad credentials are refused once, not once for each image."""
    desk = Desk()

    desk.poll(
        desk.poll_group(APP, brings=[first, DONE]),
        *(desk.poll_group(image, brings=[(row("failed", image.image_name),)]) for image in (OTHER, THIRD, FOURTH)),
    )

    assert desk.clock.together == together


def test_pauses_grow_with_failures_and_an_answer_ends_their_row() -> None:
    """2 s, doubling, with chance below; the failure is told as the image's state."""
    desk = Desk()

    observation = desk.poll(desk.poll_group(APP, brings=[BUSY, BUSY, BUSY, SCANNING, BUSY, DONE]))[APP]

    assert [high for low, high in desk.clock.asked if low == 0] == [2, 4, 8, 2]
    assert desk.moments == [0.0, 1.0, 3.0, 7.0, 9.645751, 10.645751]
    assert desk.looks[0] == ("busy; next look in 1s", 0.0)
    assert desk.changes[:2] == [("app", "no answer: busy", 0.0), ("app", "scanning", 7.0)]
    assert [round(read.at - START, 6) for read in observation.reads] == [0.0, 7.0, 9.645751, 10.645751]
    assert (observation.polls, observation.error) == (6, None)


def test_the_sixth_fault_of_the_server_in_a_row_is_the_last() -> None:
    """Anything else between them starts the count anew."""
    fault = ApiUnavailable("fault", Exchange(500), server_fault=True)
    for between in (BUSY, SCANNING):
        desk = Desk()

        observation = desk.poll(desk.poll_group(APP, brings=[*[fault] * 5, between, fault]))[APP]

        assert (observation.ending, observation.polls, observation.error) == (Ending.UNANSWERED, 12, fault)
        assert desk.looks[-1][0] == "fault; done"
        assert desk.searched == []


def test_silence_until_the_deadline_is_no_answer() -> None:
    """And nobody asks for near misses then."""
    desk = Desk(patience=WaitSettings(timeout=10, appear_timeout=10))

    observation = desk.poll(desk.poll_group(APP, brings=[BUSY]))[APP]

    assert (observation.ending, observation.error, desk.searched) == (Ending.UNANSWERED, BUSY, [])
    assert desk.moments == [0.0, 1.0, 3.0, 7.0, 9.75]
    assert desk.taken[-1] == ("app", 9.75, 0.25)


@pytest.mark.parametrize(
    ("status", "others"),
    [pytest.param(429, [30.0, 30.0], id="throttled"), pytest.param(503, [0.0, 10.0], id="a fault of one answer")],
)
def test_throttling_puts_all_lanes_off(status: int, others: list[float]) -> None:
    """The limit is the caller's; whoever has ended is not waited for."""
    desk = Desk(patience=WaitSettings(timeout=1000, settle=0, interval=10, max_interval=1000))
    busy = ApiUnavailable("busy", Exchange(status), retry_after=30, throttled=status == 429)

    desk.poll(
        desk.poll_group(THIRD, brings=[(row("failed", "third"),)]),
        desk.poll_group(APP, brings=[busy, DONE]),
        desk.poll_group(OTHER, brings=[(row(name="other"),), (row("failed", "other"),)]),
    )

    assert [elapsed for name, elapsed, _ in desk.taken if name == "other"][:1] == others[:1]
    assert [elapsed for name, elapsed, _ in desk.taken if name == "app"] == [0.0, 30.0]
    assert [name for name, _, _ in desk.taken].count("third") == 1


def test_throttling_shortens_no_pause_and_passes_no_deadline() -> None:
    """Who is due later stays so, and the last look of each is taken in time."""
    desk = Desk(patience=WaitSettings(timeout=100, appear_timeout=100, settle=0, interval=50, max_interval=1000))
    short, long = (ApiUnavailable("busy", Exchange(429), retry_after=seconds, throttled=True) for seconds in (20, 1e6))

    observations = desk.poll(
        desk.poll_group(OTHER, brings=[(row(name="other"),)]), desk.poll_group(APP, brings=[short, long])
    )

    assert [(name, elapsed) for name, elapsed, _ in desk.taken] == [
        ("other", 0.0), ("app", 0.0), ("app", 20.0), ("other", 99.5), ("app", 99.5), ("app", 99.75),
    ]  # fmt: skip
    assert [observations[image].ending for image in (APP, OTHER)] == [Ending.UNANSWERED, Ending.TIMED_OUT]


def test_a_refusal_ends_the_wait_for_all() -> None:
    """Each with the reason; only those of the poll group were looked for. A refused request ends only its own."""
    no = ApiRefused("no", Exchange(403, "r-no"))
    desk = Desk()
    observations = desk.poll(desk.poll_group(APP, THIRD, brings=[no]), desk.poll_group(OTHER, brings=[SCANNING]))

    assert {image: (found.ending, found.error, found.polls) for image, found in observations.items()} == {
        APP: (Ending.REFUSED, no, 1), THIRD: (Ending.REFUSED, no, 1), OTHER: (Ending.REFUSED, no, 0),
    }  # fmt: skip
    assert [(read.http_status, read.at) for read in observations[APP].reads] == [(403, START)]
    assert desk.changes == [(name, "refused: no", 0.0) for name in ("app", "third", "other")]

    desk = Desk()
    observations = desk.poll(
        desk.poll_group(APP, brings=[RequestRefused("odd")]), desk.poll_group(OTHER, brings=[(row("failed", "other"),)])
    )
    assert [observations[image].ending for image in (APP, OTHER)] == [Ending.REFUSED, Ending.ENDED]


def test_refused_credentials_end_the_wait_at_once() -> None:
    """Those that are due later are not waited for either."""
    desk = Desk()

    observations = desk.poll(
        desk.poll_group(APP, brings=[SCANNING, ApiRefused("HTTP 401", Exchange(401))], takes=2.0),
        desk.poll_group(OTHER, brings=[ApiUnavailable("busy", Exchange(503), retry_after=300.0)]),
    )

    assert {observation.ending for observation in observations.values()} == {Ending.REFUSED}
    assert desk.elapsed < 10


def test_a_signal_ends_the_wait_for_whoever_has_not_ended() -> None:
    """With its code, and with what was seen."""
    desk = Desk()

    observations = desk.poll(
        desk.poll_group(OTHER, brings=[(row("failed", "other"),)], takes=5.0),
        desk.poll_group(APP, brings=[SCANNING, Interrupted(ExitCode.TERMINATED)]),
    )

    assert [observations[image].ending for image in (APP, OTHER)] == [Ending.INTERRUPTED, Ending.ENDED]
    assert observations[APP].waited_seconds == 7.236
    assert desk.it.interruption is ExitCode.TERMINATED


def test_a_deadline_that_came_during_another_look_is_not_looked_past() -> None:
    """Nor is one that has come to the second."""
    for takes in (500.0, 600.0):
        desk = Desk()

        observations = desk.poll(
            desk.poll_group(APP, brings=[(row("failed"),)], takes=takes),
            desk.poll_group(OTHER, THIRD, brings=[SCANNING]),
        )

        assert [observations[image].ending for image in (APP, OTHER, THIRD)] == [
            Ending.ENDED, Ending.UNANSWERED, Ending.UNANSWERED,
        ]  # fmt: skip
        assert [name for name, _, _ in desk.taken] == ["app"]
        assert desk.changes[1:] == [("other", "not listed", takes), ("third", "not listed", takes)]


def test_what_was_seen_may_settle_sooner_than_a_pause_ends() -> None:
    """It is looked at when it may be believed, no sooner than the shortest pause, no later than the longest."""
    young = (row("success"),)
    for settle, interval, longest, second in ((20.0, 5.0, 60.0, 20.0), (2.0, 5.0, 60.0, 5.0), (90.0, 5.0, 60.0, 60.0)):
        desk = Desk(patience=WaitSettings(timeout=1000, settle=settle, interval=interval, max_interval=longest))

        desk.poll(desk.poll_group(APP, brings=[young]))

        assert desk.moments[:2] == [0.0, second]


def test_a_group_that_settles_beside_one_in_progress_is_read_again_in_time() -> None:
    """Sooner than the pause where it may be believed by then."""
    both = (row("success"), row(namespace="x"))
    desk = Desk(
        late=800.0, patience=WaitSettings(timeout=1000, appear_timeout=1000, settle=20, interval=5, max_interval=900)
    )

    desk.poll(desk.poll_group(APP, brings=[both, (row("failed"), row("failed", namespace="x"))]))

    assert desk.moments == [800.0, 820.0]


def test_after_silence_a_retry_waits_as_asked_though_something_would_settle() -> None:
    """The server's word counts."""
    desk = Desk(patience=WaitSettings(timeout=1000, settle=20, interval=5, max_interval=60))

    desk.poll(
        desk.poll_group(APP, brings=[(row("success"),), ApiUnavailable("busy", retry_after=45), (row("success"),)])
    )

    assert desk.moments == [0.0, 20.0, 65.0]


@pytest.mark.parametrize("nearby", [(row("failed", image_version="2"),), BUSY])
def test_near_misses_are_asked_for_in_what_is_left_of_the_time(nearby: Brought) -> None:
    """Only where no row was listed, and they decide nothing."""
    desk = Desk(nearby=nearby, patience=WaitSettings(timeout=30, appear_timeout=30, settle=0, interval=50))

    observations = desk.poll(desk.poll_group(APP, OTHER, brings=[(row(name="other"),)], takes=1.0))

    assert [observations[image].ending for image in (APP, OTHER)] == [Ending.TIMED_OUT, Ending.TIMED_OUT]
    assert desk.searched == [("app", 29.0, 1.0)]
    assert observations[APP].similar_rows == (() if nearby is BUSY else nearby)
    assert observations[APP].searched is (nearby is not BUSY)


def test_near_misses_are_asked_for_three_times_at_most_and_never_after_the_deadline() -> None:
    """A crowd of misspelt names does not become a crowd of requests; a timeout of 0 leaves no time for one."""
    desk = Desk(patience=WaitSettings(timeout=30, appear_timeout=30))
    desk.poll(desk.poll_group(APP, OTHER, THIRD, FOURTH, brings=[()]))
    assert [name for name, _, _ in desk.searched] == ["app", "other", "third"]

    desk = Desk(patience=WaitSettings(timeout=0, appear_timeout=0))
    desk.poll(desk.poll_group(APP, brings=[()]))
    assert desk.searched == []
