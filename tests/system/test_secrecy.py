"""Secrecy: no secret is shown by any command, credential type, outcome or output."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest

from hssgate.cli.main import cli
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.reports import FORMATS
from tests.cli.test_check import FOREVER, finished, image, images
from tests.conftest import Bench
from tests.support.depth import DEPTH
from tests.support.processes import environment
from tests.support.secrets_in_play import (
    GIVEN,
    HERE,
    IDENTITY,
    SCENARIO,
    WAYS,
    files_of,
    in_play,
    leaks,
    secrets_of,
    secrets_of_run,
    without_masks,
    write_inputs,
)

_PATIENT = 60  # seconds after which a hanging process fails its test
CONNECTION = ("--endpoint", HERE, "--project-id", "project", "--region", "ap-southeast-1")
REPORTS = [text for name in FORMATS for text in ("--report", f"{name}=reports/{name}")]
ASKING = {
    "check": [
        "check",
        "team/app:1.0",
        "team/other:1.0",
        "--timeout",
        "2m",
        "--findings",
        "always",
        *CONNECTION,
        *REPORTS,
    ],
    "images": ["images", *CONNECTION],
    "images --format json": ["images", "--format", "json", *CONNECTION],
    "accept": ["accept", "team/clean:1.0", "-o", "accepted.json", "--timeout", "2m", *CONNECTION],
    "policy test": ["policy", "test", "--findings", "always", *CONNECTION],
    "doctor": ["doctor", "--cicd-name", "shop", *CONNECTION],
    "doctor --format json": ["doctor", "--cicd-name", "shop", "--format", "json", *CONNECTION],
}
"""What asks HSS."""
OTHER = {
    "judge": ["judge", "reports/json", "--report", "json=again"],
    "policy init": ["policy", "init", "new.yaml"],
    "policy validate": ["policy", "validate", "policy.json"],
    "policy schema": ["policy", "schema"],
    "policy explain": ["policy", "explain", "team/app:1.0"],
    "policy import": ["policy", "import", ".trivyignore"],
    "emulator": ["emulator", "--scenario", "scenario.yaml"],
    "selftest": ["selftest", "--list"],
    "completion": ["completion", "bash"],
    "demo": ["demo"],
}
"""What does not."""
IN_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
_EXCHANGES = (
    "password_token", "federation_token", "temporary_key", "assume_agency", "metadata_token", "metadata_key",
    "github_token",
)  # fmt: skip


def faults_of_exchanges(what: str) -> str:
    faults = ", ".join(f"{{requests: '*', call: {call}, {what}}}" for call in _EXCHANGES)
    return f"faults: [{faults}]"


ENDINGS = {
    "success": "",
    "blocked": "faults: [{requests: '*', call: list, rows: [{namespace: team, image_name: app, image_version: '1.0', scan_status: success, severity_level: High, malicious_file_num: 3, latest_scan_time: 1000}]}]",
    **{f"HSS answers {status}": f"faults: [{{requests: '*', call: list, status: {status}}}]" for status in (400, 401, 403, 404, 429, 500, 503)},
    "HSS redirects": "faults: [{requests: '*', call: list, redirect: 'https://evil.example/'}]",
    "HSS talks nonsense": "faults: [{requests: '*', call: list, garbage: true}]",
    "HSS hangs up": "faults: [{requests: '*', call: list, reset: true}]",
    "HSS is slow": "faults: [{requests: '*', call: list, delay: 50s}]",
    "exchanges refused": faults_of_exchanges("status: 403"),
    "exchanges redirect": faults_of_exchanges("redirect: 'https://evil.example/'"),
    "exchanges talk nonsense": faults_of_exchanges("garbage: true"),
    "a wrong clock": "clock_skew: 20m",
}  # fmt: skip


def commands(group: click.Command = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that there is, by its path."""
    if not isinstance(group, click.Group):
        yield path, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from commands(command, f"{path} {name}".strip())


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """What the ways and the commands read."""
    write_inputs(tmp_path)
    (tmp_path / "policy.json").write_text('{"version": 1, "rules": {"severity": "Low"}}')
    (tmp_path / ".trivyignore").write_text("CVE-2024-0001\n")


def test_no_command_is_forgotten() -> None:
    """Each that the program has is run below."""
    assert {path for path, _ in commands()} == {path.partition(" --")[0] for path in [*ASKING, *OTHER]}


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_shown_in_any_ending(bench: Bench, way: str, name: str) -> None:
    """At -vv, on stdout, on stderr, and in every file; in GitHub but for the lines that make its runner mask it."""
    codes = set()
    for scenario in DEPTH.part_of(ENDINGS.values()):
        for more in ({}, IN_GITHUB):
            clean = finished("severity_level: Low, vul_num: 0, malicious_file_num: 0", image_name="clean")
            bench.play(images(finished(), finished(image_name="other"), clean) + SCENARIO + scenario)

            ended = bench.run(*ASKING[name], "-vv", env=in_play(way) | more)

            shown = ended.out + (without_masks(ended.err) if more else ended.err) + files_of(bench.folder)
            assert leaks(shown, secrets_of_run(bench)) == [], scenario
            codes.add(ended.code)
    assert 0 in codes, way
    assert ExitCode.API_UNAVAILABLE in codes
    assert ExitCode.CRASHED not in codes


