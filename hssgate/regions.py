"""The regions of Huawei Cloud, and where HSS, IAM and STS are in each.

Source: the official SDK 3.1.219 (region tables of HSS, IAM and STS); a region that it does not know is taken as it is.
"""

_HSS = frozenset({
    "cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12", "cn-east-2",
    "cn-east-3", "cn-east-4", "cn-east-5", "cn-south-1", "cn-south-2", "cn-south-4", "cn-southwest-2",
    "cn-southwest-3", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "af-south-1", "af-north-1", "sa-brazil-1", "la-south-2", "la-north-2", "na-mexico-1", "tr-west-1",
    "ae-ad-1", "me-east-1", "my-kualalumpur-1", "ru-moscow-1", "eu-west-101",
})  # fmt: skip
# These have HSS and no IAM of their own: the global one knows their projects.
_WITHOUT_IAM = frozenset({"cn-south-4", "cn-southwest-3", "cn-north-11", "af-north-1", "ap-southeast-5"})
_WITH_STS = frozenset({
    "cn-north-4", "cn-south-1", "cn-east-3", "cn-southwest-2", "ap-southeast-1", "ap-southeast-2",
    "ap-southeast-3", "ap-southeast-4", "sa-brazil-1", "la-south-2", "af-south-1", "tr-west-1",
})  # fmt: skip
_EUROPEAN = frozenset({"eu-west-101"})  # a cloud of its own, under another domain
_DOMAIN = "myhuaweicloud.com"
_EUROPEAN_DOMAIN = "myhuaweicloud.eu"
_ANY_STS = "cn-north-4"  # every region's STS serves all of them, and this one is the SDK's own default


def hss_endpoint(region: str) -> str:
    """Return where HSS is."""
    return f"https://hss.{region}.{_domain(region)}"


def iam_endpoint(region: str) -> str:
    """Return where IAM is."""
    return f"https://iam.{_domain(region)}" if region in _WITHOUT_IAM else f"https://iam.{region}.{_domain(region)}"


def sts_endpoint(region: str) -> str:
    """Return where STS is."""
    served = region if region in _WITH_STS or region in _EUROPEAN or region not in _HSS else _ANY_STS
    return f"https://sts.{served}.{_domain(region)}"


def is_known(region: str) -> bool:
    """Whether the table has the region."""
    return region in _HSS


def misspelt(region: str) -> str | None:
    """Return the known region that this one, which is not known, is one slip of the keyboard away from.

    Another number is no slip: it may be a region that opened since.
    """
    letters = _letters(region)
    families = {_letters(known) for known in _HSS}
    if letters in families:
        return None
    near = [known for known in sorted(_HSS) if _one_slip(region, known)]
    return near[0] if near else None


def nearest(region: str) -> str | None:
    """Return the known region that is most like this one, if any is like it at all."""
    import difflib

    found = difflib.get_close_matches(region, sorted(_HSS), n=1)
    return found[0] if found else None


def _domain(region: str) -> str:
    return _EUROPEAN_DOMAIN if region in _EUROPEAN else _DOMAIN


def _letters(region: str) -> str:
    return region.rstrip("0123456789")


def _one_slip(given: str, meant: str) -> bool:
    """Whether one letter is missing, too many or wrong, or two neighbours have changed places."""
    if abs(len(given) - len(meant)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(given, meant, strict=False)) if pair[0] != pair[1]), len(given))
    left, right = given[start:], meant[start:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right or left == right[1:] or left[1:] == right[1:] or swapped
