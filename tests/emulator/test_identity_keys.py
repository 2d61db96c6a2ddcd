"""Issued credentials: HSS accepts them until they expire, for their holder only."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.emulator.identity_client import IdentityClient, key_body, with_value, without
from tests.emulator.wsgi_client import PATH, PROJECT, START, TOKEN

Sign = Callable[..., dict[str, str]]

SECURITY_TOKENS = "/v3.0/OS-CREDENTIAL/securitytokens"
OWN_PROJECT = {"project": {"id": PROJECT}}


def by_password(client: IdentityClient) -> dict[str, Any]:
    """A key for a token of a user."""
    credential: dict[str, Any] = client.exchange(client.log_in().headers["X-Subject-Token"]).json["credential"]
    return credential


def by_iam(client: IdentityClient) -> dict[str, Any]:
    """A key for a token of the federation, as the official client gets it."""
    credential: dict[str, Any] = client.exchange(client.federate().headers["X-Subject-Token"]).json["credential"]
    return credential


def by_sts(client: IdentityClient) -> dict[str, Any]:
    """A key of the agency, with the names of IAM."""
    credentials = client.assume().json["credentials"]
    return {
        "access": credentials["access_key_id"],
        "secret": credentials["secret_access_key"],
        "securitytoken": credentials["security_token"],
        "expires_at": credentials["expiration"],
    }


def by_metadata(client: IdentityClient) -> dict[str, Any]:
    """A key of the agency of the ECS."""
    credential: dict[str, Any] = client.metadata_key(client.metadata_token().body.decode()).json["credential"]
    return credential


every_way = pytest.mark.parametrize("way", [by_password, by_iam, by_sts, by_metadata])


def signed(sign: Sign, client: IdentityClient, key: dict[str, Any], **changes: str) -> dict[str, str]:
    """The headers of a request that is signed with a key now."""
    key = key | changes
    return sign(
        ak=key["access"],
        sk=key["secret"],
        at=client.time.epoch,
        headers={"X-Security-Token": key["securitytoken"]},
    )


@every_way
@pytest.mark.parametrize(("scenario", "lasts"), [("{images: []}", 3600), ("identity: {lifetimes: {key: 30s}}", 30)])
def test_a_key_opens_hss_until_it_ends(
    sign: Sign, way: Callable[[IdentityClient], dict[str, Any]], scenario: str, lasts: float
) -> None:
    """After its expiry time it is refused as by the gateway; its default lifetime is the requested one."""
    client = IdentityClient(scenario)
    key = way(client)
    lasts = 21600 if way is by_metadata and lasts == 3600 else lasts

    ends = datetime.fromisoformat(key["expires_at"]).timestamp()
    client.time.epoch = ends - 0.1
    before = client.status(signed(sign, client, key))
    client.time.epoch = ends
    after = client.refusal(signed(sign, client, key))

    assert ends == START + lasts
    assert (before, after) == (200, (401, "APIGW.0301", "token expires"))


@every_way
def test_each_key_is_another_one(sign: Sign, way: Callable[[IdentityClient], dict[str, Any]]) -> None:
    """With its own secret and security token, and all of them are good."""
    client = IdentityClient("{images: []}")

    keys = [way(client) for _ in range(2)]

    assert [client.status(signed(sign, client, key)) for key in keys] == [200, 200]
    assert all(keys[0][name] != keys[1][name] for name in ("access", "secret", "securitytoken"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"securitytoken": ""}, "ak not exist", id="no-security-token"),
        pytest.param({"securitytoken": "x"}, "decrypt token fail", id="wrong-security-token"),
        pytest.param({"secret": "x"}, "verify aksk signature fail", id="wrong-secret"),
        pytest.param({"access": "HSTX"}, "ak not exist", id="unknown-key"),
    ],
)
def test_a_key_is_only_good_as_a_whole(sign: Sign, changes: dict[str, str], expected: str) -> None:
    """Each part is verified."""
    client = IdentityClient("{images: []}")

    status, code, reason = client.refusal(signed(sign, client, by_iam(client), **changes))

    assert (status, code) == (401, "APIGW.0301")
    assert expected in reason


def test_the_security_token_of_another_key_is_wrong(sign: Sign) -> None:
    """Keys are not mixed."""
    client = IdentityClient("{images: []}")
    one, other = by_iam(client), by_iam(client)

    refused = client.refusal(signed(sign, client, one, securitytoken=other["securitytoken"]))

    assert refused == (401, "APIGW.0301", "decrypt token fail")


def test_the_security_token_has_to_be_signed(sign: Sign) -> None:
    """It is part of the signature; added to a signed request it does not count."""
    client = IdentityClient("{images: []}")
    key = by_iam(client)
    headers = sign(ak=key["access"], sk=key["secret"]) | {"X-Security-Token": key["securitytoken"]}

    assert client.refusal(headers) == (401, "APIGW.0301", "the header X-Security-Token is not signed")


def test_what_follows_the_gateway_shows_a_wrong_secret(sign: Sign) -> None:
    """Its refusal shows the request that it made out, security token included: a client has to keep that back."""
    client = IdentityClient("{images: []}")
    key = by_iam(client)

    reason = client.refusal(signed(sign, client, key, secret="x"))[2]

    assert f"|x-security-token:{key['securitytoken']}|" in reason


def test_five_bad_signatures_lock_a_temporary_key_too(sign: Sign) -> None:
    """A key issued later is not locked."""
    client = IdentityClient("{images: []}")
    key = by_iam(client)
    for _ in range(5):
        client.ask(headers=signed(sign, client, key, secret="wrong"))

    assert "limit,forbidden" in client.refusal(signed(sign, client, key))[2]
    assert client.status(signed(sign, client, by_iam(client))) == 200


def test_a_lock_at_iam_is_a_lock_at_hss(sign: Sign) -> None:
    """Both services share the count of failures."""
    client = IdentityClient("{images: []}")
    for _ in range(5):
        client.ask("/v3/projects", headers=sign(path="/v3/projects", sk="wrong"))

    assert "limit,forbidden" in client.refusal(sign())[2]


def test_a_token_of_a_project_opens_that_project_until_it_ends() -> None:
    """Another project is refused as a token of another region is."""
    client = IdentityClient("identity: {lifetimes: {token: 1h}}")
    reply = client.log_in(OWN_PROJECT)
    headers = {"X-Auth-Token": reply.headers["X-Subject-Token"]}

    own = client.status(headers)
    other = client.ask("/v5/other/image/cicd/images", headers=headers)
    client.time.epoch += 3599.9
    still = client.status(headers)
    client.time.epoch += 0.1
    ended = client.refusal(headers)

    assert reply.json["token"]["expires_at"] == "2026-01-01T01:00:00.000000Z"
    assert (own, still) == (200, 200)
    assert (other.status, other.json["error_code"]) == (401, "APIGW.0307")
    assert ended == (401, "APIGW.0301", "token expires")


@pytest.mark.parametrize("scope", [{"domain": {"name": "emulator-domain"}}, None], ids=["domain", "unscoped"])
def test_a_token_without_a_project_opens_nothing(scope: object) -> None:
    """Neither one of the whole account nor one without a scope."""
    client = IdentityClient("{images: []}")
    reply = client.log_in(scope) if scope else client.federate()

    assert client.refusal({"X-Auth-Token": reply.headers["X-Subject-Token"]}) == (401, "APIGW.0301", "Unauthorized")


def test_a_key_opens_any_project(sign: Sign) -> None:
    """Only tokens have a scope."""
    client = IdentityClient("{images: []}")
    path = PATH.replace(PROJECT, "other")
    key = by_iam(client)

    headers = sign(ak=key["access"], sk=key["secret"], path=path, headers={"X-Security-Token": key["securitytoken"]})

    assert client.ask(path, headers=headers).status == 200


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(b"", "no JSON", id="empty"),
        pytest.param({}, "auth.identity.methods is missing", id="nothing"),
        pytest.param(
            with_value(key_body("emulator-token"), "auth.identity.methods", ["assume_role"]),
            "methods must be token",
            id="another-method",
        ),
        pytest.param(
            without(key_body("x"), "auth.identity.token.id"), "auth.identity.token.id is missing", id="no-token"
        ),
        pytest.param(key_body("emulator-token", 899), "duration_seconds must be", id="too-short"),
        pytest.param(key_body("emulator-token", 86401), "duration_seconds must be", id="too-long"),
        pytest.param(key_body("emulator-token", "900"), "duration_seconds must be", id="a-text"),
        pytest.param(key_body("emulator-token", 900.5), "duration_seconds must be", id="a-fraction"),
        pytest.param(key_body("emulator-token", seconds=True), "duration_seconds must be", id="a-truth"),
    ],
)
def test_an_invalid_request_for_a_key_is_refused(content: object, named: str) -> None:
    """400 in the shape of IAM."""
    reply = IdentityClient("{images: []}").post(SECURITY_TOKENS, content)

    assert (reply.status, reply.json["error"]["code"]) == (400, 400)
    assert named in reply.json["error"]["message"]


@pytest.mark.parametrize(("seconds", "lasts"), [(900, 900), (86400, 86400), (None, 900)])
def test_a_key_lasts_as_long_as_was_asked_for(seconds: object, lasts: float) -> None:
    """Within the range of IAM, whose shortest is the usual."""
    reply = IdentityClient("{images: []}").exchange("emulator-token", seconds)

    assert reply.status == 201
    assert datetime.fromisoformat(reply.json["credential"]["expires_at"]).timestamp() == START + lasts


def test_a_key_needs_a_token_that_is_good() -> None:
    """Unknown, or ended."""
    client = IdentityClient("identity: {lifetimes: {token: 60s}}")
    token = client.federate().headers["X-Subject-Token"]

    statuses = [client.exchange(token).status, client.exchange("流").status]
    client.time.epoch += 60
    reply = client.exchange(token)

    assert statuses == [201, 401]
    assert (reply.status, reply.json["error"]["title"]) == (401, "Unauthorized")
    assert "token expires" in reply.json["error"]["message"]


def test_a_token_in_the_header_beats_that_of_the_body() -> None:
    """As the manual has it."""
    client = IdentityClient("{images: []}")

    statuses = [
        client.post(SECURITY_TOKENS, key_body(body), {"X-Auth-Token": header}).status
        for body, header in (("x", "emulator-token"), ("emulator-token", "x"))
    ]

    assert statuses == [201, 401]


def test_a_token_with_any_characters_is_the_same_in_header_and_body() -> None:
    """Headers are bytes, JSON is text."""
    client = IdentityClient('credentials: [{token: "钥匙"}]')

    assert client.status({"X-Auth-Token": "钥匙".encode().decode("latin-1")}) == 200
    assert client.exchange("钥匙").status == 201


@pytest.mark.parametrize(
    ("deny", "expected"), [pytest.param("gateway", (403, "APIGW.0302"), id="gateway"), ("service", (400, "HSS.0013"))]
)
@pytest.mark.parametrize("whose", ["users", "providers", "agencies", "metadata"])
def test_permission_may_be_denied_to_the_holder_of_a_key(
    sign: Sign, whose: str, deny: str, expected: tuple[int, str]
) -> None:
    """Users, federated users and agencies are recognised by the keys that they were given."""
    entries = {
        "users": "[{name: emulator-user, password: emulator-password, domain: emulator-domain, deny: DENY}]",
        "providers": "[{id: emulator-idp, id_tokens: [emulator-id-token], deny: DENY}]",
        "agencies": '[{urn: "iam::emulator:agency:hssgate", deny: DENY}]',
        "metadata": "{deny: DENY}",
    }
    client = IdentityClient(f"identity: {{{whose}: {entries[whose].replace('DENY', deny)}}}")
    ways = {"users": by_password, "providers": by_iam, "agencies": by_sts, "metadata": by_metadata}
    key = ways[whose](client)

    assert client.refusal(signed(sign, client, key))[:2] == expected
    assert client.status(TOKEN) == 200


def test_requests_are_counted_for_the_holder_of_a_key(sign: Sign) -> None:
    """A new key is no way around the limit."""
    client = IdentityClient("rate_limit: {requests: 2, seconds: 60}")

    statuses = [client.status(signed(sign, client, by_sts(client))) for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert client.status(TOKEN) == 200


def test_the_ends_are_those_of_the_servers_clock(sign: Sign) -> None:
    """For a client whose clock is an hour behind the expiry time looks distant, and it is still refused on time."""
    client = IdentityClient("{clock_skew: 1h, identity: {lifetimes: {key: 30s}}}")
    key = by_iam(client)
    seen = []

    for seconds in (29, 1):
        client.time.epoch += seconds
        headers = {"X-Security-Token": key["securitytoken"]}
        at = client.time.epoch + 3600
        seen.append(client.status(sign(ak=key["access"], sk=key["secret"], at=at, headers=headers)))

    assert key["expires_at"] == "2026-01-01T01:00:30.000000Z"
    assert seen == [200, 401]
