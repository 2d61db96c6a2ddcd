"""Tests of `hssgate policy explain`: the rules in force for an image, and their places."""

import json

import pytest

from hssgate.policy.rule_table import Rules
from hssgate.policy.starter import starter_policy
from tests.cli.test_exploited import feed
from tests.cli.test_known import known
from tests.cli.test_policy_commands import POLICY, save, uncommented
from tests.conftest import Bench, sha256

RULES_OF_POLICY = ("severity", "vulnerabilities", "malicious_files", "scan_age", "scan")
EXPLAINED = """\
registry.example.com/legacy/app:1.0 under hssgate.yaml (sha256 {sha256})
  rule             accepted                 broken  from
  severity         at most Medium           block   hssgate.yaml:3
  vulnerabilities  at most 200              block   override hssgate.yaml:16 (SEC-124)
  malicious_files  at most 1                block   override hssgate.yaml:8 (SEC-123, being replaced, until 2027-03-31)
  scan_age         at most 24h00m           block   hssgate.yaml:5
  scan             image_oversized, failed  warn    hssgate.yaml:6
  without effect, ended: override hssgate.yaml:12 (over, until 2026-09-20)
  legacy/* fits path legacy/app, any version  hssgate.yaml:8
  legacy/* fits path legacy/app, any version  hssgate.yaml:12
  legacy/app:* fits path legacy/app, version 1.0  hssgate.yaml:16
"""


def test_each_rule_is_explained_with_its_origin(bench: Bench) -> None:
    """A rule has the line of the file, or that of its override with reason and end; ended overrides are listed separately."""
    save(bench, "hssgate.yaml", POLICY)

    ended = bench.run("policy", "explain", "registry.example.com/legacy/app:1.0")

    lines = ended.out.splitlines()
    absent = [name for name in Rules.model_fields if name not in RULES_OF_POLICY]
    assert (ended.code, ended.err) == (0, "")
    assert lines.pop(7) == f"  not applied: {', '.join(absent)}"
    assert lines == EXPLAINED.format(sha256=sha256("hssgate.yaml")).splitlines()


def test_an_override_counts_until_the_end_of_its_last_day(bench: Bench) -> None:
    """The clock of the tests is at 2026-09-21."""
    save(bench, "hssgate.yaml", POLICY.replace("2026-09-20", "2026-09-21"))

    ended = bench.run("policy", "explain", "legacy/app:1.0")

    assert "at most High             block   override hssgate.yaml:12 (over, until 2026-09-21)" in ended.out
    assert "ended" not in ended.out


def test_the_built_in_policy_is_explained(bench: Bench) -> None:
    """The built-in policy is explained if there is no file."""
    ended = bench.run("policy", "explain", "team/app:1.0")

    lines = [line.split() for line in ended.out.splitlines()]
    assert ended.code == 0
    assert lines[2:4] == [
        ["severity", "at", "most", "Medium", "block", "built-in"],
        ["malicious_files", "at", "most", "0", "block", "built-in"],
    ]


def test_each_policy_has_its_block(bench: Bench) -> None:
    """Policies come from the option or the variable; TOML and JSON are shown with key paths."""
    save(
        bench,
        "org.toml",
        "[rules]\nseverity = 'Low'\n[[overrides]]\nimages = ['a:*']\nrules = {severity = 'High'}\nreason = 'r'\n",
    )
    save(bench, "team.json", '{"rules": {"vulnerabilities": 3}}')

    by_option = bench.run("policy", "explain", "t/a:1", "--policy", "org.toml", "--policy", "team.json")
    by_variable = bench.run("policy", "explain", "t/a:1", env={"HSSGATE_POLICY": "org.toml\nteam.json"})

    org, team = by_option.out.split("\n\n")
    assert by_option.out == by_variable.out
    assert "t/a:1 under org.toml" in org
    assert "override org.toml: overrides[0] (r)" in org
    assert "team.json: rules.vulnerabilities" in team


def test_json_says_the_same(bench: Bench) -> None:
    """The JSON output has the same rules and places."""
    save(bench, "hssgate.yaml", POLICY)

    ended = bench.run("policy", "explain", "legacy/app:1.0", "--format", "json")

    document = json.loads(ended.out)
    (policy,) = document["policies"]
    origins = {rule["rule"]: rule["from"]["place"] for rule in policy["rules"]}
    assert document["image"] == "legacy/app:1.0"
    assert (policy["path"], len(policy["sha256"])) == ("hssgate.yaml", 64)
    assert origins == {
        "severity": "hssgate.yaml:3",
        "vulnerabilities": "hssgate.yaml:16",
        "malicious_files": "hssgate.yaml:8",
        "scan_age": "hssgate.yaml:5",
        "scan": "hssgate.yaml:6",
    }
    assert policy["rules"][0] == {
        "rule": "severity",
        "limit": "Medium",
        "action": "block",
        "from": {"place": "hssgate.yaml:3", "override": None},
    }
    assert policy["ended"] == [
        {
            "place": "hssgate.yaml:12",
            "override": {"images": ["legacy/*"], "reason": "over", "expires": "2026-09-20"},
        }
    ]


