"""Servers that echo secrets: in any form and any place of the response, they are masked."""

import base64
import html
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from hssgate.exit_codes import ExitCode
from hssgate.reports import FORMATS
from tests.cli.test_check import finished, images
from tests.conftest import Bench
from tests.support.depth import DEPTH
from tests.support.fakes import FakeClock
from tests.support.secrets_in_play import (
    GIVEN,
    HERE,
    SCENARIO,
    WAYS,
    files_of,
    in_play,
    secrets_of,
    used_by,
    write_inputs,
)

pytestmark = pytest.mark.unmeasured

CONNECTION = ("--endpoint", HERE, "--region", "ap-southeast-1")
REPORTS = [text for name in FORMATS for text in ("--report", f"{name}=reports/{name}")]
STATUSES = (200, 201, 302, 400, 401, 403, 404, 429, 500, 503)
PADDINGS = ("", "x" * 50, "x" * 90, "x" * 190, "x" * 590)
"""Put a secret across the places where a message is cut."""
_GSON = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&='"})


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """What the ways read."""
    write_inputs(tmp_path)


def in_plain(secret: str) -> list[str]:
    """The secret as a server may write it into a text."""
    raw = secret.encode()
    return [
        secret,
        quote(secret, safe=""),
        quote(secret).lower() if secret.islower() else quote(secret),
        html.escape(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(b"me:" + raw + b":x").decode(),
    ]


def in_json(text: str) -> list[str]:
    """The text as different programs write it into JSON."""
    everything = "".join(f"\\u{ord(character):04x}" for character in text)
    return [
        json.dumps(text),
        json.dumps(text, ensure_ascii=False),
        json.dumps(text).translate(_GSON),
        f'"{everything}"',
    ]


def bodies(secrets: Iterable[str]) -> list[str]:
    """Error bodies in each shape that is understood, and in none."""
    forms = [form for secret in secrets for form in in_plain(secret)]
    padded = [padding + form for form in forms for padding in PADDINGS]
    messages = [written for text in padded for written in in_json(text)]
    return [
        "\n".join(padded),
        *padded,
        *(f'{{"error_code": {text}, "error_msg": {text}, "request_id": {text}}}' for text in messages),
        *(f'{{"error": {{"code": 401, "message": {text}, "title": {text}}}}}' for text in messages),
    ]


def answers(secrets: Iterable[str]) -> list[httpx.Response]:
    """Every body with some status, and every status with some body; secrets in headers and in the reason, too."""
    given = sorted(secrets)
    found = []
    for number, body in enumerate(bodies(given)):
        secret = given[number % len(given)]
        status = STATUSES[number % len(STATUSES)]
        headers = {
            "X-Request-Id": secret,
            "X-IAM-Trace-Id": secret,
            "Location": f"https://evil.example/?{secret}",
            "Retry-After": secret,
            "Content-Type": secret,
            "Server": secret,
            **({"Content-Encoding": secret} if number % 7 == 0 else {}),
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        reason = {"reason_phrase": secret.encode("ascii", "replace")}
        found.append(httpx.Response(status, headers=encoded, content=body.encode(), extensions=reason))
    return found


def parts(text: str, secrets: Iterable[str]) -> list[str]:
    """What shows of the secrets, be it the beginning alone: what was cut may have been masked too late."""
    found = [form[:11] for secret in secrets for form in {*in_plain(secret), json.dumps(secret)[1:-1]}]
    return [text[text.index(form) - 60 :][:90] for form in [*found, "s3cret"] if form in text]


ECHOES = [
    pytest.param("token", "/v3/projects", id="token, IAM"),
    pytest.param("token", "/v5/", id="token, HSS"),
    pytest.param("access key", "/v3/projects", id="access key, IAM"),
    pytest.param("access key", "/v5/", id="access key, HSS"),
    pytest.param("temporary key", "/v5/", id="temporary key, HSS"),
    pytest.param("STS, an id token", "assume-with-oidc", id="id token, STS"),
    pytest.param("STS, an id token", "/image/", id="id token, HSS"),
    pytest.param("STS, a token file", "assume-with-oidc", id="token file, STS"),
    pytest.param("STS, GitHub", "/github/token", id="GitHub, its token service"),
    pytest.param("STS, GitHub", "assume-with-oidc", id="GitHub, STS"),
    pytest.param("STS, GitHub", "/image/", id="GitHub, HSS"),
    pytest.param("federation", "/id-token/tokens", id="federation, IAM"),
    pytest.param("federation", "/securitytokens", id="federation, IAM again"),
    pytest.param("federation", "/v5/", id="federation, HSS"),
    pytest.param("password", "/v3/auth/tokens", id="password, IAM"),
    pytest.param("password", "/v5/", id="password, HSS"),
    pytest.param("profile", "/v5/", id="profile, HSS"),
    pytest.param("agency of the machine", "/securitykey", id="metadata, with a token"),
    pytest.param("agency of the machine", "/v5/", id="metadata, HSS"),
]
"""The credential type, and the service with hostile responses; all other responses are the emulator's."""


class Hostile:
    """Answers some calls by itself and leaves the others to the emulator.

    Args:
        bench: has the emulator.
        where: in the path of the calls that it answers.
        response: what it answers.
    """

    def __init__(self, bench: Bench, where: str, response: httpx.Response) -> None:
        self._emulator = httpx.WSGITransport(app=bench.emulator)
        self._where = where
        self._response = response
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self._where in request.url.path:
            self.asked += 1
            return self._response
        response = self._emulator.handle_request(request)
        response.read()
        return response


def anew(bench: Bench) -> None:
    """Start the emulator at the same moment as ever, so that it gives out the same secrets."""
    bench.clock = FakeClock()
    bench.play(images(finished()) + SCENARIO)


def secrets_at(bench: Bench, way: str, where: str) -> set[str]:
    """What a server there has got to know, by a run that leads to it."""
    anew(bench)
    hostile = Hostile(bench, where, httpx.Response(403))
    bench.answer(hostile).run("images", *CONNECTION, env=in_play(way))
    assert hostile.asked == 1
    return secrets_of(bench.emulator, bench.sent) - {*GIVEN} | used_by(way)


@pytest.mark.parametrize(("way", "where"), ECHOES)
def test_an_echo_is_not_shown(bench: Bench, way: str, where: str) -> None:
    """At -vv, on both streams and in every report; no answer makes it crash, and none a pass."""
    secrets = secrets_at(bench, way, where)
    every = 1 if where == "/v3/projects" else 7 * len(secrets)
    for number, response in enumerate(DEPTH.part_of(answers(secrets)[::every])):
        anew(bench)
        hostile = Hostile(bench, where, response)
        arguments = (
            ["check", "team/app:1.0", "--timeout", "0", *REPORTS],
            ["images", "--format", "json"],
            ["doctor", "--format", "json"],
        )[number % 3]

        ended = bench.answer(hostile).run(*arguments, *CONNECTION, "-vv", env=in_play(way))

        assert hostile.asked
        assert parts(ended.out + ended.err + files_of(bench.folder), secrets) == [], response.text[:3000]
        fixable = {ExitCode.MISUSED} if arguments[0] == "doctor" else set()  # a refusal that the caller can end
        assert ended.code in {ExitCode.API_UNAVAILABLE} | fixable


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("written", range(4))
def test_an_echo_in_the_rows_of_hss_is_not_shown(bench: Bench, way: str, written: int) -> None:
    """In every text of a row and of its findings, in every JSON encoding."""
    secrets = sorted(secrets_at(bench, way, "/image/"))
    rows = [row for secret in secrets for form in in_plain(secret) for row in rows_that_hold(in_json(form)[written])]
    body = f'{{"total_num": {len(rows)}, "data_list": [{", ".join(rows)}]}}'
    commands = (
        [
            "check",
            "team/app:1.0",
            "team/app:2.0",
            "--timeout",
            "1m",
            "--appear-timeout",
            "30s",
            "--findings",
            "always",
            *REPORTS,
        ],
        ["images"],
        ["images", "--format", "json"],
        ["doctor", "--cicd-name", "shop"],
    )
    for arguments in DEPTH.part_of(commands):
        anew(bench)
        bench.answer(Hostile(bench, "/image/", httpx.Response(200, content=body.encode())))

        ended = bench.run(*arguments, *CONNECTION, "-vv", env=in_play(way))

        assert parts(ended.out + ended.err + files_of(bench.folder), secrets) == []
        assert ended.code != ExitCode.CRASHED
        assert "***" in ended.out or arguments[0] == "doctor"


def rows_that_hold(text: str) -> list[str]:
    """A success, a failure and another image, with a JSON text in all that does not say which image it is."""
    fields = ("cicd_name", "image_digest", "registry_name", "scan_failed_desc", "scan_failed_code", "severity_level")
    shown = ", ".join(f'"{field}": {text}' for field in fields)
    app = '"image_name": "app", "image_version": "1.0", "namespace": "team", "image_id": "1"'
    other = f'"image_name": "app", "image_version": {text}, "namespace": {text}, "scan_status": {text}'
    return [f'{{{app}, "scan_status": "{status}", {shown}}}' for status in ("success", "failed")] + [f"{{{other}}}"]


@pytest.mark.parametrize(
    "error",
    [
        httpx.RemoteProtocolError("illegal status line: bytearray(b'HTTP/9 200 {}')"),
        httpx.RemoteProtocolError("x" * 190 + "{}"),
        httpx.ProxyError("403 {}"),
        httpx.ConnectError("{}"),
    ],
    ids=["status line", "cut", "proxy", "connection"],
)
@pytest.mark.parametrize("way", WAYS)
def test_an_echo_in_an_error_of_the_connection_is_not_shown(bench: Bench, way: str, error: httpx.HTTPError) -> None:
    """Messages of httpx about a broken response contain parts of it."""
    secrets = secrets_at(bench, way, "/image/")
    for secret in secrets:
        anew(bench)

        def break_off(_request: httpx.Request, secret: str = secret) -> httpx.Response:
            raise type(error)(str(error).format(secret))

        emulator = Hostile(bench, "nowhere", httpx.Response(500))
        bench.answer(lambda request, emulator=emulator, fail=break_off: fail(request) if "/image/" in request.url.path else emulator(request))  # type: ignore[misc]  # fmt: skip
        ended = bench.run(
            "check", "team/app:1.0", "--timeout", "0", *CONNECTION, "--project-id", "p", "-vv", env=in_play(way)
        )

        assert ended.code == ExitCode.API_UNAVAILABLE
        assert parts(ended.out + ended.err, secrets) == []


def test_secrets_are_used_as_they_came_even_twice(bench: Bench) -> None:
    """The metadata service gives the same keys until they end: masking must not reach what is used."""
    issued = {"access": "HSTAGAIN", "secret": "again-" + "s" * 34, "securitytoken": "again-" + "t" * 100}
    ends = "2026-09-21T14:23:20.000000Z"
    tokens: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/meta-data/latest/api/token":
            return httpx.Response(200, text="the-same-token-again")
        if request.url.path == "/openstack/latest/securitykey":
            tokens.append(request.headers["X-Metadata-Token"])
            return httpx.Response(200, json={"credential": issued | {"expires_at": ends}})
        row = {"namespace": "team", "image_name": "app", "image_version": "1.0", "scan_status": "scanning"}
        return httpx.Response(200, json={"total_num": 1, "data_list": [row]})

    ended = bench.answer(service).check("team/app:1.0", "--timeout", "9m30s", env={"HSSGATE_ECS_AGENCY": "1"})

    sent = [request.headers["X-Security-Token"] for request in bench.sent if "X-Security-Token" in request.headers]
    assert ended.code == ExitCode.TIMED_OUT
    assert len(tokens) > 1
    assert set(tokens) == {"the-same-token-again"}
    assert set(sent) == {issued["securitytoken"]}
    assert "again-" not in ended.out + ended.err


def test_what_is_no_secret_stays(bench: Bench) -> None:
    """Masking takes out secrets, and not the names beside them."""
    row = {"namespace": "team", "image_name": "app", "image_version": "1.0", "scan_status": "failed", "scan_failed_desc": f"a = b & c / d; {GIVEN[0]}; é\n"}  # fmt: skip
    bench.answer(lambda _request: httpx.Response(200, json={"total_num": 1, "data_list": [row]}))

    ended = bench.check("team/app:1.0", env=in_play("access key"))

    assert "a = b & c / d; ***; é" in ended.report["images"][0]["row"]["scan_failed_desc"]


def test_a_secret_that_is_a_plain_word_is_masked_in_prose_alone(bench: Bench) -> None:
    """It may be a part of a name, which has to stay."""
    row = {
        "namespace": "horse", "image_name": "app", "image_version": "1.0", "scan_status": "success",
        "severity_level": "High", "vul_num": 1, "malicious_file_num": 0, "latest_scan_time": 1,
        "scan_failed_desc": "no horse",
    }  # fmt: skip
    finding = {"vul_id": "V-1", "app_name": "horse", "description": "a horse", "solution": "another horse"}

    def service(request: httpx.Request) -> httpx.Response:
        rows = [row] if request.url.path.endswith("/image/cicd/images") else [finding]
        return httpx.Response(200, json={"total_num": 1, "data_list": rows})

    ended = bench.answer(service).check("horse/app:1.0", "--settle", "0", env={"HSSGATE_TOKEN": "horse"})

    (image,) = ended.report["images"]
    (shown,) = image["findings"]
    assert (image["row"]["namespace"], image["row"]["scan_failed_desc"]) == ("horse", "no ***")
    assert (shown["app_name"], shown["description"], shown["solution"]) == ("horse", "a ***", "another ***")


@pytest.mark.parametrize("way", ["access key", "STS, GitHub", "federation"])
def test_the_signature_of_a_request_is_not_shown(bench: Bench, way: str) -> None:
    """Who sees it could send the request once more; a server that is cross says it back."""
    anew(bench)
    emulator = httpx.WSGITransport(app=bench.emulator)

    def cross(request: httpx.Request) -> httpx.Response:
        if "/image/" in request.url.path:
            shown = dict(request.headers)
            return httpx.Response(401, json={"error_msg": f"{'x' * 560} {shown}", "error_code": shown["authorization"]})
        response = emulator.handle_request(request)
        response.read()
        return response

    ended = bench.answer(cross).run("doctor", *CONNECTION, "-vv", env=in_play(way))

    signature = bench.sent[-1].headers["Authorization"].partition("Signature=")[2]
    assert ended.code == ExitCode.MISUSED
    assert len(signature) == 64
    assert signature[:12] not in ended.out + ended.err
