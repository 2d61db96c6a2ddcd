"""`--lang`: what people read after a run in another language; machine-readable formats stay English."""

import ast
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

import hssgate
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import DetailKind
from hssgate.judging import run_warnings
from hssgate.judging.scan_failures import DOCUMENTED, OF_REGISTRY_IMAGES, OF_STATUSES
from hssgate.policy.rule_table import RULES
from hssgate.policy.search import NAMES_IN_WORDS
from hssgate.reports import html_baseline, html_findings, html_image, image_facts, markdown_findings
from hssgate.reports.chinese import MESSAGES, TEXTS
from hssgate.reports.chinese_errors import ERRORS
from hssgate.reports.findings import Effect
from hssgate.reports.language import Language, translate_message, written_in
from hssgate.reports.wording import UNWRITTEN
from hssgate.verdict import Outcome, Result
from tests.cli.test_check import OUTCOMES, finished, image, images
from tests.conftest import KEY, Bench

PACKAGE = Path(hssgate.__file__).parent
PLACEHOLDER = re.compile(r"\{\w+\}")
CJK = re.compile("[\u4e00-\u9fff]")
# Modules whose sentences stand in a verdict.
SPEAKERS = [
    "judging/scan.py", "judging/hints.py", "judging/rivals.py", "judging/run_warnings.py", "judging/block_details.py",
    "policy/judge.py", "policy/judge_details.py", "policy/judge_findings.py", "policy/judge_deny.py", "policy/checks.py",
    "policy/weigh.py", "policy/entry_warnings.py", "waiting/observation.py", "waiting/image.py",
    "waiting/server_clock.py", "proof.py", "reference.py", "hss/refusals.py", "hss/failures.py", "hss/responses.py",
    "hss/paging.py", "hss/page_reader.py", "hss/client.py", "hss/auth/sts.py", "hss/auth/password.py",
    "hss/auth/federation.py", "hss/auth/metadata.py", "hss/auth/projects.py",
]  # fmt: skip
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
# Parts of sentences that `test_whole_sentences_are_translated` has as a whole, and what only progress shows.
PARTS = {
    "did you mean", "no row has this image name", "no row has this name and version",
    "If the digest asked for is that of an index, HSS may know the image by its manifest or configuration",
    ", and --metadata-file names those of a build for one platform", "x: --resolve asks the registry for thesex",
    "vulnerabilities, high_vulnerabilities and malicious_files", "in grace", "out of grace", "known and gone", "x above", "have ended",
    "end soon", "fit no finding of this run", "fit some CVEs of a finding", "x: and x more that x", "(request id x)", "another digest",
    "no digest yet", "the scan status x is", "more scan statuses are", "x (through the proxy x)",
    "the proxy before x", "the proxy x before x", "nested too deep", "it has rows and the error code x",
    "neither data_list nor total_num is there", "data_list is no list", ", counted against the image",
    "the machine's metadata service", "x: unreadable answer: it is not a token", "x: x, which does not pass; x",
    "without a readable reason", "x within xs", "no complete response from x", "x, or raise --request-timeout",
    "the proxy x gave no connection to x", "x; x need none", "the x entry for xx (x)",
    (
        "x: check the name and --cicd-name, that the scan step runs in the pipeline, and --enterprise-project-id "
        "(all_granted_eps looks into every enterprise project)"
    ),
}  # fmt: skip
# Words of HSS, of the system, and commands.
FOREIGN = re.compile(
    r"APIGW\.\d+ [\w ]+|'utf-8' codec can't decode byte 0xff in position 1: invalid start byte|--cicd-name shop|image_id \w+|"
    r"request id \w+|ID \w+|with --cicd-name|policy: built-in policy.*"
)  # fmt: skip
# Values that the reports translate by name.
BY_NAME = {
    *(one.value for one in (*Result, *Outcome, *Effect)),
    *(code.meaning for code in ExitCode if code not in {ExitCode.CRASHED, ExitCode.MISUSED}),
    *(kind.value.replace("_", " ") for kind in DetailKind),
    *(spec.remedy for spec in RULES.values() if spec.fields != ("scan_status", "scan_failed_code")),
    *html_image._CHECK_COLUMNS, *html_findings._FINDING_COLUMNS, *html_findings._DETAIL_COLUMNS,
    *image_facts.READ_COLUMNS, html_findings._EXPLOITED, *html_baseline._COLUMNS,
    *markdown_findings._COLUMNS_WITH_FEEDS.replace(":", "").split("|"),
    UNWRITTEN, NAMES_IN_WORDS, "finding", "found",
}  # fmt: skip
STAYS = {"HTTP"}  # the same in both languages


