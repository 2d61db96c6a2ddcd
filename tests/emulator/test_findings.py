"""The findings of an image and their CVEs, without a socket."""

import time

import pytest

from tests.emulator.wsgi_client import Client

FINDINGS = """
images:
  - image_name: app
    image_version: "1.0"
    namespace: team
    cicd_name: shop
    image_id: the-id
    scan_status: success
    vul_num: 2
    findings:
      - {vul_id: HCE2-SA-2024-0001, repair_necessity: immediate_repair, description: d, position: layer 3,
         app_name: openssl, version: "1.1", solution: update, url: "https://u", cves: [CVE-2024-1]}
      - {vul_id: GHSA-0002, repair_necessity: delay_repair, app_name: log4j-core, app_path: /a.jar, version: "2"}
      - {vul_id: HCE2-SA-2024-0003, repair_necessity: not_needed_repair, app_name: openssl-libs,
         handle_status: handled}
      - {vul_id: HCE2-SA-2024-0004, repair_necessity: emergency, app_name: null, type: app_vul}
      - {vul_id: null, repair_necessity: null, raw: {version: 7, odd: null}}
"""


def ids(client: Client, **parameters: str | int) -> list[object]:
    """Return the `vul_id` of each finding of a page."""
    return [row.get("vul_id") for row in client.vulnerabilities(**{"limit": 200, **parameters}).rows]  # type: ignore[arg-type]


def test_findings_are_shown_as_they_are_given() -> None:
    """Fields of the API alone, without those that are null; `raw` is put over a row."""
    reply = Client(FINDINGS).vulnerabilities()

    assert reply.json["total_num"] == 5
    assert reply.rows[0] == {
        "vul_id": "HCE2-SA-2024-0001",
        "repair_necessity": "immediate_repair",
        "description": "d",
        "position": "layer 3",
        "app_name": "openssl",
        "version": "1.1",
        "solution": "update",
        "url": "https://u",
    }
    assert reply.rows[3:] == [
        {"vul_id": "HCE2-SA-2024-0004", "repair_necessity": "emergency"},
        {"version": 7, "odd": None},
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("repair_necessity", "immediate_repair", "0", id="high"),
        pytest.param("repair_necessity", "delay_repair", "1", id="medium"),
        pytest.param("repair_necessity", "not_needed_repair", "2", id="low"),
        pytest.param("vul_id", "SA-2024", "023", id="vul_id-contains"),
        pytest.param("vul_id", "", "01234", id="vul_id-empty"),
        pytest.param("app_name", "openssl", "02", id="app_name-contains"),
        pytest.param("app_name", "", "01234", id="app_name-empty"),
        pytest.param("type", "app_vul", "13", id="app"),
        pytest.param("type", "linux_vul", "024", id="linux"),
        pytest.param("handle_status", "handled", "2", id="handled"),
        pytest.param("handle_status", "unhandled", "0134", id="unhandled"),
        pytest.param("namespace", "team", "01234", id="namespace"),
        pytest.param("namespace", "tea", "", id="other-namespace"),
        pytest.param("image_name", "app", "01234", id="image_name"),
        pytest.param("image_name", "ap", "", id="other-image_name"),
        pytest.param("tag_name", "1.0", "01234", id="tag_name"),
        pytest.param("tag_name", "1", "", id="other-tag_name"),
        pytest.param("image_type", "harbor", "", id="other-image_type"),
        pytest.param("image_type", "jfrog", "", id="jfrog"),
        pytest.param("enterprise_project_id", "other", "", id="other-enterprise-project"),
        pytest.param("enterprise_project_id", "all_granted_eps", "01234", id="all-enterprise-projects"),
        pytest.param("instance_id", "any", "01234", id="instance_id"),
    ],
)
def test_findings_are_filtered(name: str, value: str, expected: str) -> None:
    """Names have to be those of the row, and an empty one does not restrict."""
    client = Client(FINDINGS)
    every = ids(client)

    assert ids(client, **{name: value}) == [every[int(place)] for place in expected]


def test_an_app_name_is_compared_as_the_scenario_says() -> None:
    """`match: exact` applies to it; `vul_id` still matches a substring, as the manual says."""
    client = Client(f"match: exact\n{FINDINGS}")

    assert ids(client, app_name="openssl") == ["HCE2-SA-2024-0001"]
    assert len(ids(client, vul_id="SA-2024")) == 3


