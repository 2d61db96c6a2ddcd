"""Exchange of one credential for another: what STS, IAM, token services and the metadata service share."""

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.credentials import AccessKey
from hssgate.hss.exchange import HostClient, Request, Response
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import OTHER_SERVER, Advice, failure_of
from hssgate.hss.responses import document_of, exchange_of, unreadable
from hssgate.hss.secret import LONGEST_SENDABLE, Secret, is_sendable

Model = TypeVar("Model", bound=BaseModel)

SecretText = Annotated[str, StringConstraints(max_length=LONGEST_SENDABLE, pattern="^[!-~]+$")]
# A project's id stands in the path of each request and in a header: nothing may lead out of the one or end the other.
ProjectId = Annotated[str, StringConstraints(max_length=256, pattern="^[.]*[A-Za-z0-9_~-][A-Za-z0-9_.~-]*$")]
RESPONSE_CONFIG = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)
_SUCCESSES = frozenset({200, 201})


class IssuedKey(BaseModel):
    """A temporary access key, as IAM and the metadata service write it."""

    model_config = RESPONSE_CONFIG

    access: SecretText
    secret: SecretText
    securitytoken: SecretText
    expires_at: AwareDatetime

    def as_access_key(self, source: str, hosts: Hosts) -> AccessKey:
        """Return the key; see `temporary_key`."""
        return temporary_key(self.access, self.secret, self.securitytoken, source, hosts)


class CredentialAnswer(BaseModel):
    """What holds one."""

    model_config = RESPONSE_CONFIG

    credential: IssuedKey


def temporary_key(ak: str, sk: str, security_token: str, source: str, hosts: Hosts) -> AccessKey:
    """Return a key that was issued, once its secrets are known as such.

    Args:
        ak: the access key id.
        sk: the secret access key.
        security_token: that goes with it.
        source: where it comes from, in words.
        hosts: learn the secrets.
    """
    secrets = Secret(sk), Secret(security_token)
    hosts.learn(*secrets)
    return AccessKey(ak=ak, sk=secrets[0], security_token=secrets[1], source=source)


def send(host: HostClient, request: Request, issuer: str, advice: Advice, within: float) -> Response:
    """Return the answer to a question that bears its own credentials; see `require_success`.

    Args:
        host: client of the service.
        request: what is asked.
        issuer: is asked, in words.
        advice: what to do next about a refusal.
        within: seconds for the exchange.
    """
    return require_success(lambda: host.send(request, within=within), issuer, advice)


def require_success(ask: Callable[[], Response], issuer: str, advice: Advice) -> Response:
    """Return the answer, if it is a success.

    Args:
        ask: sends the request, returns the answer.
        issuer: is asked, in words.
        advice: what to do next about a refusal.

    Raises:
        ApiUnavailable: there was no answer, or one that may be another next time.
        ApiRefused: asking again would not help, for anyone.
    """
    response = with_issuer_in_errors(ask, issuer)
    if response.status in _SUCCESSES:
        return response
    failure = failure_of(response, advice)
    if isinstance(failure, ApiUnavailable):
        raise failure.reworded(f"{issuer}: {failure}")
    raise ApiRefused(f"{issuer}: {failure}", failure.exchange)


def with_issuer_in_errors(ask: Callable[[], Response], issuer: str) -> Response:
    """Return the answer with any status; an error names the host.

    Raises:
        ApiUnavailable: there was no answer.
        ApiRefused: the request did not get through, and would not the next time: a certificate that is not to be
            trusted, or a proxy that refuses.
    """
    try:
        return ask()
    except ApiUnavailable as error:
        raise error.reworded(f"{issuer}: {error}") from error
    except ApiRefused as error:
        raise ApiRefused(f"{issuer}: {error}", error.exchange) from error


def parse_body(response: Response, model: type[Model], issuer: str) -> Model:
    """Return what the answer holds.

    Args:
        response: a success.
        model: what it should be.
        issuer: was asked, in words.

    Raises:
        ApiUnavailable: it cannot be read.
    """
    try:
        with unreadable(exchange_of(response)):
            return model.model_validate(document_of(response))
    except ApiUnavailable as error:
        raise error.reworded(f"{issuer}: {error}") from error


def token_of(response: Response, issuer: str) -> Secret:
    """Return the token that IAM gives in a header.

    Args:
        response: a success.
        issuer: was asked, in words.

    Raises:
        ApiUnavailable: there is none that could be sent.
    """
    given = response.headers.get("X-Subject-Token", "")
    if not is_sendable(given):
        what = f"{issuer}: unreadable answer: there is no token in X-Subject-Token"
        raise ApiUnavailable(what, exchange_of(response), advice=OTHER_SERVER)
    return Secret(given)


def as_json(document: dict[str, Any]) -> bytes:
    """Return a body."""
    return json.dumps(document).encode()
