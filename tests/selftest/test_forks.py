"""A process that is forked is what a process that is started would be; else a test of it would prove nothing."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hssgate.selftest.forks import ForkServer
from tests.support import processes
from tests.support.processes import PATIENT, Forking, can_be_forked, command, environment, run

pytestmark = pytest.mark.real

KINDS: tuple[Callable[..., "subprocess.Popen[Any]"], ...] = (subprocess.Popen, Forking)


def probing(what: str) -> list[str]:
    """The command line of a process that does something."""
    return [sys.executable, "-m", "tests.support.probe", what]


def both(command: Sequence[str], *, text: str = "", **given: Any) -> list[tuple[int, str, str]]:  # noqa: ANN401
    """Exit code, stdout and stderr of a process of each kind."""
    ends = []
    for kind in KINDS:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with kind(command, env=environment(), text=True, **pipes, **given) as process:
            out, err = process.communicate(text, timeout=PATIENT)
        ends.append((process.returncode, out, err))
    return ends


def without_times(end: tuple[int, str, str]) -> tuple[object, ...]:
    """What a process printed, but for how long it waited."""
    return (end[0], *(re.sub(r"[0-9.]+s\b", "…s", text) for text in end[1:]))


@pytest.mark.parametrize("into", ["pipes", "files"])
@pytest.mark.parametrize("more", [{}, {"PYTHONUNBUFFERED": "1"}, {"PYTHONIOENCODING": "latin-1:replace"}], ids=str)
def test_it_observes_the_same_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: dict[str, str], into: str
) -> None:
    """Arguments, folder, environment, signals, descriptors, streams, limits and rights."""
    env = environment() | {"PYTHONUNBUFFERED": ""} | more
    own = ForkServer([sys.executable], env)
    monkeypatch.setattr(processes, "server", lambda: own)
    found = []
    for kind in KINDS:
        out = (tmp_path / "out").open("w+")
        with contextlib.closing(out), kind(
            probing("find"), env=env, cwd=tmp_path, text=True,
            stdin=subprocess.DEVNULL if into == "files" else subprocess.PIPE,
            stdout=out if into == "files" else subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            printed, _ = process.communicate(timeout=PATIENT)
            out.seek(0)
            found.append(json.loads(printed or out.read()))
    own.close()

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("what", "code"),
    [("exit", 7), ("exit with words", 1), ("leave at once", 9), ("fail", 1), ("write", 0), ("read", 0)],
)
def test_it_ends_the_same(what: str, code: int) -> None:
    """By itself: exit code and output; a traceback has additional frames of the server."""
    started, forked = both(probing(what), text="a line\nand a half")

    assert started[0] == forked[0] == code
    assert started[1] == forked[1]
    assert started[2].splitlines()[-1:] == forked[2].splitlines()[-1:]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_it_the_same(number: signal.Signals) -> None:
    """Python makes an exception of one of them, and dies of it all the same."""
    codes = []
    for kind in KINDS:
        with kind(
            probing("wait"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "waits\n"
            assert process.poll() is None
            process.send_signal(number)
            process.communicate(timeout=PATIENT)
        codes.append(process.returncode)

    assert codes == [-number, -number]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--version"], id="version"),
        pytest.param(["check", "app"], id="misuse"),
        pytest.param(["check", "app:1", "--endpoint", "http://127.0.0.1:9", "--project-id", "p", "--timeout", "0"], id="no API"),
        pytest.param(["policy", "schema"], id="long output"),
        pytest.param(["selftest", "--list"], id="list"),
        pytest.param(["nonsense"], id="unknown command"),
    ],
)  # fmt: skip
def test_the_command_line_answers_the_same(arguments: list[str]) -> None:
    """To the last character, but for the seconds."""
    started, forked = both(command(*arguments))

    assert without_times(forked) == without_times(started)


def test_it_keeps_its_id_until_its_end_is_known() -> None:
    """So that no signal reaches a stranger who got the same."""
    with Forking(probing("exit"), env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()  # to its end

        os.kill(process.pid, 0)

        assert process.wait(PATIENT) == 7
        process.kill()


def test_many_at_once_get_their_own_ends() -> None:
    """Each caller gets the answer of its own process."""
    with ThreadPoolExecutor(8) as pool:
        ends = [
            *pool.map(
                lambda number: run(command("check", f"app{number}"), env=environment(), capture_output=True), range(24)
            )
        ]

    assert [ended.returncode for ended in ends] == [2] * 24
    assert [f"'app{number}'".encode() in ended.stderr for number, ended in enumerate(ends)] == [True] * 24


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The same as without a server."""
    for kind in KINDS:
        with pytest.raises(FileNotFoundError):
            kind(command("--version"), env=environment(), cwd=tmp_path / "nowhere")


def test_a_server_that_has_gone_is_an_error(tmp_path: Path) -> None:
    """Its client may start the process by itself."""
    gone = ForkServer([sys.executable], environment())
    gone.close()

    with pytest.raises(OSError, match=r".*"):
        gone.start(command("--version"), cwd=tmp_path, environ=environment(), streams=(0, 1, 2))


def test_a_process_outlives_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Like any process that outlives its parent."""
    own = ForkServer([sys.executable], environment())
    monkeypatch.setattr(processes, "server", lambda: own)
    with Forking(
        probing("read"), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        own.close()

        out, _ = process.communicate("text", timeout=PATIENT)

    assert (process.returncode, out) == (0, "text")


@pytest.mark.parametrize(
    ("command", "more", "forked"),
    [
        pytest.param(command("check"), {}, True, id="the command line"),
        pytest.param(command("check"), {"HSSGATE_POLICY": "x"}, True, id="variables of hssgate"),
        pytest.param(command("check"), {"PYTHONIOENCODING": "ascii"}, False, id="variables of Python"),
        pytest.param(command("check"), {"LC_ALL": "zh_CN.GBK"}, False, id="locale"),
        pytest.param([sys.executable, "-X", "importtime", *command()[1:]], {}, False, id="options of Python"),
        pytest.param(probing("find"), {}, False, id="another module"),
        pytest.param(["sh", "-c", "hssgate"], {}, False, id="another program"),
    ],
)
def test_what_is_decided_at_the_start_is_started(command: list[str], more: dict[str, str], forked: bool) -> None:  # noqa: FBT001
    """Where a fork could differ, tests get a new process."""
    assert can_be_forked(command, environment(**more)) is forked