@pytest.mark.parametrize("image_id", ["other", "the-i", ""])
def test_an_unknown_image_has_no_findings(image_id: str) -> None:
    """The id is compared as a whole, and an unknown one is no error."""
    assert Client(FINDINGS).vulnerabilities(image_id).json == {"total_num": 0, "data_list": []}


def test_an_image_is_found_by_the_id_that_its_row_shows() -> None:
    """An id from `raw` counts; an id that is not text matches no request."""
    client = Client(
        "images: [{image_name: a, image_id: b, raw: {image_id: c}, scan_status: x, findings: [{vul_id: v}]},"
        " {image_name: d, raw: {image_id: [1]}, scan_status: x, findings: [{vul_id: w}]}]"
    )

    assert [len(client.vulnerabilities(image_id).rows) for image_id in ("b", "c", "1")] == [0, 1, 0]


def test_of_rows_of_one_id_the_one_scanned_last_tells() -> None:
    """The same content under two tags is one image, unless the tag is named."""
    client = Client(
        "images: [{image_name: app, image_version: new, image_id: i, scan_status: x, latest_scan_time: 2,"
        " findings: [{vul_id: new}]}, {image_name: app, image_version: old, image_id: i, scan_status: x,"
        " latest_scan_time: 1, findings: [{vul_id: old}]}]"
    )

    assert [ids(client, image_id="i"), ids(client, image_id="i", tag_name="old")] == [["new"], ["old"]]


def test_copies_share_their_findings() -> None:
    """Each copy has an id of its own, and what the scenario gives."""
    client = Client("images: [{image_name: a, copies: 2, scan_status: x, findings: [{vul_id: v}]}]")

    assert [ids(client, image_id=row["image_id"]) for row in client.list().rows] == [["v"], ["v"]]


LATE = """
images:
  - image_name: app
    image_id: the-id
    findings: [{vul_id: first}]
    timeline:
      - {at: 0, absent: true}
      - {at: 1, scan_status: scanning}
      - {at: 2, scan_status: success}
      - {at: 3, scan_status: success, findings: [{vul_id: late}], many_findings: {count: 2, prefix: m-}}
      - {at: 4, scan_status: success, findings: []}
"""


def test_findings_may_come_later_than_the_success() -> None:
    """An entry overrides the image; an absent row has no findings."""
    client = Client(LATE)
    seen = []

    for _ in range(5):
        seen.append(ids(client))
        client.time.epoch += 1

    assert seen == [[], ["first"], ["first"], ["late", "m-0001", "m-0002"], []]


def test_findings_are_counted_if_no_number_is_given() -> None:
    """Once the scan is a success the row has a number of its own; before that it has none."""
    client = Client(LATE)
    seen = []

    for _ in range(4):
        client.time.epoch += 1
        seen.append(client.list().rows[0].get("vul_num"))

    assert seen == [None, 1, 3, 0]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param("vul_num: 7", 7, id="more"),
        pytest.param("vul_num: 0", 0, id="fewer"),
        pytest.param("vul_num: null", "absent", id="left-out"),
        pytest.param("raw: {vul_num: x}", "x", id="raw"),
        pytest.param(
            "timeline: [{at: -1, scan_status: success}, {at: 9, scan_status: x, vul_num: 1}]", "absent", id="elsewhere"
        ),
    ],
)
def test_a_given_number_is_not_counted_again(shown: str, expected: object) -> None:
    """It need not agree with the findings."""
    client = Client(f"images: [{{image_name: app, scan_status: success, findings: [{{vul_id: v}}], {shown}}}]")

    assert client.list().rows[0].get("vul_num", "absent") == expected


def test_an_image_without_findings_has_no_number_of_its_own() -> None:
    """Scenarios without findings have no `vul_num` by default."""
    assert "vul_num" not in Client("images: [{image_name: app, scan_status: success}]").list().rows[0]


MANY = """
images:
  - {image_name: app, image_id: the-id, scan_status: success, findings: [{vul_id: a}, {vul_id: b}],
     many_findings: {count: 5000, repair_necessity: delay_repair, app_name: vim, prefix: P-, cves: [CVE-2024-7]}}
"""


@pytest.mark.parametrize("limit", [10, 199, 200])
def test_pages_put_together_are_all_findings_once(limit: int) -> None:
    """Those named come first, then those generated, without a gap where one kind ends."""
    client = Client(MANY)
    seen: list[object] = []

    while page := ids(client, limit=limit, offset=len(seen)):
        seen.extend(page)

    assert seen == ["a", "b", *(f"P-{number:04}" for number in range(1, 5001))]


