"""Exchange of one credential for another: what STS, IAM, token services and the metadata service share."""

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.credentials import AccessKey
from hssgate.hss.exchange import Answer, Question, Wire
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import OTHER_SERVER, Advice, failure_of
from hssgate.hss.responses import document_of, exchange_of, unreadable
from hssgate.hss.secret import LONGEST_SENDABLE, Secret, is_sendable

Model = TypeVar("Model", bound=BaseModel)

SecretText = Annotated[str, StringConstraints(max_length=LONGEST_SENDABLE, pattern="^[!-~]+$")]
# A project's id stands in the path of each request and in a header: nothing may lead out of the one or end the other.
ProjectId = Annotated[str, StringConstraints(max_length=256, pattern="^[.]*[A-Za-z0-9_~-][A-Za-z0-9_.~-]*$")]
ANSWER = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)
_SUCCESSES = frozenset({200, 201})


class IssuedKey(BaseModel):
    """A temporary access key, as IAM and the metadata service write it."""

    model_config = ANSWER

    access: SecretText
    secret: SecretText
    securitytoken: SecretText
    expires_at: AwareDatetime

    def as_access_key(self, source: str, hosts: Hosts) -> AccessKey:
        """Return the key; see `temporary_key`."""
        return temporary_key(self.access, self.secret, self.securitytoken, source, hosts)


class CredentialAnswer(BaseModel):
    """What holds one."""

    model_config = ANSWER

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


def answered(wire: Wire, question: Question, who: str, advice: Advice, within: float) -> Answer:
    """Return the answer to a question that bears its own credentials; see `answered_by`.

    Args:
        wire: to the service.
        question: what is asked.
        who: is asked, in words.
        advice: what to do next about a refusal.
        within: seconds for the exchange.
    """
    return answered_by(lambda: wire.ask(question, within=within), who, advice)


def answered_by(ask: Callable[[], Answer], who: str, advice: Advice) -> Answer:
    """Return the answer, if it is a success.

    Args:
        ask: sends the request, returns the answer.
        who: is asked, in words.
        advice: what to do next about a refusal.

    Raises:
        ApiUnavailable: there was no answer, or one that may be another next time.
        ApiRefused: asking again would not help, for anyone.
    """
    answer = named(ask, who)
    if answer.status in _SUCCESSES:
        return answer
    failure = failure_of(answer, advice)
    if isinstance(failure, ApiUnavailable):
        raise failure.reworded(f"{who}: {failure}")
    raise ApiRefused(f"{who}: {failure}", failure.exchange)


def named(ask: Callable[[], Answer], who: str) -> Answer:
    """Return the answer with any status; an error names the host.

    Raises:
        ApiUnavailable: there was no answer.
        ApiRefused: the request did not get through, and would not the next time: a certificate that is not to be
            trusted, or a proxy that refuses.
    """
    try:
        return ask()
    except ApiUnavailable as error:
        raise error.reworded(f"{who}: {error}") from error
    except ApiRefused as error:
        raise ApiRefused(f"{who}: {error}", error.exchange) from error


def read(answer: Answer, model: type[Model], who: str) -> Model:
    """Return what the answer holds.

    Args:
        answer: a success.
        model: what it should be.
        who: was asked, in words.

    Raises:
        ApiUnavailable: it cannot be read.
    """
    try:
        with unreadable(exchange_of(answer)):
            return model.model_validate(document_of(answer))
    except ApiUnavailable as error:
        raise error.reworded(f"{who}: {error}") from error


def token_of(answer: Answer, who: str) -> Secret:
    """Return the token that IAM gives in a header.

    Args:
        answer: a success.
        who: was asked, in words.

    Raises:
        ApiUnavailable: there is none that could be sent.
    """
    given = answer.headers.get("X-Subject-Token", "")
    if not is_sendable(given):
        what = f"{who}: unreadable answer: there is no token in X-Subject-Token"
        raise ApiUnavailable(what, exchange_of(answer), advice=OTHER_SERVER)
    return Secret(given)


def as_json(document: dict[str, Any]) -> bytes:
    """Return a body."""
    return json.dumps(document).encode()
