"""A client of the identity side without a socket."""

import json
from collections.abc import Mapping
from typing import Any

from tests.emulator.wsgi_client import Client, Reply

PROVIDER = "iam::emulator:oidcProvider:github"
AGENCY = "iam::emulator:agency:hssgate"
ID_TOKEN = "emulator-id-token"
GITHUB = "/_emulator/github/token"
SECURITY_KEY = "/openstack/latest/securitykey"
METADATA_TOKEN = "/meta-data/latest/api/token"


def without(content: dict[str, Any], path: str) -> dict[str, Any]:
    """The content without what is at the path."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    *outer, last = path.split(".")
    inner = copy
    for name in outer:
        inner = inner[name]
    del inner[last]
    return copy


def with_value(content: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The content with another value at the path."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    *outer, last = path.split(".")
    inner = copy
    for name in outer:
        inner = inner.setdefault(name, {})
    inner[last] = value
    return copy


def password_body(scope: object = None, **changes: object) -> dict[str, Any]:
    """The body of a log-in, for the project of a region unless another scope is given."""
    user = {"name": "emulator-user", "password": "emulator-password", "domain": {"name": "emulator-domain"}} | changes
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "ap-southeast-1"}} if scope is None else scope,
        }
    }


def key_body(token: str, seconds: object = 3600) -> dict[str, Any]:
    """The body that asks for a temporary key."""
    identity = {"methods": ["token"], "token": {"id": token, "duration_seconds": seconds}}
    return {"auth": {"identity": identity}}


def agency_body(**changes: object) -> dict[str, Any]:
    """The body that assumes the agency."""
    return {
        "provider_urn": PROVIDER,
        "agency_urn": AGENCY,
        "agency_session_name": "job-1",
        "id_token": ID_TOKEN,
    } | changes


class IdentityClient(Client):
    """Talks to one emulator about identities."""

    def post(self, path: str, content: object, headers: Mapping[str, str] | None = None) -> Reply:
        """Post JSON, or bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask(path, method="POST", headers=headers or {}, body=body)

    def log_in(self, scope: object = None, **changes: object) -> Reply:
        """Ask for a token by a password."""
        return self.post("/v3/auth/tokens", password_body(scope, **changes))

    def federate(self, id_token: str = ID_TOKEN, idp: str = "emulator-idp", **auth: object) -> Reply:
        """Ask for a token by an id token."""
        content = {"auth": {"id_token": {"id": id_token}} | auth}
        return self.post("/v3.0/OS-AUTH/id-token/tokens", content, {"X-Idp-Id": idp})

    def exchange(self, token: str, seconds: object = 3600) -> Reply:
        """Ask for a temporary key by a token."""
        return self.post("/v3.0/OS-CREDENTIAL/securitytokens", key_body(token, seconds))

    def assume(self, **changes: object) -> Reply:
        """Assume the agency."""
        return self.post("/v5/agencies/assume-with-oidc", agency_body(**changes))

    def github(self, query: str = "api-version=2.0", authorization: str = "Bearer emulator-request-token") -> Reply:
        """Ask for an id token as a job does."""
        return self.ask(GITHUB, query=query, headers={"Authorization": authorization})

    def id_token(self, audience: str = "emulator-audience") -> str:
        """A good id token of a job."""
        value: str = self.github(f"api-version=2.0&audience={audience}").json["value"]
        return value

    def metadata_token(self, seconds: str = "21600") -> Reply:
        """Ask the metadata service for a token."""
        return self.ask(METADATA_TOKEN, method="PUT", headers={"X-Metadata-Token-Ttl-Seconds": seconds})

    def metadata_key(self, token: str | None = None) -> Reply:
        """Ask the metadata service for a key."""
        return self.ask(SECURITY_KEY, headers={} if token is None else {"X-Metadata-Token": token})

    def status(self, headers: Mapping[str, str]) -> int:
        """The status of the list of images for these headers."""
        return self.ask(headers=headers).status

    def refusal(self, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Status, code and reason of the list of images for these headers."""
        reply = self.ask(headers=headers)
        reason = reply.json["error_msg"].removeprefix("Incorrect IAM authentication information: ")
        return reply.status, reply.json["error_code"], reason
