"""Tests of the HTML report: its content, and that it runs and loads nothing."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hssgate.exit_codes import ExitCode
from hssgate.hss.models import Detail, DetailKind, Finding, SeverityLevel
from hssgate.reference_parser import parse_reference
from hssgate.reports.bars import bar
from hssgate.reports.html import LONGEST, render
from hssgate.reports.html_findings import MOST_ROWS
from hssgate.reports.markup import element, text_element
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, ListedDetail, ListedFinding, PolicySource, Result, Verdict
from tests.cli.test_check import DIGEST, FOREVER, OUTCOMES, finished, image, images
from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding, policy, scenario
from tests.conftest import Bench, Ended
from tests.support import hostile
from tests.support.html_reader import Node, read_page

HTML = ("--report", "html=report.html")
TITLES = {"passed": {"Passed", "Passed, with warnings"}, "blocked": {"Blocked"}, "error": {"Could not be judged"}}


def read(ended: Ended) -> Node:
    return read_page((ended.folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("given_scenario", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_is_shown(
    bench: Bench, given_scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """The verdict comes first, with the meaning of its exit code, then a row for each check of the JSON report."""
    ended = bench.play(given_scenario).check("team/app:1.0", *arguments, *HTML)

    page = read(ended)
    headings = [node for node in page.walk() if node.name in {"h1", "h2"}]
    assert headings[0].text.strip() in TITLES[ended.report["result"]]
    assert page.one("header").attributes == {"class": ended.report["result"]}
    assert f"Exit code {code} ({ExitCode(code).meaning})" in page.one("header").text
    rows = page.one("table", "checks").rows()
    (judged,) = ended.report["images"]
    assert {row[1].split()[0]: row[0] for row in rows} == checks
    assert [(row[0], row[3]) for row in rows] == [
        (check["result"], clean(check["message"]).removeprefix(f"{check['rule']}: ")) for check in judged["checks"]
    ]
    warnings = [item.text for section in page.all("section", "warnings") for item in section.all("li")]
    assert warnings == [clean(line) for line in ended.report["warnings"]]


@pytest.mark.parametrize("text", hostile.TEXTS.values(), ids=hostile.TEXTS)
def test_hostile_text_is_shown_and_does_nothing(bench: Bench, text: str) -> None:
    """A strict reader finds only our own elements and attributes, and all rows with all cells."""
    policy(bench, hostile.policy_with(text), "hssgate.json")

    ended = bench.answer(hostile.world(text)).check("app:1.0", "--findings", "always", *HTML)

    page = read(ended)
    assert ended.code == 10
    assert page.one("h1").text.strip() == "Blocked"
    assert [len(row) for row in page.one("table", "checks").rows()] == [4] * 4
    findings = page.one("table", "findings").rows()
    assert [len(row) for row in findings] == [6, 6]
    assert findings[0][2].startswith(clean(text, 200) or "without an id")
    assert findings[0][5] == clean(text, 200)
    assert len(page.one("table", "details").rows()) == 3
    source = Path("report.html").read_text(encoding="utf-8")
    assert not {character for character in source if ord(character) < 32 or character == "\u202e"} - {"\n"}
    assert not re.search(r"##(?:vso)?\[", source)
    assert len(source) < 60_000


def test_the_page_needs_and_allows_nothing_but_itself(bench: Bench) -> None:
    """One stylesheet, which the policy of the page names by its hash; no script, no address, no style of an element."""
    bench.play(images(finished())).check("team/app:1.0", *HTML)

    source = Path("report.html").read_text(encoding="utf-8")
    page = read_page(source)
    first, allowed, *others = page.all("meta")
    style = page.one("style").text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert first.attributes == {"charset": "utf-8"}
    assert source.index("charset") < 1024
    assert allowed.attributes["http-equiv"] == "Content-Security-Policy"
    assert allowed.attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert {"generator", "viewport", "color-scheme"} == {meta.attributes["name"] for meta in others}
    assert not re.search(r"https?:|//|url\(|@import|expression|<script|javascript:|\son\w+=| style=", source)


def test_blocking_findings_are_listed_one_by_one(bench: Bench) -> None:
    """Blocking findings come first, then accepted ones, then ignored ones with their reason; there are as many as in JSON."""
    policy(
        bench,
        "rules: {high_vulnerabilities: 0, low_vulnerabilities: {limit: 0, action: warn}}\n"
        "ignore: [{vulnerability: V-0, reason: 未启用}]",
    )
    found = [finding("V-0"), finding("V-1", LOW), finding("V-2", MEDIUM), finding("V-3", HIGH, cves=["CVE-1"])]

    ended = bench.play(scenario(found)).check("team/app:1.0", *HTML)

    page = read(ended)
    rows = page.one("table", "findings").rows()
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("blocks", "high", "V-3"), ("warns", "low", "V-1"), ("accepted", "medium", "V-2"), ("ignored", "high", "V-0"),
    ]  # fmt: skip
    assert [row[3] for row in rows] == ["CVE-1", "", "", ""]
    assert rows[3][5] == "ignored: 未启用 (hssgate.yaml)"
    assert len(rows) == len(ended.report["images"][0]["findings"])
    assert "Findings (4)" in [heading.text for heading in page.all("h3")]
    assert page.one("table", "findings").one("caption").text.endswith("1 blocks, 1 warns, 1 accepted, 1 ignored")
    assert "{vulnerability: 'V-3', package: 'openssl', reason:" in page.one("pre").text
    assert [node.text for node in page.all("span") if node.attributes == {"lang": "zh"}] == ["未启用"]


@pytest.mark.parametrize(
    ("rule", "effect"),
    [
        pytest.param("high_vulnerabilities: 0", "blocks", id="a rule that counts findings"),
        pytest.param("severity: Medium", "behind severity", id="the verdict of HSS"),
    ],
)
def test_the_first_ten_findings_of_a_blocked_image_stand_open(bench: Bench, rule: str, effect: str) -> None:
    """The others are collapsed below them; each has its fix, and its CVE leads to the public record."""
    policy(bench, f"rules: {{{rule}}}")
    found = [
        {**finding(f"V-{number:02}", cves=[f"CVE-2024-{1000 + number}"]), "solution": f"Update to {number}."}
        for number in range(12)
    ]

    ended = bench.play(scenario(found)).check("team/app:1.0", *HTML)

    page = read(ended)
    assert ended.code == 10
    first, rest = page.all("table", "findings")
    assert [row[2].split()[0] for row in first.rows()] == [f"V-{number:02}" for number in range(10)]
    assert [row[2].split()[0] for row in rest.rows()] == ["V-10", "V-11"]
    assert {row[0] for row in [*first.rows(), *rest.rows()]} == {effect}
    assert first.rows()[1][5] == "Update to 1."
    (folded,) = [node for node in page.all("details") if node.one("summary").text == "2 more"]
    assert folded.all("table") == [rest]
    assert [link.attributes for link in first.all("a")] == [
        {"href": f"https://www.cve.org/CVERecord?id=CVE-2024-{1000 + number}", "rel": "noreferrer"}
        for number in range(10)
    ]
    assert {"image-1", "image-1-findings"} <= {node.attributes.get("id") for node in page.walk()}


def test_findings_of_an_image_that_passed_are_collapsed(bench: Bench) -> None:
    """They are more than ten, and nothing has to be done."""
    policy(bench, "rules: {high_vulnerabilities: 20}")

    ended = bench.play(scenario([finding(f"V-{number:02}") for number in range(12)])).check("team/app:1.0", *HTML)

    page = read(ended)
    assert ended.code == 0
    (folded,) = [node for node in page.all("details") if node.one("summary").text == "All 12"]
    assert folded.all("table") == page.all("table", "findings")


@pytest.mark.parametrize(
    ("vul_id", "url", "address"),
    [
        pytest.param("CVE-2024-1234", None, "https://www.cve.org/CVERecord?id=CVE-2024-1234", id="a CVE"),
        pytest.param("HCE-1", "https://repo.example.com/HCE-1", "https://repo.example.com/HCE-1", id="a page of HSS"),
        pytest.param("HCE-1", "javascript:alert(1)", None, id="a script"),
        pytest.param("CVE-2024-1234?x", None, None, id="no id of a CVE"),
        pytest.param("HCE-1", None, None, id="no page"),
    ],
)
def test_a_finding_is_linked_only_to_a_safe_address(
    bench: Bench, vul_id: str, url: str | None, address: str | None
) -> None:
    """This is the record of a CVE, or the page that HSS names."""
    policy(bench, "rules: {high_vulnerabilities: 0}")

    ended = bench.play(scenario([{**finding(vul_id), "url": url}])).check("team/app:1.0", *HTML)

    (row,) = read(ended).one("table", "findings").one("tbody").all("tr")
    (name,) = row.all("th")
    assert [link.attributes["href"] for link in name.all("a")] == ([address] if address else [])


def test_of_very_many_cves_the_first_are_shown(bench: Bench) -> None:
    """The number of the others is named."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]")
    found = [finding("V-1", cves=[f"CVE-2024-{1000 + number}" for number in range(13)])]

    ended = bench.play(scenario(found)).check("team/app:1.0", *HTML)

    (row,) = read(ended).one("table", "findings").rows()
    assert row[3].startswith("CVE-2024-1000")
    assert row[3].endswith("CVE-2024-1009and 3 more")


