"""The official client, kept away from the home folder, and servers for it."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from hssgate.emulator.server import Server, serve
from tests.conftest import GUARD
from tests.emulator.wsgi_client import PATH, PROJECT, START, Client


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The names of the official client that the tests use; importing it writes into the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        with GUARD.lifted():  # urllib3 asks a socket about IPv6 when it is imported
            from huaweicloudsdkcore.auth.credentials import BasicCredentials
            from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
            from huaweicloudsdkcore.sdk_request import SdkRequest
            from huaweicloudsdkcore.signer.signer import Signer
            from huaweicloudsdkhss import v5

        yield SimpleNamespace(
            BasicCredentials=BasicCredentials,
            ClientRequestException=ClientRequestException,
            SdkRequest=SdkRequest,
            Signer=Signer,
            HssClient=v5.HssClient,
            ListCicdImagesRequest=v5.ListCicdImagesRequest,
            ListImageVulnerabilitiesRequest=v5.ListImageVulnerabilitiesRequest,
            ListVulnerabilityCveRequest=v5.ListVulnerabilityCveRequest,
            ListGeneralImageVulsRequest=v5.ListGeneralImageVulsRequest,
            ListImageMalwareRequest=v5.ListImageMalwareRequest,
            ListImageSensitiveRequest=v5.ListImageSensitiveRequest,
            ListCheckRulesInfoRequest=v5.ListCheckRulesInfoRequest,
            ListCicdConfigurationsRequest=v5.ListCicdConfigurationsRequest,
            ShowImagePayPerScanStatisticsRequest=v5.ShowImagePayPerScanStatisticsRequest,
        )


@pytest.fixture
def served() -> Iterator[Callable[[Client], Server]]:
    """Serve the emulator of a client until the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda client: stack.enter_context(serve(client.emulator))


@pytest.fixture
def sign(sdk: SimpleNamespace) -> Callable[..., dict[str, str]]:
    """Sign with the official client's signer, and return the headers."""

    def signed(
        *,
        ak: str = "emulator-ak",
        sk: str = "emulator-sk",
        at: float = START,
        path: str = PATH,
        query: list[tuple[str, object]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, str]:
        date = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        request = sdk.SdkRequest(
            method="GET",
            schema="http",
            host="127.0.0.1",
            resource_path=path,
            uri=path,
            query_params=query or [],
            header_params={"X-Sdk-Date": date, "Host": "127.0.0.1"} | (headers or {}),
            body=None,
        )
        result: dict[str, str] = sdk.Signer(sdk.BasicCredentials(ak, sk)).sign(request).header_params
        return result

    return signed


@pytest.fixture
def sdk_client(sdk: SimpleNamespace) -> Callable[..., object]:
    """Make an official client for a server."""

    def make(server: Server, ak: str = "emulator-ak", sk: str = "emulator-sk") -> object:
        credentials = sdk.BasicCredentials(ak, sk, PROJECT)
        return sdk.HssClient.new_builder().with_credentials(credentials).with_endpoint(server.url).build()

    return make
