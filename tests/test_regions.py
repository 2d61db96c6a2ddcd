"""Regions: where each service is, and what is said of a region that is not known."""

import pytest

from hssgate.regions import hss_endpoint, iam_endpoint, is_known, misspelt, nearest, sts_endpoint
from tests.conftest import KEY, Bench


@pytest.mark.parametrize(
    ("region", "hss", "iam", "sts"),
    [
        ("ap-southeast-1", "hss.ap-southeast-1.myhuaweicloud.com", "iam.ap-southeast-1.myhuaweicloud.com", "sts.ap-southeast-1.myhuaweicloud.com"),
        ("eu-west-101", "hss.eu-west-101.myhuaweicloud.eu", "iam.eu-west-101.myhuaweicloud.eu", "sts.eu-west-101.myhuaweicloud.eu"),
        ("cn-south-4", "hss.cn-south-4.myhuaweicloud.com", "iam.myhuaweicloud.com", "sts.cn-north-4.myhuaweicloud.com"),
        ("xx-new-1", "hss.xx-new-1.myhuaweicloud.com", "iam.xx-new-1.myhuaweicloud.com", "sts.xx-new-1.myhuaweicloud.com"),
    ],
)  # fmt: skip
def test_each_service_has_its_place(region: str, hss: str, iam: str, sts: str) -> None:
    """By region, with the exceptions of the official SDK's tables."""
    assert hss_endpoint(region) == f"https://{hss}"
    assert iam_endpoint(region) == f"https://{iam}"
    assert sts_endpoint(region) == f"https://{sts}"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ap-southeast1", "ap-southeast-1"),
        ("ap-southest-3", "ap-southeast-3"),
        ("cn-noth-4", "cn-north-4"),
        ("cn-nroth-4", "cn-north-4"),
        ("cn-norrth-4", "cn-north-4"),
        ("tr-vest-1", "tr-west-1"),
        ("ap-southwest-1", None),
        ("cn-north-13", None),
        ("ap-southeast-11", None),
        ("xx-nowhere-9", None),
    ],
)
def test_one_slip_is_told_from_a_new_region(given: str, meant: str | None) -> None:
    """Another number may be a region that opened since; another letter is a slip."""
    assert not is_known(given)
    assert misspelt(given) == meant


@pytest.mark.parametrize("region", ["ap-southeast-1", "eu-west-101"])
def test_a_known_region_is_known(region: str) -> None:
    """And nearest to itself."""
    assert is_known(region)
    assert nearest(region) == region


@pytest.mark.parametrize(
    ("region", "code", "said"),
    [
        ("ap-southest-1", 2, "--region ap-southest-1 is not known, but ap-southeast-1 is"),
        ("AP-Southeast-1", 2, "--region is no region's name; write it like ap-southeast-1"),
        ("cn-north-13", 3, "region cn-north-13 is not known to this release and taken as it is; did you mean cn-north-1?"),
        ("xx-nowhere-9", 3, "region xx-nowhere-9 is not known to this release and taken as it is"),
        ("ap-southeast-1", 3, "HTTP 403"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_region(bench: Bench, region: str, code: int, said: str) -> None:
    """A slip is misuse, before anything is asked; a new region is asked."""
    import httpx

    hosts: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(403)

    ended = bench.answer(handler).run("check", "app:1", "--region", region, "--project-id", "p", env=KEY)

    assert (ended.code, said in ended.err + ended.out) == (code, True)
    assert hosts == ([f"hss.{region}.myhuaweicloud.com"] if code == 3 else [])
