"""How an ended situation is compared with what was expected: exit code, output, reports and requests."""

from dataclasses import replace
from typing import Any

import pytest

from hssgate.emulator.faults import numbers_of
from hssgate.selftest.agreement import disagreements
from hssgate.selftest.play import Ended
from hssgate.selftest.surroundings import arguments_of
from tests.selftest.test_situations import SITUATIONS

POLICIES = [{"path": "built-in", "sha256": "0123456789ab" + "0" * 52}]
UNNAMED = "the first line of stdout does not name the policy of the JSON report"
GOOD = Ended(
    exit_code=10,
    out="policy: built-in policy (sha256 0123456789ab)\nseverity: High found, at most Medium accepted; BLOCKED (1 image blocked)",
    err="",
    requests=3,
    json={"exit_code": 10, "policies": POLICIES, "images": [{"reference": "team/app:1.0", "exit_code": 10}]},
    junit=b"<testsuites><testsuite name='team/app:1.0'><testcase><failure/></testcase></testsuite></testsuites>",
    arguments=("check",),
    seconds=1.0,
)


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        pytest.param({}, (), id="as expected"),
        pytest.param({"exit_code": None}, ("it did not end by itself",), id="no end"),
        pytest.param({"junit": None}, ("there is no JUnit report",), id="no JUnit"),
        pytest.param({"junit": b"<"}, ("the JUnit report is not XML: unclosed token: line 1, column 0",), id="no XML"),
        pytest.param(
            {"junit": b"<testsuites/>"},
            (
                "the JUnit report shows nothing red, and the exit code is 10 blocked",
                "the JUnit report has no suite for team/app:1.0",
            ),
            id="no suite",
        ),
        pytest.param(
            {
                "exit_code": 3,
                "json": {**GOOD.json, "exit_code": 3, "images": [{"reference": "team/app:1.0", "exit_code": 0}]},
                "junit": b"<testsuites><testsuite name='team/app:1.0'><testcase/></testsuite></testsuites>",
            },
            (
                "the exit code is 3 api unavailable, not 10 blocked",
                "the JUnit report shows nothing red, and the exit code is 3 api unavailable",
            ),
            id="green where a report could not be written",
        ),
        pytest.param(
            {"contradiction": "it is not a JSON report"},
            ("`hssgate judge` would refuse the JSON report: it is not a JSON report",),
            id="a report that contradicts itself",
        ),
        pytest.param({"json": []}, ("there is no JSON report, or it does not say how the run ended",), id="odd JSON"),
        pytest.param(
            {"json": {**GOOD.json, "exit_code": 0, "images": []}},
            ("the JSON report says 0 passed",),
            id="another verdict",
        ),
        pytest.param({"json": {**GOOD.json, "policies": []}}, (UNNAMED,), id="no policy"),
        pytest.param({"json": {**GOOD.json, "policies": [{"sha256": "f" * 64}]}}, (UNNAMED,), id="another policy"),
        pytest.param({"out": GOOD.out.replace("policy: ", "Policy ")}, (UNNAMED,), id="no line for the policy"),
        pytest.param({"err": "Traceback (most recent"}, ("it says 'Traceback'",), id="a traceback"),
        pytest.param({"err": "emulator-sk"}, ("it shows a secret",), id="a secret"),
        pytest.param({"json": {**GOOD.json, "x": "emulator-sk"}}, ("it shows a secret",), id="a secret in a report"),
        pytest.param({"requests": 0}, ("the API got 0 requests, not 3",), id="nothing asked"),
        pytest.param({"written": {"gl.json": "emulator-sk"}}, ("it shows a secret",), id="a secret in another report"),
    ],
)
def test_every_difference_is_reported(change: dict[str, Any], problems: tuple[str, ...]) -> None:
    """One line for each."""
    assert disagreements(SITUATIONS["too-severe"], replace(GOOD, **change)) == problems


@pytest.mark.parametrize("written", [{}, {"gl.json": '"status": "success"'}], ids=["no file", "another text"])
def test_an_expected_file_has_its_texts(written: dict[str, str]) -> None:
    """Of reports that have no other comparison."""
    expected = SITUATIONS["too-severe"].model_copy(update={"writes": {"gl.json": ('"status": "failure"',)}})

    assert disagreements(expected, replace(GOOD, written=written)) == ('gl.json lacks \'"status": "failure"\'',)


def test_a_pass_needs_images_that_passed() -> None:
    """An empty report proves nothing."""
    out = GOOD.out.splitlines()[0] + "\npassed   scan: success PASSED (1 image passed)"
    nothing = replace(GOOD, exit_code=0, requests=1, out=out, json={**GOOD.json, "exit_code": 0, "images": []})

    (problem,) = disagreements(SITUATIONS["clean"], nothing)

    assert problem == "not every image of the JSON report passed"


def test_junit_results_are_compared_with_each_image() -> None:
    """Red where the image passed is as wrong as green where it did not."""
    image = {"reference": "team/app:1.0", "exit_code": 0}
    out = GOOD.out.splitlines()[0] + "\npassed   scan: success PASSED (1 image passed)"
    passed = replace(GOOD, exit_code=0, requests=1, out=out, json={**GOOD.json, "exit_code": 0, "images": [image]})

    (problem,) = disagreements(SITUATIONS["clean"], passed)

    assert problem == "the JUnit report shows team/app:1.0 as failed, the JSON report does not"


@pytest.mark.parametrize(
    ("requests", "got", "shown"), [(2, 1, "2"), ("2-4", 5, "2 to 4"), ("2-", 1, "at least 2"), ("2-", 7, None)]
)
def test_the_number_of_requests_may_be_a_range(requests: object, got: int, shown: str | None) -> None:
    """As a situation writes it."""
    expected = SITUATIONS["too-severe"].model_copy(update={"requests": numbers_of(requests)})

    assert disagreements(expected, replace(GOOD, requests=got)) == (
        (f"the API got {got} requests, not {shown}",) if shown else ()
    )


def test_misuse_asks_nothing_and_reports_nothing() -> None:
    """Both count as differences."""
    misused = replace(GOOD, exit_code=2, requests=1)
    silent = replace(misused, requests=0, json=None, junit=None)

    assert disagreements(SITUATIONS["version-missing"], silent) == ()
    assert disagreements(SITUATIONS["version-missing"], misused) == (
        "the API got 1 requests, though misuse must send none",
        "there is a report, though nothing was judged",
    )


def test_another_command_than_check_writes_no_reports() -> None:
    """Its situation says how it is run; the address of the API is put in."""
    situation = SITUATIONS["policy-test"]
    ended = replace(GOOD, exit_code=0, out="would block 1 of 2 images, team/other:1.0, not judged", requests=1)

    assert arguments_of(situation, "http://here")[:6] == [
        "policy", "test", "--cicd-name", "shop", "--endpoint", "http://here",
    ]  # fmt: skip
    assert disagreements(situation, replace(ended, json=None, junit=None)) == ()
    assert disagreements(situation, ended) == ("there is a report, though nothing was judged",)
