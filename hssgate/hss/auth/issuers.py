"""Requests to credential issuers: the code shared by STS, IAM, token services and the metadata service."""

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, StringConstraints

from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.credentials import AccessKey
from hssgate.hss.exchange import HostClient, Request, Response
from hssgate.hss.fields import ResponseModel
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import OTHER_SERVER, Advice, failure_of
from hssgate.hss.responses import document_of, exchange_of, unreadable
from hssgate.hss.secret import LONGEST_SENDABLE, Secret, is_sendable

Model = TypeVar("Model", bound=BaseModel)

SecretText = Annotated[str, StringConstraints(max_length=LONGEST_SENDABLE, pattern="^[!-~]+$")]
# The project id is part of the path of each request, and sent in a header: it must not contain `/`, `..` or a newline.
ProjectId = Annotated[str, StringConstraints(max_length=256, pattern="^[.]*[A-Za-z0-9_~-][A-Za-z0-9_.~-]*$")]
_SUCCESSES = frozenset({200, 201})


class IssuedKey(ResponseModel):
    """A temporary access key, in the format of IAM and the metadata service."""

    access: SecretText
    secret: SecretText
    securitytoken: SecretText
    expires_at: AwareDatetime

    def as_access_key(self, source: str, hosts: Hosts) -> AccessKey:
        """Return the key; see `temporary_key`."""
        return temporary_key(self.access, self.secret, self.securitytoken, source, hosts)


class CredentialResponse(ResponseModel):
    """Response body with a temporary access key."""

    credential: IssuedKey


def temporary_key(ak: str, sk: str, security_token: str, source: str, hosts: Hosts) -> AccessKey:
    """Return an issued key, and mask its secrets in all output from now on.

    Args:
        ak: the access key id.
        sk: the secret access key.
        security_token: its security token.
        source: where it comes from, in words.
        hosts: mask the secrets.
    """
    secrets = Secret(sk), Secret(security_token)
    hosts.learn(*secrets)
    return AccessKey(ak=ak, sk=secrets[0], security_token=secrets[1], source=source)


def send(host: HostClient, request: Request, issuer: str, advice: Advice, within: float) -> Response:
    """Send a request that contains its own credentials, and return a success; see `require_success`.

    Args:
        host: client of the service.
        request: the request.
        issuer: name of the service in messages.
        advice: what to do next about a refusal.
        within: seconds for the exchange.
    """
    return require_success(lambda: host.send(request, within=within), issuer, advice)


def require_success(ask: Callable[[], Response], issuer: str, advice: Advice) -> Response:
    """Return the response if it is a success, else raise.

    Args:
        ask: sends the request, returns the response.
        issuer: name of the service in messages.
        advice: what to do next about a refusal.

    Raises:
        ApiUnavailable: there was no response, or a retry may help.
        ApiRefused: a retry would not help, for any image.
    """
    response = with_issuer_in_errors(ask, issuer)
    if response.status in _SUCCESSES:
        return response
    failure = failure_of(response, advice)
    if isinstance(failure, ApiUnavailable):
        raise failure.reworded(f"{issuer}: {failure}")
    raise ApiRefused(f"{issuer}: {failure}", failure.exchange)


def with_issuer_in_errors(ask: Callable[[], Response], issuer: str) -> Response:
    """Return the response with any status; errors name the issuer.

    Raises:
        ApiUnavailable: there was no response.
        ApiRefused: a retry would not help: the certificate is not trusted, or the proxy refused the request.
    """
    try:
        return ask()
    except ApiUnavailable as error:
        raise error.reworded(f"{issuer}: {error}") from error
    except ApiRefused as error:
        raise ApiRefused(f"{issuer}: {error}", error.exchange) from error


def parse_body(response: Response, model: type[Model], issuer: str) -> Model:
    """Parse the body of a response.

    Args:
        response: a success.
        model: of the body.
        issuer: name of the service in messages.

    Raises:
        ApiUnavailable: it is unreadable.
    """
    try:
        with unreadable(exchange_of(response)):
            return model.model_validate(document_of(response))
    except ApiUnavailable as error:
        raise error.reworded(f"{issuer}: {error}") from error


def token_of(response: Response, issuer: str) -> Secret:
    """Return the token in the header `X-Subject-Token` of IAM.

    Args:
        response: a success.
        issuer: name of the service in messages.

    Raises:
        ApiUnavailable: there is none, or it cannot be sent in a header.
    """
    given = response.headers.get("X-Subject-Token", "")
    if not is_sendable(given):
        what = f"{issuer}: unreadable answer: there is no token in X-Subject-Token"
        raise ApiUnavailable(what, exchange_of(response), advice=OTHER_SERVER)
    return Secret(given)


def as_json(document: dict[str, Any]) -> bytes:
    """Return a document as a JSON body."""
    return json.dumps(document).encode()
