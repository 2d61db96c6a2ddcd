"""Faults of HSS and of the clock, and deadlines: what a check asks again, and when it ends."""

import pytest

from hssgate.durations import format_duration
from tests.cli.test_check import CLEAN, DIGEST, FOREVER, OTHER, finished, image, images
from tests.conftest import Bench


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (403, 2), (404, 2)])
def test_refused_requests_are_not_retried(bench: Bench, status: int, requests: int) -> None:
    """Five bad signatures lock a key: one is sent, for however many images; else each image is asked for once."""
    scenario = images(finished(), finished(image_name="other")) + f"faults: [{{requests: '*', status: {status}}}]"

    ended = bench.play(scenario).check("team/app:1.0", "team/other:1.0")

    assert ended.code == 3
    assert bench.emulator.request_count == requests


def test_a_wrong_key_is_used_once_and_reported(bench: Bench) -> None:
    """The message has code, request id and advice."""
    env = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "another-secret"}

    ended = bench.play(images(finished())).check("team/app:1.0", env=env)

    assert ended.code == 3
    assert bench.emulator.request_count == 1
    assert "HTTP 401: APIGW.0301" in ended.out
    assert "request id" in ended.out
    assert "locked for five minutes" in ended.out


@pytest.mark.parametrize("skew", ["-20m", "3h", "400d"], ids=["ahead", "behind", "far behind"])
def test_a_wrong_clock_is_corrected_once(bench: Bench, skew: str) -> None:
    """The first 401 has the server's time; the second request is signed with it."""
    ended = bench.play(images(finished()) + f"clock_skew: {skew}\n").check("team/app:1.0", "--settle", "0")

    assert ended.code == 0
    assert bench.emulator.request_count == 2
    assert "this machine's clock is" in ended.err


def test_a_clock_that_cannot_be_corrected_takes_two_requests(bench: Bench) -> None:
    """Once more with the server's time, then as any 401; without a readable time not even that."""
    scenario = images(finished()) + "clock_skew: 1h\n"
    lasting = scenario + "faults: [{requests: 2-, status: 401}]"
    timeless = scenario + "faults: [{requests: '*', status: 401, headers: {Date: yesterday}}]"

    assert bench.play(lasting).check("team/app:1.0").code == 3
    assert bench.emulator.request_count == 2
    assert bench.play(timeless).check("team/app:1.0").code == 3
    assert bench.emulator.request_count <= 2


def test_a_token_opens_too_and_beats_a_key(bench: Bench) -> None:
    """`HSSGATE_TOKEN` comes first."""
    env = {"HSSGATE_TOKEN": "emulator-token", "HUAWEICLOUD_SDK_AK": "nobody", "HUAWEICLOUD_SDK_SK": "nothing"}

    assert bench.play(images(finished())).check("team/app:1.0", env=env).code == 0


def test_server_faults_are_retried_five_times(bench: Bench) -> None:
    """A 500 five times in a row is lived through; a sixth is not."""
    five = images(finished()) + "faults: [{requests: 1-5, status: 500}]"
    endless = images(finished()) + "faults: [{requests: '*', status: 500}]"

    assert bench.play(five).check("team/app:1.0").code == 0
    assert bench.play(endless).check("team/app:1.0").code == 3
    assert bench.emulator.request_count == 6


@pytest.mark.parametrize(
    "fault",
    ["status: 429", "status: 502", "status: 503", "status: 504", "reset: true", "truncate: 40", "garbage: '<html>'", "stall: 40s"],
)  # fmt: skip
def test_passing_faults_are_lived_through(bench: Bench, fault: str) -> None:
    """However often, until a deadline."""
    scenario = images(finished()) + f"faults: [{{requests: 1-8, {fault}}}]"

    ended = bench.play(scenario).check("team/app:1.0")

    assert ended.code == 0
    assert bench.emulator.request_count == 9


@pytest.mark.parametrize("fault", ["status: 429", "reset: true", "delay: 1h", "garbage: true"])
def test_lasting_faults_end_at_the_deadline(bench: Bench, fault: str) -> None:
    """With exit code 3, and not a moment later."""
    began = bench.clock.monotonic()

    ended = bench.play(images(finished()) + f"faults: [{{requests: '*', {fault}}}]").check(
        "team/app:1.0", "--appear-timeout", "100s"
    )

    assert ended.code == 3
    assert bench.clock.monotonic() - began <= 100


