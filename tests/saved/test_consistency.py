"""Tests of the consistency check: changed reports are refused, and reports of `check` never are."""

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from hssgate.errors import Interrupted, Misused
from hssgate.exit_codes import WORST_FIRST, ExitCode
from hssgate.judging.criteria import Criteria
from hssgate.judging.image import judge_image
from hssgate.policy.load import load_policies
from hssgate.reports.json import with_hash
from hssgate.saved.consistency import contradictions, read_consistent_report
from hssgate.saved.reader import read_report
from tests.cli.test_check import DIGEST, FOREVER, OUTCOMES, finished, image, images
from tests.cli.test_findings import finding, scenario
from tests.conftest import KEY, Bench
from tests.saved.test_judge import judged
from tests.support.depth import DEPTH
from tests.support.fakes import START
from tests.support.schedules import play, schedule_of
from tests.support.tampering import tampered
from tests.waiting.test_poller import ROW

Report = dict[str, Any]
SEVERE = "severity_level: High, vul_num: 3, malicious_file_num: 7"


def saved(bench: Bench) -> Report:
    """Run a check of three images (passed, blocked, timed out), with findings, and return its report."""
    (bench.folder / "hssgate.yaml").write_text(
        "rules: {severity: Medium, high_vulnerabilities: 1, malicious_files: 0}\nignore: [{vulnerability: V-3, reason: r}]"
    )
    found = [finding("V-1"), finding("V-2", "delay_repair"), finding("V-3")]
    good = json.loads(scenario(found, severity_level="Low"))["images"][0]
    good["timeline"][0]["severity_level"] = "Low"
    bad = {
        **good,
        "image_name": "bad",
        "timeline": [{**good["timeline"][0], "severity_level": "High", "malicious_file_num": 7}],
    }
    slow = {**good, "image_name": "slow", "timeline": [{"at": "-1h", "scan_status": "scanning"}]}
    bench.play(json.dumps({"images": [good, bad, slow]}))
    ended = bench.check("team/app:1.0", "team/bad:1.0", "team/slow:1.0", "--cicd-name", "shop", "--timeout", "10s")
    assert [image["exit_code"] for image in ended.report["images"]] == [0, 10, 4]
    return ended.report


def refusal(bench: Bench, report: Report, *, seal: bool = True) -> str:
    """Judge a report that was changed, with a new hash by default, and return why it is refused."""
    changed = {name: value for name, value in report.items() if name != "sha256"}
    Path("changed.json").write_text(json.dumps(with_hash(changed) if seal else report), encoding="utf-8")
    ended = judged(bench, "changed.json")
    assert (ended.code, ended.out) == (2, ""), ended.out
    return ended.err


def first_row(report: Report, **fields: object) -> None:
    report["images"][1]["seen"]["groups"][0]["row"] |= fields


def everywhere(report: Report, number: int, **fields: object) -> None:
    """Change a row in each place of the report, with its reads."""
    image = report["images"][number]
    image["row"] |= fields
    image["seen"]["groups"][0]["row"] |= fields
    for read in image["reads"]:
        read.update(fields)


def without_image(report: Report) -> None:
    """Take out the blocked image, and the tally of it."""
    del report["images"][1]
    report["tally"]["blocked"] = 0


def an_error_instead(report: Report) -> None:
    """Replace the blocked image by an error about a report that could not be written."""
    without_image(report)
    report["errors"].append({"type": "report", "message": "x"})