@pytest.mark.parametrize("way", ["STS, an id token", "STS, a token file", "STS, GitHub", "federation", "password", "agency of the machine"])  # fmt: skip
def test_issued_secrets_are_shown_only_to_the_runner(bench: Bench, way: str) -> None:
    """By lines of their own on stderr, before anything is made of it, and only where GitHub reads them."""
    bench.play(images(finished()) + SCENARIO)
    elsewhere = bench.run(*ASKING["images"], "-vv", env=in_play(way))
    bench.play(images(finished()) + SCENARIO)

    ended = bench.run(*ASKING["images"], "-vv", env=in_play(way) | IN_GITHUB)

    output = {line.removeprefix("::add-mask::") for line in ended.err.splitlines() if line.startswith("::add-mask::")}
    assert (ended.code, elsewhere.code) == (0, 0)
    assert secrets_of(bench.emulator) - {*GIVEN} <= output
    assert output <= secrets_of_run(bench)
    assert "::add-mask::" not in ended.out + elsewhere.out + elsewhere.err


def test_a_secret_is_escaped_in_the_mask_command(bench: Bench) -> None:
    """A percent sign must be escaped."""
    key = {
        "access": "HST",
        "secret": "100%25-secret",
        "securitytoken": "a%0Atoken",
        "expires_at": "2030-01-01T00:00:00Z",
    }

    def service(request: httpx.Request) -> httpx.Response:
        is_key = request.url.path.endswith("securitykey")
        return httpx.Response(200, json={"credential": key}) if is_key else httpx.Response(404)

    ended = bench.answer(service).run(*ASKING["doctor"], env={"HSSGATE_ECS_AGENCY": "1"} | IN_GITHUB)

    output = [line.removeprefix("::add-mask::") for line in ended.err.splitlines() if line.startswith("::add-mask::")]
    assert output == ["100%2525-secret", "a%250Atoken"]


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("way", WAYS)
def test_a_crash_amid_the_exchange_tells_nothing(bench: Bench, way: str, name: str) -> None:
    """A bug that throws up with all that it had in its hands: environment, headers and body."""
    bench.play(images(finished()) + SCENARIO)
    transport = httpx.WSGITransport(app=bench.emulator)

    def crash(request: httpx.Request) -> httpx.Response:
        if "/v5/project" in request.url.path or request.url.path == "/":
            everything = f"{request.headers.raw!r} {json.dumps(dict(os.environ))} {dict(os.environ)!r}"
            raise RuntimeError(" " * 300 + everything)
        response = transport.handle_request(request)
        response.read()
        return response

    ended = bench.answer(crash).run(*ASKING[name], "-vv", env=in_play(way))

    assert ended.code == ExitCode.CRASHED
    assert "hssgate crashed, which is a bug and no verdict: RuntimeError" in ended.err
    assert leaks(ended.out + ended.err + files_of(bench.folder), secrets_of(bench.emulator, bench.sent)) == []


@pytest.mark.parametrize("path", [path for path, _ in commands()])
@pytest.mark.parametrize("message", ["all", "cut"])
def test_a_crash_of_any_command_tells_nothing(bench: Bench, path: str, message: str) -> None:
    """With any message of the exception, truncated at any point."""
    command = dict(commands())[path]
    long_secret = "s3cret-" + "long" * 500
    bench.play(SCENARIO)

    def crash(**_: object) -> None:
        raise ValueError([*GIVEN] if message == "all" else f"a bug: {long_secret}")

    bench.monkeypatch.setattr(command, "callback", crash)
    arguments = (ASKING | OTHER)[path]

    ended = bench.run(*arguments, "-vv", env=in_play("token") | {"HW_AUTH_TOKEN": long_secret})

    assert ended.code == ExitCode.CRASHED
    assert "ValueError" in ended.err
    assert leaks(ended.out + ended.err, {*GIVEN, "s3cret"}) == []


