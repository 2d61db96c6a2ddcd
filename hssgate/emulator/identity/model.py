"""Section `identity` of a scenario: users, identity providers, agencies, and lifetimes of issued credentials."""

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
        deny: which side refuses the user's requests to HSS, as for credentials.
    """

    name: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    domain: str = Field(min_length=1)
    deny: Deny | None = None


class IdentityProvider(StrictModel):
    """An OpenID Connect provider that the account trusts.

    Args:
        id: id in IAM v3, for federation.
        urn: URN in STS v5, for agencies.
        audiences: registered client ids: the accepted `aud` claims of a signed id token.
        id_tokens: texts that are accepted as id tokens without verification, for tests.
        deny: which side refuses requests to HSS of federated users.
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
        max_session_duration: longest session in seconds.
        deny: which side refuses its requests to HSS.
    """

    urn: str = Field(min_length=1)
    max_session_duration: Duration = Field(default=_HOUR, ge=0)
    deny: Deny | None = None


class Lifetimes(StrictModel):
    """Lifetimes of issued credentials in seconds; they override the requested duration.

    Args:
        token: of an IAM token.
        key: of temporary keys; None: the requested duration, or six hours for the metadata service.
        id_token: of an id token of GitHub.
    """

    token: Duration = 24 * _HOUR
    key: Duration | None = None
    id_token: Duration = 300.0


class Metadata(StrictModel):
    """The metadata service of an ECS.

    Args:
        enabled: whether the service exists.
        agency: whether the ECS has an agency; without it there are no keys.
        no_token_service: status with which a service without tokens responds; it requires none.
        deny: which side refuses requests to HSS with keys of the agency.
    """

    enabled: Flag = True
    agency: Flag = True
    no_token_service: Literal[404, 405, 503] | None = None
    deny: Deny | None = None


class Identity(StrictModel):
    """The identity side.

    Args:
        users: IAM users with a password.
        providers: trusted identity providers.
        agencies: agencies that their id tokens can assume.
        regions: project ids of each region; None: every region has the scenario's `projects`, or else one project
            whose id is derived from its name.
        lifetimes: of issued credentials.
        metadata: the metadata service of an ECS.
        github_request_token: token that a job must send to get an id token of GitHub.
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
