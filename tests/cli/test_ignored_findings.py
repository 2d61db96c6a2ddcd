"""Findings that a policy ignores: by id or by all CVEs, until a day, and as reports list them."""

import pytest

from hssgate.policy.load import load_policy
from tests.cli.test_findings import LOW, MEDIUM, TODAY, TOMORROW, YESTERDAY, calls, finding, policy, scenario
from tests.conftest import Bench
from tests.support.fakes import START


@pytest.mark.parametrize(
    ("entry", "ignored"),
    [
        pytest.param("vulnerability: CVE-2024-1", False, id="a part of the id is not the id"),
        pytest.param("vulnerability: CVE-2024-12345", True, id="the id"),
        pytest.param("vulnerability: ' cve-2024-12345 '", True, id="another case, and blanks around it"),
        pytest.param("vulnerability: CVE-2024-*", True, id="a glob"),
        pytest.param("vulnerability: 'CVE-2024-1234?'", True, id="a glob of one character"),
        pytest.param("vulnerability: '*'", True, id="everything"),
        pytest.param("vulnerability: CVE-2024-12345, package: openssl", True, id="with its package"),
        pytest.param("vulnerability: CVE-2024-12345, package: open*", True, id="with a glob on its package"),
        pytest.param("vulnerability: CVE-2024-12345, package: ssl", False, id="with a part of its package"),
        pytest.param("vulnerability: CVE-2024-12345, package: zlib", False, id="with another package"),
        pytest.param("vulnerability: CVE-2024-12345, images: ['team/*']", True, id="for its image"),
        pytest.param("vulnerability: CVE-2024-12345, images: ['prod/*']", False, id="for another image"),
        pytest.param(f"vulnerability: CVE-2024-12345, expires: {TOMORROW}", True, id="ends tomorrow"),
        pytest.param(f"vulnerability: CVE-2024-12345, expires: {TODAY}", True, id="valid through its day"),
        pytest.param(f"vulnerability: CVE-2024-12345, expires: {YESTERDAY}", False, id="ended yesterday"),
    ],
)
def test_exceptions_are_exact(bench: Bench, entry: str, ignored: bool) -> None:  # noqa: FBT001
    """By id or glob, package, image and day."""
    policy(bench, f"rules: {{high_vulnerabilities: 0}}\nignore:\n  - {{{entry}, reason: not reachable}}")

    ended = bench.play(scenario([finding("CVE-2024-12345")])).check("team/app:1.0")

    assert ended.code == (0 if ignored else 10)
    (listed,) = ended.report["images"][0]["findings"]
    assert listed["ignored_by"] == ([{"policy": "hssgate.yaml", "reason": "not reachable"}] if ignored else [])


