"""The official client comes in by itself: every way that its core has, over a real socket and unchanged."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hssgate.emulator.server import Server
from tests.emulator.identity_client import AGENCY, PROVIDER, IdentityClient
from tests.emulator.wsgi_client import PROJECT, Client

pytestmark = pytest.mark.real

ONE_IMAGE = "images: [{image_name: app, scan_status: success}]\n"
Play = Callable[..., Any]


@pytest.fixture
def core(sdk: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The parts of the client's core that are about identities; its cache of projects is as it was, afterwards."""
    from huaweicloudsdkcore.auth import credentials, internal, provider
    from huaweicloudsdkcore.exceptions.exceptions import SdkException
    from huaweicloudsdkcore.region.region import Region

    cache = credentials.Credentials._CACHE
    cache.clear()
    yield SimpleNamespace(
        BasicCredentials=sdk.BasicCredentials,
        ClientRequestException=sdk.ClientRequestException,
        SdkException=SdkException,
        Region=Region,
        FederalAccessor=internal.FederalAccessor,
        MetadataAccessor=internal.MetadataAccessor,
        OidcStsAccessor=internal.OidcStsAccessor,
        EnvCredentialProvider=provider.EnvCredentialProvider,
        OidcStsCredentialProvider=provider.OidcStsCredentialProvider,
        MetadataCredentialProvider=provider.MetadataCredentialProvider,
    )
    cache.clear()


@pytest.fixture
def play(served: Callable[[Client], Server], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Any, Server]]:
    """Serve a scenario, and lead the client's variables to it; the emulator's time is the real one at the start."""

    def start(scenario: str = "") -> tuple[IdentityClient, Server]:
        client = IdentityClient(ONE_IMAGE + scenario)
        client.time.epoch = time.time()
        server = served(client)
        monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", server.url)
        monkeypatch.setenv("HUAWEICLOUD_SDK_STS_ENDPOINT", server.url)
        return client, server

    return start


@pytest.fixture
def names(sdk: SimpleNamespace, core: SimpleNamespace) -> Callable[..., list[str]]:
    """List images with credentials, in a region where the client has to find the project itself."""

    def listed(server: Server, credentials: object, region: str = "ap-southeast-1") -> list[str]:
        builder = sdk.HssClient.new_builder().with_credentials(credentials)
        client = builder.with_region(core.Region(region, server.url)).build()
        return [row.image_name for row in client.list_cicd_images(sdk.ListCicdImagesRequest()).data_list]

    return listed


def paths(client: Client) -> list[str]:
    """What was asked of the emulator, without the project."""
    return [request.path.replace(PROJECT, "P") for request in client.emulator.requests]


def test_the_project_of_a_region_is_found(core: SimpleNamespace, play: Play, names: Play) -> None:
    """By a signed request; HSS is then asked for that project."""
    client, server = play(f"identity: {{regions: {{ap-southeast-1: [{PROJECT}]}}}}")

    assert names(server, core.BasicCredentials("emulator-ak", "emulator-sk")) == ["app"]
    assert paths(client) == ["/v3/projects", "/v5/P/image/cicd/images"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        pytest.param("[]", "Failed to get project id of region", id="none"),
        ("[a, b]", "Multiple project ids found: [a,b]"),
    ],
)
def test_a_region_without_one_project_is_the_clients_error(
    core: SimpleNamespace, play: Play, names: Play, ids: str, message: str
) -> None:
    """None, or several; the client tells the trace id of IAM."""
    client, server = play(f"identity: {{regions: {{ap-southeast-1: {ids}}}}}")

    with pytest.raises(core.SdkException) as caught:
        names(server, core.BasicCredentials("emulator-ak", "emulator-sk"))

    assert message in caught.value.error_msg
    assert "X-IAM-Trace-Id=None" not in caught.value.error_msg
    assert paths(client) == ["/v3/projects"]


def test_a_wrong_secret_gets_an_iam_error(core: SimpleNamespace, play: Play, names: Play) -> None:
    """The client finds code and message in the nested error."""
    _, server = play()

    with pytest.raises(core.SdkException, match="verify aksk signature fail") as caught:
        names(server, core.BasicCredentials("emulator-ak", "wrong"))

    assert "401" in str(caught.value)


