"""Filters, order, pages and ranges of the list call, without a socket."""

from urllib.parse import quote

import pytest

from tests.emulator.wsgi_client import PATH, TOKEN, Client

MIXED = """
images:
  - {image_name: low, image_version: "1.0", namespace: team, cicd_name: shop, image_digest: "sha256:11",
     pipeline_type: jenkins, image_size: 7, scan_status: success, severity_level: Low, latest_scan_time: 3000,
     latest_update_time: 30, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0}
  - {image_name: high, image_version: "1.0.1", namespace: team-b, cicd_name: shop-b, image_digest: "sha256:22",
     pipeline_type: codearts, image_size: 8, scan_status: success, severity_level: High, latest_scan_time: 1000,
     latest_update_time: 10, vul_num: 0, unsafe_setting_num: 2, malicious_file_num: 1, latest_version: false}
  - {image_name: clean, image_version: "2", scan_status: success, severity_level: Security, latest_scan_time: 2000,
     latest_update_time: 20, vul_num: 0, unsafe_setting_num: 0, malicious_file_num: 0}
  - {image_name: broken, scan_status: failed, latest_scan_time: 4000, latest_update_time: 40}
  - {image_name: absent, scan_status: download_failed, latest_scan_time: 5000, latest_update_time: 50}
  - {image_name: busy, scan_status: scanning, latest_update_time: 60}
  - {image_name: queued, scan_status: waiting_for_scan, latest_update_time: 70}
  - {image_name: elsewhere, scan_status: unscan, enterprise_project_id: other, latest_update_time: 80}
"""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", "busy queued high clean low broken absent", id="all-oldest-first-never-scanned-first"),
        pytest.param("sort_dir=desc", "absent broken low clean high busy queued", id="newest-first"),
        pytest.param("sort_key=latest_scan_time&sort_dir=asc", "busy queued high clean low broken absent", id="asc"),
        pytest.param("namespace=team", "high low", id="namespace-contains"),
        pytest.param("image_name=o", "low broken", id="image-name-contains"),
        pytest.param("image_name=L", "", id="image-name-case"),
        pytest.param("image_version=1.0", "high low", id="image-version-contains"),
        pytest.param("cicd_name=shop", "high low", id="cicd-name-contains"),
        pytest.param("cicd_name=", "busy queued high clean low broken absent", id="cicd-name-empty"),
        pytest.param("image_id=11", "low", id="image-id"),
        pytest.param("image_id=1", "", id="image-id-is-exact"),
        pytest.param("pipeline_type=codearts", "high", id="pipeline-type"),
        pytest.param("latest_version=true", "busy queued clean low broken absent", id="latest-version"),
        pytest.param("latest_version=false", "busy queued high clean low broken absent", id="any-version"),
        pytest.param("scan_status=failed", "broken", id="failed-is-only-failed"),
        pytest.param("scan_status=success", "high clean low", id="success"),
        pytest.param("scan_status=unscan", "", id="unscan"),
        pytest.param("scan_status=scanning", "busy", id="scanning"),
        pytest.param("scan_status=waiting_for_scan", "queued", id="waiting"),
        pytest.param("severity_level=High", "high", id="severity"),
        pytest.param("image_size=7", "low", id="image-size"),
        pytest.param("has_vul=true", "low", id="has-vul"),
        pytest.param("has_vul=false", "busy queued high clean broken absent", id="has-no-vul"),
        pytest.param("has_unsafe_setting=true", "high", id="has-unsafe-setting"),
        pytest.param("has_malicious_file=true", "high", id="has-malicious-file"),
        pytest.param("risky=true", "high low", id="risky"),
        pytest.param("risky=false&scan_status=success", "clean", id="not-risky-and-success"),
        pytest.param("start_latest_scan_time=2000&end_latest_scan_time=3000", "clean low", id="scan-time-inclusive"),
        pytest.param("start_latest_scan_time=4001", "absent", id="scan-time-from"),
        pytest.param("end_latest_scan_time=1000", "high", id="scan-time-to-leaves-out-the-never-scanned"),
        pytest.param("start_latest_update_time=60", "busy queued", id="update-time-from"),
        pytest.param("end_latest_update_time=10", "high", id="update-time-to"),
        pytest.param("enterprise_project_id=0", "busy queued high clean low broken absent", id="default-eps"),
        pytest.param("enterprise_project_id=other", "elsewhere", id="other-eps"),
        pytest.param(
            "enterprise_project_id=all_granted_eps",
            "busy queued elsewhere high clean low broken absent",
            id="all-eps",
        ),
        pytest.param("unknown=1&unknown=2", "busy queued high clean low broken absent", id="unknown-parameter"),
    ],
)
def test_rows_are_filtered_and_sorted(query: str, expected: str) -> None:
    """Each parameter of the manual does what the manual says."""
    reply = Client(MIXED).ask(query=query)

    assert (reply.status, reply.names) == (200, expected.split())
    assert reply.json["total_num"] == len(expected.split())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("namespace=team", ["low"], id="namespace"),
        pytest.param("image_name=o", [], id="image-name"),
        pytest.param("image_version=1.0", ["low"], id="image-version"),
        pytest.param("cicd_name=shop", ["low"], id="cicd-name"),
    ],
)
def test_text_filters_compare_the_whole_text_if_the_scenario_says_so(query: str, expected: list[str]) -> None:
    """`match: exact` plays the other reading of the manual."""
    assert Client(f"match: exact\n{MIXED}").ask(query=query).names == expected


