"""The calls of the identity side: which of them a request is, and who answers it."""

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
from hssgate.emulator.wire import Answer, Call

GITHUB_PATH = "/_emulator/github/token"


@dataclass(frozen=True)
class IdentityCall:
    """A call that is served.

    Args:
        name: as faults name it.
        dialect: of its service.
        answer: the service, the request and epoch seconds -> the answer; raises Refusal.
    """

    name: IdentityName
    dialect: Dialect
    answer: Callable[[IdentityService, Call, float], Answer]


_CALLS = {
    ("POST", "/v3/auth/tokens"): IdentityCall("password_token", IAM, give_password_token),
    ("POST", "/v3.0/OS-AUTH/id-token/tokens"): IdentityCall("federation_token", IAM, give_federation_token),
    ("POST", "/v3.0/OS-CREDENTIAL/securitytokens"): IdentityCall("temporary_key", IAM, give_temporary_key),
    ("GET", "/v3/projects"): IdentityCall("projects", IAM, list_projects),
    ("POST", "/v5/agencies/assume-with-oidc"): IdentityCall("assume_agency", STS, assume_agency),
    ("PUT", "/meta-data/latest/api/token"): IdentityCall("metadata_token", METADATA, give_metadata_token),
    ("GET", "/openstack/latest/securitykey"): IdentityCall("metadata_key", METADATA, give_metadata_key),
    ("GET", GITHUB_PATH): IdentityCall("github_token", GITHUB, give_github_token),
}


def find_identity_call(call: Call) -> IdentityCall | None:
    """Return the call that a request is, or None where there is none of this method and path."""
    return _CALLS.get((call.method, call.path))
