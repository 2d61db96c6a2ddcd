"""A young success is read again until two reads agree; an old one is believed at once."""

import pytest

from tests.cli.test_check import CLEAN, DIGEST, FOREVER, OTHER, finished, image, images
from tests.conftest import Bench
from tests.support.fakes import START

EARLIER = int((START - 86_400) * 1000)
HIGH = "severity_level: High, vul_num: 50, unsafe_setting_num: 0, malicious_file_num: 0"


def test_findings_that_arrive_a_second_later_are_seen(bench: Bench) -> None:
    """The first read says clean, the second one High: blocked."""
    scenario = images(image(f"{{at: -1s, scan_status: success, {CLEAN}}}", f"{{at: 2s, scan_status: success, {HIGH}}}"))

    ended = bench.play(scenario).check("team/app:1.0")

    assert ended.code == 10
    assert [read["severity_level"] for read in ended.report["images"][0]["reads"]] == ["Low", "High", "High"]


@pytest.mark.parametrize(
    ("age", "settle", "requests"),
    [
        pytest.param("-4s", "5s", 2, id="younger"),
        pytest.param("-5s", "5s", 1, id="as old"),
        pytest.param("-1h", "5s", 1, id="old"),
        pytest.param("-40s", "50s", 2, id="a longer time to settle"),
        pytest.param("0s", "0", 1, id="turned off"),
    ],
)
def test_only_a_young_success_is_read_again(bench: Bench, age: str, settle: str, requests: int) -> None:
    """By its scan time against the server's clock."""
    ended = bench.play(images(finished(at=age))).check("team/app:1.0", "--settle", settle, "--timeout", "3h")

    assert ended.code == 0
    assert bench.emulator.request_count == requests


@pytest.mark.parametrize(
    "scan_time",
    [
        pytest.param("null", id="none"),
        pytest.param("0", id="zero"),
        pytest.param("-1", id="negative"),
        pytest.param(str(int(START - 3600)), id="seconds"),
        pytest.param("1420070399999", id="2014"),
        pytest.param(str(int((START + 901) * 1000)), id="more than 15 minutes ahead"),
    ],
)
def test_a_success_without_a_scan_time_counts_as_young(bench: Bench, scan_time: str) -> None:
    """Nothing shows how old it is; a time that cannot be one shows nothing either."""
    scenario = images(image(f"{{at: -1h, scan_status: success, latest_scan_time: {scan_time}, {CLEAN}}}"))

    assert bench.play(scenario).check("team/app:1.0").code == 0
    assert bench.emulator.request_count == 2


def test_a_success_just_seen_scanning_is_young_while_it_shows_an_older_scan_time(bench: Bench) -> None:
    """A rescan may end before its new time is shown."""
    scenario = images(
        image(
            "{at: 0s, scan_status: scanning}",
            f"{{at: 8s, scan_status: success, latest_scan_time: {EARLIER}, {CLEAN}}}",
            f"{{at: 12s, scan_status: success, {HIGH}}}",
        )
    )

    assert bench.play(scenario).check("team/app:1.0").code == 10


@pytest.mark.parametrize(
    ("while_scanning", "ended", "scan_time", "requests"),
    [
        pytest.param(None, 22, 22.0, 3, id="it ended after the last look that showed it, and longer ago than the time to settle"),
        pytest.param(None, 38, 38.0, 4, id="it ended a moment ago"),
        pytest.param(None, 22, 20.0, 4, id="before that look, as far as the whole seconds of its Date show"),
        pytest.param(22.0, 22, 22.0, 4, id="the time was shown before"),
    ],
)  # fmt: skip
def test_a_success_seen_to_come_about_is_old_by_the_time_of_that_scan(
    bench: Bench, while_scanning: float | None, ended: int, scan_time: float, requests: int
) -> None:
    """Looks at 0, 20 and 40 seconds: the first two show it scanning; a success that is young is read once more."""
    times = [None if time is None else int((START + time) * 1000) for time in (while_scanning, scan_time)]
    shown = ["null" if time is None else str(time) for time in times]
    scenario = images(
        image(
            f"{{at: -1s, scan_status: scanning, latest_scan_time: {shown[0]}}}",
            f"{{at: {ended}s, scan_status: success, latest_scan_time: {shown[1]}, {CLEAN}}}",
        )
    )

    code = bench.play(scenario).check("team/app:1.0", "--interval", "20s", "--max-interval", "20s").code

    assert (code, bench.emulator.request_count) == (0, requests)


def test_counts_that_go_on_changing_never_settle(bench: Bench) -> None:
    """At the deadline that is a timeout, with the reason."""
    changes = [
        f"{{at: {second}s, scan_status: success, severity_level: Low, vul_num: {second}, malicious_file_num: 0}}"
        for second in range(200)
    ]

    ended = bench.play(images(image(*changes))).check("team/app:1.0", "--timeout", "1m")

    assert ended.code == 4
    assert "last state: scan finished, settling; the result was still settling" in ended.out


