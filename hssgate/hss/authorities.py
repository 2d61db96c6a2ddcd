"""Certificate authorities: looked up in the system's hashed folder, and read in full only where that is not enough."""

import functools
import re
import ssl
from collections.abc import Callable
from pathlib import Path

from hssgate.hss.failures import certificate_error
from hssgate.hss.http_library import httpx

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")  # file names by which OpenSSL looks up an issuer
# OpenSSL's X509_V_ERR codes of a chain that ends before a trusted authority; others are faults of the certificate.
_ISSUER_UNKNOWN = frozenset({2, 19, 20, 21})


@functools.cache  # HSS, IAM and STS share it
def all_authorities() -> ssl.SSLContext:
    """Return a context that trusts the authorities of certifi and of the system; certifi's take 30 ms to read."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def system_folder() -> Path | None:
    """Return the folder in which OpenSSL finds the system's authorities by hash, None where there is none."""
    folder = ssl.get_default_verify_paths().capath
    if folder is None:
        return None
    try:
        is_hashed = any(_HASHED.fullmatch(path.name) for path in Path(folder).iterdir())
    except OSError:
        return None
    return Path(folder) if is_hashed else None


@functools.cache
def _looking_up_in(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(capath=str(folder))


class SystemFirst(httpx.BaseTransport):
    """Trusts the system's hashed folder, and all authorities once that does not know an issuer.

    OpenSSL reads from such a folder only the file of the issuer it needs, during the handshake. Where that is missing,
    the handshake fails before any request is sent, and one more is made with all authorities.

    Args:
        folder: the system's.
        make: returns the transport for a context.
    """

    def __init__(self, folder: Path, make: Callable[[ssl.SSLContext], httpx.BaseTransport]) -> None:
        self._make = make
        self._transports = [make(_looking_up_in(folder))]  # the last one is used

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        transport = self._transports[-1]
        try:
            return transport.handle_request(request)
        except httpx.ConnectError as error:
            found = certificate_error(error)
            if found is None or found.verify_code not in _ISSUER_UNKNOWN or transport is not self._transports[0]:
                raise
        self._transports.append(self._make(all_authorities()))
        return self._transports[-1].handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports:
            transport.close()
