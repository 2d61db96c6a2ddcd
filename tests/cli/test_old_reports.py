"""Reports of earlier runs: removed as soon as the report options are read, and nothing else is."""

import json
import os
from pathlib import Path

import pytest

from hssgate.reports import FORMATS
from hssgate.reports.recognition import HEAD, is_report
from tests.cli.test_check import DIGEST, OUTCOMES, finished, images
from tests.cli.test_findings import finding, policy, scenario
from tests.conftest import KEY, Bench, Ended

pytestmark = pytest.mark.unmeasured

ADDRESS = ("--endpoint", "http://127.0.0.1:9", "--project-id", "project")
MINE = {  # files that a user may have where a report is to go
    "another tool's JUnit": '<?xml version="1.0"?><testsuites><testsuite name="hssgate"><testcase classname="hssgate.a" name="b"/></testsuite></testsuites>',
    "another tool's JSON": '{"schema_version": 1, "tool": {"name": "another", "version": "1"}, "started_at": "x"}',
    "an answer of doctor": '{"schema_version": 1, "tool": {"name": "hssgate", "version": "0.1.0"}, "exit_code": 0, "checks": []}',
    "accepted findings": '{"schema_version": 1, "tool": {"name": "hssgate", "version": "0.1.0"}, "images": []}',
    "a policy": "rules: {severity: Low}",
    "a policy with a schema": '{"$schema": "x", "rules": {"severity": "Low"}}',
    "notes on hssgate": "# hssgate\n\n**passed**",
    "a page on hssgate": '<!DOCTYPE html>\n<html lang="en"><head><title>hssgate</title></head></html>',
    "another tool's SARIF": '{"$schema":"x","version":"2.1.0","runs":[{"tool":{"driver":{"name":"trivy"}}}]}',
    "another tool's code quality": '[{"description": "x", "check_name": "hssgate.severity", "fingerprint": "1", "severity": "info"}]',
    "an empty list": "[]\n",
    "variables": "HSSGATE_TOKEN=secret\nHSSGATE_REGION=x\n",
    "our variables with one of the user's": "HSSGATE_RESULT=passed\nHSSGATE_EXIT_CODE=0\nHSSGATE_TOKEN=secret\n",
    "our variables with a line that is none": "HSSGATE_RESULT=passed\nHSSGATE_EXIT_CODE=0\n# mine\n",
    "our variables and a lot more": "HSSGATE_RESULT=passed\nHSSGATE_EXIT_CODE=0\n" + "HSSGATE_SEVERITY=Low\n" * 780 + "TOKEN=secret\n",
    "an empty file": "",
    "bytes": "\x00\x01\x02",
}  # fmt: skip


def write_all(bench: Bench, *arguments: str, suffix: str = "old") -> Ended:
    """Write a report of each format."""
    reports = [part for name in FORMATS for part in ("--report", f"{name}={name}.{suffix}")]
    return bench.check("team/app:1.0", *arguments, *reports, reports=False)


