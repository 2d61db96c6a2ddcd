"""Tests of the SARIF report: its results, in the form that GitHub code scanning accepts."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.judging.scan import FRESHNESS
from hssgate.policy.rule_table import Rules
from hssgate.reference_parser import parse_reference
from hssgate.reports.entries import OWN, RUN, ReportEntry
from hssgate.reports.findings import Effect
from hssgate.reports.sarif import MOST_RESULTS, render
from hssgate.reports.sarif_rules import descriptor
from hssgate.verdict import SCAN, ImageVerdict, Verdict
from tests.cli.test_check import DIGEST, FOREVER, OUTCOMES, finished, image, images
from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding, policy, scenario
from tests.conftest import Bench, Ended

LEVELS = {"error", "warning", "note"}


def checked(bench: Bench, *arguments: str) -> tuple[Ended, dict[str, Any]]:
    """Run `hssgate check`, and return the only run of its SARIF report after checking its structure."""
    ended = bench.check(*arguments, "--report", "sarif=report.sarif")
    return ended, run_of(Path("report.sarif").read_text(encoding="utf-8"))


def run_of(text: str) -> dict[str, Any]:
    """Return the run of a report after checking requirements of GitHub that the schema does not have."""
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    assert len({rule["id"] for rule in rules}) == len(rules) <= MOST_RESULTS
    assert len({fingerprint_of(result) for result in results}) == len(results) <= MOST_RESULTS
    assert {result["ruleIndex"] for result in results} == {*range(len(rules))}
    for rule in rules:
        assert 0 < len(rule["id"]) <= 255
        assert re.fullmatch(r"[A-Z][A-Za-z]+", rule["name"])
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert type(rule["properties"]["security-severity"]) is str
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert len(rule["properties"]["tags"]) <= 10
        assert urlsplit(rule.get("helpUri", "https://")).scheme == "https"
        assert rule["defaultConfiguration"]["level"] in LEVELS
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in LEVELS
        assert 0 < len(result["message"]["text"]) <= 1000
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~%-][A-Za-z0-9._~%/-]*", uri)
        assert ".." not in uri.split("/")
        region = location["physicalLocation"]["region"]
        assert region == {
            "startLine": region["endLine"],
            "startColumn": 1,
            "endLine": region["startLine"],
            "endColumn": 1,
        }
        assert uri != "Dockerfile" or region["startLine"] == 1
        for place in result.get("relatedLocations", ()):
            assert place["physicalLocation"]["region"]["startLine"] >= 1
        tags = result["properties"].get("tags", [])
        assert len(set(tags)) == len(tags)
        assert all(suppression["status"] == "accepted" for suppression in result["suppressions"])
    (invocation,) = run["invocations"]
    assert all(notice["message"]["text"] for notice in invocation["toolExecutionNotifications"])
    return dict(run)


def fingerprint_of(result: dict[str, Any]) -> str:
    text = result["partialFingerprints"]["primaryLocationLineHash"]
    assert re.fullmatch(r"[0-9a-f]{64}", text)
    return str(text)


def rules_and_levels(run: dict[str, Any]) -> list[tuple[str, str]]:
    """The rule and the level of each result."""
    return [(result["ruleId"], result["level"]) for result in run["results"]]


@pytest.mark.parametrize(("play", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_has_its_results(
    bench: Bench, play: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """A pass has none; any other outcome has an error for each check that failed or could not be judged."""
    ended, run = checked(bench.play(play), "team/app:1.0", *arguments)

    assert ended.code == code
    broken = [
        OWN + check["rule"] for check in ended.report["images"][0]["checks"] if check["result"] in ("failed", "error")
    ]
    assert sorted(rules_and_levels(run)) == sorted((rule, "error") for rule in broken)
    assert bool(run["results"]) is (code != 0), checks
    (invocation,) = run["invocations"]
    doubts = [check for check in ended.report["images"][0]["checks"] if check["result"] == "error"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (code, not doubts)
    errors = [notice for notice in invocation["toolExecutionNotifications"] if notice["level"] == "error"]
    assert len(errors) == len(doubts)
    assert sum("could not be judged" in result["message"]["text"] for result in run["results"]) == len(doubts)


def test_a_result_has_image_rule_and_place(bench: Bench) -> None:
    """The result has the message, the name of the image, and the place of the rule in the policy."""
    policy(bench, "rules: {severity: Low}")

    _, run = checked(bench.play(images(finished("severity_level: High"))), f"team/app:1.0@{DIGEST}")

    (result,) = run["results"]
    assert result["message"]["text"] == f"team/app:1.0@{DIGEST}: severity: High found, at most Low accepted."
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "hssgate.yaml"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == f"team/app:1.0@{DIGEST}"
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "The rule severity of the policy is broken"
    assert "worst severity_level still accepted" in rule["fullDescription"]["text"]


MIXED = [
    finding("V-5", LOW), finding("V-4", MEDIUM, cves=["CVE-4"]), finding("V-2"), finding("V-1", app="zlib"), finding("V-3"),
]  # fmt: skip
MIXED_POLICY = (
    "rules: {high_vulnerabilities: 0, medium_vulnerabilities: {limit: 0, action: warn}, low_vulnerabilities: 1}\n"
    "ignore: [{vulnerability: V-3, reason: not reachable}]"
)


def test_findings_are_listed_most_severe_first(bench: Bench) -> None:
    """What blocks is an error, what warns a warning, what is accepted a note, and what is ignored suppressed."""
    policy(bench, MIXED_POLICY)

    ended, run = checked(bench.play(scenario(MIXED)), "team/app:1.0")

    assert ended.code == 10
    assert rules_and_levels(run) == [
        ("V-1", "error"),
        ("V-2", "error"),
        ("V-4", "warning"),
        ("V-5", "note"),
        ("V-3", "note"),
    ]
    assert [result["message"]["text"] for result in run["results"]] == [
        "V-1 (high) in zlib 1.0 of team/app:1.0. Blocks: high_vulnerabilities: 2 found, at most 0 accepted (1 ignored).",
        "V-2 (high) in openssl 1.0 of team/app:1.0. Blocks: high_vulnerabilities: 2 found, at most 0 accepted (1 ignored).",
        "V-4 (CVE-4) (medium) in openssl 1.0 of team/app:1.0. Warns: medium_vulnerabilities: 1 found, at most 0 accepted.",
        "V-5 (low) in openssl 1.0 of team/app:1.0.",
        "V-3 (high) in openssl 1.0 of team/app:1.0. Ignored: not reachable (hssgate.yaml).",
    ]
    assert [result["suppressions"] for result in run["results"]] == [
        [], [], [], [], [{"kind": "external", "status": "accepted", "justification": "not reachable"}],
    ]  # fmt: skip
    assert [rule["properties"]["security-severity"] for rule in run["tool"]["driver"]["rules"]] == [
        "8.0", "8.0", "5.5", "2.0", "8.0",
    ]  # fmt: skip
    assert run["results"][0]["properties"] == {
        "effect": "blocks", "hssLevel": "high", "package": "zlib", "packageVersion": "1.0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        pytest.param("hssgate.yaml", "# ours\nrules:\n  malicious_files: 0\n  severity: Low\n", 4, id="YAML"),
        pytest.param("hssgate.toml", "[rules]\nmalicious_files = 0\nseverity = 'Low'\n", 1, id="without line numbers"),
        pytest.param(None, "", 1, id="built-in"),
    ],
)
def test_a_broken_rule_is_shown_at_its_line(bench: Bench, name: str | None, text: str, line: int) -> None:
    """The line is that of the rule in the policy."""
    if name:
        policy(bench, text, name)

    _, run = checked(bench.play(images(finished("severity_level: High, malicious_file_num: 0"))), "team/app:1.0")

    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == (name or "Dockerfile")
    assert place["region"]["startLine"] == line


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(
            "rules:\n  low_vulnerabilities: 5\n  high_vulnerabilities: 0\n", "high_vulnerabilities", id="a limit"
        ),
        pytest.param("rules:\n  low_vulnerabilities: 5\ndeny: [{vulnerability: V-1, reason: r}]\n", "deny", id="deny"),
    ],
)
def test_a_finding_names_the_lines_of_the_rules_that_it_breaks(bench: Bench, text: str, rule: str) -> None:
    """It is shown at the Dockerfile, where it is fixed; a finding that breaks none names none."""
    policy(bench, text)

    _, run = checked(bench.play(scenario([finding("V-1"), finding("V-2", LOW)])), "team/app:1.0")

    blocking, accepted = run["results"]
    (place,) = blocking["relatedLocations"]
    assert blocking["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Dockerfile"
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "hssgate.yaml"
    assert place["physicalLocation"]["region"]["startLine"] == 3
    assert place["message"]["text"] == f"The rule {rule}"
    assert "relatedLocations" not in accepted


def test_a_denied_finding_is_shown_at_the_entry_that_denies_it(bench: Bench) -> None:
    """The rule has a description, although it is no limit."""
    policy(bench, "rules: {severity: High}\ndeny:\n  - {vulnerability: V-1, reason: exploited}\n")

    ended, run = checked(bench.play(scenario([finding("V-1")])), "team/app:1.0")

    assert ended.code == 10
    (result,) = [result for result in run["results"] if result["level"] == "error"]
    assert result["ruleId"] == "V-1"
    assert result["relatedLocations"][0]["message"]["text"] == "The rule deny"


@pytest.mark.parametrize(
    ("cves", "necessity", "score"),
    [
        pytest.param([{"cve_id": "CVE-2024-1001", "cvss_score": 9.8}], LOW, "9.8", id="a score"),
        pytest.param(
            [{"cve_id": "CVE-2024-1001", "cvss_score": 3.1}, {"cve_id": "CVE-2024-2001", "cvss_score": 7.5}],
            LOW, "7.5", id="the highest of two",
        ),
        pytest.param([{"cve_id": "CVE-2024-1001", "cvss_score": 0}], LOW, "2.0", id="a score of nothing"),
        pytest.param(["CVE-2024-1001"], HIGH, "8.0", id="the level"),
    ],
)  # fmt: skip
def test_the_score_of_a_rule_is_that_of_cvss(bench: Bench, cves: list[Any], necessity: str, score: str) -> None:
    """Where no CVE has a score, the level stands in for it; the CVEs are tags, and lead to the public record."""
    policy(bench, "rules: {vulnerabilities: 0}")

    _, run = checked(bench.play(scenario([finding("V-1", necessity, cves=cves)])), "team/app:1.0")

    names = ["CVE-2024-1001", "CVE-2024-2001"][: len(cves)]
    (rule,) = [rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "V-1"]
    (result,) = [result for result in run["results"] if result["ruleId"] == "V-1"]
    assert rule["properties"]["security-severity"] == score
    assert rule["properties"]["tags"][4:] == names
    assert result["properties"]["tags"] == names
    assert rule["helpUri"] == "https://www.cve.org/CVERecord?id=CVE-2024-1001"


def test_findings_of_a_level_are_ordered_by_score(bench: Bench) -> None:
    """So what is left out of a report that is too large is the least severe."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    found = [
        finding("V-1"),
        finding("V-2") | {"cves": [{"cve_id": "CVE-2024-2002", "cvss_score": 7.1}]},
        finding("V-3") | {"cves": [{"cve_id": "CVE-2024-2003", "cvss_score": 9.8}]},
    ]

    _, run = checked(bench.play(scenario(found)), "team/app:1.0")

    assert [result["ruleId"] for result in run["results"]] == ["V-3", "V-2", "V-1"]


