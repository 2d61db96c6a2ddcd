"""`hssgate selftest`: it passes for the real gate, and fails for every broken one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from hssgate.clock import SystemClock
from hssgate.emulator.document import read_yaml
from hssgate.emulator.faults import numbers_of
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import DOCUMENTED
from hssgate.selftest.agreement import disagreements, in_words
from hssgate.selftest.forks import Forked
from hssgate.selftest.play import Ended, Player, Stopped
from hssgate.selftest.run import Agreement, Run, SituationResult, exit_code_of
from hssgate.selftest.situation import Situation, chosen, load_themes
from hssgate.selftest.starts import Process, Starter, starting
from hssgate.selftest.surroundings import environment_of
from hssgate.selftest.tables import listing, table
from tests.conftest import Bench
from tests.support.fakes import FakeClock
from tests.support.processes import run, start

ROOT = Path(__file__).parents[2]
_PATIENT = 120  # seconds after which a hanging process fails its test

THEMES = load_themes()
SITUATIONS = {situation.name: situation for theme in THEMES for situation in theme.situations}


def selftest(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return run(command(*arguments), env=environment(**env), capture_output=True, text=True, timeout=_PATIENT)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "hssgate", "selftest", *arguments]


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([*filter(None, [more.get("PYTHONPATH")]), str(ROOT)])
    return {**os.environ, **more, "PYTHONPATH": path}


# What is played


def test_there_are_enough_situations_and_each_has_a_name_and_a_sentence_of_its_own() -> None:
    """CI systems merge test cases of one name."""
    sentences = [situation.situation for situation in SITUATIONS.values()]

    assert len(SITUATIONS) >= 40
    assert len(set(sentences)) == len(sentences) == sum(len(theme.situations) for theme in THEMES)


def test_every_exit_code_but_a_crash_is_the_answer_to_a_situation() -> None:
    """The exit codes that a pipeline may rely on."""
    assert {situation.exit_code for situation in SITUATIONS.values()} == set(ExitCode) - {ExitCode.CRASHED}


def faulty(**expected: Any) -> Callable[[Situation], bool]:  # noqa: ANN401 - values of any field of a fault
    """Whether a fault of the situation has these fields."""

    def has_it(situation: Situation) -> bool:
        return any(
            all(getattr(fault, name) == value for name, value in expected.items())
            for fault in situation.scenario.faults
        )

    return has_it


SECTION_4: Mapping[str, tuple[Callable[[Situation], bool], int]] = {
    "429 with Retry-After, then an answer": (faulty(status=429, retry_after=1.0), 10),
    "429 without, then an answer": (faulty(status=429, retry_after=None), 0),
    "429 until the deadline": (faulty(status=429), 3),
    "502": (faulty(status=502), 0),
    "503": (faulty(status=503), 10),
    "504": (faulty(status=504), 3),
    "500 at most five times": (faulty(status=500), 0),
    "500 more often": (faulty(status=500), 3),
    "connect error": (lambda situation: not situation.listens, 3),
    "read error": (faulty(reset=True), 0),
    "truncated": (lambda situation: any(fault.truncate for fault in situation.scenario.faults), 3),
    "oversized": (lambda situation: any(fault.bomb for fault in situation.scenario.faults), 3),
    "no JSON": (faulty(garbage=True), 3),
    "HTML": (lambda situation: any("<html>" in str(fault.garbage) for fault in situation.scenario.faults), 3),
    "empty": (faulty(garbage=""), 3),
    "401": (lambda situation: "APIGW.0301" in situation.says and not situation.scenario.clock_skew, 3),
    "401 of a clock skew, healed": (lambda situation: situation.scenario.clock_skew > 900, 0),
    "401 of a clock skew, not healed": (lambda situation: situation.scenario.clock_skew > 900, 3),
    "403": (lambda situation: situation.scenario.credentials[0].deny == "gateway", 3),
    "HSS.0013": (lambda situation: situation.scenario.credentials[0].deny == "service", 3),
    "HSS.0010": (faulty(code="HSS.0010"), 3),
    "404": (faulty(status=404), 3),
    "other 4xx": (faulty(status=400, code=None), 3),
    "3xx": (lambda situation: any(fault.redirect for fault in situation.scenario.faults), 3),
    "slower than the deadline": (faulty(delay=30.0), 3),
    "stalled": (faulty(stall=30.0), 3),
    "data_list an object": (lambda situation: situation.scenario.quirks.data_list == "object", 0),
    "data_list null": (lambda situation: situation.scenario.quirks.data_list == "null", 4),
    "numbers as text": (lambda situation: raw(situation).get("vul_num") == "21 个", 10),
    "numbers beyond reading": (lambda situation: raw(situation).get("vul_num") == "5万", 3),
    "unknown fields": (lambda situation: "grade" in raw(situation), 0),
}


def raw(situation: Situation) -> dict[str, Any]:
    return {name: value for image in situation.scenario.images for name, value in image.raw.items()}


@pytest.mark.parametrize("row", SECTION_4)
def test_every_documented_response_of_the_api_has_a_situation(row: str) -> None:
    """With the exit code of its row, or of the next one."""
    is_meant, exit_code = SECTION_4[row]

    assert [found.name for found in SITUATIONS.values() if is_meant(found) and found.exit_code == exit_code]


def test_every_status_is_played() -> None:
    """The documented statuses, an undocumented one, and no row."""
    played = {
        state.scan_status
        for situation in SITUATIONS.values()
        for image in situation.scenario.images
        for state in image.timeline
    }

    assert played > DOCUMENTED
    assert any(not situation.scenario.images for situation in SITUATIONS.values())


def test_what_is_refused_is_asked_once() -> None:
    """The situations with a documented number of requests check it."""
    refused = chosen(THEMES, ["refusals"])[0].situations

    assert all(situation.requests for situation in refused)
    for situation in refused:
        faults = situation.scenario.faults
        refused_at = faults[0].requests.first if faults and not situation.scenario.clock_skew else 1
        assert situation.requests is not None
        assert refused_at in situation.requests or situation.scenario.clock_skew, situation.name


def test_the_contest_plays_situations_that_there_are() -> None:
    """Each row has an entry for each other gate."""
    contests = read_yaml((ROOT / "benchmarks" / "contest.yaml").read_text(encoding="utf-8"))["contests"]

    rows = [
        (row["ours"], len(row["others"]), len(contest["others"])) for contest in contests for row in contest["rows"]
    ]
    assert len(rows) == 28
    assert [row for row in rows if row[0] not in SITUATIONS or row[1] != row[2]] == []


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


def test_the_longest_are_begun_first(tmp_path: Path) -> None:
    """Else a run would end with one that takes ten seconds, alone."""
    begun: list[str] = []

    class Begun(Player):
        def play(self, situation: Situation) -> Ended:
            begun.append(situation.name)
            return GOOD

    Run([*SITUATIONS.values()], Begun(FakeClock(), os.environ, tmp_path), lambda _: None).play()

    assert begun[:2] == ["throttled-eight-times", "five-server-errors"]
    assert begun[4:6] == ["clean", "too-severe"]
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


def test_the_process_under_test_gets_what_python_needs_and_nothing_else(tmp_path: Path) -> None:
    """From the caller; the rest is the selftest's own."""
    caller = {"PATH": "/bin", "PYTHONPATH": "/lib", "HSSGATE_TOKEN": "x", "TZ": "Nowhere", "PYTHONWARNINGS": "error"}

    given = environment_of(SITUATIONS["clean"], caller, tmp_path)

    assert given["PATH"] == "/bin"
    assert given["PYTHONPATH"].split(os.pathsep)[-1] == "/lib"
    assert given["HOME"] == str(tmp_path)
    assert not given.keys() & {"HSSGATE_TOKEN", "TZ", "PYTHONWARNINGS"}


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