@pytest.mark.parametrize(("play", "arguments", "code", "checks"), OUTCOMES)
def test_each_report_is_recognised(
    bench: Bench, play: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """Reports of every format and outcome; an empty list only if a Code Quality report is requested."""
    assert write_all(bench.play(play), *arguments).code == code, checks

    for name in FORMATS:
        head = Path(f"{name}.old").read_bytes()[: HEAD + 1]
        assert is_report(head, name), name
        assert is_report(head) is (head != b"[]\n")


@pytest.mark.large
def test_long_reports_are_recognised(bench: Bench) -> None:
    """By their first bytes alone: long names, thousands of findings, many policies."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    for number in range(40):
        Path(f"{number:02}{'&' * 90}.yaml").write_text("rules: {severity: Low}")
    bench.play(scenario([finding(f"V-{number}") for number in range(3000)]))
    given = [part for path in Path().glob("*.yaml") for part in ("--policy", str(path))]

    assert write_all(bench, *given).code == 10

    for name in FORMATS:
        assert is_report(Path(f"{name}.old").read_bytes()[: HEAD + 1], name), name


ENDS_EARLY = [
    pytest.param(["team/app"], {}, id="IMAGE without version"),
    pytest.param([], {}, id="no IMAGE"),
    pytest.param(["app:1", "--timeout", "soon"], {}, id="no duration"),
    pytest.param(["app:1", "--tiemout", "1s"], {}, id="no such option"),
    pytest.param(["app:1", "--timeout"], {}, id="an option without its value"),
    pytest.param(["app:1", "--policy", "nowhere.yaml"], {}, id="no such policy"),
    pytest.param(["app:1", "--report", "xml=x"], {}, id="no such format"),
    pytest.param(["app:1", "--report", "json=./json.old"], {}, id="two reports in one place"),
    pytest.param(["app:1", "--report", "json=hssgate.json"], {}, id="a report over a policy"),
    pytest.param(["app:1", "--endpoint", "http://h.example"], {}, id="plain http"),
    pytest.param(["app:1"], {"HUAWEICLOUD_SDK_SK": ""}, id="half a key"),
]


@pytest.mark.parametrize(("arguments", "env"), ENDS_EARLY)
@pytest.mark.parametrize("by", ["option", "option with an equals sign", "variable"])
def test_no_old_report_outlives_a_run_that_ends_early(
    bench: Bench, arguments: list[str], env: dict[str, str], by: str
) -> None:
    """A pipeline collects reports after any exit code, and would publish the pass of the run before."""
    write_all(bench.play(images(finished())))
    reports = [f"{name}={name}.old" for name in FORMATS]
    match by:
        case "option":
            given = [part for report in reports for part in ("--report", report)]
        case "option with an equals sign":
            given = [f"--report={report}" for report in reports]
        case _:
            given = []
            env = env | {"HSSGATE_REPORTS": "\n".join(reports)}
            if "--report" in arguments:
                arguments = [*arguments[: arguments.index("--report")], "--no-such-option"]

    ended = bench.run("check", *ADDRESS, *given, *arguments, env=KEY | env)

    assert ended.code == 2
    assert [path.name for path in Path().glob("*.old")] == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["chekc"], id="a misspelt command"),
        pytest.param(["--no-such-option", "check"], id="an unknown option before the command"),
        pytest.param(["app:1"], id="no command"),
    ],
)
@pytest.mark.parametrize("by", ["option", "variable"])
def test_no_old_report_outlives_a_run_without_a_command(bench: Bench, command: list[str], by: str) -> None:
    """It was meant to be a check."""
    write_all(bench.play(images(finished())))
    reports = [f"{name}={name}.old" for name in FORMATS]
    given = [part for report in reports for part in ("--report", report)] if by == "option" else []
    env = {"HSSGATE_REPORTS": "\n".join(reports)} if by == "variable" else {}
    Path("mine.old").write_text("a file of the user's")

    ended = bench.run(*command, *given, "--policy", "nowhere", env=env)

    assert ended.code == 2
    assert [path.name for path in Path().glob("*.old")] == ["mine.old"]


@pytest.mark.parametrize(
    "command", [["judge", "--no-such-option"], ["policy", "chekc"], ["--no-such-option", "images"]]
)
def test_reports_of_a_check_outlive_another_command(bench: Bench, command: list[str]) -> None:
    """Those that the variable names are of the check."""
    write_all(bench.play(images(finished())))

    assert bench.run(*command, env={"HSSGATE_REPORTS": "json=json.old"}).code == 2
    assert Path("json.old").exists()


def test_reports_that_were_put_into_one_option_are_removed(bench: Bench) -> None:
    """The run ends with 2, and neither of them was written."""
    write_all(bench.play(images(finished())))

    ended = bench.run("check", "app:1", *ADDRESS, "--report", "junit=junit.old,json=json.old", env=KEY)

    assert ended.code == 2
    assert not {"junit.old", "json.old"} & {path.name for path in Path().iterdir()}
    assert Path("html.old").exists()


@pytest.mark.parametrize("content", MINE.values(), ids=MINE)
@pytest.mark.parametrize("name", ["junit", "json", "dotenv"])
@pytest.mark.parametrize("arguments", [["--policy", "nowhere.yaml"], ["--tiemout", "5s"]], ids=["late", "parsing"])
def test_what_is_not_a_report_stays(bench: Bench, name: str, content: str, arguments: list[str]) -> None:
    """Until a report replaces it."""
    Path("mine").write_text(content, encoding="utf-8")

    ended = bench.run("check", "team/app:1.0", *ADDRESS, "--report", f"{name}=mine", *arguments, env=KEY)
    assert (ended.code, Path("mine").read_text(encoding="utf-8")) == (2, content)

    ended = bench.play(images(finished())).check("team/app:1.0", "--report", f"{name}=mine", reports=False)
    assert ended.code == 0
    assert is_report(Path("mine").read_bytes())


def test_a_link_is_followed_as_the_report_will_be(bench: Bench) -> None:
    """What it leads to is removed and written again; the link stays."""
    write_all(bench.play(images(finished())))
    Path("link.json").symlink_to("json.old")

    ended = bench.run("check", "app", *ADDRESS, "--report", "json=link.json", env=KEY)
    assert (ended.code, Path("json.old").exists(), Path("link.json").is_symlink()) == (2, False, True)

    bench.check("team/app:1.0", "--report", "json=link.json", reports=False)
    assert json.loads(Path("json.old").read_text())["exit_code"] == 0


def test_a_hard_link_loses_only_this_name(bench: Bench) -> None:
    """What was archived under another name is kept."""
    write_all(bench.play(images(finished())))
    os.link("json.old", "archived.json")

    assert bench.run("check", "app", *ADDRESS, "--report", "json=json.old", env=KEY).code == 2
    assert not Path("json.old").exists()
    assert json.loads(Path("archived.json").read_text())["exit_code"] == 0


def test_pipes_and_devices_are_left_alone(bench: Bench) -> None:
    """They are neither read nor removed: a read would wait for a writer."""
    os.mkfifo("pipe")

    for path in ("pipe", "/dev/null", "/dev/stdout", "-", "folder/"):
        assert bench.run("check", "app", *ADDRESS, "--report", f"json={path}", env=KEY).code == 2
    assert Path("pipe").is_fifo()


def test_help_removes_nothing(bench: Bench) -> None:
    """It is no run."""
    write_all(bench.play(images(finished())))

    assert bench.run("check", "--report", "json=json.old", "--help").code == 0
    assert Path("json.old").exists()


def test_the_variable_does_not_count_where_the_option_is_given(bench: Bench) -> None:
    """Nothing will be written there."""
    write_all(bench.play(images(finished())))
    env = KEY | {"HSSGATE_REPORTS": "json=json.old"}

    for wrong in ("app", "app:1 --tiemout"):
        ended = bench.run("check", *ADDRESS, "--report", "html=html.old", *wrong.split(), env=env)
        assert (ended.code, Path("json.old").exists(), Path("html.old").exists()) == (2, True, False)


@pytest.mark.parametrize("wrong", [[], ["--tiemout"], ["--policy", "nowhere.yaml"]], ids=["right", "parsing", "late"])
@pytest.mark.parametrize("path", ["json.old", "./json.old", "link.json", "hard.json"])
def test_judge_keeps_what_it_judges(bench: Bench, path: str, wrong: list[str]) -> None:
    """A report over one of its inputs is misuse; that input is evidence."""
    write_all(bench.play(images(finished())))
    Path("link.json").symlink_to("json.old")
    os.link("json.old", "hard.json")

    ended = bench.run("judge", "json.old", "--report", f"json={path}", *wrong)

    assert ended.code == 2
    assert json.loads(Path("json.old").read_text())["exit_code"] == 0
    assert bool(wrong) or f"--report json={path}: this run reads that file (json.old)" in ended.err


def test_judge_removes_old_reports(bench: Bench) -> None:
    """As `check` does, and leaves the others."""
    write_all(bench.play(images(finished())))

    ended = bench.run("judge", "json.old", "nowhere.json", "--report", "html=html.old")

    assert (ended.code, Path("html.old").exists(), Path("json.old").exists()) == (2, False, True)


@pytest.mark.real
def test_selftest_removes_its_old_report(bench: Bench) -> None:
    """It has a report of its own."""
    assert bench.run("selftest", "version-missing", "--report", "junit=selftest.xml").code == 0
    assert Path("selftest.xml").exists()

    assert bench.run("selftest", "no-such-situation", "--report", "junit=selftest.xml").code == 2
    assert not Path("selftest.xml").exists()


@pytest.mark.parametrize("arguments", [["app"], ["--tiemout"]], ids=["right", "parsing"])
def test_an_old_report_that_cannot_be_removed_is_an_error(bench: Bench, arguments: list[str]) -> None:
    """Exit code 2, before anything is asked."""
    write_all(bench.play(images(finished())))
    refuse = bench.monkeypatch.context()
    with refuse as patch:
        patch.setattr(os, "unlink", _no_permission)
        ended = bench.run("check", *ADDRESS, "--report", "json=json.old", *arguments, env=KEY)

    assert ended.code == 2
    assert "--report json=json.old: the report of an earlier run cannot be removed: Permission denied" in ended.err


def _no_permission(_path: str) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param("json=hssgate.json", "hssgate.json is, or resembles, the name of a default policy", id="name"),
        pytest.param("json=sub/hssgate.yaml", "hssgate.yaml is, or resembles", id="in any folder"),
        pytest.param(
            "json=hssgate.yaml/report.json", "hssgate.yaml is, or resembles", id="a folder that would be made"
        ),
        pytest.param("json=out/HSSGate.JSON", "HSSGate.JSON is, or resembles", id="in any case"),
        pytest.param("json=.hssgate.json", ".hssgate.json is, or resembles", id="a name that the search refuses"),
        pytest.param("json=link.json", "hssgate.toml is, or resembles", id="a link to a default name"),
        pytest.param("json=strict.yaml", "this run reads that file (strict.yaml)", id="a policy that is given"),
        pytest.param("json=./sub/../strict.yaml", "this run reads that file (strict.yaml)", id="by another path"),
        pytest.param("json=to-strict", "this run reads that file (strict.yaml)", id="by a link"),
        pytest.param("json=hard", "this run reads that file (strict.yaml)", id="by a hard link"),
    ],
)
@pytest.mark.parametrize("command", ["check", "judge"])
def test_no_report_replaces_a_policy(bench: Bench, command: str, given: str, message: str) -> None:
    """Exit code 2 before anything is asked; the next run would be judged by another policy."""
    bench.play(images(finished())).check("team/app:1.0")
    Path("sub").mkdir()
    Path("strict.yaml").write_text("rules: {vulnerabilities: 0}")
    Path("link.json").symlink_to("sub/hssgate.toml")
    Path("to-strict").symlink_to("strict.yaml")
    os.link("strict.yaml", "hard")
    asked = bench.emulator.request_count
    arguments = ["check", "team/app:1.0", *ADDRESS] if command == "check" else ["judge", "report.json"]

    ended = bench.run(*arguments, "--policy", "strict.yaml", "--report", given, env=KEY)

    assert (ended.code, message in ended.err, bench.emulator.request_count) == (2, True, asked), ended.err
    assert Path("strict.yaml").read_text() == "rules: {vulnerabilities: 0}"


def test_no_report_replaces_another_file_that_is_read(bench: Bench) -> None:
    """Nor does a report go there; `judge` has a test of its own."""
    Path("authorities.pem").write_text("mine")

    ended = bench.check("app:1", "--ca-bundle", "authorities.pem", "--report", "json=authorities.pem", reports=False)

    assert (ended.code, Path("authorities.pem").read_text()) == (2, "mine")
    assert "--report json=authorities.pem: this run reads that file (authorities.pem)" in ended.err


def test_no_report_replaces_the_policy_that_was_found(bench: Bench) -> None:
    """Also where the default file is a link to it."""
    Path("real.yaml").write_text("rules: {vulnerabilities: 0}")
    Path("hssgate.yaml").symlink_to("real.yaml")

    ended = bench.play(images(finished())).check("team/app:1.0", "--report", "html=real.yaml", reports=False)

    assert (ended.code, bench.emulator.request_count) == (2, 0)
    assert "--report html=real.yaml: this run reads that file (hssgate.yaml)" in ended.err


@pytest.mark.parametrize("arguments", [["check", "app:1", *ADDRESS], ["judge", "report.json"]], ids=["check", "judge"])
def test_a_folder_that_is_gone_is_misuse(bench: Bench, arguments: list[str]) -> None:
    """Where the report was to go is not known, nor which policy applies."""
    Path("gone").mkdir()
    bench.monkeypatch.chdir("gone")
    Path.cwd().rmdir()

    ended = bench.run(*arguments, "--report", "json=new.json", env=KEY)

    assert ended.code == 2
    assert "the working directory does not exist any more" in ended.err


@pytest.mark.parametrize(
    "value",
    [
        "junit=a.xml,json=b.json", "junit=a.xml, json=b.json", "junit=a.xml;json=b.json", "junit=a.xml json=b.json", "junit=a.xml,HTML=b",
        "junit=a.xml,", "junit=a,b.xml,sarif=c",
    ],
)  # fmt: skip
def test_several_reports_in_one_option_are_misuse(bench: Bench, value: str) -> None:
    """They would be one file with an odd name, and the others missing."""
    ended = bench.run("check", "app:1", *ADDRESS, "--report", value, env=KEY)

    assert ended.code == 2
    assert "looks like several reports in one; give --report once for each" in ended.err


@pytest.mark.parametrize("path", ["a,b.xml", "a=b.xml", "a b.xml", "json=b.xml", "a,json.xml"])
def test_odd_paths_are_paths(bench: Bench, path: str) -> None:
    """Only the beginning of another report is refused."""
    ended = bench.play(images(finished())).check(f"team/app:1.0@{DIGEST}", "--report", f"junit={path}", reports=False)

    assert ended.code == 0
    assert Path(path).exists()


def test_commas_between_the_reports_of_the_variable_are_misuse(bench: Bench) -> None:
    """There are blanks between them."""
    for value in ("junit=a.xml,json=b.json", "junit=a.xml, json=b.json"):
        ended = bench.run("check", "app:1", *ADDRESS, env=KEY | {"HSSGATE_REPORTS": value})
        assert (ended.code, "blanks between them in HSSGATE_REPORTS" in ended.err) == (2, True)
