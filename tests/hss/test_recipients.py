"""Recipients of secrets: each is sent only to the host that needs it, with any variables."""

import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from hssgate.exit_codes import ExitCode
from tests.cli.test_check import finished, images
from tests.conftest import Bench, Ended
from tests.support.secrets_in_play import (
    GIVEN,
    HERE,
    ID_TOKEN,
    PASSWORD,
    REQUEST_TOKEN,
    SCENARIO,
    SECURITY_TOKEN,
    TOKEN,
    WAYS,
    in_play,
    secrets_of,
    write_inputs,
)

pytestmark = pytest.mark.unmeasured

REGION = "ap-southeast-1"
HSS, IAM, STS = (f"{service}.{REGION}.myhuaweicloud.com" for service in ("hss", "iam", "sts"))
GITHUB = "vstoken.actions.githubusercontent.com"
METADATA = "169.254.169.254"
ADDRESSES = {
    "HUAWEICLOUD_SDK_IAM_ENDPOINT": "",
    "HUAWEICLOUD_SDK_STS_ENDPOINT": "",
    "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{GITHUB}/_emulator/github/token?api-version=2.0",
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """What the ways read."""
    write_inputs(tmp_path)


def run(bench: Bench, env: Mapping[str, str], *arguments: str) -> Ended:
    """Run a command whose every host is the emulator."""
    bench.play(images(finished()) + SCENARIO)
    emulator = httpx.WSGITransport(app=bench.emulator)

    def answer(request: httpx.Request) -> httpx.Response:
        response = emulator.handle_request(request)
        response.read()
        return response

    return bench.answer(answer).run(*arguments, env=dict(env))


def hosts_that_saw(bench: Bench, secret: str) -> set[str]:
    """The hosts that were sent it, in address, headers or body."""
    written = json.dumps(secret)[1:-1].encode()
    return {
        request.url.host
        for request in bench.sent
        if any(written in part or secret.encode() in part for part in _parts(request))
    }


def _parts(request: httpx.Request) -> list[bytes]:
    return [request.url.raw_path, request.content, *(value for _, value in request.headers.raw)]


EXPECTED: dict[str, dict[str, set[str]]] = {
    "token": {TOKEN: {IAM, HSS}},
    "access key": {},
    "temporary key": {SECURITY_TOKEN: {IAM, HSS}},
    "STS, an id token": {ID_TOKEN: {STS}},
    "STS, a token file": {ID_TOKEN: {STS}},
    "STS, GitHub": {REQUEST_TOKEN: {GITHUB}},
    "federation": {ID_TOKEN: {IAM}},
    "password": {PASSWORD: {IAM}},
    "profile": {},
    "agency of the machine": {},
}
"""Recipients of the given secrets; a secret key is sent to no host."""


@pytest.mark.parametrize(("way", "expected"), EXPECTED.items())
@pytest.mark.parametrize("command", [["check", "team/app:1.0"], ["images"], ["doctor"]], ids=lambda command: command[0])
def test_each_secret_goes_where_it_is_needed(
    bench: Bench, command: list[str], way: str, expected: dict[str, set[str]]
) -> None:
    """Given secrets go to the hosts in the table, issued ones to the services that use them, secret keys to no host."""
    ended = run(bench, in_play(way) | ADDRESSES, *command, "--region", REGION)

    assert ended.code == 0, ended.err
    assert {secret: seen for secret in GIVEN if (seen := hosts_that_saw(bench, secret))} == expected
    issued = bench.emulator._identity.issued
    for key in issued._keys.values():
        assert hosts_that_saw(bench, key.sk) == set()
        assert hosts_that_saw(bench, key.security_token) == {IAM, HSS}
    for token in issued._tokens:  # of a password it is sent to HSS, unscoped it is exchanged
        assert hosts_that_saw(bench, token) == ({HSS} if way == "password" else {IAM})
    for token in bench.emulator._identity.metadata_tokens:
        assert hosts_that_saw(bench, token) == {METADATA}


_SECRET_HEADERS = {"authorization", "x-auth-token", "x-security-token", "x-metadata-token", "x-idp-id"}
_SIGNED: list[set[str]] = [{"authorization"}, {"authorization", "x-security-token"}, {"x-auth-token"}]
_HEADERS: dict[str, list[set[str]]] = {
    "/_emulator/github/token": [{"authorization"}],
    "/meta-data/latest/api/token": [set()],
    "/openstack/latest/securitykey": [{"x-metadata-token"}],
    "/v5/agencies/assume-with-oidc": [set()],
    "/v3.0/OS-AUTH/id-token/tokens": [{"x-idp-id"}],
    "/v3.0/OS-CREDENTIAL/securitytokens": [set()],
    "/v3/auth/tokens": [set()],
    "/v3/projects": _SIGNED,
    "/image/cicd/images": _SIGNED,
}


@pytest.mark.parametrize("way", WAYS)
def test_each_call_has_the_headers_that_it_needs(bench: Bench, way: str) -> None:
    """Signatures and tokens are for HSS and the project request; credential exchanges have neither."""
    run(bench, in_play(way) | ADDRESSES, "check", "team/app:1.0", "--region", REGION)

    assert bench.sent
    for sent in bench.sent:
        (expected,) = [headers for path, headers in _HEADERS.items() if sent.url.path.endswith(path)]
        assert _SECRET_HEADERS & sent.headers.keys() in expected, sent.url


POISONED = [
    "http://evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://127.1",
    "http://2130706433",
    "http://0x7f.1",
    "http://[::ffff:10.0.0.1]",
    "http://169.254.169.254",
    "https://user:s3cret@evil.example",
    "https://user:s3c/ret@evil.example",
    "https://iam.example@evil.example",
    "https://evil.example\\@iam.example",
    "https://iam.example\n.evil.example",
    "https://iam.example\r\nX-Evil: 1",
    "https://iam.example\t.evil.example",
    "https://evil.example:0",
    "https://evil.example:99999",
    "https://evil.example:port",
    "https://évil.example",
    "https://evil_.exa mple",
    "https://evil%2eexample",
    "https://-evil.example",
    "https://",
    "https:///v3",
    "//evil.example",
    "ftp://evil.example",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "unix:/tmp/socket",
]
WITH_A_PATH = ["https://evil.example/v3", "https://evil.example?x=1", "https://evil.example#x", "https://evil.example//"]  # fmt: skip
ENDPOINTS = [
    pytest.param("HUAWEICLOUD_SDK_IAM_ENDPOINT", "password", id="IAM"),
    pytest.param("HUAWEICLOUD_SDK_IAM_ENDPOINT", "token", id="IAM, for the project"),
    pytest.param("HUAWEICLOUD_SDK_STS_ENDPOINT", "STS, an id token", id="STS"),
    pytest.param("HSSGATE_ENDPOINT", "access key", id="HSS"),
]


@pytest.mark.parametrize("address", [*POISONED, *WITH_A_PATH])
@pytest.mark.parametrize(("variable", "way"), ENDPOINTS)
def test_a_poisoned_address_gets_nothing(bench: Bench, variable: str, way: str, address: str) -> None:
    """It is misuse that names the variable, and nothing is sent to anyone."""
    ended = run(bench, in_play(way) | ADDRESSES | {variable: address}, "check", "team/app:1.0", "--region", REGION)

    name = "--endpoint" if variable == "HSSGATE_ENDPOINT" else variable
    assert (ended.code, bench.sent) == (ExitCode.MISUSED, []), ended.err
    assert name in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not [part for part in ("s3c", "ret@") if part in ended.err]


@pytest.mark.parametrize("address", [*POISONED, "evil.example/token", "?api-version=2.0", "https:evil.example/token"])
def test_a_poisoned_token_service_gets_nothing(bench: Bench, address: str) -> None:
    """GitHub's address may have a path and a query, and has to have the rest."""
    env = in_play("STS, GitHub") | ADDRESSES | {"ACTIONS_ID_TOKEN_REQUEST_URL": address}

    ended = run(bench, env, "check", "team/app:1.0", "--region", REGION)

    assert (ended.code, bench.sent) == (ExitCode.MISUSED, []), ended.err
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" in ended.err
    assert "s3c" not in ended.err


@pytest.mark.parametrize(
    "address", ["https://iam.example", "https://iam.example/", " https://iam.example\n", "iam.example", "HTTPS://IAM.example:443"]
)  # fmt: skip
def test_an_address_is_taken_as_people_write_it(bench: Bench, address: str) -> None:
    """With or without scheme and slash, and with what a shell left around it."""
    env = in_play("password") | ADDRESSES | {"HUAWEICLOUD_SDK_IAM_ENDPOINT": address}

    ended = run(bench, env, "check", "team/app:1.0", "--region", REGION)

    assert ended.code == 0, ended.err
    assert hosts_that_saw(bench, PASSWORD) == {"iam.example"}


def test_a_poisoned_address_in_the_profile_gets_nothing(bench: Bench) -> None:
    """The IAM endpoint of the file is validated in the same way."""
    Path("profile").write_text("[basic]\nak = my-ak\nsk = s3cret\niam_endpoint = http://evil.example\n")

    ended = run(bench, WAYS["profile"] | ADDRESSES, "check", "team/app:1.0", "--region", REGION)

    assert (ended.code, bench.sent) == (ExitCode.MISUSED, [])
    assert "iam_endpoint of the profile file is plain http" in ended.err


PLACES = [
    pytest.param(["--endpoint", "https://hss.eu-de.example.com", "--region", "eu-de"], "eu-de.example.com", id="an endpoint of another cloud"),
    pytest.param(["--endpoint", "https://hss.eu-de.example.com"], "eu-de.example.com", id="an endpoint alone"),
    pytest.param(["--endpoint", "https://hss.eu-de.example.com", "--region", REGION], "eu-de.example.com", id="an endpoint and a region of Huawei's"),
    pytest.param(["--endpoint", "https://hss.cn-north-4.myhuaweicloud.com", "--region", REGION], "cn-north-4.myhuaweicloud.com", id="an endpoint and another region"),
    pytest.param(["--endpoint", "https://hss.r1.internal", "--cloud", "internal"], "r1.internal", id="an endpoint of a cloud that was given"),
    pytest.param(["--cloud", "hc.example.com", "--region", "hcs-region-1"], "hcs-region-1.hc.example.com", id="a private cloud"),
    pytest.param(["--region", "eu-west-101"], "eu-west-101.myhuaweicloud.eu", id="the European cloud"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "domain"), PLACES)
@pytest.mark.parametrize("way", WAYS)
def test_no_secret_crosses_clouds(bench: Bench, way: str, arguments: list[str], domain: str) -> None:
    """IAM and STS are of the region and the cloud that HSS is in, whichever region is named beside."""
    ended = run(bench, in_play(way) | ADDRESSES, "check", "team/app:1.0", *arguments)

    assert ended.code == 0, ended.err
    services = {f"{service}.{domain}" for service in ("hss", "iam", "sts")}
    assert {request.url.host for request in bench.sent} <= services | {GITHUB, METADATA}
    there = {HSS: f"hss.{domain}", IAM: f"iam.{domain}", STS: f"sts.{domain}"}
    expected = {secret: {there.get(host, host) for host in hosts} for secret, hosts in EXPECTED[way].items()}
    assert {secret: seen for secret in GIVEN if (seen := hosts_that_saw(bench, secret))} == expected


_ELSEWHERE = ["https://gateway.example.com", "https://hss.example.com", "https://hss.eu-de.example.com:8443", "https://10.0.0.1", HERE]  # fmt: skip
_AS_THEY_ARE = ("token", "access key", "temporary key", "profile", "agency of the machine")


@pytest.mark.parametrize("endpoint", _ELSEWHERE)
@pytest.mark.parametrize("way", WAYS)
def test_an_endpoint_of_unknown_region_is_not_guessed_from(bench: Bench, way: str, endpoint: str) -> None:
    """If IAM or STS is needed and no variable gives its endpoint: misuse that names the variable, and nothing is sent."""
    env = in_play(way) | ADDRESSES
    arguments = ["check", "team/app:1.0", "--endpoint", endpoint, "--region", "eu-de"]

    without_project = run(bench, env, *arguments)
    assert (without_project.code, bench.sent) == (ExitCode.MISUSED, []), without_project.err
    assert "HUAWEICLOUD_SDK_" in without_project.err

    with_project = run(bench, env, *arguments, "--project-id", "p")
    if way in _AS_THEY_ARE:
        assert with_project.code == 0, with_project.err
        assert {request.url.host for request in bench.sent} - {METADATA} == {httpx.URL(endpoint).host}
    else:
        assert (with_project.code, bench.sent) == (ExitCode.MISUSED, []), with_project.err


@pytest.mark.parametrize("way", WAYS)
def test_nothing_goes_over_plain_http(bench: Bench, way: str) -> None:
    """To HSS, IAM or STS, be it by option or by variable; the metadata service is this machine's own host."""
    env = in_play(way) | ADDRESSES
    plain = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://iam.eu-de.example.com", "HUAWEICLOUD_SDK_STS_ENDPOINT": "http://sts.eu-de.example.com"}  # fmt: skip

    hss = run(bench, env, "check", "team/app:1.0", "--endpoint", "http://hss.eu-de.example.com", "--region", "eu-de")
    assert (hss.code, bench.sent) == (ExitCode.MISUSED, []), hss.err
    others = run(bench, env | plain, "check", "team/app:1.0", "--region", REGION)
    assert (others.code, bench.sent) == (ExitCode.MISUSED, []), others.err
    run(bench, env, "check", "team/app:1.0", "--region", REGION)
    assert {request.url.host for request in bench.sent if request.url.scheme == "http"} <= {METADATA}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_sent_after_a_redirect(bench: Bench, way: str, status: int) -> None:
    """Whichever of the hosts answers with it: where it leads is never asked, and nothing more is sent."""
    env, arguments = in_play(way) | ADDRESSES, ["check", "team/app:1.0", "--region", REGION]
    assert run(bench, env, *arguments).code == 0
    steps = [request.url.path for request in bench.sent]
    emulator = httpx.WSGITransport(app=bench.emulator)
    for number, step in enumerate(steps):

        def answer(request: httpx.Request, step: str = step) -> httpx.Response:
            if request.url.path == step:
                return httpx.Response(status, headers={"Location": f"https://evil.example{step}"})
            response = emulator.handle_request(request)
            response.read()
            return response

        ended = bench.answer(answer).run(*arguments, env=env)

        assert ended.code == ExitCode.API_UNAVAILABLE, ended.out
        assert [request.url.path for request in bench.sent] == steps[: number + 1]
        assert "evil.example" not in {request.url.host for request in bench.sent}


def test_the_list_of_what_is_watched_is_whole(bench: Bench) -> None:
    """Every secret is in the table above, or is a key that no host receives."""
    for way in WAYS:
        run(bench, in_play(way) | ADDRESSES, "check", "team/app:1.0", "--region", REGION)
        assert secrets_of(bench.emulator, bench.sent) >= {*EXPECTED[way]}
    assert [*EXPECTED] == [*WAYS]