POLICIES = [{"path": "built-in", "sha256": "0123456789ab" + "0" * 52}]
UNNAMED = "the first line of stdout does not name the policy of the JSON report"
GOOD = Ended(
    exit_code=10,
    out="policy: built-in policy (sha256 0123456789ab)\nseverity: High found, at most Medium accepted; BLOCKED (1 image blocked)",
    err="",
    requests=3,
    json={"exit_code": 10, "policies": POLICIES, "images": [{"reference": "team/app:1.0", "exit_code": 10}]},
    junit=b"<testsuites><testsuite name='team/app:1.0'><testcase><failure/></testcase></testsuite></testsuites>",
    arguments=("check",),
    seconds=1.0,
)


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        pytest.param({}, (), id="as expected"),
        pytest.param({"exit_code": None}, ("it did not end by itself",), id="no end"),
        pytest.param({"junit": None}, ("there is no JUnit report",), id="no JUnit"),
        pytest.param({"junit": b"<"}, ("the JUnit report is not XML: unclosed token: line 1, column 0",), id="no XML"),
        pytest.param(
            {"junit": b"<testsuites/>"},
            (
                "the JUnit report shows nothing red, and the exit code is 10 blocked",
                "the JUnit report has no suite for team/app:1.0",
            ),
            id="no suite",
        ),
        pytest.param(
            {
                "exit_code": 3,
                "json": {**GOOD.json, "exit_code": 3, "images": [{"reference": "team/app:1.0", "exit_code": 0}]},
                "junit": b"<testsuites><testsuite name='team/app:1.0'><testcase/></testsuite></testsuites>",
            },
            (
                "the exit code is 3 api unavailable, not 10 blocked",
                "the JUnit report shows nothing red, and the exit code is 3 api unavailable",
            ),
            id="green where a report could not be written",
        ),
        pytest.param(
            {"contradiction": "it is not a JSON report"},
            ("`hssgate judge` would refuse the JSON report: it is not a JSON report",),
            id="a report that contradicts itself",
        ),
        pytest.param({"json": []}, ("there is no JSON report, or it does not say how the run ended",), id="odd JSON"),
        pytest.param(
            {"json": {**GOOD.json, "exit_code": 0, "images": []}},
            ("the JSON report says 0 passed",),
            id="another verdict",
        ),
        pytest.param({"json": {**GOOD.json, "policies": []}}, (UNNAMED,), id="no policy"),
        pytest.param({"json": {**GOOD.json, "policies": [{"sha256": "f" * 64}]}}, (UNNAMED,), id="another policy"),
        pytest.param({"out": GOOD.out.replace("policy: ", "Policy ")}, (UNNAMED,), id="no line for the policy"),
        pytest.param({"err": "Traceback (most recent"}, ("it says 'Traceback'",), id="a traceback"),
        pytest.param({"err": "emulator-sk"}, ("it shows a secret",), id="a secret"),
        pytest.param({"json": {**GOOD.json, "x": "emulator-sk"}}, ("it shows a secret",), id="a secret in a report"),
        pytest.param({"requests": 0}, ("the API got 0 requests, not 3",), id="nothing asked"),
        pytest.param({"written": {"gl.json": "emulator-sk"}}, ("it shows a secret",), id="a secret in another report"),
    ],
)
def test_every_difference_is_reported(change: dict[str, Any], problems: tuple[str, ...]) -> None:
    """One line for each."""
    assert disagreements(SITUATIONS["too-severe"], replace(GOOD, **change)) == problems


