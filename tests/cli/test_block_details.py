"""What is behind a block is read after the verdict, bounded in time and number, and never changes it."""

import copy
import json
from typing import Any

import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.cli.test_findings import LOW, MEDIUM, calls, finding, policy, scenario
from tests.conftest import Bench, Ended

SECONDS = 30
Fault = dict[str, object]
DETAILS: dict[str, list[dict[str, object]]] = {
    "malwares": [{"file_name": "xmrig", "file_path": "/tmp/xmrig", "description": "miner"}],  # noqa: S108 - in an image
    "sensitive": [{"name": "password", "file_path": "/app/.env", "severity": "high", "content": "hunter2"}],
    "check_rules": [
        {"check_rule_id": "1.2", "check_rule_name": "no empty password", "scan_result": "failed", "severity": "High"},
        {"check_rule_id": "1.3", "check_rule_name": "fine", "scan_result": "pass", "severity": "High"},
    ],
}
SCORED = {"cve_id": "CVE-2024-1", "cvss_score": 9.8, "publish_time": 1719484500000}
SEVERE = "rules: {severity: Medium}"
CLEAN = "rules: {severity: High}"


def blocked(findings: list[dict[str, object]] | None = None, faults: Fault | None = None, /, **state: object) -> str:
    """An image whose severity is High, with something in every list."""
    listed = findings if findings is not None else [finding("SA-1") | {"cves": [SCORED]}, finding("SA-2", LOW)]
    given: dict[str, Any] = json.loads(scenario(listed, None, "", **DETAILS))
    (entry,) = given["images"][0]["timeline"]
    entry |= {"malicious_file_num": 1, "unsafe_setting_num": 1, **state}
    return json.dumps(given | ({"faults": [faults]} if faults else {}))