def calls(name: str) -> Iterator[ast.expr]:
    """Yield the first argument of each call of a function in the reports that people read."""
    for path in (PACKAGE / "reports").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield from node.args[: 2 if name == "table_of" else 1]


def literals() -> set[str]:
    """Return the texts that the reports ask for."""
    found = {one.value for one in calls("translate") if isinstance(one, ast.Constant)}
    for path in (PACKAGE / "reports").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "translate_count" and isinstance(node.args[1], ast.Constant):
                found.add(f"{{count}} {node.args[1].value!s}")
    for columns in calls("table_of"):
        if isinstance(columns, ast.Constant):
            found |= {name.removeprefix(":") for name in str(columns.value).split("|")}
    return {str(one) for one in found}


def messages(name: str) -> set[str]:
    """Return the sentences of a module but for its docstrings, with `x` for each value."""
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    within = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            within |= {id(one) for one in ast.walk(node) if one is not node}
    for node in ast.walk(tree):
        if id(node) in within or not isinstance(node, ast.JoinedStr | ast.Constant):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in parts)
        if SENTENCE.search(text):
            found.add(text.removeprefix("; ").strip())
    return found


def test_every_text_of_the_reports_has_a_translation() -> None:
    """A heading, label or word that is added without one would stay in English."""
    assert (literals() | BY_NAME) - STAYS <= {*TEXTS, *MESSAGES}


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_sentence_of_a_verdict_has_a_translation(name: str) -> None:
    """Judges, hints and the client write English; the tables have each of their sentences."""
    with written_in(Language.CHINESE):
        found = messages(name)
        missing = {text for text in found - PARTS if not CJK.search(translate_message(text))}
    assert found
    assert missing == set()


@pytest.mark.parametrize(
    "message",
    [
        (
            "scan: timed out after 5m00s (--appear-timeout); last state: not listed; did you mean team/app:1.0@sha256:ab (other digest; success, "
            "scanned 2026-09-21T13:13:20Z), or team/b:1 with --cicd-name shop (other cicd_name; scanning)? If the digest asked "
            "for is that of an index, HSS may know the image by its manifest or configuration: --resolve asks the registry for "
            "these, and --metadata-file names those of a build for one platform"
        ),
        (
            "scan: timed out after 5m00s; last state: stale: success, scanned 2026-09-21T13:13:20Z; no newer scan was listed: "
            "check that the scan step runs for this push, and that --scanned-after is not too late"
        ),
        (
            "scan: results that cannot be told apart in time: sha256:ab (success, severity Low, 3 vulnerabilities, image_id a), "
            "no digest (success, severity Low, 3 vulnerabilities); pass the digest that was pushed, as …@sha256:…"
        ),
        (
            "scan: success; sha256:ab is newer by its update time, and sha256:cd by its scan time; pass the digest that was "
            "pushed, as …@sha256:…"
        ),
        "severity: HSS gave no readable severity_level (but 'Dire'), which this rule needs",
        "scan_age: HSS gave no believable latest_scan_time (but 5, which is before 2015), which this rule needs",
        "baseline: HSS counts 3 and lists none of the failed baseline checks",
        (
            "team/app:1: the findings could not be read, which changes no verdict: HTTP 404: none; check --region or --endpoint, "
            "and the project id"
        ),
        "hssgate.yaml:5: the ignore entry for CVE-1 in openssl (r: s) fits no finding of this run; check it, or take it out",
        "hssgate.yaml: and 5 more that have ended",
        "team/app:1: the scan status paused is not documented; waiting for one that is",
        (
            "no complete response from hss.example (through the proxy p) within 30.0s; check the address, name resolution, "
            "firewall, HTTPS_PROXY and NO_PROXY, or raise --request-timeout"
        ),
        "cvss: 10 found, at most 8.9 accepted (1 without a score, which counts as 10)",
        "high_vulnerabilities: 2 found, at most 0 accepted (1 out of grace, first SA-1: overdue by 4 days)",
        "freshness: sha256:ab, scanned at an unknown time; asked for digest sha256:ab (by the registry (index digest))",
    ],
)  # fmt: skip
def test_whole_sentences_are_translated(message: str) -> None:
    """Also where they are put together from parts, with values in between."""
    with written_in(Language.CHINESE):
        text = re.sub(r"`[^`]*`|\b\w*\.example\b", "", translate_message(message))
    text = FOREIGN.sub("", text)
    assert not SENTENCE.findall(text), text


