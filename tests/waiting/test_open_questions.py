"""What the manual leaves open about rows: late digests, empty levels, results without a time or of an earlier scan."""

import pytest

from tests.cli.test_check import CLEAN, DIGEST, OTHER, image, images
from tests.conftest import Bench
from tests.support.fakes import START

EARLIER = int((START - 86_400) * 1000)
HIGH = "severity_level: High, vul_num: 50, unsafe_setting_num: 0, malicious_file_num: 0"
EMPTY = "vul_num: 0, unsafe_setting_num: 0, malicious_file_num: 0"
ASKED = f"team/app:1.0@{DIGEST}"


def test_a_success_that_comes_about_during_the_wait_is_read_again(bench: Bench) -> None:
    """However old its scan time is: nothing shows that it is the time of this scan."""
    appears = f"{{at: 3s, scan_status: success, latest_scan_time: {EARLIER}, {CLEAN}}}"
    worse = f"{{at: 7s, scan_status: success, latest_scan_time: {EARLIER}, {HIGH}}}"

    assert bench.play(images(image("{at: 0s, absent: true}", appears, worse))).check("team/app:1.0").code == 10


def test_an_old_success_that_is_listed_at_once_costs_one_request(bench: Bench) -> None:
    """It was there before the wait."""
    assert bench.play(images(image(f"{{at: -1h, scan_status: success, {CLEAN}}}"))).check("team/app:1.0").code == 0
    assert bench.emulator.request_count == 1


def test_an_empty_level_with_all_counts_0_passes_once_two_reads_agree(bench: Bench) -> None:
    """However old it is; with a warning, in every report."""
    ended = bench.play(images(image(f"{{at: -1h, scan_status: success, {EMPTY}}}"))).check(ASKED)

    assert (ended.code, bench.emulator.request_count) == (0, 2)
    assert (
        "severity: HSS gave no severity_level; all three counts are 0 in two reads, which counts as Security"
        in (ended.report["warnings"][0])
    )
    assert ended.report["images"][0]["seen"]["groups"][0]["agreed"] is True
    assert bench.run("judge", "report.json").code == 0


def test_a_level_that_follows_is_seen(bench: Bench) -> None:
    """The row was not filled yet."""
    scenario = images(image(f"{{at: -1h, scan_status: success, {EMPTY}}}", f"{{at: 3s, scan_status: success, {HIGH}}}"))

    assert bench.play(scenario).check(ASKED).code == 10


@pytest.mark.parametrize(
    ("row", "arguments"),
    [
        pytest.param(EMPTY, ["--settle", "0"], id="nothing is read twice"),
        pytest.param(EMPTY.replace("vul_num: 0", "vul_num: 1"), [], id="one count is not 0"),
        pytest.param(EMPTY.replace(", malicious_file_num: 0", ""), [], id="one count is missing"),
    ],
)
def test_any_other_missing_level_is_no_usable_result(bench: Bench, row: str, arguments: list[str]) -> None:
    """The message says which rules need none."""
    ended = bench.play(images(image(f"{{at: -1h, scan_status: success, {row}}}"))).check(ASKED, *arguments)

    assert (ended.code, bench.emulator.request_count) == (5, 1)
    assert "no severity_level, which this rule needs; vulnerabilities, high_" in ended.out


LONG_SCAN = """
images:
- cicd_name: shop
  namespace: team
  image_name: app
  image_version: "1.0"
  image_digest: "%s"
  timeline:
    - {at: 1m, scan_status: waiting_for_scan}
    - {at: 2m, scan_status: scanning}
    - {at: 20m, scan_status: success, %s}
"""


@pytest.mark.parametrize("digest", ["scanned", "previous"])
def test_a_scan_of_20_minutes_whose_digest_comes_at_its_end_passes(bench: Bench, digest: str) -> None:
    """With the default timeouts: a row without its digest that is being scanned counts as started."""
    ended = bench.play(LONG_SCAN % (DIGEST, CLEAN) + f"dialect: {{digest: {digest}}}").check(ASKED)

    assert ended.code == 0
    assert ended.report["images"][0]["waited_seconds"] > 1200
    assert "not listed by its digest; a row with no digest yet: scanning" in ended.err


def test_when_the_scan_was_of_another_digest_the_appear_timeout_begins_anew(bench: Bench) -> None:
    """The image may still be listed for ten minutes from then on."""
    ended = bench.play(LONG_SCAN % (OTHER, CLEAN)).check(ASKED, "--timeout", "60m")

    assert ended.code == 4
    assert 1800 <= ended.report["images"][0]["waited_seconds"] < 1870


@pytest.mark.parametrize(
    ("digest", "waited"),
    [pytest.param("pushed", 599, id="another digest"), pytest.param("scanned", 1799, id="no digest yet")],
)
def test_without_a_version_a_row_of_another_digest_is_another_image(bench: Bench, digest: str, waited: float) -> None:
    """A row without a digest may become the image."""
    scenario = LONG_SCAN % (OTHER, CLEAN) + f"dialect: {{digest: {digest}}}"

    ended = bench.play(scenario).check(f"team/app@{DIGEST}", "--timeout", "60m")

    assert ended.code == 4
    assert waited <= ended.report["images"][0]["waited_seconds"] < waited + 70


