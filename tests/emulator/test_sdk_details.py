"""The detail calls by the official client, over a real socket and with its stock settings."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import Scenario
from hssgate.emulator.server import Server, serve

pytestmark = pytest.mark.real

IMAGE_ID = "sha256:流 水/线"
VUL_ID = "漏洞/1 a"
_FIRST: dict[str, dict[str, object]] = {
    "vulnerabilities": {
        "vul_id": VUL_ID,
        "repair_necessity": "immediate_repair",
        "description": "d",
        "position": "layer 3",
        "app_name": "log4j-core",
        "app_path": "/a.jar",
        "version": "2",
        "solution": "升级",
        "url": "https://u",
    },
    "cve": {"cve_id": "CVE-2024-1", "cvss_score": 9.8, "publish_time": 1700000000000, "description": "d"},
    "malwares": {"file_name": "miner", "file_path": "/m", "size": 9, "description": "木马"},
    "sensitive": {
        "sensitive_info_id": "s-0",
        "severity": "high",
        "name": "n",
        "description": "d",
        "position": "p",
        "file_path": "/k",
        "content": "***",
        "latest_scan_time": 5,
        "handle_status": "handled",
        "operate_accept": "ignore",
    },
    "check_rules": {
        "severity": "High",
        "check_name": "n",
        "check_type": "t",
        "standard": "cn_standard",
        "check_type_desc": "d",
        "check_rule_name": "r",
        "check_rule_id": "r-0",
        "scan_result": "failed",
        "latest_scan_time": 5,
        "image_num": 1,
    },
}
SCENARIO = Scenario.model_validate(
    {
        "match": "exact",
        "cicd": ["流水线", "b c", *(f"c-{number}" for number in range(2, 25))],
        "images": [
            {
                "image_name": "app one",
                "image_version": "v1.0~rc+1",
                "namespace": "team/space",
                "cicd_name": "流水线",
                "image_id": IMAGE_ID,
                "scan_status": "success",
                "findings": [
                    _FIRST["vulnerabilities"]
                    | {
                        "handle_status": "handled",
                        "cves": [_FIRST["cve"], *(f"CVE-2024-{number}" for number in range(2, 26))],
                    }
                ],
                "many_findings": {"count": 450, "app_name": "vim", "prefix": "P-"},
                "malwares": [_FIRST["malwares"], *({"file_name": f"f-{number}"} for number in range(1, 25))],
                "sensitive": [
                    _FIRST["sensitive"],
                    *({"sensitive_info_id": f"s-{number}", "severity": "low"} for number in range(1, 25)),
                ],
                "check_rules": [
                    _FIRST["check_rules"],
                    *({"check_rule_id": f"r-{number}", "scan_result": "pass"} for number in range(1, 25)),
                ],
            }
        ],
    }
)
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The scenario above, served with the real time: the official client signs with it."""
    emulator = Emulator(SCENARIO, now=time.time, sleep=time.sleep)
    with serve(emulator) as running:
        yield running


@pytest.fixture
def calls(sdk: SimpleNamespace, sdk_client: Callable[..., Any], server: Server) -> dict[str, Call]:
    """Each call of the client by its name, with what is mandatory given."""
    client = sdk_client(server)
    names = {"namespace": "team/space", "image_name": "app one", "tag_name": "v1.0~rc+1"}
    image = {"image_type": "cicd", "image_id": IMAGE_ID}
    return {
        "vulnerabilities": lambda **given: client.list_image_vulnerabilities(
            sdk.ListImageVulnerabilitiesRequest(**(image | names | given))
        ),
        "cve": lambda **given: client.list_vulnerability_cve(
            sdk.ListVulnerabilityCveRequest(**({"region": "r", "vul_id": VUL_ID} | given))
        ),
        "notices": lambda **given: client.list_general_image_vuls(
            sdk.ListGeneralImageVulsRequest(
                **({"type": "linux_vul", "handle_status": "unhandled", "image_type": "cicd"} | given)
            )
        ),
        "malwares": lambda **given: client.list_image_malware(
            sdk.ListImageMalwareRequest(**({"region": "r"} | image | given))
        ),
        "sensitive": lambda **given: client.list_image_sensitive(
            sdk.ListImageSensitiveRequest(**({"region": "r"} | image | given))
        ),
        "check_rules": lambda **given: client.list_check_rules_info(
            sdk.ListCheckRulesInfoRequest(**({"type": "image"} | image | given))
        ),
        "configurations": lambda **given: client.list_cicd_configurations(sdk.ListCicdConfigurationsRequest(**given)),
        "quota": lambda **given: client.show_image_pay_per_scan_statistics(
            sdk.ShowImagePayPerScanStatisticsRequest(**given)
        ),
    }


