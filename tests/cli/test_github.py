"""GitHub Actions: the verdict in outputs, step summary and annotations."""

import json
import re
from pathlib import Path

import httpx
import jsonschema
import pytest

from hssgate.reports.json import schema
from hssgate.reports.outputs import LONGEST_JSON
from tests.cli.test_check import DIGEST, OUTCOMES, finished, images
from tests.conftest import KEY, Bench, Ended
from tests.reports.test_formats import HOSTILE
from tests.waiting.test_poller import ROW

ENV = {**KEY, "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "output.txt", "GITHUB_STEP_SUMMARY": "summary.md"}
NAMES = [
    "result", "exit-code", "policy", "severity", "vulnerabilities", "unsafe-settings", "malicious-files", "scan-status",
    "image-id", "image-digest", "json",
]  # fmt: skip


def step(bench: Bench, *arguments: str, env: dict[str, str] | None = None) -> Ended:
    for name in ("output.txt", "summary.md"):
        Path(name).unlink(missing_ok=True)
    return bench.check(*arguments, env=ENV | (env or {}))


def step_outputs() -> dict[str, str]:
    """Read the file as GitHub's runner does: `name<<fence`, lines, `fence`."""
    found: dict[str, str] = {}
    lines = iter(Path("output.txt").read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, here, fence = line.partition("<<")
        assert here, line
        value = []
        while (content := next(lines)) != fence:
            value.append(content)
        found[name] = "\n".join(value)
    return found


def annotations(ended: Ended) -> list[tuple[str, str]]:
    return re.findall(r"^::(error|warning) title=[^:]*::(.*)$", ended.out, flags=re.MULTILINE)


@pytest.mark.parametrize(("scenario", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_is_an_output_for_later_steps(
    bench: Bench, scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """Outputs and summary are written on failure too, and agree with the exit code."""
    ended = step(bench.play(scenario), "team/app:1.0", *arguments)

    output = step_outputs()
    assert list(output) == NAMES
    assert (ended.code, output["exit-code"]) == (code, str(code))
    assert output["result"] == ended.report["result"]
    assert json.loads(output["json"]) == ended.report
    assert ended.report["images"][0]["reference"] in Path("summary.md").read_text(encoding="utf-8").replace("\\", "")
    errors = [message for level, message in annotations(ended) if level == "error"]
    assert bool(errors) is (code != 0)
    assert len(checks) > 0


def test_the_outputs_are_those_of_the_worst_image(bench: Bench) -> None:
    """A violation takes precedence over a timeout; among equals the more severe level is shown."""
    bench.play(
        images(
            finished("severity_level: Low, vul_num: 1, malicious_file_num: 0"),
            finished("severity_level: High, vul_num: 7, malicious_file_num: 0", image_name="bad"),
            finished("severity_level: Medium, vul_num: 2, malicious_file_num: 0", image_name="fair"),
        )
    )

    step(bench, "team/app:1.0", "team/missing:1.0", "team/bad:1.0", "--timeout", "0")
    assert {name: value for name, value in step_outputs().items() if name != "json"} == {
        "result": "blocked",
        "exit-code": "10",
        "policy": step_outputs()["policy"],
        "severity": "High",
        "vulnerabilities": "7",
        "unsafe-settings": step_outputs()["unsafe-settings"],
        "malicious-files": "0",
        "scan-status": "success",
        "image-id": step_outputs()["image-id"],
        "image-digest": DIGEST,
    }

    step(bench, "team/app:1.0", "team/fair:1.0", "--timeout", "0")
    assert (step_outputs()["exit-code"], step_outputs()["severity"]) == ("0", "Medium")


def test_elsewhere_nothing_of_it_is_done(bench: Bench) -> None:
    """The files of a step are written only where GitHub runs it."""
    env = {**ENV, "GITHUB_ACTIONS": "false"}

    ended = bench.play(images(finished("severity_level: High"))).check("team/app:1.0", env=env)

    assert not Path("output.txt").exists()
    assert not Path("summary.md").exists()
    assert "\n::" not in ended.out + ended.err


def test_what_others_wrote_into_the_files_stays(bench: Bench) -> None:
    """Both are appended to."""
    Path("output.txt").write_text("before=1\n")
    Path("summary.md").write_text("# Before")

    bench.play(images(finished())).check("team/app:1.0", env=ENV)

    assert Path("output.txt").read_text().startswith("before=1\nresult<<")
    assert Path("summary.md").read_text().startswith("# Before\n")


def test_a_full_summary_takes_one_more_line(bench: Bench) -> None:
    """GitHub shows nothing of a summary over 1 MiB."""
    Path("summary.md").write_text("x" * (1024 * 1024 - 600))

    ended = bench.play(images(finished())).check("team/app:1.0", env=ENV)

    added = Path("summary.md").read_text()[1024 * 1024 - 600 :]
    policy = ended.out.splitlines()[0]
    assert (ended.code, added) == (0, f"\nhssgate: PASSED (1 image passed), exit code 0; {policy}\n")


def test_a_summary_without_room_stays_as_it_is(bench: Bench) -> None:
    """One more line would make GitHub drop the summary; the verdict is shown in any case."""
    full = "x" * (1024 * 1024 - 10)
    Path("summary.md").write_text(full)

    ended = bench.play(images(finished())).check("team/app:1.0", env=ENV)

    assert ended.code == 0
    assert Path("summary.md").read_text() == full
    assert step_outputs()["result"] == "passed"


@pytest.mark.parametrize("name", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_what_cannot_be_written_is_no_pass(bench: Bench, name: str) -> None:
    """Later steps would read nothing, and could take that for a pass."""
    ended = bench.play(images(finished())).check("team/app:1.0", env={**ENV, name: "/proc/nowhere/file"})

    assert (ended.code, ended.report["exit_code"]) == (3, 3)
    assert f"${name} (/proc/nowhere/file) could not be written" in ended.err
    if name == "GITHUB_STEP_SUMMARY":
        assert step_outputs()["exit-code"] == "3"


def test_the_files_need_not_be_named(bench: Bench) -> None:
    """A runner without these files does not read them."""
    ended = bench.play(images(finished())).check("team/app:1.0", env={**KEY, "GITHUB_ACTIONS": "true"})

    assert ended.code == 0


def test_annotations_stay_under_ten(bench: Bench) -> None:
    """Errors first; the last one gives the number of those left out."""
    names = [f"app{number}" for number in range(12)]
    bench.play(images(*(finished("severity_level: High", image_name=name) for name in names)))

    shown = annotations(step(bench, *(f"team/{name}:1.0" for name in names)))

    assert len(shown) == 9
    assert shown[0] == ("error", "severity: High found, at most Medium accepted")
    assert re.fullmatch(r"and \d+ more, see the summary of this step", shown[-1][1])


def test_warnings_are_annotated_as_warnings(bench: Bench) -> None:
    """Of the run, and of a warn rule that is broken."""
    Path("hssgate.yaml").write_text("rules: {vulnerabilities: {limit: 2, action: warn}}")
    bench.play(images(finished("vul_num: 9")))

    shown = annotations(step(bench, "team/app:1.0"))

    assert ("warning", "vulnerabilities: 9 found, at most 2 accepted") in shown
    assert {level for level, _ in shown} == {"warning"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["team/app"], "team/app"),
        (["team/app:1.0", "--timeout", "soon"], "soon"),
        (["team/app:1.0", "--bogus"], "--bogus"),
        ([], "no IMAGE given"),
        (["team/app:1.0", "--policy", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_misuse_is_announced_too(bench: Bench, arguments: list[str], message: str) -> None:
    """An annotation shows the error, and the outputs show that there is no verdict."""
    ended = step(bench, *arguments)

    assert ended.code == 2
    assert step_outputs() == {"result": "error", "exit-code": "2"}
    assert message in ended.out.partition("::error title=hssgate::")[2]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_gives_no_command_and_no_output(bench: Bench, text: str) -> None:
    """For any text of the API, only our own lines are commands, and no output contains another."""
    hostile = f"{text}\nhssgate\nresult<<x\npassed\nx\n##[stop-commands]a ##vso[task.complete]b\n::add-mask::c"
    row = {**ROW, "scan_status": "failed", "image_id": hostile, "image_digest": hostile, "scan_failed_desc": hostile}
    body = json.dumps({"total_num": 1, "data_list": [row]})

    ended = step(bench.answer(lambda _request: httpx.Response(200, content=body)), "app:1.0")

    output = step_outputs()
    assert list(output) == NAMES
    assert output["result"] == "error"
    assert all("\n" not in value for value in output.values())
    jsonschema.validate(json.loads(output["json"]), schema())
    commands = re.findall(r"^\s*::.*|##\[.*|##vso\[.*", ended.out + ended.err, flags=re.MULTILINE)
    assert commands
    assert all(re.match(r"::(error|warning) title=hssgate[^:]*::", command) for command in commands)
    assert "##[" not in Path("report.json").read_text(encoding="utf-8")


def test_a_check_that_warns_has_one_annotation(bench: Bench) -> None:
    """Though the warnings of the run name it too."""
    Path("hssgate.yaml").write_text("version: 1\nrules: {severity: {limit: Security, action: warn}}\n")

    shown = annotations(step(bench.play(images(finished("severity_level: High"))), "team/app:1.0"))

    assert [message for _, message in shown if message.endswith("High found, at most Security accepted")] == [
        "severity: High found, at most Security accepted"
    ]


def test_an_annotation_escapes_what_ends_it(bench: Bench) -> None:
    """Percent signs are data; colons and commas would end a title."""
    row = {**ROW, "scan_status": "failed", "scan_failed_desc": "100% of a,b:c%0A::error::x"}
    body = json.dumps({"total_num": 1, "data_list": [row]})

    ended = step(bench.answer(lambda _request: httpx.Response(200, content=body)), "app:1.0")

    assert "::error title=hssgate%3A app%3A1.0::scan: failed" in ended.out
    assert "100%25 of a,b:c%250A::error::x" in ended.out


@pytest.mark.large
def test_the_json_output_is_bounded(bench: Bench) -> None:
    """What does not fit is left out, and the rest is still the report."""
    names = [f"app{number}" for number in range(400)]
    bench.play(images(finished("severity_level: High", image_name="app7")))

    step(bench, *(f"team/{name}:1.0" for name in names), "--timeout", "0", "--appear-timeout", "0")

    text = step_outputs()["json"]
    report = json.loads(text)
    assert len(text) < LONGEST_JSON
    jsonschema.validate(report, schema())
    assert (report["exit_code"], report["images"][0]["reference"]) == (10, "team/app7:1.0")
    assert report["warnings"] == ["left out here, because the report is long: everything up to images"]


def test_annotations_leave_stdout_to_a_report(bench: Bench) -> None:
    """A program that reads the report there finds the report alone."""
    bench.play(images(finished("severity_level: High")))

    ended = bench.check("team/app:1.0", "--report", "json=-", env=ENV, reports=False)

    assert json.loads(ended.out)["exit_code"] == 10
    assert "::error title=" in ended.err


def test_a_secret_is_masked_in_outputs_and_summary(bench: Bench) -> None:
    """A server that sends the token back."""
    row = {**ROW, "scan_status": "failed", "image_id": "token-s3cret", "scan_failed_desc": "token-s3cret"}
    body = json.dumps({"total_num": 1, "data_list": [row]})

    ended = step(
        bench.answer(lambda _request: httpx.Response(200, content=body)), "app:1.0", env={"HSSGATE_TOKEN": "token-s3cret"}
    )  # fmt: skip

    shown = ended.out + ended.err + Path("output.txt").read_text() + Path("summary.md").read_text()
    assert "s3cret" not in shown
    assert step_outputs()["image-id"] == "***"
