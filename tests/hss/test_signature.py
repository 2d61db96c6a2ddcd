"""The signature is what the gateway computes: public vector, official signer, and what goes over the wire."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hssgate.hss.auth.access_key import SignedAuth
from hssgate.hss.auth.signature import authorization, canonical_request
from hssgate.hss.credentials import AccessKey
from hssgate.hss.query import CicdImagesQuery, encode
from hssgate.hss.secret import Secret
from tests.support.depth import DEPTH
from tests.support.fakes import FakeClock

HOST = "hss.ap-southeast-1.myhuaweicloud.com"
PROJECT = "0123456789abcdef0123456789abcdef"


def test_the_public_vector_of_the_signing_guide() -> None:
    """Source: API Request Signing Guide, the worked example."""
    headers = {
        "Content-Type": "application/json",
        "Host": "service.region.example.com",
        "X-Sdk-Date": "20191115T033655Z",
    }
    query = encode([("limit", 2), ("marker", "13551d6b-755d-4757-b956-536f674975c0")])
    canonical = canonical_request("GET", f"/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?{query}", headers)

    value = authorization(
        canonical,
        ak="QTWAOYTTINDUT2QVKYUC",
        sk="MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
        date="20191115T033655Z",
        signed_headers=headers,
    )

    assert value == (
        "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
    )


@pytest.mark.parametrize(
    ("extra", "signature"),
    [
        pytest.param({}, "1902282452c34a5b14c72b1708baa4c08d575ebbf7b0f7816cb15c1c331728f8", id="host and date"),
        pytest.param(
            {"Content-Type": "application/json", "X-Project-Id": PROJECT, "X-Security-Token": " tok=en "},
            "1f2fd29b43dd0584f1dadd7272dbb294bfbc75a2789b6f0c00ffd7ec12725cd2",
            id="project and temporary key",
        ),
    ],
)
def test_vectors_of_the_official_signer(extra: dict[str, str], signature: str) -> None:
    """Recorded from the official SDK, with everything in the query that wants escaping."""
    headers = {"Host": HOST, "X-Sdk-Date": "20251226T000000Z", **extra}
    query = CicdImagesQuery(
        image_name="team/app one", image_version="v1.0~rc+1", cicd_name="流水线", latest_version=True
    )
    canonical = canonical_request("GET", f"/v5/{PROJECT}/image/cicd/images?{query.encoded()}", headers)

    value = authorization(
        canonical,
        ak="AKEXAMPLE0000000001",
        sk="SKEXAMPLE/+abcdefghijklmnopqrstuvwxyz01",
        date="20251226T000000Z",
        signed_headers=headers,
    )

    assert value.endswith(f"Signature={signature}")


@pytest.fixture(scope="module")
def official_sign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """The official signer; its package writes into the home folder when imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        from huaweicloudsdkcore.sdk_request import SdkRequest
        from huaweicloudsdkcore.signer.signer import Signer

        class Credentials:
            ak = "AK0123456789"
            sk = "SK/+0123456789"

        def sign(host: str, path: str, query: list[tuple[str, Any]], headers: dict[str, str]) -> str:
            request = SdkRequest(
                method="GET", schema="https", host=host, resource_path=path, query_params=query,
                header_params=dict(headers), body="", stream=False, signing_algorithm=None,
            )  # fmt: skip
            signed = Signer(Credentials()).sign(request)
            return f"{signed.header_params['Authorization']} {signed.uri}"

        yield sign


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@pytest.mark.unmeasured
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=DEPTH.examples(200), deadline=None)
@given(
    name=TEXT, version=TEXT, cicd_name=TEXT, offset=st.integers(0, 2_000_000),
    flags=st.tuples(st.booleans() | st.none(), st.booleans() | st.none()), project=st.from_regex(r"[A-Za-z0-9_~.-]{1,40}", fullmatch=True).filter(lambda project: project.strip(".")),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,40}", fullmatch=True), port=st.none() | st.integers(1025, 65535),
)  # fmt: skip
def test_the_official_signer_agrees_on_random_requests(
    official_sign: Callable[..., str], name: str, version: str, cicd_name: str, offset: int,
    flags: tuple[bool | None, bool | None], project: str, token: str | None, port: int | None,
) -> None:  # fmt: skip
    """Query, headers and path as they come: what we sign and send is what the official SDK signs and sends."""
    query = CicdImagesQuery(
        image_name=name, image_version=version, cicd_name=cicd_name, offset=offset, has_vul=flags[0], risky=flags[1]
    )
    key = AccessKey(
        ak="AK0123456789",
        sk=Secret("SK/+0123456789"),
        security_token=Secret(token) if token else None,
        source="test",
    )
    host = f"{HOST}:{port}" if port else HOST
    path = f"/v5/{project}/image/cicd/images"
    request = httpx.Request("GET", f"https://{host}{path}?{query.encoded()}")

    signed = next(SignedAuth(lambda: key, lambda: project, FakeClock()).auth_flow(request))

    headers = {name: signed.headers[name] for name in ("Host", "X-Sdk-Date", "X-Project-Id")}
    if token:
        headers["X-Security-Token"] = token
    pairs = [(name, value) for name, value in asdict(query).items() if value is not None]
    assert f"{signed.headers['Authorization']} {signed.url.raw_path.decode()}" == official_sign(
        host, path, pairs, headers
    )


def test_the_query_goes_over_the_wire_as_it_was_signed() -> None:
    """The URL keeps each byte of the query that was built."""
    encoded = encode([("b", "/ +~%25ü&="), ("a", True), ("B", ""), ("z", 0)])

    assert encoded == "B=&a=true&b=%2F%20%2B~%2525%C3%BC%26%3D&z=0"
    assert httpx.URL(f"https://h/p?{encoded}").raw_path == f"/p?{encoded}".encode()
