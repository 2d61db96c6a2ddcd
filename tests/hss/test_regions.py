"""Regions: endpoints of each service, and messages for unknown regions."""

import re
from importlib.metadata import distribution

import httpx
import pytest

from hssgate.hss.regions import is_known, misspelt, nearest, region_of_cloud, region_of_host
from tests.conftest import KEY, Bench


@pytest.mark.parametrize(
    ("region", "hss", "iam", "sts"),
    [
        ("ap-southeast-1", "hss.ap-southeast-1.myhuaweicloud.com", "iam.ap-southeast-1.myhuaweicloud.com", "sts.ap-southeast-1.myhuaweicloud.com"),
        ("eu-west-101", "hss.eu-west-101.myhuaweicloud.eu", "iam.eu-west-101.myhuaweicloud.eu", "sts.eu-west-101.myhuaweicloud.eu"),
        ("cn-south-4", "hss.cn-south-4.myhuaweicloud.com", "iam.myhuaweicloud.com", "sts.cn-north-4.myhuaweicloud.com"),
        ("eu-west-102", "hss.eu-west-102.myhuaweicloud.eu", "iam.eu-west-102.myhuaweicloud.eu", "sts.eu-west-102.myhuaweicloud.eu"),
        ("xx-new-1", "hss.xx-new-1.myhuaweicloud.com", "iam.xx-new-1.myhuaweicloud.com", "sts.xx-new-1.myhuaweicloud.com"),
    ],
)  # fmt: skip
def test_each_service_has_its_place(region: str, hss: str, iam: str, sts: str) -> None:
    """By region, with the exceptions of the official SDK's tables."""
    cloud_region = region_of_cloud(region, None)

    assert (cloud_region.hss, cloud_region.iam, cloud_region.sts) == (
        f"https://{hss}",
        f"https://{iam}",
        f"https://{sts}",
    )
    assert region_of_host(hss, None) == cloud_region


def sdk_endpoints(package: str, path: str, service: str) -> set[str]:
    """The endpoints of a service that a module of the official SDK names; to import it would open a socket."""
    text = distribution(package).locate_file(path).read_text()
    return set(re.findall(rf"https://{service}\.[a-z0-9-]+\.myhuaweicloud\.(?:com|eu)", text))


def test_every_region_is_where_the_official_sdk_has_it() -> None:
    """HSS, IAM and STS by its tables, with its defaults where a table lacks the region."""
    hss = sdk_endpoints("huaweicloudsdkhss", "huaweicloudsdkhss/v5/region/hss_region.py", "hss")
    iam, sts = (
        sdk_endpoints("huaweicloudsdkcore", "huaweicloudsdkcore/auth/endpoint.py", service)
        for service in ("iam", "sts")
    )
    regions = {endpoint.split(".")[1]: endpoint for endpoint in hss}
    european = regions.pop("eu-west-101")  # another cloud, with its own IAM

    assert (len(hss), len(iam) > len(sts) > 0) == (32, True)
    assert (is_known("eu-west-101"), region_of_cloud("eu-west-101", None).hss) == (True, european)
    for region, endpoint in regions.items():
        place = region_of_cloud(region, None)
        own_iam, own_sts = f"https://iam.{region}.myhuaweicloud.com", f"https://sts.{region}.myhuaweicloud.com"
        assert (is_known(region), place.hss) == (True, endpoint)
        assert place.iam == (own_iam if own_iam in iam else "https://iam.myhuaweicloud.com")
        assert place.sts == (own_sts if own_sts in sts else "https://sts.cn-north-4.myhuaweicloud.com")


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
def test_a_misspelling_is_distinguished_from_a_new_region(given: str, meant: str | None) -> None:
    """Another number may be a new region; another letter is a misspelling."""
    assert not is_known(given)
    assert misspelt(given) == meant


@pytest.mark.parametrize("region", ["ap-southeast-1", "eu-west-101"])
def test_a_known_region_is_known(region: str) -> None:
    """And nearest to itself."""
    assert is_known(region)
    assert nearest(region) == region


@pytest.mark.parametrize(
    ("region", "code", "message"),
    [
        ("ap-southest-1", 2, "--region ap-southest-1 is not known, but ap-southeast-1 is"),
        ("AP-Southeast-1", 2, "--region is no region's name; write it like ap-southeast-1, or give the --cloud that it is of"),
        ("cn-north-13", 3, "region cn-north-13 is not known to this release and taken as it is; did you mean cn-north-1?"),
        ("xx-nowhere-9", 3, "region xx-nowhere-9 is not known to this release and taken as it is"),
        ("ap-southeast-1", 3, "HTTP 403"),
    ],
)  # fmt: skip
def test_each_region_has_its_message(bench: Bench, region: str, code: int, message: str) -> None:
    """A misspelling is misuse before any request; a new region is used."""
    hosts: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(403)

    ended = bench.answer(handler).run("check", "app:1", "--region", region, "--project-id", "p", env=KEY)

    assert (ended.code, message in ended.err + ended.out) == (code, True)
    assert hosts == ([f"hss.{region}.myhuaweicloud.com"] if code == 3 else [])


