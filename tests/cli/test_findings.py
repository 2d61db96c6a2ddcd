"""Findings one by one: fetched only where needed, counted by level, ignored exactly, and never to the image's good."""

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import Finding
from hssgate.reference_parser import parse_reference
from hssgate.reports.findings import Effect, consequences, in_order_of_effect
from hssgate.verdict import Check, ImageVerdict, ListedFinding, Result
from tests.conftest import KEY, Bench
from tests.support.fakes import START
from tests.waiting.test_poller import ROW

TODAY = datetime.fromtimestamp(START, UTC).date()
HIGH, MEDIUM, LOW = "immediate_repair", "delay_repair", "not_needed_repair"


def finding(
    vul_id: str, necessity: str | None = HIGH, app: str | None = "openssl", cves: Iterable[str] = ()
) -> dict[str, object]:
    return {"vul_id": vul_id, "repair_necessity": necessity, "app_name": app, "version": "1.0", "cves": [*cves]}


def scenario(findings: list[dict[str, object]], vul_num: int | None = None, more: str = "", **image: object) -> str:
    state = {
        "at": "-1h", "scan_status": "success", "severity_level": "High", "unsafe_setting_num": 0, "malicious_file_num": 0,
        "vul_num": len(findings) if vul_num is None else vul_num,
    }  # fmt: skip
    names = {"cicd_name": "shop", "namespace": "team", "image_name": "app", "image_version": "1.0"}
    return json.dumps({"images": [{**names, "findings": findings, "timeline": [state], **image}]})[:-1] + more + "}"


def policy(bench: Bench, text: str, name: str = "hssgate.yaml") -> None:
    (bench.folder / name).write_text(text, encoding="utf-8")


def calls(bench: Bench, part: str) -> int:
    return sum(part in request.path for request in bench.emulator.requests)


@pytest.mark.parametrize(
    ("rules", "fetched"),
    [
        pytest.param("rules: {severity: High, vulnerabilities: 9}", 0, id="counts alone"),
        pytest.param("rules: {high_vulnerabilities: 9}", 1, id="a level"),
        pytest.param("rules: {medium_vulnerabilities: {limit: 9, action: warn}}", 1, id="a level that warns"),
        pytest.param("rules: {severity: High}\nignore: [{vulnerability: x, reason: r}]", 1, id="an ignore entry"),
        pytest.param("rules: {severity: High}\nignore: [{vulnerability: x, reason: r, images: [other/*]}]", 0, id="an ignore entry for another image"),
        pytest.param("rules: {severity: High}\nignore: [{vulnerability: x, reason: r, expires: 2020-01-01}]", 0, id="an ignore entry that ended"),
        pytest.param("rules: {severity: High}\noverrides: [{images: ['app:*'], rules: {low_vulnerabilities: 9}, reason: r}]", 1, id="a level by an override"),
    ],
)  # fmt: skip
def test_findings_are_fetched_only_where_needed(bench: Bench, rules: str, fetched: int) -> None:
    """A rule on a level, or an exception in force for the image."""
    policy(bench, rules)

    assert bench.play(scenario([finding("V-1")])).check("team/app:1.0").code == 0
    assert calls(bench, "/vulnerabilities") == fetched


def test_the_call_names_the_image_in_full(bench: Bench) -> None:
    """All of it is mandatory; a tag that the filter does not take is left empty."""
    policy(bench, "rules: {high_vulnerabilities: 9}")
    bench.play(scenario([finding("V-1")])).check("team/app:1.0", "--enterprise-project-id", "0")
    assert bench.emulator.requests[-1].query == (
        "enterprise_project_id=0&image_name=app&image_type=cicd&limit=200&namespace=team&offset=0&tag_name=1.0"
    )

    bench.play(scenario([finding("V-1")], image_version="v" * 100))
    assert bench.check("team/app:" + "v" * 100).code == 0
    assert "tag_name=&" in bench.emulator.requests[-1].query + "&"