def image(ended: Ended, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = ended.report["images"][number]
    return found


@pytest.mark.parametrize(
    ("rules", "state", "lists"),
    [
        pytest.param(SEVERE, {}, ["vulnerabilities", "malwares", "sensitive", "check-rules"], id="severity"),
        pytest.param(SEVERE, {"malicious_file_num": 0}, ["vulnerabilities", "sensitive", "check-rules"], id="severity, and no malicious file is counted"),
        pytest.param(SEVERE, {"vul_num": 0, "unsafe_setting_num": 0}, ["malwares", "sensitive"], id="severity, and nothing else is counted"),
        pytest.param("rules: {vulnerabilities: 1}", {}, ["vulnerabilities"], id="vulnerabilities"),
        pytest.param("rules: {unsafe_settings: 0}", {}, ["check-rules"], id="unsafe settings"),
        pytest.param("rules: {malicious_files: 0}", {}, ["malwares"], id="malicious files"),
        pytest.param("rules: {scan_age: 1m}", {}, [], id="age"),
        pytest.param("rules: {vulnerabilities: {limit: 1, action: warn}}", {}, [], id="a rule that warns"),
        pytest.param(CLEAN, {}, [], id="a pass"),
    ],
)  # fmt: skip
def test_what_is_behind_the_rule_is_read(bench: Bench, rules: str, state: dict[str, object], lists: list[str]) -> None:
    """And nothing else; a pass costs one request."""
    policy(bench, rules)

    ended = bench.play(blocked(None, None, **state)).check("team/app:1.0", "--timeout", "0")

    asked = [request.path.rpartition("/")[2] for request in bench.emulator.requests[1:]]
    assert [path for path in asked if path != "cve"] == lists
    assert image(ended)["findings_read"] is ("vulnerabilities" in lists)
    assert len(image(ended)["findings"]) == (2 if "vulnerabilities" in lists else 0)
    assert (asked.count("cve") == 2) is ("vulnerabilities" in lists)


@pytest.mark.parametrize(("findings", "results"), [("auto", ["failed"]), ("always", [])])
def test_of_the_baseline_the_failed_checks_explain_a_block(bench: Bench, findings: str, results: list[str]) -> None:
    """Hundreds of others passed; all of them are evidence for an audit."""
    policy(bench, "rules: {unsafe_settings: 0}")

    bench.play(blocked()).check("team/app:1.0", "--findings", findings)

    (query,) = [sent.url.params for sent in bench.sent if sent.url.path.endswith("/check-rules")]
    assert query.get_list("scan_result") == results


def test_a_block_is_the_same_with_and_without_what_is_behind_it(bench: Bench) -> None:
    """Only the lists are added to the report."""
    policy(bench, f"{SEVERE[:-1]}, vulnerabilities: 1, malicious_files: 0}}")
    reports = {}
    for mode in ("auto", "always", "never"):
        ended = bench.play(blocked()).check("team/app:1.0", "--findings", mode)
        assert ended.code == 10
        reports[mode] = image(ended)

    assert reports["auto"]["checks"] == reports["never"]["checks"] == reports["always"]["checks"]
    assert (reports["never"]["findings_read"], reports["never"]["details_read"]) == (False, [])
    assert reports["auto"] == reports["always"] | {"reads": reports["auto"]["reads"], "seen": reports["auto"]["seen"]}


def test_the_report_has_all_of_it(bench: Bench) -> None:
    """Findings with CVEs, scores and dates, files without their contents, failed checks without passed ones."""
    policy(bench, SEVERE)

    found = image(bench.play(blocked()).check("team/app:1.0"))

    assert [(one["vul_id"], one["cves"], one["cve_details"]) for one in found["findings"]] == [
        ("SA-1", ["CVE-2024-1"], [SCORED]), ("SA-2", [], []),
    ]  # fmt: skip
    assert [(one["kind"], one.get("file_path") or one["check_rule_id"]) for one in found["details"]] == [
        ("malicious_file", "/tmp/xmrig"), ("sensitive_file", "/app/.env"), ("baseline_breach", "1.2"),  # noqa: S108
    ]  # fmt: skip
    assert found["details_read"] == ["malicious_file", "sensitive_file", "baseline_breach"]
    assert "hunter2" not in (bench.folder / "report.json").read_text()


def test_findings_are_ordered_by_level_and_score(bench: Bench) -> None:
    """Those without a score come last in their level."""
    policy(bench, SEVERE)
    cves = {
        "SA-1": [5.0], "SA-2": [], "SA-3": [9.1, 2.0], "SA-4": [7.0],
    }  # fmt: skip
    listed = [
        finding(name, MEDIUM) | {"cves": [{"cve_id": f"CVE-{name}-{score}", "cvss_score": score} for score in scores]}
        for name, scores in cves.items()
    ]

    found = image(bench.play(blocked([*listed, finding("SA-0", LOW)])).check("team/app:1.0"))

    assert [one["vul_id"] for one in found["findings"]] == ["SA-3", "SA-4", "SA-1", "SA-2", "SA-0"]


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        pytest.param([], False, id="no report"),
        pytest.param(["--report", "html=a.html"], False, id="a report for people"),
        pytest.param(["--report", "sarif=a.sarif"], True, id="sarif"),
        pytest.param(["--report", "sarif=a.sarif", "--findings", "never"], False, id="sarif, and never"),
        pytest.param(["--findings", "always"], True, id="always"),
    ],
)
def test_findings_of_a_pass_are_read_for_reports_that_list_them(
    bench: Bench,
    arguments: list[str],
    read: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """With their CVEs; files and checks only where everything is asked for."""
    policy(bench, CLEAN)

    ended = bench.play(blocked()).check("team/app:1.0", *arguments)

    assert ended.code == 0
    assert image(ended)["findings_read"] is read
    assert [one["cves"] for one in image(ended)["findings"]] == ([["CVE-2024-1"], []] if read else [])
    assert bool(image(ended)["details_read"]) is ("always" in arguments)


@pytest.mark.parametrize(("status", "asked"), [(401, 1), (403, 20)])
def test_a_failure_of_many_images_is_noted_once(bench: Bench, status: int, asked: int) -> None:
    """Refused credentials are tried once."""
    policy(bench, SEVERE)
    given = json.loads(blocked())
    given["images"] = [given["images"][0] | {"image_version": f"{number}"} for number in range(20)]
    given["faults"] = [{"requests": "*", "call": "malwares", "status": status}]

    ended = bench.play(json.dumps(given)).check(*(f"team/app:{number}" for number in range(20)))

    assert (ended.code, calls(bench, "/malwares")) == (10, asked)
    assert ended.err.count("could not be read") == 1
    assert "20 images: the malicious files could not be read" in ended.err
    assert all(len(found["unread"]) == 1 for found in ended.report["images"])


@pytest.mark.parametrize("timeout", ["0", "1s", "1h"])
@pytest.mark.parametrize(
    "what",
    [
        pytest.param({"status": 503}, id="unavailable"),
        pytest.param({"status": 429, "retry_after": 5}, id="throttled"),
        pytest.param({"delay": "1h"}, id="silent"),
        pytest.param({"garbage": True}, id="garbage"),
        pytest.param({"status": 403}, id="refused"),
        pytest.param({"status": 500}, id="server fault"),
    ],
)
def test_a_failure_is_a_note_within_its_time(bench: Bench, what: Fault, timeout: str) -> None:
    """The verdict does not change; the reports are written, and name what could not be fetched."""
    policy(bench, SEVERE)
    bench.play(blocked(None, {"requests": "2-", "call": "any"} | what))
    began = bench.clock.monotonic()

    ended = bench.check("team/app:1.0", "--timeout", timeout)

    assert ended.code == 10
    assert bench.clock.monotonic() - began <= SECONDS
    found = image(ended)
    assert (found["findings_read"], found["findings"], found["details"]) == (False, [], [])
    assert {one["what"] for one in found["unread"]} == {
        "findings", "malicious_file", "sensitive_file", "baseline_breach",
    }  # fmt: skip
    assert "team/app:1.0: the findings could not be read, which changes no verdict" in ended.err
    assert all(line in ended.err for line in ended.report["warnings"])


@pytest.mark.parametrize("arguments", [[], ["--findings", "always"]])
def test_cves_that_cannot_be_read_are_a_note(bench: Bench, arguments: list[str]) -> None:
    """Findings without CVEs and scores would else look like findings that have none."""
    policy(bench, SEVERE)
    failing = blocked([finding("SA-1")], {"requests": "*", "call": "cve", "status": 403})

    ended = bench.play(failing).check("team/app:1.0", *arguments)

    note = "the CVEs of the findings could not be read, which changes no verdict: HTTP 403"
    assert ended.code == 10
    assert note in ended.err
    assert any(line.startswith(note) for line in ended.report["warnings"])
    assert bench.run("judge", "report.json").code == 10


def test_a_rule_that_lacks_cves_needs_no_note(bench: Bench) -> None:
    """Its own error says so."""
    policy(bench, f"{SEVERE[:-1]}, cvss: 5}}")
    failing = blocked([finding("SA-1")], {"requests": "*", "call": "cve", "status": 403})

    ended = bench.play(failing).check("team/app:1.0")

    assert ended.checks()["cvss"] == "error"
    assert "changes no verdict" not in ended.err


def test_one_list_that_fails_keeps_none_from_being_read(bench: Bench) -> None:
    """It is asked for a few times, and the others are there."""
    policy(bench, SEVERE)

    ended = bench.play(blocked(None, {"requests": "1-", "call": "malwares", "garbage": True})).check("team/app:1.0")

    found = image(ended)
    assert [one["what"] for one in found["unread"]] == ["malicious_file"]
    assert found["details_read"] == ["sensitive_file", "baseline_breach"]
    assert calls(bench, "/malwares") == 3


def test_a_list_that_fails_for_one_row_of_an_image_contradicts_nothing(bench: Bench) -> None:
    """The report has that of the other row; judged again it comes to the same."""
    policy(bench, "rules: {malicious_files: 0}")
    given = json.loads(blocked(None, {"requests": "3-", "call": "malwares", "garbage": True}))
    given["images"].append(given["images"][0] | {"namespace": "shop"})

    ended = bench.play(json.dumps(given)).check("app:1.0")

    assert [one["what"] for one in image(ended)["unread"]] == ["malicious_file"]
    assert [one["kind"] for one in image(ended)["details"]] == ["malicious_file"]
    assert bench.run("judge", "report.json").code == ended.code == 10


def test_many_notices_are_read_in_spite_of_a_throttle(bench: Bench) -> None:
    """120 notices, with a limit of 20 calls in two seconds."""
    policy(bench, SEVERE)
    listed = [finding(f"SA-{number:03}") | {"cves": [{"cve_id": f"CVE-{number}"}]} for number in range(120)]
    began = bench.clock.monotonic()

    given = json.loads(blocked(listed)) | {"rate_limit": {"requests": 20, "seconds": 2}}

    ended = bench.play(json.dumps(given)).check("team/app:1.0")

    assert all(one["cves"] for one in image(ended)["findings"])
    assert bench.clock.monotonic() - began < SECONDS


def test_the_number_of_notices_is_bounded(bench: Bench) -> None:
    """Each is asked for once, the worst first."""
    policy(bench, SEVERE)
    listed = [finding(f"SA-{number:03}", MEDIUM, app=app) for number in range(300) for app in ("a", "b")]

    ended = bench.play(blocked([*listed, finding("ZZ-1")])).check("team/app:1.0")

    asked = [request.path for request in bench.emulator.requests if request.path.endswith("/cve")]
    assert len(asked) == len(set(asked)) == 200
    assert sum("ZZ-1" in path for path in asked) == 1
    assert len(image(ended)["findings"]) == 601


def test_the_worst_of_each_image_come_before_the_second(bench: Bench) -> None:
    """So that a throttle leaves no image without any."""
    policy(bench, SEVERE)
    given = json.loads(blocked())
    given["images"] = [
        given["images"][0]
        | {"image_version": f"{number}", "findings": [finding(f"SA-{number}-1"), finding(f"SA-{number}-2", LOW)]}
        for number in range(3)
    ]

    bench.play(json.dumps(given)).check(*(f"team/app:{number}" for number in range(3)))

    asked = [request.path.split("/")[-2] for request in bench.emulator.requests if request.path.endswith("/cve")]
    assert asked == ["SA-0-1", "SA-1-1", "SA-2-1", "SA-0-2", "SA-1-2", "SA-2-2"]


@pytest.mark.large
def test_the_number_of_lists_is_bounded(bench: Bench) -> None:
    """Images beyond it are named in a note."""
    policy(bench, SEVERE)
    given = json.loads(blocked([]))
    given["images"][0] |= {"copies": 600, "cicd_name": "shop"}

    ended = bench.play(json.dumps(given)).check(
        *(f"team/app:1.0-{number}" for number in range(1, 601)), "--cicd-name", "shop", "--findings", "auto"
    )

    assert ended.code == 10
    assert sum("/cicd/" not in request.path for request in bench.emulator.requests) == 1000
    assert "no more than 1000 lists are read after a verdict" in ended.err


@pytest.mark.parametrize(
    ("number", "code"), [(ExitCode.INTERRUPTED, 130), (ExitCode.TERMINATED, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_ends_the_reading(bench: Bench, number: ExitCode, code: int) -> None:
    """The reports have the verdict, and what ended the run."""
    policy(bench, SEVERE)
    bench.play(blocked(None, {"requests": "1-", "call": "malwares", "status": 503, "retry_after": 20}))
    bench.clock.ring(10, Interrupted(number))

    ended = bench.check("team/app:1.0")

    assert ended.code == ended.report["exit_code"] == code
    assert image(ended)["exit_code"] == 10
    assert ended.checks()["severity"] == "failed"
    assert [error["type"] for error in ended.report["errors"]] == ["interrupted"]
    assert [one["what"] for one in image(ended)["unread"]] == ["malicious_file"]
    assert bench.run("judge", "report.json").code == code


def test_findings_that_a_rule_could_not_read_are_not_asked_for_again(bench: Bench) -> None:
    """The check says that they were not read, and the report agrees."""
    policy(bench, f"{SEVERE[:-1]}, high_vulnerabilities: 0}}")

    ended = bench.play(blocked(None, {"requests": "1-", "call": "vulnerabilities", "status": 403})).check(
        "team/app:1.0"
    )

    assert (ended.code, ended.checks()["high_vulnerabilities"]) == (10, "error")
    assert calls(bench, "/vulnerabilities") == 1
    assert (image(ended)["findings_read"], image(ended)["details_read"] == []) == (False, False)


@pytest.mark.parametrize("mode", ["auto", "always", "never"])
@pytest.mark.parametrize(
    "rules", [SEVERE, CLEAN, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: SA-1, reason: r}]"]
)
def test_what_was_read_does_not_contradict_the_report(bench: Bench, mode: str, rules: str) -> None:
    """Judged again under the same policy it comes to the same."""
    policy(bench, rules)
    ended = bench.play(blocked()).check("team/app:1.0", "--findings", mode)

    again = bench.run("judge", "report.json", "--report", "json=again.json")

    assert again.code == ended.code
    listed = json.loads((bench.folder / "again.json").read_text())["images"][0]
    for name in ("findings_read", "findings", "details", "details_read", "unread", "checks"):
        assert listed[name] == image(ended)[name], name


def test_findings_read_after_a_verdict_serve_another_policy(bench: Bench) -> None:
    """`judge` needs no second check."""
    policy(bench, SEVERE)
    bench.play(blocked()).check("team/app:1.0")
    policy(bench, "rules: {high_vulnerabilities: 0}", "other.yaml")

    ended = bench.run("judge", "report.json", "--policy", "other.yaml")

    assert (ended.code, "high_vulnerabilities: 1 found, at most 0 accepted" in ended.out) == (10, True)


@pytest.mark.parametrize("kept", ["details", "passed_checks"])
def test_details_of_a_kind_that_was_not_read_contradict_a_report(bench: Bench, kept: str) -> None:
    """As any other change."""
    policy(bench, SEVERE)
    given = json.loads(blocked())
    given["images"][0]["check_rules"][1]["standard"] = "cn_standard"
    report = bench.play(json.dumps(given)).check("team/app:1.0", "--findings", "always").report
    assert report["images"][0][kept]
    assert bench.run("judge", "report.json").code == report["exit_code"]
    strayed = copy.deepcopy(report)
    strayed["images"][0][kept][0]["group"] = 1
    (bench.folder / "strayed.json").write_text(json.dumps(strayed))
    assert "a finding of team/app:1.0 that is of no group" in bench.run("judge", "strayed.json").err
    report["images"][0] |= {name: [] for name in ("details_read", "details", "passed_checks") if name != kept}
    (bench.folder / "changed.json").write_text(json.dumps(report))

    ended = bench.run("judge", "changed.json")

    assert (ended.code, "details_read: there are details of a kind that was not read" in ended.err) == (2, True)


def test_a_list_too_large_to_share_the_memory_is_read_by_itself(bench: Bench) -> None:
    """A single image with many findings is explained in full."""
    policy(bench, SEVERE)
    given = json.loads(blocked([]))
    given["images"][0]["many_findings"] = {"count": 6000, "repair_necessity": MEDIUM}
    given["images"][0]["timeline"][0]["vul_num"] = 6000

    ended = bench.play(json.dumps(given)).check("team/app:1.0")

    assert (ended.code, len(image(ended)["findings"]), image(ended)["unread"]) == (10, 6000, [])
