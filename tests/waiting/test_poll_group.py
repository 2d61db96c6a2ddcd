"""Images of one request: which spelling of the name is asked for, and when which group is due."""

from collections.abc import Callable, Sequence

import pytest

from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.paging import Listing
from hssgate.reference_parser import parse_reference
from hssgate.settings import WaitSettings
from hssgate.waiting.listed_rows import ListedRows
from hssgate.waiting.poll_group import OpenGroup, OpenGroups, PollGroup
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.settling import AnswerTimes
from hssgate.waiting.states import Ending

ASKED = parse_reference("a/b/c:1")
ROW = CicdImage(namespace="a", image_name="b/c", image_version="1", scan_status="scanning")
FOREIGN = CicdImage(namespace="x", image_name="b/c", image_version="1")
ODD = PartlyReadableRow(CicdImage(image_name="c", image_version="1"), frozenset({"vul_num"}), "vul_num: is no number")


class Server:
    """Lists by spelling of the name, and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.lists: dict[str, Listing[CicdImage]] = {}

    def fetch(self, spelling: str) -> Callable[[float], Listing[CicdImage]]:
        def listed(within: float) -> Listing[CicdImage]:
            self.asked.append((spelling, within))
            return self.lists.get(spelling) or listing()

        return listed

    def group(self) -> OpenGroup:
        spellings = tuple(self.fetch(spelling) for spelling in ASKED.spellings)
        return OpenGroup(0, PollGroup((ASKED,), self.fetch("c"), spellings), 0.0, 20)


def listing(*rows: CicdImage, odd: tuple[PartlyReadableRow, ...] = (), request: str = "r-0") -> Listing[CicdImage]:
    return Listing(rows, None, Exchange(200, request), odd=odd, passed_over=odd)


def poll(group: OpenGroup, times: int = 1) -> None:
    """Poll, and let the images take the answer."""
    for _ in range(times):
        answer = group.fetch(8.0)
        for image in group.images:
            image.take_answer(
                ListedRows(answer), AnswerTimes(began=0, ended=1, server=None), at=0, settle=0, scanned_after=None
            )


def test_from_the_third_poll_on_every_other_one_asks_by_a_longer_spelling() -> None:
    """One after the other, each in the whole time; a row of another image there changes nothing."""
    server = Server()
    server.lists["a/b/c"] = listing(FOREIGN)

    poll(server.group(), times=9)

    assert server.asked == [(name, 8.0) for name in ("c", "c", "a/b/c", "c", "b/c", "c", "a/b/c", "c", "b/c")]


@pytest.mark.parametrize(
    "listed",
    [pytest.param(listing(ROW), id="a row"), pytest.param(listing(odd=(ODD,)), id="a row that cannot be read")],
)
def test_where_anything_is_listed_no_other_spelling_is_tried(listed: Listing[CicdImage]) -> None:
    """It is found already, or is in doubt."""
    server = Server()
    server.lists["c"] = listed
    group = server.group()

    for _ in range(4):
        answer = group.fetch(8.0)
        if not answer.odd:
            poll(group)

    assert {name for name, _ in server.asked} == {"c"}


def test_once_another_spelling_found_rows_each_poll_asks_both_ways() -> None:
    """Each in half of the time; the lists are joined, with the server's word of the second."""
    server = Server()
    server.lists["a/b/c"] = listing(ROW, odd=(ODD,), request="r-2")
    group = server.group()
    poll(group, times=3)
    server.asked.clear()
    server.lists["c"] = listing(FOREIGN, odd=(ODD,), request="r-1")

    answer = group.fetch(8.0)

    assert server.asked == [("c", 4.0), ("a/b/c", 4.0)]
    assert (answer.rows, answer.odd, answer.passed_over) == ((FOREIGN, ROW), (ODD, ODD), (ODD, ODD))
    assert answer.exchange.request_id == "r-2"


