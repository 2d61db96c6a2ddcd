"""A block explains itself: which rules block, what is behind them, what lifts them, entries to paste, whom to ask."""

import html
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from hssgate.exit_codes import ExitCode
from hssgate.reports.json import schema
from hssgate.reports.language import Language, written_in
from hssgate.reports.wording import read_on
from tests.cli.test_block_details import SCORED, blocked, image
from tests.cli.test_findings import HIGH, LOW, MEDIUM, finding, policy, scenario
from tests.conftest import Bench, Ended
from tests.support.markdown_pages import anchors_of

PROJECT = Path(__file__).parents[2]
SEVERE = "rules: {severity: Medium}"
CONTACT = '"#security on chat, https://wiki.example/hss"'
REPORTS = {
    "junit": "junit.xml", "json": "report.json", "markdown": "report.md", "html": "report.html", "sarif": "report.sarif",
    "codequality": "quality.json",
}  # fmt: skip
IN_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary"}


def checked(bench: Bench, *arguments: str, **env: str) -> Ended:
    given = [part for name, path in REPORTS.items() for part in ("--report", f"{name}={path}")]
    return bench.check("team/app:1.0", *given, *arguments, env={"HSSGATE_TOKEN": "emulator-token"} | env, reports=False)


def pasted(out: str) -> str:
    """The entries that the console offers, up to its last line."""
    lines = out.splitlines()
    first = next(number for number, line in enumerate(lines) if line in {"overrides:", "ignore:"})
    return "\n".join(lines[first:-1])


def text_of(path: str) -> str:
    """What a report shows, without markup and without what Markdown escapes."""
    return re.sub(r"<[^>]*>|[\\`]|&#\d+;|\u200b", "", Path(path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*REPORTS.values(), "stdout", "summary"])
def test_every_output_shows_what_is_behind_a_block(bench: Bench, path: str) -> None:
    """Id, CVE, score, package with its version, and the file of the sensitive finding."""
    policy(bench, SEVERE)
    found = [
        finding("SA-1", HIGH) | {"solution": "Update to 1.1", "cves": [{"cve_id": "CVE-2024-1", "cvss_score": 9.8}]},
        finding("SA-2", LOW),
    ]

    ended = checked(bench.play(blocked(found)), **IN_GITHUB)

    shown = ended.out if path == "stdout" else text_of(path)
    parts = ["SA-1", "CVE-2024-1", "9.8", "openssl", "Update to 1.1"]
    if path not in {"quality.json", "report.sarif"}:  # these have one entry for a rule, with its worst finding
        parts += ["SA-2", "/app/.env", "no empty password"]
    assert [part for part in parts if part not in shown] == []


@pytest.mark.parametrize("path", ["junit.xml", "report.md", "report.html", "stdout"])
def test_every_advice_names_where_to_read_on(bench: Bench, path: str) -> None:
    """It is the same section and the same command everywhere, as a link in HTML."""
    policy(bench, SEVERE)

    ended = checked(bench.play(blocked([finding("SA-1", HIGH)])))

    shown = ended.out if path == "stdout" else text_of(path).replace("&quot;", '"')
    page = "https://github.com/hssgate/hssgate/blob/main/docs/troubleshooting.md#exit-code-10"
    assert page in shown
    assert "and hssgate policy explain IMAGE" in re.sub(r"`|</?code>", "", shown)


@pytest.mark.parametrize("rules", [SEVERE, "rules: {vulnerabilities: 0, unsafe_settings: 0}"])
def test_the_body_of_a_failure_lists_findings_before_files_and_checks(bench: Bench, rules: str) -> None:
    """A reader that shows a few lines shows the worst finding; baseline checks stand with their own rule."""
    policy(bench, rules)

    ended = checked(bench.play(blocked([finding("SA-1", HIGH)])))

    by_name = {
        case.name: case.result[0].text.splitlines() for suite in ended.junit for case in suite if case.is_failure
    }
    first = by_name.get("severity") or by_name["vulnerabilities"]
    listed = [line for line in first if "SA-1  " in line or "sensitive_file" in line or "baseline_breach" in line]
    assert "SA-1" in first[1]
    assert len(listed) == (3 if "severity" in by_name else 1)
    if "unsafe_settings" in by_name:
        assert by_name["unsafe_settings"][1].startswith("baseline_breach")


