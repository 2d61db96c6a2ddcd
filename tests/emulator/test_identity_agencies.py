"""STS and GitHub: id tokens, and the agency that is assumed with them."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

import pytest

from tests.emulator.identity_client import AGENCY, PROVIDER, IdentityClient, agency_body, without
from tests.emulator.wsgi_client import START, Reply

ASSUME = "/v5/agencies/assume-with-oidc"


def shown(reply: Reply) -> tuple[int, str, str]:
    """Status, code and message of an error as STS has it."""
    assert {"error_code", "error_msg", "request_id"} <= set(reply.json)
    assert reply.json["request_id"] == reply.headers["X-Request-Id"]
    return reply.status, reply.json["error_code"], reply.json["error_msg"]


def claims_of(token: str) -> dict[str, Any]:
    """What a JSON Web Token claims."""
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def test_an_id_token_gives_a_session_of_the_agency() -> None:
    """The response has a key for an hour, and the subject of the token."""
    client = IdentityClient("{images: []}")

    reply = client.assume(id_token=client.id_token())

    also_shown = dict(reply.json)
    credentials, agency = also_shown.pop("credentials"), also_shown.pop("assumed_agency")
    assert reply.status == 200
    assert len(credentials["access_key_id"]) == 20
    assert len(credentials["secret_access_key"]) == 40
    assert len(credentials["security_token"]) > 1000
    assert credentials["expiration"] == "2026-01-01T01:00:00.000Z"
    assert agency["urn"] == "sts::emulator:assumed-agency:hssgate/job-1"
    assert also_shown == {
        "subject_from_id_token": "repo:emulator/hssgate:ref:refs/heads/main",
        "audience": "emulator-audience",
        "provider": PROVIDER,
    }


def test_literal_id_tokens_are_taken_as_they_are() -> None:
    """They need no signature and never end: tests of other CI systems have no other."""
    client = IdentityClient("{images: []}")
    client.time.epoch += 1e6

    reply = client.assume()

    assert (reply.status, reply.json["subject_from_id_token"]) == (200, "emulator-subject")
    assert reply.json["audience"] == "emulator-audience"


@pytest.mark.parametrize(
    ("seconds", "longest", "expected"),
    [
        pytest.param(900, "1h", 900, id="shortest"),
        pytest.param(3600, "1h", 3600, id="as-long-as-the-agency-allows"),
        pytest.param(3601, "1h", None, id="longer-than-the-agency-allows"),
        pytest.param(43200, "12h", 43200, id="longest"),
        pytest.param(None, "1h", 3600, id="usual"),
        pytest.param(None, "30m", None, id="usual-that-is-too-long"),
        pytest.param(899, "12h", None, id="too-short"),
        pytest.param(43201, "24h", None, id="too-long"),
        pytest.param("900", "12h", None, id="a-text"),
    ],
)
def test_a_session_lasts_as_long_as_was_asked_for(seconds: object, longest: str, expected: float | None) -> None:
    """900 to 43,200 seconds, and no longer than the agency allows."""
    client = IdentityClient(f'identity: {{agencies: [{{urn: "{AGENCY}", max_session_duration: {longest}}}]}}')

    reply = client.assume(duration_seconds=seconds)

    if expected is None:
        assert shown(reply)[:2] == (400, "STS5.0010")
        assert "duration_seconds" in reply.json["error_msg"]
    else:
        ends = datetime.fromisoformat(reply.json["credentials"]["expiration"]).timestamp()
        assert ends == START + expected


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(b"", "no JSON", id="empty"),
        pytest.param(b'"x"', "no JSON object", id="a-text"),
        *[
            pytest.param(without(agency_body(), name), f"{name} is missing", id=f"no-{name}")
            for name in ("provider_urn", "agency_urn", "agency_session_name", "id_token")
        ],
        pytest.param(
            agency_body(agency_session_name="x"), "length of agency_session_name", id="session-name-too-short"
        ),
        pytest.param(agency_body(agency_session_name="x" * 129), "length of agency_session_name", id="too-long"),
        pytest.param(agency_body(agency_session_name=None), "agency_session_name is missing", id="null"),
        pytest.param(agency_body(id_token="abc"), "length of id_token", id="id-token-too-short"),
        pytest.param(agency_body(policy={}), "policy is no text", id="policy-that-is-an-object"),
        pytest.param(agency_body(policy_ids="x"), "policy_ids is no list of texts", id="one-policy-id"),
    ],
)
def test_an_invalid_request_is_refused_by_sts(content: object, named: str) -> None:
    """400 in the shape of STS, naming the key and never a value."""
    reply = IdentityClient("{images: []}").post(ASSUME, content)

    assert shown(reply)[:2] == (400, "STS5.0010")
    assert named in reply.json["error_msg"]
    assert "emulator-id-token" not in reply.body.decode()


def test_a_policy_is_taken() -> None:
    """As text and by ids."""
    assert IdentityClient("{images: []}").assume(policy="{}", policy_ids=["NoSuchPolicy"]).status == 200


def test_an_unknown_provider_is_an_error() -> None:
    """404 with a code of STS."""
    reply = IdentityClient("{images: []}").assume(provider_urn="iam::emulator:oidcProvider:other")

    assert shown(reply)[:2] == (404, "STS5.0004")


def test_an_unknown_agency_is_a_denial_that_only_the_account_can_read() -> None:
    """403, and the reason in a form to be deciphered."""
    reply = IdentityClient("{images: []}").assume(agency_urn="iam::emulator:agency:other")

    assert shown(reply)[:2] == (403, "STS5.0001")
    assert len(reply.json["encoded_authorization_message"]) == 128


def tampered(token: str) -> dict[str, str]:
    """Forged variants of a valid token, by the kind of change."""
    header, payload, signature = token.split(".")
    claims = claims_of(token) | {"sub": "repo:other/other:ref:refs/heads/main"}
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    forged = hmac.new(b"guessed", f"{header}.{payload}".encode(), hashlib.sha256).digest()
    return {
        "changed": f"{header}.{changed}.{signature}",
        "unsigned": f"{unsigned}.{payload}.",
        "forged": f"{header}.{payload}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}",
        "cut": token[:-1],
        "without-signature": f"{header}.{payload}",
        "no-token": "none",
        "half-a-character": "\ud800\ud800.x.y",
        "longer": f"{token}.{signature}",
    }


@pytest.mark.parametrize(
    "how",
    ["changed", "unsigned", "forged", "cut", "without-signature", "no-token", "half-a-character", "longer"],
)
def test_a_token_that_github_did_not_sign_is_refused(how: str) -> None:
    """By STS and by the federation of IAM."""
    client = IdentityClient("{images: []}")
    token = tampered(client.id_token())[how]

    by_sts, by_iam = client.assume(id_token=token), client.federate(token)

    assert shown(by_sts) == (400, "STS5.0011", "invalid id token: its signature cannot be verified")
    assert (by_iam.status, by_iam.json["error"]["message"]) == (
        401,
        "The id token is invalid: its signature cannot be verified",
    )


def test_an_id_token_ends_after_minutes() -> None:
    """An exchange has to come early; the session that it gave lives on."""
    client = IdentityClient("{images: []}")
    token = client.id_token()
    client.time.epoch += 299

    in_time = [client.assume(id_token=token).status, client.federate(token).status]
    client.time.epoch += 1
    late = client.assume(id_token=token)

    assert in_time == [200, 201]
    assert shown(late) == (400, "STS5.0011", "invalid id token: it has expired")
    assert client.federate(token).status == 401


def test_the_life_of_id_tokens_is_the_scenarios() -> None:
    """A test need not wait for minutes."""
    client = IdentityClient("identity: {lifetimes: {id_token: 10s}}")
    token = client.id_token()

    client.time.epoch += 10

    assert client.assume(id_token=token).status == 400


@pytest.mark.parametrize(
    ("query", "audience", "expected"),
    [
        pytest.param("api-version=2.0&audience=emulator-audience", "emulator-audience", 200, id="asked-for"),
        pytest.param("api-version=2.0&audience=https%3A%2F%2Fa%20b", "https://a b", 400, id="another-one"),
        pytest.param("api-version=2.0", "https://github.com/emulator", 200, id="none"),
        pytest.param("api-version=2.0&audience=", "https://github.com/emulator", 200, id="empty"),
    ],
)
def test_an_id_token_is_meant_for_the_audience_that_was_asked_for(query: str, audience: str, expected: int) -> None:
    """The default audience is the owner of the repository, which the provider does not accept."""
    client = IdentityClient("{images: []}")

    token = client.github(query).json["value"]
    reply = client.assume(id_token=token)

    assert claims_of(token)["aud"] == audience
    assert reply.status == expected
    assert expected == 200 or "audience is none of the provider's client ids" in reply.json["error_msg"]
    assert client.federate(token).status == (201 if expected == 200 else 401)


def test_a_provider_may_have_several_audiences() -> None:
    """Each is one of its client ids, and the response has the one used."""
    scenario = f'identity: {{providers: [{{urn: "{PROVIDER}", audiences: [a, "https://github.com/emulator"]}}]}}'
    client = IdentityClient(scenario)

    audiences = [client.assume(id_token=client.github(query).json["value"]).json["audience"] for query in (
        "api-version=2.0&audience=a", "api-version=2.0",
    )]  # fmt: skip

    assert audiences == ["a", "https://github.com/emulator"]


def test_github_gives_a_signed_token_with_its_claims() -> None:
    """Short-lived, of GitHub's issuer, another one each time."""
    client = IdentityClient("{images: []}")

    reply = client.github()

    token = reply.json["value"]
    claims = claims_of(token)
    assert (reply.status, reply.json["count"]) == (200, len(token))
    assert (claims["iss"], claims["sub"]) == (
        "https://token.actions.githubusercontent.com",
        "repo:emulator/hssgate:ref:refs/heads/main",
    )
    assert (claims["iat"], claims["exp"]) == (START, START + 300)
    assert client.github().json["value"] != token


