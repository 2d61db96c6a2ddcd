"""The real command line, as a process of its own, against servers on real sockets."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from junitparser import JUnitXml

from hssgate.cli.help_texts import DOCUMENTATION
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario, parse_scenario
from hssgate.emulator.server import serve
from tests.cli.test_check import CLEAN, FOREVER, finished, image, images
from tests.support.processes import PATIENT, checked, command, environment, ran, run, start

pytestmark = pytest.mark.real


@contextlib.contextmanager
def playing(scenario: str) -> Iterator[str]:
    with serve(Emulator(parse_scenario(scenario, "scenario"), now=time.time, sleep=time.sleep)) as server:
        yield server.url


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    """The emulator as `hssgate emulator` plays it."""
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        yield server.url


@pytest.mark.parametrize(
    ("reference", "code", "totals"),
    [
        pytest.param("demo/passes:1.0", 0, (3, 0, 0, 0), id="passed"),
        pytest.param("demo/number-missing:1.0", 5, (3, 0, 2, 0), id="a number missing"),
        pytest.param("demo/scan-failed:1.0", 5, (3, 0, 1, 2), id="scan failed"),
        pytest.param("demo/download-failed:1.0", 5, (3, 0, 1, 2), id="download failed"),
        pytest.param("demo/too-large:1.0", 5, (3, 0, 1, 2), id="too large"),
        pytest.param("demo/ambiguous:1.0", 5, (3, 0, 1, 2), id="ambiguous"),
        pytest.param("demo/blocked-severity:1.0", 10, (3, 1, 0, 0), id="blocked by severity"),
        pytest.param("demo/blocked-malware:1.0", 10, (3, 2, 0, 0), id="blocked by malware"),
        pytest.param("demo/scanning-forever:1.0", 4, (3, 0, 1, 2), id="timed out"),
        pytest.param("demo/nowhere:1.0", 4, (3, 0, 1, 2), id="not found"),
        pytest.param("aaa/centos7:common", 5, (3, 0, 1, 0), id="the manual's example"),
    ],
)
def test_each_row_of_the_exit_code_table(
    emulator_url: str, reference: str, code: int, totals: tuple[int, int, int, int]
) -> None:
    """Process, exit code, and the JUnit file as an independent reader counts it."""
    ended = checked(emulator_url, reference, "--timeout", "1s")

    junit = JUnitXml.fromfile("junit.xml")
    assert ended.returncode == code
    assert (junit.tests, junit.failures, junit.errors, next(iter(junit)).skipped) == totals
    assert json.loads(Path("report.json").read_text())["exit_code"] == code
    assert f"exit code {code}" in ended.stdout


def test_misuse_and_an_unreachable_api() -> None:
    """2 before any request, 3 without a response."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"  # bound, but not listening

        assert checked(url, "app").returncode == 2
        assert not Path("junit.xml").exists()
        assert checked(url, "app:1", "--timeout", "1s").returncode == 3
        assert JUnitXml.fromfile("junit.xml").errors == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_wait_with_reports(emulator_url: str, number: signal.Signals, code: int) -> None:
    """What was judged stays judged, the rest is an error, and both reports are there."""
    arguments = ["check", "demo/blocked-severity:1.0", "demo/scanning-forever:1.0", "--endpoint", emulator_url]
    arguments += ["--project-id", "p", "--report", "junit=junit.xml", "--report", "json=report.json"]
    with start(
        command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "scanning-forever:1.0: scanning" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENT)

    assert process.returncode == code
    assert "Traceback" not in out + err
    report = json.loads(Path("report.json").read_text())
    assert (report["exit_code"], report["result"]) == (code, "error")
    assert [found["exit_code"] for found in report["images"]] == [10, code]
    assert report["images"][1]["checks"][0]["message"].startswith("scan: interrupted after")
    assert JUnitXml.fromfile("junit.xml").errors == 2  # that of the image, and that of the run


def test_a_signal_during_a_request_ends_the_wait_too() -> None:
    """The request in flight is abandoned."""
    with playing(images(finished()) + "faults: [{requests: '*', delay: 100s}]") as url:
        arguments = ["check", "team/app:1.0", "--endpoint", url, "--project-id", "p", "--report", "json=report.json"]
        with start(command(*arguments, "-vv"), env=environment(), stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if "> GET" in line:
                    break
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENT)

    assert process.returncode == 143
    assert json.loads(Path("report.json").read_text())["exit_code"] == 143


def test_a_long_silence_is_filled() -> None:
    """While one request is waited for, a terminal's line lives on; here every tick prints."""
    from hssgate.clock import SystemClock

    clock = SystemClock()
    ticks: list[float] = []
    clock.on_wait = lambda: ticks.append(clock.monotonic())
    release = threading.Event()

    with pytest.raises(TimeoutError):
        clock.call(release.wait, within=2.5, abandon=release.set)

    assert len(ticks) == 2


