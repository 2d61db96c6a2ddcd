"""IAM: issues a temporary key for a token.

Source: CreateTemporaryAccessKeyByToken (iam_04_0002).
"""

from pydantic import JsonValue

from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import invalid_for_iam, unauthorized
from hssgate.emulator.identity.moments import in_microseconds
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.issued import TemporaryKey
from hssgate.emulator.messages import Request, Response, json_response
from hssgate.emulator.refusals import Refusal

_SHORTEST, _LONGEST = 900, 86400  # seconds


def give_temporary_key(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `POST /v3.0/OS-CREDENTIAL/securitytokens`; it accepts every token, also one without a scope.

    Args:
        service: has the issued tokens.
        request: the request; the header `X-Auth-Token` takes precedence over the token of the body.
        now: epoch seconds.

    Raises:
        Refusal: 400: the body is not valid; 401: the token is unknown or expired.
    """
    body = Body(request.body, invalid_for_iam)
    if body.texts("auth.identity.methods") != ["token"]:
        raise invalid_for_iam("auth.identity.methods must be token alone")
    seconds = body.number("auth.identity.token.duration_seconds", _SHORTEST, _LONGEST, default=_SHORTEST)
    token = request.headers.get("x-auth-token") or _as_in_a_header(body.text("auth.identity.token.id"))
    try:
        caller = service.authenticator.of_token(token, now)
    except Refusal as refusal:
        raise unauthorized(refusal.message) from None
    key = service.issued.give_key(caller.holder, service.key_ends(now, seconds))
    return json_response(201, credential_of(key))


def credential_of(key: TemporaryKey) -> dict[str, JsonValue]:
    """Return a key in the response format of IAM and the metadata service."""
    return {
        "credential": {
            "access": key.ak,
            "secret": key.sk,
            "securitytoken": key.security_token,
            "expires_at": in_microseconds(key.ends),
        }
    }


def _as_in_a_header(text: str) -> str:
    return text.encode(errors="surrogatepass").decode("latin-1")
