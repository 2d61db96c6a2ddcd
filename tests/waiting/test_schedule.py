"""When each group of images is polled next, as arithmetic: moments in, moments out."""

from dataclasses import dataclass

import pytest

from hssgate.durations import Deadline
from hssgate.settings import WaitSettings
from hssgate.waiting.schedule import DueTimes, Schedule
from hssgate.waiting.states import Pause, Stage

START = 1000.0


@dataclass
class Image:
    """An image as far as the schedule knows it."""

    stage: Stage = Stage.STARTED
    pause: Pause = Pause.PACED
    settles_at: tuple[float, ...] = ()
    appear_from: float | None = None


def schedule(**wait: float) -> Schedule:
    pace = {"timeout": 1000.0, "appear_timeout": 500.0, "interval": 5.0, "max_interval": 60.0} | wait
    return Schedule(WaitSettings(**pace), start=START, single_poll=9.0)


@pytest.mark.parametrize(
    ("stage", "wait", "seconds"),
    [
        pytest.param(Stage.NOT_STARTED, {}, 500, id="not started: --appear-timeout"),
        pytest.param(Stage.NOT_STARTED, {"timeout": 300}, 300, id="or --timeout, where that is shorter"),
        pytest.param(Stage.STARTED, {}, 1000, id="started: --timeout"),
        pytest.param(Stage.SETTLING, {}, 1000, id="settling: --timeout"),
    ],
)
def test_the_deadline_is_that_of_the_stage(stage: Stage, wait: dict[str, float], seconds: float) -> None:
    """Counted from the start of the run, and missed at the very moment."""
    times, image = schedule(**wait), Image(stage)

    assert times.deadline(image) == Deadline(START, seconds)
    assert [times.is_missed(image, START + seconds - 1), times.is_missed(image, START + seconds)] == [False, True]


@pytest.mark.parametrize(
    ("appear_from", "at"),
    [
        pytest.param(START + 100, START + 600, id="from the moment on"),
        pytest.param(START + 900, START + 1000, id="not beyond --timeout"),
    ],
)
def test_the_appear_timeout_may_begin_anew(appear_from: float, at: float) -> None:
    """A scan under the same names was seen, and was not the image's."""
    assert schedule().deadline(Image(Stage.NOT_STARTED, appear_from=appear_from)).at == at


def test_a_timeout_of_0_leaves_one_poll() -> None:
    """It is not missed, however late it is, and may take as long as a request may."""
    times = schedule(timeout=0)

    assert not times.is_missed(Image(), START + 50)
    assert times.time_for([Image()], START + 50, polls=3) == 9


@pytest.mark.parametrize(
    ("image", "due"),
    [
        pytest.param(Image(), 20, id="after the pause"),
        pytest.param(Image(settles_at=(1108,)), 8, id="sooner, where a result settles"),
        pytest.param(Image(settles_at=(1102,)), 5, id="not sooner than the shortest pause"),
        pytest.param(Image(pause=Pause.SETTLE, settles_at=(1130,)), 30, id="a settling result alone: when it settles"),
        pytest.param(Image(pause=Pause.SETTLE, settles_at=(1190,)), 60, id="not later than the longest pause"),
        pytest.param(Image(pause=Pause.RETRY, settles_at=(1102,)), 20, id="after a failure: the pause alone"),
        pytest.param(Image(Stage.NOT_STARTED), 20, id="not started"),
    ],
)
def test_a_group_is_polled_after_the_pause_or_when_a_result_settles(image: Image, due: float) -> None:
    """The first image that is due decides for those that share its request."""
    now = START + 100
    later = Image(pause=Pause.RETRY)

    assert schedule().next_poll([image], now, 20, polls=1) == now + due
    assert schedule().next_poll([later, image], now, 20, polls=1) == now + min(due, 20)


def test_the_last_poll_leaves_time_for_its_answer() -> None:
    """Twice the slowest poll so far, for each poll to be taken; a faster one does not shorten it."""
    times, image = schedule(), Image()

    assert times.last_poll_at(image, polls=1) == START + 1000 - 0.25
    times.note_poll(2.0)
    times.note_poll(1.0)
    assert times.last_poll_at(image, polls=1) == START + 996
    assert times.last_poll_at(image, polls=2) == START + 992
    assert times.next_poll([image], START + 990, 20, polls=2) == START + 992


def test_without_images_nothing_is_waited_for() -> None:
    """A group whose images have all ended is due at once."""
    assert schedule().next_poll([], START + 7, 20, polls=1) == START + 7


def test_throttling_puts_polls_off_but_for_the_last_ones() -> None:
    """No poll before its end, but the last one before the deadline; a shorter throttling does not shorten it."""
    times, image, ending = schedule(), Image(), Image(Stage.NOT_STARTED)
    times.throttle(START + 600)
    times.throttle(START + 300)

    assert times.put_off(START + 10, [image], polls=1) == START + 600
    assert times.put_off(START + 700, [image], polls=1) == START + 700
    assert times.put_off(START + 10, [image, ending], polls=1) == START + 500 - 0.25
    assert times.next_poll([image], START + 10, 20, polls=1) == START + 600


def test_the_time_that_is_left_is_shared_by_the_polls_to_come() -> None:
    """The first deadline counts."""
    images = [Image(), Image(Stage.NOT_STARTED)]

    assert schedule().time_for(images, START + 100, polls=1) == 400
    assert schedule().time_for(images, START + 100, polls=8) == 50
    assert schedule(appear_timeout=0).time_for(images, START + 100, polls=1) == 900
    assert schedule(timeout=0.75).is_missed(Image(), START + 0.75)
    assert schedule(timeout=0.75).time_for(images, START + 0.25, polls=1) == 0.5


@pytest.mark.parametrize(
    ("left", "polls", "seconds"),
    [
        pytest.param(400, 80, 5, id="a share of five seconds"),
        pytest.param(400, 1000, 5, id="very many polls: five seconds"),
        pytest.param(20, 1000, 5, id="a quarter of the time left"),
        pytest.param(8, 1000, 2, id="no more than a quarter of the time left"),
        pytest.param(8, 3, 8 / 3, id="a share that is longer"),
    ],
)
def test_one_of_very_many_polls_has_time_for_an_answer(left: float, polls: int, seconds: float) -> None:
    """A hundredth of ten seconds is too short for any answer from far away."""
    assert schedule().time_for([Image()], START + 1000 - left, polls=polls) == pytest.approx(seconds)


def test_what_is_due_first_is_taken_first() -> None:
    """Nothing is taken before it is due."""
    times = DueTimes()
    for number, due in enumerate((30.0, 10.0, 20.0)):
        times.put(number, due)

    assert (len(times), times.first) == (3, 10.0)
    assert [times.are_several_due(now) for now in (9.0, 10.0, 20.0)] == [False, False, True]
    assert [times.take(now) for now in (9.0, 25.0, 25.0, 25.0)] == [None, 1, 2, None]
    assert times.take_all() == [(30.0, 0)]
    assert (len(times), times.take(99.0)) == (0, None)