_HANDLED = {"type": "app_vul", "handle_status": "handled"}
_FIRST_CONFIGURATION = {"cicd_name": "流水线", "associated_images_num": 1, "associated_config_num": 0}
_TOTALS = {
    "vulnerabilities": 451,
    "cve": 25,
    "notices": 450,
    "malwares": 25,
    "sensitive": 25,
    "check_rules": 25,
    "configurations": 25,
}


@pytest.mark.parametrize("name", list(_FIRST))
def test_every_field_of_a_row_arrives(calls: dict[str, Call], name: str) -> None:
    """The client's model gets each field with its type, with any characters in path and query."""
    response = calls[name]()

    assert (response.total_num, response.data_list[0].to_dict()) == (_TOTALS[name], _FIRST[name])
    assert None not in _FIRST[name].values()
    assert set(_FIRST[name]) == set(response.data_list[0].openapi_types)


def test_every_notice_of_the_project_arrives(calls: dict[str, Call]) -> None:
    """With its CVEs, their scores, and the number of its images."""
    response = calls["notices"](type="app_vul", handle_status="handled")

    (found,) = response.data_list
    row = {name: value for name, value in found.to_dict().items() if value is not None}
    assert row["cve_list"][:2] == [{"cve_id": "CVE-2024-1", "cvss": 9.8}, {"cve_id": "CVE-2024-2", "cvss": None}]
    assert row | {"cve_list": None} == {
        "vul_name": VUL_ID, "vul_id": VUL_ID, "type": "app_vul", "image_type": "cicd", "severity_level": "Critical",
        "image_num": 1, "cve_list": None, "max_cvss_score": 9.8, "description": "d", "url": "https://u",
        "solution_detail": "升级",
    }  # fmt: skip
    assert set(row) <= set(found.openapi_types)


def test_every_field_of_an_identifier_arrives(calls: dict[str, Call]) -> None:
    """Its id is the emulator's own."""
    first = calls["configurations"]().data_list[0].to_dict()

    assert first == {**_FIRST_CONFIGURATION, "cicd_id": first["cicd_id"]}
    assert len(first["cicd_id"]) == 32


@pytest.mark.parametrize(("project", "images"), [("all_granted_eps", 1), ("other", 0)])
def test_every_number_of_scans_arrives(calls: dict[str, Call], project: str, images: int) -> None:
    """With those of images, of the enterprise project that is given."""
    response = calls["quota"](enterprise_project_id=project)

    assert (response.free_quota_num, response.cicd_scan_num, response.repository_scan_num) == (100, images, 0)
    assert (response.already_given, response.image_free_quota) == (True, 100)
    assert response.total.to_dict() == {"local": 0, "registriy": 0, "registry": 0, "cicd": images}
    assert [name for name in response.openapi_types if getattr(response, name) is None] == []


@pytest.mark.parametrize("name", list(_TOTALS))
@pytest.mark.parametrize("limit", [10, 200])
def test_all_rows_are_seen_by_paging(calls: dict[str, Call], name: str, limit: int) -> None:
    """Pages put together are as many rows as the total says, each once."""
    seen: list[str] = []
    while page := calls[name](limit=limit, offset=len(seen)).data_list:
        assert len(page) <= limit
        seen.extend(str(row) for row in page)

    assert len(seen) == len(set(seen)) == _TOTALS[name]