CHANGES: list[Any] = [
    pytest.param(lambda r: r["images"].pop(1), "tally.blocked: 1 is stated, and 0 follows from the rest", id="the blocked image is cut out"),
    pytest.param(without_image, "exit_code: 10 is stated, and 4 follows from the rest", id="and out of the tally, too"),
    pytest.param(lambda r: r.update(exit_code=0), "exit_code: 0 is stated, and 10 follows from the rest", id="exit code of the run"),
    pytest.param(lambda r: r.update(result="passed"), 'result: "passed" is stated, and "blocked" follows from the rest', id="word of the run"),
    pytest.param(lambda r: r["images"][1].update(exit_code=0), "images[1].exit_code: 0 is stated, and 10 follows from the rest", id="exit code of an image"),
    pytest.param(lambda r: r["images"][1].update(result="passed"), 'images[1].result: "passed" is stated', id="word of an image"),
    pytest.param(lambda r: r["images"].append(r["images"][0]), "images: team/app:1.0 is there twice", id="an image twice"),
    pytest.param(lambda r: r["images"][1]["checks"][1].update(result="passed"), 'images[1].checks[1].result: "passed" is stated, and "failed" follows from the rest', id="result of a check"),
    pytest.param(lambda r: r["images"][1]["checks"][1].update(limit="High"), 'images[1].checks[1].limit: "High" is stated, and "Medium" follows', id="limit of a check"),
    pytest.param(lambda r: r["images"][1]["checks"].pop(1), "images[1].checks: there are 3, and 4 follow from the rest", id="a check is cut out"),
    pytest.param(lambda r: r["images"][2]["checks"][0].update(error_type="api"), 'images[2].checks[0].error_type: "api" is stated, and "timeout" follows', id="kind of an error"),
    pytest.param(lambda r: r["images"][2]["checks"][0].update(message="scan: timed out after 1s"), "images[2].checks[0].message", id="time of a timeout"),
    pytest.param(lambda r: first_row(r, severity_level="Low"), "reads: the last answer has another severity_level than the row", id="a softer row"),
    pytest.param(lambda r: first_row(r, image_name="other"), "team/bad:1.0 has a row of another image", id="a row of another image"),
    pytest.param(lambda r: r["images"][1]["row"].update(severity_level="Low"), 'images[1].row.severity_level: "Low" is stated, and "High" follows', id="a softer row beside the evidence"),
    pytest.param(lambda r: everywhere(r, 1, severity_level="Low"), 'images[1].checks[1].actual: "High" is stated, and "Low" follows', id="a softer row everywhere"),
    pytest.param(lambda r: r["images"][1]["reads"][-1].update(malicious_file_num=0), "reads: the last answer has another malicious_file_num than the row", id="a read beside the row"),
    *(
        pytest.param(lambda r, name=name, value=value: r["images"][1]["reads"][-1].update({name: value}), f"reads: the last answer has another {name} than the row", id=f"{name} of a read")
        for name, value in {"scan_status": "failed", "image_digest": DIGEST[:-1] + "0", "latest_scan_time": 1, "vul_num": 0, "unsafe_setting_num": 99}.items()
    ),
    pytest.param(lambda r: r["images"][0]["findings"].pop(), "images[0].", id="a finding is cut out"),
    pytest.param(lambda r: r["images"][0]["findings"][0].update(repair_necessity="not_needed_repair"), "images[0].", id="a softer finding"),
    pytest.param(lambda r: r["images"][1]["findings"][0].update(ignored_by=[{"policy": "hssgate.yaml", "reason": "r"}]), "images[1].checks[2].message", id="a finding is ignored"),
    pytest.param(lambda r: r["images"][0]["findings"][0].update(group=1), "a finding of team/app:1.0 that is of no group", id="a finding of no group"),
    pytest.param(lambda r: r["images"][1]["in_force"][0]["rules"]["severity"].update(limit="High"), "images[1].checks[1].limit", id="a softer rule"),
    pytest.param(lambda r: r["images"][1]["in_force"][0]["rules"].pop("severity"), "images[1].checks: there are 4, and 3 follow from the rest", id="a rule is cut out"),
    pytest.param(lambda r: r["images"][1]["in_force"].clear(), "in_force: it is not one entry for each group of rows and each policy", id="no rules"),
    pytest.param(lambda r: r["policies"].clear(), "policies: there is none", id="no policy"),
    pytest.param(lambda r: r["images"][2]["seen"].update(ending="ended"), "seen.ending: 'ended' does not follow from the groups of rows", id="ended, and scanning"),
    pytest.param(lambda r: r["images"][0]["seen"].update(ending="timed out"), "seen.ending: 'timed out' does not follow from the groups of rows", id="settled, and timed out"),
    pytest.param(lambda r: r["images"][0]["seen"]["groups"][0].update(settled=False), "seen.ending: 'ended' does not follow from the groups of rows", id="unsettled, and ended"),
    pytest.param(lambda r: r["images"][2]["seen"]["groups"][0].update(phase="ended"), "seen.groups[0].phase: the row does not fit 'ended'", id="a phase beside the row"),
    pytest.param(lambda r: r["images"][0]["seen"]["groups"][0].update(phase="ambiguous"), "fewer than two rows cannot be ambiguous", id="only ambiguous"),
    pytest.param(lambda r: r["images"][0]["seen"]["groups"][0].update(phase="absent"), "seen.groups[0].phase: the row does not fit 'absent'", id="a group without rows that has one"),
    pytest.param(lambda r: r["images"][0]["seen"]["groups"][0].update(findings_read=False), "findings cannot be read and not read", id="findings not read"),
    pytest.param(lambda r: r["images"][0]["seen"]["groups"][0].update(findings_error="x"), "findings cannot be read and not read", id="findings not to be had"),
    pytest.param(lambda r: r["images"][2]["seen"]["groups"].clear(), "in_force: it is not one entry for each group", id="no rows"),
    pytest.param(lambda r: r["images"][0].update(reads=[]), "reads: their number does not fit the number of polls", id="no reads"),
    pytest.param(lambda r: r["images"][0].update(polls=0), "reads: their number does not fit the number of polls", id="no polls"),
    pytest.param(lambda r: r["images"][0]["reads"][-1].update(answered=False), "the last one has no answer", id="an end without an answer"),
    pytest.param(lambda r: [read.update(answered=False) for read in r["images"][2]["reads"]] and r["images"][2].update(polls=len(r["images"][2]["reads"])), "seen.groups: no read has an answer", id="rows without an answer"),
    pytest.param(lambda r: r.update(finished_at=r["started_at"].replace("2026", "2025")), "finished_at: it is before started_at", id="an end before the start"),
    pytest.param(lambda r: r["images"][0]["seen"].update(judged_at=START - 86400), "seen.judged_at: it is before started_at", id="judged before the start"),
    pytest.param(lambda r: r["images"][2].update(waited_seconds=3600), "waited_seconds: it is longer than the run", id="a wait beyond the run"),
    pytest.param(lambda r: r["images"][2]["reads"].reverse(), "reads: their times are out of order", id="reads out of order"),
    pytest.param(lambda r: r["images"][2]["reads"][0].update(at=START - 86400), "reads: their times are out of order", id="a read before the start"),
    pytest.param(lambda r: r["images"][2]["reads"][-1].update(at=START + 86400), "reads: their times are out of order", id="a read after the end"),
    pytest.param(lambda r: r["warnings"].clear(), "warnings: ", id="no warnings"),
    pytest.param(lambda r: r.update(note="fine"), "note: `check` does not write this key", id="a key of somebody's own"),
    pytest.param(lambda r: r["images"][0]["checks"][0].pop("actual"), "images.0.checks.0.actual: Field required", id="a key is cut out"),
    pytest.param(lambda r: r.pop("errors"), "errors: Field required", id="no errors at all"),
    pytest.param(lambda r: r["images"][0].pop("result"), "images[0].result: it is missing", id="no word of an image"),
    pytest.param(lambda r: r["errors"].append({"type": "interrupted", "message": "interrupted (SIGTERM)"}), "it was interrupted, and has exit code 10", id="interrupted, with another exit code"),
    pytest.param(lambda r: r["images"][1]["in_force"][0].update(ignore=10**12), "images.1.in_force.0.ignore: Input should be less than", id="more ignore entries than fit into a policy"),
    pytest.param(lambda r: r["images"][1]["in_force"][0].update(deny=10**12), "images.1.in_force.0.deny: Input should be less than", id="more deny entries than fit into a policy"),
    pytest.param(an_error_instead, "exit_code: 10 is stated, and 4 follows", id="an error in place of the image"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_a_report_that_contradicts_itself_is_refused(
    bench: Bench, change: Callable[[Report], object], expected: str
) -> None:
    """Exit code 2 names the part, what is stated, and what follows from the rest; nothing is judged."""
    report = saved(bench)
    changed = copy.deepcopy(report)
    change(changed)
    assert changed != report

    assert expected in refusal(bench, changed)


def test_a_duplicate_key_is_refused(bench: Bench) -> None:
    """Readers of JSON differ in which value they take."""
    saved(bench)
    text = Path("report.json").read_text()
    Path("changed.json").write_text(text.replace('"exit_code": 10,', '"exit_code": 10,\n  "exit_code": 10,', 1))

    ended = judged(bench, "changed.json")

    assert (ended.code, "the key 'exit_code' is in one object twice" in ended.err) == (2, True), ended.err


def test_a_change_without_contradiction_is_found_by_the_hash(bench: Bench) -> None:
    """The change is in a number that no rule reads, in a row that is in no other place."""
    (bench.folder / "hssgate.yaml").write_text("rules: {severity: High}")
    bench.play(images(finished(), finished(SEVERE, namespace="prod"))).check("app:1.0")
    report = json.loads(Path("report.json").read_text())
    rows = [group["row"] for group in report["images"][0]["seen"]["groups"]]
    (other,) = [row for row in rows if row != report["images"][0]["row"]]
    other["malicious_file_num"] = 0

    assert "sha256: it does not match the rest, so the report was changed after it was written" in refusal(
        bench, report, seal=False
    )


def test_layout_and_order_of_keys_do_not_matter(bench: Bench) -> None:
    """A report rewritten by another program is still valid."""
    report = saved(bench)
    Path("other.json").write_text(json.dumps(dict(reversed(report.items())), separators=(",", ":")))

    assert judged(bench, "other.json").code == 10


@pytest.mark.unmeasured
@pytest.mark.parametrize(("play", "arguments", "code", "_checks"), OUTCOMES)
def test_the_report_of_every_outcome_is_consistent(
    bench: Bench, play: str, arguments: list[str], code: int, _checks: dict[str, str]
) -> None:
    """The report that `judge` writes is consistent too."""
    assert bench.play(play).check("team/app:1.0", *arguments).code == code
    judged(bench, "report.json", "--report", "json=again.json")

    for name in ("report.json", "again.json"):
        assert [*contradictions(read_report(Path(name)))] == []


def test_a_report_of_findings_in_several_groups_is_consistent(bench: Bench) -> None:
    """A finding ignored in one group counts in the other, and each policy has its own entries."""
    (bench.folder / "a.yaml").write_text(
        "rules: {high_vulnerabilities: 1}\nignore: [{vulnerability: V-1, images: [team/*], reason: r}]"
    )
    (bench.folder / "b.yaml").write_text("rules: {vulnerabilities: 1}\nignore: [{vulnerability: V-2, reason: s}]")
    one = json.loads(scenario([finding("V-1"), finding("V-2")]))["images"][0]
    bench.play(json.dumps({"images": [one, {**one, "namespace": "prod"}]}))

    assert bench.check("app:1.0", "--policy", "a.yaml", "--policy", "b.yaml").code == 10
    report = read_report(Path("report.json"))
    assert [*contradictions(report)] == []
    assert [len(listed.ignored_by) for listed in report.model.images[0].findings] == [1, 0, 1, 1]


def test_a_report_interrupted_while_findings_are_fetched_is_consistent(bench: Bench) -> None:
    """The rule that needs the findings is interrupted in both."""
    (bench.folder / "hssgate.yaml").write_text("rules: {high_vulnerabilities: 1}")
    bench.play(scenario([finding("V-1")], more=', "faults": [{requests: 2-, call: any, status: 503, retry_after: 30}]'))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))

    assert bench.check("team/app:1.0").code == 143
    assert [*contradictions(read_report(Path("report.json")))] == []
    assert judged(bench, "report.json").code == 143