def test_warnings_are_collapsed_below_the_images(bench: Bench) -> None:
    """The verdict links to them, and names in the advice are set as code."""
    blocked = read(bench.play(images(finished("severity_level: High"))).check("team/app:1.0", *HTML))
    passed = read(bench.play(images(finished())).check("team/app:1.0", *HTML))

    (section,) = passed.all("section", "warnings")
    order = [*passed.walk()]
    assert order.index(section) > order.index(passed.one("table", "checks"))
    assert section.one("details").one("summary").text == "Warnings (1)"
    assert [link.attributes["href"] for link in passed.one("header").all("a")] == ["#warnings"]
    assert section.attributes["id"] == "warnings"
    advice = next(item for item in blocked.all("li") if "HSS's own verdict" in item.text)
    assert "high_vulnerabilities" in [node.text for node in advice.all("code")]
    assert "`" not in advice.text


def test_the_evidence_is_shown(bench: Bench) -> None:
    """It has digest, scan time, waiting time, each poll with its request id, and each policy with its whole hash."""
    policy(bench, "rules: {severity: Low}", "org.yaml")

    ended = bench.play(images(finished(at="-1s"))).check("team/app:1.0", "--policy", "org.yaml", *HTML)

    page = read(ended)
    (judged,) = ended.report["images"]
    known = dict(zip([node.text for node in page.all("dt")], [node.text for node in page.all("dd")], strict=True))
    assert (known["digest"], known["scan status"], known["polls"]) == (DIGEST, "success", str(judged["polls"]))
    assert known["last request ids"] == ", ".join(read["request_id"] for read in judged["reads"])
    looks = page.one("table", "reads").rows()
    assert [(look[2], look[1], look[5], look[6]) for look in looks] == [
        (read["request_id"], "200", "Low", "3") for read in judged["reads"]
    ]
    assert page.one("table", "policies").rows() == [["org.yaml", ended.report["policies"][0]["sha256"]]]


