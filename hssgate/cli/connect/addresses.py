"""Endpoints of HSS, IAM and STS: from an option or a region, validated before any secret is sent there."""

import re
from collections.abc import Callable

from hssgate.errors import Misused
from hssgate.hss.http import Url, UrlInvalid, is_loopback
from hssgate.hss.regions import CloudRegion, is_known, misspelt, nearest, region_of_cloud, region_of_host
from hssgate.record import record
from hssgate.text import clean

_REGION = r"(?a)[a-z]{2}-[a-z0-9]+(?:-[a-z0-9]+)*"
_LABELS = r"(?a)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*"
_HOST = re.compile(r"[0-9a-f:]+|(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.ASCII)
_HIGHEST_PORT = 65535
_WITH_USER = "contains a user name or password; give the host only, and credentials in the environment"


@record(kw_only=True)
class HssTarget:
    """Endpoint of HSS, and its region.

    Args:
        endpoint: scheme and host of HSS.
        region: region of the project, if known.
        cloud_region: region and domain, for the endpoints of IAM and STS; None if the endpoint has another form.
    """

    endpoint: str
    region: str | None
    cloud_region: CloudRegion | None


def target_of(endpoint: str | None, region: str | None, cloud: str | None, note: Callable[[str], None]) -> HssTarget:
    """Return the endpoint of HSS, and its region.

    Args:
        endpoint: as given; it takes precedence over region and cloud, also for IAM and STS.
        region: such as `ap-southeast-1`.
        cloud: domain of a private or sovereign cloud.
        note: called with a line if the region is unknown.

    Raises:
        Misused: there is no address, or it is not safe to send a secret there.
    """
    domain = None if cloud is None else _checked_domain(cloud)
    if endpoint is not None:
        if region is not None:
            _refuse_unfit(region)
        address = checked_endpoint(endpoint, "--endpoint")
        cloud_region = region_of_host(Url(address).netloc.decode("ascii"), domain)
        return HssTarget(
            endpoint=address,
            region=region or (cloud_region.region if cloud_region else None),
            cloud_region=cloud_region,
        )
    if region is None:
        raise Misused("no address: give --region (or HSSGATE_REGION), or --endpoint (or HSSGATE_ENDPOINT)")
    if domain is None:
        _check_region(region, note)
    else:
        _refuse_unfit(region)
    cloud_region = region_of_cloud(region.lower(), domain)
    return HssTarget(
        endpoint=checked_endpoint(cloud_region.hss, "the address of --region and --cloud"),
        region=region,
        cloud_region=cloud_region,
    )


def _checked_domain(cloud: str) -> str:
    """Return the domain of a cloud, in lower case.

    Raises:
        Misused: it is not a domain.
    """
    domain = cloud.strip().lower()
    if not re.fullmatch(_LABELS, domain) or domain.rpartition(".")[2].isdigit():
        raise Misused(
            f"--cloud {clean(cloud, 100)!r} is no domain; write it like myhuaweicloud.com: HSS is then at "
            "https://hss.REGION.myhuaweicloud.com"
        )
    return domain


def _refuse_unfit(region: str) -> None:
    """Refuse an invalid name of a region.

    Raises:
        Misused: it is not valid in a host name.
    """
    if not re.fullmatch(_LABELS, region):
        raise Misused("--region is no region's name: letters, digits, - and . only; check where it comes from")


def _check_region(region: str, note: Callable[[str], None]) -> None:
    """Check the name of a region of Huawei Cloud; an unknown one may be newer than this release, and is accepted.

    Args:
        region: as given.
        note: called with a line if the region is unknown.

    Raises:
        Misused: it is not valid, or a misspelling of a known one.
    """
    if is_known(region):
        return
    if not re.fullmatch(_REGION, region):
        like = nearest(region.strip().lower())
        raise Misused(
            f"--region is no region's name; write it like {like or 'ap-southeast-1'}, or give the --cloud that it is of"
        )
    if meant := misspelt(region):
        raise Misused(
            f"--region {region} is not known, but {meant} is; if it is a new one, or of another cloud, give --cloud"
        )
    like = nearest(region)
    note(
        f"region {region} is not known to this release and taken as it is" + (f"; did you mean {like}?" if like else "")
    )


def checked_endpoint(endpoint: str, name: str) -> str:
    """Return scheme and host of an endpoint.

    Args:
        endpoint: as given; the default scheme is https.
        name: of its option or variable.

    Raises:
        Misused: it is not the address of a host, or it is not safe to send a secret there.
    """
    url = checked_url(endpoint, name)
    if url.path not in ("", "/") or url.query or url.fragment:
        raise Misused(f"{name} contains a path or a query; give scheme and host only")
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def checked_url(given: str, name: str) -> Url:
    """Return a URL to which it is safe to send secrets; path and query are not checked.

    Args:
        given: as given; the default scheme is https.
        name: of its option or variable.

    Raises:
        Misused: it is not a URL, or it is not safe to send a secret there.
    """
    text = given.strip()
    try:
        url = Url(text if "://" in text else f"https://{text}")
    except UrlInvalid as error:
        if "@" in text:  # the reason could show a part of the password
            raise Misused(f"{name} {_WITH_USER}") from error
        raise Misused(
            f"{name} is no URL ({clean(error, 200)}); write it like https://hss.ap-southeast-1.myhuaweicloud.com"
        ) from error
    if url.userinfo:
        raise Misused(f"{name} {_WITH_USER}")
    if url.scheme not in ("http", "https") or not url.host:
        raise Misused(f"{name} is no https URL; write it like https://hss.ap-southeast-1.myhuaweicloud.com")
    if not _HOST.fullmatch(url.host):
        raise Misused(
            f"{name} names a host that cannot be: {clean(url.host, 100)!r}; check what it was put together from"
        )
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise Misused(f"{name} names port {url.port}, which there is not")
    if url.scheme == "http" and not is_loopback(url.host):
        raise Misused(f"{name} is plain http, over which no secret is sent except to a loopback host; use https")
    return url
