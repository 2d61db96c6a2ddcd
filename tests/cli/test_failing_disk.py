"""A disk that fails takes one report, never the verdict: stdout, exit code and the other reports stay.

What is wrong with a path from the start is misuse (exit code 2, nothing is asked); what comes of it later is an error on
stderr and exit code 3, unless the outcome is worse.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve
from tests.cli.test_check import finished, images
from tests.conftest import Bench, Ended
from tests.support.processes import command, environment
from tests.waiting.test_poller import ROW, page

BLOCKED = "severity_level: High, vul_num: 1, malicious_file_num: 0"
_HINDERED = "import ctypes, os, resource, sys; {hindrance}; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
# Root may write anywhere; the bounding set takes that right (CAP_DAC_OVERRIDE) from the process that follows.
_ROOT_NO_MORE = "ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)"
_FULL_AT = 2048
_DISK_FULL = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({_FULL_AT}, {_FULL_AT}))"


def checked_with(hindrance: str, scenario: str, *reports: str) -> "subprocess.CompletedProcess[str]":
    """Run `hssgate check` as a process that is hindered in some way."""
    given = ["-c", _HINDERED.format(hindrance=hindrance), *command()[1:], "check", "team/app:1.0", "--project-id", "p"]
    for report in reports:
        given += ["--report", report]
    with serve(Emulator(parse_scenario(scenario, "scenario"), now=time.time, sleep=time.sleep)) as server:
        return subprocess.run(
            [sys.executable, *given, "--endpoint", server.url],
            env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize(("counts", "code"), [("severity_level: Low, malicious_file_num: 0", 3), (BLOCKED, 10)])
def test_a_folder_that_may_only_be_read(counts: str, code: int) -> None:
    """Nothing can be put there, for root neither where it has lost its right."""
    Path("locked").mkdir(mode=0o555)

    ended = checked_with(_ROOT_NO_MORE, images(finished(counts)), "html=locked/report.html", "json=report.json")

    assert ended.returncode == code
    assert "the report html=locked/report.html could not be written: Permission denied" in ended.stderr
    assert f"exit code {code}" in ended.stdout
    assert json.loads(Path("report.json").read_text())["exit_code"] == code
    assert list(Path("locked").iterdir()) == []


@pytest.mark.real
@pytest.mark.parametrize(("counts", "code"), [("severity_level: Low, malicious_file_num: 0", 3), (BLOCKED, 10)])
def test_a_disk_that_is_full_amid_a_report(counts: str, code: int) -> None:
    """A partial report is removed: the old one stays; other reports that fit are written."""
    Path("report.html").write_text("of yesterday")

    ended = checked_with(_DISK_FULL, images(finished(counts)), "html=report.html", "dotenv=report.env")

    assert ended.returncode == code
    assert "the report html=report.html could not be written: File too large" in ended.stderr
    assert f"exit code {code}" in ended.stdout
    assert Path("report.html").read_text() == "of yesterday"
    assert f"HSSGATE_EXIT_CODE={code}" in Path("report.env").read_text()
    assert sorted(path.name for path in Path().iterdir()) == ["report.env", "report.html"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        pytest.param(lambda: Path("junit.xml").mkdir(), "is a folder", id="a folder"),
        pytest.param(lambda: Path("junit.xml").symlink_to("."), "is a folder", id="a link to a folder"),
    ],
)
def test_a_path_that_is_a_folder_is_misuse(bench: Bench, prepare: Callable[[], None], message: str) -> None:
    """It is an error before any request."""
    prepare()

    ended = bench.play(images(finished())).check("team/app:1.0")

    assert (ended.code, bench.emulator.request_count) == (2, 0)
    assert message in ended.err
    assert not Path("report.json").exists()


def test_a_path_under_a_file_is_misuse(bench: Bench) -> None:
    """So is one through a link to a file."""
    Path("file").write_text("content")
    Path("link").symlink_to("file")

    for path in ("file/report.html", "file/sub/report.html", "link/report.html"):
        ended = bench.play(images(finished())).check("team/app:1.0", "--report", f"html={path}")
        assert (ended.code, bench.emulator.request_count) == (2, 0)
    assert Path("file").read_text() == "content"


def test_a_link_to_nothing_yet_is_followed(bench: Bench) -> None:
    """The report is made where it points, with the folders on the way."""
    Path("link.html").symlink_to("deep/er/report.html")

    ended = bench.play(images(finished())).check("team/app:1.0", "--report", "html=link.html")

    assert ended.code == 0
    assert Path("link.html").is_symlink()
    assert "<html" in Path("deep/er/report.html").read_text(encoding="utf-8")


def test_a_link_that_leads_in_a_circle_takes_nothing(bench: Bench) -> None:
    """It points to nothing that could be replaced, so the report takes its place."""
    Path("one.html").symlink_to("two.html")
    Path("two.html").symlink_to("one.html")

    ended = bench.play(images(finished())).check("team/app:1.0", "--report", "html=one.html")

    assert (ended.code, ended.report["exit_code"]) == (0, 0)
    assert "<html" in Path("one.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("device", "code"), [("/dev/null", 0), ("/dev/full", 3)])
def test_a_link_to_a_device_is_written_through(bench: Bench, device: str, code: int) -> None:
    """Neither the link nor the device is replaced; a device that is full is a report that could not be written."""
    Path("link.html").symlink_to(device)

    ended = bench.play(images(finished())).check("team/app:1.0", "--report", "html=link.html")

    assert (ended.code, ended.report["exit_code"]) == (code, code)
    assert ("html=link.html could not be written: No space left on device" in ended.err) == (code == 3)
    assert stat.S_ISCHR(Path(device).stat().st_mode)
    assert Path("link.html").is_symlink()


@pytest.mark.parametrize("number", ["987", "99999999999999999999"])
def test_what_is_not_open_cannot_be_written(bench: Bench, number: str) -> None:
    """A number of which there is no open file, be it as long as it likes."""
    ended = bench.play(images(finished())).check("team/app:1.0", "--report", f"html=/dev/fd/{number}")

    assert (ended.code, ended.report["exit_code"]) == (3, 3)
    assert f"html=/dev/fd/{number} could not be written" in ended.err


def meanwhile(bench: Bench, change: Callable[[], object], **row: object) -> Ended:
    """Run a check with a report in a folder, and change the folder while the API responds."""
    Path("out").mkdir()

    def answer(_request: httpx.Request) -> httpx.Response:
        change()
        return page({**ROW, **row})

    return bench.answer(answer).check("app:1.0", "--report", "html=out/report.html")


def in_its_place(make: Callable[[], object]) -> None:
    shutil.rmtree("out")
    make()


def test_a_folder_that_goes_away_meanwhile_is_made_again(bench: Bench) -> None:
    """A job that cleans up beside us."""
    ended = meanwhile(bench, lambda: shutil.rmtree("out"))

    assert ended.code == 0
    assert "<html" in Path("out/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("level", "code"), [("Low", 3), ("High", 10)])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda: in_its_place(lambda: Path("out").write_text("file")), id="its folder is a file now"),
        pytest.param(lambda: Path("out/report.html").mkdir(), id="it is a folder now"),
        pytest.param(lambda: in_its_place(lambda: Path("out").symlink_to("out")), id="its folder is a circle now"),
        pytest.param(lambda: Path("out/report.html").symlink_to("/dev/full"), id="it is a full device now"),
    ],
)
def test_a_path_that_fails_meanwhile_takes_that_report_alone(
    bench: Bench, change: Callable[[], object], level: str, code: int
) -> None:
    """Verdict, exit code and the other reports stay."""
    ended = meanwhile(bench, change, severity_level=level)

    assert (ended.code, ended.report["exit_code"]) == (code, code)
    assert ended.checks()["severity"] == ("failed" if code == 10 else "passed")
    assert (ended.junit.tests, ended.junit.errors) == (4, 1)  # one tells of the report
    assert "the report html=out/report.html could not be written" in ended.err
    assert f"exit code {code}" in ended.out


@pytest.mark.parametrize(("level", "code"), [("Low", 3), ("High", 10)])
def test_a_working_folder_that_goes_away_meanwhile(bench: Bench, level: str, code: int) -> None:
    """No report can be written, and the verdict is still printed."""
    Path("work").mkdir()
    before = Path.cwd()
    os.chdir("work")
    ended = meanwhile(bench, lambda: shutil.rmtree(before / "work"), severity_level=level)
    os.chdir(before)

    assert ended.code == code
    assert ended.err.count("could not be written") == 3
    assert "Traceback" not in ended.err
    assert f"exit code {code}" in ended.out