def test_several_images_are_listed_worst_first_with_links_to_their_sections(bench: Bench) -> None:
    """Each link of the overview has its target on the page."""
    scenario_ = images(
        finished(image_name="good"),
        finished("severity_level: High, malicious_file_num: 1", image_name="severe"),
        image("{at: -1h, scan_status: failed, scan_failed_desc: 漏洞扫描失败}", image_name="broken"),
        image(FOREVER, image_name="endless"),
    )
    names = ("endless", "good", "severe", "broken")

    page = read(bench.play(scenario_).check(*(f"team/{name}:1.0" for name in names), "--timeout", "1m", *HTML))

    overview = page.one("table", "overview")
    assert [row[:3] for row in overview.rows()] == [
        ["blocked", "team/severe:1.0", "10"],
        ["error", "team/broken:1.0", "5"],
        ["error", "team/endless:1.0", "4"],
        ["passed", "team/good:1.0", "0"],
    ]
    headings = {node.attributes["id"]: node.text for node in page.all("h2") if "id" in node.attributes}
    for link in overview.all("a"):
        assert headings[link.attributes["href"].removeprefix("#")].startswith(link.text)
    assert len(overview.all("a")) == 4


def test_of_many_images_those_that_passed_cleanly_are_only_in_the_overview(bench: Bench) -> None:
    """They have no link, because they have no section."""
    names = [f"app{number}" for number in range(30)]
    rows = [finished(image_name=name) for name in names]
    rows[7] = finished("severity_level: High, malicious_file_num: 0", image_name="app7")

    page = read(bench.play(images(*rows)).check(*(f"team/{name}:1.0" for name in names), "--cicd-name", "shop", *HTML))

    overview = page.one("table", "overview")
    assert len(overview.rows()) == 30
    assert [link.text for link in overview.all("a")] == ["team/app7:1.0"]
    assert len(page.all("table", "checks")) == 1