def test_globs_that_fit_are_shown_with_the_compared_part(bench: Bench) -> None:
    """Globs of every entry are shown; -v and JSON add those that do not fit."""
    save(
        bench,
        "hssgate.yaml",
        "rules: {severity: Low}\n"
        "overrides:\n"
        "  - {images: ['team/app*', 'team/**:1'], rules: {severity: High}, reason: r}\n"
        "ignore:\n"
        "  - {vulnerability: CVE-1, images: [secret, 'app*'], reason: r}\n"
        "  - {vulnerability: CVE-2, reason: r}\n",
    )

    text, verbose, document = (
        bench.run("policy", "explain", "my.org/team/app-prod/secret:1", *more).out
        for more in ([], ["-v"], ["--format", "json"])
    )

    assert [line for line in text.splitlines() if "fit" in line] == [
        "  team/**:1 fits path team/app-prod/secret, version 1  hssgate.yaml:3",
        "  secret fits name secret, any version  hssgate.yaml:5",
    ]
    assert "  team/app* does not fit path team/app-prod/secret, any version  hssgate.yaml:3\n" in verbose
    assert "  app* does not fit name secret, any version  hssgate.yaml:5\n" in verbose
    globs = json.loads(document)["policies"][0]["globs"]
    assert [(found["glob"], found["fits"]) for found in globs] == [
        ("team/app*", False), ("team/**:1", True), ("secret", True), ("app*", False),
    ]  # fmt: skip
    assert globs[0]["compared"] == "path team/app-prod/secret, any version"


def test_a_missing_version_is_compared_as_empty(bench: Bench) -> None:
    """A reference with only a digest has no version to compare."""
    save(
        bench,
        "hssgate.yaml",
        "rules: {severity: Low}\noverrides: [{images: ['app:*', 'app:1'], rules: {severity: High}, reason: r}]",
    )

    ended = bench.run("policy", "explain", "team/app@sha256:" + "a" * 64)

    assert "  app:* fits name app, no version  hssgate.yaml:2\n" in ended.out
    assert "app:1 " not in ended.out


def test_every_rule_applied_leaves_no_line_of_others(bench: Bench) -> None:
    """A reason with line breaks stays on its line."""
    save(bench, "hssgate.yaml", uncommented(starter_policy()).replace("SEC-123, being replaced", '"a\\nb\\e[31m"'))
    feed("CVE-2021-44228")
    known()

    ended = bench.run("policy", "explain", "legacy/app:1.0")

    assert "not applied" not in ended.out
    assert "(a b, until 2099-12-31)" in ended.out


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param("app:1.0", "app:1.0 names no namespace: ", id="no namespace"),
        pytest.param("t/app@sha256:" + "a" * 64, " names no version: ", id="no version"),
        pytest.param("app@sha256:" + "a" * 64, " names no namespace and no version: ", id="neither"),
    ],
)
def test_explain_warns_about_a_missing_namespace_or_version(bench: Bench, image: str, expected: str) -> None:
    """`check` knows namespace and version from the row."""
    ended = bench.run("policy", "explain", image)

    assert ended.code == 0
    assert expected in ended.err


def test_ignore_entries_in_force_are_shown(bench: Bench) -> None:
    """They are shown with package, reason, end and place; those for other images or that have ended are not."""
    (bench.folder / "hssgate.yaml").write_text(
        "rules: {severity: Low}\n"
        "ignore:\n"
        "  - {vulnerability: CVE-1, package: openssl, reason: not reachable, expires: 2099-12-31}\n"
        "  - {vulnerability: CVE-2, images: [prod/*], reason: r}\n"
        "  - {vulnerability: CVE-3, reason: r, expires: 2020-01-01}\n"
    )

    text = bench.run("policy", "explain", "team/app:1.0").out
    document = json.loads(bench.run("policy", "explain", "team/app:1.0", "--format", "json").out)

    assert "  ignores CVE-1 in openssl (not reachable, until 2099-12-31)  hssgate.yaml:3" in text
    assert "CVE-2" not in text
    assert [entry["place"] for entry in document["policies"][0]["ignore"]] == ["hssgate.yaml:3"]
