"""Keyless authentication: temporary keys from STS v5 for the pipeline's own identity.

Source: AssumeAgencyWithOIDC; the request is not signed.
"""

from typing import Any

from pydantic import AwareDatetime, BaseModel

from hssgate.clock import Clock
from hssgate.hss.auth.id_token import id_token_of
from hssgate.hss.auth.issuers import RESPONSE_CONFIG, SecretText, as_json, parse_body, send, temporary_key
from hssgate.hss.auth.lease import Issued, seconds_left
from hssgate.hss.credentials import AccessKey, Keyless
from hssgate.hss.exchange import Request
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import Advice

ISSUER = "STS (assume-with-oidc)"
_ADVICE = Advice(
    {},
    {},
    "check HUAWEICLOUD_OIDC_PROVIDER_URN and HUAWEICLOUD_OIDC_AGENCY_URN, the agency's trust policy, the audience "
    "(the client id at the provider), and that the id token has not ended",
)


class _IssuedKey(BaseModel):
    model_config = RESPONSE_CONFIG

    access_key_id: SecretText
    secret_access_key: SecretText
    security_token: SecretText
    expiration: AwareDatetime


class _StsAnswer(BaseModel):
    model_config = RESPONSE_CONFIG

    credentials: _IssuedKey


def assume_with_oidc(way: Keyless, endpoint: str, hosts: Hosts, clock: Clock, within: float) -> Issued[AccessKey]:
    """Return temporary keys.

    Args:
        way: who asks for what.
        endpoint: of STS.
        hosts: to ask, and to learn the secrets.
        clock: for the deadline and the keys' end.
        within: seconds for the exchange, getting the id token included.

    Raises:
        ApiUnavailable: there was no usable answer.
        ApiRefused: asking again would not help.
    """
    deadline = clock.monotonic() + within
    id_token = id_token_of(way.id_token, hosts, clock, within)
    body: dict[str, Any] = {
        "provider_urn": way.provider_urn,
        "agency_urn": way.agency_urn,
        "agency_session_name": way.session_name,
        "id_token": id_token.reveal(),
        "duration_seconds": way.duration,
    }
    if way.policy is not None:
        body["policy"] = way.policy
    if way.policy_ids:
        body["policy_ids"] = [*way.policy_ids]
    request = Request(
        url=f"{endpoint}/v5/agencies/assume-with-oidc", method="POST", content=as_json(body), for_secrets=True
    )
    response = send(hosts.client(endpoint), request, ISSUER, _ADVICE, deadline - clock.monotonic())
    issued = parse_body(response, _StsAnswer, ISSUER).credentials
    key = temporary_key(issued.access_key_id, issued.secret_access_key, issued.security_token, way.source, hosts)
    return Issued(key, seconds_left(issued.expiration.timestamp(), response, clock))