def test_names_in_the_advice_of_markdown_are_code(bench: Bench) -> None:
    """They are not shown with their backticks."""
    policy(bench, SEVERE)

    checked(bench.play(blocked([finding("SA-1", HIGH)])))

    assert "; `severity` is HSS's own verdict" in Path("report.md").read_text(encoding="utf-8")
    assert "\\`" not in Path("report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["junit.xml", "report.json", "report.md", "report.html", "stdout"])
def test_the_contact_of_the_policy_is_shown_with_a_block(bench: Bench, path: str) -> None:
    """And not with a pass."""
    policy(bench, f"contact: {CONTACT}\n{SEVERE}")
    ended = checked(bench.play(blocked()))
    assert "#security on chat" in (ended.out if path == "stdout" else text_of(path))

    policy(bench, f"contact: {CONTACT}\nrules: {{severity: High}}")
    ended = checked(bench.play(blocked()))
    assert ended.code == 0
    if path not in {"report.json", "junit.xml"}:  # the former names it beside the policy
        assert "#security on chat" not in (ended.out if path == "stdout" else text_of(path))


@pytest.mark.parametrize("contact", ["5", '""', '" "', "[a]", "null", f'"{"x" * 501}"'])
def test_a_contact_is_a_text_that_shows_something(bench: Bench, contact: str) -> None:
    """Anything else is misuse."""
    policy(bench, f"contact: {contact}\n{SEVERE}")

    ended = bench.play(blocked()).check("team/app:1.0")

    assert (ended.code, "contact" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(SEVERE, "`severity` is HSS's own verdict; ignoring findings does not change it: override it or use `high_vulnerabilities`", id="severity"),
        pytest.param("rules: {vulnerabilities: 0}", "accept findings with `ignore` entries", id="vulnerabilities"),
        pytest.param("rules: {high_vulnerabilities: 0}", "accept findings with `ignore` entries", id="of a level"),
        pytest.param("rules: {unsafe_settings: 0}", "override the rule for this image", id="unsafe settings"),
        pytest.param("rules: {malicious_files: 0}", "take the files out of the image", id="malicious files"),
        pytest.param("rules: {scan_age: 1m}", "scan the image again", id="age"),
    ],
)  # fmt: skip
def test_each_rule_says_what_lifts_it(bench: Bench, rules: str, said: str) -> None:
    """On the console, in JUnit and in the JSON report."""
    policy(bench, rules)

    ended = bench.play(blocked()).check("team/app:1.0")

    assert ended.code == 10
    (rule,) = image(ended)["explanation"]["rules"]
    assert said in rule["remedy"]
    assert said in ended.out
    bodies = [result.text for case in next(iter(ended.junit)) for result in case.result]
    assert any(said in body for body in bodies)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param("severity: Medium", id="severity"),
        pytest.param("severity: Low, unsafe_settings: 0", id="severity and settings"),
        pytest.param("vulnerabilities: 0", id="all findings"),
        pytest.param("high_vulnerabilities: 0, low_vulnerabilities: 0", id="findings by level"),
        pytest.param("severity: Medium, vulnerabilities: 1, unsafe_settings: 0", id="all of them"),
    ],
)
@pytest.mark.parametrize("namespace", ["team", "team/sub", ""])
def test_with_the_entries_pasted_the_image_passes(bench: Bench, rules: str, namespace: str) -> None:
    """A person has only the reason to write."""
    policy(bench, f"rules: {{{rules}}}")
    given = json.loads(blocked())
    given["images"][0]["namespace"] = namespace
    bench.play(json.dumps(given))
    ended = bench.check("app:1.0")
    assert ended.code == 10
    entries = image(ended)["explanation"]["entries"]

    policy(bench, f"rules: {{{rules}}}\n{pasted(ended.out)}")
    assert bench.check("app:1.0").code == 0

    policy(bench, f"rules: {{{rules}}}\n{entries}")
    assert bench.check("app:1.0").code == 0
    assert set(yaml.safe_load(entries)) <= {"overrides", "ignore"}


