"""Rules on sensitive files, malicious files and baseline checks: read where needed, ignored exactly, never in doubt."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from tests.cli.test_findings import finding, policy, scenario
from tests.conftest import Bench, Ended
from tests.support.depth import DEPTH
from tests.support.fakes import START, FakeClock
from tests.support.law import Asked, DetailReads, doubts
from tests.support.wiretap import Wiretap
from tests.support.worlds import silently

Row = dict[str, Any]
Rows = Sequence[Row]
KEY_FILE: Row = {"name": "cloud key", "file_path": "/app/.env", "severity": "critical", "content": "AKIA-hunter2"}
CERTIFICATE: Row = {"name": "private key", "file_path": "/etc/ssl/private/snakeoil.key", "severity": "medium"}
MINER: Row = {"file_name": "xmrig", "file_path": "/tmp/xmrig", "description": "miner"}  # noqa: S108 - in an image
LOGIN: Row = {
    "check_rule_id": "1.3.2", "check_rule_name": "root may log in", "check_name": "SSH", "severity": "High",
    "standard": "cn_standard", "scan_result": "failed",
}  # fmt: skip
BANNER: Row = {
    **LOGIN,
    "check_rule_id": "2.1",
    "check_rule_name": "no banner",
    "severity": "Low",
    "standard": "hw_standard",
}
PASSED: Row = {**LOGIN, "check_rule_id": "1.3.1", "scan_result": "pass"}


def world(sensitive: Rows = (), malwares: Rows = (), rules: Rows = (), /, **state: object) -> str:
    """A finished image with files and failed checks, and the numbers that HSS would give."""
    lists = {"sensitive": [*sensitive], "malwares": [*malwares], "check_rules": [*rules]}
    found: Row = json.loads(scenario([], None, "", **lists))
    failed = sum(rule.get("scan_result") != "pass" for rule in rules)
    found["images"][0]["timeline"][0] |= {
        "severity_level": "Low", "malicious_file_num": len(malwares), "unsafe_setting_num": failed, **state,
    }  # fmt: skip
    return json.dumps(found)


def paths(bench: Bench) -> list[str]:
    return [request.path.rpartition("/")[2] for request in bench.emulator.requests[1:]]


def message(ended: Ended, rule: str) -> str:
    return next(str(check["message"]) for check in ended.report["images"][0]["checks"] if check["rule"] == rule)


@pytest.mark.parametrize(
    ("rules", "played", "code", "expected"),
    [
        pytest.param("sensitive_files: 0", world([KEY_FILE]), 10, "1 found, at most 0 accepted", id="a key"),
        pytest.param("sensitive_files: 1", world([KEY_FILE]), 0, "1 found, at most 1 accepted", id="as many as accepted"),
        pytest.param("sensitive_files: 0", world(), 0, "0 found, at most 0 accepted", id="no file"),
        pytest.param("sensitive_files: {limit: 0, severity: High}", world([KEY_FILE, CERTIFICATE]), 10, "1 found, at most 0 accepted (High and above)", id="critical counts as High"),
        pytest.param("sensitive_files: {limit: 0, severity: high}", world([CERTIFICATE]), 0, "0 found, at most 0 accepted (High and above)", id="below the severity"),
        pytest.param("sensitive_files: {limit: 0, severity: Medium}", world([CERTIFICATE]), 10, "(Medium and above)", id="at the severity"),
        pytest.param("sensitive_files: {limit: 0, severity: High}", world([{"file_path": "/a"}, {"file_path": "/b", "severity": "dire"}]), 10, "2 found", id="no severity, and an undocumented one, are the worst"),
        pytest.param("sensitive_files: {limit: 0, action: warn}", world([KEY_FILE]), 0, "1 found, at most 0 accepted", id="a warning"),
        pytest.param("baseline: 0", world([], [], [LOGIN, BANNER, PASSED]), 10, "2 found, at most 0 accepted", id="failed checks"),
        pytest.param("baseline: {limit: 0, severity: High, standard: [cn_standard]}", world([], [], [LOGIN, BANNER]), 10, "1 found, at most 0 accepted (High and above, of cn_standard)", id="of a standard"),
        pytest.param("baseline: {limit: 0, standard: [qt_standard]}", world([], [], [LOGIN, BANNER]), 0, "0 found, at most 0 accepted (of qt_standard)", id="of another standard"),
        pytest.param("baseline: {limit: 0, standard: [hw_standard, qt_standard]}", world([], [], [LOGIN, BANNER]), 10, "1 found, at most 0 accepted (of hw_standard, qt_standard)", id="of two standards"),
        pytest.param("baseline: {limit: 0, standard: [qt_standard]}", world([], [], [{**LOGIN, "standard": "eu_standard"}, {**LOGIN, "standard": None}]), 10, "2 found", id="an undocumented standard, and none, count"),
        pytest.param("baseline: {limit: 0, severity: High}", world([], [], [{**LOGIN, "severity": None}, {**BANNER, "severity": "Worst"}]), 10, "2 found", id="no severity counts as High"),
        pytest.param("baseline: 0", world([], [], [{**LOGIN, "scan_result": None}], unsafe_setting_num=1), 10, "1 found", id="no result counts as failed"),
        pytest.param("baseline: 0", world([], [], [PASSED], unsafe_setting_num=1), 0, "", id="HSS counts one and lists passed checks alone"),
        pytest.param("baseline: 0", world(), 0, "0 found, at most 0 accepted", id="no check failed"),
        pytest.param("malicious_files: 0", world([], [MINER]), 10, "1 found, at most 0 accepted", id="malware by its number"),
    ],
)  # fmt: skip
def test_a_rule_counts_its_list(bench: Bench, rules: str, played: str, code: int, expected: str) -> None:
    """At and above a severity, of some standards; what HSS does not document counts as the worst."""
    policy(bench, f"rules: {{{rules}}}")

    ended = bench.play(played).check("team/app:1.0")

    name = rules.partition(":")[0]
    if not expected:  # HSS counts one and lists none
        assert (ended.code, ended.checks()[name]) == (5, "error")
        return
    assert ended.code == code, ended.out
    assert expected in message(ended, name)


@pytest.mark.parametrize(
    ("rules", "read"),
    [
        pytest.param("rules: {severity: High, malicious_files: 9, unsafe_settings: 9}", [], id="numbers of the row"),
        pytest.param("rules: {sensitive_files: 9}", ["sensitive"], id="sensitive files"),
        pytest.param("rules: {baseline: 9}", ["check-rules"], id="baseline"),
        pytest.param("rules: {malicious_files: 9}\nignore: [{file: /x, reason: r}]", ["malwares"], id="malicious files with an entry"),
        pytest.param("rules: {malicious_files: 9}\nignore: [{check_rule: x, reason: r}, {vulnerability: x, reason: r}]", ["vulnerabilities"], id="entries about something else"),
        pytest.param("rules: {malicious_files: 9}\nignore: [{file: /x, reason: r, images: [other/*]}]", [], id="an entry for another image"),
        pytest.param("rules: {severity: High}\nignore: [{file: /x, reason: r}]", [], id="an entry that no rule needs"),
    ],
)  # fmt: skip
def test_a_list_is_read_only_where_a_rule_needs_it(bench: Bench, rules: str, read: list[str]) -> None:
    """A pass by the numbers of the row costs one request."""
    policy(bench, rules)

    ended = bench.play(world([KEY_FILE], [MINER], [LOGIN])).check("team/app:1.0")

    assert (ended.code, paths(bench)) == (0, read), ended.out


@pytest.mark.parametrize(
    ("rules", "path", "more"),
    [
        pytest.param("{sensitive_files: 9}", "/image/image-1/sensitive", {}, id="sensitive files"),
        pytest.param("{malicious_files: 9}\nignore: [{file: /x, reason: r}]", "/image/image-1/malwares", {}, id="malicious files"),
        pytest.param("{baseline: 9}", "/baseline/check-rules", {"type": "image", "image_id": "image-1"}, id="baseline"),
    ],
)  # fmt: skip
def test_a_list_is_that_of_the_image_and_its_enterprise_project(
    bench: Bench, rules: str, path: str, more: dict[str, str]
) -> None:
    """Of the baseline also what passed: it is evidence for an audit."""
    policy(bench, f"rules: {rules}")

    bench.play(world([KEY_FILE], [MINER], [LOGIN], image_id="image-1")).check(
        "team/app:1.0", "--enterprise-project-id", "0"
    )

    url = bench.sent[1].url
    assert url.path == f"/v5/project{path}"
    assert dict(url.params) == {
        "image_type": "cicd", "enterprise_project_id": "0", "limit": "200", "offset": "0", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "rule", "code"),
    [
        pytest.param("file: /app/.env", "sensitive_files", 0, id="its path"),
        pytest.param("file: /app/.ENV", "sensitive_files", 10, id="case counts"),
        pytest.param("file: /*/.env", "sensitive_files", 0, id="a star within a part"),
        pytest.param("file: '/*'", "sensitive_files", 10, id="a star does not cross a slash"),
        pytest.param("file: '**/.env'", "sensitive_files", 0, id="two stars do"),
        pytest.param("file: .env", "sensitive_files", 10, id="a name alone"),
        pytest.param("file: /tmp/xmrig", "malicious_files", 0, id="malware"),
        pytest.param("file: /tmp/xmrig2", "malicious_files", 10, id="other malware"),
        pytest.param("check_rule: 1.3.2", "baseline", 0, id="its id"),
        pytest.param("check_rule: '1.3.*'", "baseline", 0, id="glob of ids"),
        pytest.param("check_rule: '1.3'", "baseline", 10, id="part of the id"),
        pytest.param("check_rule: root may log in", "baseline", 10, id="its name"),
        pytest.param("file: '**'", "baseline", 10, id="a file is no check"),
        pytest.param("check_rule: '*'", "sensitive_files", 10, id="a check is no file"),
        pytest.param("vulnerability: '*'", "sensitive_files", 10, id="nor is a vulnerability"),
    ],
)
def test_an_entry_ignores_what_it_names(bench: Bench, entry: str, rule: str, code: int) -> None:
    """And it is reported with its reason; after its last day the rule blocks again."""
    text = f"rules: {{{rule}: 0}}\nignore: [{{{entry}, reason: known since May, expires: %s}}]"
    today = datetime.fromtimestamp(START, UTC).date()
    played = world([KEY_FILE], [MINER], [LOGIN])

    policy(bench, text % today)
    ended = bench.play(played).check("team/app:1.0")
    assert ended.code == code, ended.out
    assert ("known since May, hssgate.yaml)" in ended.out) is (code == 0)

    policy(bench, text % (today - timedelta(days=1)))
    assert bench.play(played).check("team/app:1.0").code == 10


@pytest.mark.parametrize(
    ("rules", "played", "code", "expected"),
    [
        pytest.param("baseline: 5", world(unsafe_setting_num=2), 5, "HSS counts 2 and lists none of the failed baseline checks", id="baseline"),
        pytest.param("baseline: 5", world(unsafe_setting_num=None), 5, "HSS gave no unsafe_setting_num", id="baseline without a number"),
        pytest.param("baseline: 5", world([], [], [LOGIN], unsafe_setting_num=None), 0, "1 found", id="a list needs no number"),
        pytest.param("malicious_files: 5", world(malicious_file_num=2), 5, "HSS counts 2 and lists none of the malicious files", id="malware"),
        pytest.param("malicious_files: 5", world([], [MINER], malicious_file_num=None), 5, "HSS gave no malicious_file_num", id="malware without a number"),
        pytest.param("malicious_files: 1", world([], [MINER], malicious_file_num=3), 10, "2 found, at most 1 accepted (1 ignored; 2 of 3 counted by HSS but not listed", id="more counted than listed"),
        pytest.param("malicious_files: 0", world([], [MINER, {"file_path": "/b"}], malicious_file_num=1), 10, "1 found, at most 0 accepted (1 ignored)", id="more listed than counted"),
        pytest.param("malicious_files: {limit: 5, action: warn}", world(malicious_file_num=2), 0, "HSS counts 2", id="under a rule that warns"),
    ],
)  # fmt: skip
def test_numbers_and_lists_that_disagree_count_against_the_image(
    bench: Bench, rules: str, played: str, code: int, expected: str
) -> None:
    """What HSS counts beyond the list counts; where it lists nothing of it, nothing is judged."""
    policy(bench, f"rules: {{{rules}}}\nignore: [{{file: /tmp/xmrig, reason: r}}]")

    ended = bench.play(played).check("team/app:1.0")

    assert ended.code == code, ended.out
    assert expected in message(ended, rules.partition(":")[0])


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        pytest.param("sensitive_files: 0", 3, id="it blocks"),
        pytest.param("sensitive_files: {limit: 0, action: warn}, severity: High", 0, id="it warns"),
        pytest.param("sensitive_files: 0, severity: Security", 10, id="another rule blocks"),
    ],
)
def test_a_list_that_cannot_be_read_is_no_pass(bench: Bench, rules: str, code: int) -> None:
    """Exit 3 under a blocking rule; the answer is not asked for again once it was refused."""
    policy(bench, f"rules: {{{rules}}}")
    fault = {"requests": "1-", "call": "sensitive", "status": 403, "code": "HSS.0010"}

    ended = bench.play(json.dumps(json.loads(world([KEY_FILE])) | {"faults": [fault]})).check("team/app:1.0")

    assert ended.code == code, ended.out
    assert "the sensitive files could not be read" in message(ended, "sensitive_files")
    assert paths(bench).count("sensitive") == 1


def test_an_accepted_failure_is_judged_by_the_lists_that_hss_counts(bench: Bench) -> None:
    """It has no number of sensitive files, so they are not judged."""
    policy(bench, "rules: {sensitive_files: 0, baseline: 0, scan: {accept: [image_oversized]}}")
    state = {"scan_status": "image_oversized", "severity_level": None}

    ended = bench.play(world([KEY_FILE], [], [LOGIN], **state)).check("team/app:1.0")
    assert (ended.code, ended.checks()["sensitive_files"], ended.checks()["baseline"]) == (10, "skipped", "failed")
    assert "check-rules" in paths(bench)

    ended = bench.play(world([KEY_FILE], **state)).check("team/app:1.0")
    assert (ended.code, ended.checks()["sensitive_files"], ended.checks()["baseline"]) == (0, "skipped", "skipped")


def test_every_report_shows_what_blocks_and_how_to_accept_it(bench: Bench) -> None:
    """Path and severity, an entry to paste, and never what the file contains."""
    policy(bench, "rules: {sensitive_files: {limit: 0, severity: High}, baseline: 0}")
    formats = {"html": "a.html", "markdown": "a.md", "sarif": "a.sarif", "codequality": "a.json"}
    given = [part for form, path in formats.items() for part in ("--report", f"{form}={path}")]

    ended = bench.play(world([KEY_FILE, CERTIFICATE], [], [LOGIN])).check("team/app:1.0", *given)

    assert "{file: '/app/.env', reason: say why it may pass}" in ended.out
    assert "{check_rule: '1.3.2', reason: say why it may pass}" in ended.out
    junit = (bench.folder / "junit.xml").read_text()
    assert "sensitive_file  critical  /app/.env" in junit
    failed = ended.report["images"][0]["explanation"]["rules"]
    assert [(rule["name"], rule["details"]) for rule in failed] == [("baseline", 1), ("sensitive_files", 1)]
    for path in (*formats.values(), "report.json", "junit.xml"):
        text = (bench.folder / path).read_text()
        assert "hunter2" not in text
        assert "sensitive_files" in text
    for path in ("a.html", "a.md", "report.json"):
        assert "/app/.env" in (bench.folder / path).read_text(), path


def test_a_saved_report_is_judged_again_with_its_lists(bench: Bench) -> None:
    """By the same rules to the same result, and under other rules by the lists that the report has."""
    policy(bench, "rules: {sensitive_files: 0, malicious_files: 0}\nignore: [{file: /tmp/*, reason: r}]")
    assert bench.play(world([KEY_FILE], [MINER], [LOGIN])).check("team/app:1.0").code == 10

    def again(text: str) -> int:
        policy(bench, text, "other.yaml")
        return bench.run("judge", "report.json", "--policy", "other.yaml").code

    assert again((bench.folder / "hssgate.yaml").read_text()) == 10
    assert again("rules: {sensitive_files: 1}") == 0
    assert again("rules: {sensitive_files: 0}\nignore: [{file: '/app/*', reason: r}]") == 0
    assert again("rules: {malicious_files: 0}\nignore: [{file: /x, reason: r}]") == 10
    assert again("rules: {baseline: 5}") == 5


def test_lists_read_after_a_block_serve_another_policy(bench: Bench) -> None:
    """They are part of the report, and change nothing of its own verdict."""
    policy(bench, "rules: {severity: Security}")
    assert bench.play(world([KEY_FILE], [], [LOGIN])).check("team/app:1.0").code == 10
    policy(bench, "rules: {sensitive_files: 0, baseline: 1}", "other.yaml")

    assert bench.run("judge", "report.json", "--policy", "other.yaml", "--report", "json=again.json").code == 10
    checks = json.loads((bench.folder / "again.json").read_text())["images"][0]["checks"]
    assert {check["rule"]: check["result"] for check in checks} == {
        "scan": "passed", "baseline": "passed", "sensitive_files": "failed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda image: image["details"].pop(0), "contradicts itself", id="a file is cut out"),
        pytest.param(lambda image: image["details"][0].update(severity="low"), "contradicts itself", id="a lower severity"),
        pytest.param(lambda image: image["details"][0].update(ignored_by=[{"policy": "hssgate.yaml", "reason": "r"}]), "contradicts itself", id="an entry that was not there"),
        pytest.param(lambda image: image["details"][0].update(group=4), "of no group", id="of no group"),
        pytest.param(lambda image: image["seen"]["groups"][0]["details_count"].clear(), "contradicts itself", id="not read"),
        pytest.param(lambda image: image["seen"]["groups"][0]["details_errors"].update(sensitive_file="x"), "contradicts itself", id="an error"),
    ],
)  # fmt: skip
def test_a_report_whose_lists_were_changed_is_refused(bench: Bench, change: Any, expected: str) -> None:  # noqa: ANN401
    """What follows from them would differ."""
    policy(bench, "rules: {sensitive_files: {limit: 0, severity: High}}")
    report = bench.play(world([KEY_FILE])).check("team/app:1.0").report
    change(report["images"][0])
    (bench.folder / "changed.json").write_text(json.dumps(report))

    ended = bench.run("judge", "changed.json", "--policy", "hssgate.yaml")

    assert ended.code == 2
    assert expected in ended.err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("ignore: [{file: /nowhere, reason: r}]", True, id="fits no file"),
        pytest.param("ignore: [{file: /app/.env, reason: r}]", False, id="fits one"),
        pytest.param("ignore: [{check_rule: x, reason: r}]", False, id="no check was read"),
    ],
)
def test_an_entry_that_fits_no_file_is_named(bench: Bench, text: str, named: bool) -> None:  # noqa: FBT001 - a row
    """As far as the lists were read."""
    policy(bench, f"rules: {{sensitive_files: 9}}\n{text}")

    ended = bench.play(world([KEY_FILE])).check("team/app:1.0")

    assert ("hssgate.yaml:2: the ignore entry for /nowhere (r) fits no finding" in ended.err) is named
    assert named or "fits no finding" not in ended.err


def test_an_entry_that_fits_no_check_is_named(bench: Bench) -> None:
    """Beside one that fits."""
    policy(bench, "rules: {baseline: 9}\nignore: [{check_rule: '9.9', reason: r}, {check_rule: 1.3.2, reason: r}]")

    ended = bench.play(world([], [], [LOGIN])).check("team/app:1.0")

    assert "hssgate.yaml:2: the ignore entry for 9.9 (r) fits no finding" in ended.err
    assert ended.err.count("fits no finding") == 1


def test_an_entry_about_a_file_ignores_no_vulnerability(bench: Bench) -> None:
    """Beside a rule on findings."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{file: '**', reason: r}, {check_rule: '*', reason: r}]")

    assert bench.play(scenario([finding("SA-1")])).check("team/app:1.0").code == 10