@pytest.mark.parametrize(
    ("host", "domain", "region"),
    [
        pytest.param("hss.eu-de.example.com", None, "eu-de", id="another cloud"),
        pytest.param("hss.r1.hc.sbercloud.ru", None, "r1", id="a long domain"),
        pytest.param("hss.r1.internal", "internal", "r1", id="a domain of one label that was given"),
        pytest.param("hss.north.r1.example.com", "example.com", "north.r1", id="a region with a dot, of a domain that was given"),
        pytest.param("hss.r1.internal", None, None, id="a domain of one label"),
        pytest.param("hss.example.com", None, None, id="no region"),
        pytest.param("hss.example.com", "example.com", None, id="no region, of a domain that was given"),
        pytest.param("gateway.eu-de.example.com", None, None, id="another service"),
        pytest.param("hss.eu-de.example.com:8443", None, None, id="a port"),
        pytest.param("127.0.0.1", None, None, id="an address"),
        pytest.param("hss-eu.eu-de.example.com", None, None, id="hss is a part of the label"),
    ],
)  # fmt: skip
def test_a_host_tells_its_region_and_cloud(host: str, domain: str | None, region: str | None) -> None:
    """Only by the very form `hss.REGION.DOMAIN`; anything else is left to variables."""
    cloud_region = region_of_host(host, domain)

    assert (cloud_region and cloud_region.region) == region
    assert cloud_region is None or cloud_region.iam == f"https://iam.{host.removeprefix('hss.')}"


CLOUDS = [
    pytest.param(["--cloud", "example.com", "--region", "eu-de"], "hss.eu-de.example.com", id="options"),
    pytest.param(["--cloud", "hc.sbercloud.ru", "--region", "HCS-Region-1"], "hss.hcs-region-1.hc.sbercloud.ru", id="any region"),
    pytest.param(["--cloud", "EXAMPLE.com", "--region", "a"], "hss.a.example.com", id="a short region"),
    pytest.param(["--cloud", "myhuaweicloud.com", "--region", "eu-west-101"], "hss.eu-west-101.myhuaweicloud.com", id="as documented"),
    pytest.param(["--cloud", "example.com", "--endpoint", "https://hss.r.other.org", "--region", "r"], "hss.r.other.org", id="an endpoint beats it"),
    pytest.param(["--endpoint", "https://hss.r.other.org", "--region", "cn-nroth-4"], "hss.r.other.org", id="a region beside an endpoint"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "host"), CLOUDS)
def test_a_cloud_gives_the_endpoint(bench: Bench, arguments: list[str], host: str) -> None:
    """SERVICE.REGION.DOMAIN, for any name of a region."""
    bench.answer(lambda _request: httpx.Response(403)).run("check", "app:1", "--project-id", "p", *arguments, env=KEY)

    assert [request.url.host for request in bench.sent] == [host]


@pytest.mark.parametrize("variable", ["HSSGATE_CLOUD", "HW_CLOUD"])
def test_a_cloud_is_given_by_its_variables(bench: Bench, variable: str) -> None:
    """An empty one counts as unset."""
    arguments = ["check", "app:1", "--project-id", "p", "--region", "ap-southeast-1"]
    bench.answer(lambda _request: httpx.Response(403))

    bench.run(*arguments, env=KEY | {variable: "example.com"})
    assert bench.sent[0].url.host == "hss.ap-southeast-1.example.com"
    bench.run(*arguments, env=KEY | {variable: ""})
    assert bench.sent[0].url.host == "hss.ap-southeast-1.myhuaweicloud.com"


@pytest.mark.parametrize(
    "cloud",
    ["https://example.com", "example.com/", "example.com:443", ".example.com", "example.com.", "a b", "user@evil.example", "10.0.0.1", "evil.example#", "é.example", "-a.example", "a..b"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(bench: Bench, cloud: str) -> None:
    """It would become part of a host that gets our secrets."""
    ended = bench.run("check", "app:1", "--project-id", "p", "--region", "eu-de", "--cloud", cloud, env=KEY)

    assert (ended.code, bench.sent) == (2, [])
    assert f"--cloud {cloud!r} is no domain; write it like myhuaweicloud.com" in ended.err


@pytest.mark.parametrize("region", ["evil.example/", "r1_x", "a b", "-r", "r@evil", "r..x"])
@pytest.mark.parametrize("more", [["--cloud", "example.com"], ["--endpoint", "https://hss.r1.example.com"]])
def test_what_cannot_be_a_region_of_any_cloud_is_refused(bench: Bench, region: str, more: list[str]) -> None:
    """With what may stand in it."""
    ended = bench.run("check", "app:1", "--project-id", "p", "--region", region, *more, env=KEY)

    assert (ended.code, bench.sent) == (2, [])
    assert "--region is no region's name: letters, digits, - and . only" in ended.err
