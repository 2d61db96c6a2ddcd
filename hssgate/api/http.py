"""The HTTP client as the gate uses it: one TLS context, no redirects, proxies only for hosts that are not here."""

import ipaddress
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx

from hssgate import __version__
from hssgate.api.wire import echo_redactor
from hssgate.errors import Misused
from hssgate.settings import Connection
from hssgate.text import clean


def open_http(connection: Connection, trace: Callable[[str], None] | None = None) -> httpx.Client:
    """Return a client for the connection's endpoint.

    Args:
        connection: where to and how.
        trace: called with a line for each request and response, without secrets.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    url = httpx.URL(connection.endpoint)
    local = is_loopback(url.host)
    hooks: dict[str, list[Callable[..., None]]] = {}
    if trace is not None:
        say = trace
        hooks["request"] = [lambda request: say(f"> {request.method} {request.url}")]
        hooks["response"] = [lambda response: say(_response_line(response, connection.credentials.secrets))]
    try:
        return _client(connection, url, local=local, hooks=hooks)
    except (ValueError, ImportError, httpx.InvalidURL) as error:  # of the variables that name proxies
        raise Misused(f"HTTPS_PROXY, ALL_PROXY or NO_PROXY cannot be used: {clean(error, 200)}") from error


def _client(
    connection: Connection, url: httpx.URL, *, local: bool, hooks: dict[str, list[Callable[..., None]]]
) -> httpx.Client:
    return httpx.Client(
        verify=_tls_context(connection.ca_bundle) if url.scheme == "https" else _trusts_nobody(),
        follow_redirects=False,
        trust_env=not local,  # a proxy must not see what is meant for this machine
        headers={"User-Agent": f"hssgate/{__version__}"},
        event_hooks=hooks,
    )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


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
        where = f"--ca-bundle {clean(ca_bundle, 200)} (or HSSGATE_CA_BUNDLE, SSL_CERT_FILE)"
        raise Misused(f"{where}: {reason or 'it cannot be read'}") from error


def _trusts_nobody() -> ssl.SSLContext:
    """Return a context for plain http on loopback: cheap to make, and of no use to anyone else."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _response_line(response: httpx.Response, secrets: Iterable[str]) -> str:
    masked = echo_redactor(response.request, secrets).text
    reason, request_id = masked(response.reason_phrase), masked(response.headers.get("X-Request-Id", "-"))
    return f"< HTTP {response.status_code} {clean(reason, 40)}, request id {clean(request_id, 80)}"