def test_a_report_that_could_not_be_written_is_named_in_the_others(bench: Bench) -> None:
    """The title and the errors name it."""
    ended = bench.play(images(finished())).check(
        "team/app:1.0", *HTML, "--report", "json=/proc/nowhere/x.json", reports=False
    )

    page = read(ended)
    assert page.one("h1").text.strip() == "Could not be reported"
    assert "Exit code 3 (a report could not be written)" in page.one("header").text
    assert "/proc/nowhere/x.json" in page.text


def drawn(svg: Node) -> tuple[float, float, list[str]]:
    """How far a bar is filled, where its limit is marked, and the colours of its filling."""
    filled = [shape for shape in svg.all("rect") if shape.attributes["fill"] != "currentColor"]
    end = max((float(shape.attributes["x"]) + float(shape.attributes["width"]) for shape in filled), default=0.0)
    return end, float(svg.one("line").attributes["x1"]), [shape.attributes["fill"] for shape in filled]


def svg_of(check: Check) -> Node:
    return read_page(f"<!DOCTYPE html>\n{bar(check)}").one("svg")


@pytest.mark.parametrize(
    ("actual", "limit"), [(111, 20), (21, 20), (20, 20), (3, 20), (0, 20), (1, 1), (2**62, 5), (5, 2**62)]
)
def test_a_bar_is_as_long_as_its_number(actual: int, limit: int) -> None:
    """Its length is relative to the mark of the limit, and its label has both numbers."""
    result = Result.PASSED if actual <= limit else Result.FAILED

    svg = svg_of(Check("vulnerabilities", result, "m", actual, limit))

    filled, mark, _ = drawn(svg)
    assert svg.attributes["role"] == "img"
    assert svg.attributes["aria-label"] == svg.one("title").text == f"{actual} found, at most {limit} accepted"
    assert (filled > mark) is (actual > limit) or mark == 1
    assert filled == pytest.approx(max(mark, 1) * actual / limit, abs=1) or mark == 1
    assert 0 <= filled <= 160
    assert 1 <= mark <= 159


@pytest.mark.parametrize("limit", SeverityLevel)
@pytest.mark.parametrize("actual", SeverityLevel)
def test_a_severity_fills_its_steps(actual: SeverityLevel, limit: SeverityLevel) -> None:
    """Security fills one step, High four; the mark is after the last accepted level."""
    levels = [*SeverityLevel]
    holds = levels.index(actual) <= levels.index(limit)

    svg = svg_of(Check("severity", Result.PASSED if holds else Result.FAILED, "m", actual.value, limit.value))

    filled, mark, colours = drawn(svg)
    assert len(colours) == levels.index(actual) + 1
    assert len(svg.all("rect")) == 4
    assert (filled <= mark + 2) is holds


@pytest.mark.parametrize(
    ("actual", "limit", "ratio"),
    [("12h00m", "24h00m", 0.5), ("2d00h", "24h00m", 2.0), ("400d00h", "24h00m", None), (None, "24h00m", None), ("sha256:x", "digest x", None), ("success", None, None)],
)  # fmt: skip
def test_an_age_has_a_bar_and_other_values_have_none(
    actual: str | None, limit: str | None, ratio: float | None
) -> None:
    """These are a freshness, a missing number, and an age longer than the longest duration."""
    check = Check("scan_age", Result.FAILED, "m", actual, limit)

    if ratio is None:
        assert bar(check) is None
    else:
        filled, mark, _ = drawn(svg_of(check))
        assert filled / mark == pytest.approx(ratio, rel=0.02)


