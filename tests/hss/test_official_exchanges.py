"""The official SDK and hssgate come in by the same variables at one server: it gets the same requests."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hssgate.cli.main import run
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import Server, serve
from tests.cli.test_check import finished, images
from tests.conftest import Bench
from tests.hss.test_authentication import HERE, URNS, USER
from tests.support.recorder import Kept, Recorder

pytestmark = pytest.mark.real

REGION = "ap-southeast-1"
PROJECT = "0123abcd"
SCENARIO = images(finished()) + f"identity: {{regions: {{{REGION}: [{PROJECT}]}}}}"
TEMPORARY_KEY = {"HUAWEICLOUD_SDK_AK": "temporary-ak", "HUAWEICLOUD_SDK_SK": "sk", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "token/+=="}  # fmt: skip


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The official SDK; it writes into the home folder when imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        from huaweicloudsdkcore.auth import credentials, provider
        from huaweicloudsdkcore.region.region import Region
        from huaweicloudsdkcore.sdk_request import SdkRequest
        from huaweicloudsdkcore.signer.signer import Signer
        from huaweicloudsdkhss import v5

        yield SimpleNamespace(
            credentials=credentials, provider=provider, Region=Region, SdkRequest=SdkRequest, Signer=Signer, hss=v5
        )


@pytest.fixture
def recorder() -> Recorder:
    """The emulator, whose requests are kept."""
    scenario = SCENARIO + "\ncredentials: [{ak: emulator-ak, sk: emulator-sk}, {ak: temporary-ak, sk: sk, security_token: token/+==}, {token: emulator-token}]"  # fmt: skip
    return Recorder(Emulator(parse_scenario(scenario, "scenario"), now=time.time, sleep=time.sleep))


@pytest.fixture
def server(recorder: Recorder) -> Iterator[Server]:
    """It, on a socket."""
    with serve(recorder) as running:
        yield running


Both = Callable[..., tuple[list[Kept], list[Kept]]]


@pytest.fixture
def both(
    sdk: SimpleNamespace, recorder: Recorder, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Both:
    """List images with a credential provider of the SDK, then with hssgate, with the same variables."""
    (tmp_path / "id-token").write_text("emulator-id-token\n")

    def ask(env: dict[str, str], provider: str) -> tuple[list[Kept], list[Kept]]:
        addresses = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": server.url, "HUAWEICLOUD_SDK_STS_ENDPOINT": server.url}
        for name, value in (env | addresses).items():
            monkeypatch.setenv(name, value)
        sdk.credentials.Credentials._CACHE.clear()
        credentials = getattr(sdk.provider, provider).get_basic().get_credentials()
        builder = sdk.hss.HssClient.new_builder().with_credentials(credentials)
        client = builder.with_region(sdk.Region(REGION, server.url)).build()
        client.list_cicd_images(sdk.hss.ListCicdImagesRequest())
        sdk.credentials.Credentials._CACHE.clear()
        official = [*recorder.kept]
        recorder.kept.clear()
        assert run(["check", "team/app:1.0", "--region", REGION, "--endpoint", server.url]) == 0
        return official, recorder.kept

    return ask


def exchanges(kept: list[Kept]) -> list[tuple[str, str, str, Any, str | None]]:
    """What is asked of IAM and STS without a signature: call, body and the header that names the provider."""
    asked = [one for one in kept if "authorization" not in one.headers]
    return [(one.method, one.path, one.query, one.json, one.headers.get("x-idp-id")) for one in asked]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, id="a given token"),
        pytest.param({"HUAWEICLOUD_OIDC_TOKEN_FILE": "id-token"}, id="a token file"),
        pytest.param({"HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token", "HUAWEICLOUD_OIDC_DURATION_SECONDS": "900"}, id="duration"),
        pytest.param({"HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token", "HUAWEICLOUD_OIDC_POLICY": '{"Version": "5.0",\n "Statement": []}', "HUAWEICLOUD_OIDC_POLICY_IDS": "one, two,,three "}, id="policies"),
    ],
)  # fmt: skip
def test_an_agency_is_assumed_in_the_same_words(both: Both, more: dict[str, str]) -> None:
    """The SDK's own provider reads the same variables; it renews short-lived keys at once."""
    official, ours = both({**URNS, "HUAWEICLOUD_OIDC_SESSION_NAME": "job-1", **more}, "OidcStsCredentialProvider")

    assert exchanges(ours) == exchanges(official)[:1]
    assert [path for _, path, *_ in exchanges(ours)] == ["/v5/agencies/assume-with-oidc"]