def test_a_rule_has_a_result_unless_its_findings_account_for_it(bench: Bench) -> None:
    """Otherwise findings that HSS counts but does not list would be dismissed together with those listed."""
    policy(bench, "rules: {high_vulnerabilities: 0, vulnerabilities: 5}")

    _, run = checked(bench.play(scenario([finding("V-1")], 9)), "team/app:1.0")

    assert rules_and_levels(run) == [
        ("hssgate.high_vulnerabilities", "error"), ("hssgate.vulnerabilities", "error"), ("V-1", "error"),
    ]  # fmt: skip


def test_a_finding_that_only_one_of_two_policies_ignores_is_not_suppressed(bench: Bench) -> None:
    """It blocks, and the message names the policy that it breaks."""
    policy(bench, "rules: {high_vulnerabilities: 0}", "org.yaml")
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: V-1, reason: ours}]", "repo.yaml")

    _, run = checked(
        bench.play(scenario([finding("V-1")])), "team/app:1.0", "--policy", "org.yaml", "--policy", "repo.yaml"
    )

    (result,) = run["results"]
    assert (result["level"], result["suppressions"]) == ("error", [])
    assert result["message"]["text"] == (
        "V-1 (high) in openssl 1.0 of team/app:1.0. Blocks: high_vulnerabilities: 1 found, at most 0 accepted [org.yaml]. "
        "Ignored: ours (repo.yaml)."
    )


