"""Hosts that `hssgate doctor` asks: what each is sent, proxies on the way, and servers that are not HSS."""

import ssl
from pathlib import Path

import httpx
import pytest

from hssgate.errors import Misused
from tests.cli.test_check import finished, images
from tests.cli.test_doctor import (
    ASSUMED,
    NAMES,
    NOW,
    PROJECT,
    REGION,
    TOKEN,
    Answers,
    doctor,
    failures,
    looks,
    message,
    signed,
)
from tests.conftest import KEY, Bench
from tests.hss.test_authentication import GITHUB, IDP, URNS, USER, write_credential_files

DOMAIN = "ap-southeast-1.myhuaweicloud.com"
_BY_KEYS = "signatures by temporary keys, with their security token"
_WITHOUT_ADDRESSES = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "", "HUAWEICLOUD_SDK_STS_ENDPOINT": ""}


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """The files that some variables name."""
    write_credential_files(tmp_path)


@pytest.mark.parametrize(
    ("env", "lines"),
    [
        pytest.param(TOKEN, [f"iam.{DOMAIN} is sent the token", f"hss.{DOMAIN} is sent the token"], id="token"),
        pytest.param(KEY, [f"iam.{DOMAIN} is sent signatures, never the secret key", f"hss.{DOMAIN} is sent signatures, never the secret key"], id="access key"),
        pytest.param({**KEY, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "x"}, [f"{service}.{DOMAIN} is sent signatures and the security token, never the secret key" for service in ("iam", "hss")], id="temporary key"),
        pytest.param(ASSUMED, [f"sts.{DOMAIN} is sent the id token", f"iam.{DOMAIN} is sent {_BY_KEYS}", f"hss.{DOMAIN} is sent {_BY_KEYS}"], id="id token"),
        pytest.param({**URNS, **GITHUB}, ["127.0.0.1:9 is sent the request token of the job", f"sts.{DOMAIN} is sent the id token", f"iam.{DOMAIN} is sent {_BY_KEYS}", f"hss.{DOMAIN} is sent {_BY_KEYS}"], id="GitHub"),
        pytest.param(IDP, [f"iam.{DOMAIN} is sent the id token and {_BY_KEYS}", f"hss.{DOMAIN} is sent {_BY_KEYS}"], id="federation"),
        pytest.param(USER, [f"iam.{DOMAIN} is sent user name and password and the token that IAM gives for them", f"hss.{DOMAIN} is sent the token that IAM gives for them"], id="password"),
        pytest.param({"HSSGATE_ECS_AGENCY": "1"}, ["169.254.169.254 is sent the token that it gives itself", f"iam.{DOMAIN} is sent {_BY_KEYS}", f"hss.{DOMAIN} is sent {_BY_KEYS}"], id="agency"),
    ],
)  # fmt: skip
def test_each_host_is_named_with_what_it_is_sent(bench: Bench, env: dict[str, str], lines: list[str]) -> None:
    """In the order in which they are asked; before anything is asked."""
    bench.play(images(finished()))

    ended = bench.run("doctor", *REGION, "--format", "json", env=env | _WITHOUT_ADDRESSES)

    assert (ended.code, message(ended, "hosts").splitlines()) == (0, lines)


def test_the_proxy_on_the_way_to_a_host_is_named(bench: Bench) -> None:
    """With its variable, for those hosts alone that are reached through it."""
    env = {"HTTPS_PROXY": "http://me:s3cret@proxy.example:3128", "NO_PROXY": f"iam.{DOMAIN}"}

    ended = bench.play(images(finished())).run("doctor", *REGION, env=TOKEN | env)

    assert (ended.code, "s3cret" in ended.out) == (0, False)
    assert f"ok       hosts        iam.{DOMAIN} is sent the token\n" in ended.out
    through = "through the proxy http://***@proxy.example:3128 (HTTPS_PROXY)"
    assert f"{' ' * 22}hss.{DOMAIN} is sent the token, {through}\n" in ended.out


def test_a_proxy_that_cannot_be_used_is_found_before_anything_is_asked_of_others(bench: Bench) -> None:
    """Only IAM needs it: HSS is checked without credentials, and no secret is sent."""
    env = {"ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": f"hss.{DOMAIN}"}

    ended = bench.play(images(finished())).run("doctor", *REGION, "--format", "json", env=KEY | env)

    assert (ended.code, list(failures(ended))) == (2, ["hosts"])
    assert f"the proxy socks5://127.0.0.1:9 (ALL_PROXY) is needed for iam.{DOMAIN}" in message(ended, "hosts")
    assert signed(bench) == []


