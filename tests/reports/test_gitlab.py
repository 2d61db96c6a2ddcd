"""The container scanning report: what GitLab's schema asks for, and never an empty success."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import Finding
from hssgate.reports.gitlab import names_version
from tests.cli.test_check import OUTCOMES, finished, images
from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding, policy, scenario
from tests.conftest import Bench, Ended
from tests.reports.test_formats import HOSTILE

TEXT = {"type": "string", "minLength": 1}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
TOOL = {
    "type": "object",
    "required": ["id", "name", "version", "vendor"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "version": TEXT,
        "vendor": {"type": "object", "required": ["name"], "properties": {"name": TEXT}},
    },
}
ADDRESS = {"type": "string", "pattern": "^(https?|ftp)://.+"}
# What GitLab's published schema, 15.2.1, requires of the fields that are written (compared with it key by key). Other
# fields are refused here, and there also more than 20 identifiers, which GitLab itself refuses.
SCHEMA = {
    "type": "object",
    "required": ["scan", "version", "vulnerabilities"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "15.2.1"},
        "scan": {
            "type": "object",
            "required": ["analyzer", "scanner", "start_time", "end_time", "status", "type"],
            "additionalProperties": False,
            "properties": {
                "analyzer": TOOL,
                "scanner": TOOL,
                "start_time": MOMENT,
                "end_time": MOMENT,
                "type": {"const": "container_scanning"},
                "status": {"enum": ["success", "failure"]},
                "options": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name", "value"],
                        "properties": {
                            "name": TEXT | {"maxLength": 255},
                            "source": {"const": "file"},
                            "value": {"type": "string"},
                        },
                    },
                },
                "messages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["level", "value"],
                        "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT},
                    },
                },
            },
        },
        "vulnerabilities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                    "name": {"type": "string", "minLength": 1, "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1048576},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "minLength": 1, "maxLength": 7000},
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 20,
                        "items": {
                            "type": "object",
                            "required": ["type", "name", "value"],
                            "additionalProperties": False,
                            "properties": {"type": TEXT, "name": TEXT, "value": TEXT, "url": ADDRESS},
                        },
                    },
                    "links": {
                        "type": "array",
                        "items": {"type": "object", "required": ["url"], "properties": {"url": ADDRESS}},
                    },
                    "details": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["type", "name", "value"],
                            "properties": {"type": {"const": "text"}, "name": TEXT, "value": {"type": "string"}},
                        },
                    },
                    "location": {
                        "type": "object",
                        "required": ["dependency", "operating_system", "image"],
                        "properties": {
                            "dependency": {
                                "type": "object",
                                "required": ["package", "version"],
                                "properties": {
                                    "package": {"type": "object", "required": ["name"], "properties": {"name": TEXT}},
                                    "version": {"type": "string"},
                                },
                            },
                            "operating_system": TEXT,
                            "image": TEXT,
                            "default_branch_image": {"type": "string", "maxLength": 255},
                        },
                    },
                },
            },
        },
    },
}


def checked(bench: Bench, *arguments: str) -> tuple[Ended, dict[str, Any]]:
    """Run `hssgate check`, and return the report after checking its structure."""
    ended = bench.check(*arguments, "--report", "gitlab=gl.json")
    found: dict[str, Any] = json.loads(Path("gl.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, SCHEMA)
    ids = [one["id"] for one in found["vulnerabilities"]]
    assert len(ids) == len({*ids})
    return ended, found


def status(found: dict[str, Any]) -> str:
    given: str = found["scan"]["status"]
    assert (given == "failure") is bool(found["scan"]["messages"])
    return given


@pytest.mark.parametrize(("play", "arguments", "code", "checks"), OUTCOMES)
def test_it_is_a_success_only_with_a_result(
    bench: Bench, play: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """GitLab would take every finding that is not listed for resolved."""
    ended, found = checked(bench.play(play), "team/app:1.0", *arguments)

    assert ended.code == code, checks
    groups = ended.report["images"][0]["seen"]["groups"]
    counted = [group["row"].get("vul_num") for group in groups]
    doubted = code not in {0, 10} or "error" in ended.checks().values() or None in counted
    failed = any(group["row"].get("scan_status") != "success" for group in groups)
    lacking = doubted or failed or len(found["vulnerabilities"]) < sum(counted)
    assert status(found) == ("failure" if lacking else "success")


def test_a_pass_lists_its_findings_too(bench: Bench) -> None:
    """By level, each with its CVEs first, then the id of HSS."""
    policy(bench, "rules: {severity: High}\nignore: [{vulnerability: V-3, reason: not reachable}]")
    bench.play(
        scenario([
            finding("V-1", HIGH, cves=["CVE-2024-1111", "CVE-2024-2222"])
            | {"solution": "Update openssl to 1.1.1m-16.", "url": "https://example.com/V-1", "description": "a *flaw*"},
            finding("V-2", MEDIUM) | {"solution": "There is no fix yet."},
            finding("V-3", LOW),
        ])
    )  # fmt: skip

    ended, found = checked(bench, "team/app:1.0")

    assert (ended.code, status(found)) == (0, "success")
    one, two, three = sorted(found["vulnerabilities"], key=lambda found: str(found["identifiers"][-1]["value"]))
    assert [(each["type"], each["value"]) for each in one["identifiers"]] == [
        ("cve", "CVE-2024-1111"), ("cve", "CVE-2024-2222"), ("hss", "V-1"),
    ]  # fmt: skip
    assert (one["name"], one["solution"], one["links"]) == (
        "CVE-2024-1111", "Update openssl to 1.1.1m-16.", [{"url": "https://example.com/V-1"}],
    )  # fmt: skip
    assert "*flaw*" not in one["description"].replace("\\*", "")
    assert [each["severity"] for each in (one, two, three)] == ["High", "Medium", "Low"]
    assert "solution" not in two
    assert two["identifiers"] == [{"type": "hss", "name": "V-2", "value": "V-2"}]
    assert three["details"]["ignored"]["value"] == "not reachable"
    assert one["location"] == {
        "dependency": {"package": {"name": "openssl"}, "version": "1.0"},
        "operating_system": "unknown",
        "image": "team/app:1.0",
        "default_branch_image": "team/app",
    }


def test_ids_are_the_same_in_the_next_build(bench: Bench) -> None:
    """Of another version of the image, with another finding before it."""
    _, first = checked(bench.play(scenario([finding("V-1"), finding("V-2")])), "team/app:1.0")
    _, second = checked(
        bench.play(scenario([finding("V-0"), finding("V-2"), finding("V-1")], image_version="2.0")), "team/app:2.0"
    )

    def ids(found: dict[str, Any]) -> dict[str, str]:
        return {one["name"]: one["id"] for one in found["vulnerabilities"]}

    assert ids(first).items() < ids(second).items()


@pytest.mark.parametrize(
    ("arguments", "vul_num"),
    [
        pytest.param(["--findings", "never"], 1, id="findings not read"),
        pytest.param([], 2, id="HSS counts more than it lists"),
    ],
)
def test_a_list_that_lacks_findings_is_a_failure(bench: Bench, arguments: list[str], vul_num: int) -> None:
    """Even where the gate passes."""
    policy(bench, "rules: {severity: High}")

    ended, found = checked(bench.play(scenario([finding("V-1")], vul_num=vul_num)), "team/app:1.0", *arguments)

    assert (ended.code, status(found)) == (0, "failure")
    assert "not all findings are known" in found["scan"]["messages"][0]["value"]


@pytest.mark.parametrize("rules", ["severity: High", "high_vulnerabilities: {limit: 0, action: warn}"])
def test_findings_that_cannot_be_read_are_a_failure(bench: Bench, rules: str) -> None:
    """With the reason, also where a rule that warns needed them."""
    policy(bench, f"rules: {{{rules}}}")
    play = scenario([finding("V-1")])

    def answer(request: httpx.Request) -> httpx.Response:
        if "vulnerabilities" in request.url.path:
            return httpx.Response(403, json={"error_code": "HSS.0003", "error_msg": "no permission"})
        row = json.loads(play)["images"][0]
        names = {name: row[name] for name in ("cicd_name", "namespace", "image_name", "image_version")}
        listed = (
            names | row["timeline"][0] | {"image_id": "1", "latest_scan_time": 1, "image_digest": "sha256:" + "a" * 64}
        )
        listed.pop("at")
        return httpx.Response(200, json={"total_num": 1, "data_list": [listed]})

    ended, found = checked(bench.answer(answer), "team/app:1.0", "--settle", "0")

    assert (ended.code, status(found)) == (0, "failure"), ended.err
    assert "HSS.0003" in found["scan"]["messages"][0]["value"]


def test_one_image_without_a_result_is_a_failure(bench: Bench) -> None:
    """The findings of the other one are listed all the same, each with an id of its own."""
    policy(bench, "rules: {severity: High}")
    play = json.loads(scenario([finding("V-1", cves=["CVE-2024-1111"])]))
    play["images"] += [{**play["images"][0], "image_name": "web"}]

    ended, found = checked(bench.play(json.dumps(play)), "team/app:1.0", "team/web:1.0", "team/x:1", "--timeout", "0")

    assert (ended.code, status(found)) == (4, "failure")
    assert [one["location"]["image"] for one in found["vulnerabilities"]] == ["team/app:1.0", "team/web:1.0"]
    assert found["scan"]["messages"][0]["value"].startswith("team/x:1: scan: timed out")


def test_a_refusal_is_a_failure(bench: Bench) -> None:
    """Before any image was seen."""
    bench.answer(lambda _: httpx.Response(403, json={"error_code": "HSS.0010", "error_msg": "no permission"}))

    ended, found = checked(bench, "team/app:1.0")

    assert (ended.code, status(found), found["vulnerabilities"]) == (3, "failure", [])


@pytest.mark.parametrize(("findings", "expected"), [("always", "success"), ("never", "failure")])
def test_judge_writes_the_same(bench: Bench, findings: str, expected: str) -> None:
    """From a saved report: a success only if it has the findings."""
    policy(bench, "rules: {severity: High}")
    bench.play(scenario([finding("V-1", cves=["CVE-2024-1111"])]))
    bench.check("team/app:1.0", "--findings", findings, "--report", "json=saved.json", "--report", "gitlab=first.json")

    ended = bench.run("judge", "saved.json", "--report", "gitlab=second.json")

    first, second = (json.loads(Path(name).read_text(encoding="utf-8")) for name in ("first.json", "second.json"))
    jsonschema.validate(second, SCHEMA)
    assert (ended.code, status(second)) == (0, expected), ended.err
    assert second["vulnerabilities"] == first["vulnerabilities"]


def test_a_signal_is_a_failure(bench: Bench) -> None:
    """What was read by then may be all or not."""
    bench.play(images(finished(at="60s")))
    bench.clock.ring(33, Interrupted(ExitCode.TERMINATED))

    ended, found = checked(bench, "team/app:1.0")

    assert (ended.code, status(found)) == (143, "failure")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_breaks_no_report(bench: Bench, text: str) -> None:
    """Whatever HSS says in whichever field."""
    policy(bench, "rules: {severity: High}")
    fields = dict.fromkeys(("vul_id", "app_name", "app_path", "version", "description", "solution", "url"), text)
    one: dict[str, object] = {**fields, "repair_necessity": HIGH, "cves": [text]}

    _, found = checked(bench.play(scenario([one])), "team/app:1.0")

    assert len(found["vulnerabilities"]) == 1


@pytest.mark.parametrize(
    ("solution", "version", "named"),
    [
        ("Update openssl to 1.1.1m-16 or later.", "1.1.1k-2", True),
        ("Upgrade to v2.4", "2.3", True),
        ("升级到 9.0-9 版本", "8.2", True),
        ("openssl-libs-1:1.1.1k-12.el8", "1.1.1k-2", True),
        ("1.1.1k-2 is affected; there is no fix", "1.1.1k-2", False),
        ("There is no fix yet.", "1.0", False),
        ("See https://example.com/1.2.3/fix", "1.0", False),
        ("See HCE2-SA-2024-0001 and CVE-2024-1111", "1.0", False),
        ("", "1.0", False),
        (None, None, False),
    ],
)
def test_a_solution_names_a_version_or_is_none(solution: str | None, version: str | None, named: bool) -> None:  # noqa: FBT001
    """Other than the one that is installed."""
    assert names_version(Finding(solution=solution, version=version)) is named


def test_an_identifier_has_an_address_only_if_it_is_a_cve(bench: Bench) -> None:
    """Others would lead nowhere."""
    policy(bench, "rules: {severity: High}")

    _, found = checked(bench.play(scenario([finding("V-1", cves=["CVE-2024-1111", "CNVD-1"])])), "team/app:1.0")

    (one,) = found["vulnerabilities"]
    assert [re.sub(r".*=", "", each.get("url", "")) for each in one["identifiers"]] == ["CVE-2024-1111", "", ""]