def test_a_notice_names_its_cves(bench: Bench) -> None:
    """The CVEs that were looked up are listed."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]")

    _, run = checked(bench.play(scenario([finding("HCE-1", cves=["CVE-1", "CVE-2"])])), "team/app:1.0")

    assert run["results"][0]["properties"]["cves"] == ["CVE-1", "CVE-2"]


def test_a_rule_of_several_levels_has_the_most_severe(bench: Bench) -> None:
    """Its help has entries to paste for each of its packages."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    found = [finding("V-1", LOW, app="bash"), finding("V-1", MEDIUM, app="zlib")]

    _, run = checked(bench.play(scenario(found, 3)), "team/app:1.0")

    rule = next(rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "V-1")
    assert (rule["properties"]["security-severity"], rule["defaultConfiguration"]["level"]) == ("5.5", "warning")
    assert "package: 'bash'," in rule["help"]["text"]
    assert "package: 'zlib'," in rule["help"]["markdown"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("https://repo.example.com/cve/CVE-2024-1?a=b%20c#d", True, id="a page"),
        pytest.param("http://repo.example.com/", False, id="plain http"),
        pytest.param("javascript:alert(1)", False, id="a script"),
        pytest.param("https://user:pass@example.com/", False, id="with a password"),
        pytest.param("https://example.com/<x>", False, id="characters that need an escape"),
        pytest.param("https://example.com/%zz", False, id="a broken escape"),
        pytest.param("https://" + "x" * 600 + ".com", False, id="very long"),
        pytest.param("see the bulletin", False, id="no address"),
    ],
)
def test_only_an_address_to_follow_is_a_help_uri(bench: Bench, url: str, shown: bool) -> None:  # noqa: FBT001
    """An invalid URI breaks the whole report for its readers."""
    policy(bench, "rules: {high_vulnerabilities: 0}")

    _, run = checked(bench.play(scenario([{**finding("V-1"), "url": url}])), "team/app:1.0")

    assert run["tool"]["driver"]["rules"][0].get("helpUri") == (url if shown else None)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("hssgate.yaml", "hssgate.yaml"),
        ("./ci//a b%.yaml", "ci/a%20b%25.yaml"),
        ("策略.yaml", "%E7%AD%96%E7%95%A5.yaml"),
        ("a:b.yaml", "Dockerfile"),
        ("a\\b.yaml", "Dockerfile"),
        ("ci/../x.yaml", "Dockerfile"),
        ("/abs/x.yaml", "Dockerfile"),
        ("bi\u202edi.yaml", "Dockerfile"),
    ],
)
def test_a_rule_is_shown_at_its_policy_where_that_is_in_the_repository(bench: Bench, path: str, uri: str) -> None:
    """Otherwise it is shown at the Dockerfile, and never at a URL or outside of the repository."""
    place = bench.folder / path.removeprefix("/abs/")
    (bench.folder / "ci").mkdir()
    place.write_text("rules: {severity: Low}", encoding="utf-8")

    _, run = checked(
        bench.play(images(finished("severity_level: High"))), "team/app:1.0", "--policy",
        str(place) if path.startswith("/") else path,
    )  # fmt: skip

    (result,) = run["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_the_built_in_policy_is_no_file(bench: Bench) -> None:
    """Checks of the gate itself have no policy file either."""
    _, blocked = checked(bench.play(images(finished("severity_level: High"))), "team/app:1.0")
    _, timed_out = checked(bench.play(images(image(FOREVER))), "team/app:1.0", "--timeout", "0")

    for result in (*blocked["results"], *timed_out["results"]):
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Dockerfile"


def test_an_interrupted_run_does_not_look_like_a_pass(bench: Bench) -> None:
    """This is so even if each image had passed by then."""
    policy(bench, "rules: {severity: High}")
    bench.play(scenario([], more=', "faults": [{requests: 2-, call: any, status: 503, retry_after: 30}]'))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))

    ended, run = checked(bench, "team/app:1.0", "--findings", "always")

    assert (ended.code, ended.checks()) == (143, {"scan": "passed", "severity": "passed"})
    assert rules_and_levels(run) == [("hssgate.run", "error")]
    assert run["results"][0]["message"]["text"] == "The run failed: interrupted (SIGTERM)."
    assert "logicalLocations" not in run["results"][0]["locations"][0]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_report_that_could_not_be_written_is_a_result(bench: Bench) -> None:
    """The report that could be written lists it."""
    ended, run = checked(bench.play(images(finished())), "team/app:1.0", "--report", "json=/proc/nowhere/x.json")

    assert (ended.code, rules_and_levels(run)) == (3, [("hssgate.run", "error")])
    assert "/proc/nowhere/x.json could not be written" in run["results"][0]["message"]["text"]


