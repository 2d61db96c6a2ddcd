"""Errors of a run that belong to no image: no report passes, and each agrees with the exit code."""

import json
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from hssgate.cli import check
from hssgate.cli.console import Console
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.reports import FORMATS
from hssgate.reports.json import schema
from hssgate.verdict import Verdict
from tests.cli.test_check import FOREVER, finished, image, images
from tests.cli.test_findings import scenario
from tests.conftest import KEY, Bench, Ended

CLEAN = images(finished())
SEVERE = images(finished("severity_level: High, malicious_file_num: 0"))
REPORTS = {
    "junit": "junit.xml", "json": "report.json", "markdown": "report.md", "html": "report.html", "sarif": "report.sarif",
    "codequality": "quality.json", "dotenv": "report.env",
}  # fmt: skip
IN_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary"}


def checked(bench: Bench, *arguments: str, **env: str) -> Ended:
    """Run a check with a report of every format, and in GitHub Actions."""
    given = [part for name, path in REPORTS.items() for part in ("--report", f"{name}={path}")]
    return bench.check("team/app:1.0", *given, *arguments, env=KEY | IN_GITHUB | env, reports=False)


def interrupted(bench: Bench) -> Ended:
    """A signal comes while details are read; by then every image has passed."""
    (bench.folder / "hssgate.yaml").write_text("rules: {severity: High}")
    bench.play(scenario([], more=', "faults": [{requests: 2-, call: any, status: 503, retry_after: 30}]'))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))
    return checked(bench, "--findings", "always")


def late(bench: Bench) -> Ended:
    """A signal comes while one of the last reports is made."""
    made = FORMATS["codequality"]

    def disturbed(verdict: Verdict) -> str:
        text = made(verdict)
        if verdict.interruption is None:
            bench.signals.receive(signal.SIGINT)
        return text

    bench.monkeypatch.setitem(FORMATS, "codequality", disturbed)
    return checked(bench.play(CLEAN))


def unwritable(bench: Bench) -> Ended:
    """One more report cannot be written."""
    return checked(bench.play(CLEAN), "--report", "html=/proc/nowhere/report.html")


def stream(bench: Bench) -> Ended:
    """A device that is full, which comes after all that can be written again."""
    return checked(bench.play(CLEAN), "--report", "html=/dev/full")


def output(bench: Bench) -> Ended:
    """The step's outputs cannot be written."""
    return checked(bench.play(CLEAN), GITHUB_OUTPUT="/proc/nowhere/outputs")


def summary(bench: Bench) -> Ended:
    """The step's summary cannot be written."""
    return checked(bench.play(CLEAN), GITHUB_STEP_SUMMARY="/proc/nowhere/summary")


ENDINGS = [
    pytest.param(interrupted, 143, "interrupted", "interrupted (SIGTERM)", id="a signal while details are read"),
    pytest.param(late, 130, "interrupted", "interrupted (SIGINT)", id="a signal while reports are written"),
    pytest.param(unwritable, 3, "report", "the report html=/proc/nowhere/report.html could not be written", id="a report"),
    pytest.param(stream, 3, "report", "the report html=/dev/full could not be written", id="a report into a full device"),
    pytest.param(output, 3, "report", "$GITHUB_OUTPUT (/proc/nowhere/outputs) could not be written", id="the outputs"),
    pytest.param(summary, 3, "report", "$GITHUB_STEP_SUMMARY (/proc/nowhere/summary) could not be written", id="the summary"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "code", "kind", "message"), ENDINGS)
def test_every_report_names_what_ended_the_run(
    bench: Bench, run: Callable[[Bench], Ended], code: int, kind: str, message: str
) -> None:
    """All images passed, and yet no report can be taken for that of a pass."""
    ended = run(bench)

    assert ended.code == code
    assert set(ended.checks().values()) == {"passed"}
    assert f"  error    run: {message}" in ended.out
    assert f"exit code {code}" in ended.out

    junit = ET.parse("junit.xml").getroot()  # noqa: S314 - our own file
    suite = junit.findall("testsuite")[-1]
    (case,) = suite.findall("testcase")
    error = case.find("error")
    assert (suite.get("name"), case.get("name"), case.get("classname")) == ("hssgate", "run", "hssgate.run")
    assert error is not None
    assert error.get("type") == kind
    assert (error.get("message") or "").startswith(message)
    assert (error.text or "").startswith(message)

    jsonschema.validate(ended.report, schema())
    assert (ended.report["exit_code"], ended.report["result"]) == (code, "error")
    assert [lines["type"] for lines in ended.report["errors"]] == [kind]
    assert ended.report["errors"][0]["message"].startswith(message)

    for path in ("report.md", "report.html"):
        shown = Path(path).read_text(encoding="utf-8")
        assert f"Exit code {code}" in shown, path
        assert message.partition(" (")[0].removeprefix("$") in shown.replace("\\", ""), path
        assert "hssgate: passed" not in shown, path

    sarif = json.loads(Path("report.sarif").read_text())["runs"][0]
    assert (sarif["invocations"][0]["exitCode"], sarif["invocations"][0]["executionSuccessful"]) == (code, False)
    assert [(found["ruleId"], found["level"]) for found in sarif["results"]] == [("hssgate.run", "error")]
    assert [found["check_name"] for found in json.loads(Path("quality.json").read_text())] == ["hssgate.run"]
    assert Path("report.env").read_text().startswith(f"HSSGATE_RESULT=error\nHSSGATE_EXIT_CODE={code}\n")


