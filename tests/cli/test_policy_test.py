"""`hssgate policy test`: what a policy would have blocked, among the images in HSS or in saved reports."""

import json
from typing import Any

import httpx
import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.cli.test_check import CLEAN, FOREVER, finished, image, images, scanned
from tests.cli.test_detail_rules import KEY_FILE
from tests.cli.test_findings import finding, policy, scenario
from tests.conftest import KEY, Bench, Ended

CONNECTION = ["--endpoint", "http://127.0.0.1:9", "--project-id", "project"]
SEVERE = "severity_level: High, vul_num: 30, unsafe_setting_num: 0, malicious_file_num: 0"
MALWARE = "severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 2"
TEN = images(
    *(finished(SEVERE, image_name=f"severe{number}") for number in range(3)),
    *(finished(image_name=f"clean{number}") for number in range(7)),
)


def tried(bench: Bench, *arguments: str, text: bool = False) -> Ended:
    """Run `hssgate policy test` on the images in HSS."""
    form = [] if text else ["--format", "json"]
    return bench.run("policy", "test", *arguments, *form, *CONNECTION, env=KEY)


def forecasts(ended: Ended) -> dict[str, str]:
    """What would be done with each image."""
    return {image["image"]: image["forecast"] for image in json.loads(ended.out)["images"]}


def rules(ended: Ended, number: int = 0) -> dict[str, str]:
    """What each rule would do with one image."""
    return {rule["rule"]: rule["forecast"] for rule in json.loads(ended.out)["images"][number]["rules"]}


def test_three_of_ten_would_be_blocked(bench: Bench) -> None:
    """One page of the list is read, and nothing else; the first line names the policy."""
    policy(bench, "rules: {severity: Medium, malicious_files: 0}")

    ended = tried(bench.play(TEN), "--cicd-name", "shop", "--since", "7d", text=True)

    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert lines[0].startswith("policy: hssgate.yaml (sha256 ")
    assert lines[1] == "would block 3 of 10 images (7 would pass)"
    assert [line.split() for line in lines[3:5]] == [
        ["severity", "3", "0", "0", "0", "7"],
        ["malicious_files", "0", "0", "0", "0", "10"],
    ]
    assert lines[5] == "  would block  shop: team/severe0:1.0: severity: High found, at most Medium accepted"
    assert lines[-1] == "  would pass   shop: team/clean6:1.0"
    assert [request.url.path for request in bench.sent] == ["/v5/project/image/cicd/images"]
    assert dict(bench.sent[0].url.params)["cicd_name"] == "shop"


@pytest.mark.parametrize(
    "rule",
    [
        "rules: {severity: High, high_vulnerabilities: 0}",
        "rules: {severity: High, cvss: 8.9}",
        "rules: {severity: High, sensitive_files: 0}",
        "rules: {severity: High, baseline: 0}",
        "rules: {vulnerabilities: 40}\nignore: [{vulnerability: CVE-2024-1, reason: r}]",
        "rules: {malicious_files: 2}\nignore: [{file: /tmp/x, reason: r}]",
        "rules: {severity: High}\ndeny: [{vulnerability: CVE-2024-1, reason: r}]",
        "rules: {high_vulnerabilities: 40}\ngrace: {high: 30d}",
    ],
)
def test_a_rule_that_needs_a_list_is_not_judged(bench: Bench, rule: str) -> None:
    """Never taken for one that would pass; nor is the image."""
    policy(bench, rule)

    ended = tried(bench.play(images(finished(MALWARE))))

    assert (ended.code, forecasts(ended)) == (0, {"shop: team/app:1.0": "not judged"})
    (image,) = json.loads(ended.out)["images"]
    (unread,) = (one for one in image["rules"] if one["forecast"] == "not judged")
    assert unread["message"] == f"{unread['rule']}: not judged, it needs a list that was not read"
    assert all("not judged" not in one["message"] for one in image["rules"] if one is not unread)
    assert len(bench.sent) == 1


