"""`hssgate selftest`: it passes for the real gate, and fails for every broken one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import JUnitXml

from hssgate.clock import SystemClock
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.selftest.agreement import in_words
from hssgate.selftest.play import Ended, Player, Stopped
from hssgate.selftest.run import Agreement, Run, SituationResult, exit_code_of
from hssgate.selftest.situation import Situation, chosen
from hssgate.selftest.tables import listing, table
from tests.conftest import Bench
from tests.selftest.test_agreement import GOOD
from tests.selftest.test_situations import ROOT, SITUATIONS, THEMES
from tests.support.fakes import FakeClock
from tests.support.processes import run, start

_PATIENT = 120  # seconds after which a hanging process fails its test


def selftest(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return run(command(*arguments), env=environment(**env), capture_output=True, text=True, timeout=_PATIENT)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "hssgate", "selftest", *arguments]


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([*filter(None, [more.get("PYTHONPATH")]), str(ROOT)])
    return {**os.environ, **more, "PYTHONPATH": path}


@pytest.mark.parametrize("columns", [100, 80])
def test_list_and_table_fit_the_terminal(columns: int) -> None:
    """Sentences are broken into lines, and no word of them is lost."""
    results = {name: SituationResult(situation, Agreement.NOT_PLAYED) for name, situation in SITUATIONS.items()}

    for shown in (
        listing(THEMES, lambda text, _: text, columns), table(THEMES, results, lambda text, _: text, columns),
    ):  # fmt: skip
        assert max(map(len, shown.splitlines())) <= columns
        words = set(shown.split())
        assert {word for situation in SITUATIONS.values() for word in situation.situation.split()} <= words


# The run


@pytest.mark.real
def test_the_gate_as_it_is_agrees() -> None:
    """A situation for each exit code and a theme, for real; the whole is played by the integration checks."""
    by_code = {situation.exit_code: name for name, situation in SITUATIONS.items()}
    names = {*by_code.values(), *chosen(THEMES, ["misuse"])[0].names}

    ended = selftest(*by_code.values(), "misuse", "--report", "junit=junit.xml")

    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[-1].startswith(f"hssgate selftest: HOLDS ({len(names)} of {len(names)} situations as expected, ")
    for name in names:
        (line,) = [line for line in lines if line.startswith(f"  {SITUATIONS[name].situation}  ")]
        assert line.count(in_words(SITUATIONS[name].exit_code)) == 2
    junit = JUnitXml.fromfile("junit.xml")
    assert (junit.tests, junit.failures, junit.errors) == (len(names), 0, 0)


def test_the_longest_are_begun_first(tmp_path: Path) -> None:
    """Else a run would end with one that takes ten seconds, alone."""
    begun: list[str] = []

    class Begun(Player):
        def play(self, situation: Situation) -> Ended:
            begun.append(situation.name)
            return GOOD

    Run([*SITUATIONS.values()], Begun(FakeClock(), os.environ, tmp_path), lambda _: None).play()

    assert begun[:3] == ["throttled-eight-times", "request-timeout", "five-server-errors"]
    assert begun[6:8] == ["clean", "too-severe"]
    assert sorted(begun) == sorted(SITUATIONS)


@pytest.mark.real
def test_nothing_of_the_callers_environment_matters(tmp_path: Path) -> None:
    """Neither options nor credentials, neither proxies nor the pipeline it runs in."""
    (tmp_path / "hssgate.yaml").write_text("rules: {serverity: nonsense}")
    hostile = {
        "HSSGATE_IMAGES": "a b c", "HSSGATE_POLICY": "nowhere.yaml", "HSSGATE_REPORTS": "nonsense", "HSSGATE_TOKEN": "x",
        "HSSGATE_TIMEOUT": "nonsense", "HUAWEICLOUD_SDK_AK": "x", "CLOUD_SDK_SK": "x", "HW_AUTH_TOKEN": "x",
        "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "nonsense://", "NO_PROXY": "[::1", "SSL_CERT_FILE": "nowhere",
        "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "outputs"), "FORCE_COLOR": "1",
        "PYTHONIOENCODING": "ascii", "HOME": str(tmp_path),
    }  # fmt: skip

    ended = selftest("clean", "too-severe", "version-missing", **hostile)

    assert ended.returncode == 0
    assert "HOLDS" in ended.stdout
    assert not (tmp_path / "outputs").exists()


BROKEN = {
    "the exit code is eaten": ("leave = os._exit; os._exit = lambda code: leave(0)", "the exit code is 0 passed, not 10 blocked"),
    "a crash": ("raise SystemExit(1)", "the exit code is 1 crashed, not 10 blocked"),
    "killed": ("os.kill(os.getpid(), 9)", "the exit code is -9 unknown, not 10 blocked"),
    "asks twice": ("from hssgate.hss.exchange import HostClient as Host; ask = Host.send; Host.send = lambda *a, **k: (ask(*a, **k), ask(*a, **k))[1]", "the API got 6 requests, not 3"),
    "tells the secret": ("print(os.environ['HUAWEICLOUD_SDK_SK'])", "it shows a secret"),
    "says it differently": ("import hssgate.policy.judge as j; j.Check = lambda *a, **k: __import__('hssgate.verdict').verdict.Check(a[0], a[1], 'bad', *a[3:], **k)", "it does not say 'severity: High found"),
    "a report is missing": ("import hssgate.reports as r; r.FORMATS = {**r.FORMATS}; r.FORMATS['json'] = lambda verdict: ''", "there is no JSON report"),
    "JUnit is green": ("import hssgate.reports.junit as j; j._set_outcome = lambda *a: None", "the JUnit report shows team/app:1.0 as passed"),
}  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_gate_fails_the_selftest(tmp_path: Path, fault: str) -> None:
    """A fault between verdict and pipeline, in the process itself, is exit code 10 of the selftest."""
    code, complaint = BROKEN[fault]
    (tmp_path / "sitecustomize.py").write_text(f"import os, sys\nif 'check' in sys.orig_argv:\n    {code}\n")

    ended = selftest("too-severe", PYTHONPATH=str(tmp_path))

    assert ended.returncode == 10
    assert complaint in ended.stdout
    assert "$ hssgate check" in ended.stdout
    assert "hssgate selftest: DOES NOT HOLD (0 of 1 situation as expected, 1 with another answer" in ended.stdout


@pytest.mark.real
def test_a_wrong_expectation_disagrees(tmp_path: Path) -> None:
    """As where a situation is written down wrongly: the right answer is not taken for the expected one."""
    wrong = SITUATIONS["clean"].model_copy(update={"exit_code": ExitCode.BLOCKED})

    (result,) = played(tmp_path, wrong)

    assert (result.agreement, result.problems) == (
        Agreement.DISAGREED,
        ("the exit code is 0 passed, not 10 blocked",),
    )
    assert exit_code_of([result]) == 10


def played(folder: Path, *situations: Situation, longest: float = _PATIENT) -> list[SituationResult]:
    run = Run(situations, Player(SystemClock(), os.environ, folder, longest=longest), lambda _: None)
    run.play()
    return run.results


@pytest.mark.real
def test_a_gate_that_hangs_disagrees(tmp_path: Path) -> None:
    """It is killed, and there is no exit code to be taken for one."""
    endless = SITUATIONS["never-ends"].model_copy(update={"check": "team/app:1.0 --timeout 1h"})

    (result,) = played(tmp_path, endless, longest=1.0)

    assert result.agreement is Agreement.DISAGREED
    assert result.problems[0] == "it did not end by itself"


def test_what_could_not_be_played_is_no_proof(tmp_path: Path) -> None:
    """Exit code 5; where nothing at all was played, too."""
    (result,) = played(tmp_path / "nowhere", SITUATIONS["clean"])

    assert result.agreement is Agreement.NOT_PLAYED
    assert "it could not be played: [Errno 2]" in result.problems[0]
    assert exit_code_of([result, SituationResult(SITUATIONS["clean"], Agreement.AGREED)]) == exit_code_of([]) == 5


@pytest.mark.parametrize(
    ("code", "words"), [(10, "10 blocked"), (3, "3 api unavailable"), (-9, "-9 unknown"), (None, "no end")]
)
def test_an_exit_code_is_shown_with_its_name(code: int | None, words: str) -> None:
    """For any exit code."""
    assert in_words(code) == words


class Breaking(SystemClock):
    """A clock whose work is interrupted as soon as it has started, as by a signal."""

    def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
        for _ in range(workers):
            threading.Thread(target=work, daemon=True).start()
        raise Interrupted(ExitCode.TERMINATED)


@pytest.mark.real
def test_an_interrupted_run_proves_nothing(tmp_path: Path) -> None:
    """Running situations are stopped, and have no result."""
    run = Run([SITUATIONS["never-ends"]], Player(Breaking(), os.environ, tmp_path), lambda _: None)

    with pytest.raises(Interrupted):
        run.play()

    (result,) = run.results
    assert (result.agreement, result.ended) == (Agreement.NOT_PLAYED, None)
    assert result.problems == ("the run was interrupted before it was played",)
    assert not [*tmp_path.iterdir()]


def test_a_signal_waits_until_what_is_played_has_ended(tmp_path: Path) -> None:
    """Each play frees its folder, its socket and its process before the run ends."""

    class Stopping(Player):
        def play(self, situation: Situation) -> Ended:
            if situation.name == "clean":
                return replace(GOOD, exit_code=5)
            raise Stopped

    class Signalled(FakeClock):
        def call_in_threads(self, work: Callable[[], None], *, workers: int) -> None:
            super().call_in_threads(work, workers=workers)
            raise Interrupted(ExitCode.INTERRUPTED)

    run = Run([SITUATIONS["clean"], SITUATIONS["never-ends"]], Stopping(Signalled(), {}, tmp_path), lambda _: None)
    with pytest.raises(Interrupted):
        run.play()

    assert [result.agreement for result in run.results] == [Agreement.DISAGREED, Agreement.NOT_PLAYED]
    assert (exit_code_of(run.results), exit_code_of(run.results[1:])) == (10, 5)


# The command


def test_the_list_names_every_situation(bench: Bench) -> None:
    """Nothing is played."""
    ended = bench.run("selftest", "--list")

    assert ended.code == 0
    for theme in THEMES:
        assert f"{theme.name}: {theme.title}" in ended.out
        for situation in theme.situations:
            assert f"  {situation.name} " in ended.out
            assert situation.situation in ended.out


def test_a_theme_stands_for_its_situations() -> None:
    """And both may be named."""
    found = chosen(THEMES, ["misuse", "clean"])

    assert [theme.name for theme in found] == ["verdicts", "misuse"]
    assert found[0].names == ("clean",)
    assert len(found[1].situations) > 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["clean", "nowhere"], "'nowhere' is no situation and no theme; --list names them", id="name"),
        pytest.param(["clean", "--report", "json=x"], "'json' is no format; known: junit", id="format"),
        pytest.param(["clean", "--report", "junit=."], "is a folder", id="path"),
    ],
)
def test_misuse_plays_nothing(bench: Bench, arguments: list[str], message: str) -> None:
    """Exit code 2, before anything is started."""
    ended = bench.run("selftest", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


@pytest.mark.real
def test_json_lines_are_for_programs() -> None:
    """An object a situation on stdout, all else on stderr."""
    ended = selftest("version-missing", "clean", "--format", "json")

    assert ended.returncode == 0
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(line["theme"], line["name"], line["result"]) for line in found] == [
        ("verdicts", "clean", "agreed"), ("misuse", "version-missing", "agreed"),
    ]  # fmt: skip
    assert [(line["expected"], line["got"]["exit_code"], line["got"]["requests"]) for line in found] == [
        (0, 0, 1), (2, 2, 0),
    ]  # fmt: skip
    assert "HOLDS" in ended.stderr


@pytest.mark.real
def test_a_report_that_cannot_be_written_is_an_error() -> None:
    """Exit code 3 where all else is well."""
    ended = selftest("version-missing", "--report", "junit=/dev/full")

    assert ended.returncode == 3
    assert "error: the report junit=/dev/full could not be written: No space left on device" in ended.stderr
    assert ended.stdout.splitlines()[-1].endswith("exit code 3")


@pytest.mark.real
@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (0, "no folder for temporary files: No usable temporary directory"),
        (5, "has no room for temporary files: File too"),
    ],
)
def test_no_space_for_temporary_files_is_misuse(blocks: int, message: str) -> None:
    """Before anything is played; exit code 2 and what to do."""
    limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command("clean")]

    ended = run(limited, env=environment(), capture_output=True, text=True, timeout=_PATIENT)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr
    assert "TMPDIR" in ended.stderr


@pytest.mark.real
@pytest.mark.parametrize(
    "quick", [["version-missing"], ["too-severe", *chosen(THEMES, ["misuse"])[0].names]], ids=["started", "forked"]
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_breaks_it_off(tmp_path: Path, number: signal.Signals, code: int, quick: list[str]) -> None:
    """Finished situations are in the table and the report; no process and no file is left."""
    (tmp_path / "temporary").mkdir()
    arguments = [*quick, "throttled-eight-times", "-v", "--report", "junit=junit.xml"]
    with start(
        command(*arguments),
        env=environment(TMPDIR=str(tmp_path / "temporary")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert {process.stderr.readline().partition(": agreed")[0] for _ in quick} == {*quick}
        process.send_signal(number)
        out, err = process.communicate(timeout=_PATIENT)

    assert process.returncode == code
    assert err == "error: interrupted\n"
    assert f"NOT PROVEN ({len(quick)} of {len(quick) + 1} situations as expected, 1 not played" in out
    assert not [*(tmp_path / "temporary").iterdir()]
    assert not processes_in(tmp_path / "temporary")
    junit = JUnitXml.fromfile("junit.xml")
    assert (junit.tests, junit.failures, junit.errors) == (len(quick) + 1, 0, 1)


def processes_in(folder: Path) -> list[str]:
    """The processes at work below a folder, even one that is gone."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            found.append(str(cwd.readlink()))
    return [cwd for cwd in found if cwd.startswith(str(folder))]


@pytest.mark.real
def test_time_begins_with_the_first_request(tmp_path: Path) -> None:
    """However long the process takes to start, it sees the timeline from its beginning."""
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(1)")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    player = Player(SystemClock(), environ, tmp_path)

    ended = player.play(SITUATIONS["whole-course"])

    assert "not listed" in ended.err
    assert ended.exit_code == 0
