"""Rules on new findings: those that the policy's file of known findings does not have."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.reports.json import schema
from tests.cli.test_accept import FILE, NEW, accept, many
from tests.cli.test_codearts import STEP
from tests.cli.test_cve_rules import DAY, TODAY, cve, notice
from tests.cli.test_detail_rules import message
from tests.cli.test_findings import HIGH, LOW, MEDIUM, calls, finding, policy, scenario
from tests.conftest import KEY, Bench, sha256
from tests.support.fakes import START, FakeClock
from tests.support.law import Asked, DetailReads, doubts
from tests.support.wiretap import Wiretap
from tests.support.worlds import silently

Row = dict[str, Any]


def known(*keys: tuple[str, str, str], path: str = "team/app", file: str | Path = FILE) -> None:
    """Write a file of known findings as `hssgate accept` does."""
    findings = [{"id": vul_id, "package": package, "path": of_file} for vul_id, package, of_file in keys]
    Path(file).write_text(json.dumps({
        "format": "hssgate-accepted", "version": 1, "images": [{"path": path, "accepted": [], "findings": findings}],
    }))  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "listed", "code", "expected"),
    [
        pytest.param("new_vulnerabilities: 0", [finding("SA-1"), finding("SA-2")], 10, "1 found, at most 0 accepted (1 known)", id="another id"),
        pytest.param("new_vulnerabilities: 0", [finding("SA-1", app="bash")], 10, "1 found, at most 0 accepted (1 known and gone)", id="another package"),
        pytest.param("new_vulnerabilities: 0", [{**finding("SA-1"), "app_path": "/x"}], 10, "1 found", id="another path"),
        pytest.param("new_vulnerabilities: 0", [finding("SA-1", app=None)], 10, "1 found", id="no package"),
        pytest.param("new_vulnerabilities: 0", [finding("sa-1")], 10, "1 found", id="another case"),
        pytest.param("new_vulnerabilities: 0", [{**finding("SA-1"), "version": "9"}], 0, "0 found, at most 0 accepted (1 known)", id="another version"),
        pytest.param("new_vulnerabilities: 0", [finding("SA-1", LOW)], 0, "0 found, at most 0 accepted (1 known)", id="another level"),
        pytest.param("new_vulnerabilities: 1", [finding("SA-2")], 0, "1 found, at most 1 accepted", id="as many as accepted"),
        pytest.param("new_vulnerabilities: {limit: 0, action: warn}", [finding("SA-2")], 0, "1 found", id="a warning"),
        pytest.param("new_vulnerabilities: 0", [], 0, "0 found, at most 0 accepted (1 known and gone)", id="nothing listed"),
        pytest.param("new_high_vulnerabilities: 0", [finding("SA-2", MEDIUM)], 0, "0 found", id="not high"),
        pytest.param("new_high_vulnerabilities: 0", [finding("SA-2", "unheard of")], 10, "1 found", id="an unknown level"),
        pytest.param("new_medium_vulnerabilities: 0", [finding("SA-2", MEDIUM), finding("SA-3", HIGH)], 10, "1 found", id="medium alone"),
        pytest.param("new_critical_vulnerabilities: 0", [notice("SA-2", cve(9.0), level=LOW)], 10, "1 found", id="critical"),
        pytest.param("new_critical_vulnerabilities: 0", [notice("SA-2", cve(8.9))], 0, "0 found", id="not critical"),
        pytest.param("new_critical_vulnerabilities: 0", [notice("SA-2")], 10, "1 found", id="no score"),
        pytest.param("new_critical_vulnerabilities: 0", [notice("SA-1", cve(9.8))], 0, "0 found, at most 0 accepted (1 known)", id="critical and known"),
        pytest.param("high_vulnerabilities: 0", [finding("SA-1")], 10, "1 found", id="a rule on all of them"),
        pytest.param("cvss: 9", [notice("SA-1", cve(9.8))], 10, "9.8 found", id="a score"),
    ],
)  # fmt: skip
def test_what_is_known_does_not_count_as_new(
    bench: Bench, rule: str, listed: list[Row], code: int, expected: str
) -> None:
    """By id, package and path, all three exactly; rules on all findings do not change."""
    known(("SA-1", "openssl", ""))
    policy(bench, f"rules: {{{rule}}}\nknown: {{file: {FILE}}}")

    ended = bench.play(scenario(listed)).check("team/app:1.0")

    name = rule.partition(":")[0]
    assert ended.code == code, ended.out
    assert message(ended, name).startswith(f"{name}: {expected}")
    assert ended.report["policies"][0]["known"]["sha256"][:12] == sha256(FILE)
    assert [one["known"] for one in ended.report["images"][0]["in_force"]] == [1]
    assert bench.run("judge", "report.json").code == code


def test_every_report_says_what_is_new(bench: Bench) -> None:
    """The message stands in each; lists of findings mark each of them."""
    known(("SA-1", "openssl", ""), ("SA-3", "openssl", ""))
    policy(bench, f"rules: {{new_vulnerabilities: 0, high_vulnerabilities: 0}}\nknown: {{file: {FILE}}}")
    formats = ("junit", "json", "markdown", "html", "sarif", "codequality", "gitlab")
    arguments = [part for name in formats for part in ("--report", f"{name}={name}.out")]
    listed = [finding("SA-1"), finding("SA-2")]

    ended = bench.play(scenario(listed)).check("team/app:1.0", *arguments, reports=False)

    said = "new_vulnerabilities: 1 found, at most 0 accepted (1 known; 1 known and gone)"
    assert said in ended.out
    for name in formats:
        text = Path(f"{name}.out").read_text().replace("\\", "")
        assert name == "gitlab" or said.removeprefix("new_vulnerabilities: ") in text, name
    assert "<td>high <small>new</small></td>" in Path("html.out").read_text()
    assert "<td>high <small>known</small></td>" in Path("html.out").read_text()
    assert "| high, new | " in Path("markdown.out").read_text()
    assert "SA-2 (high, new) in openssl 1.0 of team/app:1.0." in Path("sarif.out").read_text()
    assert "SA-1 (high, known) in openssl 1.0 of team/app:1.0." in Path("codequality.out").read_text()
    assert "SA-2  openssl 1.0  new" in ended.out
    assert "SA-1  openssl 1.0  known" in ended.out
    report = json.loads(Path("json.out").read_text())
    Draft202012Validator(schema()).validate(report)
    assert {one["vul_id"]: one["known"] for one in report["images"][0]["findings"]} == {
        "SA-1": [{"policy": "hssgate.yaml", "state": "known"}],
        "SA-2": [{"policy": "hssgate.yaml", "state": "new"}],
    }

    chinese = bench.check("team/app:1.0", "--lang", "zh", reports=False)
    assert "new_vulnerabilities: 发现 1，最多接受 0（已知 1；已知且已消失 1）" in chinese.out
    assert "SA-2  openssl 1.0  新增" in chinese.out


@pytest.mark.parametrize(
    ("more", "vul_num", "code", "result"),
    [
        pytest.param("", 3, 10, "failed", id="not listed"),
        pytest.param("unlisted: warn", 3, 0, "warned", id="not listed, and warned of"),
        pytest.param("ignore: [{vulnerability: SA-2, reason: r}]", 2, 0, "passed", id="an ignore entry"),
        pytest.param("grace: {high: 90d}", 2, 0, "warned", id="grace"),
        pytest.param("grace: {high: 1d}", 2, 10, "failed", id="grace that ended"),
        pytest.param("deny: [{vulnerability: SA-1, reason: r}]", 2, 10, "warned", id="denied, though known"),
        pytest.param("overrides: [{images: [app], rules: {new_vulnerabilities: 1}, reason: r}]", 2, 0, "passed", id="an override"),
    ],
)  # fmt: skip
def test_known_findings_and_other_keys(bench: Bench, more: str, vul_num: int, code: int, result: str) -> None:
    """What HSS counts and does not list is new; `deny` comes before what is known."""
    known(("SA-1", "openssl", ""))
    rules = (
        "{new_vulnerabilities: 1}"
        if more.startswith("deny") or not more or "unlisted" in more
        else "{new_vulnerabilities: 0}"
    )
    policy(bench, f"rules: {rules}\nknown: {{file: {FILE}}}\n{more}")
    listed = [notice("SA-1", cve(5.0, days=2)), notice("SA-2", cve(5.0, days=2))]

    ended = bench.play(scenario(listed, vul_num)).check("team/app:1.0")

    assert ended.code == code, ended.out
    if "deny" not in more:
        assert ended.checks()["new_vulnerabilities"] == result
    assert bench.run("judge", "report.json").code == code


def test_hss_counts_findings_and_lists_none(bench: Bench) -> None:
    """No list, no result."""
    known(("SA-1", "openssl", ""))
    policy(bench, NEW)

    ended = bench.play(scenario([], 1)).check("team/app:1.0")

    assert (ended.code, ended.checks()["new_vulnerabilities"]) == (5, "error")


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        pytest.param("new_critical_vulnerabilities: 9", 1, id="of the new one"),
        pytest.param("new_vulnerabilities: 9", 0, id="of none"),
        pytest.param("new_critical_vulnerabilities: 9, critical_vulnerabilities: 9", 3, id="of all"),
    ],
)
def test_cves_are_read_only_where_a_rule_needs_them(bench: Bench, rules: str, asked: int) -> None:
    """A rule on new findings needs none of those that are known."""
    known(("SA-1", "openssl", ""), ("SA-2", "openssl", ""))
    policy(bench, f"rules: {{{rules}}}\nknown: {{file: {FILE}}}")
    listed = [notice(f"SA-{number}", cve(5.0)) for number in (1, 2, 3)]

    ended = bench.play(scenario(listed)).check("team/app:1.0")

    assert (ended.code, calls(bench, "/cve")) == (0, asked)
    assert bench.run("judge", "report.json").code == 0


def test_cves_of_a_new_finding_that_cannot_be_read_are_no_pass(bench: Bench) -> None:
    """Where it might be critical."""
    known(("SA-1", "openssl", ""))
    policy(bench, NEW.replace("new_", "new_critical_"))
    fault = {"requests": "3-", "call": "cve", "status": 400, "code": "HSS.0002"}
    played = json.loads(scenario([notice("SA-2", cve())])) | {"faults": [fault]}

    assert bench.play(json.dumps(played)).check("team/app:1.0").code == 3


_ENTRY = {"path": "team/app", "accepted": [], "findings": []}


def _file(**changed: object) -> bytes:
    return json.dumps({"format": "hssgate-accepted", "version": 1, "images": []} | changed).encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "it cannot be read: No such file or directory; `hssgate accept` writes it", id="missing"),
        pytest.param(b"", "it is not a file that `hssgate accept` wrote: not valid JSON", id="empty"),
        pytest.param(b"{}", "it is not a file that `hssgate accept` wrote", id="another file"),
        pytest.param(b"CVE-2024-0001\n", "not valid JSON", id="a list"),
        pytest.param(_file(format="other"), "it is not a file that `hssgate accept` wrote", id="another format"),
        pytest.param(_file(version=2), "a newer hssgate wrote it (version 2, known here is 1); update", id="a newer version"),
        pytest.param(_file(version=True), "wrote: version", id="true for a version"),
        pytest.param(_file(version="1"), "wrote: version", id="text for a version"),
        pytest.param(_file(images={}), "wrote: images: ", id="no list of images"),
        pytest.param(_file(extra=1), "wrote: extra: ", id="an unknown key"),
        pytest.param(_file(images=[_ENTRY | {"path": ""}]), "wrote: images[0].path: ", id="an image without a name"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"id": 7}]}]), "wrote: images[0].findings[0].id: ", id="a number for an id"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"id": ""}]}]), "images[0].findings[0].id: ", id="an empty id"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"package": "x"}]}]), "images[0].findings[0].id: ", id="no id"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"id": "x", "path": None}]}]), "images[0].findings[0].path: ", id="null for a path"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"id": "x", "count": 0}]}]), "images[0].findings[0].count: ", id="none of it"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"id": "x", "count": True}]}]), "images[0].findings[0].count: ", id="true of it"),
        pytest.param(_file(images=[_ENTRY | {"findings": [{"id": "x"}, {"id": "x", "path": ""}]}]), "images[0]: x is there twice; accept the image again", id="a finding twice"),
        pytest.param(_file(images=[_ENTRY, _ENTRY]), "images[1]: team/app is there twice", id="an image twice"),
        pytest.param(_file(images=[_ENTRY | {"accepted": [{"image": "a", "date": "today", "tool": "1"}]}]), "images[0].accepted[0].date: ", id="no day"),
        pytest.param(b'{"format": "x", "format": "hssgate-accepted", "version": 1, "images": []}', "wrote: format: it is given twice", id="a key twice"),
        pytest.param(_file()[:-1], "not valid JSON", id="cut off"),
        pytest.param(b"\xff", "it is not UTF-8 (byte 0)", id="no text"),
        pytest.param(b" " * (4 * 1024 * 1024) + _file(), "it is larger than 4 MiB; use a file for each image", id="too large"),
        pytest.param(b"[" * 100_000, "nested too deep", id="deep"),
        pytest.param(b'{"version": ' + b"9" * 5000 + b"}", "not valid JSON", id="a number without end"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_misuse(bench: Bench, content: bytes | None, expected: str) -> None:
    """Nothing is asked of the API; the message names policy, key and file."""
    policy(bench, NEW)
    if content is not None:
        Path(FILE).write_bytes(content)

    ended = bench.play(scenario([])).check("team/app:1.0", env=KEY)

    assert (ended.code, bench.emulator.request_count) == (2, 0)
    assert f"hssgate.yaml: known.file: {FILE}: " in ended.err
    assert expected in ended.err
    assert bench.run("policy", "validate", "hssgate.yaml").code == 2
    assert bench.run("policy", "explain", "team/app:1.0").code == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw, id="a byte order mark"),
        pytest.param(lambda raw: raw.replace(b"\n", b"\r\n"), id="line ends of Windows"),
        pytest.param(lambda raw: json.dumps(json.loads(raw)).encode(), id="one line"),
    ],
)
def test_what_editors_do_to_a_file_changes_nothing(bench: Bench, change: Any) -> None:  # noqa: ANN401
    """It is still ours, and `accept` writes it in its own form again."""
    policy(bench, NEW)
    bench.play(scenario(many(2)))
    assert accept(bench, "team/app:1.0").code == 0
    raw = Path(FILE).read_bytes()
    Path(FILE).write_bytes(change(raw))

    assert bench.check("team/app:1.0").code == 0
    assert accept(bench, "team/app:1.0").code == 0
    assert Path(FILE).read_bytes() == raw


@pytest.mark.parametrize("wild", ["*", "SA-*", "SA-?", "[S]A-1"])
def test_no_wildcard_widens_what_is_known(bench: Bench, wild: str) -> None:
    """Entries are compared as they stand."""
    known((wild, "openssl", ""), (wild, "*", "*"), ("*", "", ""))
    policy(bench, NEW)

    assert bench.play(scenario([finding("SA-1")])).check("team/app:1.0").code == 10


@pytest.mark.parametrize("path", ["*", "team/*", "**", "app", "team/app:1.0", "TEAM/APP", "swr.example.com/team/app"])
def test_no_other_name_of_an_image_widens_what_is_known(bench: Bench, path: str) -> None:
    """The path of the row, without registry and version, must be the one in the file."""
    known(("SA-1", "openssl", ""), path=path)
    policy(bench, NEW)

    assert bench.play(scenario([finding("SA-1")])).check("team/app:1.0").code == 10


def test_the_end_of_known(bench: Bench) -> None:
    """By this machine's clock the last day still counts; afterwards it is misuse, and `judge --at` moves the end."""
    known(("SA-1", "openssl", ""))
    bench.play(scenario([finding("SA-1")]))

    def ending(day: object) -> None:
        policy(bench, f"rules: {{new_vulnerabilities: 0}}\nknown:\n  file: {FILE}\n  expires: {day}")

    ending(TODAY)
    ended = bench.check("team/app:1.0")
    assert ended.code == 0
    assert f"hssgate.yaml:2: known ({FILE}) ends after {TODAY}" in ended.err
    assert f"known ({FILE}) ends" in bench.run("policy", "validate").err
    assert bench.run("judge", "report.json", "--at", str(TODAY)).code == 0
    late = bench.run("judge", "report.json", "--at", str(TODAY + timedelta(1)))
    assert late.code == 2
    assert f"hssgate.yaml: known.expires: it ended on {TODAY}; fix what is known, or set another day" in late.err

    Path("report.json").rename("saved.json")
    ending(TODAY - timedelta(1))
    asked = bench.emulator.request_count
    assert bench.check("team/app:1.0").code == 2
    assert bench.emulator.request_count == asked
    assert bench.run("policy", "validate").code == 2
    assert bench.run("judge", "saved.json", "--at", str(TODAY - timedelta(1))).code == 0

    ending(TODAY + timedelta(15))
    assert f"known ({FILE}) ends" not in bench.check("team/app:1.0").err


