"""Metrics for CodeArts Pipeline: always there, and meeting no condition unless the gate passed."""

import json
from pathlib import Path

import pytest

from hssgate.cli.codearts import spoil
from hssgate.reports import FORMATS
from hssgate.verdict import Verdict
from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding, policy, scenario
from tests.conftest import KEY, Bench

UNKNOWN = 2147483647
STEP = {"STEP_ID": "s1", "RESULT_MSG_PATH": "messages"}
NOTHING_KNOWN = dict.fromkeys(
    ("high_vulnerabilities", "medium_vulnerabilities", "new_vulnerabilities", "sensitive_files", "malicious_files"),
    UNKNOWN,
)


def metrics(folder: str = "messages") -> dict[str, int]:
    found: dict[str, int] = json.loads(Path(folder, "s1_metrics.json").read_text(encoding="utf-8"))
    return found


def passing(*findings: dict[str, object]) -> str:
    return scenario([*findings]).replace('"High"', '"Low"')


def test_a_pass_names_what_is_known(bench: Bench) -> None:
    """All six are integers; what was not read has the largest value."""
    ended = bench.play(passing(finding("V-1", MEDIUM))).check("team/app:1.0", env=KEY | STEP)

    assert ended.code == 0
    assert metrics() == NOTHING_KNOWN | {"exit_code": 0, "malicious_files": 0}


def test_findings_are_counted_where_they_were_read(bench: Bench) -> None:
    """By level; one that the policy ignores does not count."""
    policy(bench, "rules: {high_vulnerabilities: 1}\nignore: [{vulnerability: V-1, reason: r}]")
    found = [finding("V-1"), finding("V-2"), finding("V-3", MEDIUM), finding("V-4", MEDIUM), finding("V-5", LOW)]

    ended = bench.play(scenario(found)).check("team/app:1.0", "--findings", "always", env=KEY | STEP)

    assert ended.code == 0
    assert metrics() == NOTHING_KNOWN | {
        "exit_code": 0,
        "high_vulnerabilities": 1,
        "medium_vulnerabilities": 2,
        "sensitive_files": 0,
        "malicious_files": 0,
    }


def test_what_one_of_two_policies_ignores_counts(bench: Bench) -> None:
    """For the other policy it counts, and an image must pass both."""
    policy(bench, "rules: {high_vulnerabilities: 9}\nignore: [{vulnerability: V-1, reason: r}]", "a.yaml")
    policy(bench, "rules: {high_vulnerabilities: 9}", "b.yaml")

    bench.play(scenario([finding("V-1")])).check(
        "team/app:1.0", "--policy", "a.yaml", "--policy", "b.yaml", env=KEY | STEP
    )

    assert metrics()["high_vulnerabilities"] == 1


def test_findings_that_hss_counts_and_does_not_list_leave_the_number_unknown(bench: Bench) -> None:
    """The one that is missing may be a high one."""
    policy(bench, "rules: {medium_vulnerabilities: 9}")

    bench.play(scenario([finding("V-1", LOW)], vul_num=2)).check("team/app:1.0", env=KEY | STEP)

    assert (metrics()["high_vulnerabilities"], metrics()["medium_vulnerabilities"]) == (UNKNOWN, UNKNOWN)


def test_the_numbers_of_all_images_are_added(bench: Bench) -> None:
    """A limit in a condition is for the step as a whole."""
    policy(bench, "rules: {high_vulnerabilities: 9}")
    one = json.loads(scenario([finding("V-1"), finding("V-2")]))["images"][0]
    two = json.loads(scenario([finding("V-3")], image_version="2.0"))["images"][0]

    ended = bench.play(json.dumps({"images": [one, two]})).check("team/app:1.0", "team/app:2.0", env=KEY | STEP)

    assert (ended.code, metrics()["high_vulnerabilities"]) == (0, 3)


