"""What is remembered of one image while it is waited for, look by look and without an API."""

from dataclasses import replace

import pytest

from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.paging import Listing
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.reference_parser import parse_reference
from hssgate.waiting.groups import Phase
from hssgate.waiting.image import ImageState
from hssgate.waiting.listed_rows import ListedRows
from hssgate.waiting.observation import Observation
from hssgate.waiting.settling import AnswerTimes
from hssgate.waiting.states import Ending, Event, Pause, Stage

NOW_MS = 1_790_000_000_000
AT = NOW_MS / 1000


def row(status: str | None = "success", **fields: object) -> CicdImage:
    base = {
        "image_name": "app", "image_version": "1", "scan_status": status, "severity_level": "Low", "vul_num": 0,
        "latest_scan_time": NOW_MS - 1000, "latest_update_time": NOW_MS - 1000,
    }  # fmt: skip
    return CicdImage.model_validate(base | fields)


class Looks:
    """An image, and looks at it ten seconds apart; each takes two seconds.

    Args:
        asked: the image.
    """

    def __init__(self, asked: str = "app:1") -> None:
        self.image = ImageState(parse_reference(asked))
        self.now = 100.0

    def bring(
        self, *rows: CicdImage, settle: float = 10.0, scanned_after: int | None = None, server: float | None = AT
    ) -> Event:
        self.now += 10
        listing = Listing(rows, server, Exchange(200, f"r-{self.now:g}"))
        times = AnswerTimes(began=self.now - 2, ended=self.now, server=server)
        event = self.image.take_answer(ListedRows(listing), times, at=AT, settle=settle, scanned_after=scanned_after)
        assert isinstance(event, Event)
        return event

    @property
    def seen(self) -> Observation:
        return self.image.observation()

    @property
    def phases(self) -> list[Phase]:
        return [row_group.phase for row_group in self.seen.row_groups]


DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
OLD = row(latest_scan_time=NOW_MS - 10_000)
SCANNING = row("scanning", latest_scan_time=None)


def test_a_row_that_may_be_its_own_and_cannot_be_read_is_no_answer() -> None:
    """The row is named."""
    odd = PartlyReadableRow(CicdImage(image_name="app", image_version="1"), frozenset({"vul_num"}), "vul_num: is odd")
    listing = Listing[CicdImage]((), AT, Exchange(200, "r-1"), odd=(odd,))
    times = AnswerTimes(began=1, ended=2, server=AT)

    answer = Looks().image.take_answer(ListedRows(listing), times, at=AT, settle=0, scanned_after=None)

    assert isinstance(answer, ApiUnavailable)
    assert str(answer) == "unreadable answer: the row of app:1: vul_num: is odd"
    assert answer.exchange == listing.exchange


def test_a_failure_without_a_time_is_fresh_if_it_came_about_during_the_wait() -> None:
    """One that was listed at the first answer may be of an earlier push."""
    failed = row("failed", latest_scan_time=None)
    listed, came = Looks(), Looks()

    came.bring()

    assert listed.bring(failed, scanned_after=NOW_MS) is Event.NOTHING_STARTED
    assert came.bring(failed, scanned_after=NOW_MS) is Event.RESULT


def test_an_old_success_that_was_not_listed_at_first_is_read_again() -> None:
    """It came about during the wait, so its time is not that of its scan."""
    at_once, later = Looks(), Looks()

    later.bring()

    assert (at_once.bring(OLD), later.bring(OLD)) == (Event.RESULT, Event.YOUNG)


def test_a_platform_is_waited_for_while_another_is_scanned() -> None:
    """They may be scanned one after the other; where none is scanned, the missing one has not started."""
    platforms = ((DIGEST, "linux/amd64"), (OTHER, "linux/arm64"))
    resolved = tuple(ResolvedDigest(digest, DigestKind.MANIFEST, platform) for digest, platform in platforms)
    asked = replace(parse_reference("app:1"), resolved=resolved)
    moving, ended = Looks(), Looks()
    moving.image = ImageState(asked)
    ended.image = ImageState(asked)

    assert moving.bring(row("scanning", image_digest=DIGEST)) is Event.TAG_IN_PROGRESS
    assert ended.bring(row("failed", image_digest=DIGEST)) is Event.NOTHING_STARTED


