"""An answer from a cache is of another moment: none is asked for, and an old one is no answer."""

import email.utils

import httpx
import pytest

from hssgate.hss.response_headers import age_of
from tests.cli.test_check import CLEAN, finished, image, images
from tests.conftest import KEY, Bench
from tests.support.fakes import START
from tests.waiting.test_poller import ROW, in_turn

FRESH = int((START - 600) * 1000)


def cached(*ages: str, date: float = START, **fields: object) -> httpx.Response:
    """Return a page with the header `Age`, as often as given."""
    headers = [("Date", email.utils.formatdate(date, usegmt=True)), *(("Age", age) for age in ages)]
    return httpx.Response(200, json={"total_num": 1, "data_list": [{**ROW, **fields}]}, headers=headers)


def test_every_request_asks_for_no_cached_answer(bench: Bench) -> None:
    """Every request has both headers for caches."""
    (bench.folder / "high.yaml").write_text("rules: {high_vulnerabilities: 3}")
    finding = "findings: [{vul_id: V-1}, {vul_id: V-2}, {vul_id: V-3}]"

    assert bench.play(images(finished(f"{CLEAN}, {finding}"))).check("team/app:1.0", "--policy", "high.yaml").code == 0

    assert len(bench.sent) == 2
    assert {(sent.headers["Cache-Control"], sent.headers["Pragma"]) for sent in bench.sent} == {
        ("no-cache", "no-cache")
    }


def test_a_cached_answer_of_yesterday_makes_nothing_fresh(bench: Bench) -> None:
    """Its `Date` of 20 hours ago would move an age of 15 minutes to yesterday."""
    yesterday = START - 72_000
    bench.answer(lambda _request: cached("72000", date=yesterday, latest_scan_time=int((yesterday - 60) * 1000)))

    ended = bench.check("app:1.0", "--scanned-after", "15m", "--timeout", "1m")

    assert ended.code == 3
    assert "a cache answered in place of HSS (header Age: 72000, at most 5s is accepted)" in ended.out


@pytest.mark.parametrize(
    ("ages", "arguments", "code"),
    [
        pytest.param([], [], 0, id="no Age"),
        pytest.param(["0"], [], 0, id="0"),
        pytest.param(["5"], [], 0, id="as old as the shortest pause"),
        pytest.param(["6"], [], 3, id="older"),
        pytest.param(["6"], ["--interval", "6s"], 0, id="a longer pause"),
        pytest.param(["2"], ["--interval", "1s"], 3, id="a shorter pause"),
        pytest.param(["1", "6"], [], 3, id="two caches, the second is old"),
        pytest.param(["6, 1"], [], 3, id="two caches in one line"),
        pytest.param([""], [], 3, id="empty"),
        pytest.param(["soon"], [], 3, id="no number"),
        pytest.param(["-1"], [], 3, id="negative"),
        pytest.param(["1.5"], [], 3, id="no whole number"),
        pytest.param(["٣"], [], 3, id="a digit of another script"),
        pytest.param(["9" * 40], [], 3, id="endless"),
    ],
)
def test_a_response_older_than_the_interval_is_not_used(
    bench: Bench, ages: list[str], arguments: list[str], code: int
) -> None:
    """A response with an unreadable age is refused too."""
    bench.answer(lambda _request: cached(*ages))

    assert bench.check("app:1.0", "--timeout", "0", *arguments).code == code


def test_a_fresh_answer_after_a_cached_one_is_judged(bench: Bench) -> None:
    """It is asked again like a 503."""
    bench.answer(in_turn(cached("60"), cached("60"), cached()))

    assert bench.check("app:1.0").code == 0
    assert len(bench.sent) == 3


@pytest.mark.parametrize(
    ("status", "requests"),
    [
        pytest.param(403, 3, id="a refusal from a cache is asked again"),
        pytest.param(302, 3, id="so is a redirect"),
        pytest.param(401, 1, id="a bad signature is not"),
    ],
)
def test_a_cached_refusal(bench: Bench, status: int, requests: int) -> None:
    """It may be from before the permission was given; a 401 may lock the key."""
    scenario = images(finished()) + f"faults: [{{requests: 1-2, status: {status}, cached: 1h}}]"

    ended = bench.play(scenario).check("team/app:1.0", env={"HSSGATE_TOKEN": "emulator-token"})

    assert (ended.code, bench.emulator.request_count) == (3 if status == 401 else 0, requests)


def test_the_rows_of_a_cached_answer_are_as_they_were_then(bench: Bench) -> None:
    """Clean an hour ago and High now: the cached answer would pass."""
    scenario = images(
        image(
            f"{{at: -2h, scan_status: success, {CLEAN}}}",
            "{at: -10m, scan_status: success, severity_level: High, malicious_file_num: 0}",
        )
    )
    scenario += "faults: [{requests: 1-2, cached: 1h}]"

    ended = bench.play(scenario).check("team/app:1.0", "--findings", "never")

    assert (ended.code, bench.emulator.request_count) == (10, 3)
    assert bench.play(scenario).check("team/app:1.0", "--interval", "2h", "--timeout", "0", "--settle", "0").code == 0


def test_cached_findings_are_not_used(bench: Bench) -> None:
    """Those of the scan before may lack what was found since."""
    (bench.folder / "high.yaml").write_text("rules: {high_vulnerabilities: 3}")
    scenario = images(finished()) + "faults: [{requests: '*', call: vulnerabilities, cached: 1h}]"

    ended = bench.play(scenario).check("team/app:1.0", "--policy", "high.yaml", "--timeout", "30s")

    assert ended.code == 3
    assert "header Age: 3600" in ended.out


def test_a_date_from_a_cache_is_no_time_of_the_server(bench: Bench) -> None:
    """Where --interval is long enough to take the answer, its Date is two minutes old and shifts nothing."""
    bench.answer(lambda _request: cached("100", date=START - 100, latest_scan_time=int((START - 900) * 1000)))

    options = ["--scanned-after", "14m", "--interval", "2m", "--timeout", "0", "--settle", "0"]
    assert bench.check("app:1.0", *options, "-v").code == 4


@pytest.mark.parametrize("command", ["images", "doctor"])
def test_the_other_commands_take_no_old_answer_either(bench: Bench, command: str) -> None:
    """Each is retried or reported."""
    bench.answer(lambda _request: cached("72000"))

    ended = bench.run(command, "--endpoint", "http://127.0.0.1:9", "--project-id", "p", env=KEY)

    assert ended.code == 3
    assert "header Age: 72000" in ended.out + ended.err


def test_the_longest_age_counts() -> None:
    """Whether caches join their headers or not."""
    headers = httpx.Headers([("Age", "3, 70"), ("age", "5")])

    assert (age_of(headers), age_of(httpx.Headers())) == (70.0, 0.0)


def test_a_single_answer_that_is_too_large_is_not_asked_for_again_at_once(bench: Bench) -> None:
    """More than 32 MiB are no answer, and the one request is all that is sent."""
    bench.answer(lambda _: httpx.Response(200, content=b" " * (33 * 1024 * 1024)))

    ended = bench.check("app:1.0", "--timeout", "0", reports=False)

    assert (ended.code, len(bench.sent)) == (3, 1)
    assert "larger than 32 MiB" in ended.out