def test_a_rule_that_needs_no_list_is_judged_beside_one_that_does(bench: Bench) -> None:
    """What would block is known whatever the list has; the console says what was not read."""
    policy(bench, "rules: {vulnerabilities: 20, high_vulnerabilities: 0}")

    ended = tried(bench.play(images(finished(SEVERE))), text=True)

    assert "would block 1 of 1 image\n" in ended.out
    assert "would block  shop: team/app:1.0: vulnerabilities: 30 found, at most 20 accepted" in ended.out
    assert ended.out.endswith("not judged: rules that need findings, files or baseline checks that were not read\n")


@pytest.mark.parametrize(
    ("counts", "forecast"), [pytest.param(SEVERE, "would block", id="too many"), pytest.param(MALWARE, "not judged", id="few")]
)  # fmt: skip
def test_a_count_is_judged_beside_entries_of_deny(bench: Bench, counts: str, forecast: str) -> None:
    """HSS gives the number, whatever findings are denied."""
    policy(bench, "rules: {vulnerabilities: 20}\ndeny: [{vulnerability: CVE-2024-1, reason: r}]")

    ended = tried(bench.play(images(finished(counts))))

    (image,) = json.loads(ended.out)["images"]
    of_count = {"would block": "would block", "not judged": "would pass"}[forecast]
    assert image["forecast"] == forecast
    assert [(one["rule"], one["forecast"]) for one in image["rules"]] == [
        ("deny", "not judged"),
        ("vulnerabilities", of_count),
    ]


EVERY_LIST = "rules: {high_vulnerabilities: 0, sensitive_files: 0, baseline: 0, cvss: 8.9}"


@pytest.mark.parametrize(
    ("rule", "listed", "forecast"),
    [
        pytest.param("rules: {high_vulnerabilities: 0}", [finding("CVE-2024-1")], "would block", id="a finding"),
        pytest.param(
            "rules: {high_vulnerabilities: 1}", [finding("CVE-2024-1")], "would pass", id="an accepted number"
        ),
        pytest.param(
            "rules: {vulnerabilities: 0}\nignore: [{vulnerability: CVE-2024-1, reason: r}]",
            [finding("CVE-2024-1")],
            "would pass",
            id="an ignored finding",
        ),
        pytest.param("rules: {vulnerabilities: 9, high_vulnerabilities: 9}", [], "would pass", id="no finding"),
        pytest.param(EVERY_LIST, [], "would block", id="a key in a file"),
    ],
)
def test_lists_are_read_where_asked_for(
    bench: Bench, rule: str, listed: list[dict[str, object]], forecast: str
) -> None:
    """As `check` reads them; and `check` comes to the same."""
    policy(bench, rule)
    bench.play(scenario(listed, sensitive=[KEY_FILE]))

    ended = tried(bench, "--findings", "always")
    checked = bench.check("team/app:1.0", "--cicd-name", "shop")

    assert (ended.code, forecasts(ended)) == (0, {"shop: team/app:1.0": forecast})
    assert checked.code == {"would block": 10, "would pass": 0}[forecast]


STATES = [
    pytest.param(finished(SEVERE), 10, "would block", id="severe"),
    pytest.param(finished(MALWARE), 10, "would block", id="malware"),
    pytest.param(finished(), 0, "would pass", id="clean"),
    pytest.param(finished("vul_num: 0, unsafe_setting_num: 0, malicious_file_num: 0"), 0, "would pass", id="all counts 0"),
    pytest.param(finished("vul_num: 1, unsafe_setting_num: 0, malicious_file_num: 0"), 5, "no result", id="no level"),
    pytest.param(finished("severity_level: High"), 10, "would block", id="severe and a number missing"),
    pytest.param(image("{at: -1h, scan_status: download_failed}"), 5, "no result", id="a failure"),
    pytest.param(image("{at: -1h, scan_status: image_oversized, vul_num: 3}"), 0, "would pass", id="an accepted failure"),
    pytest.param(image("{at: -1h, scan_status: image_oversized, malicious_file_num: 3}"), 10, "would block", id="an accepted failure with malware"),
    pytest.param(image(FOREVER), 4, "not scanned", id="a scan in progress"),
    pytest.param(image("{at: -1h, scan_status: unscan}"), 4, "not scanned", id="no scan"),
    pytest.param(finished(image_digest=f"'sha256:{'a' * 64}'") + finished(SEVERE, image_digest=f"'sha256:{'b' * 64}'"), 5, "no result", id="two rows of one time"),
    pytest.param(finished(SEVERE, at="-2h") + finished(), 0, "would pass", id="an older row"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "code", "forecast"), STATES)
