"""Random schedules by seed: a few of them with every run of the tests, what the soak once found by name, and its judge."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hssgate.exit_codes import ExitCode
from tests.support.fakes import START
from tests.support.law import Asked, DetailReads, doubts
from tests.support.newer_keys import has_newer_keys
from tests.support.schedules import Outcome, Schedule, play, schedule_of
from tests.support.wire_rows import Row
from tests.support.wiretap import Look

CLEAN: Row = {
    "image_name": "app", "image_version": "1.0", "image_id": "i", "scan_status": "success", "severity_level": "Low", "vul_num": 1,
    "unsafe_setting_num": 0, "malicious_file_num": 0, "latest_scan_time": int((START - 3600) * 1000),
}  # fmt: skip
ASKED = Asked(None, "1.0", None, None, None, 5.0)
HIGH = {"vul_id": "SA-1", "repair_necessity": "immediate_repair", "app_name": "openssl"}
MEDIUM = {"vul_id": "SA-2", "repair_necessity": "delay_repair"}


@pytest.mark.parametrize("seed", range(1, 31))
def test_a_schedule_meets_the_law(seed: int, tmp_path: Path) -> None:
    """No wrong pass, no hang, no crash; `make soak` plays ten thousand."""
    assert play(schedule_of(seed), tmp_path, seed).faults == ()


@pytest.mark.parametrize("seed", range(1, 9))
def test_rescans_with_odd_scan_times_meet_the_law(seed: int, tmp_path: Path) -> None:
    """The old time for a while, none, one of the moment before, or that of the new scan; the findings come later."""
    chance = random.Random(seed)
    faults: list[tuple[str, str]] = []
    for _ in range(12):
        end = chance.randint(3, 90)
        times = [None, START - 60, START + end - chance.randint(1, 40), START + end]
        shown = [None if (time := chance.choice(times)) is None else int(time * 1000) for _ in range(2)]
        scanning = {"at": -1, "scan_status": "scanning", "latest_scan_time": shown[0]}
        clean = {
            "at": end,
            "scan_status": "success",
            "latest_scan_time": shown[1],
            "severity_level": "Low",
            "malicious_file_num": 0,
        }
        worse = {
            "at": end + chance.randint(1, 30),
            "scan_status": "success",
            "severity_level": "High",
            "malicious_file_num": 0,
        }
        image = {"image_name": "app", "image_version": "1.0", "timeline": [scanning, clean, worse]}
        arguments = ("--timeout", "5m", "--settle", "5", "--interval", chance.choice(["1s", "5s", "20s"]))
        schedule = Schedule({"images": [image]}, {}, (ASKED,), (), 300.0, 30.0, arguments)
        faults += play(schedule, tmp_path, seed).faults

    assert faults == []


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(491, id="401 whose body never came: asked again with the same bad signature"),
        pytest.param(554, id="the judge took an answer for heard that came after the deadline"),
        pytest.param(9445, id="the judge took the findings of one namespace for another's of the same image id"),
        pytest.param(30293, id="the judge took answers for heard that came after they were given up"),
        pytest.param(9676, id="the judge took the findings of one tag for another's of the same image id"),
    ],
)
def test_schedules_found_by_the_soak_stay_fixed(seed: int, tmp_path: Path) -> None:
    """By the seeds of then."""
    assert play(schedule_of(seed), tmp_path, seed).faults == ()


def test_a_schedule_is_made_of_its_seed_alone(tmp_path: Path) -> None:
    """So that what was found can be played again."""
    assert schedule_of(7) == schedule_of(7) != schedule_of(8)
    assert play(schedule_of(7), tmp_path, 7) == play(schedule_of(7), tmp_path, 7)


@pytest.mark.large
def test_a_hang_is_found(tmp_path: Path) -> None:
    """A wait beyond its deadline, as simulated here, and one with endless requests."""
    scenario = {"images": [{"image_name": "app", "image_version": "1.0", "timeline": [{"scan_status": "scanning"}]}]}
    too_long = Schedule(scenario, {}, (ASKED,), (), 20.0, 5.0, ("--timeout", "60"))
    too_often = Schedule(
        scenario, {}, (ASKED,), (), 7200.0, 5.0, ("--timeout", "2h", "--interval", "1s", "--max-interval", "1s")
    )

    assert [kind for kind, _ in play(too_long, tmp_path).faults] == ["hang"]
    assert [kind for kind, _ in play(too_often, tmp_path).faults] == ["hang"]


def test_a_crash_is_found(tmp_path: Path) -> None:
    """Any exit code that is no verdict counts as one."""
    misused = Schedule({"images": []}, {}, (ASKED,), (), 20.0, 5.0, ("--timeout", "soon"))

    assert [kind for kind, _ in play(misused, tmp_path).faults] == ["crash"]


def test_a_misuse_that_is_run_is_found(tmp_path: Path) -> None:
    """The gate must send no request if a deciding variable is empty or misspelt."""
    clean = {"images": [{**CLEAN, "image_name": "app"}]}
    run = Schedule(clean, {}, (ASKED,), (), 20.0, 5.0, ("--timeout", "20"), is_misuse=True)
    refused = replace(run, variables={"HSSGATE_POLICY": ""})

    assert [kind for kind, _ in play(run, tmp_path).faults] == ["misuse"]
    assert play(refused, tmp_path) == Outcome(2, (), 0)


@pytest.mark.parametrize("code", [ExitCode.INTERRUPTED, ExitCode.TERMINATED])
def test_a_signal_ends_the_run_in_order(code: ExitCode, tmp_path: Path) -> None:
    """And a run that had ended before it comes is not changed by it."""
    scenario = {"images": [{"image_name": "app", "image_version": "1.0", "timeline": [{"scan_status": "scanning"}]}]}
    schedule = Schedule(scenario, {}, (ASKED,), (), 20.0, 5.0, ("--timeout", "20"), signal=(code, 3.0))

    assert play(schedule, tmp_path).code == code
    assert play(replace(schedule, signal=(code, 30.0)), tmp_path).code == 4


def look(*rows: Row, path: str = "/v5/p/image/cicd/images", **filters: str) -> Look:
    return Look(0, 0, [{"total_num": len(rows), "data_list": list(rows)}], START, path=path, filters=filters)


def found(*findings: Row, cves: dict[str, list[str]] | None = None) -> DetailReads:
    names = {"namespace": "", "image_name": "app", "tag_name": "1.0"}
    details = [look(*findings, path="/v5/p/image/i/vulnerabilities", **names)]
    for notice, ids in (cves or {}).items():
        details.append(look(*({"cve_id": cve} for cve in ids), path=f"/v5/p/image/vulnerability/{notice}/cve"))
    return DetailReads(details, START)


IGNORE_ONE = {"vulnerability": "CVE-1", "reason": "r"}


@pytest.mark.parametrize(
    ("row", "policy", "detail_reads", "allowed"),
    [
        pytest.param({}, {"rules": {"vulnerabilities": 1, "unsafe_settings": 0}}, found(), True, id="at the limit"),
        pytest.param({}, {"rules": {"vulnerabilities": 0}}, found(), False, id="over it"),
        pytest.param({}, {"rules": {"vulnerabilities": {"limit": 0, "action": "warn"}}}, found(), True, id="over it, which only warns"),
        pytest.param({"unsafe_setting_num": None}, {"rules": {"unsafe_settings": 9}}, found(), False, id="a number missing"),
        pytest.param({}, {"rules": {"scan_age": 3600}}, found(), True, id="young enough"),
        pytest.param({}, {"rules": {"scan_age": 3599}}, found(), False, id="too old"),
        pytest.param({}, {"rules": {"scan_age": 1}, "overrides": [{"images": ["app:*"], "rules": {"scan_age": 7200}}]}, found(), True, id="an override"),
        pytest.param({}, {"rules": {"scan_age": 1}, "overrides": [{"images": ["b:*"], "rules": {"scan_age": 7200}}]}, found(), False, id="an override of another image"),
        pytest.param({}, {"rules": {"scan_age": 1}, "overrides": [{"images": ["*"], "rules": {"scan_age": 7200}, "expires": "2020-01-01"}]}, found(), False, id="an override that has ended"),
        pytest.param({"scan_status": "failed"}, {"rules": {"scan": {"accept": ["failed"]}}}, found(), True, id="a failure that is accepted"),
        pytest.param({"scan_status": "failed"}, {"rules": {"scan": {"accept": ["image_oversized"]}}}, found(), False, id="another failure"),
        pytest.param({"scan_status": "failed", "severity_level": "High"}, {"rules": {"scan": {"accept": ["failed"]}, "severity": "Low"}}, found(), False, id="an accepted failure that breaks a rule"),
        pytest.param({"scan_status": "failed", "severity_level": None}, {"rules": {"scan": {"accept": ["failed"]}, "severity": "Low"}}, found(), True, id="an accepted failure without the number"),
        pytest.param({"scan_status": "failed"}, {"rules": {"scan": {"accept": ["failed"]}, "high_vulnerabilities": 0}}, found(HIGH), False, id="an accepted failure with a finding too many"),
        pytest.param({"scan_status": "failed", "vul_num": 0}, {"rules": {"scan": {"accept": ["failed"]}, "high_vulnerabilities": 0}}, DetailReads((), START), True, id="an accepted failure without findings"),
        pytest.param({"scan_status": "paused"}, {"rules": {"scan": {"accept": ["paused"]}}}, found(), False, id="no end at all"),
        pytest.param({}, {"rules": {"high_vulnerabilities": 0}}, found(MEDIUM), True, id="another level"),
        pytest.param({}, {"rules": {"high_vulnerabilities": 0}}, found(HIGH), False, id="a finding too many"),
        pytest.param({}, {"rules": {"high_vulnerabilities": 0}}, found(), False, id="counted and not listed"),
        pytest.param({}, {"rules": {"high_vulnerabilities": 9}}, DetailReads((), START), False, id="findings not read"),
        pytest.param({}, {"rules": {"high_vulnerabilities": 0}, "ignore": [{"vulnerability": "SA-*"}]}, found(HIGH), True, id="ignored by its id"),
        pytest.param({}, {"rules": {"vulnerabilities": 0}, "ignore": [IGNORE_ONE]}, found(HIGH, cves={"SA-1": ["CVE-1"]}), True, id="ignored by its CVE"),
        pytest.param({}, {"rules": {"vulnerabilities": 0}, "ignore": [IGNORE_ONE]}, found(HIGH, cves={"SA-1": ["CVE-1", "CVE-2"]}), False, id="one CVE of two ignored"),
        pytest.param({}, {"rules": {"vulnerabilities": 0}, "ignore": [{"vulnerability": "SA-1", "package": "z*"}]}, found(HIGH), False, id="ignored in another package"),
        pytest.param({}, {"rules": {"vulnerabilities": 0}, "ignore": [{"vulnerability": "SA-1", "expires": "2020-01-01"}]}, found(HIGH), False, id="no longer ignored"),
    ],
)  # fmt: skip
def test_the_judge_knows_the_policies(
    row: Row,
    policy: dict[str, Any],
    detail_reads: DetailReads,
    allowed: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """It accepts a right pass, and refuses a wrong one."""
    assert (doubts(ASKED, [look(CLEAN | row)], [policy], detail_reads) == []) is allowed


def test_the_judge_misses_what_was_there_before() -> None:
    """A group that was listed and is not any more may hide what matters."""
    other = CLEAN | {"namespace": "prod"}

    assert doubts(ASKED, [look(CLEAN, other), look(CLEAN)]) == [
        f"{(None, None, 'prod', 'app', '1.0')}: seen before, and gone"
    ]


@pytest.mark.parametrize(
    ("before", "code"),
    [
        pytest.param([{"at": 0, "scan_status": "scanning"}], 0, id="under way"),
        pytest.param([{"at": 0, "absent": True}], 0, id="not listed"),
        pytest.param([{"at": -3600, "scan_status": "failed", "latest_scan_time": None}], 4, id="there before"),
    ],
)
def test_an_accepted_failure_without_a_date_is_fresh_where_it_came_about(
    before: list[Row], code: int, tmp_path: Path
) -> None:
    """The law agrees with the gate; one that was there before does not pass."""
    failed = {"at": 8, "scan_status": "failed", "latest_scan_time": None, "malicious_file_num": 0}
    image = {"image_name": "app", "image_version": "1.0", "timeline": [*before, failed]}
    asked = replace(ASKED, scanned_after=int((START - 60) * 1000))
    policy: Row = {"rules": {"scan": {"accept": ["failed"]}, "malicious_files": 0}}
    arguments = ("--timeout", "5m", "--scanned-after", str(START - 60))
    schedule = Schedule({"images": [image]}, {}, (asked,), (policy,), 300.0, 30.0, arguments)

    played = play(schedule, tmp_path)

    assert (played.code, played.faults) == (code, ())


def test_newer_keys_of_policies_occur_in_schedules() -> None:
    """Each of them, in passes and blocks; the schedules that others were found in stay as they were."""
    keys = {key for seed in range(0, 300, 3) for policy in schedule_of(seed).policies for key in policy}
    rules = {rule for seed in range(0, 300, 3) for policy in schedule_of(seed).policies for rule in policy["rules"]}

    assert keys >= {"grace", "deny", "unlisted", "feeds", "ignore"}
    assert rules >= {"cvss", "critical_vulnerabilities", "exploited", "sensitive_files", "baseline"}
    assert not [seed for seed in (491, 554, 9445, 30293, 9676) if has_newer_keys(seed)]
