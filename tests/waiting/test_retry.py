"""Asking again: how often, with what pauses, and until when."""

from collections.abc import Callable

import pytest

from hssgate.durations import Deadline
from hssgate.errors import ApiRefused, ApiUnavailable, Exchange
from hssgate.reference import Reference
from hssgate.waiting.retry import Failures, backoff_ceiling, pause_until, until_answered
from tests.support.fakes import FakeClock


class Notes:
    """An observer that writes down what it is told."""

    tick_seconds = 60.0
    time_left: Callable[[], float] | None = None

    def __init__(self) -> None:
        self.ticks: list[float] = []
        self.looks: list[tuple[str, float]] = []
        self.advice: list[tuple[str, float]] = []

    def changed(self, _reference: Reference, _state: str, _elapsed: float) -> None:
        raise AssertionError

    def advise(self, text: str, elapsed: float) -> None:
        self.advice.append((text, elapsed))

    def detail(self, text: str, elapsed: float) -> None:
        self.looks.append((text, elapsed))

    def tick(self, elapsed: float) -> None:
        self.ticks.append(elapsed)

    def warn(self, _text: str) -> None:
        raise AssertionError


class Steady(FakeClock):
    """Chance always takes the most it may."""

    def uniform(self, low: float, high: float) -> float:
        assert low == 0
        return high


def failing(clock: FakeClock, *, takes: float = 0.0, times: int = 1000, **how: object) -> Callable[[float], str]:
    """Return a question that is not answered so many times, and then it is: with the seconds that it was given."""
    asked: list[float] = []

    def ask(left: float) -> str:
        asked.append(left)
        clock.pass_time(takes)
        if len(asked) <= times:
            raise ApiUnavailable("busy", **how)  # type: ignore[arg-type]
        return " ".join(f"{seconds:g}" for seconds in asked)

    return ask


def test_a_pause_is_what_the_server_asked_for_else_chance_below_a_doubling_ceiling() -> None:
    """A server that asks for no pause at all gets none."""
    clock = Steady()

    failures = Failures()

    assert [failures.add(ApiUnavailable("busy"), clock) for _ in range(8)] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert failures.add(ApiUnavailable("busy", retry_after=7), clock) == 7
    assert failures.add(ApiUnavailable("busy", retry_after=0), clock) == 0
    assert failures.count == 10


def test_an_answer_ends_a_row_of_failures() -> None:
    """The next pause is as short as the first, and the next equal failure counts as the first."""
    clock, failures = Steady(), Failures()
    for _ in range(4):
        failures.add(ApiUnavailable("busy", server_fault=True), clock)

    failures.end()

    assert failures.count == 0
    assert [failures.add(ApiUnavailable("busy", server_fault=True), clock) for _ in range(3)] == [2, 4, 8]
    assert failures.call_for_advice
    assert not failures.are_too_many


@pytest.mark.parametrize(
    ("other", "is_third"),
    [
        pytest.param(ApiUnavailable("busy again", Exchange(503), advice="wait"), True, id="another message"),
        pytest.param(ApiUnavailable("busy", Exchange(502), advice="wait"), False, id="another status"),
        pytest.param(ApiUnavailable("busy", Exchange(503), advice="check the proxy"), False, id="another advice"),
    ],
)
def test_advice_is_for_the_third_equal_failure(other: ApiUnavailable, is_third: bool) -> None:  # noqa: FBT001
    """Failures are equal by status and advice."""
    clock, failures = Steady(), Failures()
    for _ in range(2):
        failures.add(ApiUnavailable("busy", Exchange(503), advice="wait"), clock)

    failures.add(other, clock)

    assert failures.call_for_advice is is_third


def test_backoff_doubles_up_to_a_minute() -> None:
    """2 s, doubling to 60 s."""
    assert [backoff_ceiling(failures) for failures in (1, 2, 3, 4, 5, 6, 1000)] == [2, 4, 8, 16, 32, 60, 60]


def test_a_pause_is_told_at_every_tick() -> None:
    """The observer hears of the time since the start of the run, and time stops where it was meant to."""
    clock, notes = FakeClock(), Notes()
    start = clock.monotonic()
    clock.pass_time(10)

    pause_until(start + 140, start, clock, notes)
    pause_until(start + 140, start, clock, notes)

    assert notes.ticks == [70, 130, 140]
    assert clock.slept == [60, 60, 10]


