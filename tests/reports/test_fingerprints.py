"""Tests of fingerprints, which stay the same from push to push and are unique in a run."""

import json
from pathlib import Path
from typing import Any

from tests.cli.test_check import DIGEST, finished, images
from tests.cli.test_findings import LOW, finding, policy, scenario
from tests.conftest import Bench
from tests.reports.test_sarif import MIXED, MIXED_POLICY, checked, fingerprint_of, run_of


def fingerprints(run: dict[str, Any]) -> set[str]:
    return {fingerprint_of(result) for result in run["results"]}


def by_message(run: dict[str, Any]) -> dict[str, str]:
    """Return the fingerprint of each result by its message."""
    found = {result["message"]["text"]: fingerprint_of(result) for result in run["results"]}
    assert len(found) == len(run["results"])
    return found


def test_fingerprints_stay_the_same_across_runs(bench: Bench) -> None:
    """They stay the same after another scan, with other counts, another tag, another order, and a wait."""
    policy(bench, MIXED_POLICY + "\noverrides: [{images: ['*'], rules: {severity: Low, scan_age: 30m}, reason: r}]")
    _, once = checked(bench.play(scenario(MIXED)), "team/app:1.0", "--timeout", "10m")
    again = [{**row, "version": "2.0", "position": "sha256:1", "solution": "wait"} for row in reversed(MIXED)]
    other = scenario(again, image_version="2.0", image_digest=DIGEST).replace('"-1h"', '"30s"')
    bench.clock.pass_time(7200)

    _, first = checked(bench.play(scenario(MIXED)), "team/app:1.0", "--timeout", "10m")
    _, then = checked(bench.play(other), f"team/app:2.0@{DIGEST}", "--timeout", "10m")

    assert fingerprints(once) == fingerprints(first)
    assert len(fingerprints(once)) == 7
    aged = {fingerprint_of(result) for result in once["results"] if result["ruleId"] == "hssgate.scan_age"}
    assert fingerprints(then) == fingerprints(once) - aged
    assert category(then) == category(once)
    assert then["automationDetails"]["id"] != once["automationDetails"]["id"]


def category(run: dict[str, Any]) -> str:
    """What GitHub takes for the same analysis."""
    return str(run["automationDetails"]["id"].rpartition("/")[0])


def test_fingerprints_and_categories_tell_images_apart(bench: Bench) -> None:
    """They differ by identifier, namespace, name, and by version if one run asks for several."""
    names = [
        {}, {"namespace": "prod"}, {"image_name": "web"}, {"image_version": '"2.0"'}, {"cicd_name": "test", "namespace": "t"},
    ]  # fmt: skip
    bench.play(images(*(finished("severity_level: High, malicious_file_num: 0", **name) for name in names)))
    asked = ["team/app:1.0", "prod/app:1.0", "team/web:1.0", "team/app:2.0"]

    _, together = checked(bench, *asked)
    _, reversed_ = checked(bench, *reversed(asked))
    alone = [checked(bench, one)[1] for one in asked[:3]]
    alone.append(checked(bench, "t/app:1.0", "--cicd-name", "test")[1])

    assert len(fingerprints(together)) == len(asked)
    assert by_message(together) == by_message(reversed_)
    assert category(together) == category(reversed_)
    assert (
        len(set.union(*map(fingerprints, alone)))
        == len({category(run) for run in (*alone, together)}) - 1
        == len(alone)
    )


def test_fingerprints_tell_groups_and_policies_apart(bench: Bench) -> None:
    """Each rule of each group under each policy has a fingerprint of its own."""
    policy(bench, "rules: {severity: Low}", "a.yaml")
    policy(bench, "rules: {severity: Medium}", "b.yaml")
    severe = "severity_level: High, malicious_file_num: 0"
    bench.play(images(finished(severe), finished(severe, namespace="prod")))

    _, both = checked(bench, "app:1.0", "--policy", "a.yaml", "--policy", "b.yaml")
    _, one = checked(bench, "app:1.0", "--policy", "a.yaml")
    bench.play(images(finished(severe, namespace="prod"), finished(severe)))
    _, reversed_ = checked(bench, "app:1.0", "--policy", "b.yaml", "--policy", "a.yaml")
    newer = {"image_version": '"2.0"'}
    bench.play(images(finished(severe, **newer), finished(severe, namespace="prod", **newer)))
    _, next_push = checked(bench, "app:2.0", "--policy", "a.yaml")

    assert len(fingerprints(both)) == 4
    assert by_message(both) == by_message(reversed_)
    assert len(fingerprints(one) & fingerprints(both)) == 2
    assert fingerprints(next_push) == fingerprints(one)
    assert "[a.yaml, shop: prod/app:1.0]" in "".join(result["message"]["text"] for result in both["results"])


def test_findings_of_different_groups_have_different_fingerprints(bench: Bench) -> None:
    """One finding is in two groups, and another is twice in the same package."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    document = json.loads(scenario([finding("V-1"), finding("V-1"), {**finding("V-1"), "app_path": "/x"}]))
    document["images"].append({**document["images"][0], "namespace": "prod", "findings": [finding("V-1", LOW)]})

    _, run = checked(bench.play(json.dumps(document)), "app:1.0")

    assert sorted(result["level"] for result in run["results"]) == ["error", "error", "error", "error", "note"]
    assert [result["ruleId"] for result in run["results"]] == [
        "hssgate.high_vulnerabilities", "V-1", "V-1", "V-1", "V-1",
    ]  # fmt: skip
    assert "[shop: prod/app:1.0]" in run["results"][0]["message"]["text"]


def test_equal_findings_have_different_fingerprints_in_any_order(bench: Bench) -> None:
    """The findings are versions of one package in one image, and one finding in two groups."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    alike = [{**finding("V-1"), "version": version} for version in ("1.0", "2.0", "3.0")]

    _, run = checked(bench.play(scenario(alike)), "team/app:1.0")
    _, reversed_ = checked(bench.play(scenario([*reversed(alike)])), "team/app:1.0")

    assert by_message(run) == by_message(reversed_)
    document = json.loads(scenario([finding("V-1")]))
    document["images"].append({**document["images"][0], "namespace": "prod"})
    _, groups = checked(bench.play(json.dumps(document)), "app:1.0")
    document["images"].reverse()
    _, reversed_ = checked(bench.play(json.dumps(document)), "app:1.0")
    assert by_message(groups) == by_message(reversed_)


def test_the_same_verdict_gives_the_same_report(bench: Bench) -> None:
    """Two saved reports of one image, judged together, list it twice with different fingerprints."""
    bench.play(images(finished("severity_level: High")))
    bench.check("team/app:1.0")
    Path("other.json").write_text(Path("report.json").read_text())

    for path in ("a.sarif", "b.sarif"):
        bench.run("judge", "report.json", "other.json", "--report", f"sarif={path}")

    assert Path("a.sarif").read_text() == Path("b.sarif").read_text()
    assert len(run_of(Path("a.sarif").read_text())["results"]) == 4