@pytest.mark.parametrize(
    "timeline",
    [
        pytest.param("{at: -1h, scan_status: paused}", id="an undocumented status"),
        pytest.param("{at: -1h, scan_status: unscan}", id="never scanned"),
        pytest.param("{at: -1h, scan_status: scanning}, {at: 5, absent: true}", id="gone"),
    ],
)
def test_a_report_of_an_unfinished_scan_is_consistent(bench: Bench, timeline: str) -> None:
    """The wait lasted until the timeout."""
    assert bench.play(images(image(timeline))).check("team/app:1.0", "--timeout", "20s").code == 4

    assert [*contradictions(read_report(Path("report.json")))] == []


@pytest.mark.parametrize(
    "text", ["a\ud800b", "\x1b[31mred", "::error::x ##[x]", "漏洞扫描失败", "x" * 300_000, "  a  b  "], ids=ascii
)
def test_hostile_text_contradicts_nothing(bench: Bench, text: str) -> None:
    """The report has the text of HSS as it was judged."""
    row = {**ROW, "scan_status": "failed", "scan_failed_desc": text, "scan_failed_code": text, "registry_name": text}
    body = json.dumps({"total_num": 1, "data_list": [row]})
    bench.answer(lambda _request: httpx.Response(200, content=body)).check("app:1.0")

    assert [*contradictions(read_report(Path("report.json")))] == []


