"""Faults of identity requests, their log entries, and secrets that never appear."""

import json
from collections.abc import Callable

import pytest

from tests.emulator.identity_client import IdentityClient
from tests.emulator.wsgi_client import PATH, Reply

CALLS: dict[str, Callable[[IdentityClient], Reply]] = {
    "password_token": lambda client: client.log_in(),
    "federation_token": lambda client: client.federate(),
    "temporary_key": lambda client: client.exchange("emulator-token"),
    "projects": lambda client: client.ask("/v3/projects", query="name=one"),
    "assume_agency": lambda client: client.assume(),
    "metadata_token": lambda client: client.metadata_token(),
    "metadata_key": lambda client: client.metadata_key(),
    "github_token": lambda client: client.github(),
}
PATHS = {
    "password_token": ("POST", "/v3/auth/tokens"),
    "federation_token": ("POST", "/v3.0/OS-AUTH/id-token/tokens"),
    "temporary_key": ("POST", "/v3.0/OS-CREDENTIAL/securitytokens"),
    "projects": ("GET", "/v3/projects"),
    "assume_agency": ("POST", "/v5/agencies/assume-with-oidc"),
    "metadata_token": ("PUT", "/meta-data/latest/api/token"),
    "metadata_key": ("GET", "/openstack/latest/securitykey"),
    "github_token": ("GET", "/_emulator/github/token"),
}
every_call = pytest.mark.parametrize("call", CALLS)
FREE_METADATA = "identity: {metadata: {no_token_service: 404}}\n"


@pytest.mark.parametrize("call", [*CALLS, "any", "list"])
def test_a_fault_hits_the_call_that_it_names(call: str) -> None:
    """`any` means these calls, too; without `call`, or with `list`, they are left alone."""
    client = IdentityClient(f"faults: [{{requests: '*', call: {call}, status: 504}}]")

    hit = [name for name, ask in CALLS.items() if ask(client).status == 504]

    assert hit == ([] if call == "list" else list(CALLS) if call == "any" else [call])


def test_requests_are_counted_over_all_calls() -> None:
    """A log-in counts as a request; a control request does not."""
    client = IdentityClient("faults: [{requests: 2, status: 503}, {requests: 3, call: assume_agency, status: 503}]")
    client.ask("/_emulator/requests", headers={})

    statuses = [client.log_in().status, client.ask().status, client.assume().status, client.assume().status]

    assert statuses == [201, 503, 503, 200]


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503, 599])
@pytest.mark.parametrize("call", ["password_token", "federation_token", "temporary_key", "projects"])
def test_a_status_of_iam_is_in_its_shape(call: str, status: int) -> None:
    """The usual error of a status is worded as IAM words errors, with its trace id."""
    client = IdentityClient(f"faults: [{{requests: 1, call: any, status: {status}, retry_after: 3}}]")

    reply = CALLS[call](client)

    assert (reply.status, reply.json["error"]["code"]) == (status, status)
    assert reply.headers["Retry-After"] == "3"
    assert len(reply.headers["X-IAM-Trace-Id"]) == 32


def test_iam_has_a_second_shape() -> None:
    """Calls of version 3.0 may answer with a flat error and a code."""
    client = IdentityClient("faults: [{requests: 1, call: any, status: 403, code: IAM.0003}]")

    assert client.exchange("emulator-token").json == {"error_code": "IAM.0003", "error_msg": "Forbidden"}


def test_a_status_of_sts_is_in_its_shape() -> None:
    """With a code of STS and the request's id."""
    client = IdentityClient("faults: [{requests: 1, call: assume_agency, status: 503}]")

    reply = client.assume()

    assert reply.json == {
        "error_code": "STS5.0503",
        "error_msg": "Service Unavailable",
        "request_id": reply.headers["X-Request-Id"],
    }


def test_a_status_of_the_others_is_in_theirs() -> None:
    """A page of the metadata service, a message of GitHub."""
    client = IdentityClient("faults: [{requests: '*', call: any, status: 500}]")

    metadata, github = client.metadata_key(), client.github()

    assert (metadata.headers["Content-Type"], b"Internal Server Error" in metadata.body) == ("text/html", True)
    assert github.json == {"message": "Internal Server Error"}


