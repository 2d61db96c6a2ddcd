"""Keyless authentication: temporary keys from STS v5 in exchange for an id token.

Source: AssumeAgencyWithOIDC; the request is not signed.
"""

from typing import Any

from pydantic import AwareDatetime

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.hss.auth.id_token import id_token_of
from hssgate.hss.auth.issuers import SecretText, as_json, parse_body, send, temporary_key
from hssgate.hss.auth.lease import Issued, seconds_left
from hssgate.hss.credentials import AccessKey, Keyless
from hssgate.hss.exchange import Request
from hssgate.hss.fields import ResponseModel
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import Advice

ISSUER = "STS (assume-with-oidc)"
_ADVICE = Advice(
    {},
    {},
    "check HUAWEICLOUD_OIDC_PROVIDER_URN and HUAWEICLOUD_OIDC_AGENCY_URN, the agency's trust policy, the audience "
    "(the client id at the provider), and that the id token has not expired",
)


class _IssuedKey(ResponseModel):
    access_key_id: SecretText
    secret_access_key: SecretText
    security_token: SecretText
    expiration: AwareDatetime


class _StsResponse(ResponseModel):
    credentials: _IssuedKey


def assume_with_oidc(keyless: Keyless, endpoint: str, hosts: Hosts, clock: Clock, within: float) -> Issued[AccessKey]:
    """Return temporary keys.

    Args:
        keyless: provider, agency and id token.
        endpoint: of STS.
        hosts: HTTP clients; they mask the issued secrets.
        clock: for the deadline and the expiry time.
        within: seconds for the exchange, including the id token.

    Raises:
        ApiUnavailable: there was no usable response.
        ApiRefused: a retry would not help.
    """
    deadline = Deadline(clock.monotonic(), within)
    id_token = id_token_of(keyless.id_token, hosts, clock, within)
    body: dict[str, Any] = {
        "provider_urn": keyless.provider_urn,
        "agency_urn": keyless.agency_urn,
        "agency_session_name": keyless.session_name,
        "id_token": id_token.reveal(),
        "duration_seconds": keyless.duration,
    }
    if keyless.policy is not None:
        body["policy"] = keyless.policy
    if keyless.policy_ids:
        body["policy_ids"] = [*keyless.policy_ids]
    request = Request(
        url=f"{endpoint}/v5/agencies/assume-with-oidc", method="POST", content=as_json(body), for_secrets=True
    )
    response = send(hosts.client(endpoint), request, ISSUER, _ADVICE, deadline.left(clock.monotonic()))
    issued = parse_body(response, _StsResponse, ISSUER).credentials
    key = temporary_key(issued.access_key_id, issued.secret_access_key, issued.security_token, keyless.source, hosts)
    return Issued(key, seconds_left(issued.expiration.timestamp(), response, clock))
