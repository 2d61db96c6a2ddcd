"""Tests of the Markdown report: its content, and that hostile text stays text."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.exit_codes import ExitCode
from hssgate.hss.models import Detail, DetailKind, Finding
from hssgate.policy.load import load_policy
from hssgate.reference_parser import parse_reference
from hssgate.reports.escaping import code, fence, row, table, text
from hssgate.reports.markdown import LONGEST, render
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, ListedDetail, ListedFinding, PolicySource, Result, Verdict
from tests.cli.test_check import CLEAN, DIGEST, FOREVER, OUTCOMES, finished, image, images
from tests.cli.test_findings import LOW, MEDIUM, finding, policy, scenario
from tests.conftest import Bench, Ended
from tests.support import hostile
from tests.support.fakes import START
from tests.support.markdown_reader import Document, active, read_markdown, shown

MARKDOWN = ("--report", "markdown=report.md")
TITLES = {
    "passed": ("✅ hssgate: passed", "✅ hssgate: passed, with warnings"),
    "blocked": ("❌ hssgate: blocked",),
    "error": ("❗ hssgate: could not be judged",),
}


def read(ended: Ended) -> Document:
    return read_markdown((ended.folder / "report.md").read_text(encoding="utf-8"))


def checks_of(document: Document) -> list[list[str]]:
    """The rows of the tables of checks."""
    return [cells for found in document.tables if found[0][1] == "Rule" for cells in found[1:]]


@pytest.mark.parametrize(("given_scenario", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_is_shown(
    bench: Bench, given_scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """The verdict comes first, with the meaning of its exit code, and each check of the JSON report has a row."""
    ended = bench.play(given_scenario).check("team/app:1.0", *arguments, *MARKDOWN)

    document = read(ended)
    assert document.headings[0] in TITLES[ended.report["result"]]
    assert f"Exit code {code} ({ExitCode(code).meaning})." in document.text.splitlines()[1]
    rows = [(cells[0].split()[1], cells[1].split(" (")[0], cells[2], cells[3]) for cells in checks_of(document)]
    assert rows == [
        (check["result"], check["rule"], short(check["actual"]), short(check["limit"]))
        for check in ended.report["images"][0]["checks"]
    ]
    assert {rule: result for result, rule, *_ in rows} == checks
    assert all(clean(warning) in document.text for warning in ended.report["warnings"])
    assert not active(document)


def short(value: object) -> str:
    """A value that is no sentence."""
    return "" if value is None or len(str(value)) > 24 else str(value)


@pytest.mark.parametrize("raw", hostile.TEXTS.values(), ids=hostile.TEXTS)
def test_hostile_text_is_shown_and_does_nothing(bench: Bench, raw: str) -> None:
    """Text from outside gives no link, image, HTML, mention, reference or emoji, and each table keeps its cells."""
    policy(bench, hostile.policy_with(raw), "hssgate.json")

    ended = bench.answer(hostile.world(raw)).check("app:1.0", "--findings", "always", *MARKDOWN)

    assert ended.code == 10
    source = Path("report.md").read_text(encoding="utf-8")
    document = read_markdown(source)
    assert not active(document)
    assert [cells[1] for cells in checks_of(document)] == [
        "scan",
        "severity",
        "vulnerabilities",
        "high_vulnerabilities",
    ]
    assert [len(found) - 1 for found in document.tables] == [4, 1, 1, 3]
    for line in source.splitlines():
        if line.startswith("|"):
            widths = {"| Resu": 6, "| Level | Finding | CVSS": 7, "| Level | Finding | Package": 5, "| Kind": 5}
            assert line.count("|") in [count for start, count in widths.items() if line.startswith(start)] or [
                line.count("|")
            ]
    blocking = document.tables[1][1]
    plain = clean(raw, 200)
    named = plain or "without an id"
    assert blocking[1] in {named, f"{named} {plain}".strip()}  # an id that is too long for a path has no CVEs
    assert blocking[4] == clean(raw, 200)
    assert document.headings[0] == "❌ hssgate: blocked"
    assert len(document.fences) == (1 if clean(raw) else 0)  # an id that shows nothing cannot be named
    assert not re.search(r"##(?:vso)?\[", source)
    assert len(source) < 60_000


ANYTHING = st.text(
    st.sampled_from("|\\`*_~[](){}<>&#@!:;./-+= $%^\"'1aAz漏洞\t\n\u202e\u200b\x1b\ud800") | st.characters(), max_size=30
) | st.lists(
    st.sampled_from(["http://", "www.", "&amp;", "&#64;", "<b>", "-->", "```", "~~~", "mailto:a@b.co", "__", "](", ":+1:", "GH-1", "a", " ", "|"]),
    max_size=8,
).map("".join)  # fmt: skip


@given(raw=ANYTHING)
def test_any_text_reads_as_it_is(raw: str) -> None:
    """As prose and as code, alone and in a cell, a parser finds exactly that text."""
    for written in (text(raw), code(raw)):
        alone = read_markdown(written)
        in_table = read_markdown(table(("A", "B"), [row(written, "z")]))

        assert alone.text == clean(raw)
        assert in_table.tables == [[["A", "B"], [clean(raw), "z"]]]
        assert not active(alone) + active(in_table)


@given(block=st.text(st.sampled_from("`~ab \n"), max_size=40))
def test_no_content_closes_its_fence(block: str) -> None:
    """The fence is longer than any run of backticks."""
    document = read_markdown(f"{fence(block, 'yaml')}\n\nafter")

    assert document.fences == [f"{block}\n"]
    assert shown(document.tokens[-3] if document.tokens[-1].type != "text" else document.tokens[-2]) == "after"


def test_findings_are_listed_with_entries_to_paste(bench: Bench) -> None:
    """Blocking findings are listed most severe first; with the entries pasted the image passes."""
    rules = "rules: {high_vulnerabilities: 0, medium_vulnerabilities: 0}\n"
    policy(bench, rules)
    found = [finding("V-3", MEDIUM), finding("V-*[1]`'|", app="it's"), finding("V-2"), finding("V-9", LOW)]

    document = read(bench.play(scenario(found)).check("team/app:1.0", *MARKDOWN))

    listed = next(rows for rows in document.tables if rows[0][0] == "Level")
    assert [(cells[0], cells[1]) for cells in listed[1:]] == [("high", "V-*[1]`'|"), ("high", "V-2"), ("medium", "V-3")]
    assert "Findings that block, most severe first (3)" in document.headings
    policy(bench, rules + document.fences[0])
    assert len(load_policy(bench.folder / "hssgate.yaml", START).policy.ignore) == 3
    assert bench.check("team/app:1.0").code == 0


def test_the_request_and_the_evidence_are_shown(bench: Bench) -> None:
    """The report has reference, identifier and moment, and digest, scan time, polls, waiting time and the last request ids."""
    ended = bench.play(images(finished())).check(
        f"team/app:1.0@{DIGEST}", "--cicd-name", "shop", "--scanned-after", "2h", *MARKDOWN
    )

    body = read(ended).text
    assert f"Asked for: image team/app:1.0@{DIGEST}, CI/CD identifier shop, scanned at or after 2026-" in body
    evidence = dict(line.split(": ", 1) for line in body.splitlines() if ": " in line)
    (only,) = ended.report["images"][0]["reads"]
    assert evidence["digest"] == DIGEST
    assert evidence["scanned at"] == "2026-09-21T13:13:20Z"
    assert (evidence["polls"], evidence["waited"]) == ("1", "0s")
    assert evidence["last request ids"] == only["request_id"]
    assert (
        f"Judged by the built-in policy (sha256 {ended.report['policies'][0]['sha256'][:12]}; no hssgate.yaml" in body
    )


def test_ignored_findings_and_details_are_shown_with_their_reason(bench: Bench) -> None:
    """They do not affect the verdict."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: 'V-*', reason: not *reachable*}]")
    malware: dict[str, Any] = {"malwares": [{"file_name": "x", "file_path": "/opt/x", "description": "木马"}]}

    ended = bench.play(scenario([finding("V-1")], **malware)).check("team/app:1.0", "--findings", "always", *MARKDOWN)

    document = read(ended)
    assert ended.code == 0
    assert ["high", "V-1", "openssl 1.0", "not *reachable* (hssgate.yaml)"] in document.tables[1]
    assert ["malicious file", "", "/opt/x", "木马"] in document.tables[2]


