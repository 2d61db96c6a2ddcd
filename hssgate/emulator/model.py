"""A scenario: who may ask, what is listed, and what goes wrong."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from hssgate.emulator.durations import Duration, Moment
from hssgate.emulator.faults import Fault
from hssgate.emulator.identity.model import Identity
from hssgate.emulator.images import Image
from hssgate.emulator.issued import Deny
from hssgate.emulator.strict import StrictModel, Whole


class Credential(StrictModel):
    """A key pair or a token that the gateway knows.

    Args:
        ak: access key, with `sk`.
        sk: secret key.
        security_token: what `X-Security-Token` has to be, for temporary keys.
        token: what `X-Auth-Token` has to be; stands alone.
        deny: who refuses its requests because a permission is missing: the gateway with HTTP 403 APIGW.0302,
            or the service with HTTP 400 HSS.0013.
    """

    ak: str | None = Field(default=None, min_length=1)
    sk: SecretStr | None = Field(default=None, min_length=1)
    security_token: SecretStr | None = Field(default=None, min_length=1)
    token: SecretStr | None = Field(default=None, min_length=1)
    deny: Deny | None = None

    @model_validator(mode="after")
    def _is_pair_or_token(self) -> Self:
        pair = (self.ak is not None, self.sk is not None)
        if self.token is not None and (any(pair) or self.security_token):
            raise ValueError("a token stands alone; give the key pair an entry of its own")
        if self.token is None and not all(pair):
            raise ValueError("it needs ak and sk, or token")
        return self


class RateLimit(StrictModel):
    """How often one key may ask.

    Args:
        requests: that many
        seconds: in any span of that many.
        retry_after: seconds that `Retry-After` names; without it the header is not sent.
    """

    requests: Whole = Field(ge=1)
    seconds: Duration = Field(gt=0)
    retry_after: Duration | None = None


class Quirks(StrictModel):
    """Oddities of list answers.

    Args:
        data_list: `object` gives a single row as an object, as the manual's example does; `null` gives null.
        total_num: `missing` leaves it out; `page` counts the rows of the page instead of those of all pages.
        times: `seconds` gives the times of rows in seconds since the epoch, `zero` gives 0 for each.
    """

    data_list: Annotated[
        Literal["list", "object", "null"],
        BeforeValidator(lambda value: "null" if value is None else value),
    ] = "list"
    total_num: Literal["ok", "missing", "page"] = "ok"
    times: Literal["ok", "seconds", "zero"] = "ok"


class Scenario(StrictModel):
    """All that the emulator plays.

    Args:
        credentials: who may ask.
        projects: the project ids that exist; None: any.
        match: how the API's text filters compare.
        rate_limit: None: as often as one likes.
        clock_skew: seconds by which the server's clock is ahead.
        images: what is listed.
        cicd: names of the CI/CD identifiers; None: those that the images bear.
        faults: what goes wrong.
        quirks: oddities of the envelope.
        identity: users, identity providers and agencies, who are given keys and tokens while it runs.
    """

    credentials: tuple[Credential, ...] = (
        Credential(ak="emulator-ak", sk=SecretStr("emulator-sk")),
        Credential(token=SecretStr("emulator-token")),
    )
    projects: tuple[str, ...] | None = None
    match: Literal["contains", "exact"] = "contains"
    rate_limit: RateLimit | None = None
    clock_skew: Moment = 0.0
    images: tuple[Image, ...] = ()
    cicd: tuple[str, ...] | None = None
    faults: tuple[Fault, ...] = ()
    quirks: Quirks = Quirks()
    identity: Identity = Identity()

    @field_validator("credentials")
    @classmethod
    def _somebody_may_ask(cls, credentials: tuple[Credential, ...]) -> tuple[Credential, ...]:
        if not credentials:
            raise ValueError(
                "it is empty, so no request could be authenticated; give it a key pair or a token, or leave it out"
            )
        return credentials