FAILED = "{at: -1h, scan_status: failed, scan_failed_code: too_many_layers}"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        pytest.param(ASKED, 5, id="by its digest"),
        pytest.param("team/app:1.0", 4, id="without a digest it may be of another push"),
    ],
)
def test_a_failure_from_before_the_moment_is_waited_out(bench: Bench, reference: str, code: int) -> None:
    """A new scan may be started until --appear-timeout; then the failure is the result."""
    ended = bench.play(images(image(FAILED))).check(reference, "--scanned-after", "30m")

    assert ended.code == code
    assert ended.report["images"][0]["waited_seconds"] == pytest.approx(600, abs=1)
    assert bench.run("judge", "report.json").code == code


def test_a_failure_from_before_the_moment_is_no_result_if_it_is_scanned_again(bench: Bench) -> None:
    """The new scan succeeds."""
    scenario = images(image(FAILED, "{at: 5m, scan_status: scanning}", f"{{at: 6m, scan_status: success, {CLEAN}}}"))

    assert bench.play(scenario).check(ASKED, "--scanned-after", "30m").code == 0


def test_an_accepted_failure_from_before_the_moment_does_not_pass(bench: Bench) -> None:
    """It is not fresh."""
    policy = "rules: {scan: {accept: [too_many_layers]}, malicious_files: 0}"

    (bench.folder / "hssgate.yaml").write_text(policy, encoding="utf-8")

    ended = bench.play(images(image(FAILED))).check(ASKED, "--scanned-after", "30m")

    assert ended.code == 5


@pytest.mark.parametrize(
    ("before", "waited"),
    [
        pytest.param("{at: 0s, scan_status: scanning}", 10, id="it was seen in progress"),
        pytest.param("{at: 0s, absent: true}", 15, id="it was not listed before"),
        pytest.param("{at: -1h, scan_status: failed, latest_scan_time: null}", 600, id="it was there before"),
    ],
)
def test_a_failure_without_a_scan_time_is_fresh_if_it_came_about(bench: Bench, before: str, waited: float) -> None:
    """Else it counts as one from before the moment."""
    scenario = images(image(before, "{at: 8s, scan_status: failed, latest_scan_time: null}"))

    ended = bench.play(scenario).check(ASKED, "--scanned-after", "30m")

    assert ended.code == 5
    assert ended.report["images"][0]["waited_seconds"] == pytest.approx(waited, abs=3)
    assert bench.run("judge", "report.json").code == 5


UPDATED_LAST = f"image_digest: {DIGEST}, latest_update_time: {int((START - 3600) * 1000)}"
SCANNED_LAST = f"image_digest: {OTHER}, latest_update_time: {int((START - 7200) * 1000)}"
MORE = "severity_level: Low, vul_num: 9, unsafe_setting_num: 0, malicious_file_num: 0"
FINDINGS = "rules: {high_vulnerabilities: 9}"


def disputed(updated_last: str, scanned_last: str) -> str:
    """Return two pushes of a tag, the second of which was scanned last and updated first."""
    names = '{cicd_name: shop, namespace: team, image_name: app, image_version: "1.0"'
    return images(
        f"  - {names}, {UPDATED_LAST}, timeline: [{{at: -50m, {updated_last}}}]}}\n",
        f"  - {names}, {SCANNED_LAST}, timeline: [{{at: -40m, {scanned_last}}}]}}\n",
    )


@pytest.mark.parametrize(
    ("updated_last", "scanned_last", "code"),
    [
        pytest.param(f"scan_status: success, {CLEAN}", f"scan_status: success, {MORE}", 0, id="both pass"),
        pytest.param(f"scan_status: success, {HIGH}", f"scan_status: success, {CLEAN}", 10, id="the one updated last violates"),
        pytest.param(f"scan_status: success, {HIGH}", f"scan_status: success, {HIGH}", 10, id="both violate"),
        pytest.param(f"scan_status: success, {CLEAN}", f"scan_status: success, {HIGH}", 5, id="the one scanned last violates"),
        pytest.param(f"scan_status: success, {CLEAN}", "scan_status: failed", 5, id="the scan of one failed"),
        pytest.param("scan_status: failed", f"scan_status: success, {CLEAN}", 5, id="the scan of the other failed"),
    ],
)  # fmt: skip
def test_two_pushes_whose_times_disagree_must_both_pass(
    bench: Bench, updated_last: str, scanned_last: str, code: int
) -> None:
    """Nothing documented says which time tells their order; both are named, and the digest is asked for."""
    ended = bench.play(disputed(updated_last, scanned_last)).check("team/app:1.0")

    assert ended.code == code
    if "failed" not in updated_last:
        assert f"{DIGEST} is newer by its update time, and {OTHER} by its scan time" in ended.out + ended.err
    assert bench.run("judge", "report.json").code == code


def test_the_digest_settles_which_push_is_meant(bench: Bench) -> None:
    """No warning is left."""
    scenario = disputed(f"scan_status: success, {CLEAN}", f"scan_status: success, {HIGH}")

    ended = bench.play(scenario).check(ASKED)

    assert (ended.code, "newer by" in ended.out + ended.err) == (0, False)


