"""The table of states: each row as documented, and every edge walked by the real polling loop."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from hssgate.cli.console import Console
from hssgate.cli.progress import Progress
from hssgate.errors import ApiRefused, ApiUnavailable, Exchange, Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference_parser import parse_reference
from hssgate.settings import WaitSettings
from hssgate.waiting.poll_group import PollGroup
from hssgate.waiting.poller import Poller
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.states import LIMITS, TABLE, Edge, Ending, Event, Limit, Pause, Stage
from tests.support.fakes import START, FakeClock

DIGEST = "sha256:" + "a" * 64
IMAGE = parse_reference(f"app:1@{DIGEST}")
OTHER = parse_reference("other:1")
PATIENCE = WaitSettings(timeout=1000, appear_timeout=600, settle=20, interval=5, max_interval=60)
OVERDUE = {Event.OVERDUE, Event.OVERDUE_UNANSWERED}
EDGES = [(stage, event) for stage, edges in TABLE.items() for event in edges]
BY_A_LOOK = [(stage, event) for stage, event in EDGES if event not in OVERDUE]

Look = Callable[[], Listing[CicdImage]]


def listing(**fields: object) -> Listing[CicdImage]:
    names = {"image_name": "app", "image_version": "1", "image_digest": DIGEST}
    row = CicdImage.model_validate(names | {"severity_level": "Low"} | fields)
    return Listing((row,), START, Exchange(200))


def refuse() -> Listing[CicdImage]:
    raise ApiRefused("forbidden", Exchange(403))


def no_answer() -> Listing[CicdImage]:
    raise ApiUnavailable("busy", Exchange(503), retry_after=40.0)


def server_fault() -> Listing[CicdImage]:
    raise ApiUnavailable("fault", Exchange(500), server_fault=True, retry_after=40.0)


def signal() -> Listing[CicdImage]:
    raise Interrupted(ExitCode.INTERRUPTED)


NOTHING: Look = lambda: Listing((), START, Exchange(200))  # noqa: E731 - a look beside the others below
SCANNING: Look = lambda: listing(scan_status="scanning")  # noqa: E731
JUST_ENDED: Look = lambda: listing(scan_status="success", latest_scan_time=int(1000 * START))  # noqa: E731
OTHER_SCANNING: Look = lambda: listing(scan_status="scanning", image_digest=None)  # noqa: E731
FAILED: Look = lambda: listing(scan_status="failed", latest_scan_time=int(1000 * START))  # noqa: E731

REACHING: dict[Stage, list[Look]] = {
    Stage.NOT_STARTED: [NOTHING],
    Stage.TAG_STARTED: [OTHER_SCANNING],
    Stage.STARTED: [SCANNING],
    Stage.SETTLING: [SCANNING, JUST_ENDED],
}
BRINGING: dict[Event, list[Look]] = {
    Event.NOTHING_STARTED: [lambda: listing(scan_status="unscan")],
    Event.TAG_IN_PROGRESS: [OTHER_SCANNING],
    Event.IN_PROGRESS: [SCANNING],
    Event.YOUNG: [lambda: listing(scan_status="success", latest_scan_time=int(1000 * START), vul_num=7)],
    Event.RESULT: [FAILED],
    Event.NO_ANSWER: [no_answer],
    Event.TOO_MANY_FAULTS: [server_fault] * 6,
    Event.REFUSED: [refuse],
    Event.SIGNAL: [signal],
}


@dataclass
class Walk:
    """A poller whose looks are scripted, and what it came to.

    Args:
        looks: what each look at the image brings.
        slow: seconds that the last of them takes.
    """

    looks: list[Look]
    slow: float = 0.0
    clock: FakeClock = field(default_factory=FakeClock)
    taken: list[float] = field(default_factory=list)
    stage: Stage | None = None

    def __post_init__(self) -> None:
        self.poller = self.poller_of(PollGroup((IMAGE,), self.look))

    def poller_of(self, *poll_groups: PollGroup) -> Poller:
        return Poller(
            poll_groups, Schedule(PATIENCE, start=self.clock.monotonic(), single_poll=9),
            self.clock, Progress(Console(), self.clock),
            scanned_after=None, similar_rows=lambda _reference, _within: NOTHING(),
        )  # fmt: skip

    def look(self, _within: float) -> Listing[CicdImage]:
        """Bring what the script says; once it is over, note where the wait stands, and end it."""
        self.taken.append(self.clock.monotonic())
        if not self.looks:
            self.stage = self.poller._groups.all[0].images[0].stage
            raise Interrupted(ExitCode.TERMINATED)
        if len(self.looks) == 1:
            self.clock.pass_time(self.slow)
        return self.looks.pop(0)()

    def ends(self) -> Stage | Ending:
        """Run, and return where the wait came to."""
        ending = self.poller.run()[IMAGE].ending
        return self.stage or ending


def deadline(stage: Stage | Ending) -> float:
    limits = {Limit.APPEAR: PATIENCE.appear_timeout, Limit.TIMEOUT: PATIENCE.timeout}
    return limits[LIMITS[stage]] if isinstance(stage, Stage) else 0.0


@pytest.mark.parametrize(("stage", "event"), BY_A_LOOK, ids=[f"{stage}, {event.name}" for stage, event in BY_A_LOOK])
def test_each_edge_is_what_the_poller_does(stage: Stage, event: Event) -> None:
    """From each stage, each event leads where the table says."""
    assert Walk(REACHING[stage] + BRINGING[event]).ends() == TABLE[stage][event].to


@pytest.mark.parametrize(
    ("stage", "event"),
    [(stage, event) for stage, event in BY_A_LOOK if isinstance(TABLE[stage][event].to, Stage)],
    ids=lambda value: value.name,
)
def test_each_edge_ends_at_the_deadline(stage: Stage, event: Event) -> None:
    """Where the deadline of the stage it leads to comes with the look, it ends as the table says; a second before, not."""
    edge = TABLE[stage][event]
    before = Walk(REACHING[stage] + BRINGING[event])
    before.ends()
    began = before.taken[-2] - 1000.0
    is_new = (stage, edge.to) == (Stage.TAG_STARTED, Stage.NOT_STARTED)  # then --timeout alone can be over
    left = (PATIENCE.timeout if is_new else deadline(edge.to)) - began

    at, just_before = (Walk(REACHING[stage] + BRINGING[event], slow=left + more) for more in (0.0, -11.0))

    assert at.ends() == edge.at_deadline
    assert just_before.ends() == edge.to


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize(
    ("event", "more"),
    [
        pytest.param(Event.OVERDUE, [], id="answered"),
        pytest.param(Event.OVERDUE_UNANSWERED, [no_answer], id="not answered"),
    ],
)
def test_a_deadline_that_passes_during_another_look_ends_as_the_table_says(
    stage: Stage, event: Event, more: list[Look]
) -> None:
    """The other image's look takes all the time there is."""
    walk = Walk(REACHING[stage] + more)

    def other(_within: float) -> Listing[CicdImage]:
        if not walk.looks:
            walk.clock.pass_time(PATIENCE.timeout)
        return NOTHING()

    poller = walk.poller_of(PollGroup((IMAGE,), walk.look), PollGroup((OTHER,), other))
    walk.poller = poller
    poller._groups.all[1].due += 0.1

    assert walk.ends() == TABLE[stage][event].to


