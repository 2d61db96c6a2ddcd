"""Tests of redaction: secrets in text from outside are masked, and our own words stay."""

import json
import re
from importlib import resources
from pathlib import Path

import httpx
import pytest
from jsonschema import validate

from hssgate.hss.json_rows import rows_in
from hssgate.redaction.redactor import Redactor
from hssgate.reports import FORMATS
from tests.cli.test_check import finished, images
from tests.conftest import KEY, Bench, Ended
from tests.support.depth import DEPTH
from tests.support.fakes import FakeClock

pytestmark = pytest.mark.unmeasured

REPORTS = [text for name in FORMATS for text in ("--report", f"{name}=reports/{name}")]
NEUTRAL = "x9-odd-token"
SCHEMA = json.loads(resources.files("hssgate.reports").joinpath("report.schema.json").read_text(encoding="utf-8"))


def refuse(_request: httpx.Request) -> httpx.Response:
    """Say nothing of one's own: all words of the run are ours."""
    return httpx.Response(401)


def shown(bench: Bench, env: dict[str, str], *arguments: str) -> str:
    """All that a run shows: both streams, and every file."""
    bench.clock = FakeClock()
    ended = bench.run(*arguments, env=env)
    files = sorted(path for path in Path("reports").rglob("*") if path.is_file())
    return "\n".join([ended.out, ended.err, *(path.read_text(encoding="utf-8") for path in files)])


def words_of(text: str) -> list[str]:
    """Return words and numbers that are long enough to be secrets, among them some keys."""
    return sorted({word for word in re.findall(r"[A-Za-z]+(?:_[A-Za-z]+)*|[0-9]+", text) if 4 <= len(word) <= 24})


ENDPOINT = ("--endpoint", "http://127.0.0.1:9", "--project-id", "project")
RUNS = [
    pytest.param(["check", "team/app:1.0", *ENDPOINT, *REPORTS, "-v"], id="check"),
    pytest.param(["doctor", *ENDPOINT, "--format", "json"], id="doctor"),
]


@pytest.mark.parametrize("arguments", RUNS)
def test_a_secret_that_is_a_plain_word_changes_none_of_our_messages(bench: Bench, arguments: list[str]) -> None:
    """With HSSGATE_TOKEN=wrong, "the credentials are wrong" stays in messages and reports."""
    bench.answer(refuse)
    expected = shown(bench, {"HSSGATE_TOKEN": NEUTRAL}, *arguments)
    words = words_of(expected)
    assert {"credentials", "refused", "check"} & {*words}

    for word in DEPTH.part_of(words):
        assert shown(bench, {"HSSGATE_TOKEN": word}, *arguments) == expected, word


def test_a_secret_that_is_a_plain_word_spoils_no_verdict(bench: Bench) -> None:
    """Reports stay valid with such a password in the environment, or such a token in use."""
    scenario = images(finished()) + "credentials: [{token: severity}, {ak: emulator-ak, sk: emulator-sk}]"
    for env in (
        {"HSSGATE_TOKEN": "severity"},
        KEY | {"HW_USER_PASSWORD": "sha256"},
        KEY | {"HW_USER_PASSWORD": "reads"},
    ):
        bench.play(scenario)

        ended = bench.check("team/app:1.0", env=env)

        assert ended.code == 0, ended.err
        assert "severity: Low found" in ended.out
        validate(ended.report, SCHEMA)
        assert next(iter(ended.junit)).name == "team/app:1.0"


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(
            httpx.Response(401, json={"error_code": "X.1", "error_msg": "the token wrong is bad"}), id="message"
        ),
        pytest.param(httpx.Response(401, text="<p>wrong</p>"), id="text"),
        pytest.param(httpx.Response(401, headers={"X-Request-Id": "it-is-wrong"}), id="request id"),
        pytest.param(httpx.Response(401, extensions={"reason_phrase": b"token wrong"}), id="reason"),
        pytest.param(httpx.RemoteProtocolError("illegal line: wrong"), id="exception"),
    ],
)
def test_a_secret_in_a_server_response_is_masked(bench: Bench, response: httpx.Response | Exception) -> None:
    """It is masked even if it is a plain word, while our own words around it stay."""

    def answer(_request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    ended = bench.answer(answer).check("app:1", "-vv", "--timeout", "1s", env={"HSSGATE_TOKEN": "wrong"})

    text = ended.out + ended.err
    assert ended.code == 3
    assert "***" in text
    assert text.replace("the credentials are wrong", "").count("wrong") == 0


def test_a_secret_in_an_exception_is_masked(bench: Bench) -> None:
    """The message of a crash may contain anything."""

    def crash(_request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("the secret is wrong")

    ended = bench.answer(crash).check("app:1", env={"HSSGATE_TOKEN": "wrong"})

    assert (ended.code, "ZeroDivisionError: the secret is ***" in ended.err) == (1, True), ended.err


def test_a_secret_in_a_row_is_masked(bench: Bench) -> None:
    """It is masked in each report that shows the row."""
    row = finished(scan_failed_desc="it was wrong")

    ended: Ended = bench.play(images(row) + "credentials: [{token: wrong}]").check(
        "team/app:1.0", env={"HSSGATE_TOKEN": "wrong"}
    )

    assert ended.code == 0
    assert ended.report["images"][0]["row"]["scan_failed_desc"] == "it was ***"


@pytest.mark.parametrize("secret", ["s3cr3t", "emulator-token", "p@ss", "correct horse", "a" * 25, "password1"])
def test_a_secret_that_is_no_plain_word_is_masked_everywhere(secret: str) -> None:
    """It is masked in our own text too, where it could only be by mistake."""
    redactor = Redactor([secret])

    assert redactor.own_text(f"here is {secret}!") == redactor.text(f"here is {secret}!") == "here is ***!"


def test_a_plain_word_is_still_masked_in_its_other_forms() -> None:
    """The Base64 form of a word is not a plain word."""
    redactor = Redactor(["credentials"])

    assert redactor.own_text("Y3JlZGVudGlhbHM= credentials") == "***M= credentials"


@pytest.mark.parametrize("field", ["scan_failed_desc", "description", "solution"])
def test_a_password_that_is_a_word_is_masked_in_prose_and_stays_in_names(field: str) -> None:
    """Nothing depends on prose; a name in which the word stands would no longer be that name."""
    redactor = Redactor(["hunter"])
    body = json.dumps({"data_list": [{"image_name": "hunter", field: "denied for hunter \\"}]})

    _, (row,) = rows_in(body.encode(), "data_list", redactor)

    assert row == {"image_name": "hunter", field: "denied for *** \\"}
