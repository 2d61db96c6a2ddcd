"""Tests of the Code Quality report against the requirements of GitLab's reader."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.cli.test_check import OUTCOMES, finished, image, images
from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding, policy, scenario
from tests.conftest import Bench, Ended
from tests.reports.test_formats import HOSTILE
from tests.reports.test_sarif import MIXED, MIXED_POLICY
from tests.reports.test_sarif_limits import FIELDS
from tests.waiting.test_poller import ROW


def checked(bench: Bench, *arguments: str) -> tuple[Ended, list[dict[str, Any]]]:
    """Run `hssgate check`, and return the entries of its Code Quality report after checking their structure."""
    ended = bench.check(*arguments, "--report", "codequality=gl.json", "--report", "sarif=report.sarif")
    found = json.loads(Path("gl.json").read_text(encoding="utf-8"))
    assert isinstance(found, list)
    for entry in found:
        assert {*entry} == {
            "engine_name",
            "description",
            "check_name",
            "fingerprint",
            "severity",
            "content",
            "location",
        }
        assert re.fullmatch(r"[0-9a-f]{64}", entry["fingerprint"])
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert 0 < len(entry["description"]) <= 1000
        assert 0 < len(entry["check_name"]) <= 255
        assert entry["location"]["path"]
        assert not entry["location"]["path"].startswith(("/", "."))
        assert entry["location"]["lines"] == {"begin": 1}
    assert len({entry["fingerprint"] for entry in found}) == len(found)
    return ended, found


def rules_and_severities(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["check_name"], entry["severity"]) for entry in found]


@pytest.mark.parametrize(("play", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_has_its_entries(
    bench: Bench, play: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """A pass has none; else there is a blocker for each check that failed or could not be judged, as in SARIF."""
    ended, found = checked(bench.play(play), "team/app:1.0", *arguments)

    assert ended.code == code
    judged = ended.report["images"][0]["checks"]
    broken = [f"hssgate.{check['rule']}" for check in judged if check["result"] in ("failed", "error")]
    assert sorted(rules_and_severities(found)) == sorted((rule, "blocker") for rule in broken)
    assert bool(found) is (code != 0), checks
    (run,) = json.loads(Path("report.sarif").read_text())["runs"]
    assert [(result["message"]["text"], result["partialFingerprints"]) for result in run["results"]] == [
        (entry["description"], {"primaryLocationLineHash": entry["fingerprint"]}) for entry in found
    ]


def test_a_clean_run_is_an_empty_list(bench: Bench) -> None:
    """The file is not empty, because GitLab compares with it."""
    bench.play(images(finished())).check("team/app:1.0", "--report", "codequality=gl.json")

    assert Path("gl.json").read_text() == "[]\n"


def test_findings_that_block_or_warn_are_listed_most_severe_first(bench: Bench) -> None:
    """Accepted and ignored findings are not listed."""
    policy(bench, MIXED_POLICY)

    ended, found = checked(bench.play(scenario(MIXED)), "team/app:1.0")

    assert ended.code == 10
    assert rules_and_severities(found) == [("V-1", "critical"), ("V-2", "critical"), ("V-4", "minor")]
    assert found[0]["description"].startswith("V-1 (high) in zlib 1.0 of team/app:1.0. Blocks: high_vulnerabilities: ")
    assert found[0]["location"]["path"] == "Dockerfile"


@pytest.mark.parametrize(
    ("action", "severities"), [("block", ["critical", "major", "minor"]), ("warn", ["major", "minor", "info"])]
)
def test_the_severity_follows_from_level_and_action(bench: Bench, action: str, severities: list[str]) -> None:
    """A blocking finding has a higher severity than one that warns."""
    policy(
        bench, f"rules: {{vulnerabilities: {{limit: 0, action: {action}}}}}\nignore: [{{vulnerability: x, reason: r}}]"
    )
    found = [finding("V-1", HIGH), finding("V-2", MEDIUM), finding("V-3", LOW)]

    ended, entries = checked(bench.play(scenario(found)), "team/app:1.0")

    assert ended.code == (10 if action == "block" else 0)
    assert rules_and_severities(entries) == [(f"V-{number}", severity) for number, severity in enumerate(severities, 1)]


def test_a_pass_with_a_warning_is_listed(bench: Bench) -> None:
    """It is so for a rule that only warns and for an accepted scan failure."""
    policy(bench, "rules: {severity: {limit: Low, action: warn}, scan: {accept: [image_oversized]}}")

    warned, found = checked(bench.play(images(finished("severity_level: High"))), "team/app:1.0")
    assert (warned.code, rules_and_severities(found)) == (0, [("hssgate.severity", "major")])
    assert found[0]["location"]["path"] == "hssgate.yaml"

    accepted, found = checked(bench.play(images(image("{at: -1h, scan_status: image_oversized}"))), "team/app:1.0")
    assert (accepted.code, rules_and_severities(found)) == (0, [("hssgate.scan", "major")])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_breaks_no_entry(bench: Bench, text: str) -> None:
    """Findings that differ only in fields outside of their identity break none either."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    hostile = {**dict.fromkeys(FIELDS, text), "repair_necessity": HIGH}
    rows = [hostile, {**hostile, "version": "2"}, {**hostile, "vul_id": None}]

    def handler(request: httpx.Request) -> httpx.Response:
        listed = rows if "/vulnerabilities" in request.url.path else [{**ROW, "vul_num": len(rows), "cicd_name": text}]
        return httpx.Response(200, content=json.dumps({"total_num": len(listed), "data_list": listed}))

    ended, found = checked(bench.answer(handler), "app:1.0")

    assert ended.code == 10
    assert [entry["severity"] for entry in found] == ["critical"] * len(rows)
    shown = Path("gl.json").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]", shown)


def test_an_interrupted_run_has_a_blocker(bench: Bench) -> None:
    """It is listed beside the image that was waited for."""
    bench.play(images(finished(at="60s")))
    bench.clock.ring(33, Interrupted(ExitCode.TERMINATED))

    ended, found = checked(bench, "team/app:1.0")

    assert (ended.code, rules_and_severities(found)) == (143, [("hssgate.run", "blocker"), ("hssgate.scan", "blocker")])