def test_the_file_lies_beside_the_policy(bench: Bench) -> None:
    """Its path is relative to it, and a link is followed."""
    Path("folder").mkdir()
    known(("SA-1", "openssl", ""), file="real.json")
    Path("folder", FILE).symlink_to("../real.json")
    policy(bench, NEW, "folder/p.yaml")

    assert bench.play(scenario([finding("SA-1")])).check("team/app:1.0", "--policy", "folder/p.yaml").code == 0


@pytest.mark.parametrize("name", ["json", "junit", "dotenv"])
def test_a_report_never_replaces_what_a_policy_reads(bench: Bench, name: str) -> None:
    """Neither known findings nor feeds, under any name."""
    known(("SA-1", "openssl", ""))
    Path("kev.txt").write_text("CVE-2024-0001\n")
    Path("link").symlink_to(FILE)
    policy(bench, NEW.replace("0}", "0, exploited: 0}", 1) + "\nfeeds: {exploited: [kev.txt]}")
    bench.play(scenario([finding("SA-1")]))
    assert bench.check("team/app:1.0").code == 0
    before = {path: Path(path).read_bytes() for path in (FILE, "kev.txt")}

    for path in (FILE, "kev.txt", "link"):
        for command in (["check", "team/app:1.0"], ["judge", "report.json"]):
            ended = bench.run(*command, "--report", f"{name}={path}", env=KEY)
            assert ended.code == 2
            assert "this run reads that file" in ended.err
    assert {path: Path(path).read_bytes() for path in before} == before


