"""The other details of an image, and what all detail calls have in common, without a socket."""

import pytest

from tests.emulator.wsgi_client import TOKEN, Client

OTHERS = """
images:
  - image_name: app
    image_version: "1.0"
    namespace: team
    image_id: the-id
    scan_status: success
    malwares: [{file_name: miner.sh, file_path: /opt/miner.sh, size: 9, description: d}, {file_name: null}]
    sensitive:
      - {sensitive_info_id: s1, severity: high, name: n, description: d, position: p, file_path: /etc/key,
         content: "***", latest_scan_time: 5, handle_status: handled, operate_accept: ignore}
      - {sensitive_info_id: s2, severity: odd}
    check_rules:
      - {severity: High, check_name: n, check_type: t, standard: cn_standard, check_type_desc: d,
         check_rule_name: r, check_rule_id: r1, scan_result: failed, latest_scan_time: 5, image_num: 1}
      - {check_rule_id: r2, scan_result: pass}
  - {image_name: other, image_id: other-id, scan_status: success, check_rules: [{check_rule_id: r3}]}
"""
SENSITIVE_S1 = {
    "sensitive_info_id": "s1",
    "severity": "high",
    "name": "n",
    "description": "d",
    "position": "p",
    "file_path": "/etc/key",
    "content": "***",
    "latest_scan_time": 5,
    "handle_status": "handled",
    "operate_accept": "ignore",
}
RULE_R1 = {
    "severity": "High",
    "check_name": "n",
    "check_type": "t",
    "standard": "cn_standard",
    "check_type_desc": "d",
    "check_rule_name": "r",
    "check_rule_id": "r1",
    "scan_result": "failed",
    "latest_scan_time": 5,
    "image_num": 1,
}
MINER = {"file_name": "miner.sh", "file_path": "/opt/miner.sh", "size": 9, "description": "d"}
RULES = "/baseline/check-rules"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        pytest.param("/image/the-id/malwares", {}, [MINER, {}], id="malwares"),
        pytest.param("/image/the-id/malwares", {"file_name": "iner"}, [MINER], id="file_name-contains"),
        pytest.param("/image/the-id/malwares", {"tag_name": "1.1"}, [], id="malwares-of-another-tag"),
        pytest.param("/image/other/malwares", {}, [], id="malwares-unknown-image"),
        pytest.param("/image/the-id/malwares", {"image_type": "harbor"}, [], id="malwares-of-another-type"),
        pytest.param(
            "/image/the-id/sensitive",
            {},
            [SENSITIVE_S1, {"sensitive_info_id": "s2", "severity": "odd"}],
            id="sensitive",
        ),
        pytest.param("/image/the-id/sensitive", {"severity": "high"}, [SENSITIVE_S1], id="severity"),
        pytest.param("/image/the-id/sensitive", {"severity": "low"}, [], id="no-such-severity"),
        pytest.param("/image/the-id/sensitive", {"handle_status": "handled"}, [SENSITIVE_S1], id="handled"),
        pytest.param(
            "/image/the-id/sensitive",
            {"handle_status": "unhandled"},
            [{"sensitive_info_id": "s2", "severity": "odd"}],
            id="unhandled-by-default",
        ),
        pytest.param("/image/the-id/sensitive", {"file_path": "/etc"}, [SENSITIVE_S1], id="file_path"),
        pytest.param("/image/the-id/sensitive", {"image_version": "1.1"}, [], id="sensitive-of-another-tag"),
        pytest.param(RULES, {"image_id": "the-id", "scan_result": "failed"}, [RULE_R1], id="failed"),
        pytest.param(
            RULES,
            {"image_id": "the-id"},
            [RULE_R1, {"check_rule_id": "r2", "scan_result": "pass"}],
            id="rules-of-an-image",
        ),
        pytest.param(RULES, {"image_name": "other"}, [{"check_rule_id": "r3"}], id="rules-by-name"),
        pytest.param(
            RULES,
            {"image_id": ""},
            [RULE_R1, {"check_rule_id": "r2", "scan_result": "pass"}, {"check_rule_id": "r3"}],
            id="rules-of-all-images",
        ),
        pytest.param(RULES, {"image_type": "registry"}, [], id="rules-of-the-registry"),
    ],
)
def test_other_details_are_shown_and_filtered(path: str, query: dict[str, str], expected: object) -> None:
    """Each parameter of the request model works as documented."""
    given: dict[str, str | int] = {"image_type": "cicd", **({"type": "image"} if path == RULES else {}), **query}

    assert Client(OTHERS).detail(path, **given).rows == expected


