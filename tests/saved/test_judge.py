"""Tests of `hssgate judge`: saved reports are judged again by the same code, without network."""

import json
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.cli.test_check import DIGEST, OTHER, OUTCOMES, finished, images
from tests.cli.test_findings import finding, scenario
from tests.conftest import KEY, Bench, Ended, sha256
from tests.support.depth import DEPTH
from tests.support.fakes import FakeClock
from tests.waiting.test_poller import ROW

ROW_OF_MANY = (
    "cicd_name: shop, namespace: team, image_name: app, "
    "timeline: [{at: -1h, scan_status: success, severity_level: High, vul_num: 1, malicious_file_num: 1}]"
)
POLICIES = [
    "rules: {severity: Medium, malicious_files: 0}",
    "rules: {severity: High}",
    "rules: {vulnerabilities: 2, unsafe_settings: {limit: 0, action: warn}}",
    "rules: {scan_age: 90m, severity: High, scan: {accept: [failed, image_oversized]}}",
    "rules: {high_vulnerabilities: 0, medium_vulnerabilities: 1}\nignore: [{vulnerability: 'V-*', reason: r}]",
]


def judged(bench: Bench, *arguments: str) -> Ended:
    """Run `hssgate judge` where every request would fail."""
    bench.emulator = None  # type: ignore[assignment]
    return bench.run("judge", *arguments)


@pytest.mark.unmeasured
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("play", "arguments", "code", "checks"), OUTCOMES)
def test_the_same_policy_gives_the_same_exit_code(
    bench: Bench, play: str, arguments: list[str], code: int, checks: dict[str, str], policy: str
) -> None:
    """This is so for every outcome, and no request is sent."""
    (bench.folder / "hssgate.yaml").write_text(policy)
    then = bench.play(play).check("team/app:1.0", *arguments)

    now = judged(bench, "report.json", "--report", "json=again.json")

    assert now.code == then.code, (code, checks)
    again = json.loads(Path("again.json").read_text())
    results = [[(check["rule"], check["result"]) for check in image["checks"]] for image in again["images"]]
    assert results == [
        [(check["rule"], check["result"]) for check in image["checks"]] for image in then.report["images"]
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(f"team/app:1.0@{OTHER}", "did you mean team/app:1.0@", id="another digest"),
        pytest.param("team/web:1.0", "no row has this image name", id="no such name"),
        pytest.param("team/app:2.0", "(--appear-timeout); last state: not listed; did you mean", id="another version"),
    ],
)
def test_a_timeout_reads_as_the_check_had_it(bench: Bench, asked: str, expected: str) -> None:
    """Its hints name rows of other images, and the option whose time was up; neither is in the rest of the report."""
    then = bench.play(images(finished())).check(asked, "team/none:1.0", "--appear-timeout", "1m")

    now = judged(bench, "report.json", "--report", "json=again.json")

    again = json.loads(Path("again.json").read_text())
    messages = [image["checks"][0]["message"] for image in then.report["images"]]
    assert now.code == then.code == 4
    assert expected in messages[0]
    assert [image["checks"][0]["message"] for image in again["images"]] == messages
    assert judged(bench, "again.json").code == 4


LEVEL = st.sampled_from(["Security", "Low", "Medium", "High", "Dire", None])
COUNT = st.none() | st.integers(0, 4)
FINDINGS = st.lists(
    st.tuples(
        st.sampled_from(["V-1", "V-2", "CVE-1", "HCE-1"]), st.sampled_from(["immediate_repair", "delay_repair", None])
    ),
    max_size=4,
)
ENTRY = st.fixed_dictionaries(
    {"vulnerability": st.sampled_from(["V-1", "V-*", "CVE-*", "HCE-1"]), "reason": st.just("r")},
    optional={
        "images": st.sampled_from([["team/*"], ["prod/*"]]),
        "expires": st.sampled_from(["2020-01-01", "2030-01-01"]),
    },
)
RULES = st.fixed_dictionaries(
    {"severity": st.sampled_from(["Low", "High"])},
    optional={
        "vulnerabilities": st.integers(0, 4), "high_vulnerabilities": st.integers(0, 2),
        "malicious_files": st.fixed_dictionaries({"limit": st.just(0), "action": st.sampled_from(["block", "warn"])}),
        "scan_age": st.sampled_from(["30m", "2h"]),
    },
)  # fmt: skip


