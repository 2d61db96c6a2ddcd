"""The official client against the emulator, over a real socket and with its stock settings."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hssgate.emulator.server import Server, serve
from tests.emulator.wsgi_client import Client

pytestmark = pytest.mark.real

SdkClient = Callable[..., Any]

FULL = """
match: exact
images:
  - image_id: the-id
    cicd_name: 流水线
    namespace: team/space
    image_name: app one
    image_version: v1.0~rc+1
    image_digest: sha256:ab
    registry_name: swr
    registry_type: cicd
    image_type: cicd
    pipeline_type: codearts
    latest_version: true
    image_size: 2147483547
    timeline:
      - {at: -10m, scan_status: failed, scan_failed_desc: 漏洞扫描失败, scan_failed_code: failed_to_scan_vulnerability,
         latest_update_time: 1000, latest_scan_time: 2000, vul_num: 3, unsafe_setting_num: 2, malicious_file_num: 1,
         severity_level: High}
  - {image_name: plain, image_version: "2", latest_version: false, scan_status: success, severity_level: Low,
     latest_scan_time: 9000, latest_update_time: 9000, enterprise_project_id: other}
  - {image_name: rows, copies: 450, scan_status: unscan, latest_scan_time: 5000, latest_update_time: 5000,
     severity_level: Medium, latest_version: false}
"""
FULL_ROW = {
    "image_id": "the-id",
    "cicd_name": "流水线",
    "namespace": "team/space",
    "image_name": "app one",
    "image_digest": "sha256:ab",
    "image_version": "v1.0~rc+1",
    "registry_name": "swr",
    "image_type": "cicd",
    "registry_type": "cicd",
    "latest_version": True,
    "scan_status": "failed",
    "scan_failed_desc": "漏洞扫描失败",
    "scan_failed_code": "failed_to_scan_vulnerability",
    "image_size": 2147483547,
    "latest_update_time": 1000,
    "latest_scan_time": 2000,
    "vul_num": 3,
    "unsafe_setting_num": 2,
    "malicious_file_num": 1,
    "severity_level": "High",
    "pipeline_type": "codearts",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The scenario above, served with the real time: the official client signs with it."""
    import time

    from hssgate.emulator.app import Emulator
    from hssgate.emulator.scenario import parse_scenario

    emulator = Emulator(parse_scenario(FULL, "scenario"), now=time.time, sleep=time.sleep)
    with serve(emulator) as running:
        yield running


@pytest.fixture
def listed(sdk: SimpleNamespace, sdk_client: SdkClient, server: Server) -> Callable[..., Any]:
    """Call `list_cicd_images` with the given parameters."""
    client = sdk_client(server)
    return lambda **parameters: client.list_cicd_images(sdk.ListCicdImagesRequest(**parameters))


def test_every_field_of_a_row_arrives(listed: Callable[..., Any]) -> None:
    """The client's model gets each documented field with its type."""
    response = listed(image_id="the-id")

    assert (response.total_num, [row.to_dict() for row in response.data_list]) == (1, [FULL_ROW])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("namespace", "team/space", id="namespace"),
        pytest.param("image_name", "app one", id="image_name"),
        pytest.param("image_version", "v1.0~rc+1", id="image_version"),
        pytest.param("image_id", "the-id", id="image_id"),
        pytest.param("cicd_name", "流水线", id="cicd_name"),
        pytest.param("pipeline_type", "codearts", id="pipeline_type"),
        pytest.param("latest_version", True, id="latest_version"),
        pytest.param("scan_status", "failed", id="scan_status"),
        pytest.param("severity_level", "High", id="severity_level"),
        pytest.param("image_size", 2147483547, id="image_size"),
        pytest.param("has_vul", True, id="has_vul"),
        pytest.param("has_unsafe_setting", True, id="has_unsafe_setting"),
        pytest.param("has_malicious_file", True, id="has_malicious_file"),
        pytest.param("risky", True, id="risky"),
        pytest.param("end_latest_update_time", 1000, id="end_latest_update_time"),
        pytest.param("end_latest_scan_time", 2000, id="end_latest_scan_time"),
    ],
)
def test_each_filter_finds_its_row(listed: Callable[..., Any], name: str, value: object) -> None:
    """A filter whose value one row alone has gives that row."""
    assert [row.image_id for row in listed(**{name: value}).data_list] == ["the-id"]


@pytest.mark.parametrize(
    ("name", "value", "total"),
    [
        pytest.param("start_latest_scan_time", 5000, 450, id="start_latest_scan_time"),
        pytest.param("start_latest_update_time", 5000, 450, id="start_latest_update_time"),
        pytest.param("has_vul", False, 450, id="has_no_vul"),
        pytest.param("enterprise_project_id", "other", 1, id="enterprise_project_id"),
        pytest.param("enterprise_project_id", "all_granted_eps", 452, id="all_granted_eps"),
        pytest.param("enterprise_project_id", None, 451, id="default-enterprise-project"),
    ],
)
def test_filters_that_several_rows_pass(listed: Callable[..., Any], name: str, value: object, total: int) -> None:
    """The total counts the rows that pass."""
    assert listed(**{name: value}).total_num == total


