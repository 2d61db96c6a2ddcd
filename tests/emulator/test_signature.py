"""The emulator's own recomputation of signatures, against published vectors."""

import hashlib

import pytest

from hssgate.emulator.messages import Request
from hssgate.emulator.signature import canonical_request, read_claim, signature

AK = "AKEXAMPLE0000000001"
SK = "SKEXAMPLE/+abcdefghijklmnopqrstuvwxyz01"
HOST = "hss.ap-southeast-1.myhuaweicloud.com"
PROJECT = "0123456789abcdef0123456789abcdef"
QUERY = (
    "cicd_name=%E6%B5%81%E6%B0%B4%E7%BA%BF&image_name=team%2Fapp%20one&image_version=v1.0~rc%2B1"
    "&latest_version=true&limit=200&offset=0&sort_dir=desc&sort_key=latest_scan_time"
)


def test_the_vector_of_the_signing_guide_is_met() -> None:
    """The example of Huawei's guide gives the published hash and signature."""
    call = Request(
        method="GET",
        path="/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
        query="limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        headers={
            "content-type": "application/json",
            "host": "service.region.example.com",
            "x-sdk-date": "20191115T033655Z",
        },
        body=b"",
    )

    canonical = canonical_request(call, ("content-type", "host", "x-sdk-date"))

    assert hashlib.sha256(canonical).hexdigest() == "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
    assert (
        signature(canonical, sk="MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc", date="20191115T033655Z")
        == "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
    )


@pytest.mark.parametrize(
    ("signed", "canonical_hash", "expected"),
    [
        pytest.param(
            ("host", "x-sdk-date"),
            "42424dcc3706f1021771560f1d2d493c875d494585b1b22b82177e4ff34ae42c",
            "1902282452c34a5b14c72b1708baa4c08d575ebbf7b0f7816cb15c1c331728f8",
            id="host-and-date",
        ),
        pytest.param(
            ("content-type", "host", "x-project-id", "x-sdk-date", "x-security-token"),
            "7b1812c4f5d6cae9797e44c0d78050d8b6208dd47fc002bbd0be7b06ea32af78",
            "1f2fd29b43dd0584f1dadd7272dbb294bfbc75a2789b6f0c00ffd7ec12725cd2",
            id="temporary-key",
        ),
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        pytest.param(QUERY, id="as-the-client-sends-it"),
        pytest.param("&".join(reversed(QUERY.split("&"))), id="in-another-order"),
        pytest.param(QUERY.replace("%2F", "/").replace("~", "%7e").replace("%E6", "%e6"), id="encoded-otherwise"),
    ],
)
def test_the_vectors_of_the_official_signer_are_met(
    signed: tuple[str, ...], canonical_hash: str, expected: str, query: str
) -> None:
    """Chinese text, blanks, slashes and pluses are encoded as the official signer does, however they were sent."""
    call = Request(
        method="GET",
        path=f"/v5/{PROJECT}/image/cicd/images",
        query=query,
        headers={
            "host": HOST,
            "x-sdk-date": "20251226T000000Z",
            "content-type": "application/json",
            "x-project-id": PROJECT,
            "x-security-token": " tok=en ",
            "my-hdr": "not signed",
        },
        body=b"",
    )

    canonical = canonical_request(call, signed)

    assert hashlib.sha256(canonical).hexdigest() == canonical_hash
    assert signature(canonical, sk=SK, date="20251226T000000Z") == expected


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        pytest.param(b"", {}, hashlib.sha256(b"").hexdigest(), id="no-body"),
        pytest.param(b"{}", {}, hashlib.sha256(b"{}").hexdigest(), id="body"),
        pytest.param(b"x", {"x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}, "UNSIGNED-PAYLOAD", id="hash-in-header"),
        pytest.param(
            b"", {"x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}, hashlib.sha256(b"").hexdigest(), id="hash-without-body"
        ),
    ],
)
def test_the_last_line_is_the_hash_of_the_body(body: bytes, headers: dict[str, str], expected: str) -> None:
    """The header `X-Sdk-Content-Sha256` replaces the hash where there is a body."""
    call = Request("POST", "/", "", headers, body)

    assert canonical_request(call, ("host",)).decode().splitlines()[-1] == expected


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        pytest.param("/v5/a%2Fb%20c", "", ["/v5/a/b%20c/", ""], id="path-decoded-before-it-is-split"),
        pytest.param("/v5/", "flag&empty=", ["/v5/", "empty=&flag="], id="values-missing-or-empty"),
        pytest.param("/", "b=2&B=1&a=2&a=1", ["/", "B=1&a=1&a=2&b=2"], id="upper-case-first-values-sorted"),
        pytest.param("/", "a=1=2", ["/", "a=1%3D2"], id="first-equals-sign-parts"),
        pytest.param("/", "a=%ff%zz", ["/", "a=%FF%25zz"], id="bytes-that-are-no-text"),
    ],
)
def test_path_and_query_are_brought_into_one_form(path: str, query: str, expected: list[str]) -> None:
    """Decoded, sorted and encoded again, from any encoding."""
    assert canonical_request(Request("GET", path, query, {}, b""), ()).decode().split("\n")[1:3] == expected


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("", id="empty"),
        pytest.param("Bearer x", id="other-scheme"),
        pytest.param(f"V11-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature={'0' * 64}", id="derived"),
        pytest.param(f"SDK-HMAC-SHA256 Access=a, Signature={'0' * 64}", id="no-signed-headers"),
        pytest.param("SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00", id="short-signature"),
    ],
)
def test_a_header_of_another_form_is_no_claim(authorization: str) -> None:
    """Only SDK-HMAC-SHA256 in its documented form is read."""
    assert read_claim(authorization) is None


def test_a_claim_has_its_three_parts() -> None:
    """Key, signed headers and signature are parsed with or without blanks."""
    claim = read_claim(f"SDK-HMAC-SHA256 Access={AK},SignedHeaders=host;x-sdk-date, Signature={'a' * 64}")

    assert claim is not None
    assert (claim.ak, claim.signed_headers, claim.signature) == (AK, ("host", "x-sdk-date"), "a" * 64)
