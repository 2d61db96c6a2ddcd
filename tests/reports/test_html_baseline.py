"""The HTML section on the baseline checks of `cn_standard`, as evidence for an audit."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hssgate.reports.json import schema, with_hash
from tests.cli.test_check import DIGEST
from tests.cli.test_detail_rules import BANNER, LOGIN, PASSED, world
from tests.cli.test_findings import policy
from tests.conftest import Bench
from tests.support.html_reader import Node, read_page

Row = dict[str, Any]
ROOT: Row = {**LOGIN, "check_rule_id": "1.1", "check_rule_name": "only root has UID 0", "severity": "Medium"}
OTHER: Row = {**PASSED, "check_rule_id": "4.1", "standard": "hw_standard"}
CHECKS = [LOGIN, ROOT, BANNER, PASSED, OTHER]
AUDIT = "rules: {baseline: {limit: 9, standard: [cn_standard]}}\nignore: [{check_rule: '1.1', reason: CISO agreed}]"
HTML = ("--report", "html=report.html")


def tables() -> list[Node]:
    return read_page(Path("report.html").read_text(encoding="utf-8")).all("table", "baseline")


def test_failed_accepted_and_passed_checks_are_listed_with_what_was_scanned(bench: Bench) -> None:
    """A pass has the section as well; checks of other standards are not in it."""
    policy(bench, AUDIT)
    given = json.loads(world([], [], CHECKS))
    given["images"][0]["image_digest"] = DIGEST

    ended = bench.play(json.dumps(given)).check("team/app:1.0", *HTML)

    assert ended.code == 0
    page = read_page(Path("report.html").read_text(encoding="utf-8"))
    (section,) = [node for node in page.all("details") if node.attributes.get("id") == "image-1-baseline"]
    assert section.one("summary").text == "Baseline checks of MLPS (等保, cn_standard) (3)"
    rows = section.one("table", "baseline").rows()
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        ("failed", "High", "1.3.2", "root may log in"), ("accepted", "Medium", "1.1", "only root has UID 0"),
        ("passed", "High", "1.3.1", "root may log in"),
    ]  # fmt: skip
    assert "ignored: CISO agreed (hssgate.yaml)" in rows[1][4]
    assert section.one("caption").text == "1 failed, 1 failed and accepted by the policy, 1 passed"
    evidence = section.one("dl").text
    assert all(part in evidence for part in ("team/app:1.0", DIGEST, "scanned at"))
    jsonschema.validate(ended.report, schema())
    (passed,) = ended.report["images"][0]["passed_checks"]
    assert (passed["check_rule_id"], passed["scan_result"]) == ("1.3.1", "pass")


@pytest.mark.parametrize(
    ("org", "repo", "words"),
    [
        pytest.param("baseline: 9", "baseline: 9", ["failed", "failed"], id="one of two with the rule"),
        pytest.param("baseline: 9", "severity: High", ["failed", "accepted"], id="the only one with the rule"),
    ],
)
def test_a_check_is_accepted_only_if_each_policy_with_the_rule_ignores_it(
    bench: Bench, org: str, repo: str, words: list[str]
) -> None:
    """Of two policies, one ignores it."""
    policy(bench, f"rules: {{{org}}}\nignore: [{{check_rule: '1.1', reason: CISO agreed}}]", "org.yaml")
    policy(bench, f"rules: {{{repo}}}", "repo.yaml")

    bench.play(world([], [], [LOGIN, ROOT])).check(
        "team/app:1.0", "--policy", "org.yaml", "--policy", "repo.yaml", *HTML
    )

    assert [row[0] for row in tables()[0].rows()] == words


def test_a_saved_report_has_the_section_again_and_what_is_changed_in_it_is_refused(bench: Bench) -> None:
    """A failed check among the passed ones contradicts the rest."""
    policy(bench, AUDIT)
    report = bench.play(world([], [], CHECKS)).check("team/app:1.0").report

    assert bench.run("judge", "report.json", *HTML).code == 0
    assert [row[0] for row in tables()[0].rows()] == ["failed", "accepted", "passed"]

    report["images"][0]["passed_checks"][0]["scan_result"] = "failed"
    del report["sha256"]
    Path("changed.json").write_text(json.dumps(with_hash(report)))
    assert bench.run("judge", "changed.json").code == 2


@pytest.mark.parametrize(
    ("rules", "arguments", "passed", "filters"),
    [
        pytest.param("{severity: Medium}", (), 0, True, id="behind a block only failed checks are read"),
        pytest.param("{severity: Medium}", ("--findings", "always"), 1, False, id="everything"),
        pytest.param("{baseline: 0}", (), 1, False, id="a rule on the baseline"),
        pytest.param("{baseline: 0}", ("--findings", "never"), 1, False, id="what rules need"),
    ],
)
def test_passed_checks_are_read_where_a_rule_needs_the_list_or_everything_is(
    bench: Bench, rules: str, arguments: tuple[str, ...], passed: int, *, filters: bool
) -> None:
    """In the same request; without them there is no section, which would show failed checks alone."""
    policy(bench, f"rules: {rules}")

    ended = bench.play(world([], [], CHECKS, severity_level="High")).check("team/app:1.0", *arguments, *HTML)

    (asked,) = [str(request.url) for request in bench.sent if "check-rules" in request.url.path]
    assert ("scan_result=failed" in asked) is filters
    assert ended.code == 10
    assert len(ended.report["images"][0]["passed_checks"]) == passed
    assert len(tables()) == passed


def test_an_empty_section_says_that_nothing_failed(bench: Bench) -> None:
    """With a rule on the baseline, and no check at all."""
    policy(bench, "rules: {baseline: 0}")

    bench.play(world()).check("team/app:1.0", *HTML, "--lang", "zh")

    (table,) = tables()
    assert table.rows() == []
    assert table.one("caption").text == "0 项未通过，0 项未通过但已被策略接受，0 项通过"