def test_a_forecast_is_what_a_check_comes_to(bench: Bench, rows: str, code: int, forecast: str) -> None:
    """For each state of an image."""
    policy(bench, "rules: {severity: Medium, malicious_files: 0, scan: {accept: [image_oversized]}}")
    bench.play(images(rows))

    ended = tried(bench)
    checked = bench.check("team/app:1.0", "--cicd-name", "shop", "--timeout", "1m", "--appear-timeout", "1m")

    assert (checked.code, forecasts(ended)) == (code, {"shop: team/app:1.0": forecast})


def test_a_rule_that_warns_blocks_no_image(bench: Bench) -> None:
    """Broken, not judged or without its number."""
    policy(
        bench,
        "rules: {severity: {limit: Low, action: warn}, high_vulnerabilities: {limit: 0, action: warn}, "
        "unsafe_settings: {limit: 0, action: warn}}",
    )

    ended = tried(bench.play(images(finished("severity_level: High, vul_num: 3"))))

    assert forecasts(ended) == {"shop: team/app:1.0": "would pass"}
    assert rules(ended) == {
        "severity": "would warn",
        "high_vulnerabilities": "not judged",
        "unsafe_settings": "would warn",
    }


def test_an_image_must_meet_each_policy(bench: Bench) -> None:
    """And each rule names its policy, for their actions may differ."""
    policy(bench, "rules: {vulnerabilities: {limit: 2, action: warn}}", "a.yaml")
    policy(bench, "rules: {vulnerabilities: 2}", "b.yaml")
    bench.play(images(finished()))

    ended = tried(bench, "--policy", "a.yaml", "--policy", "b.yaml")
    (one,) = json.loads(ended.out)["images"]
    shown = tried(bench, "--policy", "a.yaml", "--policy", "b.yaml", text=True)

    assert one["forecast"] == "would block"
    assert [(rule["policy"], rule["forecast"]) for rule in one["rules"]] == [
        ("a.yaml", "would warn"),
        ("b.yaml", "would block"),
    ]
    assert "  vulnerabilities (a.yaml)            0            1 " in shown.out


def test_the_age_of_a_scan_is_left_out(bench: Bench) -> None:
    """A check would have followed the scan."""
    policy(bench, "rules: {severity: Medium, scan_age: 1m}")

    ended = tried(bench.play(images(finished())))

    assert (forecasts(ended), rules(ended)) == ({"shop: team/app:1.0": "would pass"}, {"severity": "would pass"})
    assert "scan_age is left out for the images in HSS" in ended.err


def test_the_age_of_a_scan_is_left_out_for_some_images(bench: Bench) -> None:
    """Where an override has the rule; without the rule nothing is said of it."""
    limited = "\noverrides: [{images: [app], rules: {scan_age: 1m}, reason: r}]"
    bench.play(images(finished()))

    policy(bench, f"rules: {{severity: Medium}}{limited}")
    assert "scan_age is left out" in tried(bench).err
    policy(bench, "rules: {severity: Medium}")
    assert "scan_age" not in tried(bench).err