@pytest.mark.parametrize(
    ("looks", "pause"),
    [
        pytest.param([SCANNING], Pause.PACED, id="paced"),
        pytest.param([SCANNING, JUST_ENDED], Pause.SETTLE, id="settling"),
        pytest.param([SCANNING, no_answer], Pause.RETRY, id="Retry-After"),
    ],
)
def test_each_pause_is_as_long_as_it_says(looks: list[Look], pause: Pause) -> None:
    """The shortest pause at the start of the wait; --settle; what the server asks for."""
    walk = Walk([*looks])

    walk.ends()

    lengths = {Pause.PACED: 5.0, Pause.SETTLE: PATIENCE.settle, Pause.RETRY: 40.0}
    assert walk.taken[-1] - walk.taken[-2] == pytest.approx(lengths[pause], rel=0.1)  # the jitter


def test_the_table_leaves_nothing_open() -> None:
    """Each stage knows each event, and each has a deadline."""
    assert {(stage, event) for stage in Stage for event in Event} == set(EDGES)
    assert set(LIMITS) == set(Stage)


def test_only_a_believed_result_ends_well() -> None:
    """The law, as the table has it: nothing but a result leads to the ending from which a pass can come."""
    edges = [(event, edge) for stage in Stage for event, edge in TABLE[stage].items()]

    assert {event for event, edge in edges if Ending.ENDED in (edge.to, edge.at_deadline)} == {Event.RESULT}
    assert {event for event, edge in edges if edge.to is Ending.ENDED} == {Event.RESULT}


def test_the_last_look_tells_the_exit_code() -> None:
    """Where the last look got no answer the wait ends unanswered (3), else timed out (4); whatever the stage."""
    unanswered = {Event.NO_ANSWER, Event.TOO_MANY_FAULTS, Event.OVERDUE_UNANSWERED}
    answered = {Event.NOTHING_STARTED, Event.TAG_IN_PROGRESS, Event.IN_PROGRESS, Event.YOUNG, Event.OVERDUE}

    assert {TABLE[stage][event].at_deadline for stage in Stage for event in unanswered} == {Ending.UNANSWERED}
    assert {TABLE[stage][event].at_deadline for stage in Stage for event in answered} == {Ending.TIMED_OUT}


def test_a_scan_that_has_started_never_falls_back_to_the_shorter_deadline() -> None:
    """--appear-timeout is for a scan to start; from then on --timeout holds, whatever a later answer lists."""
    started = [edge for stage in (Stage.STARTED, Stage.SETTLING) for edge in TABLE[stage].values()]

    assert [edge for edge in started if edge.to is Stage.NOT_STARTED] == []
    assert LIMITS == {
        Stage.NOT_STARTED: Limit.APPEAR,
        Stage.TAG_STARTED: Limit.TIMEOUT,
        Stage.STARTED: Limit.TIMEOUT,
        Stage.SETTLING: Limit.TIMEOUT,
    }


def test_only_silence_backs_off() -> None:
    """After an answer the pace is that of the wait; after none, Retry-After or the doubling pause."""
    paused: list[Edge] = [edge for stage in Stage for edge in TABLE[stage].values() if isinstance(edge.to, Stage)]

    assert {edge.at_deadline for edge in paused if edge.pause is Pause.RETRY} == {Ending.UNANSWERED}
    assert {edge.at_deadline for edge in paused if edge.pause is not Pause.RETRY} == {Ending.TIMED_OUT}
    assert {edge.to for edge in paused if edge.pause is Pause.SETTLE} == {Stage.SETTLING}