def test_explain_shows_filters_and_entries(bench: Bench) -> None:
    """As text and as JSON."""
    policy(
        bench,
        "rules: {sensitive_files: {limit: 0, severity: High}, baseline: {limit: 1, standard: [cn_standard]}}\n"
        "ignore: [{file: '/a/*', reason: r}, {check_rule: '1.*', reason: r}]",
    )

    text = bench.run("policy", "explain", "team/app:1.0").out
    assert "at most 0 (High and above)" in text
    assert "at most 1 (of cn_standard)" in text
    assert "ignores /a/* (r)" in text
    rules = json.loads(bench.run("policy", "explain", "team/app:1.0", "--format", "json").out)["policies"][0]["rules"]
    assert [(rule["rule"], rule.get("severity"), rule.get("standard")) for rule in rules] == [
        ("baseline", None, ["cn_standard"]), ("sensitive_files", "High", None),
    ]  # fmt: skip


SEVERITY = st.sampled_from(["High", "high", "critical", "Medium", "low", "Security", None, "dire"])
FILE = st.fixed_dictionaries({"severity": SEVERITY, "file_path": st.sampled_from(["/a/x", "/a/b/x", "/b", None])})
CHECK = st.fixed_dictionaries(
    {
        "severity": SEVERITY,
        "check_rule_id": st.sampled_from(["1.1", "1.2", "2", None]),
        "standard": st.sampled_from(["cn_standard", "hw_standard", None, "x"]),
        "scan_result": st.sampled_from(["failed", "failed", "pass"]),
    }
)
LIMIT = st.integers(0, 2)
LEVEL = st.sampled_from(["Low", "Medium", "High"])
RULES = st.fixed_dictionaries(
    {"sensitive_files": st.fixed_dictionaries({"limit": LIMIT}, optional={"severity": LEVEL})},
    optional={
        "malicious_files": LIMIT,
        "baseline": st.fixed_dictionaries(
            {"limit": LIMIT}, optional={"severity": LEVEL, "standard": st.just(["cn_standard"])}
        ),
    },
)
ENTRY = st.one_of(
    st.sampled_from(["/a/x", "/a/*", "/a/**", "**", "/b", "*"]).map(lambda glob: {"file": glob, "reason": "r"}),
    st.sampled_from(["1.*", "2", "*", "3"]).map(lambda glob: {"check_rule": glob, "reason": "r"}),
)