@pytest.mark.parametrize(
    ("direction", "first"), [pytest.param("asc", "app one", id="asc"), pytest.param("desc", "plain", id="desc")]
)
def test_rows_come_in_the_order_asked_for(listed: Callable[..., Any], direction: str, first: str) -> None:
    """Sorting is by the time of the last scan."""
    response = listed(sort_key="latest_scan_time", sort_dir=direction, enterprise_project_id="all_granted_eps")

    assert response.data_list[0].image_name == first


def test_all_rows_are_seen_by_paging(listed: Callable[..., Any]) -> None:
    """450 rows come in pages of the limit, each once."""
    versions: list[str] = []
    while True:
        page = listed(image_name="rows", limit=200, offset=len(versions)).data_list
        if not page:
            break
        versions.extend(row.image_version for row in page)

    assert versions == [f"copy-{number}" for number in range(1, 451)]


_BREACHES: dict[str, dict[str, object]] = {
    "enterprise_project_id": {"too-long": "x" * 257},
    "namespace": {"too-long": "x" * 129},
    "image_name": {"too-long": "x" * 129},
    "image_version": {"too-long": "x" * 65},
    "image_id": {"too-long": "x" * 129},
    "cicd_name": {"too-long": "x" * 129},
    "pipeline_type": {"unknown": "gitlab"},
    "latest_version": {"no-bool": "yes"},
    "scan_status": {"only-of-rows": "image_oversized"},
    "severity_level": {"unknown": "Critical"},
    "image_size": {"too-small": -1, "too-large": 2147483548},
    "has_vul": {"no-bool": "yes"},
    "has_unsafe_setting": {"no-bool": "yes"},
    "has_malicious_file": {"no-bool": "yes"},
    "risky": {"no-bool": "yes"},
    "start_latest_update_time": {"too-small": -1, "too-large": 2**63},
    "end_latest_update_time": {"too-small": -1, "too-large": 2**63},
    "start_latest_scan_time": {"too-small": -1, "too-large": 2**63},
    "end_latest_scan_time": {"too-small": -1, "too-large": 2**63},
    "sort_key": {"unknown": "vul_num"},
    "sort_dir": {"unknown": "up"},
    "limit": {"too-small": 9, "too-large": 201},
    "offset": {"too-small": -1, "too-large": 2000001},
}
OUT_OF_RANGE = [
    pytest.param(name, value, id=f"{name}-{kind}")
    for name, values in _BREACHES.items()
    for kind, value in values.items()
]


@pytest.mark.parametrize(("name", "value"), OUT_OF_RANGE)
def test_each_parameter_out_of_range_is_the_clients_error(
    sdk: SimpleNamespace, listed: Callable[..., Any], name: str, value: object
) -> None:
    """The client raises its own exception, with HTTP 400, HSS.0001, the parameter's name and the request id."""
    with pytest.raises(sdk.ClientRequestException) as caught:
        listed(**{name: value})

    assert (caught.value.status_code, caught.value.error_code) == (400, "HSS.0001")
    assert name in caught.value.error_msg
    assert len(caught.value.request_id) == 32


def test_a_wrong_secret_is_the_clients_error_and_five_lock_the_key(
    sdk: SimpleNamespace, sdk_client: SdkClient, served: Callable[[Client], Server]
) -> None:
    """The client gets HTTP 401 APIGW.0301; after five of them the right secret does not help."""
    import time

    client = Client("{images: []}")
    client.time.epoch = time.time()
    server = served(client)
    wrong, right = sdk_client(server, sk="wrong"), sdk_client(server)
    shown = []

    for _ in range(5):
        with pytest.raises(sdk.ClientRequestException) as caught:
            wrong.list_cicd_images(sdk.ListCicdImagesRequest())
        shown.append((caught.value.status_code, caught.value.error_code, "verify aksk" in caught.value.error_msg))
    with pytest.raises(sdk.ClientRequestException) as locked:
        right.list_cicd_images(sdk.ListCicdImagesRequest())

    assert shown == [(401, "APIGW.0301", True)] * 5
    assert (locked.value.status_code, "forbidden" in locked.value.error_msg) == (401, True)


def test_the_clients_user_agent_and_project_are_part_of_what_it_signs(
    sdk: SimpleNamespace, sdk_client: SdkClient, served: Callable[[Client], Server]
) -> None:
    """The stock client signs more headers than it has to, and all of them are checked."""
    import time

    client = Client("{images: []}")
    client.time.epoch = time.time()

    with pytest.raises(sdk.ClientRequestException) as caught:
        sdk_client(served(client), sk="wrong").list_cicd_images(sdk.ListCicdImagesRequest())

    assert "|content-type;host;user-agent;x-project-id;x-sdk-date|" in caught.value.error_msg