IDENTIFIERS = """
images:
  - {image_name: a, cicd_name: shop, copies: 12, scan_status: success}
  - {image_name: b, cicd_name: shop-b, timeline: [{at: 1h, scan_status: success}]}
  - {image_name: c, cicd_name: elsewhere, enterprise_project_id: other, scan_status: success}
  - {image_name: d, scan_status: success}
"""


@pytest.mark.parametrize(
    ("cicd", "query", "expected"),
    [
        pytest.param("", {}, {"shop": 12, "shop-b": 0}, id="of-the-images"),
        pytest.param("", {"enterprise_project_id": "other"}, {"elsewhere": 1}, id="other-enterprise-project"),
        pytest.param(
            "",
            {"enterprise_project_id": "all_granted_eps"},
            {"shop": 12, "shop-b": 0, "elsewhere": 1},
            id="all-enterprise-projects",
        ),
        pytest.param("", {"cicd_name": "shop"}, {"shop": 12, "shop-b": 0}, id="cicd_name-contains"),
        pytest.param("match: exact", {"cicd_name": "shop"}, {"shop": 12}, id="cicd_name-exact"),
        pytest.param("", {"cicd_name": "", "cicd_id": ""}, {"shop": 12, "shop-b": 0}, id="empty"),
        pytest.param("", {"cicd_id": "unknown"}, {}, id="unknown-id"),
        pytest.param("cicd: [new, shop, new]", {}, {"new": 0, "shop": 12}, id="named"),
        pytest.param("cicd: []", {}, {}, id="none"),
        pytest.param("", {"offset": "1"}, {"shop-b": 0}, id="offset"),
    ],
)
def test_identifiers_are_listed(cicd: str, query: dict[str, str], expected: dict[str, int]) -> None:
    """Those of the scenario, or of all states of its images, with the number of current images."""
    reply = Client(f"{cicd}\n{IDENTIFIERS}").detail("/image/cicd/configurations", **query)

    assert {row["cicd_name"]: row["associated_images_num"] for row in reply.rows} == expected
    assert all(row["associated_config_num"] == 0 for row in reply.rows)


def test_an_identifier_is_found_by_its_id() -> None:
    """Ids are stable and differ."""
    rows = Client(IDENTIFIERS).detail("/image/cicd/configurations").rows

    found = Client(IDENTIFIERS).detail("/image/cicd/configurations", cicd_id=rows[1]["cicd_id"]).rows

    assert found == rows[1:]


def test_what_is_pushed_has_details_too() -> None:
    """Findings, CVEs and the identifier of a pushed image are there at once."""
    client = Client("{images: []}")

    client.ask(
        "/_emulator/images",
        method="POST",
        body=b'{"image_name": "a", "image_id": "the-id", "cicd_name": "shop", "scan_status": "success",'
        b' "findings": [{"vul_id": "v", "cves": ["CVE-2024-1"]}]}',
    )

    assert client.vulnerabilities().rows == [{"vul_id": "v"}]
    assert client.detail("/image/vulnerability/v/cve").rows == [{"cve_id": "CVE-2024-1"}]
    assert client.detail("/image/cicd/configurations").json["total_num"] == 1


_CALLS: dict[str, dict[str, str | int]] = {
    "/image/the-id/vulnerabilities": {"image_type": "cicd", "namespace": "", "image_name": "", "tag_name": ""},
    "/image/vulnerability/v/cve": {},
    "/image/the-id/malwares": {"image_type": "cicd"},
    "/image/the-id/sensitive": {"image_type": "cicd"},
    RULES: {"type": "image", "image_type": "cicd"},
    "/image/cicd/configurations": {},
}
every_call = pytest.mark.parametrize("path", list(_CALLS))


def _refused(path: str, **query: str | int) -> str:
    reply = Client(OTHERS).detail(path, **query)
    assert (reply.status, reply.json["error_code"]) == (400, "HSS.0001")
    message: str = reply.json["error_msg"]
    return message


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in _CALLS.items() for name in names])
def test_a_mandatory_parameter_that_is_missing_is_refused_by_name(path: str, name: str) -> None:
    """Without it nothing is answered, though it may be empty."""
    given = {key: value for key, value in _CALLS[path].items() if key != name}

    assert _refused(path, **given) == f"Invalid parameter: {name} is mandatory"