@pytest.mark.parametrize("env", [KEY, {"HSSGATE_TOKEN": "t"}], ids=["signed", "token"])
def test_names_that_cannot_be_encoded_are_still_requested(bench: Bench, env: dict[str, str]) -> None:
    """A lone surrogate from HSS does not crash, and never matches another image or notice."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]")
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        rows: list[dict[str, object]] = [{"cve_id": "CVE-1"}]
        if request.url.path.endswith("/vulnerabilities"):
            rows = [{"vul_id": "\ud800", "app_name": "a"}]
        elif request.url.path.endswith("/images"):
            rows = [{**ROW, "vul_num": 1, "image_id": "\udfff", "namespace": "\ud800"}]
        return httpx.Response(200, content=json.dumps({"total_num": 1, "data_list": rows}))

    ended = bench.answer(handler).check("app:1.0", "--findings", "always", env=env)

    assert ended.code == 0
    assert any("/image/%ED%BF%BF/vulnerabilities?" in url and "namespace=%ED%A0%80" in url for url in asked)
    assert any("/image/vulnerability/%ED%A0%80/cve?" in url for url in asked)


@pytest.mark.parametrize(
    ("unknown", "code"), [([], 0), ([{}], 10), ([{"cve_id": None}], 10), ([{"cve_id": ""}], 10)], ids=str
)
def test_a_notice_about_a_cve_without_an_id_counts(bench: Bench, unknown: list[dict[str, object]], code: int) -> None:
    """A CVE without an id cannot be ignored, so the notice counts."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]")

    def handler(request: httpx.Request) -> httpx.Response:
        rows: list[dict[str, object]] = [{"cve_id": "CVE-1"}, *unknown]
        if request.url.path.endswith("/vulnerabilities"):
            rows = [{"vul_id": "SA-1", "app_name": "a"}]
        elif request.url.path.endswith("/images"):
            rows = [{**ROW, "vul_num": 1}]
        return httpx.Response(200, json={"total_num": len(rows), "data_list": rows})

    assert bench.answer(handler).check("app:1.0").code == code


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -2359", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("env", [KEY, {"HSSGATE_TOKEN": "t"}], ids=["signed", "token"])
def test_a_date_at_the_end_of_all_calendars_loses_no_violation(bench: Bench, date: str, env: dict[str, str]) -> None:
    """Neither signing nor the expiry of an exception crashes on it."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r, expires: 2030-01-01}]")
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        rows: list[dict[str, object]] = [{**ROW, "vul_num": 1}]
        if request.url.path.endswith("/vulnerabilities"):
            rows = [{"vul_id": "V-1", "app_name": "a"}]
        status = 401 if env is KEY and len(asked) == 1 else 200
        return httpx.Response(status, headers={"Date": date}, json={"total_num": 1, "data_list": rows})

    ended = bench.answer(handler).check("app:1.0", env=env)

    assert ended.code == (3 if env is KEY else 10), ended.out


def test_a_name_too_long_to_ask_for_is_no_pass(bench: Bench) -> None:
    """Nor a crash; and it is not asked again, for it would not grow shorter."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    row = {**ROW, "namespace": "x" * 1_000_000}

    ended = bench.answer(lambda _request: httpx.Response(200, json={"total_num": 1, "data_list": [row]})).check(
        "app:1.0"
    )

    assert (ended.code, ended.checks()) == (3, {"scan": "passed", "high_vulnerabilities": "error"})
    assert "127.0.0.1 cannot be asked: URL too long" in ended.out
    assert bench.clock.slept == [5.0]


FOUND = [
    finding("V-1"), finding("V-2", MEDIUM), finding("V-3", MEDIUM), finding("V-4", LOW), finding("V-5", "urgent"), finding("V-6", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "limit", "found"),
    [("high_vulnerabilities", 3, 3), ("medium_vulnerabilities", 2, 2), ("low_vulnerabilities", 1, 1)],
)
def test_levels_are_counted(bench: Bench, rule: str, limit: int, found: int) -> None:
    """The severity comes from HSS's advice; an undocumented or missing one counts as high."""
    bench.play(scenario(FOUND))

    policy(bench, f"rules: {{{rule}: {limit}}}")
    assert bench.check("team/app:1.0").code == 0
    policy(bench, f"rules: {{{rule}: {limit - 1}}}")
    ended = bench.check("team/app:1.0")
    assert ended.code == 10
    assert f"{rule}: {found} found, at most {limit - 1} accepted" in ended.out