def test_a_row_with_a_time_far_ahead_is_not_newer_than_the_next_one() -> None:
    """On the server's clock."""
    looks = Looks()

    looks.bring(row("failed", latest_update_time=NOW_MS + 3_600_000))
    looks.bring(row("failed", latest_update_time=NOW_MS - 2000))

    assert looks.phases == [Phase.ENDED]


def test_two_equal_reads_of_a_success_agree() -> None:
    """Those `--settle` apart; the first alone proves nothing."""
    looks = Looks()

    looks.bring(row())
    assert looks.seen.agreed == frozenset()
    looks.bring(row())
    looks.bring(row())
    assert looks.seen.agreed == frozenset({looks.seen.row_groups[0].key})


def test_at_the_start_nothing_is_known() -> None:
    """An image that was never looked at was not answered, and its wait has not ended well."""
    image = ImageState(parse_reference("app:1"))

    assert (image.stage, image.pause, image.ending) == (Stage.NOT_STARTED, Pause.PACED, None)
    assert (image.has_rows, image.was_answered, image.settles_at, image.state) == (False, False, (), "not listed")
    assert image.observation() == Observation(
        reference=image.reference, ending=Ending.INTERRUPTED, row_groups=(), unsettled=frozenset(), error=None,
        server_time=None, scanned_after=None, waited_seconds=0.0, polls=0, reads=(), similar_rows=(), searched=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "event"),
    [
        pytest.param([], Event.NOTHING_STARTED, id="no row"),
        pytest.param([row("unscan")], Event.NOTHING_STARTED, id="not scanned"),
        pytest.param(
            [row("unscan"), row("scanning", namespace="x")], Event.NOTHING_STARTED, id="one group not scanned"
        ),
        pytest.param([SCANNING], Event.IN_PROGRESS, id="scanning"),
        pytest.param([OLD, row("scanning", namespace="x")], Event.IN_PROGRESS, id="one group in progress"),
        pytest.param([row("paused")], Event.IN_PROGRESS, id="undocumented"),
        pytest.param([row()], Event.YOUNG, id="young success"),
        pytest.param([OLD, row(namespace="x")], Event.YOUNG, id="one group young"),
        pytest.param([row("failed"), row(namespace="x")], Event.YOUNG, id="a failed group before a young one"),
        pytest.param([OLD], Event.RESULT, id="old success"),
        pytest.param([row("failed")], Event.RESULT, id="young failure"),
        pytest.param([row(), row(vul_num=1)], Event.RESULT, id="ambiguous"),
        pytest.param([row(), row(vul_num=1), row("failed", namespace="x")], Event.RESULT, id="one group ambiguous"),
    ],
)
def test_each_answer_is_told_as_an_event(rows: list[CicdImage], event: Event) -> None:
    """The group that is furthest from its end decides."""
    looks = Looks()

    assert looks.bring(*rows) is event
    assert looks.image.has_rows is bool(rows)
    assert looks.image.was_answered


def test_the_moment_asked_for_makes_a_result_stale() -> None:
    """By its scan time; one that is yet to come on the server's clock, or else on ours, proves nothing."""
    far = row(latest_scan_time=NOW_MS + 1_000_000)

    assert Looks().bring(OLD, scanned_after=NOW_MS) is Event.NOTHING_STARTED
    assert Looks().bring(OLD, scanned_after=NOW_MS - 10_000) is Event.RESULT
    assert Looks().bring(far, scanned_after=NOW_MS) is Event.NOTHING_STARTED
    assert Looks().bring(far, scanned_after=NOW_MS, server=None) is Event.NOTHING_STARTED
    assert Looks().bring(far, scanned_after=NOW_MS, server=AT + 100) is Event.YOUNG
    assert Looks().bring(row(latest_scan_time=NOW_MS + 900_001), scanned_after=NOW_MS) is Event.NOTHING_STARTED
    assert Looks().bring(row(latest_scan_time=NOW_MS + 900_000), scanned_after=NOW_MS) is Event.YOUNG


