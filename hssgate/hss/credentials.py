"""Credential types: token, access key, OIDC, federation, password, ECS agency."""

from pathlib import Path
from typing import assert_never

from hssgate.hss.secret import Secret
from hssgate.record import record


@record(kw_only=True)
class Token:
    """An IAM token, sent as `X-Auth-Token`.

    Args:
        value: the token.
        source: where it comes from, in words.
    """

    value: Secret
    source: str


@record(kw_only=True)
class AccessKey:
    """An access key that signs each request.

    Args:
        ak: the access key id.
        sk: the secret access key.
        security_token: of a temporary key.
        source: where it comes from, in words.
    """

    ak: str
    sk: Secret
    security_token: Secret | None = None
    source: str


@record(kw_only=True)
class GivenIdToken:
    """An OpenID Connect token from a variable."""

    value: Secret


@record(kw_only=True)
class IdTokenFile:
    """A file with an OpenID Connect token, which the pipeline may replace by a newer one."""

    path: Path


@record(kw_only=True)
class GitHubIdToken:
    """GitHub's token service.

    Args:
        url: of the service, from the runner.
        request_token: authenticates the job.
        audience: requested audience; GitHub's default is the address of the repository's owner.
    """

    url: str
    request_token: Secret
    audience: str | None


IdTokenSource = GivenIdToken | IdTokenFile | GitHubIdToken


@record(kw_only=True)
class Keyless:
    """Temporary keys from STS in exchange for the pipeline's own identity.

    Args:
        provider_urn: `iam::ACCOUNT:oidcProvider:NAME`.
        agency_urn: `iam::ACCOUNT:agency:NAME`.
        id_token: source of the pipeline's token.
        session_name: shown in the cloud's audit log.
        duration: requested lifetime of the keys in seconds.
        policy: a session policy that restricts the keys.
        policy_ids: ids of such policies.
        source: where it comes from, in words.
    """

    provider_urn: str
    agency_urn: str
    id_token: IdTokenSource
    session_name: str
    duration: int
    policy: str | None = None
    policy_ids: tuple[str, ...] = ()
    source: str


@record(kw_only=True)
class Federation:
    """Temporary keys from IAM v3 in exchange for an identity provider's token.

    Args:
        idp_id: the identity provider.
        id_token: source of its token.
        source: where it comes from, in words.
    """

    idp_id: str
    id_token: IdTokenFile
    source: str


@record(kw_only=True)
class Password:
    """A token from IAM in exchange for an IAM user's password.

    Args:
        user: the IAM user's name.
        password: of the user.
        domain: the account's name.
        source: where it comes from, in words.
    """

    user: str
    password: Secret
    domain: str
    source: str


@record(kw_only=True)
class MachineAgency:
    """Temporary keys of the agency of the ECS that the gate runs on."""

    source: str


Credentials = Token | AccessKey | Keyless | Federation | Password | MachineAgency


def secrets_of(credentials: Credentials) -> tuple[Secret, ...]:
    """Return the secrets of the credentials, as they were given."""
    match credentials:
        case Token(value=value):
            return (value,)
        case AccessKey(sk=sk, security_token=token):
            return (sk,) if token is None else (sk, token)
        case Keyless(id_token=GivenIdToken(value=value)):
            return (value,)
        case Keyless(id_token=GitHubIdToken(request_token=value)):
            return (value,)
        case Password(password=value):
            return (value,)
        case Keyless() | Federation() | MachineAgency():
            return ()
        case unreachable:
            assert_never(unreachable)