@pytest.mark.parametrize(
    ("rules", "is_offered"),
    [
        pytest.param("rules: {high_vulnerabilities: 0}", True, id="by level"),
        pytest.param("rules: {cvss: 9.9}", True, id="by score"),
        pytest.param("rules: {severity: High}\ndeny: [{vulnerability: NO-1, reason: r}]", True, id="denied"),
        pytest.param("rules: {vulnerabilities: 1}\nignore: [{vulnerability: NO-1, reason: r}]", False, id="the number of HSS itself"),
    ],
)  # fmt: skip
def test_what_is_not_listed_is_lifted_by_a_line_of_the_policy(bench: Bench, rules: str, is_offered: bool) -> None:  # noqa: FBT001
    """No entry names it; the line is offered only where it helps."""
    listed = finding("SA-1", LOW) | {"cves": [{"cve_id": "CVE-2024-1", "cvss_score": 5.0}]}
    bench.play(scenario([listed], 3))
    policy(bench, rules)
    ended = bench.check("team/app:1.0")

    policy(bench, f"{rules}\nunlisted: warn")
    code = bench.check("team/app:1.0").code

    offered = "write `unlisted: warn` into the policy" in ended.out
    assert (ended.code, offered, code) == (10, is_offered, 0 if is_offered else 10)


def test_no_entry_lets_a_malicious_file_pass(bench: Bench) -> None:
    """It is to be taken out."""
    policy(bench, "rules: {malicious_files: 0}")

    ended = bench.play(blocked()).check("team/app:1.0")

    assert image(ended)["explanation"]["entries"] == ""
    assert "/tmp/xmrig" in ended.out  # noqa: S108 - in an image


@pytest.mark.parametrize("namespace", ["te*m", "te'am", "a.b/c.d/e"])
def test_an_image_that_no_glob_names_has_no_override_to_paste(bench: Bench, namespace: str) -> None:
    """The rest of the explanation is there."""
    policy(bench, SEVERE)
    given = json.loads(blocked())
    given["images"][0]["namespace"] = namespace

    ended = bench.play(json.dumps(given)).check("app:1.0")

    assert ended.code == 10
    assert image(ended)["explanation"]["entries"] == ""
    assert "what to do:" in ended.out


def test_each_group_of_rows_has_its_own_causes(bench: Bench) -> None:
    """Findings of one do not explain the block of another."""
    policy(bench, "rules: {high_vulnerabilities: 0, severity: Medium}")
    given = json.loads(blocked([finding("SA-1")]))
    other = json.loads(scenario([finding("SA-9", LOW)]))["images"][0] | {"namespace": "prod"}
    other["timeline"][0]["severity_level"] = "Low"
    given["images"].append(other)

    found = image(bench.play(json.dumps(given)).check("app:1.0"))

    assert {(rule["name"], rule["findings"]) for rule in found["explanation"]["rules"]} == {
        ("severity (shop: team/app:1.0)", 1), ("high_vulnerabilities (shop: team/app:1.0)", 1),
    }  # fmt: skip
    assert "prod/app" not in found["explanation"]["entries"]


def test_the_report_has_an_explanation_of_each_block(bench: Bench) -> None:
    """It follows its schema; a pass has none, and no error has one."""
    policy(bench, f"contact: {CONTACT}\n{SEVERE}")

    report = bench.play(blocked()).check("team/app:1.0").report

    jsonschema.validate(report, schema())
    explanation: dict[str, Any] = report["images"][0]["explanation"]
    assert explanation["rules"][0] | {"remedy": ""} == {
        "name": "severity", "message": "severity: High found, at most Medium accepted", "findings": 2, "details": 3,
        "remedy": "",
    }  # fmt: skip
    assert explanation["contacts"] == ["#security on chat, https://wiki.example/hss"]
    assert report["policies"][0]["contact"] == "#security on chat, https://wiki.example/hss"

    policy(bench, "rules: {severity: High}")
    assert image(bench.check("team/app:1.0"))["explanation"] is None


def test_a_saved_report_is_explained_in_the_same_way(bench: Bench) -> None:
    """Under the policy of today, with its contact; one made with the built-in policy, too."""
    first = bench.play(blocked()).check("team/app:1.0")
    policy(bench, f"contact: {CONTACT}\n{SEVERE}", "new.yaml")

    again = bench.run("judge", "report.json", "--policy", "new.yaml", "--report", "json=again.json")

    assert (first.code, again.code) == (10, 10)
    now = json.loads(Path("again.json").read_text())["images"][0]["explanation"]
    then = image(first)["explanation"]
    assert then["rules"][0]["name"] == "severity"
    assert now["rules"] == then["rules"][:1]
    assert now["contacts"] == ["#security on chat, https://wiki.example/hss"]
    assert "finding  high    SA-1 (CVE-2024-1)  CVSS 9.8  openssl 1.0  (published 2024-06-27)" in again.out
    changed = first.report
    changed["images"][0]["explanation"]["contacts"] = ["#other"]
    Path("changed.json").write_text(json.dumps(changed))
    assert bench.run("judge", "changed.json").code == 2