def test_only_images_that_were_asked_for_are_judged(bench: Bench) -> None:
    """Filters of HSS may match loosely, so each row is compared again."""
    rows: list[dict[str, Any]] = [
        {"image_name": "old", "cicd_name": "shop", "latest_scan_time": int(1000 * (bench.clock.epoch() - 8 * 86400))},
        {"image_name": "undated", "cicd_name": "shop"},
        {"image_name": "other", "cicd_name": "shop-2", "latest_scan_time": int(1000 * bench.clock.epoch())},
        {"image_name": "app", "cicd_name": "shop", "latest_scan_time": int(1000 * bench.clock.epoch())},
    ]
    state = {"scan_status": "success", "severity_level": "Low", "malicious_file_num": 0}
    bench.answer(lambda _: httpx.Response(200, json={"total_num": 4, "data_list": [row | state for row in rows]}))

    assert forecasts(tried(bench, "--cicd-name", "shop", "--since", "7d")) == {"shop: app": "would pass"}
    assert set(forecasts(tried(bench))) == {"shop: old", "shop: undated", "shop-2: other", "shop: app"}


def test_a_time_ahead_of_the_present_makes_no_row_the_newest(bench: Bench) -> None:
    """Neither here nor for a check: which of the two rows is newer is not known."""
    policy(bench, "rules: {severity: Medium}")
    now = int(1000 * bench.clock.epoch())
    row = {"namespace": "team", "image_name": "app", "image_version": "1.0", "scan_status": "success"}
    rows = [
        {**row, "severity_level": "High", "latest_update_time": now + 3 * 86_400_000},
        {**row, "severity_level": "Low", "latest_update_time": now - 3_600_000},
    ]
    bench.answer(lambda _: httpx.Response(200, json={"total_num": 2, "data_list": rows}))

    assert forecasts(tried(bench)) == {"team/app:1.0": "no result"}
    assert bench.check("team/app:1.0").code == 5


def test_all_pages_are_read_once(bench: Bench) -> None:
    """Up to a number of rows, beyond which a warning says that there are more."""
    bench.play(images(*(finished(image_name=f"app{number}") for number in range(450))))

    everything = tried(bench, text=True)
    pages = len(bench.sent)
    newest = tried(bench, "--max-rows", "200", text=True)

    assert (pages, len(bench.sent)) == (3, 2)
    assert "would block 0 of 450 images" in everything.out
    assert "  and 350 more images; --format json has all" in everything.out
    assert "would block 0 of 200 images" in newest.out
    assert newest.err == "warning: only the newest 200 rows are taken; see --since and --max-rows\n"


def test_nothing_listed_is_no_block(bench: Bench) -> None:
    """But a warning, since a filter may be misspelt."""
    ended = tried(bench.play("images: []"), text=True)

    assert (ended.code, ended.out.splitlines()[1:]) == (0, ["would block 0 of 0 images"])
    assert "no image is listed" in ended.err


@pytest.mark.parametrize(
    ("faults", "arguments", "code", "forecast"),
    [
        pytest.param("{requests: '*', call: list, status: 403}", [], 3, {}, id="the list refused"),
        pytest.param("{requests: '*', call: list, status: 503}", [], 3, {}, id="the list out of reach"),
        pytest.param("{requests: '*', call: vulnerabilities, status: 403}", ["--findings", "always"], 3, {"shop: team/app:1.0": "not judged"}, id="findings refused"),
        pytest.param("{requests: '*', call: vulnerabilities, status: 503}", ["--findings", "always", "--timeout", "5m"], 3, {"shop: team/app:1.0": "not judged"}, id="findings out of reach"),
        pytest.param("{requests: '*', call: vulnerabilities, status: 403}", [], 0, {"shop: team/app:1.0": "not judged"}, id="findings that are not asked for"),
    ],
)  # fmt: skip
def test_what_could_not_be_asked_is_an_error(
    bench: Bench, faults: str, arguments: list[str], code: int, forecast: dict[str, str]
) -> None:
    """And nothing that could not be read is taken for met."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    bench.play(images(finished()) + f"faults: [{faults}]")

    ended = tried(bench, *arguments)

    assert ended.code == code
    assert (forecasts(ended) if forecast else ended.out) == (forecast or "")
    assert ("high_vulnerabilities: the findings could not be read: " in ended.out) is bool(forecast and code)


@pytest.mark.parametrize(
    ("faults", "printed"),
    [
        pytest.param("{requests: 1, delay: 20s}", "", id="during the list"),
        pytest.param("{requests: '*', call: vulnerabilities, delay: 20s}", "not judged", id="during findings"),
    ],
)
def test_an_interrupt_ends_the_test(bench: Bench, faults: str, printed: str) -> None:
    """With the signal's exit code."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    bench.play(images(finished()) + f"faults: [{faults}]")
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))

    ended = tried(bench, "--findings", "always")

    assert (ended.code, printed in ended.out) == (ExitCode.TERMINATED, True)