OUT_OF_RANGE = [
    *(
        pytest.param(name, value, id=f"{name}-{kind}")
        for name, longest in [
            ("enterprise_project_id", 256),
            ("namespace", 128),
            ("image_name", 128),
            ("image_version", 64),
        ]
        for kind, value in [("empty", ""), ("too-long", "x" * (longest + 1))]
    ),
    pytest.param("image_id", "x" * 129, id="image_id-too-long"),
    pytest.param("cicd_name", "x" * 129, id="cicd_name-too-long"),
    *(
        pytest.param(name, value, id=f"{name}-{value or 'empty'}")
        for name, values in {
            "limit": ("9", "201", "0", "-10", "ten", "", "10.0", "1" * 400),
            "offset": ("-1", "2000001", "x", ""),
            "image_size": ("-1", "2147483548", "1KB"),
            "start_latest_update_time": ("-1", "9223372036854775808"),
            "end_latest_update_time": ("-1", "9223372036854775808"),
            "start_latest_scan_time": ("-1", "9223372036854775808"),
            "end_latest_scan_time": ("-1", "9223372036854775808", "2026-01-01"),
            "latest_version": ("True", "1", ""),
            "has_vul": ("yes",),
            "has_unsafe_setting": ("FALSE",),
            "has_malicious_file": ("0",),
            "risky": ("no",),
            "sort_key": ("image_name", ""),
            "sort_dir": ("ASC", "down"),
            "scan_status": ("download_failed", "image_oversized", "Success", ""),
            "severity_level": ("Critical", "high"),
            "pipeline_type": ("gitlab",),
        }.items()
        for value in values
    ),
]


