"""The HTTP client as the gate uses it: one TLS context, no redirects, proxies only for hosts that are not here."""

import functools
import ipaddress
import ssl
from pathlib import Path

import httpx

from hssgate import __version__
from hssgate.errors import Misused
from hssgate.text import clean

METADATA_HOST = "169.254.169.254"  # where every machine of the cloud asks about itself

# A connection that is used again may hold what came unasked behind an earlier answer; it would be taken for the next.
_ONE_EXCHANGE = {"Connection": "close"}


def open_http(endpoint: str, ca_bundle: Path | None) -> httpx.Client:
    """Return a client for one host.

    Args:
        endpoint: scheme and host.
        ca_bundle: file or folder of certificate authorities, instead of the system's and certifi's.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    url = httpx.URL(endpoint)
    try:
        return httpx.Client(
            verify=_tls_context(ca_bundle) if url.scheme == "https" else _trusts_nobody(),
            follow_redirects=False,
            trust_env=not _is_near(url.host),
            headers={"User-Agent": f"hssgate/{__version__}", **_ONE_EXCHANGE},
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:  # of the variables that name proxies
        # What makes it no URL may be a part of the password in it.
        reason = "it is no URL" if isinstance(error, httpx.InvalidURL) else clean(error, 200)
        raise Misused(f"HTTPS_PROXY, ALL_PROXY or NO_PROXY cannot be used: {reason}") from error


def _is_near(host: str) -> bool:
    """Whether no proxy may see what is meant for the host: this machine, or the one it runs on."""
    return is_loopback(host) or host == METADATA_HOST


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@functools.lru_cache(maxsize=1)  # reading the authorities takes 60 ms, and IAM and STS are asked beside HSS
def _tls_context(ca_bundle: Path | None) -> ssl.SSLContext:
    if ca_bundle is None:
        context = httpx.create_ssl_context(trust_env=False)  # certifi's
        context.load_default_certs()  # and the system's
        return context
    try:
        return ssl.create_default_context(
            cafile=None if ca_bundle.is_dir() else str(ca_bundle), capath=str(ca_bundle) if ca_bundle.is_dir() else None
        )
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if not isinstance(error, ssl.SSLError) else "it holds no certificate in PEM form"
        where = f"--ca-bundle {clean(ca_bundle, 200)} (or HSSGATE_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE)"
        raise Misused(f"{where}: {reason or 'it cannot be read'}") from error


def _trusts_nobody() -> ssl.SSLContext:
    """Return a context for plain http on loopback: cheap to make, and of no use to anyone else."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