def test_with_several_policies_and_rows_each_check_says_where_it_belongs(bench: Bench) -> None:
    """Policy and rows are beside the rule."""
    for name in ("org.yaml", "repo.yaml"):
        policy(bench, "rules: {severity: Low}", name)
    bench.play(images(finished(), finished(namespace="prod")))

    document = read(bench.check("app:1.0", "--policy", "org.yaml", "--policy", "repo.yaml", *MARKDOWN))

    assert "severity (org.yaml, shop: team/app:1.0)" in [cells[1] for cells in checks_of(document)]
    assert "Judged by org.yaml (sha256" in document.text


def test_a_report_that_could_not_be_written_is_named_in_the_others(bench: Bench) -> None:
    """The meaning of the exit code is that a report could not be written, because HSS did answer."""
    ended = bench.play(images(finished())).check(
        "team/app:1.0", *MARKDOWN, "--report", "json=/proc/nowhere/x.json", reports=False
    )

    document = read(ended)
    assert ended.code == 3
    assert document.headings[0] == "❗ hssgate: could not be reported"
    assert "Exit code 3 (a report could not be written)." in document.text
    assert "the report json=/proc/nowhere/x.json could not be written" in document.text


def test_several_images_are_listed_in_one_table_worst_first(bench: Bench) -> None:
    """The table has exit code and reason; a few images have a section each."""
    scenario_ = images(
        finished(image_name="good"),
        finished("severity_level: High, malicious_file_num: 1", image_name="severe"),
        image("{at: -1h, scan_status: failed, scan_failed_desc: 漏洞扫描失败}", image_name="broken"),
        image(FOREVER, image_name="endless"),
    )

    ended = bench.play(scenario_).check(
        *(f"team/{name}:1.0" for name in ("endless", "good", "severe", "broken")), "--timeout", "1m", *MARKDOWN
    )

    document = read(ended)
    assert [cells[:3] for cells in document.tables[0][1:]] == [
        ["❌ blocked", "team/severe:1.0", "10"],
        ["❗ error", "team/broken:1.0", "5"],
        ["❗ error", "team/endless:1.0", "4"],
        ["✅ passed", "team/good:1.0", "0"],
    ]
    assert document.tables[0][1][3] == "severity: High found, at most Medium accepted (and 1 more)"
    broken = document.tables[0][2][3]
    assert re.fullmatch(r"scan: failed; request id \w+ \(漏洞扫描失败\); the image was not judged", broken), broken
    assert document.tables[0][4][3] == "3 checks passed"
    assert len(checks_of(document)) == 12