@pytest.mark.parametrize(
    ("cves", "warning"),
    [
        pytest.param(["CVE-1", "CVE-2"], "fits some CVEs of a finding, which counts until entries fit all of them", id="one of two"),
        pytest.param(["CVE-3", "CVE-2"], "fits no finding of this run; check it, or take it out", id="none"),
        pytest.param(["CVE-1"], None, id="the only one"),
    ],
)  # fmt: skip
def test_an_entry_for_some_cves_of_a_finding_is_not_called_one_that_fits_none(
    bench: Bench, cves: list[str], warning: str | None
) -> None:
    """Whoever takes it out would have to write it again with the others."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: CVE-1, reason: r}]")

    ended = bench.play(scenario([finding("HCE-1", cves=cves)])).check("team/app:1.0")

    named = [line.partition(" (r) ")[2] for line in ended.report["warnings"] if "the ignore entry" in line]
    assert named == ([warning] if warning else [])
    assert bench.run("judge", "report.json").code == ended.code


@pytest.mark.parametrize(
    ("entries", "cves", "code", "asked"),
    [
        pytest.param(["CVE-1"], ["CVE-1"], 0, 1, id="its only CVE"),
        pytest.param(["CVE-1"], ["CVE-1", "CVE-2"], 10, 1, id="one of two"),
        pytest.param(["CVE-1", "CVE-2"], ["CVE-1", "CVE-2"], 0, 1, id="both"),
        pytest.param(["CVE-*"], ["CVE-1", "CVE-2"], 0, 1, id="both by a glob"),
        pytest.param(["CVE-1"], ["CVE-12345"], 10, 1, id="a longer CVE"),
        pytest.param(["CVE-1"], [], 10, 1, id="a notice without CVEs"),
        pytest.param(["HCE-1"], ["CVE-1"], 0, 0, id="the notice itself: nothing to look up"),
        pytest.param(["OTHER-1"], ["CVE-1"], 10, 0, id="no CVE named: nothing to look up"),
    ],
)
def test_a_notice_is_ignored_by_all_of_its_cves(
    bench: Bench, entries: list[str], cves: list[str], code: int, asked: int
) -> None:
    """Its CVEs are asked for only where an entry names one that is no finding's own id."""
    ignore = "".join(f"\n  - {{vulnerability: '{entry}', reason: r}}" for entry in entries)
    policy(bench, f"rules: {{high_vulnerabilities: 0}}\nignore:{ignore}")

    ended = bench.play(scenario([finding("HCE-1", cves=cves), finding("HCE-1", app="libssl", cves=cves)])).check(
        "team/app:1.0", "--findings", "never"
    )

    assert ended.code == code
    assert calls(bench, "/cve") == asked
    if asked:
        assert ended.report["images"][0]["findings"][0]["cves"] == cves


def test_each_policy_has_its_own_exceptions(bench: Bench) -> None:
    """What the repository ignores still counts for its organisation."""
    policy(bench, "rules: {high_vulnerabilities: 0}", "org.yaml")
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: V-1, reason: ours}]", "repo.yaml")
    bench.play(scenario([finding("V-1")]))

    assert bench.check("team/app:1.0", "--policy", "repo.yaml").code == 0
    ended = bench.check("team/app:1.0", "--policy", "org.yaml", "--policy", "repo.yaml")
    assert ended.code == 10
    assert [check["result"] for check in ended.report["images"][0]["checks"]] == ["passed", "failed", "passed"]


def test_unused_and_ended_exceptions_are_named(bench: Bench) -> None:
    """As warnings with their lines, ids and reasons."""
    policy(
        bench,
        "rules: {high_vulnerabilities: 0}\n"
        "ignore:\n"
        "  - {vulnerability: V-1, reason: used}\n"
        "  - {vulnerability: V-9, reason: unused}\n"
        f"  - {{vulnerability: V-1, reason: over, expires: {YESTERDAY}}}\n"
        f"  - {{vulnerability: V-8, reason: soon, expires: {TOMORROW}}}\n",
    )

    warnings = bench.play(scenario([finding("V-1")])).check("team/app:1.0", "--scanned-after", "2h").report["warnings"]

    assert warnings == [
        f"hssgate.yaml:5: the ignore entry for V-1 (over) ended on {YESTERDAY} and has no effect any more",
        f"hssgate.yaml:6: the ignore entry for V-8 (soon) ends after {TOMORROW}",
        "hssgate.yaml:4: the ignore entry for V-9 (unused) fits no finding of this run; check it, or take it out",
        "hssgate.yaml:6: the ignore entry for V-8 (soon) fits no finding of this run; check it, or take it out",
        (
            "an image without a digest passed by --scanned-after, and a scan time does not prove which push was scanned; "
            "pass its digest (…@sha256:…), --metadata-file or --resolve"
        ),
    ]


