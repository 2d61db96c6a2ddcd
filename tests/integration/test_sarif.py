"""What others make of the SARIF report: its schema, a typed reader, and the rules by which GitHub takes it in."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.cli.test_check import OUTCOMES, finished, images
from tests.cli.test_findings import policy, scenario
from tests.conftest import Bench
from tests.integration.conftest import NODE_MODULES, succeeded
from tests.reports.test_formats import HOSTILE
from tests.reports.test_sarif import MIXED, MIXED_POLICY
from tests.reports.test_sarif_limits import FIELDS
from tests.waiting.test_poller import ROW

pytestmark = pytest.mark.integration

PACKAGE = NODE_MODULES / "@microsoft" / "sarif-multitool-linux"
# SARIF2005 wants the address of a page about the tool: there is none yet that is true. So it is in every report's list,
# and shows that the report was read.
UNHEEDED = "SARIF2005"


def complaints(folder: Path) -> set[tuple[str, str]]:
    """The errors and warnings that the multitool has of the reports in a folder: file and rule.

    It exits with 0 whatever it finds, and says nothing of a file that it cannot read.
    """
    tool = PACKAGE / "Sarif.Multitool"
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    output = folder / "complaints.json"
    succeeded(
        tool, "validate", folder / "*.sarif", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--kind", "Fail",
        "--output", output, "--log", "ForceOverwrite",
        cwd=folder, env={"HTTPS_PROXY": "http://127.0.0.1:9"},  # it would ask for the schema at its address
    )  # fmt: skip
    (run,) = json.loads(output.read_text(encoding="utf-8-sig"))["runs"]
    found = {
        (Path(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).name, result["ruleId"])
        for result in run["results"]
    }
    unheeded = {(path.name, UNHEEDED) for path in folder.glob("*.sarif")}
    assert unheeded <= found, "a report was not read"
    return found - unheeded


def faults(path: Path) -> list[str]:
    """What a report breaks of the schema that the multitool brings."""
    schema = json.loads((PACKAGE / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
    return [error.message for error in validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))]


def hostile(bench: Bench, text: str) -> None:
    """Answer with a row and findings that hold the text wherever there is room."""
    rows = [dict.fromkeys(FIELDS, text), {**dict.fromkeys(FIELDS, text), "vul_id": None, "url": "https://a.example/x"}]

    def handler(request: httpx.Request) -> httpx.Response:
        listed = rows if "/vulnerabilities" in request.url.path else [{**ROW, "vul_num": 9, "cicd_name": text}]
        return httpx.Response(200, content=json.dumps({"total_num": len(listed), "data_list": listed}))

    bench.answer(handler)


def write_all(bench: Bench, folder: Path) -> int:
    """Write a report of every outcome, of findings, and of hostile text; return how many."""
    folder.mkdir()
    runs: list[tuple[str, list[str], str]] = []
    for outcome in OUTCOMES:
        play, arguments, _, _ = outcome.values
        assert isinstance(play, str)
        assert isinstance(arguments, list)
        runs.append((play, arguments, ""))
    several = images(finished("severity_level: High"), finished(namespace="prod"), finished(image_name="web"))
    runs += [
        (several, ["team/web:1.0", "prod/app:1.0"], "rules: {severity: {limit: Low, action: warn}}"),
        (scenario(MIXED), [], MIXED_POLICY),
        (scenario(MIXED, 99), [f"team/app:2.{number}" for number in range(5)], MIXED_POLICY),
        (images(finished()), ["--report", "json=/proc/nowhere/x.json"], ""),
    ]
    for number, (play, arguments, rules) in enumerate(runs):
        policy(bench, rules or "rules: {severity: Medium, malicious_files: 0}")
        bench.play(play).check("team/app:1.0", *arguments, "--report", f"sarif={folder}/outcome-{number}.sarif")
    policy(bench, "rules: {high_vulnerabilities: 0}")
    for number, text in enumerate(HOSTILE.values()):
        hostile(bench, text)
        bench.check("app:1.0", "--report", f"sarif={folder}/hostile-{number}.sarif")
    bench.handler = None
    bench.clock.ring(3, Interrupted(ExitCode.INTERRUPTED))
    bench.play(images(finished(at="60s"))).check("team/app:1.0", "--report", f"sarif={folder}/interrupted.sarif")
    return len(runs) + len(HOSTILE) + 1


def test_every_report_is_taken(bench: Bench, tmp_path: Path) -> None:
    """By schema, reader and multitool alike, without an error or a warning."""
    import pysarif

    folder = tmp_path / "reports"
    count = write_all(bench, folder)

    reports = sorted(folder.glob("*.sarif"))
    assert len(reports) == count
    assert {path.name: faults(path) for path in reports if faults(path)} == {}
    for path in reports:
        read = pysarif.load_from_file(str(path))
        written = json.loads(path.read_text(encoding="utf-8"))["runs"][0]["results"]
        assert [result.rule_id for result in read.runs[0].results or []] == [result["ruleId"] for result in written]
    assert complaints(folder) == set()


def without_location(run: dict[str, Any]) -> None:
    del run["results"][0]["locations"]


def with_wrong_index(run: dict[str, Any]) -> None:
    run["results"][0]["ruleIndex"] = 7


def without_description(run: dict[str, Any]) -> None:
    del run["tool"]["driver"]["rules"][0]["fullDescription"]


def without_line(run: dict[str, Any]) -> None:
    del run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"]


def with_bad_address(run: dict[str, Any]) -> None:
    run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "a b/[x]"


def without_message(run: dict[str, Any]) -> None:
    del run["results"][0]["message"]


def with_bad_level(run: dict[str, Any]) -> None:
    run["results"][0]["level"] = "critical"


def broken(bench: Bench, folder: Path, breakage: Callable[[dict[str, Any]], None]) -> Path:
    """Write a report, and break it."""
    folder.mkdir()
    path = folder / "report.sarif"
    bench.play(images(finished("severity_level: High"))).check("team/app:1.0", "--report", f"sarif={path}")
    document = json.loads(path.read_text(encoding="utf-8"))
    breakage(document["runs"][0])
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("breakage", [without_message, with_bad_level])
def test_the_schema_finds_faults(bench: Bench, tmp_path: Path, breakage: Callable[[dict[str, Any]], None]) -> None:
    """So the check above can fail."""
    assert faults(broken(bench, tmp_path / "broken", breakage))


@pytest.mark.parametrize(
    ("breakage", "rule"),
    [
        (without_location, "GH1015"), (without_line, "SARIF1007"), (without_description, "GH2012"),
        (with_wrong_index, "SARIF1009"), (with_bad_address, "SARIF1002"),
    ],
)  # fmt: skip
def test_the_multitool_finds_faults(
    bench: Bench, tmp_path: Path, breakage: Callable[[dict[str, Any]], None], rule: str
) -> None:
    """And the others too, where the schema sees nothing wrong."""
    path = broken(bench, tmp_path / "broken", breakage)

    assert faults(path) == []
    assert ("report.sarif", rule) in complaints(path.parent)