def test_saved_reports_are_tested_without_requests(bench: Bench) -> None:
    """As of their check, so that ages of scans count; what a report lacks is not judged."""
    policy(bench, "rules: {severity: High, vulnerabilities: 50}")
    bench.play(images(finished(SEVERE), finished(image_name="other", image_version='"2.0"')))
    bench.check("team/app:1.0", "team/other:2.0", "--cicd-name", "shop", "--findings", "never")
    policy(bench, "rules: {severity: Medium, low_vulnerabilities: 9, scan_age: 2h}")

    ended = bench.run("policy", "test", "report.json", "report.json", "--format", "json")

    assert (ended.code, bench.sent) == (0, [])
    assert forecasts(ended) == {"team/app:1.0": "would block", "team/other:2.0": "not judged"}
    assert rules(ended, 1) == {
        "severity": "would pass",
        "low_vulnerabilities": "not judged",
        "scan_age": "would pass",
    }


def test_findings_of_a_saved_report_are_judged(bench: Bench) -> None:
    """Where the check read them."""
    bench.play(scenario([finding("CVE-2024-1")], sensitive=[KEY_FILE]))
    bench.check("team/app:1.0", "--findings", "always")
    policy(bench, "rules: {high_vulnerabilities: 0, sensitive_files: 1}")

    ended = bench.run("policy", "test", "report.json", "--format", "json")

    assert rules(ended) == {"high_vulnerabilities": "would block", "sensitive_files": "would pass"}


def test_a_proof_of_freshness_in_a_saved_report_is_no_rule(bench: Bench) -> None:
    """It is a check of the run, and not of the policy."""
    bench.play(images(finished()))
    bench.check("team/app:1.0", "--scanned-after", "2h", "--cicd-name", "shop")
    policy(bench, "rules: {severity: High}")

    ended = bench.run("policy", "test", "report.json", "--format", "json")

    assert rules(ended) == {"severity": "would pass"}


def test_a_list_whose_reading_was_interrupted_is_not_judged(bench: Bench) -> None:
    """The saved report has no findings."""
    policy(bench, "rules: {high_vulnerabilities: 1}")
    bench.play(scenario([finding("V-1")], more=', "faults": [{requests: 2-, call: any, status: 503, retry_after: 30}]'))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))
    assert bench.check("team/app:1.0").code == ExitCode.TERMINATED

    ended = bench.run("policy", "test", "report.json", "--format", "json")

    assert rules(ended) == {"high_vulnerabilities": "not judged"}


def test_a_timeout_in_a_saved_report_has_no_result(bench: Bench) -> None:
    """The image was not listed."""
    bench.play(images(finished()))
    bench.check("team/none:1.0", "--timeout", "0")

    ended = bench.run("policy", "test", "report.json", "--format", "json")

    assert forecasts(ended) == {"team/none:1.0": "not scanned"}


