"""Routing of identity requests (IAM, STS, metadata service, GitHub): finds the handler by method and path."""

from collections.abc import Callable
from dataclasses import dataclass

from hssgate.emulator.dialect import Dialect
from hssgate.emulator.identity.agencies import assume_agency
from hssgate.emulator.identity.dialects import GITHUB, IAM, METADATA, STS
from hssgate.emulator.identity.federation import give_federation_token
from hssgate.emulator.identity.github import give_github_token
from hssgate.emulator.identity.metadata import give_metadata_key, give_metadata_token
from hssgate.emulator.identity.names import IdentityName
from hssgate.emulator.identity.password import give_password_token
from hssgate.emulator.identity.project_list import list_projects
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.temporary_keys import give_temporary_key
from hssgate.emulator.messages import Request, Response

GITHUB_PATH = "/_emulator/github/token"


@dataclass(frozen=True)
class IdentityOperation:
    """An operation of an identity service.

    Args:
        name: its name in the faults of a scenario.
        dialect: error format of its service.
        respond: takes the service, the request and epoch seconds, returns the response; raises Refusal.
    """

    name: IdentityName
    dialect: Dialect
    respond: Callable[[IdentityService, Request, float], Response]


_CALLS = {
    ("POST", "/v3/auth/tokens"): IdentityOperation("password_token", IAM, give_password_token),
    ("POST", "/v3.0/OS-AUTH/id-token/tokens"): IdentityOperation("federation_token", IAM, give_federation_token),
    ("POST", "/v3.0/OS-CREDENTIAL/securitytokens"): IdentityOperation("temporary_key", IAM, give_temporary_key),
    ("GET", "/v3/projects"): IdentityOperation("projects", IAM, list_projects),
    ("POST", "/v5/agencies/assume-with-oidc"): IdentityOperation("assume_agency", STS, assume_agency),
    ("PUT", "/meta-data/latest/api/token"): IdentityOperation("metadata_token", METADATA, give_metadata_token),
    ("GET", "/openstack/latest/securitykey"): IdentityOperation("metadata_key", METADATA, give_metadata_key),
    ("GET", GITHUB_PATH): IdentityOperation("github_token", GITHUB, give_github_token),
}


def find_identity_operation(request: Request) -> IdentityOperation | None:
    """Return the operation of a request, or None if there is none for its method and path."""
    return _CALLS.get((request.method, request.path))