@pytest.mark.parametrize(
    ("age_ms", "server", "settle", "event"),
    [
        pytest.param(10_000, AT, 10.0, Event.RESULT, id="as old as asked"),
        pytest.param(9_999, AT, 10.0, Event.YOUNG, id="younger"),
        pytest.param(9_999, AT, 0.0, Event.RESULT, id="settling turned off"),
        pytest.param(999, AT, 1.0, Event.YOUNG, id="younger than a second"),
        pytest.param(9_999, AT + 1, 10.0, Event.RESULT, id="on the server's clock"),
        pytest.param(99_000, None, 10.0, Event.YOUNG, id="the server told no time"),
        pytest.param(None, AT, 10.0, Event.YOUNG, id="no scan time"),
    ],
)
def test_a_young_success_is_not_believed(age_ms: int | None, server: float | None, settle: float, event: Event) -> None:
    """By its scan time against the server's clock; what tells no time counts as young."""
    scanned = None if age_ms is None else NOW_MS - age_ms

    assert Looks().bring(row(latest_scan_time=scanned), settle=settle, server=server) is event


def test_two_equal_reads_far_enough_apart_are_believed() -> None:
    """From the end of the first to the begin of the second; a change in between starts anew."""
    looks = Looks()

    assert looks.bring(row()) is Event.YOUNG
    assert looks.image.settles_at == (120,)
    assert looks.bring(row()) is Event.YOUNG  # it began at 118
    assert looks.image.settles_at == (120,)
    assert looks.bring(row(vul_num=1)) is Event.YOUNG
    assert looks.image.settles_at == (140,)
    looks.now += 2
    assert looks.bring(row(vul_num=1)) is Event.RESULT  # it began at 140
    assert looks.image.settles_at == ()
    assert looks.bring(row(vul_num=1)) is Event.RESULT
    assert looks.bring(row(vul_num=2)) is Event.YOUNG
    assert looks.seen.unsettled == frozenset({(None, None, None, "app", "1")})


def test_what_was_not_listed_in_between_settles_anew() -> None:
    """It is told as gone meanwhile, and what comes back is young, whatever its scan time."""
    looks = Looks()

    assert looks.bring(OLD) is Event.RESULT
    assert looks.bring() is Event.IN_PROGRESS
    assert (looks.phases, looks.image.state) == ([Phase.VANISHED], "no longer listed, was success")
    assert looks.bring(row(latest_update_time=NOW_MS)) is Event.YOUNG
    assert looks.bring(row("failed", latest_update_time=NOW_MS)) is Event.RESULT
    assert looks.bring(row(latest_update_time=NOW_MS)) is Event.YOUNG
    assert looks.image.settles_at == (160,)


@pytest.mark.parametrize(
    ("scanned", "shown_before", "server", "event"),
    [
        pytest.param(-20_000, None, AT - 21, Event.RESULT, id="a second after the look"),
        pytest.param(-20_001, None, AT - 21, Event.YOUNG, id="sooner, which a Date of whole seconds cannot tell apart"),
        pytest.param(-20_000, -20_000, AT - 21, Event.YOUNG, id="the time that stood there while it was moving"),
        pytest.param(-20_000, None, None, Event.YOUNG, id="the server told no time"),
        pytest.param(None, None, AT - 21, Event.YOUNG, id="no scan time"),
        pytest.param(-9_000, None, AT - 21, Event.YOUNG, id="ended too shortly ago"),
        pytest.param(-40_000, None, AT - 21, Event.YOUNG, id="before the look"),
    ],
)
def test_a_success_seen_moving_before_is_believed_by_a_scan_time_after_that(
    scanned: int | None, shown_before: int | None, server: float | None, event: Event
) -> None:
    """Its counts may else be those of the scan before."""
    looks = Looks()
    times = [None if time is None else NOW_MS + time for time in (shown_before, scanned)]

    looks.bring(row("scanning", latest_scan_time=times[0], latest_update_time=NOW_MS), server=server)

    assert looks.bring(row(latest_scan_time=times[1], latest_update_time=NOW_MS + 1)) is event