@pytest.mark.large
def test_of_many_images_those_that_passed_cleanly_have_no_section(bench: Bench) -> None:
    """All images are in the table."""
    policy(bench, "rules: {severity: Medium, vulnerabilities: {limit: 3, action: warn}}")
    rows = [finished(CLEAN, image_name=f"app{number}") for number in range(298)]
    rows += [
        finished(CLEAN.replace("vul_num: 3", "vul_num: 4"), image_name="warned"),
        finished("severity_level: High", image_name="severe"),
    ]
    names = [*(f"app{number}" for number in range(298)), "warned", "severe"]

    ended = bench.play(images(*rows)).check(*(f"team/{name}:1.0" for name in names), "--cicd-name", "shop", *MARKDOWN)

    document = read(ended)
    assert len(document.tables[0]) == 301
    assert [cells[1] for cells in document.tables[0][1:4]] == ["team/severe:1.0", "team/warned:1.0", "team/app0:1.0"]
    assert document.headings[1:] == [
        "Warnings (3)",
        "❌ team/severe:1.0 blocked",
        "What to do",
        "✅ team/warned:1.0 passed",
    ]


@pytest.mark.large
def test_a_long_list_of_findings_is_folded_and_bounded(bench: Bench) -> None:
    """It says how many more there are."""
    policy(bench, "rules: {vulnerabilities: 10, medium_vulnerabilities: 10}")
    text_ = scenario([], 5000, many_findings={"count": 5000, "repair_necessity": MEDIUM})

    bench.play(text_).check("team/app:1.0", *MARKDOWN)

    source = Path("report.md").read_text(encoding="utf-8")
    assert "<details><summary>Findings that block, most severe first (5000)</summary>" in source
    assert "| and 4900 more, see the JSON report |" in source
    assert len(source) < 40_000