def test_an_answer_ends_the_asking() -> None:
    """Each time with what is left; each failure is told, and the pauses grow."""
    clock, notes = Steady(), Notes()
    start = clock.monotonic() - 5

    answer = until_answered(
        failing(clock, takes=1, times=3), deadline=Deadline(start, 105), clock=clock, observer=notes
    )

    assert answer == "100 97 92 83"
    assert notes.looks == [("busy", 6), ("busy", 9), ("busy", 14)]
    assert clock.slept == [2, 4, 8]
    assert notes.ticks == [8, 13, 22]


def test_the_last_attempt_is_made_shortly_before_the_deadline() -> None:
    """A quarter of a second before it, and never after; then the last failure is raised."""
    clock, notes = Steady(), Notes()
    start = clock.monotonic()

    with pytest.raises(ApiUnavailable, match="busy"):
        until_answered(failing(clock), deadline=Deadline(start, 10), clock=clock, observer=notes)

    assert [elapsed for _, elapsed in notes.looks] == [0, 2, 6]
    assert clock.monotonic() == start + 9.75


def test_of_a_short_time_the_half_is_kept_for_the_last_attempt() -> None:
    """Were a quarter of a second kept of three tenths, there would be one attempt in the first twentieth."""
    clock, notes = Steady(), Notes()
    start = clock.monotonic()

    with pytest.raises(ApiUnavailable):
        until_answered(failing(clock), deadline=Deadline(start, 0.3), clock=clock, observer=notes)

    assert clock.slept == [pytest.approx(0.15)]


def test_the_time_that_is_left_is_given_to_each_attempt() -> None:
    """However short it is."""
    clock = Steady()
    deadline = Deadline(clock.monotonic(), 0.75)

    assert until_answered(failing(clock, times=1), deadline=deadline, clock=clock, observer=Notes()) == "0.75 0.25"


def test_after_three_equal_failures_it_is_shown_what_to_check() -> None:
    """Once, with the time since the start of the run."""
    clock, notes = Steady(), Notes()
    start = clock.monotonic() - 5

    until_answered(
        failing(clock, times=4, advice="check the proxy"), deadline=Deadline(start, 9e9), clock=clock, observer=notes
    )

    assert notes.advice == [("3 times in a row: busy; check the proxy", 11.0)]


def test_without_time_there_is_one_attempt_as_long_as_a_request_may_take() -> None:
    """A timeout of 0 looks once."""
    clock = Steady()
    now = clock.monotonic()

    assert until_answered(failing(clock, times=0), deadline=Deadline(now, 0), clock=clock, observer=Notes()) == "inf"
    with pytest.raises(ApiUnavailable):
        until_answered(failing(clock), deadline=Deadline(now, 0), clock=clock, observer=Notes())
    assert clock.slept == []


def test_five_faults_of_the_server_in_a_row_are_enough() -> None:
    """The sixth ends it; anything else between them starts the count anew."""
    clock, notes = Steady(), Notes()
    start = clock.monotonic()

    with pytest.raises(ApiUnavailable):
        until_answered(failing(clock, server_fault=True), deadline=Deadline(start, 9e9), clock=clock, observer=notes)
    assert len(notes.looks) == 5

    faults = iter([True] * 5 + [False] + [True] * 5)

    def ask(_left: float) -> str:
        fault = next(faults, None)
        if fault is None:
            return "answered"
        raise ApiUnavailable("busy", server_fault=fault)

    assert until_answered(ask, deadline=Deadline(start, 9e9), clock=clock, observer=Notes()) == "answered"


def test_refused_requests_are_not_retried() -> None:
    """It would not help."""
    clock, notes = Steady(), Notes()
    start = clock.monotonic()

    def ask(_left: float) -> str:
        raise ApiRefused("no")

    with pytest.raises(ApiRefused):
        until_answered(ask, deadline=Deadline(start, 100), clock=clock, observer=notes)
    assert (notes.looks, clock.slept) == ([], [])