@pytest.mark.parametrize("known", [*DOCUMENTED.values(), *OF_REGISTRY_IMAGES.values(), *OF_STATUSES.values()])
def test_every_failure_of_a_scan_has_a_translation(known: object) -> None:
    """What happened and what to do next."""
    assert {known.happened, known.next_step} <= {*MESSAGES}  # type: ignore[attr-defined]


def test_translations_have_the_placeholders_of_their_text() -> None:
    """A value that is lost would be a message that lies."""
    for text, translation in (*TEXTS.items(), *MESSAGES.items(), *ERRORS.items()):
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(translation)), text


def test_the_warnings_on_freshness_have_a_translation() -> None:
    """They stand in nearly every log."""
    assert {run_warnings._UNPROVEN, run_warnings._PROVEN_BY_TIME} <= {*MESSAGES}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("111 found, at most 20 accepted", "发现 111，最多接受 20", id="a number"),
        pytest.param(
            "5 found, at most 3 accepted (2 ignored; 1 of 7 counted by HSS but not listed, counted against the image)",
            "发现 5，最多接受 3（已忽略 2；HSS 统计的 7 个中有 1 个没有列出，按不利计算）", id="with notes",
        ),
        pytest.param("team/app:1: severity: High found, at most Low accepted", "team/app:1: severity: 发现 High，最多接受 Low", id="behind names"),
        pytest.param(
            "timed out after 30m00s (--timeout); last state: scan finished, settling; raise --timeout if the scan needs longer",
            "等待 30m00s 后超时（--timeout）；最后的状态：扫描已结束，结果尚未稳定；如果扫描需要更久，请加大 --timeout", id="clauses",
        ),
        pytest.param(
            "sha256:ab, scanned 2026-09-21T14:13:20Z; asked for digest sha256:ab (by its digest) and scanned at or after 2026-09-21T14:00:00Z",
            "sha256:ab，扫描于 2026-09-21T14:13:20Z；要求：摘要 sha256:ab（按摘要），且扫描时间不早于 2026-09-21T14:00:00Z",
            id="freshness",
        ),
        pytest.param("interrupted after 5s; something new", "5s 后被中断; something new", id="a clause that the table lacks"),
        pytest.param("request id a (b: c; d)", "请求 ID a (b: c; d)", id="words of HSS that look like clauses"),
        pytest.param("HSS gave {found}", "HSS gave {found}", id="braces"),
        pytest.param("{found} found, at most {limit} accepted", "发现 {found}，最多接受 {limit}", id="braces as values"),
        pytest.param("a: " * 600, "a: " * 600, id="names without end"),
        pytest.param("not judged, " * 150 + "x", "未判定：" * 6 + "not judged, " * 144 + "x", id="messages without end"),
        pytest.param(" of a counted (" * 100, " of a counted (" * 100, id="words of a message without end"),
        pytest.param("x" * 3000, "x" * 3000, id="too long to be compared"),
        pytest.param("nothing of ours (at all)", "nothing of ours (at all)", id="nothing known"),
        pytest.param("", "", id="empty"),
    ],
)  # fmt: skip
def test_a_message_is_translated_clause_by_clause(message: str, expected: str) -> None:
    """What the table lacks stays in English, and values stay as they are."""
    with written_in(Language.CHINESE):
        assert translate_message(message) == expected
    assert translate_message(message) == message


BLOCKED = images(
    finished("severity_level: High, vul_num: 3, malicious_file_num: 0"),
    image("{at: -1h, scan_status: failed, scan_failed_code: database_error}", image_name="broken"),
)
READERS = ["--report", "html=r.html", "--report", "markdown=r.md"]
MACHINES = ["json", "junit", "sarif", "codequality", "dotenv"]


def test_people_read_chinese_and_machines_english(bench: Bench) -> None:
    """The verdict is the same."""
    reports = [part for name in MACHINES for part in ("--report", f"{name}={name}")]

    ended = bench.play(BLOCKED).check("team/app:1.0", "team/broken:1.0", "--lang", "zh", *READERS, *reports)

    html, markdown = (Path(name).read_text(encoding="utf-8") for name in ("r.html", "r.md"))
    assert ended.code == 10
    assert ended.out.splitlines()[-1] == "hssgate: 已拦截 (1 个镜像已拦截，1 个镜像无法判定), 退出码 10: team/app:1.0"
    assert "  未通过   severity: 发现 High，最多接受 Medium" in ended.out.splitlines()
    assert (
        "scan: failed: HSS 数据库出错；请重新扫描镜像；如仍失败，请凭请求 ID 联系华为云技术支持；请求 ID " in ended.out
    )
    assert '<html lang="zh"' in html
    for text in (html, markdown):
        assert "发现 High，最多接受 Medium" in text
        assert "如何处理" in text
        assert "HSS 数据库出错" in re.sub("<[^>]*>", "", text)
    assert not [name for name in MACHINES if CJK.search(Path(name).read_text(encoding="utf-8"))]
    assert not CJK.search(ended.err)