def test_validate_notes_known_findings_that_no_rule_reads(bench: Bench) -> None:
    """The policy is valid, but the file changes no verdict."""
    known(("SA-1", "openssl", ""))
    policy(bench, f"rules: {{severity: Low}}\nknown: {{file: {FILE}}}")
    ended = bench.run("policy", "validate")
    assert ended.code == 0
    assert "`known` only matters to rules on new findings, and the policy has none" in ended.err

    policy(
        bench,
        f"rules: {{severity: Low}}\nknown: {{file: {FILE}}}\n"
        "overrides: [{images: [a], rules: {new_high_vulnerabilities: 0}, reason: r}]",
    )
    assert "only matters" not in bench.run("policy", "validate").err


def test_explain_shows_what_is_known(bench: Bench) -> None:
    """With its file, its end, and where it comes from."""
    policy(bench, f"rules: {{new_vulnerabilities: 0}}\nknown: {{file: {FILE}, expires: 2027-06-30}}")
    assert accept(bench.play(scenario(many(2))), "team/app:1.0").code == 0

    text = bench.run("policy", "explain", "team/app:2.0").out
    assert f"known: 2 findings in {FILE}, until 2027-06-30 (team/app:1.0 on {TODAY})" in text
    other = bench.run("policy", "explain", "team/other:1.0").out
    assert f"known: 0 findings in {FILE}, until 2027-06-30 (none recorded for this image)" in other
    found = json.loads(bench.run("policy", "explain", "team/app:2.0", "--format", "json").out)["policies"][0]["known"]
    assert (found["file"], found["expires"], found["count"]) == (FILE, "2027-06-30", 2)
    assert [one["image"] for one in found["accepted"]] == ["team/app:1.0"]


