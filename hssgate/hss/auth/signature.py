"""SDK-HMAC-SHA256, the signature of Huawei Cloud's gateway, as pure functions.

Source: API Request Signing Guide (api-sign-algorithm-001), checked against the official SDK's signer.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "SDK-HMAC-SHA256"
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()


def canonical_request(method: str, target: str, headers: Mapping[str, str]) -> str:
    """Return the canonical request, whose hash is signed, for a request without a body.

    The gateway decodes each segment of the path and encodes it again, and appends a slash; the query is used as it was
    sent. Any difference in one byte is a wrong signature.

    Args:
        method: the HTTP method, in upper case.
        target: path and query exactly as they are sent; the query is already sorted and encoded.
        headers: the headers to sign.
    """
    path, _, query = target.partition("?")
    uri = "/".join(quote(unquote_to_bytes(segment), safe="-_.~") for segment in path.split("/"))
    lines = sorted((name.lower(), value.strip()) for name, value in headers.items())
    return "\n".join(
        (
            method,
            uri if uri.endswith("/") else uri + "/",
            query,
            "".join(f"{name}:{value}\n" for name, value in lines),
            ";".join(name for name, _ in lines),
            _EMPTY_BODY,
        )
    )


def authorization(canonical: str, *, ak: str, sk: str, date: str, signed_headers: Mapping[str, str]) -> str:
    """Return the value of the `Authorization` header.

    Args:
        canonical: result of `canonical_request`.
        ak: access key id.
        sk: secret access key.
        date: the value of `X-Sdk-Date`, UTC as `YYYYMMDDTHHMMSSZ`.
        signed_headers: the headers in `canonical`.
    """
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{date}\n{digest}"
    signature = hmac.new(sk.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    names = ";".join(sorted(name.lower() for name in signed_headers))
    return f"{ALGORITHM} Access={ak}, SignedHeaders={names}, Signature={signature}"