@pytest.mark.parametrize("written", [{}, {"gl.json": '"status": "success"'}], ids=["no file", "another text"])
def test_an_expected_file_has_its_texts(written: dict[str, str]) -> None:
    """Of reports that have no other comparison."""
    expected = SITUATIONS["too-severe"].model_copy(update={"writes": {"gl.json": ('"status": "failure"',)}})

    assert disagreements(expected, replace(GOOD, written=written)) == ('gl.json lacks \'"status": "failure"\'',)


def test_a_pass_needs_images_that_passed() -> None:
    """An empty report proves nothing."""
    out = GOOD.out.splitlines()[0] + "\npassed   scan: success PASSED (1 image passed)"
    nothing = replace(GOOD, exit_code=0, requests=1, out=out, json={**GOOD.json, "exit_code": 0, "images": []})

    (problem,) = disagreements(SITUATIONS["clean"], nothing)

    assert problem == "not every image of the JSON report passed"


def test_junit_results_are_compared_with_each_image() -> None:
    """Red where the image passed is as wrong as green where it did not."""
    image = {"reference": "team/app:1.0", "exit_code": 0}
    out = GOOD.out.splitlines()[0] + "\npassed   scan: success PASSED (1 image passed)"
    passed = replace(GOOD, exit_code=0, requests=1, out=out, json={**GOOD.json, "exit_code": 0, "images": [image]})

    (problem,) = disagreements(SITUATIONS["clean"], passed)

    assert problem == "the JUnit report shows team/app:1.0 as failed, the JSON report does not"


