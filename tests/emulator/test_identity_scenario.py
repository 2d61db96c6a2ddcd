"""The section `identity` of a scenario."""

import pytest

from hssgate.emulator.scenario import ScenarioInvalid, default_scenario, parse_scenario
from tests.emulator.identity_client import IdentityClient


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        pytest.param("{user: []}", "identity.user: unknown key; did you mean users?", id="key"),
        pytest.param(
            "{users: [{name: a, password: b, domain: c, deni: x}]}",
            "identity.users[0].deni: unknown key; did you mean deny?",
            id="user-key",
        ),
        pytest.param("{users: [{name: a, password: b}]}", "identity.users[0].domain: is missing", id="no-domain"),
        pytest.param(
            "{users: [{name: a, password: 5, domain: c}]}",
            "identity.users[0].password: should be a text; put it in quotes",
            id="password-that-is-a-number",
        ),
        pytest.param("{users: {}}", "identity.users: should be a list", id="users-that-are-no-list"),
        pytest.param(
            "{providers: [{audience: a, id: b}]}",
            "identity.providers[0].audience: unknown key; did you mean audiences?",
            id="provider-key",
        ),
        pytest.param(
            "{providers: [{}]}",
            "identity.providers[0]: it needs id (IAM v3), urn (STS v5) or both",
            id="unknown-provider",
        ),
        pytest.param(
            "{providers: [{id: a, audiences: []}]}",
            "identity.providers[0].audiences: should not be empty",
            id="no-audience",
        ),
        pytest.param(
            "{agencies: [{urn: a, max_duration: 1h}]}",
            "identity.agencies[0].max_duration: unknown key; did you mean max_session_duration?",
            id="agency-key",
        ),
        pytest.param("{regions: [a]}", "identity.regions: should be a mapping", id="regions-that-are-a-list"),
        pytest.param("{regions: {a: b}}", "identity.regions.a: should be a list", id="region-that-is-a-text"),
        pytest.param(
            "{lifetimes: {keys: 30s}}", "identity.lifetimes.keys: unknown key; did you mean key?", id="lifetimes-key"
        ),
        pytest.param(
            "{lifetimes: {key: soon}}",
            "identity.lifetimes.key: is no duration; write it like 2s, 1h30m or plain seconds",
            id="no-duration",
        ),
        pytest.param(
            "{metadata: {enable: false}}", "identity.metadata.enable: unknown key; did you mean enabled?", id="metadata"
        ),
        pytest.param(
            "{metadata: {no_token_service: 500}}",
            "identity.metadata.no_token_service: should be 404, 405 or 503",
            id="another-status",
        ),
        pytest.param(
            "{metadata: {enabled: 1}}",
            "identity.metadata.enabled: should be true or false, without quotes",
            id="no-bool",
        ),
        pytest.param(
            '{github_request_token: ""}', "identity.github_request_token: should not be empty", id="empty-token"
        ),
        pytest.param(
            '{users: [{name: "", password: a, domain: b}]}', "identity.users[0].name: should not be empty", id="no-name"
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_a_fix(identity: str, expected: str) -> None:
    """As with the other sections."""
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario(f"identity: {identity}", "s.yaml")

    assert str(caught.value).startswith(f"s.yaml: {expected}")


def test_rows_do_not_go_with_a_call_of_the_identity_side() -> None:
    """They have another shape there."""
    with pytest.raises(ScenarioInvalid, match="rows are for the calls of HSS"):
        parse_scenario("faults: [{requests: 1, call: projects, rows: []}]", "s.yaml")


def test_secrets_are_in_no_message() -> None:
    """Even if other fields are wrong."""
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario(
            "identity: {users: [{name: a, password: [hush], domain: {hush: 1}}], github_request_token: [hush],"
            " providers: [{id: a, id_tokens: [{hush: 1}]}]}",
            "s.yaml",
        )

    assert "hush" not in str(caught.value)


def test_every_identity_section_may_be_empty() -> None:
    """A scenario may take all of it away."""
    client = IdentityClient("identity: {users: [], providers: [], agencies: [], metadata: {enabled: false}}")

    statuses = [client.log_in().status, client.federate().status, client.assume().status, client.metadata_key().status]

    assert statuses == [401, 404, 404, 404]


def test_the_default_has_one_of_each() -> None:
    """Without a scenario every way of authentication can be tried."""
    client = IdentityClient(default_scenario())
    token = client.metadata_token().body.decode()

    statuses = [
        client.log_in().status,
        client.federate().status,
        client.exchange("emulator-token").status,
        client.assume().status,
        client.assume(id_token=client.id_token()).status,
        client.metadata_key(token).status,
        len(client.ask("/v3/projects", query="name=eu-west-101").json["projects"]),
    ]

    assert statuses == [201, 201, 201, 200, 200, 200, 1]
