"""Options, variables and credentials: their precedence, and errors before any request."""

from pathlib import Path

import httpx
import pytest

from tests.cli.test_check import DIGEST, FOREVER, finished, image, images
from tests.conftest import KEY, NO_FILE, Bench

MISUSES = [
    pytest.param(["app"], "names neither a version nor a digest", id="no version"),
    pytest.param(["a b:1"], "is not a part of an image name", id="blank in the name"),
    pytest.param(["app@sha256:12"], "is not a digest", id="short digest"),
    pytest.param([], "no IMAGE given", id="no image"),
    pytest.param(["app:1", "--timeout", "soon"], "is not a duration", id="no duration"),
    pytest.param(["app:1", "--timeout", "-5s"], "is not a duration", id="negative"),
    pytest.param(["app:1", "--interval", "0"], "is too short", id="no pause at all"),
    pytest.param(["app:1", "--interval", "9s", "--max-interval", "3s"], "longer than --max-interval", id="pauses crossed"),
    pytest.param(["app:1", "--scanned-after", "yesterday"], "is not a moment", id="no moment"),
    pytest.param(["app:1", "--scanned-after", "2026-01-01T00:00:00"], "names no zone", id="no zone"),
    pytest.param(["app:1", "--scanned-after", ""], "the value is empty", id="empty moment"),
    pytest.param(["app:1", "--cicd-name", ""], "the value is empty", id="empty identifier"),
    pytest.param(["app:1", "--cicd-name", "x" * 129], "longer than 128 characters", id="long identifier"),
    pytest.param(["app:1", "--policy", ""], "the path is empty", id="empty policy path"),
    pytest.param(["app:1", "--policy", "nowhere.yaml"], "nowhere.yaml: it cannot be read", id="no policy file"),
    pytest.param(["app:1", "--report", "junit"], "names no path", id="report without path"),
    pytest.param(["app:1", "--report", "xml=x"], "'xml' is no format; known: junit, json", id="unknown format"),
    pytest.param(["app:1", "--report", "junit=."], "is a folder", id="report into a folder"),
    pytest.param(["app:1", "--report", "junit=nothere/"], "is a folder", id="report path with a slash at its end"),
    pytest.param(["app:1", "--report", "junit=file/x"], "is a file, so nothing can be written under it", id="report under a file"),
    pytest.param(["app:1", "--report", "junit=x", "--report", "json=./x"], "already goes there", id="two reports, one path"),
    pytest.param(["app:1", "--report", "junit=-", "--report", "json=-"], "already goes there", id="two reports on stdout"),
    pytest.param(["app:1", "--endpoint", "http://hss.example.com"], "plain http", id="plain http"),
    pytest.param(["app:1", "--endpoint", "http://127.0.0.1.evil.example"], "plain http", id="plain http, looks like loopback"),
    pytest.param(["app:1", "--endpoint", "https://user:secret-word@h"], "user name or password", id="password in the endpoint"),
    pytest.param(["app:1", "--endpoint", "https://user:secret-word/@h:x"], "user name or password", id="password with a slash in the endpoint"),
    pytest.param(["app:1", "--endpoint", "https://h/path"], "path or a query", id="path in the endpoint"),
    pytest.param(["app:1", "--endpoint", "ftp://h"], "no https URL", id="another scheme"),
    pytest.param(["app:1", "--endpoint", "https://"], "no https URL", id="no host"),
    pytest.param(["app:1", "--endpoint", "https://h:99999"], "--endpoint", id="no port"),
    pytest.param(["app:1", "--endpoint", "https://hss..myhuaweicloud.com"], "a host that cannot be", id="a region left empty"),
    pytest.param(["app:1", "--scanned-after", "900"], "for an age write 900s", id="an age without its unit"),
    pytest.param(["app:1", "--endpoint", "https://[::1"], "no URL", id="broken host"),
    pytest.param(["app:1", "--project-id", " "], "the value is empty", id="blank project"),
    pytest.param(["app:1", "--project-id", ".."], "is no project id", id="dots for a project"),
    pytest.param(["app:1", "--project-id", "a/b"], "is no project id", id="slash in the project"),
    pytest.param(["app:1", "--project-id", "a\nb"], "line break", id="line break in the project"),
    pytest.param(["app:1", "--tiemout", "5s"], "No such option", id="unknown option"),
    pytest.param(["app:1", "--ak", "x"], "No such option", id="a secret as an option"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), MISUSES)
