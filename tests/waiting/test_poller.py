"""What the waiting does where many things happen at once: interrupts, slow servers, crowds, crooked lists."""

import json
from collections.abc import Callable

import httpx
import pytest

from hssgate.cli.console import Console
from hssgate.cli.progress import Progress
from hssgate.errors import ApiUnavailable, Exchange, Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing, whole_list
from hssgate.hss.responses import Page
from hssgate.reference_parser import parse_reference
from hssgate.settings import WaitSettings
from hssgate.waiting.image import ImageState
from hssgate.waiting.poll_group import PollGroup
from hssgate.waiting.poller import Poller
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.states import Ending
from tests.cli.test_check import CLEAN, FOREVER, OTHER, finished, image, images
from tests.conftest import Bench
from tests.support.fakes import START, FakeClock

ROW = {
    "image_name": "app", "image_version": "1.0", "scan_status": "success", "severity_level": "Low", "vul_num": 0,
    "malicious_file_num": 0, "latest_scan_time": int((START - 3600) * 1000),
}  # fmt: skip


def page(*rows: object, total: int | None = None, **extra: object) -> httpx.Response:
    document = {"total_num": len(rows) if total is None else total, "data_list": list(rows)} | extra
    return httpx.Response(200, json=document, headers={"Date": "Mon, 21 Sep 2026 14:13:20 GMT"})


def full(number: int) -> list[dict[str, object]]:
    """A full page of rows of other versions."""
    return [{**ROW, "image_version": f"0.{number}.{row}"} for row in range(200)]