def test_a_result_seen_before_the_scan_began_does_not_stand_for_its_end() -> None:
    """Neither the one that was newest then, nor one that stood beside it; another result does."""
    before, beside = OLD, row(image_digest="sha256:beside", latest_scan_time=NOW_MS - 20_000)
    after = row(vul_num=3, latest_scan_time=NOW_MS - 10_000)
    for doubtful in (before, beside):
        looks = Looks()

        looks.bring(before)
        assert looks.bring(SCANNING, beside) is Event.IN_PROGRESS
        assert looks.bring(doubtful) is Event.IN_PROGRESS
        assert (looks.phases, looks.seen.row_groups[0].row) == ([Phase.VANISHED], SCANNING)
        assert looks.bring(after) is Event.YOUNG


@pytest.mark.parametrize(
    "moving", [pytest.param(SCANNING, id="scanning"), pytest.param(row("paused"), id="a status nobody documented")]
)
def test_a_result_outranked_once_stays_so(moving: CicdImage) -> None:
    """Though a later look at the scan did not list it."""
    looks = Looks()
    beside = row(image_digest="sha256:beside", latest_update_time=NOW_MS)

    looks.bring(moving, beside)
    looks.bring(moving)

    assert looks.bring(beside) is Event.IN_PROGRESS


def test_only_its_own_groups_results_are_outranked() -> None:
    """The same result in another group is believed."""
    looks = Looks()
    elsewhere = OLD.model_copy(update={"namespace": "x"})

    looks.bring(OLD, elsewhere)
    looks.bring(SCANNING, elsewhere)

    assert looks.bring(row(vul_num=3), elsewhere) is Event.YOUNG
    assert looks.phases == [Phase.ENDED, Phase.ENDED]


def test_outranked_results_without_end_are_a_reason_for_doubt() -> None:
    """Of rows that are new at each poll only so many are remembered; then no result of the group is believed."""
    looks = Looks()
    elsewhere = OLD.model_copy(update={"namespace": "x"})

    for poll in range(8):
        finished = [row(vul_num=1000 * poll + number) for number in range(20)]
        assert looks.bring(SCANNING, *finished, elsewhere) is Event.IN_PROGRESS

    new = row(vul_num=99_999, latest_scan_time=NOW_MS - 10_000, latest_update_time=NOW_MS)
    assert looks.bring(new, elsewhere) is Event.IN_PROGRESS
    assert looks.phases == [Phase.VANISHED, Phase.ENDED]
    assert looks.image.new_warnings() == [
        "app:1: more results came and went while it was scanned than are remembered; none of them is believed"
    ]
    assert looks.image.new_warnings() == []


def test_results_that_stay_listed_are_remembered_however_many() -> None:
    """Nor does a scan whose own row changes at each poll count as a result that came and went."""
    looks = Looks()
    finished = [row(vul_num=number) for number in range(50)]

    for poll in range(160):
        looks.bring(row("scanning", vul_num=poll), *finished)

    assert looks.bring(finished[7]) is Event.IN_PROGRESS
    assert looks.bring(row(vul_num=999, latest_scan_time=NOW_MS - 10_000, latest_update_time=NOW_MS)) is Event.YOUNG
    assert looks.image.new_warnings() == []


def test_a_bounded_number_of_outranked_results_is_remembered() -> None:
    """Twice as many as one answer held, and some: memory does not grow with the polls."""
    looks = Looks()
    sizes = set()

    for poll in range(50):
        looks.bring(SCANNING, *(row(vul_num=1000 * poll + number) for number in range(20)))
        sizes.add(max(len(one._hashes) for one in looks.image._groups._outranked.values()))

    assert max(sizes) <= 2 * 20 + 50


def in_organisations(numbers: range, status: str = "failed") -> list[CicdImage]:
    return [row(status, namespace=f"n{number}") for number in numbers]


def test_more_groups_than_are_told_apart_are_no_answer() -> None:
    """Neither in one answer nor over several; a thousand are told apart."""
    looks = Looks()

    assert looks.bring(*in_organisations(range(1000))) is Event.RESULT
    for found in (in_organisations(range(1001)), in_organisations(range(1000, 1002))):
        answer = looks.image.take_answer(
            ListedRows(Listing((*found,), AT, Exchange(200, "r-1"))), AnswerTimes(began=1, ended=2, server=AT), at=AT, settle=0,
            scanned_after=None,
        )  # fmt: skip
        assert isinstance(answer, ApiUnavailable)
        assert "more than 1000 groups of rows belong to the image" in str(answer)
        assert answer.exchange == Exchange(200, "r-1")
        assert "--cicd-name" in answer.advice
    assert len(looks.phases) == 1000