def test_a_block_names_its_numbers_and_its_exit_code(bench: Bench) -> None:
    """They explain the block; the exit code meets no condition."""
    policy(bench, "rules: {high_vulnerabilities: 0}")

    ended = bench.play(scenario([finding("V-1", HIGH)])).check("team/app:1.0", env=KEY | STEP)

    assert ended.code == 10
    assert (metrics()["exit_code"], metrics()["high_vulnerabilities"]) == (10, 1)


def test_a_block_leaves_unknown_what_another_image_did_not_yield(bench: Bench) -> None:
    """The sum is not known if one of its parts is not."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    one = json.loads(scenario([finding("V-1")]))["images"][0]

    ended = bench.play(json.dumps({"images": [one]})).check(
        "team/app:1.0", "team/app:2.0", "--timeout", "0", env=KEY | STEP
    )

    assert ended.code == 10
    assert metrics() == NOTHING_KNOWN | {"exit_code": 10}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["check", "team/app:9.9", "--timeout", "0"], 4, id="timeout"),
        pytest.param(["check", "team/app"], 2, id="no version"),
        pytest.param(["check", "team/app:1.0", "--tiemout", "1s"], 2, id="no such option"),
        pytest.param(["check", "team/app:1.0", "--policy", "nowhere.yaml"], 2, id="no such policy"),
        pytest.param(["chekc", "team/app:1.0"], 2, id="no such command"),
        pytest.param(["--no-such-option", "check", "team/app:1.0"], 2, id="no such option before the command"),
        pytest.param([], 2, id="no command"),
        pytest.param(["check", "team/app:1.0", "--report", "json=nowhere.txt/report.json"], 2, id="no such place"),
    ],
)
@pytest.mark.parametrize("by", ["itself", "option", "option with an equals sign", "variable"])
def test_no_condition_is_met_without_a_verdict(bench: Bench, arguments: list[str], code: int, by: str) -> None:
    """The metrics of an earlier run are gone, and the exit code is that of this one."""
    bench.play(passing()).check("team/app:1.0", env=KEY | STEP)
    assert metrics()["exit_code"] == 0
    Path("nowhere.txt").write_text("")
    env, given = {"STEP_ID": "s1"}, []
    match by:
        case "itself":
            env = STEP
        case "option":
            given = ["--report", "codearts=messages"]
        case "option with an equals sign":
            given = ["--report=codearts=messages"]
        case _:
            env = {"STEP_ID": "s1", "HSSGATE_REPORTS": "junit=a.xml codearts=messages"}
            if "--report" in arguments:  # which beats the variable
                return
    address = ["--endpoint", "http://127.0.0.1:9", "--project-id", "p"] if arguments else []

    ended = bench.run(*arguments, *given, *address, env=KEY | env)

    assert ended.code == code, ended.err
    assert metrics() == NOTHING_KNOWN | {"exit_code": code}


def test_other_commands_leave_the_metrics_of_the_step_alone(bench: Bench) -> None:
    """A step may print the policy after the gate."""
    bench.play(passing()).check("team/app:1.0", env=KEY | STEP)

    assert bench.run("policy", "schema", env=STEP).code == 0
    assert metrics()["exit_code"] == 0


@pytest.mark.parametrize(
    ("env", "folder", "message"),
    [
        pytest.param({}, "messages", "STEP_ID is not set", id="no step"),
        pytest.param({"STEP_ID": "../s1"}, "messages", "STEP_ID is '../s1'", id="a step that is a path"),
        pytest.param({"STEP_ID": "s1"}, "-", "name a folder", id="stdout"),
        pytest.param(
            {"STEP_ID": "s1"}, "", "'codearts=' names no path; write it like codearts=$RESULT_MSG_PATH.", id="nowhere"
        ),
        pytest.param({"STEP_ID": "s1"}, "file", "file is a file", id="a file"),
        pytest.param({"STEP_ID": "s1"}, "file/below", "file is a file", id="below a file"),
        pytest.param(
            {"STEP_ID": "s1"}, "/proc", "/proc/s1_metrics.json cannot be written", id="a folder that takes no file"
        ),
    ],
)
def test_a_place_that_takes_no_metrics_is_misuse(bench: Bench, env: dict[str, str], folder: str, message: str) -> None:
    """The message names what to set; reports of an earlier run are removed nevertheless."""
    Path("file").write_text("")
    bench.play(passing()).check("team/app:1.0")
    assert Path("junit.xml").exists()

    ended = bench.check("team/app:1.0", "--report", f"codearts={folder}", env=KEY | env)

    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert not Path("junit.xml").exists()
    assert not bench.sent


def test_a_folder_that_cannot_be_written_to_is_misuse(bench: Bench) -> None:
    """Before anything is asked of HSS: conditions would be met by metrics that are missing."""
    Path("messages/s1_metrics.json").mkdir(parents=True)
    Path("messages/s1_metrics.json/file").write_text("")

    ended = bench.play(passing()).check("team/app:1.0", env=KEY | STEP)

    assert ended.code == 2
    assert "s1_metrics.json" in ended.err
    assert not bench.sent


def test_a_report_that_cannot_be_written_is_in_the_metrics(bench: Bench) -> None:
    """They are written last, and agree with the exit code."""

    def full(_: Verdict) -> str:
        raise OSError(28, "No space left on device")

    bench.monkeypatch.setitem(FORMATS, "markdown", full)
    ended = bench.play(passing()).check("team/app:1.0", "--report", "markdown=a.md", env=KEY | STEP)

    assert ended.code == 3
    assert metrics() == NOTHING_KNOWN | {"exit_code": 3}


def test_every_number_fits_into_the_integers_of_codearts(bench: Bench) -> None:
    """A larger one is as good as unknown."""
    images = json.loads(scenario([]))
    images["images"][0]["timeline"][0]["malicious_file_num"] = 2**40
    policy(bench, "rules: {severity: High}")

    ended = bench.play(json.dumps(images)).check("team/app:1.0", env=KEY | STEP)

    assert (ended.code, metrics()["malicious_files"]) == (0, UNKNOWN)


def test_metrics_that_cannot_be_replaced_say_failure(bench: Bench) -> None:
    """One of two takes the verdict, the other does not: neither is left as a pass."""

    def hindered(_: Verdict) -> str:
        Path("later", "s1_metrics.json").unlink()
        Path("later", "s1_metrics.json", "folder").mkdir(parents=True)
        return ""

    bench.monkeypatch.setitem(FORMATS, "markdown", hindered)
    given = ("--report", "codearts=later", "--report", "markdown=a.md")
    ended = bench.play(passing()).check("team/app:1.0", "--report", "codearts=messages", *given, env=KEY | STEP)

    assert ended.code == 3, ended.err
    assert metrics() == NOTHING_KNOWN | {"exit_code": 3}


def test_wrong_metrics_are_spoiled(tmp_path: Path) -> None:
    """In their place, for there may be no room for others; else they are removed."""
    Path("s1_metrics.json").write_text("{}")
    spoil("s1_metrics.json")
    assert metrics("") == NOTHING_KNOWN | {"exit_code": 1}

    (tmp_path / "folder").mkdir()
    spoil(str(tmp_path / "folder"))  # neither is possible
    assert (tmp_path / "folder").is_dir()


def test_sensitive_files_are_counted_where_a_rule_reads_them(bench: Bench) -> None:
    """One that the policy ignores does not count."""
    images = json.loads(passing())
    images["images"][0]["sensitive"] = [
        {"name": "key", "file_path": path, "severity": "high"} for path in ("/root/key", "/app/key")
    ]
    policy(bench, "rules: {sensitive_files: 1}\nignore: [{file: /root/key, reason: r}]")

    ended = bench.play(json.dumps(images)).check("team/app:1.0", env=KEY | STEP)

    assert (ended.code, metrics()["sensitive_files"]) == (0, 1), ended.err
