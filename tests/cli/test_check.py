"""`hssgate check` through its command line: each ending with its exit code and its reports."""

import pytest

from tests.conftest import Bench

DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32
CLEAN = "severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0"


def image(*timeline: str, **fields: str) -> str:
    """One image of a scenario, in YAML."""
    given = {
        "cicd_name": "shop", "namespace": "team", "image_name": "app", "image_version": '"1.0"', "image_digest": DIGEST,
    } | fields  # fmt: skip
    names = ", ".join(f"{name}: {value}" for name, value in given.items())
    return f"  - {{{names}, timeline: [{', '.join(timeline)}]}}\n"


def finished(counts: str = CLEAN, at: str = "-1h", **fields: str) -> str:
    return image(f"{{at: {at}, scan_status: success, {counts}}}", **fields)


def scanned(seconds: int, counts: str = CLEAN, **fields: str) -> str:
    """An image that is absent, waits, is scanned, and ends after so many seconds."""
    return image(
        f"{{at: {seconds * 0.1}s, scan_status: waiting_for_scan}}",
        f"{{at: {seconds * 0.2}s, scan_status: scanning}}",
        f"{{at: {seconds}s, scan_status: success, {counts}}}",
        **fields,
    )


def images(*rows: str) -> str:
    return "images:\n" + "".join(rows)


FOREVER = "{at: -1h, scan_status: scanning}"

OUTCOMES = [
    pytest.param(images(finished()), [], 0, {"scan": "passed", "severity": "passed", "malicious_files": "passed"}, id="passes"),
    pytest.param(images(finished("severity_level: High, vul_num: 1, malicious_file_num: 0")), [], 10, {"scan": "passed", "severity": "failed", "malicious_files": "passed"}, id="too severe"),
    pytest.param(images(finished("severity_level: Low, vul_num: 1, malicious_file_num: 2")), [], 10, {"scan": "passed", "severity": "passed", "malicious_files": "failed"}, id="malware"),
    pytest.param(images(finished("severity_level: High")), [], 10, {"scan": "passed", "severity": "failed", "malicious_files": "error"}, id="too severe and a number missing: the violation counts"),
    pytest.param(images(finished("vul_num: 1")), [], 5, {"scan": "passed", "severity": "error", "malicious_files": "error"}, id="numbers missing"),
    pytest.param(images(finished("severity_level: Dire, malicious_file_num: 0")), [], 5, {"scan": "passed", "severity": "error", "malicious_files": "passed"}, id="unknown severity"),
    pytest.param(images(image("{at: -1h, scan_status: failed, scan_failed_code: unknown_error}")), [], 5, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="scan failed"),
    pytest.param(images(image("{at: -1h, scan_status: download_failed}")), [], 5, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="download failed"),
    pytest.param(images(image("{at: -1h, scan_status: image_oversized}")), [], 5, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="image too large"),
    pytest.param(images(finished(), finished(image_digest=OTHER)), [], 5, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="ambiguous"),
    pytest.param(images(image(FOREVER)), [], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="scan never ends"),
    pytest.param(images(image("{at: -1h, scan_status: unscan}")), [], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="never scanned"),
    pytest.param(images(image("{at: -1h, scan_status: paused}")), [], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="undocumented status"),
    pytest.param(images(finished(), image(FOREVER, image_digest=OTHER)), [], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="re-pushed, its scan never ends"),
    pytest.param(images(finished(image_name="app2"), finished(image_version='"1.0.1"')), [], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="only look-alikes"),
    pytest.param(images(finished(namespace="steam")), [], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="another namespace"),
    pytest.param(images(finished()), ["--scanned-after", "30m"], 4, {"scan": "error", "freshness": "skipped", "severity": "skipped", "malicious_files": "skipped"}, id="stale"),
    pytest.param(images(finished()), ["--scanned-after", "2h"], 0, {"scan": "passed", "freshness": "passed", "severity": "passed", "malicious_files": "passed"}, id="fresh"),
    pytest.param(images(finished()), ["--cicd-name", "sho"], 4, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="another identifier"),
    pytest.param(images(finished(), finished("severity_level: High, malicious_file_num: 0", cicd_name="test")), [], 10, {"scan": "passed", "severity": "failed", "malicious_files": "passed"}, id="every group must pass"),
    pytest.param(images(finished()) + "faults: [{requests: '*', status: 503}]", [], 3, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="API down"),
    pytest.param(images(finished()) + "faults: [{requests: '*', status: 403}]", [], 3, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="no permission"),
    pytest.param(images(finished()) + "faults: [{requests: '*', garbage: true}]", [], 3, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="garbage"),
    pytest.param(images(finished()) + "faults: [{requests: '*', redirect: 'http://127.0.0.1:1/'}]", [], 3, {"scan": "error", "severity": "skipped", "malicious_files": "skipped"}, id="redirect"),
]  # fmt: skip


