"""Tests of what the rules in force for an image need to know of its findings."""

from pathlib import Path

import pytest

from hssgate.policy.load import load_policy
from hssgate.policy.rules import Subject, rules_for
from tests.support.fakes import START


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param("", True, id="a limit on scores"),
        pytest.param("grace: {high: 30d}", False, id="dates"),
        pytest.param("  exploited: 0\nfeeds: {exploited: [kev.txt]}", False, id="a feed"),
        pytest.param("deny: [{vulnerability: CVE-2021-1, reason: r}]", False, id="a denied CVE"),
        pytest.param("deny: [{vulnerability: SA-1, reason: r}]", True, id="a denied notice"),
        pytest.param("ignore: [{vulnerability: CVE-2021-1, reason: r}]", False, id="an ignored CVE"),
        pytest.param("ignore: [{vulnerability: SA-1, reason: r}]", True, id="an ignored notice"),
    ],
)
def test_scores_alone_decide_where_nothing_reads_ids_or_dates(tmp_path: Path, more: str, expected: bool) -> None:  # noqa: FBT001 - a row
    """Otherwise the list of all notices, which may lack a CVE, would not do."""
    (tmp_path / "kev.txt").write_text("CVE-2021-0001\n")
    (tmp_path / "p.yaml").write_text(f"rules:\n  cvss: 8.9\n{more}\n")
    loaded = load_policy(tmp_path / "p.yaml", START)

    assert rules_for(loaded, Subject("team", "app", "1.0"), START).need_only_scores is expected
