"""Tests that each output names the policy by its path and the first digits of its SHA-256."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hssgate.reports import FORMATS
from hssgate.reports.dotenv import VARIABLES
from hssgate.reports.outputs import NAMES
from hssgate.reports.recognition import is_report
from tests.cli.test_check import FOREVER, finished, image, images
from tests.cli.test_github import ENV, step_outputs
from tests.conftest import KEY, NO_FILE, Bench, sha256
from tests.support.html_reader import read_page

HIGH = image("{at: -1h, scan_status: success, severity_level: High, vul_num: 3, malicious_file_num: 0}")
REPORTS = [part for name in FORMATS for part in ("--report", f"{name}={name}.out")]


def text_of(name: str) -> str:
    return Path(f"{name}.out").read_text(encoding="utf-8")


@pytest.fixture(params=["given", "found", "built-in", "several"])
def policies(request: pytest.FixtureRequest, bench: Bench) -> list[str]:
    """The policies of a run, and as they are named."""
    match request.param:
        case "given":
            names = ["team/strict.yaml"]
            bench.monkeypatch.setenv("HSSGATE_POLICY", "team/strict.yaml")
        case "found":
            names = ["hssgate.yaml"]
        case "built-in":
            return [NO_FILE.format(folder=bench.folder)]
        case _:
            names = ["org.toml", "repo.yaml"]
            bench.monkeypatch.setenv("HSSGATE_POLICY", "org.toml\nrepo.yaml")
    for name in names:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("rules.severity = 'Low'" if name.endswith("toml") else "rules: {severity: Low}")
    return [f"{name} (sha256 {sha256(name)})" for name in names]


@pytest.mark.parametrize("arguments", [[], ["-q"], ["-v"]], ids=["normal", "quiet", "verbose"])
@pytest.mark.parametrize(("row", "code"), [(finished(), 0), (HIGH, 10), (image(FOREVER), 4)], ids=["0", "10", "4"])
def test_the_first_line_names_the_policy(
    bench: Bench, policies: list[str], row: str, code: int, arguments: list[str]
) -> None:
    """It does so on stdout for every outcome, in `judge` as well."""
    checked = bench.play(images(row)).check("team/app:1.0", "--timeout", "0", *arguments)
    judged = bench.run("judge", "report.json", *arguments)

    expected = f"policy: {', '.join(policies)}"
    assert (checked.code, checked.out.splitlines()[0]) == (code, expected)
    assert (judged.code, judged.out.splitlines()[0]) == (code, expected)


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_on_stdout_is_alone_there(bench: Bench, name: str) -> None:
    """The line goes to stderr then, like all other output."""
    ended = bench.play(images(HIGH)).check("team/app:1.0", "--report", f"{name}=-", reports=False)

    assert ended.code == 10
    assert ended.err.splitlines()[0] == f"policy: {NO_FILE.format(folder=bench.folder)}"
    assert not ended.out.startswith("policy: ")
    assert is_report(ended.out.encode())


def test_every_report_names_the_policy(bench: Bench, policies: list[str]) -> None:
    """Each report has it in the place that its format provides."""
    ended = bench.play(images(HIGH)).check("team/app:1.0", *REPORTS)

    assert ended.code == 10
    digests = [policy.partition("sha256 ")[2][:12] for policy in policies]
    for digest in digests:
        for name in FORMATS:
            assert digest in text_of(name), name
    (run,) = json.loads(text_of("sarif"))["runs"]
    assert [policy["fullDescription"]["text"] for policy in run["policies"]] == policies
    for entry in json.loads(text_of("codequality")):
        assert entry["content"]["body"] == f"policy: {', '.join(policies)}"
    properties = {
        found.get("name"): found.get("value")
        for found in ET.fromstring(text_of("junit")).iter("property")  # noqa: S314 - our own report
    }
    assert len([name for name in properties if (name or "").startswith("policy:")]) == len(policies)
    rows = read_page(text_of("html")).one("table", "policies").rows()
    assert [row[1][:12] for row in rows[-len(policies) :]] == digests
    assert f"HSSGATE_JUDGED_BY={policies[0].split()[0]}" in text_of("dotenv")


def test_every_report_says_where_no_policy_was_found(bench: Bench) -> None:
    """With the built-in policy a file may have been forgotten."""
    bench.play(images(HIGH)).check("team/app:1.0", *REPORTS)

    for name in ("junit", "json", "html", "sarif", "codequality"):
        assert str(bench.folder) in text_of(name), name
    assert "the built-in policy" in text_of("markdown")
    assert bench.folder.name.replace("_", r"\_") in text_of("markdown")
    assert "built-in policy" in text_of("html")


def test_github_gets_the_policy(bench: Bench, policies: list[str]) -> None:
    """The policy is an output of the step; the output `json` is the report."""
    ended = bench.play(images(finished())).check("team/app:1.0", env=KEY | ENV)

    outputs = step_outputs()
    assert ended.code == 0
    assert outputs["policy"] == ", ".join(
        f"{policy.partition(' (')[0]} sha256:{policy.partition('sha256 ')[2][:12]}" for policy in policies
    )
    assert ended.out.splitlines()[0] == f"policy: {', '.join(policies)}"
    assert json.loads(outputs["json"])["policies"] == ended.report["policies"]


def test_no_variable_of_the_dotenv_report_is_one_that_a_gate_reads(bench: Bench) -> None:
    """A later job would take its policy from it."""
    bench.play(images(finished())).check("team/app:1.0", *REPORTS)

    written = [line.partition("=")[0] for line in text_of("dotenv").splitlines()]
    assert tuple(written) == VARIABLES
    assert len(VARIABLES) == len(NAMES) + 1  # the next due date is for later jobs alone
    helped = bench.run("check", "--help").out
    assert [name for name in written if f"env var: {name}" in helped or f", {name}" in helped] == []
    assert "HSSGATE_POLICY" in helped
    assert "HSSGATE_POLICY" not in written


def test_doctor_names_the_policy(bench: Bench, policies: list[str]) -> None:
    """It does so in text and in JSON."""
    bench.play(images(finished()))
    arguments = ("doctor", "--endpoint", "http://127.0.0.1:9", "--project-id", "project")

    text = bench.run(*arguments, env=KEY)
    document = json.loads(bench.run(*arguments, "--format", "json", env=KEY).out)

    assert f"ok       policy       {', '.join(policies)}" in text.out.splitlines()
    assert [check["message"] for check in document["checks"] if check["name"] == "policy"] == [", ".join(policies)]


def test_explain_names_the_policy(bench: Bench, policies: list[str]) -> None:
    """It does so at the head of each table, and in JSON with the folders that were searched."""
    text = bench.run("policy", "explain", "team/app:1.0")
    document = json.loads(bench.run("policy", "explain", "team/app:1.0", "--format", "json").out)

    assert [line for line in text.out.splitlines() if " under " in line] == [
        f"team/app:1.0 under {policy}" for policy in policies
    ]
    folder = str(bench.folder)
    expected = {"from": folder, "up_to": folder} if policies[0].startswith("built-in") else None
    assert [found["searched"] for found in document["policies"]] == [expected] * len(policies)


def test_a_misuse_prints_nothing_on_stdout(bench: Bench) -> None:
    """No policy has judged then."""
    ended = bench.run("check", "team/app", env=KEY)

    assert (ended.code, ended.out) == (2, "")