ELSEWHERE = {"registry_name": "other.example.com"}
HIGH = "severity_level: High, vul_num: 1, malicious_file_num: 0"
IDENTITIES = [
    pytest.param("r.example.com/team/app:1.0", [], finished(**ELSEWHERE), 4, "other registry_name", id="another registry"),
    pytest.param("r.example.com/team/app:1.0", [], finished(**ELSEWHERE), 4, "leave the registry out of IMAGE, or --registry-name other.example.com", id="another registry: what to do"),
    pytest.param("r.example.com/team/app:1.0", ["--registry-name", "other.example.com"], finished(**ELSEWHERE), 0, "1 image passed", id="picked all the same"),
    pytest.param("team/app:1.0", [], finished() + finished(HIGH, **ELSEWHERE), 10, "other.example.com: team/app:1.0", id="two registries, one of them High"),
    pytest.param("team/app:1.0", ["--registry-name", "r.example.com"], finished(registry_name="r.example.com") + finished(HIGH, **ELSEWHERE), 0, "1 image passed", id="one of two registries picked"),
    pytest.param("team/app:1.0", ["--registry-name", "r.example.com"], finished(**ELSEWHERE), 4, "--registry-name other.example.com", id="picked, and not there"),
    pytest.param("team/app:1.0", ["--registry-name", "r.example.com"], finished(), 4, "leave --registry-name out", id="picked, and no registry is named"),
    pytest.param("team/app:1.0", [], finished(namespace="null", image_name="team/app"), 0, "1 image passed", id="path in the name"),
    pytest.param("team/app:1.0", [], finished() + finished(HIGH, namespace="null", image_name="r.example.com/team/app"), 10, "1 image blocked", id="registry and path in the name"),
    pytest.param("x.io/my.org/app:1.0", [], finished(namespace="my.org", registry_name="x.io"), 0, "1 image passed", id="an organisation with a dot"),
    pytest.param("x.io/my.org/app:1.0", [], finished(namespace="my.org", registry_name="swr"), 4, "or --registry-name swr", id="an organisation with a dot: what to do"),
    pytest.param("x.io/my.org/app:1.0", ["--registry-name", "swr"], finished(HIGH, namespace="my.org", registry_name="swr"), 10, "1 image blocked", id="an organisation with a dot, its registry picked"),
    pytest.param("my.org/app:1.0", [], finished(HIGH), 4, "other namespace", id="registry and a name alone: not of any organisation"),
    pytest.param("app:1.0", [], finished() + finished(HIGH, namespace="null", image_name="prod/app"), 10, "1 image blocked", id="a name alone: each organisation counts"),
    pytest.param(f"team/app:1.0@{DIGEST}", [], finished(image_digest=DIGEST[7:].upper()), 0, "1 image passed", id="digest in upper case and without the algorithm"),
    pytest.param("team/app:" + "v" * 70, [], finished(image_version="v" * 64), 4, "the first 64 characters of the requested one", id="version cut short"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "arguments", "rows", "code", "message"), IDENTITIES)
