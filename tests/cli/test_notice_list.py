"""Scores of many notices: taken from the list of all notices where that is cheaper, and never in doubt."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.exchange import Response
from hssgate.hss.models import Cve
from hssgate.hss.notice_list import ListedNotice, scores_of
from hssgate.hss.responses import Page, read_page
from tests.cli.test_findings import policy
from tests.conftest import Bench, Ended
from tests.support.fakes import START
from tests.support.law import Asked, DetailReads, doubts
from tests.support.wiretap import Wiretap
from tests.support.worlds import silently

SCORED = "rules: {cvss: 8.9}"


def scenario(score: float, count: int = 100, others: int = 0, faults: str = "") -> str:
    """An image with notices of one score, and other images of the project with more notices."""
    image = {
        "namespace": "team",
        "image_name": "app",
        "image_version": "1.0",
        "many_findings": {
            "count": count,
            "repair_necessity": "immediate_repair",
            "cves": [{"cve_id": "CVE-2024-1", "cvss_score": score}],
        },
        "timeline": [{"at": "-1h", "scan_status": "success", "severity_level": "High", "vul_num": count}],
    }
    images = [image]
    if others:
        images.append(image | {"image_name": "other", "many_findings": {"count": others, "prefix": "OTHER-"}})
    return json.dumps({"images": images})[:-1] + (f', "faults": {faults}' if faults else "") + "}"


def asked(bench: Bench) -> tuple[int, int]:
    """The number of pages of the list of all notices, and of calls for single notices."""
    paths = [request.url.path for request in bench.sent]
    return sum(path.endswith("/images/vulnerabilities") for path in paths), sum(path.endswith("/cve") for path in paths)


def check(bench: Bench, *arguments: str) -> Ended:
    return bench.check("team/app:1.0", "--findings", "never", *arguments)


@pytest.mark.parametrize(("score", "code"), [(9.8, 10), (7.5, 0)])
@pytest.mark.parametrize("rule", ["cvss: 8.9", "critical_vulnerabilities: 0"])
def test_scores_of_many_notices_come_from_the_list(bench: Bench, score: float, code: int, rule: str) -> None:
    """One page in place of a hundred calls, and the same verdict; the saved report gives it again."""
    policy(bench, f"rules: {{{rule}}}")

    ended = check(bench.play(scenario(score)))
    pages = asked(bench)

    assert (ended.code, pages) == (code, (1, 0))
    assert bench.run("judge", "report.json").code == code


@pytest.mark.parametrize(("score", "code"), [(9.8, 10), (8.9, 0)])
@pytest.mark.parametrize("count", [31, 40, 250])
def test_the_independent_judge_agrees(bench: Bench, tmp_path: Path, score: float, code: int, count: int) -> None:
    """By the recorded traffic alone."""
    written = {"rules": {"cvss": 8.9}}
    (tmp_path / "p.json").write_text(json.dumps(written))
    emulator = Emulator(parse_scenario(scenario(score, count), "s"), now=bench.clock.epoch, sleep=bench.clock.pass_time)
    wiretap = Wiretap(emulator, bench.clock)
    given = ["check", "team/app:1.0", "--policy", str(tmp_path / "p.json"), "--findings", "never"]

    ended = silently([*given, "--endpoint", "http://127.0.0.1:9", "--project-id", "p"], bench.clock, wiretap)
    reads = DetailReads(wiretap.details, START)
    doubted = doubts(Asked("team", "1.0", None, None, None, 5.0), wiretap.looks, [written], reads)

    assert (ended.code, doubted == []) == (code, code == 0)


@pytest.mark.parametrize(
    ("text", "count", "others", "expected"),
    [
        pytest.param(SCORED, 31, 0, (0, 31), id="few notices"),
        pytest.param(SCORED, 32, 0, (1, 0), id="just enough notices"),
        pytest.param(SCORED, 250, 0, (2, 0), id="two pages"),
        pytest.param(SCORED, 100, 5000, (1, 0), id="a long list whose first page has all"),
        pytest.param(f"{SCORED}\ngrace: {{high: 30d}}", 100, 0, (0, 100), id="dates, which the list lacks"),
        pytest.param(f"{SCORED}\ndeny: [{{vulnerability: CVE-2021-1, reason: r}}]", 100, 0, (0, 100), id="a denied CVE"),
        pytest.param("rules: {cvss: 8.9, exploited: 0}\nfeeds: {exploited: [kev.txt]}", 100, 0, (0, 100), id="a feed of CVEs"),
        pytest.param(f"{SCORED}\nignore: [{{vulnerability: CVE-2021-1, reason: r}}]", 100, 0, (0, 100), id="an ignored CVE"),
        pytest.param(f"{SCORED}\nignore: [{{vulnerability: HCE2-SA-2024-0001, reason: r}}]", 100, 0, (1, 0), id="an ignored notice"),
        pytest.param("rules: {severity: High, vulnerabilities: 100}", 100, 0, (0, 0), id="no scores"),
    ],
)  # fmt: skip
def test_the_list_is_read_only_where_scores_alone_decide(
    bench: Bench, text: str, count: int, others: int, expected: tuple[int, int]
) -> None:
    """Its CVEs may be incomplete, and have no dates; and only where it is cheaper."""
    Path("kev.txt").write_text("CVE-2021-0001\n")
    policy(bench, text)

    ended = check(bench.play(scenario(7.5, count, others)))

    assert (ended.code, asked(bench)) == (0, expected)


def test_with_findings_always_each_notice_has_its_dates(bench: Bench) -> None:
    """Which the list lacks."""
    policy(bench, SCORED)

    bench.play(scenario(7.5, 40)).check("team/app:1.0", "--findings", "always")

    assert asked(bench) == (0, 40)


def test_a_list_that_would_take_longer_is_given_up_after_a_page(bench: Bench) -> None:
    """The notices of the image are behind those of others."""
    policy(bench, SCORED)
    first = json.loads(scenario(7.5, 100, 5000))
    first["images"].reverse()

    ended = check(bench.play(json.dumps(first)))

    pages, single = asked(bench)
    assert (ended.code, single) == (0, 100)
    assert pages <= 4


@pytest.mark.parametrize("fault", ["status: 404", "status: 503", "status: 403", "garbage: true", "reset: true"])
def test_without_the_list_each_notice_is_asked_for(bench: Bench, fault: str) -> None:
    """The list is tried once."""
    policy(bench, SCORED)

    ended = check(bench.play(scenario(9.8, 40, faults=f"[{{requests: '*', call: notices, {fault}}}]")))

    assert (ended.code, asked(bench)[1]) == (10, 40)


def test_what_the_list_says_is_used_only_without_doubt(bench: Bench) -> None:
    """A notice that is missing, or whose scores contradict each other, has a call of its own."""
    policy(bench, SCORED)
    bench.play(scenario(9.8, 40))
    emulator = httpx.Client(transport=httpx.WSGITransport(app=bench.emulator))

    def soften(request: httpx.Request) -> httpx.Response:
        answered = emulator.send(request)
        if not request.url.path.endswith("/images/vulnerabilities"):
            return answered
        first, second, *rows = answered.json()["data_list"]
        del first
        second["cve_list"] = [{"cve_id": "CVE-2024-1", "cvss": 3.0}]
        for row in rows:
            row["max_cvss_score"] = 3.0
            row["cve_list"] = [{"cve_id": "CVE-2024-1", "cvss": 3.0}]
        return httpx.Response(200, json={"total_num": 39, "data_list": [second, *rows]})

    ended = check(bench.answer(soften))

    assert (ended.code, asked(bench)) == (10, (1, 2))


def test_a_signal_ends_the_list(bench: Bench) -> None:
    """And nothing else is asked."""
    policy(bench, SCORED)
    bench.play(scenario(7.5, 40, faults="[{requests: '*', call: notices, delay: 20s}]"))
    bench.clock.ring(10, Interrupted(ExitCode.TERMINATED))

    ended = check(bench)

    assert (ended.code, asked(bench)) == (ExitCode.TERMINATED, (1, 0))


def notice(**fields: object) -> dict[str, object]:
    return {"vul_id": "N", "cve_list": [{"cve_id": "CVE-1", "cvss": 7.5}], "max_cvss_score": 7.5} | fields


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(notice(cve_list=[]), id="no CVE"),
        pytest.param(notice(cve_list=None), id="no list"),
        pytest.param(notice(cve_list="CVE-1"), id="a text for a list"),
        pytest.param(notice(max_cvss_score=None), id="no highest score"),
        pytest.param(notice(max_cvss_score=9.8), id="another highest score"),
        pytest.param(notice(max_cvss_score="high"), id="a word for the highest score"),
        pytest.param(notice(cve_list=[{"cve_id": "CVE-1"}], max_cvss_score=None), id="no score"),
        pytest.param(notice(cve_list=[{"cve_id": "CVE-1", "cvss": 0}], max_cvss_score=0), id="a score of 0, as of an empty field"),
        pytest.param(notice(cve_list=[{"cve_id": "CVE-1", "cvss": 7.5}, {"cve_id": "CVE-2"}]), id="a CVE without a score"),
        pytest.param(notice(cve_list=[{"cvss": 7.5}]), id="a CVE without an id"),
        pytest.param(notice(cve_list=[{"cve_id": "CVE-1", "cvss": 11}], max_cvss_score=11), id="a score beyond 10"),
    ],
)  # fmt: skip
def test_a_doubtful_row_has_no_score(row: dict[str, object]) -> None:
    """Its notice keeps its own call."""
    assert ListedNotice.model_validate(row).scored is None


def served(
    rows: list[dict[str, Any]], total: int | None, where: tuple[str, str] = ("linux_vul", "unhandled")
) -> Callable[..., Page[ListedNotice]]:
    """One of the lists, by default that of unhandled notices of Linux; the other lists are empty."""

    def read(names: dict[str, str | int], model: type[ListedNotice]) -> Page[ListedNotice]:
        is_filled = (names["type"], names["handle_status"]) == where
        offset = int(names["offset"])
        document = {
            "total_num": total if is_filled else 0,
            "data_list": rows[offset : offset + 200] if is_filled else [],
        }
        return read_page(Response(200, httpx.Headers(), json.dumps(document).encode(), None), model)

    return read


WANTED = [f"N-{number}" for number in range(40)]


def test_a_notice_that_is_listed_twice_must_be_the_same() -> None:
    """Else it is in doubt."""
    rows = [notice(vul_id=vul_id) for vul_id in WANTED]
    other = notice(vul_id="N-1", cve_list=[{"cve_id": "CVE-2", "cvss": 3.0}], max_cvss_score=3.0)

    found = scores_of(WANTED, served([*rows, notice(vul_id="N-0"), other, notice(vul_id=None)], 43))

    assert found.keys() == {*WANTED} - {"N-1"}
    assert found["N-0"] == (Cve(cve_id="CVE-1", cvss_score=7.5),)


@pytest.mark.parametrize("status", ["unhandled", "handled"])
@pytest.mark.parametrize("kind", ["linux_vul", "app_vul"])
def test_a_score_is_looked_for_in_each_of_the_lists(kind: str, status: str) -> None:
    """HSS lists notices of Linux and of applications apart, and those that were handled."""
    rows = [notice(vul_id=vul_id) for vul_id in WANTED]

    assert scores_of(WANTED, served(rows, 40, (kind, status))).keys() == {*WANTED}


@given(
    st.lists(
        st.tuples(st.sampled_from(WANTED), st.sampled_from([None, 0, 3.0, 9.8]), st.sampled_from([None, 0, 3.0, 9.8]))
    ),
    st.none() | st.integers(0, 500),
)
def test_no_score_is_lower_than_the_list_says(
    rows: list[tuple[str, float | None, float | None]], total: int | None
) -> None:
    """Whatever rows there are, and whatever total is announced; and the list ends."""
    listed = [
        notice(vul_id=vul_id, cve_list=[{"cve_id": "CVE-1", "cvss": score}], max_cvss_score=highest)
        for vul_id, score, highest in rows
    ]

    for vul_id, (cve,) in scores_of(WANTED, served(listed, total)).items():
        said = [score for other, *scores in rows if other == vul_id for score in scores]
        assert said
        assert {*said} == {cve.cvss_score}
