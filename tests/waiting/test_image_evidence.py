"""What is told of an image while it is waited for, and what is kept as evidence."""

import pytest

from hssgate.errors import ApiUnavailable, Exchange
from hssgate.verdict import Read
from hssgate.waiting.history import changes_kept
from hssgate.waiting.states import Ending
from tests.waiting.test_image import AT, NOW_MS, SCANNING, Looks, row


def test_undocumented_statuses_without_end_are_warned_of_a_few_times() -> None:
    """Ten are named, and then it is said once that there are more."""
    looks = Looks()

    looks.bring(*(row(f"odd-{number}", namespace=f"n{number}") for number in range(40)))
    lines = looks.image.new_warnings()
    assert [f"odd-{number} is not documented" in line for number, line in enumerate(lines[:10])] == [True] * 10
    assert lines[10:] == ["app:1: more scan statuses are not documented; waiting for one that is"]
    looks.bring(row("odd-41", namespace="n0"))
    assert looks.image.new_warnings() == []


def test_a_state_is_told_once() -> None:
    """A look without an answer is a state, too."""
    looks = Looks()

    looks.bring(row())
    assert [looks.image.has_new_state(), looks.image.has_new_state()] == [True, False]
    assert looks.image.state == "scan finished, settling"
    looks.image.take_failure(ApiUnavailable("busy"), AT)
    assert (looks.image.state, looks.image.was_answered, looks.image.has_rows) == ("no answer: busy", False, True)
    assert looks.image.has_new_state()
    looks.bring(row())
    assert looks.image.has_new_state()
    assert looks.image.was_answered


def test_a_failure_that_differs_in_its_request_id_alone_is_no_new_state() -> None:
    """Each request has another id; another failure is a new state."""
    looks = Looks()
    news = []

    for request_id, what in (("r-1", "busy"), ("r-2", "busy"), ("r-3", "gone"), (None, "gone")):
        at = f" (request id {request_id})" if request_id else ""
        looks.image.take_failure(ApiUnavailable(f"{what}{at}", Exchange(503, request_id)), AT)
        news.append(looks.image.has_new_state())

    assert news == [True, False, True, True]
    assert looks.image.state == "no answer: gone"


def test_an_undocumented_status_is_warned_of_once() -> None:
    """Each of them, and no other status."""
    looks = Looks()
    told = "app:1: the scan status paused is not documented; waiting for one that is"

    looks.bring(row("paused"), row("scanning", namespace="x"))
    assert (looks.image.new_warnings(), looks.image.new_warnings()) == ([told], [])
    looks.bring(row("paused"), row("held", namespace="x"), row(None, namespace="y"))
    assert looks.image.new_warnings() == [told.replace("paused", "held"), told.replace("paused", "without a status")]
    assert looks.image.new_warnings() == []


def test_the_end_is_kept_with_its_reason() -> None:
    """Its own, else that of the last look."""
    looks = Looks()
    busy, gone = ApiUnavailable("busy"), ApiUnavailable("gone")

    looks.bring(row(), server=AT + 7, scanned_after=NOW_MS - 5000)
    assert (looks.seen.server_time, looks.seen.scanned_after, looks.seen.polls) == (AT + 7, NOW_MS - 5000, 1)
    looks.image.take_failure(busy, AT)
    looks.image.end(Ending.UNANSWERED, 33.0)
    assert (looks.seen.ending, looks.seen.waited_seconds, looks.seen.error) == (Ending.UNANSWERED, 33.0, busy)
    assert looks.seen.time_up == ""
    looks.image.end(Ending.REFUSED, 34.0, gone)
    assert (looks.image.ending, looks.seen.ending, looks.seen.error) == (Ending.REFUSED, Ending.REFUSED, gone)
    assert looks.seen.polls == 2
    looks.image.end(Ending.TIMED_OUT, 35.0, time_up="--timeout")
    assert (looks.seen.ending, looks.seen.time_up) == (Ending.TIMED_OUT, "--timeout")