def in_turn(*responses: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """Answer with each response in turn, then with the last one for ever."""
    left = list(responses)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("code", [ExitCode.INTERRUPTED, ExitCode.TERMINATED])
def test_an_interrupt_keeps_what_was_judged(bench: Bench, code: ExitCode) -> None:
    """The rest is an error of its own kind; the exit code is the signal's."""
    bench.play(images(finished(image_name="done"), image(FOREVER)))
    bench.clock.ring(33, Interrupted(code))

    ended = bench.check("team/done:1.0", "team/app:1.0")

    assert ended.code == code
    assert [found["exit_code"] for found in ended.report["images"]] == [0, code]
    check = ended.report["images"][1]["checks"][0]
    assert (check["error_type"], check["message"]) == (
        "interrupted",
        "scan: interrupted after 33s; last state: scanning",
    )


def test_an_interrupt_before_the_first_answer(bench: Bench) -> None:
    """Nothing was seen, and the report says so."""
    bench.play(images(finished()) + "faults: [{requests: '*', delay: 20s}]")
    bench.clock.ring(5, Interrupted(ExitCode.INTERRUPTED))

    ended = bench.check("team/app:1.0")

    assert ended.code == 130
    assert ended.report["images"][0]["reads"] == []


def test_a_crowd_behind_a_slow_server_keeps_the_deadline(bench: Bench) -> None:
    """The first ones get an answer, though a twentieth of the time would be too short for it; no one waits longer."""
    names = [f"app{number}" for number in range(20)]
    scenario = images(*(image(FOREVER, image_name=name) for name in names)) + "faults: [{requests: '*', delay: 3s}]"
    began = bench.clock.monotonic()

    ended = bench.play(scenario).check(*(f"team/{name}:1.0" for name in names), "--timeout", "45s")

    assert bench.clock.monotonic() - began <= 45
    assert {found["exit_code"] for found in ended.report["images"]} == {3, 4}


def test_a_deadline_that_went_by_unnoticed_leaves_no_look() -> None:
    """Whoever was answered at the last look has timed out; whoever was never looked at was not answered."""
    clock = FakeClock()
    slow, seen, never = (parse_reference(f"{name}:1") for name in ("slow", "seen", "never"))
    empty: Listing[CicdImage] = Listing((), None, Exchange(200))

    def slowly(_within: float) -> Listing[CicdImage]:
        clock.pass_time(8 if len(looks) < 2 else 100)
        looks.append("slow")
        return empty

    looks: list[str] = []
    poll_groups = [PollGroup((seen,), lambda _within: empty), PollGroup((slow,), slowly), PollGroup((never,), slowly)]
    poller = Poller(
        poll_groups, Schedule(WaitSettings(timeout=30), start=clock.monotonic(), single_poll=9), clock, Progress(Console(), clock),
        scanned_after=None, similar_rows=lambda _reference, _within: empty,
    )  # fmt: skip
    poller._groups.all[2].due = 5000.0

    observations = poller.run()

    assert [observations[reference].ending for reference in (seen, slow, never)] == [
        Ending.TIMED_OUT, Ending.TIMED_OUT, Ending.UNANSWERED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("length", "most"),
    [
        pytest.param(5, 4, id="5 s"),
        pytest.param(60, 14, id="1 min"),
        pytest.param(300, 35, id="5 min"),
        pytest.param(1800, 92, id="30 min"),
    ],
)
def test_a_scan_costs_few_requests_and_is_noticed_soon(bench: Bench, length: int, most: int) -> None:
    """At the default pace, whatever the jitter; the last of them reads a young result again."""
    scenario = images(image("{at: 0s, scan_status: scanning}", f"{{at: {length}s, scan_status: success, {CLEAN}}}"))

    code = bench.play(scenario).check("team/app:1.0", "--timeout", "1h").code

    assert code == 0
    assert bench.emulator.request_count <= most
    assert sum(bench.clock.slept) - length <= max(5.0, 1.1 * length**0.5) + 5


def test_throttling_slows_every_request(bench: Bench) -> None:
    """The limit is the caller's: the other images wait as well."""
    names = [f"app{number}" for number in range(5)]
    scenario = (
        images(*(finished(image_name=name) for name in names)) + "faults: [{requests: 1, status: 429, retry_after: 40}]"
    )

    ended = bench.play(scenario).check(*(f"team/{name}:1.0" for name in names))

    assert ended.code == 0
    assert [round(request.at - bench.emulator.requests[0].at) for request in bench.emulator.requests] == [
        0,
        40,
        40,
        40,
        40,
        40,
    ]


def test_a_crowd_of_slow_answers_does_not_silence_the_heartbeat(bench: Bench) -> None:
    """It beats between looks as well as in pauses."""
    names = [f"app{number}" for number in range(12)]
    scenario = images(*(image(FOREVER, image_name=name) for name in names)) + "faults: [{requests: '*', delay: 20s}]"

    ended = bench.play(scenario).check(*(f"team/{name}:1.0" for name in names), "--timeout", "20m")

    assert len([line for line in ended.err.splitlines() if "still waiting" in line]) >= 15


def test_near_misses_are_asked_for_by_few(bench: Bench) -> None:
    """A crowd of misspelt names does not become a crowd of requests."""
    names = [f"app{number}" for number in range(10)]

    bench.play(images(finished())).check(
        *(f"team/{name}:1.0" for name in names), "--cicd-name", "shop", "--timeout", "20s"
    )

    wide = [request for request in bench.emulator.requests if "cicd_name" not in request.query]
    assert len(wide) == 3


def test_a_failing_search_for_near_misses_changes_nothing(bench: Bench) -> None:
    """It decides nothing: the image timed out, whatever that last request brings."""
    bench.play(images(finished(image_name="x")) + "faults: [{requests: 8-, status: 503}]")

    ended = bench.check("team/app:1.0", "--timeout", "30s")

    assert bench.emulator.requests[-1].status == 503
    assert ended.code == 4


@pytest.mark.parametrize(
    ("pages", "code", "requests"),
    [
        pytest.param([page(ROW)], 0, 1, id="one page"),
        pytest.param([page(ROW, total=2), page(ROW | {"image_name": "b"}, total=2)], 0, 2, id="two pages"),
        pytest.param([page(ROW, total=2), page(total=2), page(ROW)], 0, 3, id="a row short, whole when read again"),
        pytest.param([page(ROW, total=3), page(total=3)], 3, None, id="rows missing for good"),
        pytest.param([page(ROW, total=2), page(ROW, total=2), page(ROW)], 0, 3, id="a row shown twice, whole when read again"),
        pytest.param([page(ROW, total=2), page(ROW | {"image_name": "b"}, total=3), page(ROW)], 0, 3, id="the total changed, whole when read again"),
        pytest.param([page(ROW, ROW | {"image_name": "b"}, total=1)], 0, 1, id="a total below the rows received is not believed"),
        pytest.param([page(ROW, total=0)], 0, 1, id="nor is one of 0"),
        pytest.param([page(*full(0), total=200), page(ROW, total=1)], 0, 2, id="a total that counts the page, and changes"),
        pytest.param([page(*full(0), total=200), page(*full(1), total=200), page(ROW, total=1)], 0, 3, id="the same over three pages"),
        pytest.param([page(*full(0), total=200), page(*full(1), total=400), page(ROW, total=401)], 0, 3, id="a total that counts the rows so far"),
        pytest.param([page(*full(0)[1:], ROW, total=200), page(total=200)], 0, 2, id="a full page is never the last one"),
        pytest.param([page(*full(0), total=201), page(ROW, total=200)], 0, 2, id="a total that shrinks below the rows received"),
        pytest.param([page(*full(0), total=202), page(ROW, total=201), page(ROW)], 0, 3, id="one that shrinks to them, whole when read again"),
        pytest.param([page(*full(0), total=201), httpx.Response(200, json={"data_list": [ROW]})], 0, 2, id="a total on the first page alone"),
        pytest.param([httpx.Response(200, json={"data_list": [ROW]}), page(ROW | {"image_name": "b"}, total=2)], 0, 2, id="a total on the second page alone"),
        pytest.param([httpx.Response(200, json={"data_list": [ROW]}), httpx.Response(200, json={"data_list": []})], 0, 2, id="no total: until an empty page"),
        pytest.param([httpx.Response(200, json={"data_list": [ROW]})], 0, 2, id="no total, offset ignored: the same page again"),
        pytest.param([httpx.Response(200, json={"data_list": [{**ROW, "image_id": str(number)} for number in range(200)]})], 3, None, id="no total, offset ignored, a full page: there may be more"),
    ],
)  # fmt: skip
def test_a_list_is_whole_or_no_answer(
    bench: Bench, pages: list[httpx.Response], code: int, requests: int | None
) -> None:
    """Rows missing, doubled or moved while it was read could hide the row that matters."""
    asked: list[httpx.Request] = []
    answer = in_turn(*pages)

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    ended = bench.answer(handler).check("app:1.0", "--timeout", "5s", "--settle", "0")

    assert ended.code == code
    if requests is not None:
        assert len(asked) == requests
    else:
        assert "the list changed each time it was read" in ended.out


@pytest.mark.parametrize("quirk", ["page", "missing", "ok"])
def test_the_row_in_progress_is_seen_on_the_second_page(bench: Bench, quirk: str) -> None:
    """Also where the number of rows is that of the page: 200 rows of 200 are no whole list."""
    others = finished(copies="199")
    moving = image("{at: -2h, scan_status: scanning}", image_digest=OTHER)

    ended = bench.play(f"quirks: {{total_num: {quirk}}}\n" + images(finished(), others, moving)).check(
        "team/app:1.0", "--timeout", "0"
    )

    assert ended.code == 4
    assert "last state: scanning" in ended.out


@pytest.mark.parametrize("seconds_a_page", [2, 3])
def test_a_look_of_many_pages_keeps_the_deadline(bench: Bench, seconds_a_page: float) -> None:
    """Where no time is left for the next page there is no answer."""

    def handler(request: httpx.Request) -> httpx.Response:
        bench.clock.pass_time(seconds_a_page)
        offset = int(request.url.params["offset"])
        return page(*({**ROW, "image_id": str(offset + number)} for number in range(200)), total=2000)

    began = bench.clock.monotonic()
    ended = bench.answer(handler).check("app:1.0", "--timeout", "9s")

    assert ended.code == 3
    assert bench.clock.monotonic() - began <= 9


def test_a_list_beyond_the_largest_offset_is_no_answer() -> None:
    """What cannot be asked for could hold the row that matters."""

    class Row(CicdImage):
        """One that is cheap to compare."""

        __hash__ = object.__hash__

    class Nothing:
        """Keeps no row."""

        def keeps(self, row: object) -> bool:  # noqa: ARG002 - as the protocol has it
            return False

        def keeps_odd(self, odd: object) -> bool:  # noqa: ARG002 - as the protocol has it
            return False

    pages = iter(Page((Row(image_id=name),) * 1_500_000, None, None, Exchange(200)) for name in "ab")

    with pytest.raises(ApiUnavailable, match="more than 2000000 rows"):
        whole_list(lambda _offset: next(pages), 2**62, row_filter=Nothing)


def test_no_date_header_counts_as_young(bench: Bench) -> None:
    """Without the server's clock nothing shows that a result is old."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=json.dumps({"total_num": 1, "data_list": [ROW]}))

    assert bench.answer(handler).check("app:1.0").code == 0
    assert len(asked) == 2


@pytest.mark.large
def test_very_many_changes_keep_the_evidence_bounded(bench: Bench) -> None:
    """The first and the latest changes are kept."""
    states = ("waiting_for_scan", "scanning")
    changes = [f"{{at: {second}s, scan_status: {states[second % 2]}}}" for second in range(600)]

    report = bench.play(images(image(*changes))).check(
        "team/app:1.0", "--timeout", "10m", "--interval", "1s", "--max-interval", "1s"
    ).report["images"][0]  # fmt: skip

    assert report["polls"] > 400
    assert len(report["reads"]) <= 202


def test_an_image_never_looked_at_was_never_answered() -> None:
    """A watched image that nobody asked for yet has no answer to go by."""
    watched = ImageState(parse_reference("app:1.0"))

    assert not watched.was_answered
    assert watched.ending is None