@pytest.mark.parametrize("way", ["token", "password"])
@pytest.mark.parametrize("path", [path for path in OTHER if path not in ("emulator", "demo")])
def test_commands_without_requests_show_no_secret(bench: Bench, path: str, way: str) -> None:
    """They ignore secrets in the environment; misuse does not show them either."""
    bench.play(images(finished(), finished(image_name="other")) + SCENARIO)
    assert bench.run(*ASKING["check"], env=in_play("access key")).code == 0

    for more in ([], ["--nonsense"]):
        ended = bench.run(*OTHER[path], *more, "-vv", env=in_play(way) | IN_GITHUB)

        assert ended.code == (ExitCode.MISUSED if more else ExitCode.PASSED), ended.err
        assert leaks(ended.out + ended.err + files_of(bench.folder), GIVEN) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["check", "no-version", *CONNECTION], id="reference"),
        pytest.param(["check", "app:1", "--endpoint", "http://evil.example"], id="endpoint"),
        pytest.param(["check", "app:1", *CONNECTION, "--project-id", "a b"], id="project"),
        pytest.param(["check", "app:1", *CONNECTION, "--report", "json=profile/x"], id="report"),
        pytest.param(["images", *CONNECTION, "--severity-level", "x"], id="filter"),
        pytest.param(["doctor", *CONNECTION, "--endpoint", "https://user:s3cret/s3cret@host"], id="user in an address"),
    ],
)  # fmt: skip
def test_misuse_tells_nothing(bench: Bench, way: str, arguments: list[str]) -> None:
    """Not even a password in a URL."""
    bench.play(images(finished()) + SCENARIO)

    ended = bench.run(*arguments, "-vv", env=in_play(way) | IN_GITHUB)

    assert ended.code == ExitCode.MISUSED
    assert "s3cret" not in ended.out + ended.err + files_of(bench.folder)


@pytest.mark.real
def test_the_emulator_tells_its_own_secrets_alone(bench: Bench) -> None:
    """Those that everybody knows; of a scenario's, the place."""
    Path("scenario.yaml").write_text(SCENARIO)
    bench.clock.ring(1, Interrupted(ExitCode.INTERRUPTED))
    ended = bench.run(*OTHER["emulator"], "-vv", env=in_play("token"))
    Path("scenario.yaml").unlink()

    assert (ended.code, "listening on http://127.0.0.1:" in ended.out) == (ExitCode.INTERRUPTED, True)
    assert leaks(ended.out + ended.err + files_of(bench.folder), GIVEN) == []


@contextlib.contextmanager
def started(env: dict[str, str], *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The real process with secrets in its environment; it prints its stack when it is killed."""
    given = {name: value for name, value in environment().items() if not name.startswith("HUAWEICLOUD")} | env
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "hssgate", *arguments],
        env=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_of_family(process: "subprocess.Popen[str]") -> str:
    """The command lines of a process and its children, as anyone on the machine sees them."""
    numbers = [process.pid]
    for number in numbers:
        for children in Path(f"/proc/{number}/task").glob("*/children"):
            numbers += [int(child) for child in children.read_text().split()]
    return "\n".join(Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ") for number in numbers)


@pytest.mark.real
@pytest.mark.parametrize("way", ["access key", "STS, GitHub", "federation", "password"])
@pytest.mark.parametrize("name", ["check", "images", "doctor"])
def test_neither_the_process_list_nor_a_dump_tells_anything(name: str, way: str) -> None:
    """Of a process that waits for HSS: its arguments, those of its children, and the stack of a fatal error."""
    scenario = images(image(FOREVER)) + SCENARIO + "faults: [{requests: '*', call: list, delay: 100s}]"
    emulator = Emulator(parse_scenario(scenario, "scenario"), now=time.time, sleep=time.sleep)
    with serve(emulator) as server:
        env = {variable: value.replace(HERE, server.url) for variable, value in in_play(way).items()}
        arguments = [argument.replace(HERE, server.url) for argument in ASKING[name]]
        with started(env, *arguments, "-vv") as process:
            assert process.stderr is not None
            output = ""
            while "/image/cicd/images" not in output.rpartition("> GET")[2]:
                output += process.stderr.readline() or pytest.fail(output)
            listed = lines_of_family(process)
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate(timeout=_PATIENT)

    assert "hssgate" in listed
    assert "Fatal Python error: Aborted" in err
    assert leaks(listed + output + out + err, secrets_of(emulator)) == []


@pytest.mark.real
def test_the_demo_tells_nothing_of_its_callers_secrets() -> None:
    """Nor does the check that it starts get to know them."""
    with started(in_play("token") | IN_GITHUB, "demo", "-vv") as process:
        assert process.stdout is not None
        out = ""
        while "$ hssgate check" not in out:
            out += process.stdout.readline() or pytest.fail(out)
        listed = lines_of_family(process)
        rest, err = process.communicate(timeout=_PATIENT)

    assert process.returncode == 0
    assert leaks(listed + out + rest + err + files_of(Path()), {*GIVEN, "emulator-sk"}) == []


def test_the_search_finds_secrets_in_every_encoding() -> None:
    """A secret as it is, and in every encoding."""
    for secret in GIVEN:
        shown = [secret, json.dumps(secret), repr([secret]), str(httpx.URL("http://h/", params={"q": secret}))]
        assert all(leaks(text.replace("+", "%20") if text.startswith("http") else text, [secret]) for text in shown)
    assert leaks(IDENTITY, GIVEN)
    assert leaks("nothing at all", GIVEN) == []