@pytest.mark.parametrize(
    ("count", "code"), [pytest.param(0, 0, id="there are none"), pytest.param(1, 5, id="they are not read")]
)
def test_findings_of_the_push_scanned_last_are_not_read(bench: Bench, count: int, code: int) -> None:
    """A rule that needs them is in doubt where there are any."""
    (bench.folder / "hssgate.yaml").write_text(FINDINGS, encoding="utf-8")
    clean = "scan_status: success, severity_level: Low, unsafe_setting_num: 0, malicious_file_num: 0"

    assert bench.play(disputed(f"{clean}, vul_num: 0", f"{clean}, vul_num: {count}")).check("team/app:1.0").code == code


def test_one_image_listed_with_two_times_is_no_dispute(bench: Bench) -> None:
    """Rows of one digest are of one push."""
    scenario = disputed(f"scan_status: success, {CLEAN}", f"scan_status: success, {HIGH}").replace(OTHER, DIGEST)

    ended = bench.play(scenario).check("team/app:1.0")

    assert (ended.code, "newer by" in ended.out + ended.err) == (0, False)


IN_ITS_NAME = {"namespace": "null", "image_name": "team/app"}


@pytest.mark.parametrize("arguments", [[], ["--cicd-name", "shop"]], ids=["no identifier", "with an identifier"])
def test_a_row_that_holds_the_path_in_its_name_is_asked_for_from_the_third_poll_on(
    bench: Bench, arguments: list[str]
) -> None:
    """Where a filter by the last component hides it; then each poll asks both ways."""
    clean = f"{{at: -1h, scan_status: success, {CLEAN}}}"
    scenario = images(image(clean, **IN_ITS_NAME)) + "match: exact"

    assert bench.play(scenario).check(ASKED, *arguments).code == 0
    assert [request.url.params["image_name"] for request in bench.sent] == ["app", "app", "team/app", "app", "team/app"]


def test_groups_under_both_spellings_must_pass(bench: Bench) -> None:
    """The one that is listed later, under the shorter one, is High."""
    clean = f"{{at: -1h, scan_status: success, {CLEAN}}}"
    scenario = images(image(clean, **IN_ITS_NAME), image(f"{{at: 11s, scan_status: success, {HIGH}}}")) + "match: exact"

    assert bench.play(scenario).check(ASKED).code == 10


def test_no_answer_to_either_spelling_is_no_answer(bench: Bench) -> None:
    """The poll failed as a whole."""
    clean = f"{{at: -1h, scan_status: success, {CLEAN}}}"
    scenario = images(image(clean, **IN_ITS_NAME)) + "match: exact\nfaults: [{requests: 4-, status: 503}]"

    assert bench.play(scenario).check(ASKED, "--timeout", "2m").code == 3


def test_every_longer_spelling_has_its_turn(bench: Bench) -> None:
    """Of a path of three components, one after the other; a name alone has none."""
    assert bench.play("images: []\nmatch: exact").check("a/b/c:1", "--timeout", "70s").code == 4

    asked = [request.url.params["image_name"] for request in bench.sent]
    assert asked[2::2][:2] == ["a/b/c", "b/c"]


def test_a_row_that_cannot_be_read_keeps_its_doubt(bench: Bench) -> None:
    """Another spelling that lists nothing does not take it away."""
    broken = image(f"{{at: -1h, scan_status: success, {CLEAN}, raw: {{vul_num: -1}}}}")

    assert bench.play(images(broken) + "match: exact").check("team/app:1.0", "--timeout", "12s").code == 3
    assert {request.url.params["image_name"] for request in bench.sent} == {"app"}


def test_a_young_result_of_the_push_scanned_last_is_read_again(bench: Bench) -> None:
    """Its findings arrive one after the other; two reads of it, too, must agree."""
    names = '{cicd_name: shop, namespace: team, image_name: app, image_version: "1.0"'
    clean, more, high = (f"scan_status: success, {counts}" for counts in (CLEAN, MORE, HIGH))
    later = int((START - 1) * 1000)
    scenario = images(
        f"  - {names}, {UPDATED_LAST}, timeline: [{{at: -50m, {clean}}}]}}\n",
        f"  - {names}, {SCANNED_LAST}, timeline: "
        f"[{{at: -1s, {clean}}}, {{at: 3s, latest_scan_time: {later}, {more}}}, "
        f"{{at: 8s, latest_scan_time: {later}, {high}}}]}}\n",
    )

    assert bench.play(scenario).check("team/app:1.0").code == 5


def test_an_image_without_a_version_is_found_among_all_of_an_identifier(bench: Bench) -> None:
    """By its digest alone, in a list that holds other images, too."""
    clean = f"{{at: -1h, scan_status: success, {CLEAN}}}"
    scenario = images(image(clean), image(clean, image_name="other", image_digest=OTHER))

    ended = bench.play(scenario).check(f"team/app@{DIGEST}", f"team/other@{OTHER}", "--cicd-name", "shop")

    assert ended.code == 0
