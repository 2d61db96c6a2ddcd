"""IAM: tokens for passwords and id tokens, and the projects of a region."""

import json
from typing import Any

import pytest

from tests.emulator.identity_client import IdentityClient, password_body, with_value, without
from tests.emulator.wsgi_client import Reply

TOKENS = "/v3/auth/tokens"
FEDERATION = "/v3.0/OS-AUTH/id-token/tokens"
SEVERAL = "identity: {regions: {one: [p1], several: [p2, p3], none: []}}"


def shown(reply: Reply) -> tuple[int, int, str]:
    """Status, and code and title of an error as Keystone has it."""
    assert set(reply.json) == {"error"}
    assert set(reply.json["error"]) == {"code", "message", "title"}
    assert len(reply.headers["X-IAM-Trace-Id"]) == 32
    return reply.status, reply.json["error"]["code"], reply.json["error"]["title"]


def test_a_password_gives_a_token_of_the_regions_project() -> None:
    """It is in a header; the body has its project, its user and its expiry time a day later."""
    client = IdentityClient("{images: []}")
    (project,) = listed(client, "ap-southeast-1")

    reply = client.log_in()

    token = reply.json["token"]
    assert reply.status == 201
    assert len(reply.headers["X-Subject-Token"]) > 3000
    assert len(reply.headers["X-IAM-Trace-Id"]) == 32
    assert (token["issued_at"], token["expires_at"]) == ("2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z")
    assert (token["project"]["id"], token["project"]["name"]) == (project["id"], "ap-southeast-1")
    assert (token["user"]["name"], token["user"]["domain"]["name"]) == ("emulator-user", "emulator-domain")
    assert token["methods"] == ["password"]


def test_each_token_is_another_one() -> None:
    """A new one leaves the old ones valid."""
    client = IdentityClient("{images: []}")
    scope = {"project": {"id": "p"}}

    tokens = [client.log_in(scope).headers["X-Subject-Token"] for _ in range(2)]

    assert tokens[0] != tokens[1]
    assert [client.ask("/v5/p/image/cicd/images", headers={"X-Auth-Token": token}).status for token in tokens] == [
        200,
        200,
    ]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": "nobody"}, id="name"),
        pytest.param({"password": "wrong"}, id="password"),
        pytest.param({"password": "\ud800"}, id="half-a-character"),
        pytest.param({"domain": {"name": "other"}}, id="domain"),
    ],
)
def test_unknown_credentials_are_refused(changes: dict[str, object]) -> None:
    """401 in the shape of IAM, which does not tell what was wrong."""
    reply = IdentityClient("{images: []}").log_in(**changes)

    assert shown(reply) == (401, 401, "Unauthorized")
    assert reply.json["error"]["message"] == "The username or password is wrong."
    assert "X-Subject-Token" not in reply.headers


