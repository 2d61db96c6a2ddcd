"""Creates the HTTP client: one TLS context, no redirects, at most one proxy, no environment."""

import functools
import ipaddress
import ssl
from pathlib import Path

from hssgate import __version__
from hssgate.errors import Misused
from hssgate.hss.http_library import httpx
from hssgate.hss.secret import Secret
from hssgate.text import clean

# The parts of httpx that commands need: only hssgate.hss imports httpx.
HttpClient = httpx.Client
Url = httpx.URL
UrlInvalid = httpx.InvalidURL

METADATA_HOST = "169.254.169.254"  # link-local address of the metadata service on every ECS

# A reused connection may contain bytes that a server or proxy sent after an earlier response. They would be read as the
# response to the next request, so each connection serves one exchange only.
_ONE_EXCHANGE = {"Connection": "close"}


def open_http(endpoint: str, ca_bundle: Path | None, proxy: Secret | None) -> httpx.Client:
    """Return a client for one host.

    Args:
        endpoint: scheme and host.
        ca_bundle: file or folder of certificate authorities, in place of the system's and certifi's.
        proxy: address of the proxy for this host, with user name and password.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    return httpx.Client(
        transport=_transport(httpx.URL(endpoint).scheme, ca_bundle, proxy),
        follow_redirects=False,
        # httpx would read every proxy variable, and refuse all hosts if one of them is malformed. Proxies are chosen
        # in proxies.py instead, for this host only.
        trust_env=False,
        headers={"User-Agent": f"hssgate/{__version__}", **_ONE_EXCHANGE},
    )


def _transport(scheme: str, ca_bundle: Path | None, proxy: Secret | None) -> httpx.BaseTransport:
    def make(context: ssl.SSLContext) -> httpx.BaseTransport:
        through = _as_proxy(proxy, context) if proxy is not None else None
        return httpx.HTTPTransport(verify=context, trust_env=False, proxy=through)

    if scheme != "https":
        return make(_trusts_nobody())
    if ca_bundle is not None:
        return make(_context_of(ca_bundle))
    from hssgate.hss.authorities import SystemFirst, all_authorities, system_folder

    folder = system_folder()
    return SystemFirst(folder, make) if folder else make(all_authorities())


def _as_proxy(proxy: Secret, context: ssl.SSLContext) -> httpx.Proxy:
    url = httpx.URL(proxy.reveal())
    return httpx.Proxy(url, ssl_context=context if url.scheme == "https" else None)


def is_near(host: str) -> bool:
    """Whether the host is never reached through a proxy: loopback, or the metadata service of this machine."""
    return is_loopback(host) or host == METADATA_HOST


def is_loopback(host: str) -> bool:
    """Whether the host is a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@functools.lru_cache(maxsize=1)  # HSS, IAM and STS share it
def _context_of(ca_bundle: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(
            cafile=None if ca_bundle.is_dir() else str(ca_bundle), capath=str(ca_bundle) if ca_bundle.is_dir() else None
        )
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if not isinstance(error, ssl.SSLError) else "it contains no certificate in PEM form"
        where = f"--ca-bundle {clean(ca_bundle, 200)} (or HSSGATE_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE)"
        needed = "give a file of certificates in PEM form, or a folder of them hashed by `openssl rehash`"
        raise Misused(f"{where}: {reason or 'it cannot be read'}; {needed}") from error


def _trusts_nobody() -> ssl.SSLContext:
    """Return a context for plain http on loopback: it loads no authorities, which is fast, and trusts no server."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