def test_rows_are_distinguished_by_path_registry_and_digest(
    bench: Bench, asked: str, arguments: list[str], rows: str, code: int, message: str
) -> None:
    """What cannot be the image is never the image; what can, is found."""
    ended = bench.play(images(rows)).check(asked, *arguments)

    assert ended.code == code
    assert message in ended.out


@pytest.mark.parametrize(("scenario", "arguments", "code", "checks"), OUTCOMES)
def test_each_outcome_has_its_exit_code_and_its_reports(
    bench: Bench, scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """Exit code, JSON and JUnit agree, and the JUnit totals are those of the checks."""
    ended = bench.play(scenario).check("team/app:1.0", *arguments)

    assert ended.code == ended.report["exit_code"] == code
    assert ended.checks() == checks
    suite = next(iter(ended.junit))
    kinds = [next((type(result).__name__ for result in case.result), "Passed") for case in suite]
    junit_of = {"passed": "Passed", "failed": "Failure", "error": "Error", "skipped": "Skipped", "warned": "Skipped"}
    reported = [junit_of[check["result"]] for check in ended.report["images"][0]["checks"]]
    assert kinds == reported
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
        len(kinds), kinds.count("Failure"), kinds.count("Error"), kinds.count("Skipped"),
    )  # fmt: skip
    names = ": team/app:1.0" if code == 10 else ""
    assert ended.out.splitlines()[-1].endswith(f"exit code {code}{names}")


def test_a_finished_image_takes_one_request_and_no_sleep(bench: Bench) -> None:
    """A scan that finished longer ago than `--settle` is accepted at once."""
    ended = bench.play(images(finished())).check("team/app:1.0")

    assert ended.code == 0
    assert (bench.emulator.request_count, bench.clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        pytest.param({"image_id": '"2"'}, "image_id 2", id="id"),
        pytest.param({"severity_level": "Medium"}, "severity Medium", id="level"),
        pytest.param({"vul_num": 4}, "4 vulnerabilities", id="vulnerabilities"),
        pytest.param({"unsafe_setting_num": 1}, "unsafe_setting_num 1", id="unsafe settings"),
        pytest.param({"malicious_file_num": 1}, "malicious_file_num 1", id="malicious files"),
        pytest.param({"scan_failed_code": "other"}, "scan_failed_code other", id="failure code"),
    ],
)
def test_two_rows_of_one_time_that_differ_in_anything_are_ambiguous(
    bench: Bench, changed: dict[str, object], named: str
) -> None:
    """Even where both would pass: nothing shows which of them is the newest. Both are named, with what differs."""
    base = {
        "image_id": '"1"', "severity_level": "Low", "vul_num": 3, "unsafe_setting_num": 0, "malicious_file_num": 0,
        "scan_status": "failed" if "scan_failed_code" in changed else "success", "scan_failed_code": "code",
    }  # fmt: skip
    one, other = (
        image("{at: -1h, " + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}")
        for fields in (base, base | changed)
    )
    (bench.folder / "p.yaml").write_text("rules: {severity: High, malicious_files: 9, scan: {accept: [failed]}}")

    alike = bench.play(images(one, one)).check("team/app:1.0", "--policy", "p.yaml")
    ended = bench.play(images(one, other)).check("team/app:1.0", "--policy", "p.yaml")

    assert (alike.code, ended.code) == (0, 5)
    assert "results that cannot be told apart in time" in ended.out
    assert named in ended.out


@pytest.mark.parametrize("seconds", [10, 60, 300, 900])
def test_the_end_of_a_scan_is_noticed_within_the_root_of_its_length(bench: Bench, seconds: int) -> None:
    """Plus the shortest pause, and the jitter of 10 %: 11 s after a scan of 100 s, 33 s after one of 15 minutes."""
    ended = bench.play(images(scanned(seconds))).check("team/app:1.0", "--settle", "0")

    assert ended.code == 0
    waited = ended.report["images"][0]["waited_seconds"]
    assert seconds <= waited <= seconds + max(5.0, 1.1 * (seconds + 5) ** 0.5) + 0.5