def test_two_policies_know_different_findings(bench: Bench) -> None:
    """Each judges by its own file; a finding is new where one of them says so."""
    known(("SA-1", "openssl", ""), file="a.json")
    known(("SA-2", "openssl", ""), file="b.json")
    for name in ("a", "b"):
        policy(bench, f"rules: {{new_vulnerabilities: 1}}\nknown: {{file: {name}.json}}", f"{name}.yaml")
    listed = [finding("SA-1"), finding("SA-2")]

    ended = bench.play(scenario(listed)).check("team/app:1.0", "--policy", "a.yaml", "--policy", "b.yaml")

    assert ended.code == 0
    states = [[by["state"] for by in one["known"]] for one in ended.report["images"][0]["findings"]]
    assert states == [["known", "new"], ["new", "known"]]
    assert bench.run("judge", "report.json", "--policy", "a.yaml", "--policy", "b.yaml").code == 0


@pytest.mark.parametrize(
    ("text", "listed", "vul_num", "expected"),
    [
        pytest.param(NEW.replace("0}", "9}", 1), ["SA-1", "SA-2"], 2, 1, id="one new"),
        pytest.param(NEW, ["SA-1"], 1, 0, id="none"),
        pytest.param(NEW.replace("0}", "9}", 1), ["SA-1"], 2, None, id="one that is not listed"),
        pytest.param("rules: {high_vulnerabilities: 9}", ["SA-1"], 1, None, id="nothing known"),
        pytest.param(f"rules: {{high_vulnerabilities: 9}}\nknown: {{file: {FILE}}}", ["SA-1", "SA-2"], 2, 1, id="no rule on new ones"),
        pytest.param(NEW + "\nignore: [{vulnerability: SA-2, reason: r}]", ["SA-1", "SA-2"], 2, 0, id="ignored"),
    ],
)  # fmt: skip
def test_metrics_have_the_number_of_new_findings(
    bench: Bench, text: str, listed: list[str], vul_num: int, expected: int | None
) -> None:
    """As far as it is known."""
    known(("SA-1", "openssl", ""))
    policy(bench, text)
    bench.play(scenario([finding(one) for one in listed], vul_num))

    assert bench.check("team/app:1.0", env=KEY | STEP).code == 0

    metrics = json.loads(Path("messages", "s1_metrics.json").read_text())
    assert metrics["new_vulnerabilities"] == (2**31 - 1 if expected is None else expected)