def test_misuse_sends_no_request(bench: Bench, arguments: list[str], message: str) -> None:
    """Exit code 2, one clear message, no request, no report."""
    (bench.folder / "file").write_text("")
    asked: list[httpx.Request] = []
    bench.answer(lambda request: asked.append(request) or httpx.Response(500))  # type: ignore[func-returns-value]

    ended = bench.run(
        "check",
        "--endpoint",
        "http://127.0.0.1:9",
        "--project-id",
        "p",
        "--report",
        "json=report.json",
        *arguments,
        env=KEY,
    )

    assert ended.code == 2
    assert message in ended.err
    assert ended.err.startswith("error: ")
    assert "secret-word" not in ended.err
    assert not asked
    assert not (bench.folder / "report.json").exists()


@pytest.mark.parametrize(
    ("env", "message"),
    [
        pytest.param({}, "no credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK", id="none"),
        pytest.param({"HUAWEICLOUD_SDK_AK": "a"}, "HUAWEICLOUD_SDK_AK set, but HUAWEICLOUD_SDK_SK missing", id="half a key"),
        pytest.param({"CLOUD_SDK_SK": "s3cret!"}, "CLOUD_SDK_SK set, but CLOUD_SDK_AK missing", id="the other half"),
        pytest.param({"HW_SECURITY_TOKEN": "s3cret!"}, "but HW_ACCESS_KEY and HW_SECRET_KEY missing", id="a security token alone"),
        pytest.param({"HUAWEICLOUD_SDK_AK": "a", "CLOUD_SDK_AK": "b", "CLOUD_SDK_SK": "s3cret!"}, "HUAWEICLOUD_SDK_SK missing", id="half of one before a whole"),
        pytest.param({"HSSGATE_TOKEN": "  "}, "HSSGATE_TOKEN contains only blanks", id="blank token"),
        pytest.param({"HSSGATE_TOKEN": "s3cret!\ns3cret!"}, "HSSGATE_TOKEN contains a blank, a line break", id="line break inside"),
        pytest.param({"HSSGATE_TOKEN": "s3crét!"}, "a character that no credential has", id="no ASCII"),
        pytest.param({"HSSGATE_TOKEN": "x" * 32769}, "longer than 32768 characters", id="too long"),
    ],
)  # fmt: skip
def test_incomplete_credentials_are_misuse(bench: Bench, env: dict[str, str], message: str) -> None:
    """What is missing is named, what is there is not shown."""
    ended = bench.play(images(finished())).check("team/app:1.0", env=env)

    assert ended.code == 2
    assert message in ended.err
    assert "s3cret!" not in ended.err + ended.out
    assert bench.emulator.request_count == 0


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"HSSGATE_TOKEN": "emulator-token"}, id="HSSGATE_TOKEN"),
        pytest.param({"HW_AUTH_TOKEN": "emulator-token"}, id="HW_AUTH_TOKEN"),
        pytest.param(KEY, id="HUAWEICLOUD_SDK"),
        pytest.param({"CLOUD_SDK_AK": "emulator-ak", "CLOUD_SDK_SK": "emulator-sk"}, id="CLOUD_SDK"),
        pytest.param({"HW_ACCESS_KEY": "emulator-ak", "HW_SECRET_KEY": "emulator-sk"}, id="HW"),
        pytest.param({**KEY, "CLOUD_SDK_AK": "wrong"}, id="the first complete ones take precedence"),
        pytest.param({"HSSGATE_TOKEN": "emulator-token\n"}, id="a line break at the end"),
    ],
)
def test_each_way_in_opens(bench: Bench, env: dict[str, str]) -> None:
    """By its documented names; blanks around are cut off, with a warning."""
    ended = bench.play(images(finished())).check("team/app:1.0", env=env)

    assert ended.code == 0
    assert ("were cut off" in ended.err) is any(value != value.strip() for value in env.values())


def test_a_temporary_key_is_sent_with_its_token(bench: Bench) -> None:
    """As `X-Security-Token`, signed."""
    scenario = images(finished()) + "credentials: [{ak: tmp, sk: tmp-secret, security_token: tmp-token}]"
    env = {
        "HUAWEICLOUD_SDK_AK": "tmp",
        "HUAWEICLOUD_SDK_SK": "tmp-secret",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN": "tmp-token",
    }

    assert bench.play(scenario).check("team/app:1.0", env=env).code == 0