def answering(body: str) -> Answers:
    return lambda _request: httpx.Response(200, text=body, headers={"Date": NOW})


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "{}", "true", "<html>Sign in</html>", '{"data_list": [{}]', '{"data_list": 3}', '{"total_num": 1, "data_list": ["x"]}', "\x00\xff", '{"data_list": [], "data_list": []}']
)  # fmt: skip
@pytest.mark.parametrize("env", [KEY, TOKEN])
def test_a_server_that_always_responds_200_is_not_trusted(bench: Bench, env: dict[str, str], body: str) -> None:
    """A captive portal or proxy: its responses never prove credentials, permission or identifier."""
    ended = doctor(bench.answer(answering(body)), env, *PROJECT, "--cicd-name", "shop")

    assert (ended.code, list(failures(ended))) == (3, ["permission"])
    assert looks(ended)["credentials"] == looks(ended)["cicd-name"] == "skipped"
    assert "not tried, since HSS did not answer" in message(ended, "credentials")


@pytest.mark.parametrize("body", ["", "{}", "<html>", '{"credentials": {}}', '{"token": {}}', '{"credential": {"access": "a"}}'])  # fmt: skip
@pytest.mark.parametrize("env", [ASSUMED, {**URNS, **GITHUB}, IDP, USER, {"HSSGATE_ECS_AGENCY": "1"}])
def test_an_exchange_without_credentials_is_refused(bench: Bench, env: dict[str, str], body: str) -> None:
    """The response came from another server."""
    ended = doctor(bench.answer(answering(body)), env, *PROJECT)

    assert (ended.code, list(failures(ended))) == (3, ["credentials"])
    assert signed(bench) in ([], ["/_emulator/github/token"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "no complete response from 127.0.0.1: [Errno -2] Name or service not known"),
        (httpx.ConnectError("[Errno 111] Connection refused"), "Connection refused; check the address, name resolution, firewall and HTTPS_PROXY"),
        (httpx.ReadTimeout("timed out"), "no complete response from 127.0.0.1 within 30.0s; check the address"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "the proxy before 127.0.0.1 answers 407 Proxy Authentication Required; check HTTPS_PROXY"),
        (httpx.ProxyError("502 Bad Gateway"), "the proxy before 127.0.0.1 answers 502 Bad Gateway; check the address"),
    ],
)  # fmt: skip
def test_an_unreachable_endpoint_fails(bench: Bench, error: Exception, expected: str) -> None:
    """It is requested once; checks that depend on it are skipped."""

    def nobody(_request: httpx.Request) -> httpx.Response:
        raise error

    ended = doctor(bench.answer(nobody), KEY, *PROJECT)

    assert (ended.code, list(failures(ended))) == (3, ["endpoint"])
    assert expected in message(ended, "endpoint")
    assert {looks(ended)[name] for name in NAMES[4:]} == {"skipped"}
    assert len(bench.sent) == 1


def test_a_setting_that_allows_no_request_fails_the_endpoint(bench: Bench) -> None:
    """As a CA bundle without a certificate, which is read with the first request; the caller can mend it."""

    def unusable(_request: httpx.Request) -> httpx.Response:
        raise Misused("--ca-bundle ca.pem: it contains no certificate; give a file of certificates")

    ended = doctor(bench.answer(unusable), KEY, *PROJECT)

    assert (ended.code, list(failures(ended))) == (2, ["endpoint"])
    assert "give a file of certificates" in message(ended, "endpoint")


def test_a_server_without_a_date_is_shown(bench: Bench) -> None:
    """The clock check passes, and its message says that the server sends no time."""
    ended = doctor(
        bench.answer(lambda _request: httpx.Response(200, json={"total_num": 0, "data_list": []})), KEY, *PROJECT
    )

    assert (ended.code, message(ended, "clock")) == (0, "the server sends no time")


def test_a_certificate_that_is_not_to_be_trusted_is_a_host_that_is_there(bench: Bench) -> None:
    """Nothing that needs credentials is asked of it."""

    def refuse(_request: httpx.Request) -> httpx.Response:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_code, error.verify_message = 18, "self-signed certificate"
        raise httpx.ConnectError("certificate verify failed") from error

    ended = doctor(bench.answer(refuse), KEY, *PROJECT)

    assert ended.code == 3
    assert [looks(ended)[name] for name in ("endpoint", "tls", "clock", "permission")] == [
        "ok", "failed", "skipped", "skipped",
    ]  # fmt: skip
    assert len(bench.sent) == 1
