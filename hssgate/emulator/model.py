"""Scenario model: credentials, images and faults."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from hssgate.emulator.durations import Duration, Moment
from hssgate.emulator.faults import Fault
from hssgate.emulator.identity.model import Identity
from hssgate.emulator.images import Image
from hssgate.emulator.issued import Deny
from hssgate.emulator.quota import Quota
from hssgate.emulator.row_dialect import RowDialect
from hssgate.emulator.strict import StrictModel, Whole


class Credential(StrictModel):
    """A key pair or a token that the gateway accepts.

    Args:
        ak: access key, with `sk`.
        sk: secret key.
        security_token: required value of `X-Security-Token`, for temporary keys.
        token: value of `X-Auth-Token`; excludes the other fields.
        deny: which side refuses its requests for lack of permission: the gateway with HTTP 403 APIGW.0302, or the
            service with HTTP 400 HSS.0013.
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
            raise ValueError("a token and a key pair cannot share an entry; give the key pair an entry of its own")
        if self.token is None and not all(pair):
            raise ValueError("it needs ak and sk, or token")
        return self


class RateLimit(StrictModel):
    """Rate limit of each caller.

    Args:
        requests: number of requests
        seconds: in a window of this length.
        retry_after: value of `Retry-After` in seconds; default: the header is not sent.
    """

    requests: Whole = Field(ge=1)
    seconds: Duration = Field(gt=0)
    retry_after: Duration | None = None


class Quirks(StrictModel):
    """Quirks of list responses.

    Args:
        data_list: `object`: a single row is an object, as in the manual's example; `null`: null.
        total_num: `missing`: it is left out; `page`: it counts the rows of the page instead of all pages.
        times: `seconds`: times of rows are in seconds since the epoch; `zero`: each is 0.
    """

    data_list: Annotated[
        Literal["list", "object", "null"],
        BeforeValidator(lambda value: "null" if value is None else value),
    ] = "list"
    total_num: Literal["ok", "missing", "page"] = "ok"
    times: Literal["ok", "seconds", "zero"] = "ok"


class Scenario(StrictModel):
    """A scenario of the emulator.

    Args:
        credentials: accepted credentials.
        projects: existing project ids; None: any.
        match: whether text filters match a substring or the whole text.
        rate_limit: None: no limit.
        clock_skew: seconds by which the server's clock is ahead.
        images: the images and their timelines.
        cicd: names of the CI/CD identifiers; None: those of the images.
        quota: numbers of scans.
        faults: faults of requests.
        quirks: quirks of the list envelope.
        dialect: how HSS may fill rows where the manual leaves it open.
        identity: users, identity providers and agencies, for which the emulator issues keys and tokens.
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
    quota: Quota = Quota()
    faults: tuple[Fault, ...] = ()
    quirks: Quirks = Quirks()
    dialect: RowDialect = RowDialect()
    identity: Identity = Identity()

    @field_validator("credentials")
    @classmethod
    def _somebody_may_ask(cls, credentials: tuple[Credential, ...]) -> tuple[Credential, ...]:
        if not credentials:
            raise ValueError(
                "it is empty, so no request could be authenticated; give it a key pair or a token, or leave it out"
            )
        return credentials