def test_a_federated_token_is_exchanged_in_the_same_words(both: Both) -> None:
    """Id token, unscoped token, temporary key; there are two unscoped tokens, because two were issued."""
    env = {"HUAWEICLOUD_SDK_IDP_ID": "emulator-idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": "id-token"}
    official, ours = both(env, "EnvCredentialProvider")

    for kept in (official, ours):
        (again,) = [one for one in kept if one.path == "/v3.0/OS-CREDENTIAL/securitytokens"]
        token = again.json["auth"]["identity"]
        assert len(token["token"].pop("id")) > 1000
        assert token == {"methods": ["token"], "token": {"duration_seconds": 21600}}
    first_of_ours, first_of_theirs = exchanges(ours)[0], exchanges(official)[0]
    assert first_of_ours == first_of_theirs
    assert first_of_ours[1:] == (
        "/v3.0/OS-AUTH/id-token/tokens",
        "",
        {"auth": {"id_token": {"id": "emulator-id-token"}}},
        "emulator-idp",
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ak = emulator-ak\nsk = emulator-sk\n", id="access key"),
        pytest.param("ak=temporary-ak\nsk = sk\nsecurity_token: token/+==\n", id="temporary key"),
        pytest.param("idp_id = emulator-idp\nid_token_file = id-token\n", id="federation"),
    ],
)
def test_a_profile_file_means_the_same(both: Both, tmp_path: Path, text: str) -> None:
    """The same calls by the same keys."""
    (tmp_path / "profile").write_text(f"[basic]\n{text}")
    (tmp_path / "profile").chmod(0o600)

    official, ours = both({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"}, "ProfileCredentialProvider")

    assert [(one.method, one.path) for one in ours] == [(one.method, one.path) for one in official]
    keys = [[re.findall(r"Access=([^,]+),", one.headers.get("authorization", "")) for one in kept] for kept in (ours, official)]  # fmt: skip
    if "ak" in text:
        assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("env", "provider"),
    [
        pytest.param({"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}, "EnvCredentialProvider", id="access key"),
        pytest.param(TEMPORARY_KEY, "EnvCredentialProvider", id="a given temporary key"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, "OidcStsCredentialProvider", id="an issued temporary key"),
    ],
)  # fmt: skip
def test_signed_requests_are_those_of_the_official_signer(
    sdk: SimpleNamespace, both: Both, recorder: Recorder, env: dict[str, str], provider: str
) -> None:
    """The project request equals the SDK's; it and the list are signed as by the SDK."""
    official, ours = both(env, provider)

    def look_up(kept: list[Kept]) -> list[tuple[str, str, str, bytes]]:
        return [(one.method, one.path, one.query, one.body) for one in kept if one.path == "/v3/projects"]

    def secret_of(ak: str) -> str:
        app = recorder.app
        assert isinstance(app, Emulator)
        key = app._identity.issued.key(ak)
        return key.sk if key else {"emulator-ak": "emulator-sk", "temporary-ak": "sk"}[ak]

    assert look_up(ours) == look_up(official) == [("GET", "/v3/projects", f"name={REGION}", b"")]
    signed = [one for one in ours if "authorization" in one.headers]
    assert [one.path for one in signed] == ["/v3/projects", f"/v5/{PROJECT}/image/cicd/images"]
    for one in signed:
        given = one.headers["authorization"]
        (ak,) = re.findall(r"Access=([^,]+),", given)
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        assert ("x-security-token" in names) == (ak != "emulator-ak")
        assert official_signature(sdk, one, names, sdk.credentials.BasicCredentials(ak, secret_of(ak))) == given


def official_signature(sdk: SimpleNamespace, one: Kept, names: list[str], credentials: object) -> str:
    """What the SDK's signer puts into `Authorization` for a request with these headers."""
    query = [tuple(part.split("=")) for part in one.query.split("&")]
    request = sdk.SdkRequest(
        method=one.method,
        schema="http",
        host=one.host,
        resource_path=one.path,
        query_params=query,
        header_params={name: one.headers[name] for name in names},
        body="",
        stream=False,
        signing_algorithm=None,
    )
    signed: str = sdk.Signer(credentials).sign(request).header_params["Authorization"]
    return signed


def test_the_metadata_service_is_asked_in_the_same_words(
    sdk: SimpleNamespace, recorder: Recorder, server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same two calls with the same headers; the SDK is led to the emulator by a proxy."""
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    sdk.provider.MetadataCredentialProvider.get_basic().get_credentials()

    assert bench.play(SCENARIO).check("team/app:1.0", env={"HSSGATE_ECS_AGENCY": "1"}).code == 0

    official = [(one.method, one.host, one.path, metadata_headers(one.headers)) for one in recorder.kept]
    sent = bench.sent[:2]
    assert [(one.method, one.url.host, one.url.path, metadata_headers(one.headers)) for one in sent] == official
    assert [headers["x-metadata-token-ttl-seconds"] for *_, headers in official[:1]] == ["21600"]


def metadata_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers to the metadata service; each emulator issues the same first token."""
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-metadata-")}


@pytest.mark.parametrize(
    ("arguments", "project"),
    [(["--region", REGION], {"name": REGION}), (["--region", REGION, "--project-id", PROJECT], {"id": PROJECT})],
)
def test_a_password_is_sent_as_iam_documents_it(bench: Bench, arguments: list[str], project: dict[str, str]) -> None:
    """The SDK has no such way: the body is that of the manual, KeystoneCreateUserTokenByPassword."""
    ended = bench.play(SCENARIO).run("images", "--endpoint", HERE, *arguments, env=USER)

    user = {"name": "emulator-user", "password": "emulator-password", "domain": {"name": "emulator-domain"}}
    log_in = bench.sent[0]
    assert ended.code == 0
    assert (log_in.method, log_in.url.raw_path) == ("POST", b"/v3/auth/tokens")
    assert json.loads(log_in.content) == {
        "auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
    }
