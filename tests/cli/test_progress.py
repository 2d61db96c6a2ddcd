"""Progress lines while the gate waits."""

import io
import sys

import pytest

from tests.cli.test_check import images, scanned
from tests.conftest import Bench


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_status_line_on_a_terminal_shows_the_time_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """In front, where no long name of an image cuts it off; it grows when the scan has started."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    bench.play(images(scanned(100))).check("team/app:1.0", "--timeout", "20m", "--appear-timeout", "5m")

    shown = [line.rpartition("\x1b[K")[2] for line in terminal.getvalue().split("\r")]
    assert "[    5s, 4m55s left] team/app:1.0: not listed" in shown
    assert "[   50s, 19m10s left] team/app:1.0: scanning" in shown


def test_a_failure_that_goes_on_is_one_change(bench: Bench) -> None:
    """Only the request id is another one at each poll; a heartbeat shows that the gate still waits."""
    ended = bench.play(images(scanned(60)) + "faults: [{requests: '*', status: 429, retry_after: 2}]").check(
        "team/app:1.0", "--timeout", "1m"
    )

    lines = [line.partition("] ")[2] for line in ended.err.splitlines() if line.startswith("[")]
    assert ended.code == 3
    assert sum(line.startswith("team/app:1.0: no answer: HTTP 429") for line in lines) == 2  # the first, and the end
    assert any(line.startswith("still waiting: team/app:1.0: no answer: HTTP 429") for line in lines)


def test_a_log_ends_with_the_scan_and_not_with_a_success(bench: Bench) -> None:
    """A blocked image had a successful scan; the verdict comes after it."""
    ended = bench.play(images(scanned(60, "severity_level: High, vul_num: 1, malicious_file_num: 0"))).check(
        "team/app:1.0"
    )

    states = [line.rpartition(": ")[2] for line in ended.err.splitlines() if line.startswith("[")]
    assert ended.code == 10
    assert states[-2:] == ["scan finished, settling", "scan finished"]
