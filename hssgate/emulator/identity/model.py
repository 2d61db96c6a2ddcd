"""The section `identity` of a scenario: who there is, whom they trust, and how long what they are given lasts."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from hssgate.emulator.durations import Duration
from hssgate.emulator.issued import Deny
from hssgate.emulator.strict import Flag, StrictModel

_HOUR = 3600.0


class User(StrictModel):
    """An IAM user.

    Args:
        name: of the user.
        password: of the user.
        domain: name of the account.
        deny: who refuses the user's requests to HSS, as with credentials.
    """

    name: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    domain: str = Field(min_length=1)
    deny: Deny | None = None


class IdentityProvider(StrictModel):
    """An OpenID Connect provider that the account trusts.

    Args:
        id: by which IAM v3 knows it, for the federation.
        urn: by which STS v5 knows it, for the agencies.
        audiences: the client ids registered on it: what `aud` of a signed id token may be.
        id_tokens: texts that are taken for id tokens as they are, for tests.
        deny: who refuses requests to HSS of those who come by the federation.
    """

    id: str | None = Field(default=None, min_length=1)
    urn: str | None = Field(default=None, min_length=1)
    audiences: tuple[str, ...] = Field(default=("emulator-audience", "https://github.com/emulator"), min_length=1)
    id_tokens: tuple[SecretStr, ...] = ()
    deny: Deny | None = None

    @model_validator(mode="after")
    def _somebody_knows_it(self) -> Self:
        if self.id is None and self.urn is None:
            raise ValueError("it needs id (IAM v3), urn (STS v5) or both")
        return self


class Agency(StrictModel):
    """A trust agency.

    Args:
        urn: `iam::ACCOUNT:agency:NAME`.
        max_session_duration: seconds that a session may last at most.
        deny: who refuses its requests to HSS.
    """

    urn: str = Field(min_length=1)
    max_session_duration: Duration = Field(default=_HOUR, ge=0)
    deny: Deny | None = None


class Lifetimes(StrictModel):
    """How long an issued credential lasts; the duration asked for does not matter.

    Args:
        token: of a token of IAM.
        key: of temporary keys; None: as long as was asked for, or six hours from the metadata service.
        id_token: of an id token of GitHub.
    """

    token: Duration = 24 * _HOUR
    key: Duration | None = None
    id_token: Duration = 300.0


class Metadata(StrictModel):
    """The metadata service of an ECS.

    Args:
        enabled: whether there is one.
        agency: whether the ECS has an agency; without it there are no keys.
        no_token_service: the status by which it tells that it knows no tokens; none is needed then.
        deny: who refuses requests to HSS by keys of the agency.
    """

    enabled: Flag = True
    agency: Flag = True
    no_token_service: Literal[404, 405, 503] | None = None
    deny: Deny | None = None


class Identity(StrictModel):
    """The identity side.

    Args:
        users: those who have a password.
        providers: whose id tokens are trusted.
        agencies: who can be assumed with them.
        regions: ids of the projects of each region; None: any region has those of the scenario's `projects`, or else
            one whose id is made from its name.
        lifetimes: of what is given out.
        metadata: the metadata service of an ECS.
        github_request_token: what a job has to show to get an id token of GitHub.
    """

    users: tuple[User, ...] = (
        User(name="emulator-user", password=SecretStr("emulator-password"), domain="emulator-domain"),
    )
    providers: tuple[IdentityProvider, ...] = (
        IdentityProvider(
            id="emulator-idp",
            urn="iam::emulator:oidcProvider:github",
            id_tokens=(SecretStr("emulator-id-token"),),
        ),
    )
    agencies: tuple[Agency, ...] = (Agency(urn="iam::emulator:agency:hssgate"),)
    regions: dict[str, tuple[str, ...]] | None = None
    lifetimes: Lifetimes = Lifetimes()
    metadata: Metadata = Metadata()
    github_request_token: SecretStr = Field(default=SecretStr("emulator-request-token"), min_length=1)
