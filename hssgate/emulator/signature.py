"""SDK-HMAC-SHA256, computed on the server side from the received request.

Source: API Request Signing Guide (devg-apisign, api-sign-algorithm-001).
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from hssgate.emulator.messages import Request

ALGORITHM = "SDK-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Access=(?P<ak>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{{64}})"
)


@dataclass(frozen=True)
class Claim:
    """Contents of an `Authorization` header.

    Args:
        ak: the access key.
        signed_headers: lower-case names, in the order given.
        signature: 64 hexadecimal digits.
    """

    ak: str
    signed_headers: tuple[str, ...]
    signature: str


def read_claim(authorization: str) -> Claim | None:
    """Parse an `Authorization` header; return None if it has another form."""
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    return Claim(match["ak"], tuple(match["headers"].split(";")), match["signature"]) if match else None


def canonical_request(request: Request, signed_headers: tuple[str, ...]) -> bytes:
    """Return the six parts that are signed: method, path, query, headers, their names, hash of the body."""
    lines = [f"{name}:{request.headers.get(name, '').strip()}\n" for name in signed_headers]
    return b"\n".join(
        (
            request.method.encode(),
            _canonical_path(request.path),
            _canonical_query(request.query),
            "".join(lines).encode("latin-1"),
            ";".join(signed_headers).encode("latin-1"),
            _payload_hash(request).encode("latin-1"),
        )
    )


def signature(canonical: bytes, *, sk: str, date: str) -> str:
    """Return the signature.

    Args:
        canonical: the canonical request.
        sk: secret key.
        date: `X-Sdk-Date` as given.
    """
    to_sign = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical).hexdigest()}"
    return hmac.new(sk.encode(), to_sign.encode("latin-1"), hashlib.sha256).hexdigest()


def _canonical_path(path: str) -> bytes:
    segments = unquote_to_bytes(path.encode("latin-1")).split(b"/")
    encoded = "/".join(quote_from_bytes(segment, safe="") for segment in segments)
    return (encoded if encoded.endswith("/") else encoded + "/").encode()


def _canonical_query(query: str) -> bytes:
    pairs = sorted(
        (unquote_to_bytes(name), unquote_to_bytes(value))
        for name, _, value in (part.partition(b"=") for part in query.encode("latin-1").split(b"&") if part)
    )
    return "&".join(
        f"{quote_from_bytes(name, safe='')}={quote_from_bytes(value, safe='')}" for name, value in pairs
    ).encode()


def _payload_hash(request: Request) -> str:
    given = request.headers.get("x-sdk-content-sha256")
    return given if given and request.body else hashlib.sha256(request.body).hexdigest()