@pytest.mark.parametrize(
    ("name", "given", "total"),
    [
        pytest.param("vulnerabilities", {"repair_necessity": "immediate_repair"}, 1, id="repair_necessity"),
        pytest.param("vulnerabilities", {"vul_id": "洞/1"}, 1, id="vul_id"),
        pytest.param("vulnerabilities", {"app_name": "vim"}, 450, id="app_name"),
        pytest.param("vulnerabilities", {"type": "app_vul"}, 1, id="type"),
        pytest.param("vulnerabilities", {"handle_status": "unhandled"}, 450, id="handle_status"),
        pytest.param("vulnerabilities", {"namespace": "", "image_name": "", "tag_name": ""}, 451, id="empty-names"),
        pytest.param("vulnerabilities", {"tag_name": "v1.0"}, 0, id="tag_name"),
        pytest.param("vulnerabilities", {"image_id": "unknown"}, 0, id="image_id"),
        pytest.param("vulnerabilities", {"instance_id": "i"}, 451, id="instance_id"),
        pytest.param("cve", {"vul_id": "P-0001"}, 0, id="vul_id-of-cve"),
        pytest.param("cve", {"enterprise_project_id": "all_granted_eps"}, 25, id="cve-of-all-enterprise-projects"),
        pytest.param("notices", {"vul_id": "0001"}, 1, id="vul_id-of-notices"),
        pytest.param("notices", {"type": "app_vul"}, 0, id="type-of-notices"),
        pytest.param("notices", {"image_type": "registry"}, 0, id="image_type-of-notices"),
        pytest.param("notices", {"severity_level": "High"}, 0, id="severity_level-of-notices"),
        pytest.param("notices", {**_HANDLED, "severity_level": "Critical"}, 1, id="critical"),
        pytest.param("notices", {**_HANDLED, "cve_id": "2024-25"}, 1, id="cve_id-of-notices"),
        pytest.param("notices", {**_HANDLED, "cve_id": "2025"}, 0, id="another-cve_id"),
        pytest.param("malwares", {"file_name": "min"}, 1, id="file_name"),
        pytest.param("malwares", {"namespace": "team/space", "tag_name": "v1.0"}, 0, id="tag_name-of-malwares"),
        pytest.param("sensitive", {"severity": "low"}, 24, id="severity"),
        pytest.param("sensitive", {"handle_status": "handled"}, 1, id="handle_status-of-sensitive"),
        pytest.param("sensitive", {"file_path": "/k"}, 1, id="file_path"),
        pytest.param("sensitive", {"image_version": "v1.0"}, 0, id="image_version-of-sensitive"),
        pytest.param("check_rules", {"scan_result": "pass"}, 24, id="scan_result"),
        pytest.param("check_rules", {"image_id": None, "image_version": "v1.0~rc+1"}, 25, id="by-version"),
        pytest.param("configurations", {"cicd_name": "流水线"}, 1, id="cicd_name"),
        pytest.param("configurations", {"cicd_id": "unknown"}, 0, id="cicd_id"),
    ],
)
def test_each_filter_finds_its_rows(calls: dict[str, Call], name: str, given: dict[str, object], total: int) -> None:
    """The total counts the rows that pass."""
    response = calls[name](**given)

    assert (response.total_num, len(response.data_list)) == (total, min(total, 10))


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        *((name, "limit", 9) for name in _TOTALS),
        *((name, "offset", 2000001) for name in _TOTALS),
        ("vulnerabilities", "image_type", "local"),
        ("vulnerabilities", "image_type", None),
        ("vulnerabilities", "namespace", None),
        ("vulnerabilities", "image_name", None),
        ("vulnerabilities", "tag_name", None),
        ("vulnerabilities", "tag_name", "x" * 65),
        ("notices", "type", None),
        ("notices", "type", "windows_vul"),
        ("notices", "handle_status", None),
        ("notices", "image_type", None),
        ("notices", "image_type", "harbor"),
        ("notices", "severity_level", "critical"),
        ("notices", "vul_id", "x" * 257),
        ("notices", "vul_name", "x" * 257),
        ("notices", "cve_id", "x" * 257),
        ("notices", "status", "unfixed"),
        ("notices", "cluster_id", "x" * 129),
        ("malwares", "image_type", "jfrog"),
        ("malwares", "image_type", None),
        ("sensitive", "severity", "High"),
        ("sensitive", "image_type", None),
        ("check_rules", "image_type", "harbor"),
        ("check_rules", "type", None),
        ("configurations", "cicd_name", "x" * 129),
        ("quota", "enterprise_project_id", "x" * 257),
    ],
)
def test_a_breach_is_the_clients_error(
    sdk: SimpleNamespace, calls: dict[str, Call], name: str, parameter: str, value: object
) -> None:
    """The client raises its own exception, with HTTP 400, HSS.0001, the parameter's name and the request id."""
    with pytest.raises(sdk.ClientRequestException) as caught:
        calls[name](**{parameter: value})

    assert (caught.value.status_code, caught.value.error_code) == (400, "HSS.0001")
    assert parameter in caught.value.error_msg
    assert len(caught.value.request_id) == 32