def test_ten_findings_are_on_the_console_and_all_in_the_report(bench: Bench) -> None:
    """The worst first, and how many there are beyond them."""
    policy(bench, SEVERE)
    listed = [finding(f"SA-{number:02}", MEDIUM) for number in range(30)]

    ended = bench.play(blocked([*listed, finding("ZZ")])).check("team/app:1.0")

    shown = [line.split()[2] for line in ended.out.splitlines() if line.startswith("  finding  ")]
    assert shown == ["ZZ", *(f"SA-{number:02}" for number in range(9)), "21"]
    assert "and 21 more, see the reports" in ended.out
    assert len(image(ended)["findings"]) == 31


def test_a_quiet_run_keeps_the_failed_checks(bench: Bench) -> None:
    """Policy, failed checks and verdict."""
    policy(bench, SEVERE)

    ended = bench.play(blocked()).check("team/app:1.0", "-q")

    assert ended.out.splitlines()[1:] == [
        "team/app:1.0: severity: High found, at most Medium accepted",
        "hssgate: BLOCKED (1 image blocked), exit code 10: team/app:1.0",
    ]


@pytest.mark.parametrize("columns", [20, 60, 100])
def test_lines_fit_the_terminal(bench: Bench, columns: int) -> None:
    """All but entries to paste, and words that are longer than the line."""
    from hssgate.cli.console import Console

    policy(bench, SEVERE)
    bench.monkeypatch.setattr(Console, "result_width", columns)

    ended = bench.play(blocked()).check("team/app:1.0")

    lines = ended.out.splitlines()
    shown = lines[2 : lines.index("overrides:")]
    assert any(line.startswith("           ") for line in shown) or columns == 100
    room = max(columns, 40)
    assert [line for line in shown[1:] if len(line) > room and len(line.split()) > 3] == []


def test_markdown_and_html_link_cves_to_their_public_records(bench: Bench) -> None:
    """The notice's CVEs, and an id that is one itself; nothing that only resembles one."""
    policy(bench, "rules: {vulnerabilities: 0}")
    found = [finding("SA-1", cves=["CVE-2024-1000", "CVE-2024-1001x"]), finding("CVE-2024-2000")]

    checked(bench.play(blocked(found)))

    for path, link in {"report.md": "](https://www.cve.org/CVERecord?id={})", "report.html": '?id={}" '}.items():
        text = Path(path).read_text(encoding="utf-8")
        assert text.count(link.format("CVE-2024-1000")) == 1
        assert text.count(link.format("CVE-2024-2000")) == 1
        assert text.count("/CVERecord") == 2
    markdown = Path("report.md").read_text(encoding="utf-8")
    assert "`SA-1` [CVE-2024-1000](https://www.cve.org/CVERecord?id=CVE-2024-1000), CVE-2024-1001x |" in markdown


def test_html_shows_the_due_date_and_the_reasons_of_entries(bench: Bench) -> None:
    """Of grace, `deny` and `ignore`; of files and baseline checks as well, with the number that an entry names."""
    policy(
        bench,
        "rules: {vulnerabilities: 0, baseline: 0, sensitive_files: 0}\ngrace: {high: 30d}\n"
        "deny: [{vulnerability: SA-2, reason: never here}]\n"
        "ignore: [{check_rule: '1.2', reason: set at run time}, {vulnerability: SA-3, reason: not reachable}]",
    )
    found = [
        finding("SA-1") | {"cves": [SCORED | {"cvss_score": 8.0, "publish_time": 1_789_000_000_000}]},
        finding("SA-2", LOW),
        finding("SA-3"),
    ]

    ended = checked(bench.play(blocked(found)))

    assert ended.code == 10
    shown = text_of("report.html")
    parts = ["due 2026-10-10", "denied: never here (hssgate.yaml)", "ignored: not reachable (hssgate.yaml)"]
    parts += ["ignored: set at run time (hssgate.yaml)", "no empty password 1.2"]
    assert [part for part in parts if part not in shown] == []