@pytest.mark.parametrize(("given_scenario", "arguments", "code", "checks"), OUTCOMES)
def test_nothing_of_ours_is_left_in_english(
    bench: Bench, given_scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """Without values, code and the names of rules, neither console nor Markdown nor HTML has two English words in a row."""
    ended = bench.play(given_scenario).check("team/app:1.0", *arguments, "--lang", "zh", *READERS)

    assert (ended.code, bool(checks)) == (code, True)
    for shown in (ended.out, *(Path(name).read_text(encoding="utf-8") for name in ("r.html", "r.md"))):
        text = re.sub(r"`[^`]*`|<(style|code)>.*?</\1>|<[^>]*>|\[//\].*", "\n", shown, flags=re.DOTALL)
        text = FOREIGN.sub("", unescape(text).replace("\\", "").replace("\u200b", ""))
        assert not SENTENCE.findall(text), text


@pytest.mark.parametrize(
    ("variables", "options", "is_chinese"),
    [
        pytest.param({}, [], False, id="no locale"),
        pytest.param({"LANG": "zh_CN.UTF-8"}, [], True, id="LANG"),
        pytest.param({"LANG": "zh"}, [], True, id="a language alone"),
        pytest.param({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, [], False, id="LC_ALL beats LANG"),
        pytest.param({"LANG": "C.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, [], True, id="LC_ALL"),
        pytest.param({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, [], True, id="an empty LC_ALL is none"),
        pytest.param({"LANG": "zha_CN.UTF-8"}, [], False, id="another language"),
        pytest.param({"LANG": "zh_CN.UTF-8", "HSSGATE_LANG": "en"}, [], False, id="the variable beats the locale"),
        pytest.param({"HSSGATE_LANG": "en"}, ["--lang", "zh"], True, id="the option beats the variable"),
    ],
)
def test_the_language_is_that_of_the_option_the_variable_or_the_locale(
    variables: dict[str, str], options: list[str], is_chinese: object, bench: Bench
) -> None:
    """In this order; English otherwise."""
    for name in ("LANG", "LC_ALL"):
        bench.monkeypatch.delenv(name, raising=False)

    ended = bench.play(BLOCKED).check("team/app:1.0", *options, env={**KEY, **variables})

    assert ("已拦截" in ended.out, "BLOCKED" in ended.out) == (is_chinese, not is_chinese)


def test_a_stdout_that_lacks_the_characters_stays_english(bench: Bench) -> None:
    """A locale is a wish; only --lang insists."""
    latin = io.TextIOWrapper(io.BytesIO(), encoding="iso-8859-1")
    bench.monkeypatch.setattr(sys, "stdout", latin)

    bench.play(BLOCKED).check("team/app:1.0", env={**KEY, "LC_ALL": "zh_CN.UTF-8"})

    latin.seek(0)
    assert "hssgate: BLOCKED" in latin.read()


def test_an_unknown_language_is_misuse(bench: Bench) -> None:
    """Named with those that there are."""
    ended = bench.play(BLOCKED).check("team/app:1.0", "--lang", "de")

    assert (ended.code, "'en', 'zh'" in ended.err) == (2, True)


def test_a_saved_report_is_judged_in_chinese(bench: Bench) -> None:
    """`judge` explains in the language that it is asked for, whatever that of the check was."""
    bench.play(BLOCKED).check("team/app:1.0")

    ended = bench.run("judge", "report.json", "--lang", "zh")

    assert ended.code == 10
    assert "发现 High，最多接受 Medium" in ended.out
    assert ended.out.splitlines()[1] == "team/app:1.0: 已拦截 (此前已拦截，见 report.json)"
    assert ended.out.startswith("policy: built-in policy (sha256 ")  # its form is fixed: scripts read it


def test_a_quiet_run_is_chinese_too(bench: Bench) -> None:
    """The failed checks and the verdict."""
    ended = bench.play(BLOCKED).check("team/app:1.0", "-q", "--lang", "zh")

    assert "team/app:1.0: severity: 发现 High，最多接受 Medium" in ended.out


@pytest.mark.real
def test_a_run_in_english_does_not_import_the_table() -> None:
    """It costs such a run nothing."""
    script = (
        "import sys, hssgate.cli.check, hssgate.reports.summary; sys.exit('hssgate.reports.chinese' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
