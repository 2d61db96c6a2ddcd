"""Tests of the JUnit report against the requirements of its readers (tried on Jenkins, GitLab and others)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from hssgate.reference_parser import parse_reference
from hssgate.reports.junit import class_names
from tests.cli.test_check import OUTCOMES, finished, images
from tests.conftest import Bench
from tests.reports.test_formats import HOSTILE
from tests.waiting.test_poller import ROW

FINDINGS = finished("severity_level: High, malicious_file_num: 0").replace(
    "}]}", "}], many_findings: {count: 3000, repair_necessity: immediate_repair, app_name: vim}}"
)
KNOWN_ATTRIBUTES = {
    "testsuites": {"disabled", "errors", "failures", "tests", "time"},
    "testsuite": {"disabled", "errors", "failures", "name", "skipped", "tests", "time"},
    "properties": set[str](),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time", "file", "line"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set[str](),
}


def hold_to_the_rules(path: Path) -> None:
    """Check the requirements on each report; without any of them a reader would lose or refuse something."""
    raw = path.read_bytes()
    assert raw.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    text = raw.decode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|\\[\\d*m|&#(27|x1b);", text)
    root = ET.fromstring(text)  # noqa: S314 - our own file
    for element in root.iter():
        assert {*element.attrib} <= KNOWN_ATTRIBUTES[element.tag]
    suites = root.findall("testsuite")
    assert len({suite.get("name") for suite in suites}) == len(suites) > 0
    names = [(suite.get("name"), case.get("classname"), case.get("name")) for suite, case in _cases(root)]
    assert len({*names}) == len(names)
    assert all(all(parts) for parts in names)
    for suite in suites:
        assert suite.findall("testcase")
    for element in (root, *suites):
        assert re.fullmatch(r"\d+\.\d{3}", element.get("time") or "")
    for _, case in _cases(root):
        assert float(case.get("time") or 0) > 0
        outcomes = [child for child in case if child.tag in ("failure", "error", "skipped")]
        assert len(outcomes) <= 1
        for outcome in outcomes:
            message = outcome.get("message") or ""
            assert message
            assert "\n" not in message
            if outcome.tag != "skipped":
                assert outcome.get("type")
                assert (outcome.text or "").splitlines()[0] == message
        for child in case:
            assert len((child.text or "").encode()) <= 64 * 1024


def _cases(root: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    return ((suite, case) for suite in root.findall("testsuite") for case in suite.findall("testcase"))


@pytest.mark.parametrize(("scenario", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_meets_the_requirements(
    bench: Bench, scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """The totals are those of the checks as well."""
    ended = bench.play(scenario).check("team/app:1.0", "app:1.0", *arguments)

    hold_to_the_rules(Path("junit.xml"))
    results = [check["result"] for image in ended.report["images"] for check in image["checks"]]
    assert (ended.junit.tests, ended.junit.failures, ended.junit.errors) == (
        len(results), results.count("failed"), results.count("error"),
    )  # fmt: skip
    assert ended.code == code
    assert len(results) >= len(checks)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_meets_the_requirements(bench: Bench, text: str) -> None:
    """Any field of the response can have it."""
    row = {**ROW, "scan_status": "failed", "scan_failed_desc": text, "scan_failed_code": text, "registry_name": text}
    body = json.dumps({"total_num": 1, "data_list": [row]})

    bench.answer(lambda _request: httpx.Response(200, content=body)).check("app:1.0")

    hold_to_the_rules(Path("junit.xml"))


@pytest.mark.large
def test_many_findings_under_several_policies_meet_the_requirements(bench: Bench) -> None:
    """Names stay unique, and lists stay short."""
    for name in ("org", "repo"):
        Path(f"{name}.yaml").write_text("rules: {high_vulnerabilities: 0, vulnerabilities: 0}")

    ended = bench.play(images(FINDINGS)).check("team/app:1.0", "--policy", "org.yaml", "--policy", "repo.yaml")

    assert ended.code == 10
    hold_to_the_rules(Path("junit.xml"))
    assert ended.junit.failures == 4


POLICY = """\
version: 1
rules:
  severity: Low
  malicious_files: 0
overrides:
  - images: ["team/*"]
    reason: SEC-1
    rules:
      malicious_files: 3
"""


def places(bench: Bench, *arguments: str) -> dict[str, tuple[str | None, str | None]]:
    """File and line of each case."""
    bench.play(images(finished())).check("team/app:1.0", *arguments)
    root = ET.parse("junit.xml").getroot()  # noqa: S314 - our own file
    return {case.get("name") or "": (case.get("file"), case.get("line")) for _, case in _cases(root)}


def test_each_case_names_the_file_and_line_of_its_rule(bench: Bench) -> None:
    """GitLab and annotations link to it; a check without a rule has the first line of the policy."""
    Path("hssgate.yaml").write_text(POLICY)

    assert places(bench) == {
        "scan": ("hssgate.yaml", "1"),
        "severity": ("hssgate.yaml", "3"),
        "malicious_files": ("hssgate.yaml", "9"),
    }


def test_a_policy_without_line_numbers_is_named_with_its_first_line(bench: Bench) -> None:
    """Rules have the path of their own policy."""
    Path("org.toml").write_text("rules.severity = 'High'")
    Path("repo.yaml").write_text("rules:\n  severity: Low")

    assert places(bench, "--policy", "org.toml", "--policy", "repo.yaml") == {
        "scan": ("org.toml", "1"),
        "severity (org.toml)": ("org.toml", "1"),
        "severity (repo.yaml)": ("repo.yaml", "2"),
    }


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        pytest.param(None, ("built-in", None), id="built-in"),
        pytest.param("{folder}/org.yaml", ("{folder}/org.yaml", "1"), id="absolute"),
        pytest.param("sub/../org.yaml", ("sub/../org.yaml", "1"), id="dots"),
    ],
)
def test_the_file_is_always_the_policy(bench: Bench, policy: str | None, place: tuple[str, str | None]) -> None:
    """As it was given, so that a reader of the log knows where the rule stands."""
    Path("sub").mkdir()
    Path("org.yaml").write_text("rules: {severity: Low, malicious_files: 0}")
    arguments = ["--policy", policy.format(folder=bench.folder)] if policy else []

    path, line = place
    assert {*places(bench, *arguments).values()} == {(path.format(folder=bench.folder), line)}


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param(["team/app:1.4.2"], ["hssgate.team/app"], id="one"),
        pytest.param(["my.org/team/app.x:1.4.2@sha256:" + "a" * 64], ["hssgate.team/app_x"], id="registry, dot and digest"),
        pytest.param(["a/app:1", "b/app:1"], ["hssgate.a/app", "hssgate.b/app"], id="two paths"),
        pytest.param(["a/app:1.0", "a/app:2.0"], ["hssgate.a/app:1_0", "hssgate.a/app:2_0"], id="two versions"),
        pytest.param(["a.io/app:1", "b.io/app:1", "c:1"], ["hssgate.a_io/app:1", "hssgate.b_io/app:1", "hssgate.c"], id="two registries"),
    ],
)  # fmt: skip
def test_class_names_stay_from_build_to_build(images: list[str], expected: list[str]) -> None:
    """They have the path alone, and of images of one path what tells them apart."""
    assert class_names([parse_reference(image) for image in images]) == expected