@pytest.mark.unmeasured
@settings(max_examples=DEPTH.examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sensitive=st.lists(FILE, max_size=3), malwares=st.lists(FILE, max_size=3), checks=st.lists(CHECK, max_size=3),
    rules=RULES, entries=st.lists(ENTRY, max_size=2), added=ENTRY, more=RULES,
)  # fmt: skip
def test_entries_only_accept_and_rules_only_refuse(
    tmp_path_factory: pytest.TempPathFactory, sensitive: Rows, malwares: Rows, checks: Rows,
    rules: Row, entries: Rows, added: Row, more: Row,
) -> None:  # fmt: skip
    """One entry more never turns a pass into a block, a second policy never a block into a pass; the law agrees."""
    names = itertools.count()
    files = [{name: value for name, value in row.items() if name != "severity"} for row in malwares]
    played = world(sensitive, files, checks)
    folder = tmp_path_factory.mktemp("policies")

    def run(*policies: Row) -> int:
        clock = FakeClock()
        wiretap = Wiretap(Emulator(parse_scenario(played, "s"), now=clock.epoch, sleep=clock.pass_time), clock)
        arguments = ["check", "team/app:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p"]
        for one in policies:
            path = folder / f"{next(names)}.json"
            path.write_text(json.dumps(one))
            arguments += ["--policy", str(path)]
        code = silently(arguments, clock, wiretap).code
        found = doubts(
            Asked("team", "1.0", None, None, None, 5.0), wiretap.looks, policies, DetailReads(wiretap.details, START)
        )
        assert (code == 0) is (found == []), (code, found)
        return code

    base = {"rules": rules, "ignore": entries}
    before = run(base)
    assert before in {0, 10}
    if before == 0:
        assert run({**base, "ignore": [*entries, added]}) == 0
    else:
        assert run(base, {"rules": more}) == 10