def test_entries_for_files_and_checks_are_offered_beside_those_for_many_findings(bench: Bench) -> None:
    """Five are shown; the findings come first, and the others are not crowded out."""
    policy(bench, "rules: {vulnerabilities: 0, baseline: 0, sensitive_files: 0}")

    ended = checked(bench.play(blocked([finding(f"SA-{number}") for number in range(20)])))

    entries = [line for line in pasted(ended.out).splitlines() if line.startswith("  ")]
    assert [line.split(":")[0] for line in entries] == [
        "  - {vulnerability", "  - {vulnerability", "  - {vulnerability", "  - {check_rule", "  - {file", "  # and 17 more",
    ]  # fmt: skip


@pytest.mark.parametrize("language", Language)
def test_the_documentation_has_a_section_on_each_exit_code(language: Language) -> None:
    """Reports name it as the address of a page, and an anchor in it."""
    with written_in(language):
        places = {code: read_on(code) for code in ExitCode}

    for code, place in places.items():
        page, _, anchor = place.removeprefix("https://github.com/hssgate/hssgate/blob/main/").partition("#")
        assert anchor == f"exit-code-{int(code)}"
        assert anchor in anchors_of((PROJECT / page).read_text(encoding="utf-8"))
        assert ("/zh/" in page) is (language is Language.CHINESE)


@pytest.mark.parametrize("path", ["junit.xml", "report.md", "report.html", "stdout"])
def test_an_error_names_where_its_exit_code_is_explained(bench: Bench, path: str) -> None:
    """A pass names nothing, for there is nothing to do."""
    ended = checked(bench.play(json.dumps({"images": []})), "--timeout", "0")

    assert ended.code == 4
    assert "docs/troubleshooting.md#exit-code-4" in (ended.out if path == "stdout" else text_of(path))

    policy(bench, "rules: {severity: High}")
    ended = checked(bench.play(blocked()))
    assert ended.code == 0
    assert "troubleshooting" not in (ended.out if path == "stdout" else text_of(path))


@pytest.mark.parametrize("path", ["stdout", "junit.xml", "report.md", "report.json"])
def test_what_one_policy_ignores_is_shown_where_it_breaks_another(bench: Bench, path: str) -> None:
    """A finding, a file and a baseline check that block by the second policy are behind its rules, in every output."""
    (bench.folder / "org.yaml").write_text(
        "rules: {severity: High}\nignore:\n  - {vulnerability: SA-1, reason: r}\n  - {file: /app/.env, reason: r}\n"
        "  - {check_rule: '1.2', reason: r}\n"
    )
    (bench.folder / "repo.yaml").write_text("rules: {vulnerabilities: 0, sensitive_files: 0, baseline: 0}")

    ended = checked(bench.play(blocked([finding("SA-1", HIGH)])), "--policy", "org.yaml", "--policy", "repo.yaml")

    assert ended.code == 10
    if path == "report.json":
        rules = image(ended)["explanation"]["rules"]
        assert [(one["findings"], one["details"]) for one in rules] == [(1, 0), (0, 1), (0, 1)]
    else:
        shown = ended.out if path == "stdout" else text_of(path).partition("Findings ignored")[0]
        lines = [line for line in shown.splitlines() if "(r, org.yaml)" not in line]
        assert [name for name in ("SA-1", "/app/.env", "1.2") if not any(name in line for line in lines)] == []
    text = ended.out if path == "stdout" else Path(path).read_text()
    assert "vulnerability: 'SA-1'" in html.unescape(text)


def test_severity_shows_what_its_own_policy_does_not_ignore(bench: Bench) -> None:
    """An entry of another policy does not take a finding from behind it."""
    (bench.folder / "org.yaml").write_text("rules: {severity: High}\nignore: [{vulnerability: SA-1, reason: r}]")
    (bench.folder / "repo.yaml").write_text("rules: {severity: Low}\nignore: [{vulnerability: SA-2, reason: r}]")
    found = [finding("SA-1", HIGH), finding("SA-2", HIGH)]

    ended = checked(bench.play(blocked(found)), "--policy", "org.yaml", "--policy", "repo.yaml")

    (suite,) = ended.junit
    (body,) = [case.result[0].text for case in suite if case.is_failure]
    assert [name for name in ("SA-1  ", "SA-2  ") if name in body] == ["SA-1  "]