def test_thirty_images_of_one_identifier_cost_no_more_requests_than_one(bench: Bench) -> None:
    """They share their polls."""
    names = [f"app{number}" for number in range(30)]
    scenario = images(*(scanned(100, image_name=name) for name in names))
    one = bench.play(scenario).check("team/app7:1.0", "--cicd-name", "shop")
    requests_for_one = bench.emulator.request_count

    thirty = bench.play(scenario).check(*(f"team/{name}:1.0" for name in names), "--cicd-name", "shop")

    assert (one.code, thirty.code) == (0, 0)
    assert bench.emulator.request_count <= requests_for_one + 1


def test_the_worst_image_decides_and_none_stops_the_others(bench: Bench) -> None:
    """The order of precedence is 10, 5, 4, 3, in any order of the images."""
    scenario = images(
        finished(image_name="good"),
        finished("severity_level: High, malicious_file_num: 0", image_name="severe"),
        image("{at: -1h, scan_status: failed}", image_name="broken"),
        image(FOREVER, image_name="endless"),
    )
    order = ["endless", "severe", "broken", "good"]

    ended = bench.play(scenario).check(*(f"team/{name}:1.0" for name in order), "--timeout", "1m")

    assert ended.code == 10
    assert [found["exit_code"] for found in ended.report["images"]] == [4, 10, 5, 0]
    assert [found["result"] for found in ended.report["images"]] == ["error", "blocked", "error", "passed"]
    assert "1 image passed, 1 image blocked, 2 images could not be judged" in ended.out


def test_repeated_references_are_judged_once(bench: Bench) -> None:
    """However their registry is written; another registry is another image."""
    asked = ("r.example.com/team/app:1.0", "R.example.com:443/team/app:1.0", "team/app:1.0", "team/app:1.0")
    ended = bench.play(images(finished())).check(*asked)

    assert [found["reference"] for found in ended.report["images"]] == [asked[0], "team/app:1.0"]


def test_one_bad_request_does_not_stop_the_others(bench: Bench) -> None:
    """A 400 for one image leaves the others to be asked for."""
    scenario = images(finished(), finished(image_name="other")) + "faults: [{requests: 1, status: 400, code: HSS.0001}]"

    ended = bench.play(scenario).check("team/app:1.0", "team/other:1.0")

    assert [found["exit_code"] for found in ended.report["images"]] == [3, 0]


def test_one_images_refusal_hides_no_violation_of_another(bench: Bench) -> None:
    """10 takes precedence over 3."""
    scenario = images(finished(), finished("severity_level: High, malicious_file_num: 0", image_name="other"))

    ended = bench.play(scenario + "faults: [{requests: 1, status: 403}]").check("team/app:1.0", "team/other:1.0")

    assert ended.code == 10


def test_one_missing_result_hides_no_violation_of_another(bench: Bench) -> None:
    """Each image gets its share of the time."""
    scenario = images(finished(), finished("severity_level: High, malicious_file_num: 0", image_name="other"))

    # By a token: the emulator looks at who asks after the delay, when a signature would be too old.
    ended = bench.play(scenario + "faults: [{requests: 1, delay: 1h}]").check(
        "team/app:1.0", "team/other:1.0", "--timeout", "10s", env={"HSSGATE_TOKEN": "emulator-token"}
    )

    assert [found["exit_code"] for found in ended.report["images"]][1] == 10


def test_near_misses_are_named_with_what_to_pass_instead(bench: Bench) -> None:
    """Rows that differ only in namespace, version, digest or identifier."""
    scenario = images(
        finished(namespace="prod"),
        finished(image_version='"1.0.1"'),
        finished(cicd_name="test", image_digest=OTHER),
    )

    ended = bench.play(scenario).check(f"team/app:1.0@{DIGEST}", "--cicd-name", "shop", "--appear-timeout", "1m")

    message = ended.report["images"][0]["checks"][0]["message"]
    assert "timed out after 1m00s (--appear-timeout); last state: not listed; did you mean" in message
    assert "prod/app:1.0 (other namespace;" in message
    assert "team/app:1.0.1 (other version;" in message
    assert f"team/app:1.0@{OTHER} with --cicd-name test (other cicd_name, digest;" in message