@pytest.mark.parametrize(
    "changed",
    ["image_id: other", f"image_digest: {OTHER}", "latest_scan_time: 1790000000000", "severity_level: Medium", "vul_num: 4",
     "unsafe_setting_num: 1", "malicious_file_num: 1"],
)  # fmt: skip
def test_each_change_of_a_young_result_is_settled_anew(bench: Bench, changed: str) -> None:
    """Id, digest, scan time, level and every count must be the same in two reads."""
    counts = "severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0"
    name, _, value = changed.partition(": ")
    after = ", ".join(part for part in counts.split(", ") if not part.startswith(f"{name}:")) + f", {name}: {value}"
    scenario = images(
        image(f"{{at: -1s, scan_status: success, {counts}}}", f"{{at: 2s, scan_status: success, {after}}}")
    )
    (bench.folder / "p.yaml").write_text("rules: {severity: High, malicious_files: 1}")

    assert bench.play(scenario).check("team/app:1.0", "--settle", "5s", "--policy", "p.yaml").code == 0
    assert bench.emulator.request_count == 3


def test_a_young_success_cannot_pass_on_a_single_look(bench: Bench) -> None:
    """With a timeout of 0 there is no second read to agree with the first."""
    scenario = images(finished(at="-1s"))

    assert bench.play(scenario).check("team/app:1.0", "--timeout", "0").code == 4
    assert bench.check("team/app:1.0", "--timeout", "0", "--settle", "0").code == 0


def test_a_violation_is_a_violation_before_it_settles(bench: Bench) -> None:
    """Settling keeps a pass back, not a block."""
    assert bench.play(images(finished(HIGH, at="-1s"))).check("team/app:1.0", "--timeout", "0").code == 10


def test_settling_reads_again_after_exactly_as_long_as_asked(bench: Bench) -> None:
    """But never sooner than the shortest pause between two polls."""
    bench.play(images(finished(at="-1s"))).check("team/app:1.0", "--settle", "17s")
    assert sum(bench.clock.slept) == pytest.approx(17)

    bench.clock.slept.clear()
    bench.play(images(finished(at="0s"))).check("team/app:1.0", "--settle", "1s")
    assert sum(bench.clock.slept) == pytest.approx(5)


def test_looks_for_others_do_not_shorten_the_settling(bench: Bench) -> None:
    """An image that settles shares its polls with one that is scanned; reads too close together prove nothing."""
    changing = image(f"{{at: -1s, scan_status: success, {CLEAN}}}", f"{{at: 12s, scan_status: success, {HIGH}}}")
    scenario = images(changing, image(FOREVER, image_name="other"))

    ended = bench.play(scenario).check(
        "team/app:1.0", "team/other:1.0", "--cicd-name", "shop", "--settle", "20s", "--timeout", "1m"
    )

    assert [found["exit_code"] for found in ended.report["images"]] == [10, 4]


def test_a_result_that_vanished_in_between_settles_anew(bench: Bench) -> None:
    """Two reads that agree prove nothing where a third one between them did not (found by the property test)."""
    scenario = images(image(f"{{at: -1h, scan_status: success, latest_scan_time: null, {CLEAN}}}"))
    other = "{image_name: app, image_version: '1.0', scan_status: success, severity_level: Low, malicious_file_num: 0}"

    ended = bench.play(scenario + f"faults: [{{requests: 2, rows: [{other}]}}]").check("team/app:1.0")
    assert (ended.code, bench.emulator.request_count) == (0, 4)
    ended = bench.play(scenario + f"faults: [{{requests: 2, rows: [{other}]}}]").check("app:1.0", "--timeout", "1m")
    assert ended.code == 4  # the group that was listed once is not explained away


def test_a_repushed_tag_waits_for_its_new_scan(bench: Bench) -> None:
    """The old clean result never passes, neither while the new scan is under way nor after."""
    new = image("{at: 0s, scan_status: scanning}", f"{{at: 60s, scan_status: success, {HIGH}}}", image_digest=OTHER)

    ended = bench.play(images(finished(), new)).check("team/app:1.0")

    assert ended.code == 10
    assert ended.report["images"][0]["row"]["image_digest"] == OTHER


def test_the_digest_proves_which_image_is_meant(bench: Bench) -> None:
    """A row of another digest is another image, whatever its tag and however new."""
    scenario = images(finished(), finished(HIGH, at="-1m", image_digest=OTHER))

    assert bench.play(scenario).check("team/app:1.0").code == 10
    assert bench.check(f"team/app:1.0@{DIGEST}").code == 0
    assert bench.check(f"team/app@{OTHER}").code == 10