def test_a_failed_last_poll_is_not_a_timeout(bench: Bench) -> None:
    """If the last poll before the deadline failed, the exit code is 3, even if the image was seen before."""
    scenario = images(image(FOREVER)) + "faults: [{requests: 3-, status: 503}]"

    assert bench.play(scenario).check("team/app:1.0", "--timeout", "1m").code == 3


def test_retry_after_is_obeyed(bench: Bench) -> None:
    """The pause is the server's."""
    scenario = images(finished()) + "faults: [{requests: 1, status: 429, retry_after: 77}]"

    assert bench.play(scenario).check("team/app:1.0").code == 0
    assert sum(bench.clock.slept) == pytest.approx(77)


def test_timeout_zero_looks_once(bench: Bench) -> None:
    """One request and no sleep, with any result."""
    ended = bench.play(images(image(FOREVER))).check("team/app:1.0", "--timeout", "0")

    assert ended.code == 4
    assert (bench.emulator.request_count, bench.clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "limit", "option", "scenario"),
    [
        pytest.param(["--timeout", "3m"], 180, "--timeout", images(image(FOREVER)), id="scan never ends"),
        pytest.param(["--appear-timeout", "70s"], 70, "--appear-timeout", images(finished(image_name="x")), id="never listed"),
        pytest.param(["--appear-timeout", "20m", "--timeout", "90s"], 90, "--timeout", images(), id="the shorter of both"),
        pytest.param(["--appear-timeout", "90s", "--timeout", "90s"], 90, "--appear-timeout", images(), id="both alike"),
        pytest.param(["--scanned-after", "1m", "--appear-timeout", "70s"], 70, "--appear-timeout", images(finished()), id="stale"),
        pytest.param(["--appear-timeout", "70s", "--timeout", "5m"], 300, "--timeout", images(image("{at: 60s, scan_status: scanning}")), id="begun in time"),
        pytest.param(["--settle", "10m", "--timeout", "5m"], 300, "--timeout", images(finished(at="-1m")), id="never settled"),
        pytest.param(["--timeout", "0"], 0, "--timeout", images(), id="one look"),
    ],
)  # fmt: skip
def test_deadlines_hold_and_are_used_to_the_end(
    bench: Bench, arguments: list[str], limit: float, option: str, scenario: str
) -> None:
    """The last poll is at the deadline, and the message names the option that sets it."""
    ended = bench.play(scenario.replace("images:\n", "images: []\n") if scenario == images() else scenario).check(
        "team/app:1.0", *arguments
    )

    assert ended.code == 4
    waited = ended.report["images"][0]["waited_seconds"]
    assert limit - 1 <= waited <= limit
    message = ended.report["images"][0]["checks"][0]["message"]
    assert f"timed out after {format_duration(waited)} ({option}); last state: " in message


@pytest.mark.parametrize(
    ("timeout", "option"),
    [
        pytest.param("30m", "--appear-timeout", id="it began anew"),
        pytest.param("6m", "--timeout", id="less is left of the other"),
    ],
)
def test_the_time_to_appear_counts_anew_after_the_scan_of_another_push(bench: Bench, timeout: str, option: str) -> None:
    """The message names the option that ended the wait in the end."""
    other = image("{at: 10s, scan_status: scanning}", f"{{at: 5m, scan_status: success, {CLEAN}}}", image_digest=OTHER)

    ended = bench.play(images(other)).check(f"team/app:1.0@{DIGEST}", "--appear-timeout", "2m", "--timeout", timeout)

    assert ended.code == 4
    assert f" ({option}); last state: not listed" in ended.out


def test_a_scan_that_ends_just_before_the_deadline_passes(bench: Bench) -> None:
    """The last poll finds it."""
    ended = bench.play(
        images(image("{at: 0s, scan_status: scanning}", f"{{at: 599s, scan_status: success, {CLEAN}}}"))
    ).check("team/app:1.0", "--timeout", "10m", "--settle", "0")

    assert ended.code == 0
