"""Rows that cannot be read, among those of a poll: no answer for their image, and none for another's."""

from collections.abc import Sequence

from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.settings import WaitSettings
from hssgate.waiting.poll_group import PollGroup
from hssgate.waiting.states import Ending
from tests.waiting.test_polls import APP, DONE, OTHER, THIRD, Desk, row


def odd_row(name: str, **fields: object) -> PartlyReadableRow:
    known = CicdImage.model_validate({"image_name": name, "image_version": "1", **fields})
    return PartlyReadableRow(known, frozenset({"vul_num"}), "vul_num: is no number")


def group_of(desk: Desk, *references: Reference, listings: Sequence[Listing[CicdImage]]) -> PollGroup:
    """Return a poll group that gets these lists in turn."""
    left = list(listings)

    def fetch(within: float) -> Listing[CicdImage]:
        desk.taken.append((references[0].image_name, desk.elapsed, within))
        return left.pop(0)

    return PollGroup(references, fetch)


def test_a_row_that_cannot_be_read_is_no_answer_for_its_image() -> None:
    """It is asked again as after a failure, with advice after the third; an answer ends that."""
    desk = Desk()
    unread = Listing[CicdImage]((), None, Exchange(200, "r-1"), odd=(odd_row("app"),))
    failed = Listing((row("failed"),), None, Exchange(200, "r-2"))

    observation = desk.poll(group_of(desk, APP, listings=[unread, unread, unread, failed]))[APP]

    assert (observation.ending, observation.polls) == (Ending.ENDED, 4)
    assert [high for low, high in desk.clock.asked if low == 0] == [2, 4, 8]
    assert desk.moments == [0.0, 1.0, 3.0, 7.0]
    assert len(desk.advice) == 1
    assert desk.changes[0][1].startswith("no answer: ")


def test_a_row_that_cannot_be_read_at_the_deadline_ends_the_wait() -> None:
    """Without an answer, as after any other failure."""
    desk = Desk(patience=WaitSettings(timeout=10, appear_timeout=10))
    unread = Listing[CicdImage]((), None, Exchange(200, "r-1"), odd=(odd_row("app"),))

    observation = desk.poll(group_of(desk, APP, listings=[unread] * 9))[APP]

    assert (observation.ending, desk.moments[-1]) == (Ending.UNANSWERED, 9.75)


def test_a_row_that_cannot_be_read_keeps_no_other_image_from_its_answer() -> None:
    """The pause after a failure is for a poll that brought nothing; the next list may be readable for both."""
    desk = Desk()
    mixed = Listing((row("failed", "other"),), None, Exchange(200, "r-1"), odd=(odd_row("app"),))
    failed = Listing((row("failed"),), None, Exchange(200, "r-2"))

    seen = desk.poll(group_of(desk, APP, OTHER, listings=[mixed, failed]))

    assert [(seen[image].ending, seen[image].polls) for image in (APP, OTHER)] == [(Ending.ENDED, 2), (Ending.ENDED, 1)]
    assert [asked for asked in desk.clock.asked if asked[0] == 0] == []
    assert desk.moments == [0.0, 1.0]


def test_rows_that_are_passed_over_are_noted_once() -> None:
    """With the time since the start of the run."""
    desk = Desk()
    passed_over = (odd_row("foreign"),)
    listings = [
        Listing((row(status),), None, Exchange(200, "r-1"), passed_over=passed_over)
        for status in ("scanning", "failed")
    ]

    desk.poll(group_of(desk, APP, listings=listings))

    notes = [(text, elapsed) for text, elapsed in desk.looks if "passed over" in text]
    assert notes == [("passed over as another image's: the row of foreign:1: vul_num: is no number", 0.0)]


def test_the_same_advice_is_given_once_for_all_images() -> None:
    """Failures of another kind have their own."""
    desk = Desk()
    busy, lost = (
        ApiUnavailable(kind, Exchange(status), advice=f"check {kind}")
        for kind, status in (("busy", 503), ("lost", 502))
    )

    desk.poll(
        desk.poll_group(APP, brings=[busy, busy, busy, DONE]),
        desk.poll_group(OTHER, brings=[busy, busy, busy, (row("failed", "other"),)]),
        desk.poll_group(THIRD, brings=[lost, lost, lost, (row("failed", "third"),)]),
    )

    assert [text for text, _ in desk.advice] == [
        "3 times in a row: busy; check busy", "3 times in a row: lost; check lost",
    ]  # fmt: skip


def test_oddities_of_rows_are_told_and_states_once() -> None:
    """As they are seen."""
    desk = Desk()

    desk.poll(desk.poll_group(APP, brings=[(row("paused"),), (row("paused"),), DONE]))

    assert desk.warnings == ["app:1: the scan status paused is not documented; waiting for one that is"]
    assert [state for _, state, _ in desk.changes] == ["paused (undocumented)", "failed"]