def test_stdout_without_a_reader_does_not_change_the_verdict(emulator_url: str) -> None:
    """A closed pipe, or a full disk behind stdout."""
    given = ["check", "demo/blocked-severity:1.0", "--endpoint", emulator_url, "--project-id", "p"]
    with Path("/dev/full").open("w") as full:
        ended = run(command(*given), env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 10

    reader, writer = os.pipe()
    os.close(reader)
    ended = run(command(*given), env=environment(), stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert ended.returncode == 10
    assert "Traceback" not in ended.stderr


def test_a_verdict_that_cannot_be_printed_is_no_pass(emulator_url: str) -> None:
    """The log of the job is on a full disk; a closed reader, on the other hand, is no error."""
    given = ["check", "demo/passes:1.0", "--endpoint", emulator_url, "--project-id", "p"]
    given += ["--report", "junit=junit.xml", "--report", "json=report.json"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command(*given), env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    message = "the verdict could not be printed on stdout: No space left on device"
    assert ended.returncode == 3
    assert f"error: {message}" in ended.stderr
    assert json.loads(Path("report.json").read_text())["errors"] == [{"type": "report", "message": message}]
    assert [suite.name for suite in JUnitXml.fromfile("junit.xml")] == ["demo/passes:1.0", "hssgate"]

    ended = subprocess.run(
        ["sh", "-c", '"$@" | true', "sh", *command(*given)],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert json.loads(Path("report.json").read_text())["exit_code"] == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_take_nothing_from_the_verdict(emulator_url: str, closed: str) -> None:
    """As daemons have them."""
    given = ["check", "demo/blocked-severity:1.0", "--endpoint", emulator_url, "--project-id", "p"]

    ended = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *command(*given)], env=environment(), check=False)

    assert ended.returncode == 10


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_narrow_terminal_encoding_does_not_crash(encoding: str) -> None:
    """Chinese text from the API is shown as far as the encoding goes."""
    row = image("{at: -1h, scan_status: failed, scan_failed_desc: 漏洞扫描失败}")
    with playing(images(row)) as url:
        ended = checked(url, "team/app:1.0", PYTHONIOENCODING=encoding)

    assert ended.returncode == 5
    assert "Traceback" not in ended.stderr


def test_a_report_into_a_pipe_arrives(emulator_url: str) -> None:
    """`/dev/stdout` and the shell's `>(…)` are written to as they are, and results move to stderr."""
    given = [
        "check",
        "demo/passes:1.0",
        "--endpoint",
        emulator_url,
        "--project-id",
        "p",
        "-q",
        "--report",
        "json=/dev/stdout",
    ]

    ended = ran(*given)

    assert ended.returncode == 0
    assert json.loads(ended.stdout)["exit_code"] == 0
    assert ended.stderr.startswith("policy: built-in policy (sha256 ")


@pytest.mark.parametrize(
    ("path", "onto"),
    [
        pytest.param("/dev/stdout", ">> log", id="stdout"),
        pytest.param("/dev/fd/2", "2>> log", id="stderr by its number"),
        pytest.param("link.json", ">> log", id="a link to stdout"),
    ],
)
def test_a_report_into_the_log_of_the_job_leaves_the_log(emulator_url: str, path: str, onto: str) -> None:
    """Earlier and later output of the job is kept."""
    Path("link.json").symlink_to("/dev/stdout")
    Path("log").write_text("before\n")
    given = ["check", "demo/passes:1.0", "--endpoint", emulator_url, "--project-id", "p", "--report", f"json={path}"]
    script = f'exec {onto}; "$@"; echo exit code $?; echo exit code $? >&2'

    subprocess.run(["sh", "-c", script, "sh", *command(*given)], env=environment(), capture_output=True, check=False)

    log = Path("log").read_text(encoding="utf-8")
    assert log.startswith("before\n")
    assert log.count('"exit_code": 0,\n  "policies"') == 1
    assert log.endswith("exit code 0\n")


def test_two_reports_are_not_mixed_on_stdout() -> None:
    """Under any name of stdout."""
    ended = ran("check", "team/app:1.0", "--report", "json=-", "--report", "junit=/dev/stdout")

    assert ended.returncode == 2
    assert "--report junit=/dev/stdout: the report json=- already goes there" in ended.stderr


def test_a_report_on_a_stdout_that_is_closed_could_not_be_written(emulator_url: str) -> None:
    """Exit 0 would mean that the report exists."""
    given = ["check", "demo/passes:1.0", "--endpoint", emulator_url, "--project-id", "p", "--report", "json=-"]

    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command(*given)],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert ended.returncode == 3
    assert "error: the report json=- could not be written: stdout is closed" in ended.stderr


def test_the_demo_shows_the_main_job() -> None:
    """Nothing to configure: a pass and a block with all reports, which of them to open, and what to do next; exit 0."""
    ended = ran("demo", HSSGATE_POLICY="nowhere.yaml", HSSGATE_TOKEN="nonsense")

    assert ended.returncode == 0
    assert ended.stdout.index("PASSED (1 image passed), exit code 0") < ended.stdout.index("BLOCKED (1 image blocked)")
    assert "scanning" in ended.stderr
    assert "warning" not in ended.stderr
    for name, result, cases in (("checkout", "passed", 6), ("payment", "blocked", 6)):
        assert JUnitXml.fromfile(f"hssgate-demo/{name}-junit.xml").tests == cases
        assert json.loads(Path(f"hssgate-demo/{name}-report.json").read_text())["result"] == result
    (to_open,) = re.findall(r"Open (\S+) in a browser", ended.stdout)
    assert "CVE-2024-5535" in Path(to_open).read_text(encoding="utf-8")
    assert DOCUMENTATION in ended.stdout.rpartition("Next:")[2]


def test_the_demo_speaks_chinese_in_a_chinese_locale() -> None:
    """As its checks do; and leads to the Chinese documentation."""
    ended = ran("demo", LANG="zh_CN.UTF-8", PYTHONIOENCODING="utf-8")

    assert ended.returncode == 0
    own = [line for line in ended.stdout.splitlines() if line.startswith(("1.", "2.", "第一个", "接下来"))]
    assert len(own) == 4
    assert all(re.search("[\u4e00-\u9fff]", line) for line in own)
    assert ended.stdout.rstrip().endswith(f"{DOCUMENTATION}/zh")


def test_the_emulator_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """The first line is the address; images and credentials follow."""
    (tmp_path / "scenario.yaml").write_text(images(finished()))
    with start(
        command("emulator", "--scenario", "scenario.yaml"), env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = first.removeprefix("listening on ").strip()
        assert first.startswith("listening on http://127.0.0.1:")
        assert "team/app:1.0" in process.stdout.readline()
        assert process.stdout.readline() == "\n"
        shown = [process.stdout.readline() for _ in range(3)]
        assert shown[2] == f"IAM and STS  HUAWEICLOUD_SDK_IAM_ENDPOINT={url} HUAWEICLOUD_SDK_STS_ENDPOINT={url}\n"
        assert checked(url, "team/app:1.0").returncode == 0
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENT)
    assert process.returncode == 143


@pytest.mark.parametrize(
    ("arguments", "printed_on_stderr"),
    [
        (["--scenario", "nowhere.yaml"], "nowhere.yaml: it cannot be read"),
        (["--scenario", "bad.yaml"], "unknown key; did you mean images?"),
        (["--port", "70000"], "70000 is not in the range"),
    ],
)
def test_a_bad_scenario_is_misuse(tmp_path: Path, arguments: list[str], printed_on_stderr: str) -> None:
    """Exit code 2, naming file and key."""
    (tmp_path / "bad.yaml").write_text("imags: []")

    ended = ran("emulator", *arguments)

    assert ended.returncode == 2
    assert printed_on_stderr in ended.stderr


def test_a_finished_image_imports_nothing_it_does_not_use(emulator_url: str) -> None:
    """Neither the emulator nor parsers nor reports that were not asked for."""
    given = ["check", "demo/passes:1.0", "--endpoint", emulator_url, "--project-id", "p"]
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hssgate", *given],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    imported = {
        line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")
    }
    assert "hssgate.waiting.poller" in imported
    unused = {
        "yaml",
        "tomllib",
        "junit_xml",
        "hssgate.reports.junit",
        "hssgate.reports.json",
        "hssgate.policy.document",
    }
    assert not imported & unused
    assert not {
        name
        for name in imported
        if name.startswith(("hssgate.emulator", "hssgate.selftest", "hssgate.cli.demo", "difflib"))
    }


def test_three_hundred_gates_at_once() -> None:
    """One server has enough threads; every gate gets its response."""
    with playing(images(image(FOREVER.replace("scanning", f"success, {CLEAN}")))) as url:
        address = url.removeprefix("http://").split(":")
        with contextlib.ExitStack() as stack:
            crowd = [stack.enter_context(socket.create_connection((address[0], int(address[1])))) for _ in range(300)]
            ended = checked(url, "team/app:1.0")
            assert len(crowd) == 300

    assert ended.returncode == 0
