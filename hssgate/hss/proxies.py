"""Proxy selection for a host, from HTTPS_PROXY, ALL_PROXY and NO_PROXY."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote

from hssgate.errors import Misused
from hssgate.hss.http import is_near
from hssgate.hss.http_library import httpx
from hssgate.hss.secret import Secret
from hssgate.record import record
from hssgate.text import clean

# The same order as in curl and Python: the lower-case name first; an empty variable counts as unset.
VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_SCHEMES = ("http", "https")
_PARTS = (
    r"(?s)(?P<scheme>[\"']?[A-Za-z][A-Za-z0-9+.-]*://)?(?P<user>.*@)?(?P<host>\[[0-9A-Fa-f:.]*\]?|[^\[\]/:?#@]*)"
    r"(?P<port>:\d*(?=[/?#]|$))?.*"
)
_QUOTES = ("'", '"')
_LIKE_THIS = (
    "write it like http://proxy.example:3128, without quotation marks, and percent-encode user name and password"
)
_HIGHEST_PORT = 65535
_HTTPS_PORT = 443


@record(kw_only=True)
class Proxy:
    """The proxy for one host.

    Args:
        url: its address, with user name and password if there are any.
        shown: its address without them, and the variable that it comes from.
        variable: name of this variable.
        secrets: user name and password, each as written and percent-decoded.
    """

    url: Secret
    shown: str
    variable: str
    secrets: tuple[Secret, ...] = ()


def proxy_for(endpoint: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a host, or None if it is reached directly.

    Only variables that apply to the host are validated: a malformed proxy has no effect on a host in NO_PROXY.

    Args:
        endpoint: scheme and host.
        environ: the environment variables.

    Raises:
        Misused: the host needs a proxy that cannot be used.
    """
    host = httpx.URL(endpoint)
    variable = next((name for name in VARIABLES if environ.get(name, "").strip()), None)
    if variable is None or is_near(host.host):
        return None
    exceptions = next((value for name in _EXCEPTIONS if (value := environ.get(name, "").strip())), "")
    if _is_excepted(host, exceptions):
        return None
    given = environ[variable].strip()
    shown = f"{_without_user(given)} ({variable})"
    url = _url_of(given)
    if url is None:
        raise _unusable(shown, host, f"it is no address; {_LIKE_THIS}")
    if url.scheme not in _SCHEMES:
        raise _unusable(shown, host, "hssgate uses http and https proxies only; set HTTPS_PROXY to one")
    return Proxy(url=Secret(str(url)), shown=shown, variable=variable, secrets=_secrets_in(given))


def _url_of(given: str) -> httpx.URL | None:
    """Return the URL of a proxy, or None if it is malformed; the reason may show a part of the password."""
    if given[:1] in _QUOTES:
        return None
    try:
        url = httpx.URL(given if "://" in given else f"http://{given}")
    except httpx.InvalidURL:
        return None
    return url if url.host and 0 <= (url.port or 0) <= _HIGHEST_PORT else None


def _unusable(shown: str, host: httpx.URL, reason: str) -> Misused:
    return Misused(
        f"the proxy {shown} is needed for {host.host} and cannot be used: {reason}, or name {host.host} in NO_PROXY"
    )


def _without_user(given: str) -> str:
    """Return an address for messages: without user name and password, path and query.

    In a malformed address the password may contain `/`, `?` or `#`, so that a part of it looks like a path. Only
    scheme, host and port are therefore kept.
    """

    def shown(parts: re.Match[str]) -> str:
        user = "***@" if parts["user"] else ""
        return f"{parts['scheme'] or ''}{user}{parts['host']}{parts['port'] or ''}"

    return clean(re.sub(_PARTS, shown, given, count=1), 200)


def _secrets_in(given: str) -> tuple[Secret, ...]:
    user = given.rpartition("@")[0].rpartition("://")[2]
    parts = (user, user.partition(":")[0], user.partition(":")[2])
    return tuple(Secret(part) for text in parts for part in (text, unquote(text)) if part)


def _is_excepted(host: httpx.URL, exceptions: str) -> bool:
    """Whether an entry of `NO_PROXY` matches the host.

    curl, Go, Python and requests differ in the details. All of these forms are accepted: `*`, a domain with or without
    a leading dot (both match subdomains), an IP address, a CIDR network, each with an optional port. A malformed entry
    matches nothing, so that the request goes through the proxy.
    """
    return any(_names(entry.lower(), host) for entry in re.split(r"[\s,]+", exceptions) if entry)


def _names(entry: str, host: httpx.URL) -> bool:
    if entry == "*":
        return True
    address = _address(host.host)
    if "/" in entry:
        network = _network(entry)
        return network is not None and address is not None and address in network
    name, port = _split_port(entry)
    if port is not None and port != str(host.port or _HTTPS_PORT):
        return False
    if (meant := _address(name)) is not None or address is not None:
        return meant == address
    suffix, meant_host = name.removeprefix("*").strip("."), host.host.rstrip(".")
    return bool(suffix) and (meant_host == suffix or meant_host.endswith(f".{suffix}"))


def _split_port(entry: str) -> tuple[str, str | None]:
    """Return name and port; an IPv6 address must be in brackets to have a port."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":") or None
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port or None
    return entry, None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None