@every_call
@pytest.mark.parametrize(
    "fault", ["reset: true", "truncate: 3", "garbage: '<html>'", "redirect: 'http://x/'", "delay: 7s", "stall: 7s"]
)
def test_other_faults_hit_these_calls_too(call: str, fault: str) -> None:
    """Every kind of transport fault."""
    client = IdentityClient(FREE_METADATA + f"faults: [{{requests: 1, call: {call}, {fault}}}]")
    whole = CALLS[call](IdentityClient(FREE_METADATA))

    if fault.startswith("reset"):
        with pytest.raises(ConnectionResetError):
            CALLS[call](client)
        return
    reply = CALLS[call](client)

    seen = {
        "truncate": (reply.status, len(reply.body)) == (whole.status, 3),
        "garbage": (reply.status, reply.body) == (200, b"<html>"),
        "redirect": (reply.status, reply.headers.get("Location")) == (302, "http://x/"),
        "delay": (reply.status, client.time.sleeps) == (whole.status, [7]),
        "stall": (client.time.sleeps, len(reply.body)) == ([7], len(whole.body) // 2),
    }
    assert seen[fault.partition(":")[0]]


def test_rows_are_left_to_the_calls_of_hss() -> None:
    """With `any` they hit those alone."""
    client = IdentityClient("faults: [{requests: '*', call: any, rows: [{a: 1}]}]")

    assert client.log_in().status == 201
    assert client.ask().rows == [{"a": 1}]


@every_call
def test_every_call_is_in_the_ledger(call: str) -> None:
    """With its path and its status."""
    client = IdentityClient(FREE_METADATA)

    reply = CALLS[call](client)

    (request,) = client.ask("/_emulator/requests", headers={}).json["requests"]
    assert (request["method"], request["path"], request["status"]) == (*PATHS[call], reply.status)


@every_call
def test_other_methods_are_not_served(call: str) -> None:
    """The gateway knows an API by method and path, and so does GitHub's token service."""
    method, path = PATHS[call]
    client = IdentityClient("{images: []}")

    assert client.ask(path, method="DELETE" if method != "DELETE" else "GET").status == 404
    assert client.ask(f"{path}/").status == 404


def test_no_secret_is_in_the_ledger() -> None:
    """Neither one of the scenario nor an issued one."""
    client = IdentityClient("{images: []}")
    secrets = ["emulator-password", "emulator-id-token", "emulator-request-token"]
    token = client.log_in().headers["X-Subject-Token"]
    key = client.exchange(token).json["credential"]
    session = client.assume(id_token=client.id_token()).json["credentials"]
    secrets += [token, key["secret"], key["securitytoken"], session["secret_access_key"], session["security_token"]]
    secrets += [client.id_token(), client.metadata_token().body.decode()]

    shown = json.dumps(client.ask("/_emulator/requests", headers={}).json) + repr(client.emulator.requests)

    assert client.emulator.request_count == 6
    assert [secret for secret in secrets if secret in shown] == []


def test_a_secret_is_not_shown_where_an_object_is_printed() -> None:
    """A traceback of the emulator must not contain one."""
    client = IdentityClient("identity: {users: [{name: u, password: hush, domain: d}], github_request_token: hush}")
    token = client.log_in(name="u", password="hush", domain={"name": "d"}).headers["X-Subject-Token"]
    key = client.exchange(token).json["credential"]
    identity = client.emulator._identity

    printed = repr(
        (identity.known, identity.issued.key(key["access"]), identity.issued.token(token), client.emulator._scenario)
    )

    assert [secret for secret in ("hush", token, key["secret"], key["securitytoken"]) if secret in printed] == []


def test_the_token_service_of_github_is_no_control_call() -> None:
    """It is faulted and counted as the API is, though its path is the emulator's own."""
    client = IdentityClient("faults: [{requests: 1, call: github_token, status: 503}]")

    assert [client.github().status, client.github().status] == [503, 200]
    assert client.ask("/_emulator/images", headers={}).status == 200
    assert client.emulator.request_count == 2
    assert client.ask(PATH).status == 200
