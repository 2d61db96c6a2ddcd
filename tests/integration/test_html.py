"""The HTML report in a real browser: as it is, and as Jenkins shows it, with its styles blocked."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding
from tests.conftest import Bench
from tests.integration.browser import JENKINS, Site, serving

pytestmark = pytest.mark.integration

Open = Callable[[str | None], Site]

POLICY = """\
rules:
  severity: Medium
  vulnerabilities: 100
  high_vulnerabilities: 0
  unsafe_settings: {limit: 10, action: warn}
  malicious_files: 0
  scan_age: 24h
  exploited: 0
  baseline: 0
feeds: {exploited: [kev.txt]}
ignore:
  - {check_rule: "1.2", reason: accepted by the CISO}
  - {vulnerability: V-0, reason: 该组件未启用，已由安全团队确认}
"""
LONG = "/usr/lib/python3/dist-packages/a/path/without/any/blank/that/is/far/longer/than/a/phone/is/wide"


def scenario() -> str:
    """A run that has all that a report can show."""
    found = [
        finding(f"V-{number}", (HIGH, MEDIUM, LOW)[number % 3], f"{LONG}:{number}") | {"app_path": LONG}
        for number in range(300)
    ]
    ended = {"at": "-1h", "scan_status": "success", "severity_level": "Low", "vul_num": 0, "unsafe_setting_num": 12}
    named = {"cicd_name": "shop", "namespace": "team", "image_version": "1.0"}
    timelines: dict[str, list[dict[str, object]]] = {
        "checkout": [{**ended, "severity_level": "High", "vul_num": 300, "malicious_file_num": 1}],
        "catalogue": [{**ended, "malicious_file_num": 0}],
        "importer": [{"at": "-1h", "scan_status": "failed", "scan_failed_desc": "漏洞扫描失败：镜像层解压错误"}],
        "endless": [{"at": "-1h", "scan_status": "scanning"}],
    }
    listed = [{**named, "image_name": name, "timeline": timeline} for name, timeline in timelines.items()]
    malware = [{"file_name": "x", "file_path": LONG, "description": "木马程序"}]
    checks = [
        {"check_rule_id": f"1.{number}", "check_rule_name": LONG, "check_name": "Debian 10", "severity": "High",
         "standard": "cn_standard", "scan_result": result}
        for number, result in enumerate(["failed", "failed", "failed", "pass", "pass"])
    ]  # fmt: skip
    listed[0] |= {"findings": found, "malwares": malware, "image_digest": "sha256:" + "ab12" * 16}
    listed[0] |= {"check_rules": checks}
    return json.dumps({"images": listed})


@pytest.fixture(scope="module")
def written() -> list[bytes]:
    """The report, once it is written."""
    return []


@pytest.fixture
def report(bench: Bench, written: list[bytes]) -> bytes:
    """A report with several images, blocked, warned of, not judged, with hundreds of findings and Chinese text."""
    if written:
        return written[0]
    Path("hssgate.yaml").write_text(POLICY, encoding="utf-8")
    Path("kev.txt").write_text("CVE-2024-0001\n", encoding="utf-8")
    names = [f"team/{name}:1.0" for name in ("catalogue", "checkout", "endless", "importer")]
    bench.play(scenario()).check(*names, "--timeout", "1m", "--findings", "always", "--report", "html=report.html")
    written.append(Path("report.html").read_bytes())
    return written[0]


@pytest.fixture
def site(report: bytes, tmp_path: Path) -> Iterator[Open]:
    """Serve the report, with the policy of a server or without one."""
    with ExitStack() as stack:
        yield lambda policy: stack.enter_context(serving(Site(tmp_path, report, policy)))


def test_nothing_else_is_fetched_and_the_console_stays_silent(site: Open) -> None:
    """Not even an icon."""
    plain = site(None)

    assert plain.visit() == []
    assert plain.requests == ["/page"]


def test_in_jenkins_the_one_complaint_is_of_the_stylesheet(site: Open) -> None:
    """It is what Jenkins blocks; nothing else is tried."""
    jenkins = site(JENKINS)

    (complaint,) = jenkins.visit()

    assert complaint.startswith("Applying inline style violates")
    assert jenkins.requests == ["/page"]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(site: Open, width: int) -> None:
    """Neither folded nor unfolded."""
    widths = site(None).examine(
        """const root = page.documentElement, folded = root.scrollWidth;
        page.querySelectorAll("details").forEach(details => { details.open = true; });
        return [folded, root.scrollWidth, root.clientWidth];""",
        width=width,
    )

    assert widths == [width] * 3


def test_on_a_phone_nothing_but_the_looks_is_wider_than_the_screen(site: Open) -> None:
    """The other tables stand as cards, so that what was found is read without moving them."""
    wider = site(None).examine(
        """page.querySelectorAll("details").forEach(details => { details.open = true; });
        return [...page.querySelectorAll(".scroll")].filter(box => box.scrollWidth > box.clientWidth)
          .map(box => box.firstElementChild.className);""",
        width=390,
    )

    assert {*wider} == {"reads"}


@pytest.mark.parametrize("policy", [None, JENKINS], ids=["as it is", "in Jenkins"])
def test_the_verdict_comes_before_the_checks_and_these_before_the_findings(site: Open, policy: str | None) -> None:
    """In the order in which it is read, also where styles are blocked."""
    text = site(policy).examine("return page.body.innerText;").casefold()

    places = [text.index(part) for part in ("blocked", "exit code 10", "warnings", "what was found", "findings (300)")]
    assert places == sorted(places)


def test_with_styles_blocked_the_bars_are_drawn_and_the_tables_have_lines(site: Open) -> None:
    """By attributes, which are no styles; in dark surroundings the mark is light."""
    script = """const table = page.querySelector("table.checks"), [bar] = table.querySelectorAll("svg");
        const fill = view.getComputedStyle(bar.querySelector("rect:last-of-type")).fill;
        const mark = view.getComputedStyle(bar.querySelector("line")).stroke;
        const cell = view.getComputedStyle(table.tBodies[0].rows[1].cells[1]);
        return [bar.getBoundingClientRect().width, fill, mark, cell.borderTopStyle,
                view.getComputedStyle(page.body).fontFamily === view.getComputedStyle(page.documentElement).fontFamily];"""
    jenkins = site(JENKINS)

    assert jenkins.examine(script) == [160, "rgb(220, 76, 64)", "rgb(0, 0, 0)", "solid", True]
    assert jenkins.examine(script, dark=True) == [160, "rgb(220, 76, 64)", "rgb(255, 255, 255)", "solid", True]


def test_the_verdict_is_the_largest_thing_on_the_page(site: Open) -> None:
    """And on the first screen."""
    largest = site(None).examine(
        """const size = element => parseFloat(view.getComputedStyle(element).fontSize);
        const all = [...page.body.querySelectorAll("*")].sort((a, b) => size(b) - size(a));
        return [all[0].tagName, size(all[0]) > size(all.find(element => !element.closest("h1"))),
                all[0].getBoundingClientRect().bottom < 200];"""
    )

    assert largest == ["H1", True, True]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_stands_out_from_its_ground(site: Open, dark: bool) -> None:  # noqa: FBT001
    """By 4.5 to 1 at least, as the Web Content Accessibility Guidelines ask."""
    faint = site(None).examine(
        """const parts = colour => colour.match(/[\\d.]+/g).map(Number);
        const light = colour => parts(colour).slice(0, 3).map(part => part / 255)
          .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
          .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
        const ground = element => {
          for (let under = element; under; under = under.parentElement) {
            const colour = view.getComputedStyle(under).backgroundColor;
            if (parts(colour)[3] !== 0) return colour;
          }
        };
        const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        const told = element => {
          const levels = [light(view.getComputedStyle(element).color), light(ground(element))].sort((a, b) => a - b);
          return (levels[1] + 0.05) / (levels[0] + 0.05);
        };
        const texts = [...page.body.querySelectorAll("*")].filter(own);
        return [texts.length > 500, texts.filter(element => told(element) < 4.5).map(element => element.outerHTML)];""",
        dark=dark,
    )

    assert faint == [True, []]


def test_printed_nothing_stays_folded(site: Open) -> None:
    """Three hundred findings take more than a few sheets."""
    pdf = site(None).print()

    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") > 10
