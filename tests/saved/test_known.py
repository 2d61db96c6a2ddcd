"""Saved reports of rules on new findings and feeds: judged again, and refused where they contradict themselves."""

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_accept import FILE
from tests.cli.test_exploited import feed
from tests.cli.test_findings import finding, policy, scenario
from tests.cli.test_known import known
from tests.conftest import Bench
from tests.saved.test_consistency import refusal

Report = dict[str, Any]


def saved(bench: Bench) -> Report:
    """Run a check with one known finding, one new, and one that is gone."""
    known(("V-1", "openssl", ""), ("V-3", "openssl", ""))
    feed("CVE-2024-0001")
    policy(
        bench,
        f"rules: {{new_vulnerabilities: 0, exploited: 9}}\nknown: {{file: {FILE}}}\nfeeds: {{exploited: [kev.json]}}",
    )
    ended = bench.play(scenario([finding("V-1"), finding("V-2")])).check("team/app:1.0")
    assert ended.code == 10
    return ended.report


def state(report: Report, number: int, value: str) -> None:
    report["images"][0]["findings"][number]["known"][0]["state"] = value


def in_force(report: Report, **fields: object) -> None:
    report["images"][0]["in_force"][0] |= fields


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda r: state(r, 1, "known"), 'result: "blocked" is stated', id="the new one is known"),
        pytest.param(lambda r: state(r, 0, "new"), "images[0].checks", id="the known one is new"),
        pytest.param(lambda r: state(r, 0, "gone"), "images.0.findings.0.known.0.state", id="another state"),
        pytest.param(lambda r: r["images"][0]["findings"][1].update(known=[]), "images[0].findings[1].known", id="no state"),
        pytest.param(lambda r: in_force(r, known=3), "images[0].checks", id="more are known"),
        pytest.param(lambda r: in_force(r, known=0), "images[0].in_force[0].known: 0 is stated, and 1 follows", id="fewer are known than are listed"),
        pytest.param(lambda r: in_force(r, known=-1), "images.0.in_force.0.known", id="a negative number"),
        pytest.param(lambda r: in_force(r, known=None), "in_force[0].known: it does not fit the file of known findings", id="none are known"),
        pytest.param(lambda r: r["policies"][0].pop("known"), "in_force[0].known: it does not fit the file of known findings", id="no file"),
        pytest.param(lambda r: r["policies"][0].pop("feeds"), "in_force[0].rules.exploited: the policy names no feed", id="no feed"),
        pytest.param(lambda r: r["images"][0]["findings"].pop(1), "contradicts itself", id="without the new one"),
    ],
)  # fmt: skip
def test_a_report_that_contradicts_itself_is_refused(bench: Bench, change: Any, expected: str) -> None:  # noqa: ANN401
    """In what is known, too."""
    report = copy.deepcopy(saved(bench))
    change(report)

    assert expected in refusal(bench, report)


def test_what_is_known_now_decides(bench: Bench) -> None:
    """`judge` compares the saved findings with the file of the policy in force."""
    saved(bench)
    assert bench.run("judge", "report.json").code == 10

    known(("V-1", "openssl", ""), ("V-2", "openssl", ""))
    ended = bench.run("judge", "report.json", "--report", "json=again.json")

    assert ended.code == 0
    assert "0 found, at most 0 accepted (2 known)" in ended.out
    assert Path("again.json").exists()
    assert bench.run("judge", "again.json").code == 0