def test_a_secret_that_was_masked_contradicts_nothing(bench: Bench) -> None:
    """It is masked in the row before the row is judged."""
    secret = KEY["HUAWEICLOUD_SDK_SK"]
    row = {**ROW, "scan_status": "failed", "scan_failed_desc": f"denied for {secret}", "image_digest": DIGEST}
    body = json.dumps({"total_num": 1, "data_list": [row]})
    bench.answer(lambda _request: httpx.Response(200, content=body)).check("app:1.0")

    assert "denied for ***" in Path("report.json").read_text()
    assert [*contradictions(read_report(Path("report.json")))] == []


def test_a_clock_that_is_set_back_meanwhile_puts_nothing_out_of_order(bench: Bench) -> None:
    """The moments of a run are counted on a clock that cannot be set."""
    token = {"HSSGATE_TOKEN": "emulator-token"}  # a signature would be refused for its time
    epoch = bench.clock.epoch
    bench.monkeypatch.setattr(bench.clock, "epoch", lambda: epoch() - (3600 if bench.sent else 0))

    assert bench.play(images(image(FOREVER))).check("team/app:1.0", "--timeout", "1m", env=token).code == 4
    assert [*contradictions(read_report(Path("report.json")))] == []


@pytest.mark.unmeasured
@pytest.mark.parametrize("seed", range(1, 41))
def test_one_change_never_makes_a_report_softer(seed: int, tmp_path: Path, bench: Bench) -> None:
    """A changed report of a random world is refused or gives no softer verdict, even with a new hash."""
    schedule = replace(schedule_of(seed), signal=None)
    if schedule.is_misuse:  # such a run has no report
        schedule = replace(schedule, variables={}, is_misuse=False)
    outcome = play(schedule, tmp_path, seed)
    assert outcome.faults == ()
    report = json.loads(outcome.report)
    path = tmp_path / "changed.json"
    policies = load_policies([tmp_path / f"policy{number}.json" for number in range(len(schedule.policies))], START)
    del report["sha256"]
    chance = random.Random(seed)
    for _ in DEPTH.part_of(range(25)):
        changed, where = tampered(report, chance)
        path.write_text(json.dumps(with_hash(changed)), encoding="utf-8")
        try:
            again = read_consistent_report(path)
        except Misused:
            continue
        codes = [
            judge_image(
                one.observation, one.findings, Criteria(policies, one.judged_at, one.scanned_after)
            ).verdict.exit_code
            for one in again.images
        ]
        ranks = [WORST_FIRST.index(code) for code in codes]
        assert min(ranks) <= WORST_FIRST.index(report["exit_code"]), where
        path.write_text(json.dumps({**changed, "sha256": with_hash(report)["sha256"]}), encoding="utf-8")
        assert judged(bench, str(path)).code == 2, where