@pytest.mark.parametrize(
    ("query", "authorization", "expected"),
    [
        pytest.param("api-version=2.0", "bearer emulator-request-token", 200, id="scheme-in-lower-case"),
        pytest.param("api-version=2.0", "Bearer other", 401, id="another-token"),
        pytest.param("api-version=2.0", "emulator-request-token", 401, id="no-scheme"),
        pytest.param("api-version=2.0", "Basic emulator-request-token", 401, id="another-scheme"),
        pytest.param("audience=a", "Bearer emulator-request-token", 400, id="no-version"),
        pytest.param("api-version=2.0?audience=a", "Bearer emulator-request-token", 400, id="second-question-mark"),
        pytest.param("api-version=1.0", "Bearer emulator-request-token", 400, id="another-version"),
        pytest.param("api-version=2.0&audience=a&audience=b", "Bearer emulator-request-token", 400, id="two-audiences"),
    ],
)
def test_github_wants_the_request_token_and_its_own_address(query: str, authorization: str, expected: int) -> None:
    """An audience is appended to the given URL and does not replace its query."""
    reply = IdentityClient("{images: []}").github(query, authorization)

    assert reply.status == expected
    assert expected == 200 or set(reply.json) == {"message"}


def test_github_without_a_request_token_is_refused() -> None:
    """The header has to be there."""
    client = IdentityClient("identity: {github_request_token: other}")

    assert client.ask("/_emulator/github/token", query="api-version=2.0", headers={}).status == 401
    assert client.github().status == 401
    assert client.github(authorization="Bearer other").status == 200


def test_a_provider_is_known_by_its_id_or_by_its_urn() -> None:
    """IAM v3 uses the id, STS v5 the URN."""
    client = IdentityClient(
        'identity: {providers: [{id: a, id_tokens: [token-a]}, {urn: "iam::0:oidcProvider:b", id_tokens: [token-b]}]}'
    )

    assert client.federate("token-a", "a").status == 201
    assert client.federate("token-b", "a").status == 401
    assert client.assume(provider_urn="iam::0:oidcProvider:b", id_token="token-b").status == 200
    assert client.assume(provider_urn="a", id_token="token-a").status == 404