@pytest.mark.parametrize(("run", "code", "kind", "message"), [*ENDINGS[:4], ENDINGS[5]])
def test_the_last_outputs_and_the_summary_tell_the_exit_code(
    bench: Bench, run: Callable[[Bench], Ended], code: int, kind: str, message: str
) -> None:
    """Of several outputs with one name GitHub uses the last; an annotation shows the error."""
    ended = run(bench)

    outputs = Path("outputs").read_text().splitlines()
    last = {line.partition("<<")[0]: value for line, value in pairwise(outputs) if "<<" in line}
    assert (last["exit-code"], last["result"]) == (str(code), "error")
    assert json.loads(last["json"])["errors"][0]["type"] == kind
    if Path("summary").exists():
        assert f"exit code {code}" in Path("summary").read_text().lower()
    assert f"::error title=hssgate::{message}" in ended.out


def test_a_run_that_passes_has_no_errors_and_no_suite_of_its_own(bench: Bench) -> None:
    """The suite exists only where it is needed."""
    ended = checked(bench.play(CLEAN))

    assert (ended.code, ended.report["errors"]) == (0, [])
    assert [suite.name for suite in ended.junit] == ["team/app:1.0"]


@pytest.mark.parametrize("play", [CLEAN, SEVERE], ids=["passed", "blocked"])
def test_an_outdated_report_that_cannot_be_rewritten_is_removed(bench: Bench, play: str) -> None:
    """A green report of a run that did not pass is worse than none."""
    written: list[str] = []

    def once(verdict: Verdict) -> str:
        if written:
            raise OSError(28, "No space left on device")
        written.append("once")
        return json.dumps({"schema_version": 1, "exit_code": int(verdict.exit_code)})

    bench.monkeypatch.setitem(FORMATS, "json", once)
    ended = checked(bench.play(play), "--report", "html=/proc/nowhere/report.html")

    assert ended.code == (3 if play == CLEAN else 10)
    assert not Path("report.json").exists()
    assert "the report json=report.json could not be written: No space left on device" in ended.err
    junit = Path("junit.xml").read_text(encoding="utf-8")
    assert "json=report.json could not be written" in junit
    assert "html=/proc/nowhere/report.html could not be written" in junit


def test_several_errors_of_a_run_are_one_case(bench: Bench) -> None:
    """The signal first, for it decides the exit code; the body names them all."""
    bench.play(images(image(FOREVER)))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))
    ended = checked(bench, "--report", "html=/proc/nowhere/report.html")

    assert ended.code == 143
    assert [lines["type"] for lines in ended.report["errors"]] == ["interrupted", "report"]
    (case,) = ET.parse("junit.xml").getroot().findall("testsuite")[-1]  # noqa: S314 - our own file
    error = case.find("error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("interrupted", "interrupted (SIGTERM)")
    assert "html=/proc/nowhere/report.html could not be written" in (error.text or "")


def test_what_cannot_be_taken_back_is_written_last(bench: Bench) -> None:
    """Stdout includes all earlier failures."""
    ended = bench.play(CLEAN).check(
        "team/app:1.0", "--report", "json=-", "--report", "junit=/proc/nowhere/junit.xml", reports=False
    )

    lines: dict[str, Any] = json.loads(ended.out)
    assert (ended.code, lines["exit_code"], [error["type"] for error in lines["errors"]]) == (3, 3, ["report"])


def test_a_verdict_that_could_not_be_printed_is_in_every_report(bench: Bench) -> None:
    """The reports were written already, and are written again."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        bench.monkeypatch.setattr("sys.stdout", full)
        ended = checked(bench.play(CLEAN))

    expected = "the verdict could not be printed on stdout: No space left on device"
    assert (ended.code, f"error: {expected}" in ended.err) == (3, True), ended.err
    assert ended.report["errors"] == [{"type": "report", "message": expected}]
    assert expected in Path("report.md").read_text(encoding="utf-8")


def test_a_signal_before_the_first_request_leaves_reports(bench: Bench) -> None:
    """Nothing was asked, and every image is an error."""
    read: Callable[[], float] = bench.clock.monotonic

    def monotonic() -> float:
        if bench.signals.came is None:
            bench.signals.receive(signal.SIGTERM)
        return read()

    bench.monkeypatch.setattr(bench.clock, "monotonic", monotonic)
    ended = bench.play(CLEAN).check("team/app:1.0")

    assert (ended.code, len(bench.sent)) == (143, 0)
    assert ended.report["errors"] == [{"type": "interrupted", "message": "interrupted (SIGTERM)"}]
    assert ended.checks()["scan"] == "error"


def test_a_signal_after_the_verdict_was_printed_changes_the_reports(bench: Bench) -> None:
    """The exit code is not out yet, and the reports are written again."""

    def printed(_verdict: Verdict, _console: Console) -> None:
        bench.signals.receive(signal.SIGINT)

    bench.monkeypatch.setattr(check, "print_verdict", printed)
    ended = bench.play(CLEAN).check("team/app:1.0")

    assert (ended.code, ended.report["exit_code"]) == (130, 130)
    assert [suite.name for suite in ended.junit] == ["team/app:1.0", "hssgate"]


def test_a_signal_after_the_last_report_changes_nothing(bench: Bench) -> None:
    """Reports and exit code agree."""
    ended = bench.play(CLEAN).check("team/app:1.0")
    bench.signals.receive(signal.SIGTERM)

    assert (ended.code, ended.report["exit_code"], bench.signals.came) == (0, 0, ExitCode.TERMINATED)
