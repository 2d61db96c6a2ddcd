"""Accepted scan failures: the numbers in their row are still judged."""

import json

import pytest

from tests.cli.test_findings import calls, finding, policy
from tests.conftest import Bench
from tests.saved.test_judge import judged

ACCEPT = "scan: {accept: [image_oversized]}"


def oversized(findings: list[dict[str, object]] | None = None, /, **fields: object) -> str:
    """Return a scenario of one image that was too large for its scan, with only these numbers."""
    names = {"cicd_name": "shop", "namespace": "team", "image_name": "app", "image_version": "1.0"}
    state = {"at": "-1h", "scan_status": "image_oversized", **fields}
    return json.dumps({"images": [{**names, "findings": findings or [], "timeline": [state]}]})


@pytest.mark.parametrize(
    ("rules", "fields", "code", "result", "message"),
    [
        pytest.param("severity: Medium", {"severity_level": "High"}, 10, "failed", "severity: High found, at most Medium accepted", id="level too high"),
        pytest.param("severity: Medium", {"severity_level": "Low"}, 0, "passed", "severity: Low found, at most Medium accepted", id="level low enough"),
        pytest.param("severity: Medium", {"severity_level": "UNDEFINED"}, 5, "error", "severity: HSS gave no readable severity_level (but 'UNDEFINED'), which this rule needs", id="undocumented level"),
        pytest.param("severity: Medium", {}, 0, "skipped", "severity: not judged, the scan failed and HSS gave no severity_level", id="no level"),
        pytest.param("malicious_files: 0", {"malicious_file_num": 7}, 10, "failed", "malicious_files: 7 found, at most 0 accepted", id="malware"),
        pytest.param("malicious_files: 0", {}, 0, "skipped", "malicious_files: not judged, the scan failed and HSS gave no malicious_file_num", id="no count of malware"),
        pytest.param("unsafe_settings: 1", {"unsafe_setting_num": 2}, 10, "failed", "unsafe_settings: 2 found, at most 1 accepted", id="settings"),
        pytest.param("vulnerabilities: {limit: 1, action: warn}", {"vul_num": 2}, 0, "warned", "vulnerabilities: 2 found, at most 1 accepted", id="a rule that warns"),
        pytest.param("vulnerabilities: {limit: 1, action: warn}", {}, 0, "skipped", "vulnerabilities: not judged, the scan failed and HSS gave no vul_num", id="a rule that warns, without its number"),
        pytest.param("scan_age: 30m", {}, 10, "failed", "scan_age: scanned 1h00m ago, at most 30m00s accepted", id="too old"),
        pytest.param("scan_age: 30m", {"latest_scan_time": None}, 0, "skipped", "scan_age: not judged, the scan failed and HSS gave no latest_scan_time", id="no scan time"),
        pytest.param("high_vulnerabilities: 0", {}, 0, "skipped", "high_vulnerabilities: not judged, the scan failed and HSS gave no vul_num", id="nothing counted by finding"),
        pytest.param("high_vulnerabilities: 0", {"vul_num": 0}, 0, "passed", "high_vulnerabilities: 0 found, at most 0 accepted", id="none counted by finding"),
    ],
)  # fmt: skip
def test_an_accepted_failure_is_judged_by_the_numbers_it_bears(
    bench: Bench, rules: str, fields: dict[str, object], code: int, result: str, message: str
) -> None:
    """A missing number is not judged, and the check says so; the scan itself passes with a warning."""
    name = rules.partition(":")[0]
    policy(bench, f"rules: {{{rules}, {ACCEPT}}}")

    ended = bench.play(oversized(**fields)).check("team/app:1.0")

    shown = {check["rule"]: (check["result"], check["message"]) for check in ended.report["images"][0]["checks"]}
    assert ended.code == code
    assert shown["scan"] == (
        "warned",
        "scan: image_oversized: the image is larger than HSS scans; accepted by the policy",
    )
    assert shown[name] == (result, message)
    assert judged(bench, "report.json").code == code


def test_findings_of_an_accepted_failure_are_read_where_hss_counts_some(bench: Bench) -> None:
    """Rules by finding need the list, as for any other row."""
    policy(bench, f"rules: {{high_vulnerabilities: 0, {ACCEPT}}}")

    ended = bench.play(oversized([finding("V-1", "delay_repair")], vul_num=2)).check("team/app:1.0")

    assert ended.code == 10
    assert "1 found, at most 0 accepted (1 of 2 counted by HSS but not listed" in ended.out
    assert judged(bench, "report.json").code == 10


def test_findings_of_an_accepted_failure_are_not_fetched_if_hss_counts_none(bench: Bench) -> None:
    """One request is enough."""
    policy(bench, f"rules: {{high_vulnerabilities: 0, {ACCEPT}}}\nignore: [{{vulnerability: V-1, reason: r}}]")

    for fields in ({"vul_num": 0}, {}):
        bench.play(oversized(**fields)).check("team/app:1.0")
        assert (calls(bench, "vulnerabilities"), len(bench.sent)) == (0, 1)


def test_findings_of_an_accepted_failure_that_cannot_be_read_are_no_pass(bench: Bench) -> None:
    """HSS counts some, and which they are is not known."""
    policy(bench, f"rules: {{high_vulnerabilities: 9, {ACCEPT}}}")
    faults = ', "faults": [{"requests": "*", "call": "vulnerabilities", "status": 403}]}'

    assert bench.play(oversized(vul_num=1)[:-1] + faults).check("team/app:1.0").code == 3


def test_a_failure_that_one_policy_of_two_does_not_accept_is_not_judged(bench: Bench) -> None:
    """The image has no usable result, even if its numbers meet the policy."""
    policy(bench, f"rules: {{severity: Medium, {ACCEPT}}}", "a.yaml")
    policy(bench, "rules: {malicious_files: 0}", "b.yaml")

    ended = bench.play(oversized(severity_level="High", malicious_file_num=7)).check(
        "team/app:1.0", "--policy", "a.yaml", "--policy", "b.yaml"
    )

    assert ended.code == 5
    assert ended.checks() == {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}


def test_a_report_of_a_failure_that_was_not_accepted_then_lacks_the_findings(bench: Bench) -> None:
    """A new policy accepts the failure and counts findings, which the report lacks."""
    bench.play(oversized(vul_num=3)).check("team/app:1.0")
    policy(bench, f"rules: {{high_vulnerabilities: 9, {ACCEPT}}}", "new.yaml")

    again = judged(bench, "report.json", "--policy", "new.yaml")

    assert again.code == 5
    assert "the findings were not read, which this rule needs" in again.out
