"""Generated secrets and ids. They are reproducible: the emulator uses no randomness."""

import base64
import hashlib
import hmac

_KEY = b"hssgate emulator"
_DIGEST = 32  # bytes


class SecretGenerator:
    """Generates secrets from a counter, each different from the others. Not thread-safe."""

    def __init__(self) -> None:
        self._given = 0

    def hexadecimal(self, length: int) -> str:
        """Return lower-case hexadecimal digits, the form of ids."""
        return self._bytes(length).hex()[:length]

    def access_key(self) -> str:
        """Return the id of a temporary access key: 20 upper-case letters and digits."""
        return f"HST{base64.b32encode(self._bytes(_DIGEST)).decode()[:17]}"

    def secret(self) -> str:
        """Return 40 letters and digits."""
        return base64.b64encode(self._bytes(4 * _DIGEST), altchars=b"xz").decode()[:40]

    def token(self, size: int) -> str:
        """Return a Base64 token, with `+`, `/` and `=`.

        Args:
            size: number of bytes that it encodes.
        """
        return base64.b64encode(self._bytes(size)).decode()

    def _bytes(self, size: int) -> bytes:
        self._given += 1
        parts = (
            hmac.new(_KEY, f"{self._given} {part}".encode(), hashlib.sha256).digest()
            for part in range(-(-size // _DIGEST))
        )
        return b"".join(parts)[:size]


def stable_id(kind: str, name: str) -> str:
    """Return 32 hexadecimal digits that depend only on the kind and the name."""
    return hashlib.sha256(f"{kind} {name}".encode(errors="surrogatepass")).hexdigest()[:32]