def test_each_bar_of_a_report_has_the_numbers_of_its_check(bench: Bench) -> None:
    """Only checks with two values have a bar."""
    policy(
        bench, "rules: {severity: Low, vulnerabilities: {limit: 2, action: warn}, unsafe_settings: 9, scan_age: 24h}"
    )
    row = "{at: -1h, scan_status: success, severity_level: High, vul_num: 111, unsafe_setting_num: 1}"

    ended = bench.play(images(image(row))).check("team/app:1.0", *HTML)

    labels = [svg.attributes["aria-label"] for svg in read(ended).one("main").all("svg") if "role" in svg.attributes]
    assert labels == [
        f"{check['actual']} found, at most {check['limit']} accepted"
        for check in ended.report["images"][0]["checks"]
        if check["limit"] is not None
    ]
    assert len(labels) == 4


LARGE = Finding(vul_id="<" * 200, app_name="&" * 200, app_path="'" * 200, solution='"' * 200)


@pytest.mark.large
@pytest.mark.parametrize(("size", "findings"), [(1, MOST_ROWS + 1000), (60, 200)])
def test_the_report_never_grows_too_long(size: int, findings: int) -> None:
    """It says what is left out; every image is in the overview, and the page is well-formed."""
    checks = (
        Check("scan", Result.PASSED, "scan: success"),
        Check("vulnerabilities", Result.FAILED, "vulnerabilities: many", findings, 0, broken_by=(LARGE,)),
    )
    one = ImageVerdict(
        parse_reference("team/app:1.0"),
        checks,
        findings=(ListedFinding(LARGE),) * findings,
        details=(ListedDetail(DetailKind.SENSITIVE_FILE, Detail(file_path="&" * 200)),) * findings,
    )
    every = tuple(replace(one, reference=parse_reference(f"team/app{number}:1.0")) for number in range(size))

    source = render(Verdict(every, (PolicySource("p", "0"),), (), 0, 1))

    page = read_page(source)
    assert len(source.encode()) <= LONGEST
    assert len(page.all("table", "checks")) == size
    first, rest = page.all("table", "findings")[:2]
    *others, last_row = rest.rows()
    shown = len(first.rows()) + len(others)
    assert len(first.rows()) == 10
    assert last_row == [f"and {findings - shown} more, see the JSON report"]
    assert shown <= MOST_ROWS // size


@pytest.mark.large
def test_parts_that_do_not_fit_are_left_out_with_a_note() -> None:
    """Details are left out first, then checks of the last images, and never the verdict."""
    checks = (Check("scan", Result.ERROR, "scan: failed"), *[Check("severity", Result.FAILED, "'" * 2000)] * 40)
    details = (ListedDetail(DetailKind.SENSITIVE_FILE, Detail(name="x")),)
    every = tuple(ImageVerdict(parse_reference(f"app{number}:1.0"), checks, details=details) for number in range(60))

    source = render(Verdict(every, (), (), 0, 1))

    page = read_page(source)
    note = page.one("p", "note").text
    shown = len(page.all("table", "checks"))
    assert len(source.encode()) <= LONGEST
    assert note.startswith(
        "Left out here to stay within the size limit: details of 60 images, ignore entries of 60 images, "
        "evidence of 60 images, checks of"
    )
    assert f"checks of {60 - shown} images. The JSON report has all of it." in note
    assert page.all("table", "checks")[0].rows()[-1] == ["and 19 more, see the JSON report"]
    assert page.one("h1").text.strip() == "Blocked"


def test_text_is_always_text() -> None:
    """Text is escaped in content and in attributes; Chinese text gets its language."""
    assert element("p", "<b>&", title="\"'") == '<p title="&quot;&#x27;">&lt;b&gt;&amp;</p>'
    assert element("p", element("b", "x"), class_="a b") == '<p class="a b"><b>x</b></p>'
    assert (
        text_element("td", "scan: 漏洞扫描失败！ <x>")
        == '<td>scan: <span lang="zh">漏洞扫描失败！</span> &lt;x&gt;</td>'
    )


def test_an_empty_verdict_is_shown_as_such() -> None:
    """There is neither an image nor a policy."""
    page = read_page(render(Verdict((), (), (), 0, 0)))

    assert page.one("h1").text.strip() == "Could not be judged"
    assert "no image judged" in page.one("header").text
