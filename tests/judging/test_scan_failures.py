"""Failures of a scan in plain words."""

import re

import pytest

from hssgate.hss.models import CicdImage, ScanStatus
from hssgate.judging.scan_failures import DOCUMENTED, OF_REGISTRY_IMAGES, OF_STATUSES, failure_of
from hssgate.policy.rule_kinds import NO_FAILURES
from tests.cli.test_check import DIGEST, image, images
from tests.conftest import Bench

# From the documentation of ListCicdImages.
CODES = [
    "unknown_error", "authentication_failed", "download_failed", "image_over_sized", "get_detail_info_not_found",
    "image_layer_over_sized", "failed_to_scan_vulnerability", "failed_to_scan_file", "failed_to_scan_software",
    "failed_to_check_sensitive_information", "failed_to_check_baseline", "failed_to_check_software_compliance",
    "failed_to_query_basic_image_information", "response_timed_out", "database_error",
    "failed_to_send_the_scan_request",
]  # fmt: skip


# From the SDK's models of images in registries.
REGISTRY_CODES = ["schema_v1_not_support", "access_swr_failed", "swr_authentication_error", "failed_to_check_build_cmd"]


def test_each_documented_code_is_explained() -> None:
    """The table has the sixteen codes of the documentation, and those that images in registries have."""
    assert [*DOCUMENTED] == CODES
    assert [*OF_REGISTRY_IMAGES] == REGISTRY_CODES


def test_each_status_of_a_failure_but_the_general_one_is_explained() -> None:
    """A row may have a status that says what failed, and no code."""
    assert {*ScanStatus} - NO_FAILURES - {ScanStatus.FAILED} <= {*OF_STATUSES}


KNOWN = {**DOCUMENTED, **OF_REGISTRY_IMAGES}


@pytest.mark.parametrize("code", [*KNOWN])
def test_every_report_tells_what_happened_and_what_to_do(code: str, bench: Bench) -> None:
    """Then come the request id and the words of HSS; `judge` says the same of the saved report."""
    row = image(f"{{at: -1h, scan_status: failed, scan_failed_code: {code}, scan_failed_desc: 扫描失败}}")
    bench.play(images(row))

    ended = bench.check("team/app:1.0")

    request_id = ended.report["images"][0]["reads"][-1]["request_id"]
    known = KNOWN[code]
    expected = (
        f"scan: failed: {known.happened}; {known.next_step}; request id {request_id} ({code}: 扫描失败); "
        "the image was not judged"
    )
    assert ended.code == 5
    assert ended.report["images"][0]["checks"][0]["message"] == expected
    assert expected in ended.out
    again = bench.run("judge", "report.json")
    assert (again.code, expected in again.out) == (5, True)


@pytest.mark.parametrize(
    ("asked", "code", "expected"),
    [
        pytest.param(f"team/app:1.0@{DIGEST}", 5, "scan: failed: HSS had a database error; scan the image again", id="by digest"),
        pytest.param("team/app:1.0", 4, "scan: timed out after 10m00s", id="by tag"),
    ],
)  # fmt: skip
def test_a_failure_before_the_moment_asked_for_is_final_only_for_a_digest(
    bench: Bench, asked: str, code: int, expected: str
) -> None:
    """A tag may have been pushed again since; `judge` says the same of the saved report."""
    row = image("{at: -1h, scan_status: failed, scan_failed_code: database_error}")

    ended = bench.play(images(row)).check(asked, "--scanned-after", "30m")

    assert ended.code == code
    assert expected in ended.out
    assert ("no newer scan was listed within 10m00s, the image was not judged" in ended.out) is (code == 5)
    assert bench.run("judge", "report.json").code == code


def test_a_status_without_a_code_is_explained(bench: Bench) -> None:
    """The status itself says what failed."""
    ended = bench.play(images(image("{at: -1h, scan_status: image_scan_stop}"))).check("team/app:1.0")

    assert "scan: image_scan_stop: the scan was stopped before its end; scan the image again; request id " in ended.out


def test_an_unknown_code_keeps_the_words_of_hss(bench: Bench) -> None:
    """With the request id, which Huawei Cloud's support asks for."""
    row = image("{at: -1h, scan_status: failed, scan_failed_code: too_many_layers, scan_failed_desc: 层数过多}")

    ended = bench.play(images(row)).check("team/app:1.0")

    assert re.search(r"scan: failed; request id \S+ \(too_many_layers: 层数过多\); the image was not judged", ended.out)
    assert failure_of(CicdImage(scan_status="failed", scan_failed_code="too_many_layers")) is None


def test_an_accepted_failure_needs_no_next_step(bench: Bench) -> None:
    """What happened is enough, and equal warnings of several images can be shown once."""
    (bench.folder / "hssgate.yaml").write_text("rules: {severity: High, scan: {accept: [image_oversized]}}")
    row = image("{at: -1h, scan_status: image_oversized, scan_failed_code: image_over_sized}")

    ended = bench.play(images(row)).check("team/app:1.0")

    assert ended.code == 0
    warning = "scan: image_oversized: the image is larger than HSS scans (image_over_sized); accepted by the policy"
    assert ended.report["images"][0]["checks"][0]["message"] == warning