@pytest.mark.parametrize(
    ("vul_num", "ignored", "limit", "code"),
    [
        pytest.param(3, 0, 3, 0, id="as many listed as counted"),
        pytest.param(3, 0, 2, 10, id="over the limit"),
        pytest.param(3, 1, 2, 0, id="one ignored"),
        pytest.param(3, 3, 0, 0, id="all ignored"),
        pytest.param(2, 0, 2, 10, id="more listed than counted: those listed count"),
        pytest.param(2, 1, 2, 0, id="more listed than counted, one ignored"),
        pytest.param(5, 0, 4, 10, id="fewer listed than counted: those counted count"),
        pytest.param(5, 3, 1, 10, id="fewer listed: ignoring all that is listed does not make up for the rest"),
        pytest.param(5, 3, 2, 0, id="fewer listed, and within the limit"),
    ],
)
def test_the_count_is_the_larger_one_less_the_ignored(
    bench: Bench, vul_num: int, ignored: int, limit: int, code: int
) -> None:
    """`max(vul_num, listed) - ignored`."""
    exceptions = "".join(f"\n  - {{vulnerability: V-{number}, reason: r}}" for number in range(ignored)) or " []"
    policy(bench, f"rules: {{vulnerabilities: {limit}, low_vulnerabilities: 99}}\nignore:{exceptions}")

    ended = bench.play(scenario([finding(f"V-{number}", MEDIUM) for number in range(3)], vul_num)).check("team/app:1.0")

    assert ended.code == code
    assert ("counted by HSS but not listed" in ended.out) is (vul_num > 3)


@pytest.mark.parametrize(("limit", "code"), [(1, 10), (2, 0)])
def test_findings_that_are_counted_but_not_listed_count_at_every_level(bench: Bench, limit: int, code: int) -> None:
    """It might be of any; it never helps the image."""
    policy(bench, f"rules: {{high_vulnerabilities: {limit}}}")

    assert bench.play(scenario([finding("V-1", LOW)], 3)).check("team/app:1.0").code == code


@pytest.mark.parametrize("rule", ["high_vulnerabilities", "vulnerabilities"])
def test_a_missing_count_is_no_pass(bench: Bench, rule: str) -> None:
    """Nothing shows that the list is whole."""
    policy(bench, f"rules: {{{rule}: 99}}\nignore: [{{vulnerability: x, reason: r}}]")
    text = scenario([]).replace('"vul_num": 0', '"vul_num": null')

    assert bench.play(text).check("team/app:1.0").code == 5


TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("requests: 3-5, status: 503", 0), ("requests: 3-, status: 503", 3), ("requests: 3-, status: 401", 3)],
)
def test_faults_of_a_look_up_are_treated_like_any_other(bench: Bench, fault: str, code: int) -> None:
    """Asked again until the deadline; what was answered is not asked for twice."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: 'CVE-*', reason: r}]")
    found = [finding(f"HCE-{number}", cves=[f"CVE-{number}"]) for number in range(20)]
    text = scenario(found, more=", " + '"faults": [{' + fault + ", call: cve}]")

    ended = bench.play(text).check("team/app:1.0", "--timeout", "2m")

    assert ended.code == code
    if code == 0:
        assert calls(bench, "/cve") == 23


@pytest.mark.parametrize("arguments", [[], ["--findings", "always"]])
def test_an_interrupt_while_findings_are_asked_for(bench: Bench, arguments: list[str]) -> None:
    """The exit code is the signal's, and the reports are written."""
    policy(bench, "rules: {severity: High}" if arguments else "rules: {high_vulnerabilities: 0}")
    bench.play(scenario([finding("V-1")], more=', "faults": [{requests: 2-, call: any, status: 503, retry_after: 30}]'))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))

    ended = bench.check("team/app:1.0", *arguments)

    assert ended.code == 143
    assert ended.report["exit_code"] == 143


def test_a_severe_finding_on_the_third_page_counts(bench: Bench) -> None:
    """It counts although all other findings are ignored."""
    found = [*(finding(f"LOW-{number}", LOW) for number in range(450)), finding("GRAVE-1")]
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: 'LOW-*', reason: r}]")

    ended = bench.play(scenario(found)).check("team/app:1.0")

    assert ended.code == 10
    assert "GRAVE-1" in ended.out
    assert calls(bench, "/vulnerabilities") == 3