VUL = Finding(vul_id="@`|" * 60, app_name="#" * 200, solution="[x](y)" * 40)
IGNORED = VUL.model_copy(update={"vul_id": "@`|" * 59})
DETAIL = ListedDetail(DetailKind.MALICIOUS_FILE, Detail(file_path="*" * 200, description="_" * 200))


def crowd(size: int, findings: int = 0) -> Verdict:
    """Return a run of blocked images, each with everything that a report can contain."""
    checks = (
        Check("scan", Result.PASSED, "scan: success"),
        Check("vulnerabilities", Result.FAILED, "vulnerabilities: " + "@" * 500, findings, 0, broken_by=(VUL,)),
    )
    one = ImageVerdict(
        parse_reference("team/app:1.0"),
        checks,
        findings=(
            *[ListedFinding(IGNORED, ignored_by=(("p.yaml", "r" * 200),))] * findings,
            *[ListedFinding(VUL)] * bool(findings),
        ),
        details=(DETAIL,) * findings,
    )
    return Verdict(
        tuple(replace(one, reference=parse_reference(f"team/app{number}:1.0")) for number in range(size)),
        (PolicySource("hssgate.yaml", "0" * 64),),
        (),
        0,
        1,
    )


@pytest.mark.large
@pytest.mark.parametrize(
    ("size", "findings", "kept", "left_out"),
    [
        pytest.param(3, 100, ["Details", "Findings ignored", "Findings that block"], None, id="all of it"),
        pytest.param(12, 100, ["Findings ignored", "Findings that block"], "Left out here to stay within the size limit: details of", id="without details"),
        pytest.param(20, 100, ["Findings ignored", "Findings that block"], "details of 20 images, ignored findings of", id="without some of the ignored"),
        pytest.param(200, 1, [], "details of 200 images, ignored findings of 200 images, findings of 200 images", id="without findings"),
        pytest.param(600, 0, [], "evidence of 600 images, checks of", id="as many checks as there is room for"),
    ],
)  # fmt: skip
def test_the_report_never_grows_too_long(size: int, findings: int, kept: list[str], left_out: str | None) -> None:
    """What matters least goes first, and the report says so; the verdict and the checks of the worst image stay."""
    source = render(crowd(size, findings))

    assert len(source.encode()) <= LONGEST
    assert source.startswith("## ❌ hssgate: blocked\n")
    assert "### ❌ `team/app0:1.0` blocked" in source
    assert [name for name in ("Details", "Findings ignored", "Findings that block") if name in source] == kept
    assert (left_out in source) if left_out else ("Left out" not in source)
    assert source.count("<details>") == source.count("</details>")


def test_an_empty_verdict_is_shown_as_such() -> None:
    """There is neither an image nor a policy."""
    source = render(Verdict((), (), (), 0, 0))

    assert source.startswith(
        "## ❗ hssgate: could not be judged\n\n[//]: # (hssgate report)\n\n**no image judged**. Exit code 5 (no usable result:"
    )
    assert "Judged by no policy." in source


def test_a_secret_that_a_control_sequence_splits_is_not_shown(bench: Bench) -> None:
    """It is masked before it is put together and escaped."""
    secret = "to_k*en|s3cret"
    echo = json.dumps(f"{secret[:4]}\x1b[0m{secret[4:]}")
    bench.play(images(image(f"{{at: -1h, scan_status: failed, scan_failed_desc: {echo}}}")))

    for name in ("markdown", "html", "json", "junit"):
        bench.check("team/app:1.0", "--report", f"{name}=report", env={"HSSGATE_TOKEN": "emulator-token", "HW_SECRET_KEY": secret}, reports=False)  # fmt: skip
        assert "s3cret" not in Path("report").read_text(encoding="utf-8")
        assert "***" in Path("report").read_text(encoding="utf-8").replace("\\", "").replace("&#8203;", "")
