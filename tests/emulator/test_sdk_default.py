"""The images of the default scenario, read by the official client with its stock settings."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from hssgate.emulator.scenario import default_scenario, parse_scenario
from hssgate.emulator.server import Server, serve

pytestmark = pytest.mark.real

LATER = 60  # seconds: by then every default image is there
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """What `hssgate emulator` plays without --scenario."""
    return default_scenario()


@pytest.fixture(scope="module", params=[pytest.param(0, id="start"), pytest.param(LATER, id="later")])
def server(request: pytest.FixtureRequest, scenario: Scenario) -> Iterator[Server]:
    """It, on a socket, at its start and when all timelines have ended."""
    began = time.time()
    moments = iter([began])
    emulator = Emulator(scenario, now=lambda: next(moments, time.time() + request.param), sleep=time.sleep)
    with serve(emulator) as running:
        yield running


def pages(call: Call, request: Call, limit: int, **asked: object) -> list[Any]:
    """All rows of a list, page by page."""
    rows: list[Any] = []
    while True:
        page = call(request(limit=limit, offset=len(rows), **asked))
        rows += page.data_list
        if len(page.data_list) < limit:
            assert page.total_num == len(rows)
            return rows


@pytest.mark.parametrize("limit", [pytest.param(200, id="full pages"), pytest.param(10, id="short pages")])
def test_every_default_image_is_read(
    sdk: SimpleNamespace, sdk_client: Call, server: Server, scenario: Scenario, limit: int
) -> None:
    """None of them has a body that only a lenient client can read."""
    rows = pages(sdk_client(server).list_cicd_images, sdk.ListCicdImagesRequest, limit)

    listed = {(row.namespace, row.image_name, row.image_version, row.image_digest) for row in rows}
    names = {row.image_name for row in rows}
    assert names | {"slow"} == {image.image_name for image in scenario.images}
    assert len(listed) == len(rows) in {len(scenario.images), len(scenario.images) - 1}
    assert all(type(row.image_size) is int for row in rows)


def test_the_details_of_every_default_image_are_read(sdk: SimpleNamespace, sdk_client: Call, server: Server) -> None:
    """Findings, CVEs, malicious files, sensitive files, baseline checks and identifiers, 200 a page."""
    client = sdk_client(server)
    found = []
    for row in pages(client.list_cicd_images, sdk.ListCicdImagesRequest, 200):
        image: dict[str, object] = {"image_type": "cicd", "image_id": row.image_id}
        names = {"namespace": row.namespace, "image_name": row.image_name, "tag_name": row.image_version}
        found += pages(client.list_image_vulnerabilities, sdk.ListImageVulnerabilitiesRequest, 200, **image, **names)
        pages(client.list_image_malware, sdk.ListImageMalwareRequest, 200, region="r", **image)
        pages(client.list_image_sensitive, sdk.ListImageSensitiveRequest, 200, region="r", **image)
        pages(client.list_check_rules_info, sdk.ListCheckRulesInfoRequest, 200, type="image", **image)
    cves = [
        cve
        for vul_id in dict.fromkeys(finding.vul_id for finding in found)
        for cve in pages(client.list_vulnerability_cve, sdk.ListVulnerabilityCveRequest, 200, region="r", vul_id=vul_id)
    ]
    identifiers = pages(client.list_cicd_configurations, sdk.ListCicdConfigurationsRequest, 200)

    assert len(found) > 111
    assert {cve.cve_id for cve in cves} >= {"CVE-2024-5535", "CVE-2024-4741", "CVE-2024-2961"}
    assert [one.cicd_name for one in identifiers] == ["demo"]


def test_the_client_refuses_a_size_in_words(sdk: SimpleNamespace, sdk_client: Call) -> None:
    """Which is why the manual's own example is a scenario of its own: one such row spoils every list."""
    odd = parse_scenario(
        'images: [{image_name: app, scan_status: success, raw: {image_size: "1000 单位(Bytes)"}}]', "scenario"
    )

    with (
        serve(Emulator(odd, now=time.time, sleep=time.sleep)) as running,
        pytest.raises(ValueError, match="invalid literal for int"),
    ):
        sdk_client(running).list_cicd_images(sdk.ListCicdImagesRequest(limit=200))