def test_a_near_miss_may_lack_a_version(bench: Bench) -> None:
    """It is named as far as it has a name."""
    bench.play(images(finished(namespace="null", image_version="null")))

    message = bench.check("team/app:1.0", "--appear-timeout", "1m").report["images"][0]["checks"][0]["message"]

    assert "did you mean app (other namespace, version;" in message


def test_an_unknown_image_gets_advice(bench: Bench) -> None:
    """The scan step, the identifier, and the enterprise project that hides rows."""
    ended = bench.play(images(finished(image_name="x"))).check("team/app:1.0", "--appear-timeout", "1m")

    message = ended.report["images"][0]["checks"][0]["message"]
    assert "no row has this image name" in message
    assert "--enterprise-project-id (all_granted_eps" in message


def test_an_undocumented_status_is_named(bench: Bench) -> None:
    """In a warning once, and in the timeout."""
    ended = bench.play(images(image("{at: 0s, scan_status: paused}"))).check("team/app:1.0", "--timeout", "1m")

    assert [line for line in ended.report["warnings"] if "paused" in line] == [
        "team/app:1.0: the scan status paused is not documented; waiting for one that is"
    ]
    assert "last state: paused (undocumented)" in ended.report["images"][0]["checks"][0]["message"]


def test_a_version_beyond_the_filter_is_compared_here(bench: Bench) -> None:
    """The API's filter takes 64 characters, tags have up to 128."""
    version = "v" * 100
    ended = bench.play(images(finished(image_version=version[:64]))).check(f"team/app:{version}", "--timeout", "1m")

    assert ended.code == 4
    assert "image_version" not in bench.emulator.requests[0].query


def test_the_query_asks_newest_first_and_all_of_a_page(bench: Bench) -> None:
    """The API's own default would be ten rows, oldest first."""
    bench.play(images(finished())).check(
        "team/app:1.0", "--cicd-name", "shop", "--enterprise-project-id", "all_granted_eps"
    )

    assert bench.emulator.requests[0].query == (
        "cicd_name=shop&enterprise_project_id=all_granted_eps&image_name=app&image_version=1.0&limit=200&"
        "offset=0&sort_dir=desc&sort_key=latest_scan_time"
    )


def test_the_row_that_matters_may_be_on_any_page(bench: Bench) -> None:
    """Loose filters return hundreds of similar rows; all pages are read."""
    crowd = finished(image_version="x1.0").rstrip("}\n") + ", copies: 450}\n"
    old = finished("severity_level: High, malicious_file_num: 0", at="-48h")
    ended = bench.play(images(crowd, old) + "").check("team/app:1.0", "--findings", "never")

    assert ended.code == 10
    assert bench.emulator.request_count == 3


def test_the_manuals_own_example_is_judged(bench: Bench) -> None:
    """It has no severity: with a rule on it there is no usable result, with a rule on counts there is one."""
    scenario = """
images:
  - namespace: aaa
    image_name: centos7
    image_version: common
    timeline: [{at: -1h, scan_status: success, vul_num: 111, unsafe_setting_num: 1, malicious_file_num: 0}]
    raw: {image_size: "1000 单位(Bytes)"}
quirks: {data_list: object}
"""
    (bench.folder / "counts.yaml").write_text("rules: {vulnerabilities: 20, unsafe_settings: 1}")

    assert bench.play(scenario).check("aaa/centos7:common").code == 5
    ended = bench.check("aaa/centos7:common", "--policy", "counts.yaml")
    assert ended.code == 10
    assert "vulnerabilities: 111 found, at most 20 accepted" in ended.out
