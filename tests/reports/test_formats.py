"""Tests of all report formats: hostile text, schemas, and atomic writing."""

import json
import os
import re
import stat
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import jsonschema
import pytest

from hssgate.redaction.redactor import Redactor
from hssgate.reports.json import schema
from hssgate.text import clean
from hssgate.verdict import ImageVerdict, Outcome, Verdict
from tests.cli.test_check import DIGEST, OUTCOMES, finished, image, images
from tests.conftest import KEY, Bench
from tests.waiting.test_poller import ROW, page

HOSTILE = {
    "controls": "a\x00b\x07c\x1b[31mred\x1b[0m\x9b1m\x7f",
    "bidi": "\u202eevil\u2066\u200b",
    "CDATA": "]]></failure><x/>",
    "entities": "&lol; <script>alert(1)</script> \"'",
    "surrogate": "\ud800 lone \udfff",
    "non-characters": "\ufffe\uffff\U0001ffff",
    "workflow command": "::error::x\n::set-output name=a::b\r\n##vso[x]",
    "markdown": "| a | [x](javascript:x) `y` ![z](http://h)",
    "Chinese": "漏洞扫描失败",
    "long": "x" * 300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_breaks_no_report(bench: Bench, text: str) -> None:
    """Any text of the API gives well-formed XML, valid JSON, and one line each on the console."""
    row = {**ROW, "scan_status": "failed", "scan_failed_desc": text, "scan_failed_code": text, "registry_name": text}
    body = json.dumps({"total_num": 1, "data_list": [row]})

    ended = bench.answer(lambda _request: httpx.Response(200, content=body)).check("app:1.0")

    assert ended.code == 5
    jsonschema.validate(ended.report, schema())
    assert (ended.junit.tests, ended.junit.errors) == (3, 1)
    tree = ET.parse("junit.xml")  # noqa: S314 - our own file
    assert [case.get("name") for case in tree.iter("testcase")] == ["scan", "severity", "malicious_files"]
    assert all(len(line) < 5000 for line in (ended.out + ended.err).splitlines())
    assert not any(ord(character) < 32 and character != "\n" for character in ended.out + ended.err)
    assert "\u202e" not in ended.out + Path("junit.xml").read_text(encoding="utf-8")
    assert "\n::" not in ended.out + ended.err


@pytest.mark.parametrize(("scenario", "arguments", "code", "checks"), OUTCOMES)
def test_every_outcome_is_valid_under_the_schema(
    bench: Bench, scenario: str, arguments: list[str], code: int, checks: dict[str, str]
) -> None:
    """The JSON report is valid under its schema, and its exit code is that of the process."""
    report = bench.play(scenario).check("team/app:1.0", *arguments).report

    jsonschema.Draft202012Validator(schema()).validate(report)
    assert report["images"][0]["exit_code"] == code
    assert len(report["images"][0]["checks"]) >= len(checks)


def test_junit_meets_the_requirements_of_its_readers(bench: Bench) -> None:
    """It has class names, messages that are never empty and begin the body, times and properties."""
    (bench.folder / "hssgate.yaml").write_text(
        "rules: {severity: Low, vulnerabilities: {limit: 2, action: warn}, unsafe_settings: 9}"
    )
    row = image("{at: -1h, scan_status: success, severity_level: High, vul_num: 111, unsafe_setting_num: 1}")
    bench.play(images(row)).check("team/app:1.0")

    suite = ET.parse("junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert suite.get("name") == "team/app:1.0"
    assert list(cases) == ["scan", "severity", "vulnerabilities", "unsafe_settings"]
    assert {case.get("classname") for case in cases.values()} == {"hssgate.team/app"}
    assert all(float(case.get("time") or 0) > 0 for case in cases.values())
    failure = cases["severity"].find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == (
        "policy",
        "team/app:1.0: severity: High found, at most Low accepted",
    )
    assert (failure.text or "").startswith("team/app:1.0: severity: High found, at most Low accepted")
    skipped = cases["vulnerabilities"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "team/app:1.0: vulnerabilities: 111 found, at most 2 accepted"
    properties = {found.get("name"): found.get("value") for found in suite.iter("property")}
    assert properties["vul_num"] == "111"
    assert properties["image_digest"] == DIGEST
    assert properties["latest_version"] == "true"
    assert (properties["policy:hssgate.yaml"] or "").startswith("sha256:")
    assert properties["hssgate.exit_code"] == "10"


def test_each_group_has_its_own_checks_under_its_own_name(bench: Bench) -> None:
    """GitLab merges testcases of one name."""
    bench.play(images(finished(), finished(namespace="prod")))

    ended = bench.check("app:1.0")

    names = [case.name for case in next(iter(ended.junit))]
    assert len(set(names)) == len(names) == 6
    assert "severity (shop: prod/app:1.0)" in names
    assert "[shop: prod/app:1.0]" in ended.out
    assert {check["group"] for check in ended.report["images"][0]["checks"]} == {
        "shop: team/app:1.0",
        "shop: prod/app:1.0",
    }


def test_a_report_on_stdout_is_alone_there(bench: Bench) -> None:
    """The summary moves to stderr, so that the report can be read by a program."""
    bench.play(images(finished()))

    ended = bench.check("team/app:1.0", "--report", "json=-", reports=False)

    assert json.loads(ended.out)["exit_code"] == 0
    assert "PASSED" in ended.err


def test_reports_are_written_with_their_folders_and_for_others_to_read(bench: Bench) -> None:
    """Parent folders are created, and the umask sets the mode, so that another user's agent can collect the reports."""
    bench.play(images(finished())).check("team/app:1.0", "--report", "json=a/b/c.json", reports=False)

    assert stat.S_IMODE(Path("a/b/c.json").stat().st_mode) == 0o666 & ~_umask()
    assert [path.name for path in Path("a/b").iterdir()] == ["c.json"]


def test_a_symlinked_report_replaces_what_it_points_to(bench: Bench) -> None:
    """The link itself stays."""
    Path("real.json").write_text("old")
    Path("link.json").symlink_to("real.json")

    bench.play(images(finished())).check("team/app:1.0", "--report", "json=link.json", reports=False)

    assert Path("link.json").is_symlink()
    assert json.loads(Path("real.json").read_text())["exit_code"] == 0


@pytest.mark.parametrize(
    ("counts", "code"),
    [("severity_level: Low, malicious_file_num: 0", 3), ("severity_level: High, malicious_file_num: 0", 10)],
)
def test_a_report_that_cannot_be_written_is_no_pass(bench: Bench, counts: str, code: int) -> None:
    """There is an error on stderr and exit code 3 unless the outcome is worse; the other reports are written."""
    ended = bench.play(images(finished(counts))).check(
        "team/app:1.0", "--report", "junit=/proc/nowhere/junit.xml", "--report", "json=report.json", reports=False
    )

    assert ended.code == code
    assert "the report junit=/proc/nowhere/junit.xml could not be written" in ended.err
    assert Path("report.json").exists()


def test_a_pipe_is_written_to_and_not_replaced(bench: Bench) -> None:
    """A file that is not regular is not replaced."""
    ended = bench.play(images(finished())).check("team/app:1.0", "--report", "json=/dev/null", reports=False)

    assert ended.code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_no_secret_that_a_server_echoes_is_shown(bench: Bench) -> None:
    """Secrets that a server sends back are masked in all output."""
    secrets = {"HSSGATE_TOKEN": "token-s3cret", "HW_SECRET_KEY": "sk-s3cret", "HW_SECURITY_TOKEN": "sts-s3cret"}
    echo = " ".join(secrets.values())
    row = {**ROW, "image_version": "2.0", "namespace": echo, "scan_failed_desc": echo, "registry_name": echo}

    def handler(request: httpx.Request) -> httpx.Response:
        if "image_version" in str(request.url):
            return httpx.Response(
                503, json={"error_code": echo, "error_msg": echo, "request_id": echo}, headers={"X-Request-Id": echo}
            )
        return page(row)

    for arguments in (["app:1.0"], ["app:2.0"], ["app:3.0", "--cicd-name", "x"]):
        ended = bench.answer(handler).check(*arguments, "-vv", "--timeout", "10s", env=secrets)
        shown = ended.out + ended.err + Path("junit.xml").read_text() + Path("report.json").read_text()
        assert "s3cret" not in shown
    assert "***" in shown


def test_a_secret_that_is_cut_or_split_is_not_shown_either(bench: Bench) -> None:
    """What a server echoes is masked before it is shortened or cleaned; a signature counts as a secret."""
    token = "".join(f"{number:05d}" for number in range(600))
    echoes = [
        lambda request: httpx.Response(
            403, json={"error_code": "X", "error_msg": "denied for " + request.headers["X-Auth-Token"]}
        ),
        lambda request: page({**ROW, "scan_status": "failed", "scan_failed_desc": request.headers["X-Auth-Token"]}),
        lambda request: httpx.Response(503, headers={"X-Request-Id": request.headers["X-Auth-Token"]}),
    ]
    for echo in echoes:
        ended = bench.answer(echo).check("app:1.0", "-vv", "--timeout", "5s", env={"HSSGATE_TOKEN": token})
        shown = ended.out + ended.err + Path("junit.xml").read_text() + Path("report.json").read_text()
        assert token[:40] not in shown
        assert "***" in shown

    signed: list[str] = []

    def echo_signature(request: httpx.Request) -> httpx.Response:
        signed.append(request.headers["Authorization"].rpartition("=")[2])
        return httpx.Response(401, json={"error_code": "APIGW.0301", "error_msg": request.headers["Authorization"]})

    ended = bench.answer(echo_signature).check("app:1.0", "-vv")
    assert signed[0] not in ended.out + ended.err + Path("report.json").read_text()

    sk = KEY["HUAWEICLOUD_SDK_SK"]
    split = {**ROW, "scan_status": "failed", "registry_name": sk[:4] + "\x1b[0m" + sk[4:]}
    bench.answer(lambda _request: page(split)).check("app:1.0")
    assert sk not in Path("junit.xml").read_text()


def test_reports_that_were_written_tell_the_exit_code_of_the_run(bench: Bench) -> None:
    """They have that exit code even if another report could not be written."""
    ended = bench.play(images(finished())).check(
        "team/app:1.0", "--report", "json=report.json", "--report", "junit=/proc/nowhere/junit.xml", reports=False
    )

    assert (ended.code, ended.report["exit_code"], ended.report["result"]) == (3, 3, "error")


def test_a_verdict_of_nothing_is_no_pass() -> None:
    """Neither a run without images nor an image without checks passes."""
    from hssgate.reference_parser import parse_reference

    assert Verdict((), (), (), 0, 0).outcome is Outcome.ERROR
    assert ImageVerdict(parse_reference("app:1.0"), ()).outcome is Outcome.ERROR


def test_the_redactor_masks_the_longest_first_and_leaves_short_words() -> None:
    """A secret may contain another one; a word of three letters is not masked."""
    redactor = Redactor(["abcd", "abcdef", "abc", " padded\n", ""])

    assert redactor.text("abcdef abcd abc padded") == "*** *** abc ***"
    assert repr(redactor) == "<Redactor of 3 secrets>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb\tc", "a b c"), ("\x1b]0;title\x07x", "x"), ("  a  ", "a"), (None, "None"), ("y" * 50, "y" * 9 + "…")],
)
def test_text_is_cleaned_into_one_line(text: object, shown: str) -> None:
    """Control sequences are removed, blanks are folded, and the length is bounded."""
    assert clean(text, 10) == shown


def test_of_the_printable_characters_only_invisible_ones_are_removed() -> None:
    """Python calls a few printable that a reader cannot see: stand-ins, and selectors of variants."""
    removed = re.compile("[\ufffc\ufffd\U000e0100-\U000e01ef]")
    for first in range(0, sys.maxunicode, 256):
        printable = "".join(filter(str.isprintable, map(chr, range(first, first + 256))))

        assert clean(printable) == " ".join(removed.sub(" ", printable).split())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