IDS = st.sampled_from(["SA-1", "SA-2", "CVE-2024-3"])
KEYS = st.tuples(IDS, st.sampled_from(["openssl", ""]), st.sampled_from(["", "/x.jar"]))
LISTED = st.lists(
    st.tuples(KEYS, st.sampled_from([HIGH, MEDIUM, LOW, None]), st.sampled_from([None, 5.0, 9.5])), max_size=4
)
NAMES = st.sampled_from(
    ["new_vulnerabilities", "new_high_vulnerabilities", "new_medium_vulnerabilities", "new_critical_vulnerabilities"]
)
RULES = st.dictionaries(NAMES, st.sampled_from([0, 0, 1]), min_size=1, max_size=2)
GRACE = st.sampled_from([{}, {}, {"grace": {"high": "30d", "critical": "30d"}}])


@settings(max_examples=60, deadline=None)
@given(
    listed=LISTED, unlisted=st.sampled_from([0, 0, 0, 1]), rules=RULES, extra=NAMES, keys=st.lists(KEYS, max_size=3),
    added=KEYS, ignored=st.lists(IDS, max_size=1), more=GRACE, path=st.sampled_from(["team/app", "team/app", "app"]),
)  # fmt: skip
def test_what_is_known_never_blocks_and_a_rule_never_passes(
    tmp_path_factory: pytest.TempPathFactory, listed: list[Any], unlisted: int, rules: dict[str, int], extra: str,
    keys: list[tuple[str, str, str]], added: tuple[str, str, str], ignored: list[str], more: Row, path: str,
) -> None:  # fmt: skip
    """A known finding more never turns a pass into a block, a rule more never a block into a pass; the law agrees."""
    scores = {vul_id: score for (vul_id, _, _), _, score in listed}
    played = scenario(
        [
            {**finding(vul_id, level, package or None), "app_path": of_file, "cves": [cve(scores[vul_id], days=10)]}
            for (vul_id, package, of_file), level, _ in listed
        ],
        len(listed) + unlisted,
    )
    folder = tmp_path_factory.mktemp("policies")

    def run(rules: dict[str, int], keys: list[tuple[str, str, str]]) -> int:
        clock = FakeClock()
        wiretap = Wiretap(Emulator(parse_scenario(played, "s"), now=clock.epoch, sleep=clock.pass_time), clock)
        known(*dict.fromkeys(keys), path=path, file=folder / FILE)
        entries = [{"vulnerability": one, "reason": "r"} for one in ignored]
        one: Row = {"rules": rules, "known": {"file": FILE}, "ignore": entries, **more}
        (folder / "p.json").write_text(json.dumps(one))
        arguments = ["check", "team/app:1.0", "--endpoint", "http://127.0.0.1:9", "--project-id", "p"]
        arguments += ["--findings", "never", "--policy", str(folder / "p.json")]
        code = silently(arguments, clock, wiretap).code
        in_seconds = {"grace": dict.fromkeys(more.get("grace", {}), 30 * DAY)}
        by_law = one | in_seconds | {"known_findings": {path: [*dict.fromkeys(keys)]}}
        reads = DetailReads(wiretap.details, START)
        doubted = doubts(Asked("team", "1.0", None, None, None, 5.0), wiretap.looks, [by_law], reads)
        assert (code == 0) is (doubted == []), (code, doubted)
        return code

    before = run(rules, keys)
    if before == 0:
        assert run(rules, [*keys, added]) == 0
    else:
        assert run({extra: 0} | rules, keys) != 0
