"""Identity federation: temporary keys from IAM v3 in exchange for an id token.

Source: the official SDK's FederalAccessor; neither request is signed.
"""

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.hss.auth.id_token import id_token_of
from hssgate.hss.auth.issuers import CredentialResponse, as_json, parse_body, send, token_of
from hssgate.hss.auth.lease import Issued, seconds_left
from hssgate.hss.credentials import AccessKey, Federation
from hssgate.hss.exchange import Request
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import Advice

ISSUER = "IAM (federation)"
_DURATION = 6 * 60 * 60  # seconds
_ADVICE = Advice(
    {}, {}, "check HUAWEICLOUD_SDK_IDP_ID, the identity provider's mapping, and that the id token has not expired"
)


def federate(credentials: Federation, endpoint: str, hosts: Hosts, clock: Clock, within: float) -> Issued[AccessKey]:
    """Return temporary keys: the id token yields an unscoped token, and that yields the keys.

    Args:
        credentials: identity provider and id token.
        endpoint: of IAM.
        hosts: HTTP clients; they mask the issued secrets.
        clock: for the deadline and the expiry time.
        within: seconds for both exchanges.

    Raises:
        ApiUnavailable: there was no usable response.
        ApiRefused: a retry would not help.
    """
    deadline = Deadline(clock.monotonic(), within)
    host = hosts.client(endpoint)
    id_token = id_token_of(credentials.id_token, hosts, clock, within)
    request = Request(
        url=f"{endpoint}/v3.0/OS-AUTH/id-token/tokens",
        method="POST",
        headers={"X-Idp-Id": credentials.idp_id},
        content=as_json({"auth": {"id_token": {"id": id_token.reveal()}}}),
        for_secrets=True,
    )
    response = send(host, request, ISSUER, _ADVICE, deadline.left(clock.monotonic()))
    unscoped = token_of(response, ISSUER)
    hosts.learn(unscoped)
    identity = {"methods": ["token"], "token": {"id": unscoped.reveal(), "duration_seconds": _DURATION}}
    request = Request(
        url=f"{endpoint}/v3.0/OS-CREDENTIAL/securitytokens",
        method="POST",
        content=as_json({"auth": {"identity": identity}}),
        for_secrets=True,
    )
    response = send(host, request, ISSUER, _ADVICE, deadline.left(clock.monotonic()))
    issued = parse_body(response, CredentialResponse, ISSUER).credential
    key = issued.as_access_key(credentials.source, hosts)
    return Issued(key, seconds_left(issued.expires_at.timestamp(), response, clock))
