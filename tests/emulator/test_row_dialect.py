"""Dialects: what the manual leaves open about rows, as a scenario chooses."""

from typing import Any

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import Scenario, ScenarioInvalid, parse_scenario

START = 1_000_000.0
OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64
CLEAN = {
    "scan_status": "success",
    "severity_level": "Low",
    "vul_num": 0,
    "unsafe_setting_num": 0,
    "malicious_file_num": 0,
}
NAMES = {"cicd_name": "shop", "namespace": "team", "image_name": "app", "image_version": "1.0"}
PUSHED = {**NAMES, "image_digest": OLD, "timeline": [{"at": -3600, **CLEAN}]}
PUSHED_AGAIN = {
    **NAMES,
    "image_digest": NEW,
    "timeline": [
        {"at": 10, "scan_status": "waiting_for_scan"},
        {"at": 20, "scan_status": "scanning"},
        {"at": 30, **CLEAN},
    ],
}


def rows(after: float, *images: dict[str, Any], **dialect: str) -> list[dict[str, Any]]:
    """Return the rows listed so many seconds after the start."""
    now = START
    scenario = Scenario.model_validate({"images": images, "dialect": dialect})
    emulator = Emulator(scenario, now=lambda: now, sleep=lambda _seconds: None)
    now = START + after
    return emulator.rows()


def test_a_push_has_a_row_of_its_own() -> None:
    """Without a dialect both are listed."""
    assert [row["image_digest"] for row in rows(25, PUSHED, PUSHED_AGAIN)] == [NEW, OLD]


@pytest.mark.parametrize(
    ("after", "digest", "status"),
    [
        pytest.param(5, OLD, "success", id="before the second push"),
        pytest.param(15, NEW, "waiting_for_scan", id="from the second push on"),
        pytest.param(60, NEW, "success", id="at the end"),
    ],
)
def test_a_push_takes_over_the_row_of_its_names(after: float, digest: str, status: str) -> None:
    """One row and one image id for every kind of push."""
    (before,) = rows(0, PUSHED, PUSHED_AGAIN, rows="rewritten")
    (row,) = rows(after, PUSHED_AGAIN, PUSHED, rows="rewritten")

    assert (row["image_digest"], row["scan_status"], row["image_id"]) == (digest, status, before["image_id"])


def test_images_of_other_names_keep_their_rows() -> None:
    """A row is taken over by a push of the same names alone."""
    assert len(rows(60, PUSHED, PUSHED_AGAIN | {"namespace": "prod"}, rows="rewritten")) == 2


@pytest.mark.parametrize(
    ("dialect", "digests"),
    [
        pytest.param("scanned", [None, None, NEW], id="left out until the scan ends"),
        pytest.param("previous", [OLD, OLD, NEW], id="the old one until the scan ends"),
        pytest.param("pushed", [NEW, NEW, NEW], id="from the first state on"),
    ],
)
def test_the_digest_may_come_late(dialect: str, digests: list[str | None]) -> None:
    """A moving row may show no digest, or that of the push before."""
    found = [rows(after, PUSHED, PUSHED_AGAIN, rows="rewritten", digest=dialect)[0] for after in (15, 25, 35)]

    assert [row.get("image_digest") for row in found] == digests


def test_the_scan_time_may_be_the_start() -> None:
    """Of a scan that was seen to start; one without a start in the timeline, and a time that is given, stay."""
    given = PUSHED_AGAIN | {"namespace": "given", "latest_scan_time": 5}
    found = rows(60, PUSHED, PUSHED_AGAIN, given, scan_time="start")

    assert sorted(row["latest_scan_time"] for row in found) == [5, 1000 * (START - 3600), 1000 * (START + 20)]


def test_the_identifier_may_be_hidden() -> None:
    """It is not shown."""
    assert rows(0, PUSHED, cicd_name="hidden")[0]["cicd_name"] is None


def test_the_level_may_be_empty() -> None:
    """Where all counts are 0, and there alone."""
    worse = {**NAMES, "namespace": "worse", "timeline": [{"at": -3600, **CLEAN, "vul_num": 1}]}
    found = rows(0, PUSHED, worse, severity_level="empty")

    assert {row["namespace"]: row.get("severity_level") for row in found} == {"team": None, "worse": "Low"}


def test_a_misspelt_dialect_is_named() -> None:
    """With the values that exist."""
    with pytest.raises(ScenarioInvalid, match=r"dialect\.rows: .*'added' or 'rewritten'"):
        parse_scenario("{images: [], dialect: {rows: overwritten}}", "x.yaml")