def test_of_many_groups_a_few_are_named() -> None:
    """Those that hold the image up first, and the number of the others."""
    looks = Looks()

    looks.bring(*in_organisations(range(7)), row("scanning", namespace="last"))

    assert looks.image.state == (
        "last/app:1: scanning; n0/app:1: failed; n1/app:1: failed; n2/app:1: failed; n3/app:1: failed; and 3 more"
    )
    looks.bring(*in_organisations(range(4)), row("scanning", namespace="x" * 5000))
    assert len(looks.image.state) < 1200


def test_five_groups_are_all_named_in_their_order() -> None:
    """Of six, one more is counted."""
    five, six = Looks(), Looks()

    five.bring(*in_organisations(range(4)), row("scanning", namespace="last"))
    six.bring(*in_organisations(range(5)), row("scanning", namespace="last"))

    assert five.image.state == (
        "n0/app:1: failed; n1/app:1: failed; n2/app:1: failed; n3/app:1: failed; last/app:1: scanning"
    )
    assert six.image.state.endswith("n3/app:1: failed; and 1 more")


@pytest.mark.parametrize(
    ("digest", "words"),
    [pytest.param(None, "no digest yet", id="none"), pytest.param(OTHER, "another digest", id="another")],
)
def test_a_scan_of_its_tag_is_shown_until_its_digest_is_listed(digest: str | None, words: str) -> None:
    """It may be the scan that is waited for; once its own row is there, that one is shown."""
    looks = Looks(f"app:1@{DIGEST}")

    looks.bring(row("scanning", image_digest=digest))
    assert looks.image.state == f"not listed by its digest; a row with {words}: scanning"
    looks.bring(row("scanning", image_digest=digest), row("failed", image_digest=DIGEST))
    assert looks.image.state == "failed"


@pytest.mark.parametrize(
    ("listed", "is_listed"),
    [
        pytest.param(None, False, id="nothing"),
        pytest.param({"image_digest": DIGEST}, True, id="its row"),
        pytest.param({"image_digest": OTHER}, True, id="a row of another digest"),
        pytest.param({"image_digest": None}, True, id="a row without a digest"),
        pytest.param({"image_digest": OTHER, "image_version": "2"}, False, id="a row of another version"),
    ],
)
def test_an_image_is_listed_if_a_row_has_its_names(listed: dict[str, str | None] | None, is_listed: bool) -> None:  # noqa: FBT001
    """Its digest may still be missing; then no other spelling of its name is tried."""
    looks = Looks(f"app:1@{DIGEST}")

    looks.bring(*([] if listed is None else [row(**listed)]))

    assert looks.image.is_listed is is_listed


def test_an_older_result_does_not_replace_a_newer_one() -> None:
    """The newer one is waited for; a state other than an end is taken as it is."""
    looks = Looks()
    newer = row("failed", latest_update_time=NOW_MS)

    assert looks.bring(newer) is Event.RESULT
    assert looks.bring(OLD) is Event.IN_PROGRESS
    assert (looks.phases, looks.seen.row_groups[0].row) == ([Phase.VANISHED], newer)
    assert looks.bring(newer) is Event.RESULT
    assert looks.bring(OLD, OLD.model_copy(update={"vul_num": 1})) is Event.RESULT
    assert looks.phases == [Phase.AMBIGUOUS]


def test_a_group_that_is_gone_stands_beside_those_listed() -> None:
    """Last, and in words with its name."""
    looks = Looks()

    looks.bring(row("failed", namespace="x"))

    assert looks.bring(row("failed", namespace="y")) is Event.IN_PROGRESS
    assert looks.bring(row("failed", namespace="y")) is Event.IN_PROGRESS  # and is not forgotten
    assert looks.image.state == "y/app:1: failed; x/app:1: no longer listed, was failed"
    assert looks.seen.reads[-1].row == row("failed", namespace="x")