def test_an_old_result_does_not_stand_in_for_a_scan_that_vanished(bench: Bench) -> None:
    """A list that forgets the scan under way for a moment, or for good, does not make the old result new."""
    new = image("{at: 0s, scan_status: scanning}", "{at: 20s, absent: true}", image_digest=OTHER)
    back = new.replace("absent: true}", f"absent: true}}, {{at: 40s, scan_status: success, {HIGH}}}")

    gone = bench.play(images(finished(), new)).check("team/app:1.0", "--timeout", "2m")
    assert gone.code == 4
    assert "last state: no longer listed, was scanning" in gone.out
    assert bench.play(images(finished(), back)).check("team/app:1.0", "--timeout", "2m").code == 10


def test_an_older_result_that_resurfaces_is_not_believed(bench: Bench) -> None:
    """Neither one that was never listed beside the scan under way, nor the same result as before a rescan."""
    other = image("{at: 0s, scan_status: scanning}", "{at: 10s, absent: true}", image_digest=OTHER)
    old = image(
        "{at: 0s, absent: true}",
        f"{{at: 10s, scan_status: success, latest_scan_time: {EARLIER}, latest_update_time: {EARLIER}, {CLEAN}}}",
    )
    assert bench.play(images(other, old)).check("team/app:1.0", "--timeout", "1m").code == 4

    success = f"scan_status: success, latest_scan_time: {EARLIER}, {CLEAN}"
    flapping = image(
        f"{{at: 0s, {success}}}",
        f"{{at: 8s, scan_status: scanning, latest_scan_time: {EARLIER}}}",
        f"{{at: 20s, {success}}}",
    )
    busy = image("{at: 0s, scan_status: scanning}", f"{{at: 30s, scan_status: success, {CLEAN}}}", namespace="prod")
    assert bench.play(images(flapping, busy)).check("app:1.0", "--timeout", "2m").code == 4


def test_a_violation_that_is_no_longer_listed_is_not_forgotten(bench: Bench) -> None:
    """Neither in a group of its own, nor as the newer row beside an older one; nor a group that was never scanned."""
    high = "severity_level: High, vul_num: 9, malicious_file_num: 0"
    young = finished(at="-1s")
    gone = image(f"{{at: -1h, scan_status: success, {high}}}", "{at: 3s, absent: true}", namespace="prod")
    newer = image(f"{{at: -1s, scan_status: success, {high}}}", "{at: 3s, absent: true}", image_digest=OTHER)
    unscanned = image("{at: -1h, scan_status: unscan}", "{at: 3s, absent: true}", namespace="prod")

    for scenario in (images(young, gone), images(finished(), newer), images(young, unscanned)):
        ended = bench.play(scenario).check("app:1.0", "--timeout", "1m")
        assert ended.code == 4
        assert "no longer listed" in ended.out


@pytest.mark.parametrize("scan_time", [int((START + 86_400) * 1000), 2**63 - 1])
def test_a_scan_that_is_yet_to_come_proves_nothing(bench: Bench, scan_time: int) -> None:
    """Neither freshness nor age."""
    (bench.folder / "age.yaml").write_text("rules: {scan_age: 1h}")
    bench.play(images(image(f"{{at: -1h, scan_status: success, latest_scan_time: {scan_time}, {CLEAN}}}")))

    assert bench.check("team/app:1.0", "--scanned-after", "2h", "--timeout", "1m").code == 4
    assert bench.check("team/app:1.0", "--policy", "age.yaml").code == 5


def test_a_group_that_vanished_is_waited_for(bench: Bench) -> None:
    """Another namespace's pass does not make up for it."""
    other = image("{at: 0s, scan_status: scanning}", "{at: 20s, absent: true}", namespace="prod")

    assert bench.play(images(finished(), other)).check("app:1.0", "--timeout", "1m").code == 4


def test_a_pass_without_proof_of_freshness_says_so(bench: Bench) -> None:
    """Neither a digest nor `--scanned-after`: nothing does; the latter alone does not prove the push; a digest does."""
    bench.play(images(finished()))

    assert any("nothing proves" in warning for warning in bench.check("team/app:1.0").report["warnings"])
    assert bench.check(f"team/app:1.0@{DIGEST}").report["warnings"] == []
    (by_time,) = bench.check("team/app:1.0", "--scanned-after", "2h").report["warnings"]
    assert "a scan time does not prove which push was scanned" in by_time