def test_variables_serve_where_options_are_left_out(bench: Bench) -> None:
    """Every option of `check` can be given by its variable; lists by lines or blanks."""
    for name, limit in (("a b.yaml", "Low"), ("c.yaml", "High")):
        (bench.folder / name).write_text(f"rules: {{severity: {limit}}}")
    env = {
        "HSSGATE_IMAGES": " team/app:1.0\nteam/other:1.0 ", "HSSGATE_CICD_NAME": "shop", "HSSGATE_POLICY": "a b.yaml\nc.yaml\n",
        "HSSGATE_SCANNED_AFTER": "2h", "HSSGATE_TIMEOUT": "0", "HSSGATE_APPEAR_TIMEOUT": "0", "HSSGATE_SETTLE": "0",
        "HSSGATE_INTERVAL": "1", "HSSGATE_MAX_INTERVAL": "2", "HSSGATE_REPORTS": "junit=junit.xml json=report.json",
        "HSSGATE_ENDPOINT": "http://localhost:9", "HSSGATE_PROJECT_ID": "p", "HSSGATE_ENTERPRISE_PROJECT_ID": "all_granted_eps",
        "HSSGATE_REQUEST_TIMEOUT": "3s",
    }  # fmt: skip

    ended = bench.play(images(finished(), finished(image_name="other"))).run("check", env=env | KEY)

    assert ended.code == 0
    assert [found["reference"] for found in ended.report["images"]] == ["team/app:1.0", "team/other:1.0"]
    assert [policy["path"] for policy in ended.report["policies"]] == ["a b.yaml", "c.yaml"]
    assert "cicd_name=shop" in bench.emulator.requests[0].query
    assert bench.emulator.requests[0].path.startswith("/v5/p/")