@pytest.mark.unmeasured
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=DEPTH.examples(60))
@given(
    level=LEVEL,
    vul_num=COUNT,
    malware=COUNT,
    found=FINDINGS,
    rules=RULES,
    ignore=st.lists(ENTRY, max_size=2),
    timeout=st.sampled_from(["0", "1m"]),
    at=st.sampled_from(["-1h", "-1s"]),
)
def test_judge_gives_the_exit_code_of_the_check_it_is_about(
    bench: Bench, level: str | None, vul_num: int | None, malware: int | None, found: list[tuple[str, str | None]],
    rules: dict[str, object], ignore: list[dict[str, object]], timeout: str, at: str,
) -> None:  # fmt: skip
    """Under the same policy, for any rows, findings, rules and ignore entries."""
    bench.clock = FakeClock()
    (bench.folder / "hssgate.json").write_text(json.dumps({"rules": rules, "ignore": ignore}))
    document = json.loads(
        scenario([finding(vul_id, necessity, cves=["CVE-1"]) for vul_id, necessity in dict(found).items()])
    )
    document["images"][0]["timeline"][0] |= {
        "at": at,
        "severity_level": level,
        "vul_num": vul_num,
        "malicious_file_num": malware,
    }

    then = bench.play(json.dumps(document)).check("team/app:1.0", "--timeout", timeout)

    assert judged(bench, "report.json").code == then.code
    (bench.folder / "hssgate.json").unlink()


def test_an_interrupted_check_stays_interrupted(bench: Bench) -> None:
    """It has the exit code of the signal."""
    bench.play(images(finished(at="60s")))
    bench.clock.ring(33, Interrupted(ExitCode.TERMINATED))
    then = bench.check("team/app:1.0")

    assert (then.code, judged(bench, "report.json").code) == (143, 143)


def test_a_new_policy_shows_what_it_would_have_blocked(bench: Bench) -> None:
    """Each image is explained as by a check; its earlier outcome stands beside it."""
    bench.play(images(finished()))
    bench.check("team/app:1.0", "--report", "json=a.json", reports=False)
    bench.play(images(finished(image_name="other"))).check(
        f"team/other:1.0@{DIGEST}", "--report", "json=b.json", reports=False
    )
    (bench.folder / "strict.yaml").write_text(
        "rules: {vulnerabilities: 0}\noverrides: [{images: ['other:*'], rules: {vulnerabilities: 9}, reason: r}]"
    )

    ended = judged(bench, "a.json", "b.json", "--policy", "strict.yaml")

    assert ended.code == 10
    lines = ended.out.splitlines()
    assert lines[0] == f"policy: strict.yaml (sha256 {sha256('strict.yaml')})"
    assert lines[1] == "team/app:1.0: blocked (was passed in a.json)"
    assert "  failed   vulnerabilities: 3 found, at most 0 accepted" in lines
    assert f"team/other:1.0@{DIGEST}: passed (was passed in b.json)" in lines
    assert lines[-1] == "hssgate: BLOCKED (1 image passed, 1 image blocked), exit code 10: team/app:1.0"


def test_timeouts_of_two_rows_that_are_named_alike_stay_as_they_were(bench: Bench) -> None:
    """One has its organisation in the name."""
    rows = [
        {"namespace": "team", "image_name": "app", "scan_status": "paused"},
        {"namespace": "", "image_name": "team/app", "scan_status": "scanning"},
    ]
    given = [
        {"cicd_name": "shop", "image_version": "1.0", **row, "timeline": [{"at": "-1h", "scan_status": status}]}
        for row, status in ((row, row.pop("scan_status")) for row in rows)
    ]

    ended = bench.play(json.dumps({"images": given})).check("team/app:1.0", "--timeout", "10s")

    messages = [check["message"] for check in ended.report["images"][0]["checks"] if check["rule"] == "scan"]
    assert (ended.code, len({*messages})) == (4, 2)
    assert judged(bench, "report.json").code == 4


def test_two_reports_of_one_image_are_explained_by_themselves(bench: Bench) -> None:
    """What is behind the block of one is not shown with the other."""
    (bench.folder / "strict.yaml").write_text("rules: {high_vulnerabilities: 0}")
    for name, found in (("a.json", [finding("V-1")]), ("b.json", [])):
        bench.play(scenario(found)).check(
            "team/app:1.0", "--findings", "always", "--report", f"json={name}", reports=False
        )

    lines = judged(bench, "a.json", "b.json", "--policy", "strict.yaml").out.splitlines()

    assert sum("V-1" in line and line.startswith("  finding") for line in lines) == 1
    assert "team/app:1.0: passed (was blocked in b.json)" in lines