_USER = "auth.identity.password.user"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(b"", "no JSON", id="empty"),
        pytest.param(b"{", "no JSON", id="no-json"),
        pytest.param(b"\xff\xfe", "no JSON", id="no-text"),
        pytest.param(b"[" * 100_000, "no JSON", id="nested-too-deep"),
        pytest.param(b"[]", "no JSON object", id="a-list"),
        pytest.param({}, "auth.identity.methods is missing", id="nothing"),
        pytest.param({"auth": []}, "auth.identity.methods is missing", id="auth-that-is-a-list"),
        pytest.param(
            with_value(password_body(), "auth.identity.methods", "password"), "methods is no list", id="one-method"
        ),
        pytest.param(
            with_value(password_body(), "auth.identity.methods", [1]), "methods is no list of texts", id="a-number"
        ),
        pytest.param(
            with_value(password_body(), "auth.identity.methods", ["totp"]), "methods must be", id="another-method"
        ),
        pytest.param(without(password_body(), f"{_USER}.name"), f"{_USER}.name is missing", id="no-name"),
        pytest.param(without(password_body(), f"{_USER}.password"), f"{_USER}.password is missing", id="no-password"),
        pytest.param(without(password_body(), f"{_USER}.domain"), f"{_USER}.domain.name is missing", id="no-domain"),
        pytest.param(password_body(password=5), f"{_USER}.password is no text", id="password-that-is-a-number"),
        pytest.param(password_body(password=""), f"the length of {_USER}.password", id="empty-password"),
        pytest.param(password_body(scope="x"), "auth.scope needs project or domain", id="scope-that-is-a-text"),
        pytest.param(password_body(scope={"project": {}}), "auth.scope.project.name is missing", id="no-project"),
        pytest.param(password_body(scope={"project": {"id": 7}}), "project.id is no text", id="id-that-is-a-number"),
    ],
)
def test_an_invalid_log_in_is_refused(content: object, named: str) -> None:
    """400 in the shape of IAM, naming the place and never a value."""
    reply = IdentityClient("{images: []}").post(TOKENS, content)

    assert shown(reply) == (400, 400, "Bad Request")
    assert named in reply.json["error"]["message"]
    assert "emulator-password" not in reply.body.decode()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param({"project": {"name": "one"}}, "p1", id="name"),
        pytest.param({"project": {"id": "p3"}}, "p3", id="id"),
        pytest.param({"project": {"id": "p3", "name": "one"}}, "p3", id="id-beats-name"),
        pytest.param({"project": {"name": "several"}}, "p2", id="the-first-of-several"),
        pytest.param({"project": {"name": "none"}}, 404, id="region-without-a-project"),
        pytest.param({"project": {"name": "unknown"}}, 404, id="unknown-region"),
        pytest.param({"project": {"id": "p4"}}, 404, id="unknown-id"),
        pytest.param({"domain": {"name": "emulator-domain"}}, None, id="domain"),
        pytest.param({}, 400, id="empty"),
    ],
)
def test_a_token_is_for_the_scope_that_is_asked_for(scope: object, expected: object) -> None:
    """By the name of the region or by the id of the project."""
    reply = IdentityClient(SEVERAL).log_in(scope)

    if isinstance(expected, int):
        assert shown(reply)[0] == expected
    else:
        assert reply.json["token"].get("project", {}).get("id") == expected


def test_a_token_is_for_a_project_that_exists() -> None:
    """Where the scenario names them for HSS, IAM has no others."""
    client = IdentityClient("projects: [a]")

    assert [client.log_in({"project": {"id": project}}).status for project in ("a", "b")] == [201, 404]


def test_a_token_without_a_scope_has_no_project() -> None:
    """Neither in the body nor for HSS."""
    client = IdentityClient("{images: []}")

    reply = client.post(TOKENS, without(password_body(), "auth.scope"))

    assert reply.status == 201
    assert not {"project", "domain"} & set(reply.json["token"])
    assert client.refusal({"X-Auth-Token": reply.headers["X-Subject-Token"]}) == (401, "APIGW.0301", "Unauthorized")


def test_an_id_token_gives_a_token_without_a_scope() -> None:
    """The federation maps it to a user of the account."""
    reply = IdentityClient("{images: []}").federate()

    token = reply.json["token"]
    assert reply.status == 201
    assert len(reply.headers["X-Subject-Token"]) > 3000
    assert token["methods"] == ["mapped"]
    assert "project" not in token
    assert token["user"]["OS-FEDERATION"]["identity_provider"] == {"id": "emulator-idp"}


def test_an_id_token_may_give_a_token_of_a_project() -> None:
    """Where the body has a scope."""
    client = IdentityClient(SEVERAL)

    reply = client.federate(scope={"project": {"id": "p1"}})

    headers = {"X-Auth-Token": reply.headers["X-Subject-Token"]}
    assert reply.json["token"]["project"]["id"] == "p1"
    assert client.ask("/v5/p1/image/cicd/images", headers=headers).status == 200


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        pytest.param({}, {"auth": {"id_token": {"id": "emulator-id-token"}}}, (400, "X-Idp-Id"), id="no-provider"),
        pytest.param({"X-Idp-Id": "emulator-idp"}, {"auth": {}}, (400, "auth.id_token.id is missing"), id="no-token"),
        pytest.param({"X-Idp-Id": "emulator-idp"}, b"x", (400, "no JSON"), id="no-json"),
        pytest.param(
            {"X-Idp-Id": "other"},
            {"auth": {"id_token": {"id": "emulator-id-token"}}},
            (404, "identity provider"),
            id="unknown-provider",
        ),
        pytest.param(
            {"X-Idp-Id": "emulator-idp"}, {"auth": {"id_token": {"id": "x"}}}, (401, "signature"), id="unknown-token"
        ),
    ],
)
def test_a_failed_federation_is_an_error_of_iam(headers: dict[str, str], content: object, expected: Any) -> None:  # noqa: ANN401 - a pair
    """Each in the shape of IAM."""
    reply = IdentityClient("{images: []}").post(FEDERATION, content, headers)

    assert shown(reply)[0] == expected[0]
    assert expected[1] in reply.json["error"]["message"]