def test_an_agency_is_assumed_by_a_token_of_github(core: SimpleNamespace, play: Play, names: Play) -> None:
    """The client exchanges the id token, finds the project and asks HSS with the temporary key."""
    client, server = play(f"identity: {{regions: {{ap-southeast-1: [{PROJECT}]}}}}")
    credentials = core.BasicCredentials()
    credentials.sts_accessor = core.OidcStsAccessor(
        PROVIDER, AGENCY, client.id_token(), agency_session_name="job-1", policy="{}", policy_ids=["p"]
    )

    assert names(server, credentials) == ["app"]
    assert paths(client)[1:] == ["/v5/agencies/assume-with-oidc", "/v3/projects", "/v5/P/image/cicd/images"]
    assert credentials.ak.startswith("HST")


def test_an_agency_is_assumed_from_the_environment(
    core: SimpleNamespace, play: Play, names: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables are the ones that the emulator tells on start."""
    _, server = play()
    monkeypatch.setenv("HUAWEICLOUD_OIDC_PROVIDER_URN", PROVIDER)
    monkeypatch.setenv("HUAWEICLOUD_OIDC_AGENCY_URN", AGENCY)
    monkeypatch.setenv("HUAWEICLOUD_OIDC_ID_TOKEN", "emulator-id-token")

    assert names(server, core.OidcStsCredentialProvider.get_basic().get_credentials()) == ["app"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"agency_urn": "iam::emulator:agency:other"}, "STS5.0001", id="agency"),
        pytest.param({"provider_urn": "iam::emulator:oidcProvider:other"}, "STS5.0004", id="provider"),
        pytest.param({"id_token": "other"}, "STS5.0011", id="id-token"),
        pytest.param({"duration_seconds": 43200}, "STS5.0010", id="duration"),
        pytest.param({"agency_session_name": None}, "agency_session_name is missing", id="session"),
    ],
)
def test_a_refused_agency_is_the_clients_error(
    core: SimpleNamespace, play: Play, names: Play, changes: dict[str, object], message: str
) -> None:
    """With the code of STS, its message and the request id."""
    _, server = play()
    given = {
        "provider_urn": PROVIDER,
        "agency_urn": AGENCY,
        "id_token": "emulator-id-token",
        "agency_session_name": "job-1",
    }
    credentials = core.BasicCredentials(project_id=PROJECT)
    credentials.sts_accessor = core.OidcStsAccessor(**(given | changes))

    with pytest.raises(core.SdkException, match="failed to get credential from oidc sts") as caught:
        names(server, credentials)

    assert message in str(caught.value)
    assert ("encoded_authorization_message:None" in str(caught.value)) == ("agency_urn" not in changes)


def test_a_federated_user_comes_in(
    core: SimpleNamespace, play: Play, names: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Id token, token without a scope, temporary key for six hours, project, HSS."""
    client, server = play(f"identity: {{regions: {{ap-southeast-1: [{PROJECT}]}}}}")
    (tmp_path / "id-token").write_text("emulator-id-token\n")
    monkeypatch.setenv("HUAWEICLOUD_SDK_IDP_ID", "emulator-idp")
    monkeypatch.setenv("HUAWEICLOUD_SDK_ID_TOKEN_FILE", str(tmp_path / "id-token"))

    credentials = core.EnvCredentialProvider.get_basic().get_credentials()

    assert isinstance(credentials.sts_accessor, core.FederalAccessor)
    assert names(server, credentials) == ["app"]
    assert paths(client) == [
        "/v3.0/OS-AUTH/id-token/tokens",
        "/v3.0/OS-CREDENTIAL/securitytokens",
        "/v3/projects",
        "/v5/P/image/cicd/images",
    ]
    assert credentials._expired_at - client.time.epoch == pytest.approx(21600, abs=1)


@pytest.mark.parametrize(
    ("idp", "id_token", "status"), [("other", "emulator-id-token", 404), ("emulator-idp", "other", 401)]
)
def test_a_refused_federation_is_the_clients_error(
    core: SimpleNamespace, play: Play, names: Play, tmp_path: Path, idp: str, id_token: str, status: int
) -> None:
    """With the code and the message of IAM."""
    _, server = play()
    path = tmp_path / "id-token"
    path.write_text(id_token)
    credentials = core.BasicCredentials(project_id=PROJECT).with_idp_id(idp).with_id_token_file(str(path))

    with pytest.raises(core.ClientRequestException) as caught:
        names(server, credentials)

    assert (caught.value.status_code, caught.value.error_code) == (status, status)


@pytest.fixture
def on_an_ecs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], None]:
    """The address of the metadata service leads to a server, as a proxy, for the client has it built in."""

    def lead(server: Server) -> None:
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", server.url)

    return lead