COMBINATIONS = list(
    itertools.product(
        [(HIGH, "high"), (MEDIUM, "medium"), (LOW, "low")],
        [0, 1],
        [None, "ignored", "expired", "other package", "other image"],
        [0, 1, 2],
    )
)


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("level", "limit", "entry", "counted"), COMBINATIONS, ids=lambda value: str(value).replace("_repair", "")
)
def test_every_combination_has_its_exit_code(
    bench: Bench, level: tuple[str, str], limit: int, entry: str | None, counted: int
) -> None:
    """Level, limit, exception (in force, ended, of another package or image), fewer or more listed than counted."""
    necessity, name = level
    more = {
        None: "", "ignored": "", "expired": ", expires: 2020-01-01", "other package": ", package: 'zlib*'",
        "other image": ", images: ['prod/*']",
    }[entry]  # fmt: skip
    ignore = f"\nignore: [{{vulnerability: V-1, reason: r{more}}}]" if entry else ""
    policy(bench, f"rules: {{{name}_vulnerabilities: {limit}}}{ignore}")

    ended = bench.play(scenario([finding("V-1", necessity)], counted)).check("team/app:1.0")

    left = (0 if entry == "ignored" else 1) + max(counted - 1, 0)
    assert ended.code == (0 if left <= limit else 10)


def test_details_are_listed_and_decide_nothing(bench: Bench) -> None:
    """Malicious files, sensitive files without their contents, failed baseline checks; a failing call is a warning."""
    more: dict[str, list[dict[str, object]]] = {
        "malwares": [{"file_name": "x", "file_path": "/opt/x", "description": "trojan"}],
        "sensitive": [{"name": "private key", "file_path": "/root/key", "content": "-----BEGIN", "severity": "high"}],
        "check_rules": [
            {"check_rule_name": "no root login", "scan_result": "failed", "severity": "Low"},
            {"check_rule_name": "fine", "scan_result": "pass"},
        ],
    }
    policy(bench, "rules: {severity: High}")
    without = bench.play(scenario([], None, "", **more)).check("team/app:1.0")
    assert (without.report["images"][0]["details"], bench.emulator.request_count) == ([], 1)

    ended = bench.check("team/app:1.0", "--findings", "always")
    assert ended.code == 0
    assert [(found["kind"], found.get("file_path", found.get("check_rule_name"))) for found in ended.report["images"][0]["details"]] == [
        ("malicious_file", "/opt/x"), ("sensitive_file", "/root/key"), ("baseline_breach", "no root login"),
    ]  # fmt: skip
    assert "BEGIN" not in (bench.folder / "report.json").read_text() + ended.out
    assert "malicious_file  /opt/x: trojan" in ended.out
    assert "/root/key" in (bench.folder / "junit.xml").read_text()

    failing = scenario([], None, ', "faults": [{"requests": "*", "call": "malwares", "status": 403}]', **more)
    ended = bench.play(failing).check("team/app:1.0", "--findings", "always")
    assert ended.code == 0
    assert "team/app:1.0: the malicious files could not be read, which changes no verdict: HTTP 403" in ended.err


def test_severity_is_hss_own_verdict(bench: Bench) -> None:
    """It is not changed by exceptions."""
    policy(bench, "rules: {severity: Medium}\nignore: [{vulnerability: '*', reason: r}]")

    assert bench.play(scenario([finding("V-1")])).check("team/app:1.0").code == 10


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("requests: 2-4, status: 503", 0), ("requests: 2-, status: 503", 3), ("requests: 2, status: 403", 3), ("requests: 2-6, status: 500", 0),
        ("requests: 2-, status: 500", 3), ("requests: 2-, garbage: true", 3), ("requests: 2-, delay: 1h", 3), ("requests: 2, reset: true", 0),
    ],
)  # fmt: skip
def test_faults_of_the_findings_are_treated_like_those_of_the_list(bench: Bench, fault: str, code: int) -> None:
    """Asked again until the deadline, then exit code 3; refused once, not again."""
    policy(bench, "rules: {high_vulnerabilities: 9, unsafe_settings: 0}")
    began = bench.clock.monotonic()
    yaml_fault = "{" + fault + ", call: vulnerabilities}"

    ended = bench.play(scenario([finding("V-1")], more=f', "faults": [{yaml_fault}]')).check(
        "team/app:1.0", "--timeout", "5m"
    )

    assert ended.code == code
    assert bench.clock.monotonic() - began <= 300
    assert ended.checks() == {
        "scan": "passed",
        "high_vulnerabilities": "passed" if code == 0 else "error",
        "unsafe_settings": "passed",
    }
    if code:
        assert "the findings could not be read" in ended.out
        assert ended.report["images"][0]["seen"]["groups"][0]["findings_error"]