def listed(client: IdentityClient, region: str | None = None, **headers: str) -> list[dict[str, Any]]:
    """The projects of a region."""
    query = "" if region is None else f"name={region}"
    reply = client.ask("/v3/projects", query=query, headers=headers or {"X-Auth-Token": "emulator-token"})
    assert reply.status == 200
    rows: list[dict[str, Any]] = reply.json["projects"]
    return rows


@pytest.mark.parametrize(
    ("scenario", "region", "expected"),
    [
        pytest.param(SEVERAL, "one", ["p1"], id="one"),
        pytest.param(SEVERAL, "several", ["p2", "p3"], id="several"),
        pytest.param(SEVERAL, "none", [], id="none"),
        pytest.param(SEVERAL, "unknown", [], id="unknown"),
        pytest.param(SEVERAL, None, ["p1", "p2", "p3"], id="all"),
        pytest.param("{images: []}", None, [], id="all-of-any"),
        pytest.param("projects: [a, b]", "anywhere", ["a", "b"], id="those-that-exist"),
    ],
)
def test_the_projects_of_a_region_are_listed(scenario: str, region: str | None, expected: list[str]) -> None:
    """As the scenario has them; each is named as its region."""
    rows = listed(IdentityClient(scenario), region)

    assert [row["id"] for row in rows] == expected
    assert region is None or {row["name"] for row in rows} <= {region}


def test_by_default_every_region_has_one_project() -> None:
    """Its id stays the same, and HSS takes it."""
    client = IdentityClient("{images: []}")

    (one,), (again,), (other,) = (listed(client, region) for region in ("one", "one", "other"))

    assert one == again
    assert one["id"] != other["id"]
    assert client.ask(f"/v5/{one['id']}/image/cicd/images").status == 200


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param({"project": {"id": "p"}}, 200, id="project"),
        pytest.param({"domain": {"name": "emulator-domain"}}, 200, id="domain"),
    ],
)
def test_projects_are_listed_by_tokens_with_a_scope(scope: object, expected: int) -> None:
    """IAM itself is of the whole account."""
    client = IdentityClient("{images: []}")
    token = client.log_in(scope).headers["X-Subject-Token"]

    assert client.ask("/v3/projects", headers={"X-Auth-Token": token}).status == expected


def test_projects_are_not_listed_for_everybody() -> None:
    """Missing, unknown and unscoped credentials and an invalid query get IAM errors."""
    client = IdentityClient("{images: []}")
    unscoped = client.federate().headers["X-Subject-Token"]

    replies = [
        client.ask("/v3/projects", query=query, headers=headers)
        for query, headers in (
            ("", {}),
            ("", {"X-Auth-Token": "unknown"}),
            ("", {"X-Auth-Token": unscoped}),
            ("", {"Authorization": "SDK-HMAC-SHA256 x"}),
            ("name=a&name=b", {"X-Auth-Token": "emulator-token"}),
        )
    ]

    assert [shown(reply)[0] for reply in replies] == [401, 401, 401, 401, 400]


def test_iam_names_the_request_in_a_header_of_its_own() -> None:
    """A client that looks for `X-Request-Id` alone has nothing to tell."""
    client = IdentityClient("{images: []}")

    replies = [client.log_in(), client.log_in(password="wrong"), client.federate(), client.exchange("x")]

    assert ["X-Request-Id" in reply.headers for reply in replies] == [False] * 4
    assert len({reply.headers["X-IAM-Trace-Id"] for reply in replies}) == 4
    assert json.loads(replies[0].body)["token"]["catalog"] == []
