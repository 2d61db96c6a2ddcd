"""`hssgate images` as a process of its own: who reads it, who stops it, and what its output can take."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve
from tests.cli.test_check import finished, images
from tests.support.processes import PATIENT, command, environment, run, start
from tests.system.test_process import playing

pytestmark = pytest.mark.real

CROWD = images(finished().rstrip("}\n") + ", copies: 3000}\n")


@contextlib.contextmanager
def crowded(faults: str = "") -> Iterator[tuple[Emulator, list[str]]]:
    """An emulator of three thousand rows, and the command that lists them."""
    app = Emulator(parse_scenario(CROWD + faults, "scenario"), now=time.time, sleep=time.sleep)
    with serve(app) as server:
        yield app, command("images", "--endpoint", server.url, "--project-id", "p", "--format", "json")


def test_a_closed_reader_ends_the_list_without_an_error() -> None:
    """As with `| head -1`: exit code 0, no message, and no more pages are asked for."""
    with (
        crowded() as (app, listing),
        start(listing, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["image_name"] == "app"
        process.stdout.close()
        err = process.stderr.read()
        process.wait(PATIENT)

    assert (process.returncode, err) == (0, "")
    assert app.request_count <= 3


def test_a_reader_that_closed_at_once_is_no_error() -> None:
    """The pipe is closed before the first line."""
    with crowded() as (_, listing):
        reader, writer = os.pipe()
        os.close(reader)
        ended = run(listing, env=environment(), stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_full_disk_is_an_error() -> None:
    """A list that could not be written is not whole."""
    with crowded() as (app, listing), Path("/dev/full").open("w") as full:
        ended = run(listing, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (3, "error: stdout cannot be written: No space left on device\n")
    assert app.request_count == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_list(number: signal.Signals, code: int) -> None:
    """While an answer is waited for; the rows before it are out."""
    with (
        crowded("faults: [{requests: 2, delay: 100s}]") as (_, listing),
        start(
            [*listing, "--limit", "10"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        rows = [json.loads(process.stdout.readline()) for _ in range(10)]
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENT)

    assert (process.returncode, len(rows), out, err) == (code, 10, "", "error: interrupted\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-8"])
@pytest.mark.parametrize("layout", ["table", "json"])
def test_a_narrow_encoding_does_not_crash(encoding: str, layout: str) -> None:
    """JSON stays JSON, and the same data."""
    with playing(images(finished(image_name="caf\u00e9\u4e2d\U0001f680"))) as url:
        given = ["images", "--endpoint", url, "--project-id", "p", "--format", layout]
        ended = run(command(*given), env=environment(PYTHONIOENCODING=encoding), capture_output=True, check=True)

    out = ended.stdout.decode(encoding)
    assert layout == "table" or json.loads(out)["image_name"] == "caf\u00e9\u4e2d\U0001f680"