def test_a_rule_that_warns_does_so_for_each_of_several_rows(bench: Bench) -> None:
    """Of a saved report whose image stands for two rows."""
    bench.play(images(finished(SEVERE), finished(SEVERE, namespace="old")))
    bench.check("app:1.0", "--cicd-name", "shop")
    policy(bench, "rules: {severity: {limit: Low, action: warn}}")

    ended = bench.run("policy", "test", "report.json", "--format", "json")

    (image,) = json.loads(ended.out)["images"]
    assert image["forecast"] == "would pass"
    assert [one["forecast"] for one in image["rules"]] == ["would warn", "would warn"]


@pytest.mark.parametrize(
    ("first", "message"),
    [
        pytest.param(finished(), "scan finished; scanning", id="one ended"),
        pytest.param(scanned(50), "scan finished, settling; scanning", id="one had just ended"),
    ],
)
def test_an_image_of_several_rows_is_scanned_when_each_of_them_is(bench: Bench, first: str, message: str) -> None:
    """The state of each row of the saved report is named."""
    bench.play(images(first, image(FOREVER, namespace="old")))
    assert bench.check("app:1.0", "--cicd-name", "shop", "--timeout", "1m", "--settle", "30s").code == 4
    policy(bench, "rules: {severity: Medium}")

    ended = bench.run("policy", "test", "report.json", "--format", "json")

    (found,) = json.loads(ended.out)["images"]
    assert (found["forecast"], found["message"]) == ("not scanned", message)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["none.json"], "none.json", id="no report"),
        pytest.param(["report.json", "--since", "7d"], "--since is for the images in HSS", id="a filter of HSS"),
        pytest.param(["report.json", "--findings", "always"], "--findings is for the images in HSS", id="lists of HSS"),
        pytest.param(["--policy", "none.yaml"], "none.yaml", id="no policy"),
        pytest.param(["--max-rows", "0"], "0 is not in the range", id="no rows"),
    ],
)
def test_what_cannot_be_tested_is_misuse(bench: Bench, arguments: list[str], problem: str) -> None:
    """Nothing is asked."""
    bench.play(images(finished(CLEAN)))
    bench.check("team/app:1.0")

    ended = tried(bench, *arguments)

    assert (ended.code, ended.out, bench.sent) == (2, "", [])
    assert problem in ended.err


def test_an_unknown_variable_that_would_decide_is_misuse(bench: Bench) -> None:
    """As for `check`."""
    ended = bench.play(TEN).run("policy", "test", *CONNECTION, env=KEY | {"HSSGATE_POLICYS": "x.yaml"})

    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], {"shop: team/app:1.0"}, id="by the variable"),
        pytest.param(["--cicd-name", "other"], {"other: team/app:1.0"}, id="the option goes first"),
    ],
)
def test_the_identifier_of_the_environment_is_obeyed(bench: Bench, arguments: list[str], expected: set[str]) -> None:
    """As for `check`, and a line says so."""
    bench.play(images(finished(CLEAN, cicd_name="shop"), finished(CLEAN, cicd_name="other")))
    words = ["policy", "test", "--format", "json", *arguments, *CONNECTION]

    ended = bench.run(*words, env=KEY | {"HSSGATE_CICD_NAME": "shop"})

    assert (ended.code, set(forecasts(ended))) == (0, expected)
    assert ("only images scanned under shop, by HSSGATE_CICD_NAME" in ended.err) is (not arguments)


def test_an_empty_identifier_of_the_environment_is_misuse(bench: Bench) -> None:
    """Nothing is asked; beside saved reports, which need no filter, it decides nothing."""
    bench.play(images(finished(CLEAN)))
    bench.check("team/app:1.0")
    empty = KEY | {"HSSGATE_CICD_NAME": ""}

    ended = bench.run("policy", "test", *CONNECTION, env=empty)

    assert (ended.code, ended.out) == (2, "")
    assert "HSSGATE_CICD_NAME is set and empty" in ended.err
    for value in ("", "shop"):
        ended = bench.run("policy", "test", "report.json", env={"HSSGATE_CICD_NAME": value})
        assert (ended.code, "HSSGATE_CICD_NAME" in ended.err) == (0, False)