def test_what_blocks_is_listed_with_entries_to_paste(bench: Bench) -> None:
    """Worst first, in console and JUnit; the entries make a valid policy under which the image passes."""
    policy(bench, "rules: {high_vulnerabilities: 0, medium_vulnerabilities: 0}")
    found = [finding("V-3", MEDIUM), finding("V-*[1]'", app="it's"), finding("V-2"), finding("V-9", LOW)]

    ended = bench.play(scenario(found)).check("team/app:1.0")

    assert ended.code == 10
    assert [listed["level"] for listed in ended.report["images"][0]["findings"]] == ["high", "high", "medium", "low"]
    body = next(
        result for case in next(iter(ended.junit)) for result in case.result if case.name == "high_vulnerabilities"
    ).text
    assert body.splitlines()[:2] == [
        "team/app:1.0: high_vulnerabilities: 2 found, at most 0 accepted",
        "high    V-*[1]'  it's 1.0",
    ]
    entries = ended.out.partition("in the policy:\n")[2].partition("\nhssgate: ")[0]
    policy(bench, "rules: {high_vulnerabilities: 0, medium_vulnerabilities: 0}\n" + entries)
    assert len(load_policy(bench.folder / "hssgate.yaml", START).policy.ignore) == 3
    assert bench.check("team/app:1.0").code == 0


def test_what_is_ignored_is_listed_with_its_reason_in_every_report(bench: Bench) -> None:
    """Console, JUnit and JSON; of very many the console shows some."""
    policy(bench, "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: 'V-*', reason: not reachable}]")

    ended = bench.play(scenario([finding(f"V-{number:02d}") for number in range(30)])).check("team/app:1.0")

    assert ended.code == 0
    assert "  ignored  high    V-00  openssl 1.0 (not reachable, hssgate.yaml)" in ended.out
    assert "  ignored  and 20 more, see the reports" in ended.out
    (scan, *_) = next(iter(ended.junit))
    assert scan.system_out.count("ignored: high    V-") == 30
    assert all(listed["ignored_by"][0]["reason"] == "not reachable" for listed in ended.report["images"][0]["findings"])


@pytest.mark.parametrize(
    ("ignored", "listed", "code"),
    [
        pytest.param(["CVE-2024-1"], [finding("HCE-1", cves=["CVE-2024-1"]), finding("CVE-2024-1")], 0, id="listed by its own id as well"),
        pytest.param(["CVE-2024-1"], [finding("HCE-1", cves=["CVE-2024-2"]), finding("CVE-2024-1")], 10, id="a notice about another"),
        pytest.param(["CVE-2024-1", "CVE-2024-2"], [finding("CVE-2024-1,CVE-2024-2", cves=["CVE-2024-1", "CVE-2024-2"])], 0, id="both of a notice that is named after them"),
        pytest.param(["CVE-2024-1"], [finding("CVE-2024-1,CVE-2024-2", cves=["CVE-2024-1", "CVE-2024-2"])], 10, id="one of them"),
        pytest.param(["CVE-2024-1"], [finding("CVE-2024-1,CVE-2024-2", cves=["CVE-2024-1"])], 10, id="the only one of them that HSS lists"),
        pytest.param(["CVE-2024-2"], [finding("CVE-2024-1", cves=["CVE-2024-2"])], 10, id="the one that HSS lists for another"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "more",
    [
        pytest.param("", id="alone"),
        pytest.param("deny: [{vulnerability: CVE-2024-9, reason: r}]", id="where deny reads CVEs"),
        pytest.param("grace: {low: 1d}", id="where grace reads CVEs"),
    ],
)
def test_an_ignored_cve_is_ignored_whatever_else_reads_cves(
    bench: Bench, more: str, ignored: list[str], listed: list[dict[str, object]], code: int
) -> None:
    """In notices about it as well, and when the report is judged again, which has the CVEs read after a block."""
    entries = ", ".join(f"{{vulnerability: {one}, reason: r}}" for one in ignored)
    policy(bench, f"rules: {{high_vulnerabilities: 0}}\nignore: [{entries}]\n{more}")

    ended = bench.play(scenario(listed)).check("team/app:1.0")

    assert ended.code == code
    assert bench.run("judge", "report.json").code == code
