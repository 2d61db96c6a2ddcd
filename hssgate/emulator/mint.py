"""Unique texts made from a counter, since the emulator uses no randomness."""

import base64
import hashlib
import hmac

_KEY = b"hssgate emulator"
_DIGEST = 32  # bytes


class Mint:
    """Gives each text once. Not safe for use by several threads at once."""

    def __init__(self) -> None:
        self._given = 0

    def hexadecimal(self, length: int) -> str:
        """Return digits and lower-case letters up to f, as ids are made of."""
        return self._bytes(length).hex()[:length]

    def access_key(self) -> str:
        """Return an access key as those of temporary credentials look: 20 upper-case letters and digits."""
        return f"HST{base64.b32encode(self._bytes(_DIGEST)).decode()[:17]}"

    def secret(self) -> str:
        """Return 40 letters and digits."""
        return base64.b64encode(self._bytes(4 * _DIGEST), altchars=b"xz").decode()[:40]

    def token(self, size: int) -> str:
        """Return Base64, with all that may stand in it.

        Args:
            size: bytes behind it.
        """
        return base64.b64encode(self._bytes(size)).decode()

    def _bytes(self, size: int) -> bytes:
        self._given += 1
        parts = (
            hmac.new(_KEY, f"{self._given} {part}".encode(), hashlib.sha256).digest()
            for part in range(-(-size // _DIGEST))
        )
        return b"".join(parts)[:size]


def lasting_id(kind: str, name: str) -> str:
    """Return 32 hexadecimal digits that are always the same for a name of a kind."""
    return hashlib.sha256(f"{kind} {name}".encode(errors="surrogatepass")).hexdigest()[:32]