def test_a_violation_beats_findings_that_could_not_be_read(bench: Bench) -> None:
    """10 takes precedence over 3."""
    policy(bench, "rules: {high_vulnerabilities: 9, severity: Low}")
    text = scenario([finding("V-1")], more=', "faults": [{requests: 2-, call: vulnerabilities, status: 403}]')

    assert bench.play(text).check("team/app:1.0").code == 10


def test_a_rule_that_warns_passes_without_findings(bench: Bench) -> None:
    """With a warning."""
    policy(bench, "rules: {high_vulnerabilities: {limit: 0, action: warn}}")
    text = scenario([finding("V-1")], more=', "faults": [{requests: 2-, call: vulnerabilities, status: 403}]')

    ended = bench.play(text).check("team/app:1.0")

    assert (ended.code, ended.checks()["high_vulnerabilities"]) == (0, "warned")


def test_refused_findings_are_asked_for_once(bench: Bench) -> None:
    """For however many images."""
    policy(bench, "rules: {high_vulnerabilities: 9}")
    document = json.loads(scenario([finding("V-1")]))
    document["images"].append({**document["images"][0], "image_name": "other"})
    document["faults"] = [{"requests": "*", "call": "vulnerabilities", "status": 401}]

    ended = bench.play(json.dumps(document)).check("team/app:1.0", "team/other:1.0")

    assert ended.code == 3
    assert calls(bench, "/vulnerabilities") == 1


@pytest.mark.large
def test_five_thousand_findings_are_read_and_the_junit_body_is_bounded(bench: Bench) -> None:
    """All of them in the JSON report, as many as fit into 64 kB in the JUnit body."""
    policy(bench, "rules: {vulnerabilities: 10, medium_vulnerabilities: 10}")
    text = scenario([], 5000, many_findings={"count": 5000, "repair_necessity": MEDIUM})

    ended = bench.play(text).check("team/app:1.0")

    assert ended.code == 10
    assert calls(bench, "/vulnerabilities") == 26  # a full page is never the last one
    assert len(ended.report["images"][0]["findings"]) == 5000
    texts = [result.text for case in next(iter(ended.junit)) for result in case.result]
    assert all(len(body.encode()) < 64 * 1024 for body in texts)
    assert any("more, see the JSON report" in body for body in texts)


def test_findings_of_an_unsettled_result_are_not_read(bench: Bench) -> None:
    """They could be those of the scan before."""
    policy(bench, "rules: {high_vulnerabilities: 9}")
    text = scenario([finding("V-1")]).replace('"-1h"', '"-1s"')

    ended = bench.play(text).check("team/app:1.0", "--timeout", "0")

    assert ended.code == 4
    assert ended.checks()["high_vulnerabilities"] == "skipped"
    assert calls(bench, "/vulnerabilities") == 0


def test_the_same_finding_in_other_rows_has_an_effect_of_its_own() -> None:
    """It blocks for the rows that it was found in, and for no others."""
    found = Finding(vul_id="V-1")
    checks = [
        Check("scan", Result.PASSED, "scan: success", group="a"),
        Check("vulnerabilities", Result.FAILED, "1 found", group="a", broken_by=(found,)),
        Check("scan", Result.PASSED, "scan: success", group="b"),
        Check("vulnerabilities", Result.WARNED, "1 found", group="b", broken_by=(found,)),
        Check("scan", Result.PASSED, "scan: success", group="c"),
    ]
    listed = [ListedFinding(found, group=number) for number in (2, 1, 0)]
    image = ImageVerdict(parse_reference("app:1", None), tuple(checks), findings=tuple(listed))

    shown = in_order_of_effect(consequences(image))

    assert [(one.group, one.effect) for one in shown] == [
        ("a", Effect.BLOCKS), ("b", Effect.WARNS), ("c", Effect.ACCEPTED),
    ]  # fmt: skip
