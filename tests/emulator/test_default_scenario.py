"""The scenario that is played where none is given."""

from collections import Counter

import pytest

from hssgate.emulator.scenario import default_scenario
from tests.emulator.wsgi_client import PATH, Client

HOUR = 3600 * 1000  # milliseconds


@pytest.fixture
def client() -> Client:
    """The default scenario."""
    return Client(default_scenario())


def test_the_list_says_what_each_image_covers(client: Client) -> None:
    """References are aligned, and each has its purpose."""
    lines = client.emulator.describe().splitlines()

    references = [line.split()[0] for line in lines]
    assert references == [
        "demo/passes:1.0",
        "demo/blocked-severity:1.0",
        "demo/blocked-malware:1.0",
        "demo/scanning-forever:1.0",
        "demo/scan-failed:1.0",
        "demo/download-failed:1.0",
        "demo/too-large:1.0",
        "demo/number-missing:1.0",
        "demo/ambiguous:1.0",
        "demo/ambiguous:1.0",
        "demo/repushed:1.0",
        "demo/repushed:1.0",
        "demo/slow:1.0",
        "aaa/centos7:common",
    ]
    assert len({line.index(line.split()[1], len(line.split()[0])) for line in lines}) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("passes", ["success Low 3 1 0"], id="passes"),
        pytest.param("blocked-severity", ["success High 111 4 0"], id="blocked-severity"),
        pytest.param("blocked-malware", ["success High 2 0 1"], id="blocked-malware"),
        pytest.param("scanning-forever", ["scanning None None None None"], id="scanning-forever"),
        pytest.param("scan-failed", ["failed None None None None"], id="scan-failed"),
        pytest.param("download-failed", ["download_failed None None None None"], id="download-failed"),
        pytest.param("too-large", ["image_oversized None None None None"], id="too-large"),
        pytest.param("number-missing", ["success None 3 0 None"], id="number-missing"),
        pytest.param("ambiguous", ["success Low 3 1 0", "success High 80 1 0"], id="ambiguous"),
        pytest.param("repushed", ["scanning None None None None", "success Security 0 0 0"], id="repushed"),
        pytest.param("slow", [], id="slow"),
    ],
)
def test_each_image_is_what_its_name_says(client: Client, name: str, expected: list[str]) -> None:
    """Status, severity and counts, at the start."""
    fields = ("scan_status", "severity_level", "vul_num", "unsafe_setting_num", "malicious_file_num")

    rows = client.list(cicd_name="demo", namespace="demo", image_name=name).rows

    assert [" ".join(str(row.get(field)) for field in fields) for row in rows] == expected


def test_finished_images_ended_an_hour_ago(client: Client) -> None:
    """They are old enough to need no settling."""
    row = client.list(image_name="passes").rows[0]

    assert row["latest_scan_time"] == client.time.epoch * 1000 - HOUR


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("passes", {"not_needed_repair": 3}, id="passes"),
        pytest.param("blocked-severity", {"immediate_repair": 2, "delay_repair": 109}, id="blocked-severity"),
        pytest.param("blocked-malware", {"not_needed_repair": 2}, id="blocked-malware"),
    ],
)
def test_findings_are_as_many_as_the_row_says(client: Client, name: str, expected: dict[str, int]) -> None:
    """The count of the row equals the length of its list, and no vulnerability occurs twice."""
    row = client.list(image_name=name).rows[0]

    findings = client.vulnerabilities(
        row["image_id"],
        namespace=row["namespace"],
        image_name=row["image_name"],
        tag_name=row["image_version"],
        limit=200,
    ).rows

    assert Counter(finding["repair_necessity"] for finding in findings) == expected
    assert len({finding["vul_id"] for finding in findings}) == len(findings) == row["vul_num"]


@pytest.mark.parametrize("name", ["passes", "blocked-severity", "blocked-malware"])
def test_details_are_as_many_as_the_row_says(client: Client, name: str) -> None:
    """The counts of malicious files and of failed baseline checks have lists behind them."""
    row = client.list(image_name=name).rows[0]
    baseline = {"type": "image", "image_type": "cicd", "image_id": row["image_id"]}

    malwares = client.detail(f"/image/{row['image_id']}/malwares", image_type="cicd").rows
    failed = client.detail("/baseline/check-rules", scan_result="failed", **baseline).rows

    assert (len(malwares), len(failed)) == (row["malicious_file_num"], row["unsafe_setting_num"])


def test_the_blocked_image_has_a_sensitive_file(client: Client) -> None:
    """Its content is not among what the emulator gives."""
    row = client.list(image_name="blocked-severity").rows[0]

    (found,) = client.detail(f"/image/{row['image_id']}/sensitive", image_type="cicd").rows

    assert (found["file_path"], found["severity"], "content" in found) == ("/app/.env", "high", False)


def test_the_worst_findings_have_cves(client: Client) -> None:
    """The two named ones, with their scores."""
    shown = [client.detail(f"/image/vulnerability/HCE2-SA-2024-020{number}/cve").rows for number in (1, 2)]

    assert [[cve["cvss_score"] for cve in cves] for cves in shown] == [[9.1, 7.5], [8.8]]


def test_the_identifiers_are_those_of_the_images(client: Client) -> None:
    """`demo` is the only one; the manual's example has none."""
    reply = client.detail("/image/cicd/configurations")

    assert [row["cicd_name"] for row in reply.rows] == ["demo"]


def test_the_ambiguous_rows_differ_in_nothing_that_tells_them_apart(client: Client) -> None:
    """Two digests, and the same times."""
    one, other = client.list(image_name="ambiguous").rows

    assert one["image_digest"] != other["image_digest"]
    assert [one[key] == other[key] for key in ("latest_scan_time", "latest_update_time")] == [True, True]


def test_the_new_push_ends_high(client: Client) -> None:
    """A gate that accepted yesterday's clean result would be wrong eight seconds later."""
    client.time.epoch += 8

    newest = client.list(image_name="repushed", sort_dir="desc").rows[0]

    assert (newest["scan_status"], newest["severity_level"]) == ("success", "High")


def test_the_slow_image_goes_through_its_states(client: Client) -> None:
    """Absent, waiting, scanning, success, in eight seconds."""
    seen = []
    for _ in range(5):
        seen.append([row["scan_status"] for row in client.list(image_name="slow").rows])
        client.time.epoch += 2

    assert seen == [[], ["waiting_for_scan"], ["scanning"], ["scanning"], ["success"]]


def test_the_example_of_the_manual_is_there_but_for_its_size(client: Client) -> None:
    """It lacks severity and cicd_name; in the manual its size is a text with a unit."""
    assert client.list(namespace="aaa").rows == [
        {
            "image_digest": "sha256:cebcdacde18091448a5040dc55bb1a9f6540b093db8XXXXXX",
            "image_id": "cebcdacde18091448a5040dc55bb1a9f6540b093db8XXXXXX",
            "image_name": "centos7",
            "image_size": 1000,
            "image_type": "cicd",
            "image_version": "common",
            "latest_scan_time": 1691748641788,
            "latest_update_time": 1687664346000,
            "latest_version": False,
            "malicious_file_num": 0,
            "namespace": "aaa",
            "scan_status": "success",
            "unsafe_setting_num": 1,
            "vul_num": 111,
        }
    ]


def test_any_project_is_accepted(client: Client) -> None:
    """A newcomer has no project id to give."""
    assert client.ask(PATH.replace("0123456789abcdef", "any")).status == 200
