"""SIGINT, SIGTERM and SIGHUP in every phase of the real process: 130 or 143, no traceback, and reports that agree."""

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.cli.test_check import FOREVER, finished, image, images
from tests.conftest import KEY
from tests.support.processes import PATIENT, command, environment, start
from tests.system.test_process import playing

pytestmark = pytest.mark.real

BOTH = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
ENDLESS = images(image(FOREVER))


@contextlib.contextmanager
def checking(url: str, *arguments: str, python: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    """Start `hssgate check` with JUnit and JSON reports."""
    given = ["check", "team/app:1.0", "--endpoint", url, "--project-id", "p", *arguments]
    given += ["--report", "junit=junit.xml", "--report", "json=report.json"]
    with start(
        [sys.executable, *python, *command(*given)[1:]],
        env=environment(**KEY), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    """Read stderr up to the line with these words."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr)


def narrow_pipe(path: str) -> int:
    """Make a pipe smaller than a report, and open it for reading."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(reader, True)
    return reader


@BOTH
@pytest.mark.parametrize("module", ["hssgate.cli", "enum", "click", "pydantic", "httpx", "hssgate.gate"])
def test_a_signal_while_modules_load_is_no_traceback(number: signal.Signals, code: int, module: str) -> None:
    """From the first line of the command on; before it the process is Python's alone."""
    with playing(ENDLESS) as url, checking(url, python=("-X", "importtime")) as process:
        read_until(process, f" {module}\n")
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENT)

    assert process.returncode == code
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)], ids=str
)
def test_a_signal_while_it_waits_leaves_reports(number: int, code: int) -> None:
    """A terminal that is closed ends it as SIGTERM does."""
    with playing(ENDLESS) as url, checking(url) as process:
        read_until(process, "scanning")
        process.send_signal(number)
        process.communicate(timeout=PATIENT)

    assert process.returncode == code
    assert json.loads(Path("report.json").read_text())["exit_code"] == code
    assert [suite.name for suite in JUnitXml.fromfile("junit.xml")] == ["team/app:1.0", "hssgate"]


def test_a_hangup_that_is_ignored_stays_so() -> None:
    """As under nohup: the check continues after the terminal was closed."""
    with playing(ENDLESS) as url:
        given = ["check", "team/app:1.0", "--endpoint", url, "--project-id", "p"]
        ignoring = 'trap "" HUP; exec "$@"'
        with subprocess.Popen(
            ["sh", "-c", ignoring, "sh", *command(*given)], env=environment(**KEY), stderr=subprocess.PIPE, text=True
        ) as process:
            read_until(process, "scanning")
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENT)

    assert process.returncode == 143


@BOTH
def test_a_signal_while_reports_are_written_is_in_all_of_them(number: signal.Signals, code: int) -> None:
    """A report into a pipe is written last; if its reader stops, the reports written before are written again."""
    reader = narrow_pipe("pipe")
    with playing(images(finished())) as url, checking(url, "--report", "html=pipe") as process:
        select.select([reader], [], [])
        process.send_signal(number)
        page = b"".join(iter(partial(os.read, reader, 4096), b""))
        out, err = process.communicate(timeout=PATIENT)

    os.close(reader)
    assert page.rstrip().endswith(b"</html>")
    assert process.returncode == code
    assert "Traceback" not in out + err
    assert f"exit code {code}" in out
    assert json.loads(Path("report.json").read_text())["errors"][0]["type"] == "interrupted"
    assert [suite.name for suite in JUnitXml.fromfile("junit.xml")] == ["team/app:1.0", "hssgate"]


@pytest.mark.parametrize("signals", [1, 2], ids=["one signal", "two signals"])
def test_a_signal_ends_a_run_whose_stderr_no_process_reads(signals: int) -> None:
    """The first one leaves reports, and a second one ends the process though it can print nothing."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4096)
    given = ["check", "team/app:1.0", "--project-id", "p", "--report", "json=report.json"]
    with playing(ENDLESS) as url:
        process = start(
            command(*given, "--endpoint", url), env=environment(**KEY), stdout=subprocess.PIPE, stderr=writer, text=True
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("policy: ")
            for _ in range(signals):
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENT)

    os.close(reader)
    os.close(writer)
    assert process.returncode == 143
    if signals == 1:
        assert json.loads(Path("report.json").read_text())["exit_code"] == 143


@BOTH
def test_a_second_signal_ends_it_at_once(number: signal.Signals, code: int) -> None:
    """Also while a report is stuck in a pipe."""
    reader = narrow_pipe("pipe")
    with playing(images(finished())) as url, checking(url, "--report", "html=pipe") as process:
        select.select([reader], [], [])
        process.send_signal(number)
        process.send_signal(signal.SIGTERM if number == signal.SIGINT else signal.SIGINT)
        process.communicate(timeout=PATIENT)
    os.close(reader)

    assert process.returncode in {130, 143}
    assert code in {130, 143}


def test_a_working_directory_that_is_gone_is_misuse() -> None:
    """The message says so; `--help` and `--version` still work."""
    script = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"'

    for given, code in (
        (["check", "team/app:1.0"], 2),
        (["images"], 2),
        (["judge", "report.json"], 2),
        (["--version"], 0),
    ):
        ended = subprocess.run(
            ["sh", "-c", script, "sh", *command(*given)],
            env=environment(GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(Path("outputs").absolute())),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == code
        assert ("the working directory does not exist any more" in ended.stderr) == (code == 2)
    assert "exit-code<<" in Path("outputs").read_text()