@pytest.mark.parametrize(
    ("skew", "at", "code"),
    [
        pytest.param("0s", "-70m", 0, id="clocks agree, fresh"),
        pytest.param("0s", "-100m", 4, id="clocks agree, stale"),
        pytest.param("10m", "-85m", 4, id="ours is behind: stale all the same"),
        pytest.param("10m", "-75m", 0, id="ours is behind, fresh"),
        pytest.param("-10m", "-75m", 0, id="ours is ahead: fresh all the same"),
        pytest.param("-10m", "-85m", 4, id="ours is ahead, stale"),
        pytest.param("2h", "-100m", 4, id="ours is far behind: stale all the same"),
        pytest.param("2h", "-70m", 0, id="ours is far behind, fresh"),
        pytest.param("-20h", "-70m", 4, id="a Date of yesterday makes nothing fresh"),
    ],
)
def test_an_age_is_counted_on_the_servers_clock(bench: Bench, skew: str, at: str, code: int) -> None:
    """A wrong clock here makes no old result look young; nor a young one old, up to a quarter of an hour."""
    scenario = images(finished(at=at)) + f"clock_skew: {skew}\n"

    ended = bench.play(scenario).check(
        "team/app:1.0", "--scanned-after", "80m", env={"HSSGATE_TOKEN": "emulator-token"}
    )

    assert ended.code == code


@pytest.mark.parametrize(
    ("skew", "later", "code"),
    [
        pytest.param(0, -1, 4, id="clocks agree, a second before"),
        pytest.param(0, 0, 0, id="clocks agree, at the moment"),
        pytest.param(2, 0, 0, id="a difference that no Date can show"),
        pytest.param(3, 2, 4, id="ours is behind: before the later reading"),
        pytest.param(3, 3, 0, id="ours is behind, at the later reading"),
        pytest.param(600, 599, 4, id="ours is ten minutes behind, before the later reading"),
        pytest.param(600, 600, 0, id="ours is ten minutes behind, at the later reading"),
        pytest.param(3600, 899, 4, id="ours is an hour behind, before the later reading"),
        pytest.param(3600, 900, 0, id="of an hour a quarter is counted"),
        pytest.param(-600, -1, 4, id="ours is ahead: a second before"),
        pytest.param(-600, 0, 0, id="ours is ahead: at the moment"),
    ],
)
def test_a_moment_counts_in_its_later_reading(bench: Bench, skew: int, later: int, code: int) -> None:
    """WHEN may have been taken from this machine's clock or from another one."""
    when = int(START - 7200)
    scanned = when + later
    text = f"{{at: -1s, scan_status: success, latest_scan_time: {scanned * 1000}, {CLEAN}}}"
    scenario = images(image(text)) + f"clock_skew: {skew}s\n"

    ended = bench.play(scenario).check(
        "team/app:1.0", "--scanned-after", str(when), env={"HSSGATE_TOKEN": "emulator-token"}
    )

    assert ended.code == code


def test_the_evidence_holds_each_change_and_the_last_two_reads(bench: Bench) -> None:
    """Many equal reads in between are left out."""
    scenario = images(image("{at: 30s, scan_status: waiting_for_scan}", "{at: 60s, scan_status: scanning}"))
    scenario += "faults: [{requests: 4, status: 503}]"

    report = bench.play(scenario).check("team/app:1.0", "--timeout", "3m").report["images"][0]

    seen = [(read["http_status"], read["scan_status"]) for read in report["reads"]]
    assert seen == [
        (200, None), (503, None), (200, None), (200, "waiting_for_scan"), (200, "scanning"), (200, "scanning"), (200, "scanning"),
    ]  # fmt: skip
    assert report["polls"] > len(seen)
    assert all(read["request_id"] for read in report["reads"])


def test_waiting_for_a_policy_that_accepts_large_images(bench: Bench) -> None:
    """`scan: accept` lets a scan pass that gave nothing, with a warning; every policy must accept it."""
    (bench.folder / "large.yaml").write_text("rules: {severity: Low, scan: {accept: [image_over_sized]}}")
    (bench.folder / "strict.yaml").write_text("rules: {severity: Low}")
    bench.play(images(image("{at: -1h, scan_status: image_oversized, scan_failed_code: image_over_sized}")))

    accepted = bench.check("team/app:1.0", "--policy", "large.yaml", "--scanned-after", "2h")
    both = bench.check("team/app:1.0", "--policy", "large.yaml", "--policy", "strict.yaml")

    assert (accepted.code, both.code) == (0, 5)
    assert accepted.report["warnings"] == [] or "accepted by the policy" in accepted.report["warnings"][0]
    assert bench.check("team/app:1.0", "--policy", "large.yaml").checks() == {"scan": "warned", "severity": "skipped"}


def test_the_heartbeat_beats_at_least_every_minute(bench: Bench) -> None:
    """Also while a long `Retry-After` is waited out."""
    scenario = images(image(FOREVER)) + "faults: [{requests: 2, status: 429, retry_after: 600}]"

    ended = bench.play(scenario).check("team/app:1.0", "--timeout", "15m")

    beats = [line for line in ended.err.splitlines() if "still waiting" in line]
    assert len(beats) >= 15