@every_call
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "9"),
        ("limit", "201"),
        ("offset", "-1"),
        ("offset", "2000001"),
        ("enterprise_project_id", ""),
        ("enterprise_project_id", "x" * 257),
    ],
)
def test_what_all_calls_have_in_common_has_its_range(path: str, name: str, value: str) -> None:
    """Pages and enterprise projects are asked for as of the list call."""
    assert name in _refused(path, **_CALLS[path], **{name: value})


_BREACHES: dict[str, dict[str, str]] = {
    "/image/the-id/vulnerabilities": {
        "image_type": "local",
        "instance_id": "x" * 129,
        "namespace": "x" * 65,
        "image_name": "x" * 129,
        "tag_name": "x" * 65,
        "repair_necessity": "emergency",
        "vul_id": "x" * 129,
        "app_name": "x" * 65,
        "type": "windows_vul",
        "handle_status": "ignored",
    },
    "/image/the-id/malwares": {
        "image_type": "jfrog",
        "file_name": "x" * 65536,
        "namespace": "x" * 65536,
        "image_name": "x" * 65536,
        "tag_name": "x" * 65536,
    },
    "/image/the-id/sensitive": {
        "image_type": "jfrog",
        "namespace": "x" * 65536,
        "image_name": "x" * 65536,
        "image_version": "x" * 65536,
        "file_path": "x" * 65536,
        "severity": "High",
        "handle_status": "ignored",
    },
    RULES: {
        "type": "host",
        "image_type": "harbor",
        "namespace": "x" * 65536,
        "image_name": "x" * 65536,
        "image_version": "x" * 65536,
        "instance_id": "x" * 129,
        "image_id": "x" * 129,
        "scan_result": "passed",
    },
    "/image/cicd/configurations": {"cicd_name": "x" * 129, "cicd_id": "x" * 129},
}


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, breaches in _BREACHES.items() for name in breaches])
def test_a_parameter_out_of_its_range_is_refused_by_name(path: str, name: str) -> None:
    """Ranges and enums are those of the request models."""
    message = _refused(path, **(_CALLS[path] | {name: _BREACHES[path][name]}))

    assert message.startswith((f"Invalid parameter: {name} must", f"Invalid parameter: the length of {name} must"))


@pytest.mark.parametrize(("call", "longest"), [("vulnerabilities", 128), ("sensitive", 128), ("malwares", 65535)])
def test_an_image_id_has_its_range_too(call: str, longest: int) -> None:
    """It is in the path, and may be as long as its model allows."""
    query = _CALLS[f"/image/the-id/{call}"]

    assert "image_id" in _refused(f"/image/{'x' * (longest + 1)}/{call}", **query)
    assert Client(OTHERS).detail(f"/image/{'x' * longest}/{call}", **query).rows == []


@every_call
def test_the_gateway_guards_every_call(path: str) -> None:
    """Credentials, permission, project and rate limit are checked before the query."""
    scenario = "projects: [other]\ncredentials: [{token: emulator-token}, {token: g, deny: gateway}]"
    limited = Client("rate_limit: {requests: 1, seconds: 60}")

    statuses = [
        Client(scenario).ask(f"/v5/p{path}", headers=headers).status for headers in ({}, {"X-Auth-Token": "g"}, TOKEN)
    ]
    rates = [limited.detail(path, **_CALLS[path]).status for _ in range(2)]

    assert (statuses, rates) == ([401, 403, 403], [200, 429])


@every_call
def test_every_call_is_in_the_ledger_with_a_request_id(path: str) -> None:
    """Details are requests like others."""
    client = Client(OTHERS)

    reply = client.detail(path, **_CALLS[path])

    assert [(request.path.endswith(path), request.status) for request in client.emulator.requests] == [(True, 200)]
    assert len(reply.headers["X-Request-Id"]) == 32


@every_call
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_details_are_only_read(path: str, method: str) -> None:
    """What the gateway does not publish is 404 APIGW.0101."""
    assert Client(OTHERS).ask(f"/v5/p{path}", method=method).status == 404


def test_the_envelope_of_details_may_be_odd() -> None:
    """`quirks` applies to every call."""
    client = Client(
        "quirks: {data_list: object, total_num: missing}\n"
        "images: [{image_name: a, image_id: the-id, scan_status: x, findings: [{vul_id: v}]}]"
    )

    assert client.vulnerabilities().json == {"data_list": {"vul_id": "v"}}