@pytest.mark.parametrize(
    ("ending", "shown"),
    [
        pytest.param(Ending.UNANSWERED, "busy; check the proxy", id="no answer"),
        pytest.param(Ending.TIMED_OUT, "busy", id="a timeout"),
        pytest.param(Ending.INTERRUPTED, "busy", id="a signal"),
    ],
)
def test_what_to_check_is_said_where_the_wait_ends_without_an_answer(ending: Ending, shown: str) -> None:
    """Elsewhere it is not the reason."""
    looks = Looks()
    looks.image.take_failure(ApiUnavailable("busy", advice="check the proxy"), AT)

    looks.image.end(ending, 33.0)

    assert str(looks.seen.error) == shown


def test_the_evidence_is_each_change_and_the_last_two_looks() -> None:
    """A look without an answer is evidence as well; equal looks between are left out."""
    looks = Looks()

    looks.bring(SCANNING)
    looks.bring(SCANNING)
    looks.image.take_failure(ApiUnavailable("busy", Exchange(503, "r-x")), AT + 5)
    looks.bring(row())
    looks.bring(row(image_size=5))
    looks.bring(row())

    assert [read.answered for read in looks.seen.reads[:2]] == [True, False]
    assert [(read.at, read.http_status, read.request_id, read.row) for read in looks.seen.reads] == [
        (AT, 200, "r-110", SCANNING),
        (AT + 5, 503, "r-x", None),
        (AT, 200, "r-130", row()),
        (AT, 200, "r-140", row(image_size=5)),
        (AT, 200, "r-150", row()),
    ]


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        pytest.param(503, 429, id="another status"),
        pytest.param(None, 200, id="a status of 200 that brought no answer, after answers without rows"),
    ],
)
def test_a_poll_without_an_answer_is_a_change_of_its_own(usual: int | None, odd: int) -> None:
    """Its row is as absent as that of an answer without rows, or of another error."""
    looks = Looks()

    for number, status in enumerate((usual, odd, usual, usual, usual)):
        if status is None:
            looks.bring()
        else:
            looks.image.take_failure(ApiUnavailable("busy", Exchange(status, f"r-{number}")), AT)

    assert [read.http_status for read in looks.seen.reads] == [status or 200 for status in (usual, odd, *[usual] * 3)]


def test_of_looks_that_show_the_same_the_first_and_the_last_two_are_kept() -> None:
    """However many there are."""
    looks = Looks()

    for _ in range(6):
        looks.bring(SCANNING)

    assert [read.request_id for read in looks.seen.reads] == ["r-110", "r-150", "r-160"]


def test_of_very_many_changes_the_first_and_the_latest_are_kept() -> None:
    """Two hundred are enough, of very many images fewer; the middle ones go first."""
    assert [changes_kept(images) for images in (0, 1, 100, 200, 1000, 2000)] == [200, 200, 200, 100, 20, 20]
    looks = Looks()

    for number in range(205):
        looks.bring(row(vul_num=number))

    numbers = [read.row.vul_num for read in looks.seen.reads if read.row]
    assert numbers == [*range(100), *range(105, 205)]


def test_of_a_look_that_found_no_row_the_reads_say_so() -> None:
    """It was answered, and there was nothing."""
    looks = Looks()

    looks.bring()

    assert looks.seen.reads == (Read(AT, 200, "r-110", None),)


def test_rows_that_are_alike_are_kept_to_be_named() -> None:
    """Those beside it and those found by its name; its own are not among them, and two hundred of each are enough."""
    looks = Looks()
    beside = [row(image_version=f"v{number}") for number in range(201)]
    found = [row(image_version=f"w{number}") for number in range(201)]

    looks.bring(row(), *beside)
    assert (looks.seen.similar_rows, looks.seen.searched) == (tuple(beside[:200]), False)
    looks.image.add_similar_rows(iter([row(), *found]))
    assert (looks.seen.similar_rows, looks.seen.searched) == ((*beside[:200], *found[:200]), True)
    looks.bring(row())
    assert looks.seen.similar_rows == ()