def test_generated_findings_are_alike_and_filtered_like_others() -> None:
    """They have the fields given, and a number in their `vul_id`."""
    client = Client(MANY)

    assert client.vulnerabilities(offset=2).rows[0] == {
        "vul_id": "P-0001",
        "repair_necessity": "delay_repair",
        "app_name": "vim",
    }
    assert client.vulnerabilities(repair_necessity="delay_repair").json["total_num"] == 5000
    assert client.vulnerabilities(repair_necessity="immediate_repair").json["total_num"] == 0
    assert ids(client, vul_id="-499") == [f"P-499{digit}" for digit in range(10)]


def test_a_page_of_two_million_findings_costs_no_look_at_the_others() -> None:
    """They are made when they are asked for."""
    client = Client("images: [{image_name: a, image_id: the-id, scan_status: x, many_findings: {count: 2000000}}]")
    started = time.perf_counter()

    reply = client.vulnerabilities(offset=1_999_999)

    assert (reply.json["total_num"], len(reply.rows)) == (2_000_000, 1)
    assert reply.rows[0]["vul_id"] == "HCE2-SA-2024-2000000"
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("vul_id", "expected"),
    [
        pytest.param("named", ["CVE-2024-1", "CVE-2024-2"], id="of-all-images-and-states-once"),
        pytest.param("P-0001", ["CVE-2024-7"], id="first-generated"),
        pytest.param("P-0120", ["CVE-2024-7"], id="last-generated"),
        pytest.param("P-0121", [], id="beyond-the-last"),
        pytest.param("P-0000", [], id="before-the-first"),
        pytest.param("P-001", [], id="too-few-digits"),
        pytest.param("0001", [], id="without-the-prefix"),
        pytest.param("P-000%C2%B2", [], id="no-digit"),
        pytest.param("of-raw", ["CVE-2024-3"], id="raw-vul-id"),
        pytest.param("without", [], id="without-cves"),
        pytest.param("unknown", [], id="unknown"),
    ],
)
def test_cves_of_a_vulnerability_do_not_depend_on_the_image(vul_id: str, expected: list[str]) -> None:
    """They exist before their finding is listed, and each occurs once even if several findings have it."""
    client = Client(
        """
images:
  - {image_name: a, scan_status: x, findings: [{vul_id: named, app_name: a, cves: [CVE-2024-1]},
     {vul_id: named, app_name: b, cves: [CVE-2024-1]}, {vul_id: without}, {vul_id: x, cves: [CVE-2024-3], raw: {vul_id: of-raw}}]}
  - {image_name: b, timeline: [{at: 1h, scan_status: x, findings: [{vul_id: named, cves: [{cve_id: CVE-2024-2}]}]}]}
  - {image_name: c, scan_status: x, many_findings: {count: 120, prefix: P-, cves: [CVE-2024-7]}}
"""
    )

    reply = client.detail(f"/image/vulnerability/{vul_id}/cve")

    assert [row["cve_id"] for row in reply.rows] == expected
    assert reply.json["total_num"] == len(expected)


def test_a_cve_is_shown_as_it_is_given() -> None:
    """All fields of the API, without those that are null."""
    client = Client(
        "images: [{image_name: a, scan_status: x, findings: [{vul_id: v, cves: [{cve_id: C, cvss_score: 9.8,"
        " publish_time: 5, description: d}, {cve_id: null, cvss_score: 7, raw: {cvss_score: high}}]}]}]"
    )

    assert client.detail("/image/vulnerability/v/cve").rows == [
        {"cve_id": "C", "cvss_score": 9.8, "publish_time": 5, "description": "d"},
        {"cvss_score": "high"},
    ]


def test_an_age_of_a_cve_counts_from_the_push() -> None:
    """Of named and of generated findings; the row has milliseconds, and stays as it is."""
    client = Client(
        "images: [{image_name: a, scan_status: x, findings: [{vul_id: v, cves: [{cve_id: C, publish_time: -9d}]}],"
        " many_findings: {count: 1, prefix: P-, cves: [{cve_id: D, publish_time: -1h30m}]}}]"
    )
    started = int(1000 * client.time.now())
    client.time.sleep(5)

    for vul_id, seconds in (("v", 9 * 86_400), ("P-0001", 5400)):
        (row,) = client.detail(f"/image/vulnerability/{vul_id}/cve").rows
        assert row["publish_time"] == started - 1000 * seconds
