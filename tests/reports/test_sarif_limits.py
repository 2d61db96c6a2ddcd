"""Limits of the SARIF report: hostile text, too many results, too large a file."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from hssgate.hss.models import Finding
from hssgate.reference_parser import parse_reference
from hssgate.reports.entries import OWN
from hssgate.reports.sarif import LONGEST, MOST_RESULTS, render
from hssgate.verdict import SCAN, Check, ImageVerdict, ListedFinding, PolicySource, Result, Verdict
from tests.cli.test_findings import HIGH, LOW, finding, policy
from tests.conftest import Bench
from tests.reports.test_formats import HOSTILE
from tests.reports.test_sarif import checked, rules_and_levels, run_of
from tests.support.markdown_reader import active, read_markdown
from tests.waiting.test_poller import ROW

FIELDS = ("vul_id", "repair_necessity", "app_name", "app_path", "version", "position", "description", "solution", "url")


def texts(value: object) -> Iterator[str]:
    """Every text within a document."""
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield from texts(key)
                yield from texts(item)
        case list():
            for item in value:
                yield from texts(item)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_findings_break_nothing(bench: Bench, text: str) -> None:
    """Any text of the API in any field becomes plain text of bounded length, without links, mark-up or direction marks."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    hostile = dict.fromkeys(FIELDS, text)
    rows = [hostile, {**hostile, "repair_necessity": HIGH}, {**hostile, "vul_id": None}, finding("hssgate.scan")]

    def handler(request: httpx.Request) -> httpx.Response:
        listed = rows if "/vulnerabilities" in request.url.path else [{**ROW, "vul_num": len(rows), "cicd_name": text}]
        return httpx.Response(200, content=json.dumps({"total_num": len(listed), "data_list": listed}))

    ended, run = checked(bench.answer(handler), "app:1.0")

    assert ended.code == 10
    assert len(run["results"]) == len(rows)
    assert not any(result["ruleId"].startswith(OWN) for result in run["results"])
    for item in texts(run):
        assert len(item) < 5000
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]", item)
    for described in messages(run):
        assert "](" not in described["text"]
        prose, _, entries = described["markdown"].partition("```yaml\n")
        assert not active(read_markdown(prose))
        assert not any(line.lstrip().startswith("`") for line in entries.removesuffix("\n```").splitlines())


def messages(value: object) -> Iterator[dict[str, str]]:
    """Every text for people within a report."""
    match value:
        case {"text": str(text), **rest}:
            yield {"text": text, "markdown": str(rest.get("markdown", ""))}
        case dict():
            for item in value.values():
                yield from messages(item)
        case list():
            for item in value:
                yield from messages(item)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_rows_break_nothing(bench: Bench, text: str) -> None:
    """The reason of a failed scan has hostile text."""
    row = {**ROW, "scan_status": "failed", "scan_failed_desc": text, "scan_failed_code": text, "registry_name": text}
    body = json.dumps({"total_num": 1, "data_list": [row]})

    ended, run = checked(bench.answer(lambda _request: httpx.Response(200, content=body)), "app:1.0")

    assert (ended.code, rules_and_levels(run)) == (5, [("hssgate.scan", "error")])


def of_findings(findings: list[Finding], blocking: list[Finding]) -> Verdict:
    """A verdict on one image whose findings were counted."""
    checks = (
        Check(SCAN, Result.PASSED, "scan: success"),
        Check("high_vulnerabilities", Result.FAILED, "too many", len(blocking), 0, broken_by=tuple(blocking)),
    )
    listed = tuple(ListedFinding(found) for found in findings)
    return Verdict(
        (ImageVerdict(parse_reference("team/app:1.0"), checks, findings=listed),),
        (PolicySource("p.yaml", ""),),
        (),
        0,
        0,
    )


@pytest.mark.large
def test_of_too_many_results_the_most_severe_are_kept() -> None:
    """The report has the number of those left out."""
    low = [Finding(vul_id=f"A-{number}", repair_necessity=LOW) for number in range(MOST_RESULTS)]
    grave = [Finding(vul_id=f"Z-{number}", repair_necessity=HIGH) for number in range(10)]

    text = render(of_findings([*low, *grave], grave))

    run = run_of(text)
    shown = len(run["results"])
    assert 5000 <= shown < MOST_RESULTS  # GitHub shows 5,000
    assert len(text.encode()) <= LONGEST + 10_000
    assert {result["ruleId"] for result in run["results"][:10]} == {found.vul_id for found in grave}
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith(
        f"{MOST_RESULTS + 10 - shown} results of {MOST_RESULTS + 10} left out, 0 of which block"
    )


@pytest.mark.large
def test_results_of_one_rule_are_no_more_than_github_takes() -> None:
    """Their number is limited as well as their size."""
    found = [Finding(vul_id="A", repair_necessity=LOW)] * (MOST_RESULTS + 1)

    run = run_of(render(of_findings(found, [])))

    assert len(run["results"]) <= MOST_RESULTS


@pytest.mark.large
@pytest.mark.parametrize("letter", ["x", "漏", "\U0001f600"], ids=["ASCII", "Chinese", "astral"])
def test_a_report_that_would_be_too_large_is_cut(letter: str) -> None:
    """Its size is counted in bytes, with the descriptions of the rules."""
    found = [
        Finding(vul_id=f"V-{number}", description=letter * 1000, solution=letter * 1000, repair_necessity=HIGH)
        for number in range(12_000)
    ]

    text = render(of_findings(found, found))

    run = run_of(text)
    shown = len(run["results"])
    assert LONGEST - 20_000 < len(text.encode()) <= LONGEST + 10_000
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith(
        f"{12_000 - shown} results of 12000 left out, {12_000 - shown} of which"
    )