def test_a_poll_without_an_answer_takes_no_turn() -> None:
    """The spelling whose turn it is, is asked for again."""
    server = Server()

    def fail(_within: float) -> Listing[CicdImage]:
        raise ApiUnavailable("busy")

    group = OpenGroup(0, PollGroup((ASKED,), server.fetch("c"), (fail,)), 0.0, 20)
    poll(group, times=2)

    for _ in range(2):
        with pytest.raises(ApiUnavailable):
            group.fetch(8.0)
    assert len(server.asked) == 2


def test_few_changes_are_kept_of_each_image_where_there_are_many() -> None:
    """As many as the run has room for, and the last two reads."""
    server = Server()
    group = OpenGroup(0, PollGroup((ASKED,), server.fetch("c")), 0.0, 4)

    for number in range(9):
        server.lists["c"] = listing(ROW.model_copy(update={"image_id": str(number), "vul_num": number}))
        poll(group)

    assert len(group.images[0].observation().reads) == 4
    assert group.images[0].observation().polls == 9


def open_groups(*counts: int, dues: Sequence[float] = ()) -> OpenGroups:
    """Groups with so many images, from the start of a run of 100 seconds."""
    schedule = Schedule(WaitSettings(timeout=100, appear_timeout=100), start=0.0, single_poll=9.0)
    groups = []
    for number, count in enumerate(counts):
        references = tuple(parse_reference(f"image-{number}-{of}:1") for of in range(count))
        groups.append(OpenGroup(number, PollGroup(references, Server().fetch("")), dues[number] if dues else 0.0, 20))
    return OpenGroups(groups, schedule)


def test_the_group_that_is_due_first_is_taken_first() -> None:
    """It is not in the queue while it is polled, and comes back at its new time."""
    groups = open_groups(1, 1, 1, dues=(20.0, 10.0, 30.0))
    groups.start()
    assert (groups.left, groups.queued, groups.first_due, groups.take(9.0)) == (3, 3, 10.0, None)

    taken = groups.take(25.0)

    assert taken is groups.all[1]
    assert (groups.queued, groups.first_due) == (2, 20.0)
    assert (groups.are_several_due(25.0), groups.are_several_due(30.0)) == (False, True)
    groups.set_next_due(taken, 25.0, 15.0)
    groups.put(taken)
    assert (taken.due, groups.queued) == (40.0, 3)


def test_a_group_without_images_is_none_that_is_left() -> None:
    """Else a run would wait for it without end."""
    assert open_groups(0, 1, 2).left == 2


def test_a_group_without_open_images_is_polled_no_more() -> None:
    """It counts until the wait for its last image has ended."""
    groups = open_groups(2, 1)
    groups.start()
    group = groups.all[0]
    assert groups.take(0.0) is group

    group.images[0].end(Ending.ENDED, 1.0)
    groups.note_end(group)
    assert (group.left, groups.left) == (1, 2)
    group.images[1].end(Ending.ENDED, 1.0)
    groups.note_end(group)
    groups.put(group)

    assert (group.left, groups.left, groups.queued) == (0, 1, 1)


def test_throttling_puts_off_what_is_queued() -> None:
    """A time that is later stays; what is being polled gets its new time afterwards."""
    groups = open_groups(1, 1, 1, dues=(5.0, 10.0, 50.0))
    groups.start()
    taken = groups.take(5.0)
    assert taken is not None

    groups.throttle(20.0)

    assert [group.due for group in groups.all] == [5.0, 20.0, 50.0]
    assert groups.first_due == 20.0
    groups.set_next_due(taken, 5.0, 1.0)
    assert taken.due == 20.0


def test_the_time_left_is_that_until_the_last_deadline() -> None:
    """None is left where nothing is open."""
    groups = open_groups(1)

    assert groups.time_left(30.0) == 70.0
    groups.all[0].images[0].end(Ending.ENDED, 1.0)
    assert groups.time_left(30.0) == 0.0