def test_an_option_beats_its_first_variable_which_beats_the_next(bench: Bench) -> None:
    """Shown by the project that is asked for."""
    env = KEY | {"HUAWEICLOUD_SDK_PROJECT_ID": "second", "HW_PROJECT_ID": "third"}
    arguments = ["check", "team/app:1.0", "--endpoint", "http://127.0.0.1:9"]
    bench.play(images(finished()))

    bench.run(*arguments, "--project-id", "option", env=env | {"HSSGATE_PROJECT_ID": "first"})
    bench.run(*arguments, env=env | {"HSSGATE_PROJECT_ID": "first"})
    bench.run(*arguments, env=env | {"HSSGATE_PROJECT_ID": ""})
    bench.run(*arguments, env=KEY | {"HW_PROJECT_ID": "third"})

    assert [request.path.split("/")[2] for request in bench.emulator.requests] == ["option", "first", "second", "third"]


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("ap-southeast-1", "hss.ap-southeast-1.myhuaweicloud.com"),
        ("eu-west-101", "hss.eu-west-101.myhuaweicloud.eu"),
        ("xx-new-9", "hss.xx-new-9.myhuaweicloud.com"),
    ],
)
def test_the_region_gives_the_endpoint(bench: Bench, region: str, host: str) -> None:
    """The European cloud has a domain of its own."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.copy_with(raw_path=b"/")))
        return httpx.Response(403)

    ended = bench.answer(handler).run("check", "app:1", "--project-id", "p", env=KEY | {"HW_REGION_NAME": region})

    assert ended.code == 3
    assert asked == [f"https://{host}/"]


@pytest.mark.parametrize("region", ["evil.example/", "UP", "a", "x-1@evil"])
def test_what_is_no_region_is_refused(bench: Bench, region: str) -> None:
    """It would become part of a host that gets our secrets."""
    assert bench.run("check", "app:1", "--project-id", "p", "--region", region, env=KEY).code == 2


def test_one_bound_of_the_pause_moves_the_other_out_of_the_way(bench: Bench) -> None:
    """Only if the other bound is not set."""
    bench.play(images(image(FOREVER)))

    bench.check("team/app:1.0", "--interval", "90s", "--timeout", "5m")
    assert [round(pause) for pause in bench.clock.slept][:2] == [30, 30]  # heartbeats within the pause
    assert bench.emulator.request_count == 5

    bench.play(images(image(FOREVER)))
    bench.check("team/app:1.0", "--max-interval", "2s", "--timeout", "20s")
    assert bench.emulator.request_count >= 10


def test_the_default_policy_file_is_taken_from_here(bench: Bench) -> None:
    """`hssgate.yaml` in the current folder; an option replaces it."""
    (bench.folder / "hssgate.yaml").write_text("rules: {vulnerabilities: 0}")
    (bench.folder / "other.yaml").write_text("rules: {vulnerabilities: 99}")
    bench.play(images(finished()))

    assert bench.check("team/app:1.0").code == 10
    assert bench.check("team/app:1.0", "--policy", "other.yaml").code == 0


def test_an_image_must_meet_every_policy(bench: Bench) -> None:
    """A repository can tighten what its organisation gives and never weaken it; each check names its file."""
    (bench.folder / "org.yaml").write_text("rules: {vulnerabilities: 2}")
    (bench.folder / "repo.yaml").write_text("rules: {vulnerabilities: 99, severity: High}")

    ended = bench.play(images(finished())).check("team/app:1.0", "--policy", "org.yaml", "--policy", "repo.yaml")

    assert ended.code == 10
    assert [case.name for case in next(iter(ended.junit))] == [
        "scan", "vulnerabilities (org.yaml)", "severity (repo.yaml)", "vulnerabilities (repo.yaml)",
    ]  # fmt: skip
    assert [(check["rule"], check.get("policy"), check["result"]) for check in ended.report["images"][0]["checks"][1:]] == [
        ("vulnerabilities", "org.yaml", "failed"), ("severity", "repo.yaml", "passed"), ("vulnerabilities", "repo.yaml", "passed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "shows"),
    [
        (["--help"], "Commands:"), (["-h"], "Commands:"), (["check", "--help"], "Exit codes:"), (["check", "-h"], "IMAGE"),
        (["--version"], "hssgate, version"), (["check", "--version"], "hssgate, version"), (["demo", "--help"], "emulator"),
        (["emulator", "--help"], "listening on"), (["emulator", "--version"], "hssgate, version"),
    ],
)  # fmt: skip
def test_help_and_version_are_everywhere(bench: Bench, arguments: list[str], shows: str) -> None:
    """On stdout, exit code 0."""
    ended = bench.run(*arguments)

    assert ended.code == 0
    assert shows in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["chekc"], "No such command 'chekc'"), (["check", "--frob"], "No such option"), (["--frob"], "No such option")],
)
def test_unknown_words_are_misuse(bench: Bench, arguments: list[str], message: str) -> None:
    """Exit code 2, with a hint to the help."""
    ended = bench.run(*arguments)

    assert ended.code == 2
    assert message in ended.err
    assert "--help" in ended.err


def test_no_arguments_show_the_help(bench: Bench) -> None:
    """As a question, it is not a pass."""
    ended = bench.run()

    assert ended.code == 2
    assert "Commands:" in ended.out + ended.err


def test_verbosity(bench: Bench) -> None:
    """Quiet: one line; verbose: what the run is made of; twice: each request."""
    bench.play(images(finished()))

    quiet = bench.check("team/app:1.0@" + DIGEST, "-q")
    policy = f"policy: {NO_FILE.format(folder=bench.folder)}"
    assert (quiet.out, quiet.err) == (f"{policy}\nhssgate: PASSED (1 image passed), exit code 0\n", "")
    assert "credentials from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK" in bench.check("team/app:1.0", "-v").err
    assert "> GET http://127.0.0.1:9/v5/project/image/cicd/images?" in bench.check("team/app:1.0", "-vv").err


def test_a_crash_is_no_verdict_and_shows_no_traceback(bench: Bench) -> None:
    """Exit code 1, one line, no secret."""

    def handler(_request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("emulator-sk in a message")

    ended = bench.answer(handler).check("team/app:1.0", "-vv")

    assert ended.code == 1
    assert "hssgate crashed, which is a bug and no verdict: ZeroDivisionError" in ended.err
    assert "Traceback" not in ended.err
    assert "emulator-sk" not in ended.err
    assert not Path("report.json").exists()


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ],
)
def test_colour_is_used_where_it_is_welcome(bench: Bench, env: dict[str, str], coloured: bool) -> None:  # noqa: FBT001
    """Not into a pipe, unless forced; never where it is unwelcome."""
    ended = bench.play(images(finished())).check("team/app:1.0", env=KEY | env)

    assert ("\x1b[" in ended.out) is coloured


@pytest.mark.parametrize("paths", ["\nteam.yaml\n", "team.yaml\n\n", "team.yaml\n \nteam.yaml", "\r\nteam.yaml"])
def test_a_policy_whose_name_is_empty_is_not_left_out(bench: Bench, paths: str) -> None:
    """A line of HSSGATE_POLICY may be a variable that is not set, and the organisation's policy with it."""
    (bench.folder / "team.yaml").write_text("rules: {severity: High}")

    ended = bench.play(images(finished())).check("team/app:1.0", env=KEY | {"HSSGATE_POLICY": paths})

    assert ended.code == 2
    assert "the path is empty" in ended.err
    assert bench.emulator.request_count == 0
