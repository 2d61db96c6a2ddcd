"""The metadata service of an ECS."""

import pytest

from tests.emulator.identity_client import METADATA_TOKEN, IdentityClient


def test_a_token_opens_the_key_of_the_agency() -> None:
    """The token is bare text, the key is JSON; neither names the request."""
    client = IdentityClient("{images: []}")

    token = client.metadata_token()
    key = client.metadata_key(token.body.decode())

    assert (token.status, token.headers["Content-Type"]) == (200, "text/plain")
    assert (key.status, set(key.json["credential"])) == (200, {"access", "secret", "securitytoken", "expires_at"})
    assert key.json["credential"]["expires_at"] == "2026-01-01T06:00:00.000000Z"
    assert not {"X-Request-Id", "X-IAM-Trace-Id"} & {*token.headers, *key.headers}


def test_a_token_ends_when_it_was_to_end() -> None:
    """A client then has to ask for another one."""
    client = IdentityClient("{images: []}")
    token = client.metadata_token("60").body.decode()

    client.time.epoch += 59
    before = client.metadata_key(token).status
    client.time.epoch += 1
    after = client.metadata_key(token)

    assert (before, after.status) == (200, 401)
    assert b"agency" not in after.body.lower()


@pytest.mark.parametrize("token", [None, "", "unknown"])
def test_without_a_token_there_is_no_key(token: str | None) -> None:
    """A request that somebody was tricked into has none."""
    assert IdentityClient("{images: []}").metadata_key(token).status == 401


@pytest.mark.parametrize("seconds", ["0", "21601", "-1", "x", "", "9" * 400])
def test_the_life_of_a_token_has_its_range(seconds: str) -> None:
    """One second to six hours."""
    assert IdentityClient("{images: []}").metadata_token(seconds).status == 400


def test_the_lifetime_of_a_token_is_required() -> None:
    """The header is what a forged request cannot have."""
    assert IdentityClient("{images: []}").ask(METADATA_TOKEN, method="PUT", headers={}).status == 400


@pytest.mark.parametrize("status", [404, 405, 503])
def test_where_there_are_no_tokens_none_is_needed(status: int) -> None:
    """Older machines know none; any that is sent all the same does no harm."""
    client = IdentityClient(f"identity: {{metadata: {{no_token_service: {status}}}}}")

    assert client.metadata_token().status == status
    assert [client.metadata_key(token).status for token in (None, "x")] == [200, 200]


def test_without_an_agency_there_is_no_key() -> None:
    """The words are those by which the official client tells it from a token that has ended."""
    client = IdentityClient("identity: {metadata: {agency: false}}")

    reply = client.metadata_key(client.metadata_token().body.decode())

    assert reply.status == 401
    assert b"Please configure Cloud Service Agency first" in reply.body


def test_where_there_is_no_service_nothing_is_found() -> None:
    """Neither token nor key."""
    client = IdentityClient("identity: {metadata: {enabled: false}}")

    assert (client.metadata_token().status, client.metadata_key().status) == (404, 404)


def test_a_token_of_the_metadata_service_is_invalid_at_iam() -> None:
    """And the other way round."""
    client = IdentityClient("{images: []}")

    assert client.status({"X-Auth-Token": client.metadata_token().body.decode()}) == 401
    assert client.metadata_key(client.log_in().headers["X-Subject-Token"]).status == 401
