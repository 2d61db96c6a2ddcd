"""Regions of Huawei Cloud, and the hosts of HSS, IAM and STS in each.

Source: the official SDK 3.1.219 (region tables of HSS, IAM and STS); a region that it does not list is used as it is.
"""

import re

from hssgate.record import record

_HSS = frozenset({
    "cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12", "cn-east-2",
    "cn-east-3", "cn-east-4", "cn-east-5", "cn-south-1", "cn-south-2", "cn-south-4", "cn-southwest-2",
    "cn-southwest-3", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "af-south-1", "af-north-1", "sa-brazil-1", "la-south-2", "la-north-2", "na-mexico-1", "tr-west-1",
    "ae-ad-1", "me-east-1", "my-kualalumpur-1", "ru-moscow-1", "eu-west-101",
})  # fmt: skip
# Regions with HSS and without IAM: the global IAM has their projects.
_WITHOUT_IAM = frozenset({"cn-south-4", "cn-southwest-3", "cn-north-11", "af-north-1", "ap-southeast-5"})
_WITH_STS = frozenset({
    "cn-north-4", "cn-south-1", "cn-east-3", "cn-southwest-2", "ap-southeast-1", "ap-southeast-2",
    "ap-southeast-3", "ap-southeast-4", "sa-brazil-1", "la-south-2", "af-south-1", "tr-west-1",
})  # fmt: skip
_EUROPEAN = "eu-west-1"  # prefix of the regions of the European cloud, which has its own domain
_DOMAIN = "myhuaweicloud.com"
_EUROPEAN_DOMAIN = "myhuaweicloud.eu"
_ANY_STS = "cn-north-4"  # the SDK's default; the STS of any region serves all regions
# The domain of another cloud has at least two labels: `hss.example.com` has another form.
_HSS_HOST = r"(?a)hss\.(?P<region>[a-z0-9-]+)\.(?P<domain>[a-z0-9-]+(?:\.[a-z0-9-]+)+)"


@record
class CloudRegion:
    """A region of a cloud, where each service is at SERVICE.REGION.DOMAIN.

    Args:
        region: such as `ap-southeast-1`.
        domain: of the cloud, such as `myhuaweicloud.com`.
    """

    region: str
    domain: str

    @property
    def hss(self) -> str:
        """Endpoint of HSS."""
        return f"https://hss.{self.region}.{self.domain}"

    @property
    def iam(self) -> str:
        """Endpoint of IAM."""
        if self.domain == _DOMAIN and self.region in _WITHOUT_IAM:
            return f"https://iam.{_DOMAIN}"
        return f"https://iam.{self.region}.{self.domain}"

    @property
    def sts(self) -> str:
        """Endpoint of STS."""
        if self.domain == _DOMAIN and self.region in _HSS - _WITH_STS:
            return f"https://sts.{_ANY_STS}.{_DOMAIN}"
        return f"https://sts.{self.region}.{self.domain}"


def region_of_cloud(region: str, domain: str | None) -> CloudRegion:
    """Return the place of a region.

    Args:
        region: its name.
        domain: of the cloud; None for Huawei Cloud.
    """
    return CloudRegion(region, domain or (_EUROPEAN_DOMAIN if region.startswith(_EUROPEAN) else _DOMAIN))


def region_of_host(host: str, domain: str | None) -> CloudRegion | None:
    """Return region and domain of an HSS host, or None if its name has another form.

    Args:
        host: such as `hss.ap-southeast-1.myhuaweicloud.com`.
        domain: of the cloud, if it was given; the region's name may then contain dots.
    """
    if domain is not None and host.startswith("hss.") and host.endswith(f".{domain}"):
        region = host[len("hss.") : -len(domain) - 1]
        return CloudRegion(region, domain) if region else None
    found = re.fullmatch(_HSS_HOST, host)
    return CloudRegion(found["region"], found["domain"]) if found else None


def is_known(region: str) -> bool:
    """Whether the region is in the table."""
    return region in _HSS


def misspelt(region: str) -> str | None:
    """Return the known region that an unknown one differs from by one typing error.

    Another number is not a typing error: it may be a new region.
    """
    letters = _letters(region)
    families = {_letters(known) for known in _HSS}
    if letters in families:
        return None
    near = [known for known in sorted(_HSS) if _one_slip(region, known)]
    return near[0] if near else None


def nearest(region: str) -> str | None:
    """Return the most similar known region, if there is one."""
    import difflib

    found = difflib.get_close_matches(region, sorted(_HSS), n=1)
    return found[0] if found else None


def _letters(region: str) -> str:
    return region.rstrip("0123456789")


def _one_slip(given: str, meant: str) -> bool:
    """Whether one letter is missing, added or wrong, or two adjacent letters are swapped."""
    if abs(len(given) - len(meant)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(given, meant, strict=False)) if pair[0] != pair[1]), len(given))
    left, right = given[start:], meant[start:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right or left == right[1:] or left[1:] == right[1:] or swapped