def test_findings_that_were_not_read_are_no_pass(bench: Bench) -> None:
    """A new rule on levels cannot be judged on a report without findings."""
    bench.play(images(finished())).check("team/app:1.0")
    (bench.folder / "levels.yaml").write_text("rules: {high_vulnerabilities: 99}")

    ended = judged(bench, "report.json", "--policy", "levels.yaml")

    assert ended.code == 5
    assert "the findings were not read, which this rule needs" in ended.out


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "it cannot be read", id="missing"),
        pytest.param("{", "it is not a JSON report", id="no JSON"),
        pytest.param("[]", "it is not a JSON report: its top level is no object", id="a list"),
        pytest.param("{}", "schema_version: Field required", id="something else"),
        pytest.param("[" * 100_000, "it is not a JSON report", id="nested deep"),
        pytest.param('{"schema_version": 9}', "schema_version 9 is not known", id="of another version"),
    ],
)
def test_another_file_is_misuse(bench: Bench, content: str | None, expected: str) -> None:
    """The exit code is 2, and the message names each file."""
    if content is not None:
        (bench.folder / "x.json").write_text(content)

    ended = judged(bench, "x.json", "y.json")

    assert ended.code == 2
    assert expected in ended.err
    assert "y.json: it cannot be read" in ended.err


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("key", ["judged_at", "waited_seconds"])
def test_a_report_with_an_invalid_number_is_misuse(bench: Bench, key: str, number: str) -> None:
    """No age can be counted from it."""
    (bench.folder / "hssgate.yaml").write_text("rules: {scan_age: 90m}")
    bench.play(images(finished())).check("team/app:1.0")
    whole = Path("report.json").read_text()
    Path("report.json").write_text(re.sub(rf'"{key}": [0-9.]+', f'"{key}": {number}', whole))

    ended = judged(bench, "report.json")

    assert ended.code == 2
    assert f"{key}: Input should be a finite number" in ended.err


@pytest.mark.parametrize("key", ["started_at", "finished_at"])
def test_a_report_of_a_moment_without_a_zone_is_misuse(bench: Bench, key: str) -> None:
    """This machine's own zone is not that of the check."""
    bench.play(images(finished())).check("team/app:1.0")
    whole = Path("report.json").read_text()
    Path("report.json").write_text(re.sub(rf'"{key}": "[^"]+"', f'"{key}": "0001-01-01T00:00:00"', whole))

    ended = judged(bench, "report.json")

    assert ended.code == 2
    assert f"{key}: Input should have timezone info" in ended.err


def test_findings_that_could_not_be_read_stay_so(bench: Bench) -> None:
    """The exit code is that of the check."""
    (bench.folder / "hssgate.yaml").write_text("rules: {high_vulnerabilities: 9}")
    text = scenario([finding("V-1")], more=', "faults": [{requests: "*", call: vulnerabilities, status: 403}]')

    assert bench.play(text).check("team/app:1.0").code == 3
    assert judged(bench, "report.json").code == 3


@pytest.mark.parametrize("moment", ["1e300", "-1e300", "253402300800.0", "-62135596801.0"])
def test_a_moment_that_no_calendar_reaches_is_misuse(bench: Bench, moment: str) -> None:
    """It does not crash."""
    bench.play(images(finished())).check("team/app:1.0")
    report = Path("report.json").read_text()
    Path("other.json").write_text(re.sub(r'"judged_at": [0-9.]+', f'"judged_at": {moment}', report))

    again = judged(bench, "other.json")

    assert (again.code, "images.0.seen.judged_at: Input should be" in again.err) == (2, True), again.err


def test_groups_that_cannot_be_distinguished_are_refused(bench: Bench) -> None:
    """Names are cut at 2,000 characters, so the findings of one group could be taken for those of another."""
    (bench.folder / "hssgate.yaml").write_text("rules: {high_vulnerabilities: 0}")
    rows = [ROW | {"image_id": end, "namespace": "n" * 2000 + end, "vul_num": 1} for end in ("a", "b")]

    def answer(request: httpx.Request) -> httpx.Response:
        found: list[dict[str, object]] = [*rows]
        if request.url.path.endswith("/vulnerabilities"):
            found = [{"vul_id": "V-1"}] if "/image/a/" in request.url.path else []
        return httpx.Response(200, json={"total_num": len(found), "data_list": found})

    assert bench.answer(answer).check("app:1.0").code == 10
    again = judged(bench, "report.json")
    assert (again.code, "groups of app:1.0 that cannot be distinguished" in again.err) == (2, True), again.err


def test_a_finding_of_no_group_is_refused(bench: Bench) -> None:
    """Otherwise the finding would be lost."""
    (bench.folder / "hssgate.yaml").write_text("rules: {high_vulnerabilities: 0}")
    bench.play(scenario([finding("V-1")])).check("team/app:1.0")
    report = json.loads(Path("report.json").read_text())
    report["images"][0]["findings"][0]["group"] = 1
    Path("other.json").write_text(json.dumps(report))

    assert "a finding of team/app:1.0 that is of no group" in judged(bench, "other.json").err


def test_an_endless_file_is_refused(bench: Bench) -> None:
    """It is refused before it fills the memory."""
    with (bench.folder / "x.json").open("wb") as file:
        file.truncate(65 * 1024 * 1024)

    assert "x.json: it is larger than 64 MiB" in judged(bench, "x.json").err