@pytest.mark.parametrize(
    ("requests", "got", "shown"), [(2, 1, "2"), ("2-4", 5, "2 to 4"), ("2-", 1, "at least 2"), ("2-", 7, None)]
)
def test_the_number_of_requests_may_be_a_range(requests: object, got: int, shown: str | None) -> None:
    """As a situation writes it."""
    expected = SITUATIONS["too-severe"].model_copy(update={"requests": numbers_of(requests)})

    assert disagreements(expected, replace(GOOD, requests=got)) == (
        (f"the API got {got} requests, not {shown}",) if shown else ()
    )


def test_misuse_asks_nothing_and_reports_nothing() -> None:
    """Both count as differences."""
    misused = replace(GOOD, exit_code=2, requests=1)
    silent = replace(misused, requests=0, json=None, junit=None)

    assert disagreements(SITUATIONS["version-missing"], silent) == ()
    assert disagreements(SITUATIONS["version-missing"], misused) == (
        "the API got 1 requests, though misuse must send none",
        "there is a report, though nothing was judged",
    )


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


# The tables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c}]", "situations.0.exit_code: Field required", id="no answer"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, exit_code: 1}]", "no situation may expect a crash", id="a crash"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, exit_code: 7}]", "situations.0.exit_code", id="no exit code"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, exit_code: 0, say: [d]}]", "situations.0.say: Extra inputs", id="misspelt"),
        pytest.param("title: x\nsituations: [{name: a, name: b}]", "key 'name' is given twice", id="given twice"),
        pytest.param("[]", "1-odd.yaml", id="no mapping"),
    ],
)  # fmt: skip
def test_a_table_with_a_fault_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The file and the place are named."""
    (tmp_path / "1-odd.yaml").write_text(text)

    with pytest.raises(ValueError, match=r"1-odd\.yaml") as refused:
        load_themes(tmp_path)

    assert message in str(refused.value)


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    """Over all files; a situation may not be named like a theme either."""
    for file in ("1-odd.yaml", "2-even.yaml"):
        (tmp_path / file).write_text("title: x\nsituations: [{name: odd, situation: b, check: c, exit_code: 0}]")

    with pytest.raises(ValueError, match="named twice: odd"):
        load_themes(tmp_path)


@pytest.mark.real
def test_time_begins_with_the_first_request(tmp_path: Path) -> None:
    """However long the process takes to start, it sees the timeline from its beginning."""
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(1)")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    player = Player(SystemClock(), environ, tmp_path)

    ended = player.play(SITUATIONS["whole-course"])

    assert "not listed" in ended.err
    assert ended.exit_code == 0