@pytest.mark.parametrize(("name", "value"), OUT_OF_RANGE)
def test_a_parameter_out_of_its_range_is_refused_by_name(name: str, value: str) -> None:
    """A breach is HTTP 400 HSS.0001, and the message names the parameter."""
    reply = Client(MIXED).list(**{name: value})

    assert (reply.status, reply.json["error_code"]) == (400, "HSS.0001")
    assert reply.json["error_msg"].startswith("Invalid parameter: ")
    assert name in reply.json["error_msg"]
    assert reply.json["error_description"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("enterprise_project_id", "x" * 256, id="enterprise_project_id"),
        pytest.param("namespace", "流" * 128, id="namespace-counts-characters"),
        pytest.param("image_version", "x" * 64, id="image_version"),
        pytest.param("image_id", "", id="image_id-empty"),
        pytest.param("limit", "10", id="limit-least"),
        pytest.param("limit", "200", id="limit-most"),
        pytest.param("offset", "2000000", id="offset-most"),
        pytest.param("image_size", "2147483547", id="image_size-most"),
        pytest.param("end_latest_scan_time", "9223372036854775807", id="time-most"),
    ],
)
def test_a_parameter_at_the_edge_of_its_range_is_accepted(name: str, value: str) -> None:
    """The manual's bounds are inclusive."""
    assert Client(MIXED).list(**{name: value}).status == 200


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("limit=10&limit=10", id="repeated"),
        pytest.param("image_name=%ff", id="not-utf-8"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    """A parameter given twice, or bytes that are no text, are invalid."""
    assert Client(MIXED).ask(query=query).json["error_code"] == "HSS.0001"


def test_a_plus_is_a_plus() -> None:
    """The query is read by RFC 3986, in which `+` is no blank."""
    client = Client("images: [{image_name: app, image_version: rc+1, scan_status: success}]")

    assert client.ask(query="image_version=rc+1").names == ["app"]
    assert client.ask(query=f"image_version={quote('rc+1')}").names == ["app"]
    assert client.ask(query="image_version=rc%201").names == []


def test_ten_rows_are_given_where_no_limit_is() -> None:
    """The API's own default is ten rows from the beginning."""
    reply = Client("images: [{image_name: app, copies: 25, scan_status: success}]").list()

    assert (len(reply.rows), reply.json["total_num"]) == (10, 25)


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_put_together_are_all_rows_once(direction: str) -> None:
    """Rows of equal time keep their order over all pages, in both directions."""
    client = Client("images: [{image_name: app, copies: 450, latest_scan_time: 1, scan_status: success}]")

    pages = [client.list(limit=200, offset=offset, sort_dir=direction).rows for offset in (0, 200, 400, 600)]

    versions = [row["image_version"] for page in pages for row in page]
    assert [len(page) for page in pages] == [200, 200, 50, 0]
    assert versions == [f"copy-{number}" for number in range(1, 451)]


def test_pages_of_an_unchanged_list_are_sorted_and_filtered_once() -> None:
    """However deep a page lies, it costs no look at the rows before it."""
    client = Client("images: [{image_name: app, copies: 450, scan_status: success}]")
    client.list(limit=200, image_name="app")
    register = client.emulator._service._register
    state, selected = register._state, dict(register._state._selected) if register._state else {}

    client.list(limit=200, offset=400, image_name="app")

    assert register._state is state
    assert state is not None
    assert list(state._selected) == list(selected)
    assert all(rows is state._selected[key] for key, rows in selected.items())


def test_few_selections_are_kept() -> None:
    """Many different filters on an unchanged list do not fill the memory."""
    client = Client("images: [{image_name: app, scan_status: success}]")

    for size in range(100):
        client.list(image_size=size)

    assert client.emulator._service._register._state is not None
    assert len(client.emulator._service._register._state._selected) == 16


@pytest.mark.parametrize(
    ("quirks", "expected"),
    [
        pytest.param("{data_list: list}", '{"total_num": 1, "data_list": [ROW]}', id="as-documented"),
        pytest.param("{data_list: object}", '{"total_num": 1, "data_list": ROW}', id="an-object"),
        pytest.param("{data_list: null}", '{"total_num": 1, "data_list": null}', id="null"),
        pytest.param('{data_list: "null"}', '{"total_num": 1, "data_list": null}', id="null-in-quotes"),
        pytest.param("{total_num: missing}", '{"data_list": [ROW]}', id="no-total"),
        pytest.param("{total_num: page}", '{"total_num": 1, "data_list": [ROW]}', id="total-of-the-page"),
    ],
)
def test_the_envelope_may_be_odd(quirks: str, expected: str) -> None:
    """`quirks` plays what the manual's example and public reports show."""
    row = "raw: {image_id: a}, image_digest: null, image_type: null, registry_type: null, latest_version: null"
    client = Client(
        f"quirks: {quirks}\nimages: [{{image_name: app, scan_status: success, latest_scan_time: null,"
        f" latest_update_time: null, {row}}}]"
    )

    shown = '{"image_name": "app", "scan_status": "success", "image_id": "a"}'
    assert client.list().body.decode() == expected.replace("ROW", shown)


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        pytest.param("ok", 1_790_000_000_123, id="milliseconds"),
        pytest.param("seconds", 1_790_000_000, id="seconds"),
        pytest.param("zero", 0, id="zero"),
    ],
)
def test_times_may_be_odd(times: str, shown: int) -> None:
    """All times of a row alike; what is missing stays so."""
    client = Client(
        f"quirks: {{times: {times}}}\nimages: [{{image_name: app, scan_status: success, "
        "latest_scan_time: 1790000000123, latest_update_time: null}]"
    )

    (row,) = client.list().rows

    assert row["latest_scan_time"] == shown
    assert "latest_update_time" not in row