def test_a_report_of_another_version_is_refused(bench: Bench) -> None:
    """The meaning of an unknown schema is not guessed."""
    bench.play(images(finished())).check("team/app:1.0")
    Path("newer.json").write_text(Path("report.json").read_text().replace('"schema_version": 1', '"schema_version": 2'))

    assert "schema_version 2 is not known" in judged(bench, "newer.json").err


IGNORE = "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: V-1, reason: r, expires: 2026-12-31}]"


@pytest.mark.parametrize(
    ("policy", "day", "code"),
    [
        pytest.param(IGNORE, None, 0, id="of the check itself"),
        pytest.param(IGNORE, "2026-12-31", 0, id="the last day of an entry"),
        pytest.param(IGNORE, "2027-01-01", 10, id="the day after"),
        pytest.param("rules: {scan_age: 90m, severity: High}", "2030-01-01", 0, id="the age of the scan stays"),
        pytest.param(
            "rules: {severity: Low}\noverrides: [{images: ['app'], rules: {severity: High}, reason: r, expires: 2027-03-31}]",
            "2027-04-01",
            10,
            id="an override",
        ),
    ],
)
def test_a_day_moves_only_the_end_of_ignore_entries(bench: Bench, policy: str, day: str | None, code: int) -> None:
    """`--at` shows what will block after an entry has ended; the day is in UTC."""
    (bench.folder / "hssgate.yaml").write_text(policy)
    assert bench.play(scenario([finding("V-1")])).check("team/app:1.0").code == 0

    ended = judged(bench, "report.json", *(["--at", day] if day else []), "--report", "json=again.json")

    assert ended.code == code
    assert judged(bench, "again.json", *(["--at", day] if day else [])).code == code


def test_a_day_moves_the_warnings_of_ends_too(bench: Bench) -> None:
    """The warnings are about entries that end soon after that day, or have ended by then."""
    (bench.folder / "hssgate.yaml").write_text(IGNORE)
    bench.play(scenario([finding("V-1")])).check("team/app:1.0")

    assert "ends after 2026-12-31" in judged(bench, "report.json", "--at", "2026-12-20").err
    assert "ended on 2026-12-31" in judged(bench, "report.json", "--at", "2027-01-01").err
    assert "2026-12-31" not in judged(bench, "report.json").err


@pytest.mark.parametrize(
    "day", ["soon", "", "2027-02-29", "20270331", "2027-03-31T00:00:00Z", "31.03.2027", "1790000000"]
)
def test_another_text_than_a_day_is_misuse(bench: Bench, day: str) -> None:
    """The message has an example of a day."""
    bench.play(images(finished())).check("team/app:1.0")

    ended = judged(bench, "report.json", "--at", day)

    assert (ended.code, f"{day!r} is not a day; write it like 2027-03-31." in ended.err) == (2, True), ended.err


def test_a_shortened_report_is_refused_with_its_own_message(bench: Bench) -> None:
    """The output `json` of a step leaves out the observations if it would be too long."""
    rows = ", ".join(f"{{{ROW_OF_MANY}, image_version: '{number}'}}" for number in range(60))
    asked = [f"team/app:{number}" for number in range(60)]
    env = {**KEY, "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "outputs"}
    bench.play(f"images: [{rows}]").check(*asked, "--cicd-name", "shop", env=env)
    lines = Path("outputs").read_text().splitlines()
    Path("short.json").write_text(lines[[line.partition("<<")[0] for line in lines].index("json") + 1])

    again = judged(bench, "short.json")

    assert (again.code, "it was shortened for a step's output; take the file" in again.err) == (2, True), again.err


def test_a_block_whose_findings_were_left_out_is_judged_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its findings it explains nothing."""
    monkeypatch.setattr("hssgate.reports.json.LONGEST_LISTS", 100)
    (bench.folder / "hssgate.yaml").write_text("rules: {vulnerabilities: 0}")

    (image,) = bench.play(scenario([finding("V-1")])).check("team/app:1.0").report["images"]
    again = judged(bench, "report.json")

    assert (image["explanation"], image["left_out"]) == (None, "1 finding and 0 details left out of the JSON report")
    assert (again.code, "vulnerabilities: 1 found, at most 0 accepted" in again.out) == (10, True), (
        again.out + again.err
    )


def test_details_that_were_read_are_shown_again(bench: Bench) -> None:
    """They do not affect the verdict."""
    files = [{"file_name": "evil.sh", "file_path": "/opt"}]
    text = scenario([], None, "", malwares=files)
    bench.play(text).check("team/app:1.0", "--findings", "always")

    again = judged(bench, "report.json", "--report", "json=again.json")

    assert "malicious_file  /opt" in again.out
    assert json.loads(Path("again.json").read_text())["images"][0]["details"][0]["kind"] == "malicious_file"
