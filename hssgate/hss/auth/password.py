"""Password authentication: an IAM token in exchange for an IAM user's password.

Source: KeystoneCreateUserTokenByPassword; the token comes in a header.
"""

from typing import Any

from pydantic import AwareDatetime

from hssgate.clock import Clock
from hssgate.hss.auth.issuers import ProjectId, as_json, parse_body, send, token_of
from hssgate.hss.auth.lease import Issued, seconds_left
from hssgate.hss.credentials import Password
from hssgate.hss.exchange import Request
from hssgate.hss.fields import ResponseModel
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import Advice
from hssgate.hss.secret import Secret

ISSUER = "IAM (password)"
_ADVICE = Advice(
    {},
    {},
    "check HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME (an IAM user with programmatic access, not the account "
    "itself), and the project",
)


class _Project(ResponseModel):
    id: ProjectId


class _IamToken(ResponseModel):
    expires_at: AwareDatetime
    project: _Project | None = None


class _IamTokenResponse(ResponseModel):
    token: _IamToken


def log_in(
    credentials: Password, endpoint: str, hosts: Hosts, clock: Clock, *, scope: dict[str, str], within: float
) -> Issued[tuple[Secret, str | None]]:
    """Return a token, and the id of its project.

    Args:
        credentials: user, password and account.
        endpoint: of IAM.
        hosts: HTTP clients; they mask the token.
        clock: for the expiry time.
        scope: the project, by `id` or by `name`.
        within: seconds for the exchange.

    Raises:
        ApiUnavailable: there was no usable response.
        ApiRefused: a retry would not help.
    """
    user: dict[str, Any] = {
        "name": credentials.user,
        "password": credentials.password.reveal(),
        "domain": {"name": credentials.domain},
    }
    identity = {"methods": ["password"], "password": {"user": user}}
    request = Request(
        url=f"{endpoint}/v3/auth/tokens",
        method="POST",
        content=as_json({"auth": {"identity": identity, "scope": {"project": scope}}}),
        for_secrets=True,
    )
    response = send(hosts.client(endpoint), request, ISSUER, _ADVICE, within)
    token = parse_body(response, _IamTokenResponse, ISSUER).token
    secret = token_of(response, ISSUER)
    hosts.learn(secret)
    project_id = token.project.id if token.project else None
    return Issued((secret, project_id), seconds_left(token.expires_at.timestamp(), response, clock))
