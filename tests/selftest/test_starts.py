"""How the processes of `hssgate selftest` are started: anew or forked, and in which surroundings."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hssgate.clock import SystemClock
from hssgate.exit_codes import ExitCode
from hssgate.selftest.forks import Forked
from hssgate.selftest.play import Player
from hssgate.selftest.run import Agreement, Run
from hssgate.selftest.situation import Situation
from hssgate.selftest.starts import Process, Starter, starting
from hssgate.selftest.surroundings import environment_of
from tests.selftest.test_situations import SITUATIONS

SHORT = [situation for situation in SITUATIONS.values() if situation.exit_code == ExitCode.MISUSED]


class Noting(Starter):
    """Starts processes, and notes which of them were forked."""

    def __init__(self, starter: Starter) -> None:
        super().__init__(starter.server, starter.anew)
        self.forked: dict[str, bool] = {}

    def start(self, situation: Situation, *given: Any) -> Process:  # noqa: ANN401 - as in the base class
        process = super().start(situation, *given)
        self.forked[situation.name] = isinstance(process, Forked)
        return process


def kinds_of_start(folder: Path, situations: Sequence[Situation], *, is_server_gone: bool = False) -> dict[str, bool]:
    """Play situations that agree, and return which of their processes were forked."""
    with starting(situations, os.environ, folder) as starter:
        if is_server_gone:
            assert starter.server
            starter.server.close()
        noting = Noting(starter)
        run = Run(situations, Player(SystemClock(), os.environ, folder, noting), lambda _: None)
        run.play()
    assert {result.agreement for result in run.results} == {Agreement.AGREED}
    return noting.forked


@pytest.mark.real
def test_the_first_of_each_exit_code_is_started_anew_and_the_others_are_forked(tmp_path: Path) -> None:
    """What only a new process can get wrong is found, and a run does not pay for a hundred starts."""
    situations = [SITUATIONS["too-severe"], SITUATIONS["clean"], *SHORT]

    forked = kinds_of_start(tmp_path, situations)

    assert {name for name, is_forked in forked.items() if not is_forked} == {"too-severe", "clean", SHORT[0].name}
    assert len(forked) == len(situations)


@pytest.mark.real
def test_few_situations_are_not_forked(tmp_path: Path) -> None:
    """A server would cost more than it saves."""
    assert kinds_of_start(tmp_path, SHORT[:4]) == dict.fromkeys([situation.name for situation in SHORT[:4]], False)


@pytest.mark.real
def test_without_a_server_every_process_is_new(tmp_path: Path) -> None:
    """One that has gone is no reason not to play."""
    forked = kinds_of_start(tmp_path, SHORT, is_server_gone=True)

    assert len(forked) == len(SHORT)
    assert not any(forked.values())


def test_a_system_without_forks_has_no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As Windows."""
    monkeypatch.delattr(os, "fork")

    with starting(SHORT, os.environ, tmp_path) as starter:
        assert starter.server is None


def test_the_process_under_test_gets_what_python_needs_and_nothing_else(tmp_path: Path) -> None:
    """From the caller; the rest is the selftest's own."""
    caller = {"PATH": "/bin", "PYTHONPATH": "/lib", "HSSGATE_TOKEN": "x", "TZ": "Nowhere", "PYTHONWARNINGS": "error"}

    given = environment_of(SITUATIONS["clean"], caller, tmp_path)

    assert given["PATH"] == "/bin"
    assert given["PYTHONPATH"].split(os.pathsep)[-1] == "/lib"
    assert given["HOME"] == str(tmp_path)
    assert not given.keys() & {"HSSGATE_TOKEN", "TZ", "PYTHONWARNINGS"}
