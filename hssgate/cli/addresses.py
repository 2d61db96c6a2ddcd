"""Where HSS is: from an endpoint or a region, checked before any secret is sent there."""

import re

import httpx

from hssgate.api.http import is_loopback
from hssgate.errors import Misused
from hssgate.text import clean

_REGION = re.compile(r"[a-z]{2}-[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_HOST = re.compile(r"[0-9a-f:]+|(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.ASCII)
_HIGHEST_PORT = 65535
_EUROPEAN = frozenset({"eu-west-101"})  # source: the official SDK's region table


def endpoint_of(endpoint: str | None, region: str | None) -> str:
    """Return scheme and host of HSS.

    Args:
        endpoint: as given; it beats the region.
        region: such as `ap-southeast-1`.

    Raises:
        Misused: neither is given, or a secret could not safely be sent there.
    """
    if endpoint is not None:
        return _checked(endpoint)
    if region is None:
        raise Misused("no address: give --region (or HSSGATE_REGION), or --endpoint (or HSSGATE_ENDPOINT)")
    if not _REGION.fullmatch(region):
        raise Misused("--region is no region's name; write it like ap-southeast-1")
    domain = "myhuaweicloud.eu" if region in _EUROPEAN else "myhuaweicloud.com"
    return f"https://hss.{region}.{domain}"


def _checked(endpoint: str) -> str:
    text = endpoint.strip()
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except httpx.InvalidURL as error:
        raise Misused(
            f"--endpoint is no URL ({error}); write it like https://hss.ap-southeast-1.myhuaweicloud.com"
        ) from error
    if url.userinfo:
        raise Misused(
            "--endpoint holds a user name or password; give the host alone, and credentials by the environment"
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise Misused("--endpoint is no https URL; write it like https://hss.ap-southeast-1.myhuaweicloud.com")
    if not _HOST.fullmatch(url.host):
        raise Misused(
            f"--endpoint names a host that cannot be: {clean(url.host, 100)!r}; check what it was put together from"
        )
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise Misused(f"--endpoint names port {url.port}, which there is not")
    if url.scheme == "http" and not is_loopback(url.host):
        raise Misused("--endpoint is plain http, over which no secret is sent except to a loopback host; use https")
    if url.path not in ("", "/") or url.query or url.fragment:
        raise Misused("--endpoint holds a path or a query; give scheme and host alone")
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
