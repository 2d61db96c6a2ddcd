"""Id tokens: JSON Web Tokens (RFC 7519) signed with HMAC SHA-256, a stand-in for GitHub's RS256."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from hssgate.emulator.identity.model import IdentityProvider

_KEY = b"hssgate emulator, id tokens"
_HEADER = {"alg": "HS256", "kid": "emulator", "typ": "JWT"}
_LITERAL_SUBJECT = "emulator-subject"


@dataclass(frozen=True)
class IdToken:
    """Claims of an accepted id token.

    Args:
        subject: `sub`.
        audience: `aud`.
    """

    subject: str
    audience: str


class IdTokenInvalid(Exception):
    """An id token is not accepted; the message is the reason."""


def sign_id_token(claims: Mapping[str, JsonValue]) -> str:
    """Return a signed token of these claims."""
    signed = f"{_encoded(_HEADER)}.{_encoded(claims)}"
    return f"{signed}.{_signature(signed)}"


def read_id_token(text: str, provider: IdentityProvider, now: float) -> IdToken:
    """Verify an id token and return its claims.

    Args:
        text: the token.
        provider: the identity provider.
        now: epoch seconds.

    Raises:
        IdTokenInvalid: its signature is wrong, it has expired, or it has another audience.
    """
    if any(text == known.get_secret_value() for known in provider.id_tokens):
        return IdToken(_LITERAL_SUBJECT, provider.audiences[0])
    signed, _, signature = text.rpartition(".")
    if not hmac.compare_digest(_signature(signed).encode(), signature.encode(errors="surrogatepass")):
        raise IdTokenInvalid("its signature cannot be verified")
    claims = json.loads(_decoded(signed.partition(".")[2]))
    if claims["exp"] <= now:
        raise IdTokenInvalid("it has expired")
    if claims["aud"] not in provider.audiences:
        raise IdTokenInvalid("its audience is none of the provider's client ids")
    return IdToken(claims["sub"], claims["aud"])


def _encoded(content: Mapping[str, JsonValue]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _signature(signed: str) -> str:
    return _base64(hmac.new(_KEY, signed.encode(errors="surrogatepass"), hashlib.sha256).digest())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")