def test_a_verdict_of_nothing_has_an_error() -> None:
    """Neither a run without images nor an image without checks looks clean."""
    nothing = Verdict((), (), (), 0, 0)
    unjudged = replace(nothing, images=(ImageVerdict(parse_reference("app:1.0"), ()),))

    assert rules_and_levels(run_of(render(nothing))) == [("hssgate.run", "error")]
    assert rules_and_levels(run_of(render(unjudged))) == [("hssgate.scan", "error")]


def test_warnings_are_notifications_of_which_some_are_shown(bench: Bench) -> None:
    """They are not results, because they keep no image from passing."""
    ended, run = checked(bench.play(images(finished())), "team/app:1.0")
    *_, notice = run["invocations"][0]["toolExecutionNotifications"]
    assert (notice["level"], notice["message"]["text"]) == ("warning", ended.report["warnings"][0])

    many = Verdict((), (), tuple(f"warning {number}" for number in range(500)), 0, 0)
    notices = run_of(render(many))["invocations"][0]["toolExecutionNotifications"]
    assert [notice["message"]["text"] for notice in notices][-2:] == [
        "warning 98",
        "And 401 more notifications, see the JSON report.",
    ]


@pytest.mark.parametrize(
    ("vul_num", "arguments", "words"),
    [
        pytest.param(4, [], "2 more findings than are listed here", id="a short list"),
        pytest.param(2, ["--findings", "never"], "2 more findings than are listed here", id="findings not read"),
        pytest.param(2, [], None, id="all of them"),
    ],
)
def test_findings_that_hss_counts_and_does_not_list_are_a_notification(
    bench: Bench, vul_num: int, arguments: list[str], words: str | None
) -> None:
    """The run is a success all the same, since each request of it was answered."""
    policy(bench, "rules: {severity: High}")

    ended, run = checked(bench.play(scenario([finding("V-1"), finding("V-2")], vul_num)), "team/app:1.0", *arguments)

    (invocation,) = run["invocations"]
    texts = [notice["message"]["text"] for notice in invocation["toolExecutionNotifications"]]
    assert (ended.code, invocation["executionSuccessful"]) == (0, True)
    assert [text for text in texts if "than are listed" in text] == (
        [f"team/app:1.0: HSS counts {words}"] if words else []
    )


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        pytest.param("severity: High", 0, id="for this report alone"),
        pytest.param("high_vulnerabilities: {limit: 9, action: warn}", 0, id="for a rule that warns"),
        pytest.param("high_vulnerabilities: 9", 3, id="for a rule that blocks"),
    ],
)
def test_a_run_whose_findings_could_not_be_read_is_no_success(bench: Bench, rules: str, code: int) -> None:
    """One notification of the level error has the reason."""
    policy(bench, f"rules: {{{rules}}}")
    refused = ', "faults": [{"requests": "2-", "call": "vulnerabilities", "status": 403}]'

    ended, run = checked(bench.play(scenario([finding("V-1")], more=refused)), "team/app:1.0")

    (invocation,) = run["invocations"]
    assert (ended.code, invocation["executionSuccessful"]) == (code, False)
    (error,) = [one["message"]["text"] for one in invocation["toolExecutionNotifications"] if one["level"] == "error"]
    assert "the findings could not be read: HTTP 403" in error


@pytest.mark.parametrize("name", [SCAN, FRESHNESS, RUN, *Rules.model_fields])
def test_every_rule_of_the_gate_is_described(name: str) -> None:
    """Its score is high enough for GitHub's own check to fail."""
    described = descriptor(OWN + name, [ReportEntry(Effect.BLOCKS, "x", OWN + name)])

    assert described["fullDescription"]["text"]
    assert float(described["properties"]["security-severity"]) >= 7.0