def test_half_a_surrogate_pair_reaches_the_client_as_an_escape() -> None:
    """Text that no UTF-8 can carry is sent as JSON can."""
    client = Client('images: [{image_name: app, scan_status: success, scan_failed_desc: "\\uD800"}]')

    assert client.list().rows[0]["scan_failed_desc"] == "\ud800"


def test_responses_have_the_headers_of_the_gateway() -> None:
    """Each answer has its type, its length, the server's time, and an id that no other request has."""
    client = Client(MIXED)

    first, second = client.list(), client.ask(headers={})

    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert first.headers["Content-Length"] == str(len(first.body))
    assert len(bytes.fromhex(first.headers["X-Request-Id"])) == 16
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert second.headers["X-Request-Id"] == second.json["request_id"]
    assert first.headers["X-Request-Id"] == Client(MIXED).list().headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", PATH, id="other-method"),
        pytest.param("GET", "/", id="root"),
        pytest.param("GET", f"{PATH}/1", id="below"),
        pytest.param("GET", PATH.replace("v5", "v4"), id="other-version"),
    ],
)
def test_an_unknown_call_is_not_found(method: str, path: str) -> None:
    """What the gateway does not publish is 404 APIGW.0101."""
    reply = Client(MIXED).ask(path, method=method)

    assert (reply.status, reply.json["error_code"]) == (404, "APIGW.0101")


def test_the_project_id_has_its_range_too() -> None:
    """A project id of more than 256 characters is an invalid parameter."""
    reply = Client(MIXED).ask(f"/v5/{'x' * 257}/image/cicd/images", headers=TOKEN)

    assert (reply.status, reply.json["error_code"]) == (400, "HSS.0001")


def test_the_ledger_tells_what_was_asked() -> None:
    """Number, method, path, raw query, status and time of each request are kept in order."""
    client = Client(MIXED)
    client.list(limit=200)
    client.time.epoch += 1

    client.ask("/nowhere", method="PUT")

    output = [
        (r.number, r.method, r.path, r.query, r.status, r.at - client.time.epoch) for r in client.emulator.requests
    ]
    assert output == [(1, "GET", PATH, "limit=200", 200, -1), (2, "PUT", "/nowhere", "", 404, 0)]
    assert client.emulator.request_count == 2


def test_the_ledger_is_bounded() -> None:
    """It keeps the last 10,000 requests, and counts on."""
    client = Client("images: []")

    for _ in range(10_003):
        client.ask("/nowhere")

    assert (len(client.emulator.requests), client.emulator.requests[0].number) == (10_000, 4)
    assert client.emulator.request_count == 10_003