@pytest.mark.parametrize("metadata", ["{}", *(f"{{no_token_service: {status}}}" for status in (404, 405, 503))])
def test_the_agency_of_an_ecs_comes_in(
    sdk: SimpleNamespace, core: SimpleNamespace, play: Play, on_an_ecs: Callable[[Server], None], metadata: str
) -> None:
    """With a token of the metadata service, or without one where it has none."""
    client, server = play(f"identity: {{metadata: {metadata}}}")
    on_an_ecs(server)

    credentials = core.MetadataCredentialProvider.get_basic().get_credentials().with_project_id(PROJECT)
    hss = sdk.HssClient.new_builder().with_credentials(credentials).with_endpoint(server.url).build()

    assert hss.list_cicd_images(sdk.ListCicdImagesRequest()).total_num == 1
    assert paths(client) == ["/meta-data/latest/api/token", "/openstack/latest/securitykey", "/v5/P/image/cicd/images"]


def test_a_token_of_the_metadata_service_that_ended_is_renewed(
    core: SimpleNamespace, play: Play, on_an_ecs: Callable[[Server], None]
) -> None:
    """The client takes the 401 for what it is, asks for another token and gets its key."""
    client, server = play()
    on_an_ecs(server)
    accessor = core.MetadataAccessor()
    first = accessor.get_credential()
    client.time.epoch += 21600

    second = accessor.get_credential()

    assert first.access != second.access
    assert [request.status for request in client.emulator.requests] == [200, 200, 401, 200, 200]


def test_an_ecs_without_an_agency_is_the_clients_error(
    core: SimpleNamespace, play: Play, on_an_ecs: Callable[[Server], None]
) -> None:
    """The client does not ask again: it knows the words."""
    client, server = play("identity: {metadata: {agency: false}}")
    on_an_ecs(server)

    with pytest.raises(core.ClientRequestException, match="Please configure Cloud Service Agency first"):
        core.MetadataAccessor().get_credential()

    assert [request.status for request in client.emulator.requests] == [200, 401]


def test_a_key_that_ends_early_is_renewed_by_the_client(core: SimpleNamespace, play: Play, names: Play) -> None:
    """Each request of the client finds its key about to end, and exchanges the id token anew."""
    client, server = play("identity: {lifetimes: {key: 30s}}")
    credentials = core.BasicCredentials(project_id=PROJECT)
    credentials.sts_accessor = core.OidcStsAccessor(PROVIDER, AGENCY, "emulator-id-token", agency_session_name="job-1")

    assert [names(server, credentials) for _ in range(2)] == [["app"], ["app"]]
    assert paths(client) == ["/v5/agencies/assume-with-oidc", "/v5/P/image/cicd/images"] * 2


def test_a_key_that_ended_is_the_clients_error(core: SimpleNamespace, play: Play, names: Play) -> None:
    """Handed over by hand it is not renewed, and the gateway refuses it."""
    client, server = play("identity: {lifetimes: {key: 30s}}")
    key = client.exchange("emulator-token").json["credential"]
    credentials = core.BasicCredentials(key["access"], key["secret"], PROJECT)
    credentials.with_security_token(key["securitytoken"])

    before = names(server, credentials)
    client.time.epoch += 30
    with pytest.raises(core.ClientRequestException, match="token expires") as caught:
        names(server, credentials)

    assert before == ["app"]
    assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")


@pytest.mark.parametrize("security_token", [None, "wrong"])
def test_a_key_without_its_security_token_is_the_clients_error(
    core: SimpleNamespace, play: Play, names: Play, security_token: str | None
) -> None:
    """Missing or wrong."""
    client, server = play()
    key = client.exchange("emulator-token").json["credential"]
    credentials = core.BasicCredentials(key["access"], key["secret"], PROJECT)
    if security_token:
        credentials.with_security_token(security_token)

    with pytest.raises(core.ClientRequestException) as caught:
        names(server, credentials)

    assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
