"""Retries: which responses are retried, how often, and the messages meanwhile."""

import httpx
import pytest

from tests.cli.test_check import CLEAN, finished, image, images
from tests.conftest import Bench
from tests.waiting.test_poller import ROW, in_turn, page

ENDS = image("{at: 0s, scan_status: scanning}", f"{{at: 60s, scan_status: success, {CLEAN}}}")
WAF = 'body: "<html>blocked</html>"'
NOTHING = CLEAN.replace("vul_num: 3", "vul_num: 0")


def answered(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("status: 400, code: HSS.0004", id="a database of HSS that failed"),
        pytest.param("status: 400, code: HSS.0001", id="an invalid parameter"),
        pytest.param(f"status: 403, {WAF}", id="a firewall in between"),
        pytest.param("status: 403, code: APIGW.0801", id="another code of the gateway"),
        pytest.param("redirect: 'http://127.0.0.1:1/maintenance'", id="a page of maintenance"),
        pytest.param("status: 404, body: ''", id="404 without a word"),
        pytest.param("status: 418, body: '{}'", id="another 4xx"),
        pytest.param("status: 304, body: ''", id="another 3xx"),
        pytest.param("status: 500", id="500"),
        pytest.param("status: 200, code: HSS.0004", id="an error code in a 200"),
    ],
)
def test_a_refusal_after_a_success_is_retried(bench: Bench, fault: str) -> None:
    """Credentials and address were right a moment ago; the sixth refusal in a row ends the run."""
    passing = images(ENDS) + f"faults: [{{requests: 2-6, {fault}}}]"
    lasting = images(ENDS) + f"faults: [{{requests: 2-, {fault}}}]"

    assert bench.play(passing).check("team/app:1.0", "--timeout", "1h").code == 0
    assert bench.play(lasting).check("team/app:1.0", "--timeout", "1h").code == 3
    assert bench.emulator.request_count == 7


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param("status: 401", "APIGW.0301", id="401"),
        pytest.param("status: 401, body: ''", "HTTP 401", id="401 without a word"),
        pytest.param("status: 403", "APIGW.0302", id="no permission at the gateway"),
        pytest.param("status: 403, code: APIG.0302", "APIG.0302", id="at the older gateway"),
        pytest.param("status: 403, code: APIGW.0310", "APIGW.0310", id="no such project"),
        pytest.param("status: 404", "APIGW.0101", id="no such API"),
        pytest.param("status: 404, code: APIG.0101", "APIG.0101", id="no such API at the older gateway"),
        pytest.param("status: 400, code: HSS.0010", "HSS.0010", id="no permission at HSS"),
        pytest.param("status: 400, code: HSS.0013", "HSS.0013", id="insufficient permission at HSS"),
        pytest.param("status: 403, code: IAM.0007", "IAM.0007", id="IAM"),
        pytest.param("status: 403, code: PAP5.0010", "PAP5.0010", id="a policy of IAM"),
        pytest.param("status: 200, code: HSS.0013", "HSS.0013", id="in a 200"),
        pytest.param("status: 200, code: APIGW.0301", "locked for five minutes", id="a bad signature in a 200"),
    ],
)
def test_what_says_that_the_caller_may_not_is_final(bench: Bench, fault: str, code: str) -> None:
    """Also after an answer: no second try would be answered."""
    scenario = images(ENDS) + f"faults: [{{requests: 2-, {fault}}}]"

    ended = bench.play(scenario).check("team/app:1.0", env={"HSSGATE_TOKEN": "emulator-token"})

    assert (ended.code, bench.emulator.request_count) == (3, 2)
    assert code in ended.out


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        pytest.param("status: 400, code: HSS.0004", "HTTP 400: HSS.0004", id="400"),
        pytest.param(f"status: 403, {WAF}", "HTTP 403: <html>blocked", id="a firewall"),
        pytest.param("redirect: 'http://127.0.0.1:1/'", "a redirect is never followed", id="302"),
        pytest.param("status: 200, code: HSS.0004", "HTTP 200: HSS.0004 Bad request", id="an error code in a 200"),
    ],
)
def test_before_an_answer_a_refusal_is_final(bench: Bench, fault: str, message: str) -> None:
    """Nothing shows yet that anything is right."""
    ended = bench.play(images(finished()) + f"faults: [{{requests: '*', {fault}}}]").check("team/app:1.0")

    assert (ended.code, bench.emulator.request_count) == (3, 1)
    assert message in ended.out


def test_a_success_counts_for_its_own_call_only(bench: Bench) -> None:
    """A success of the list does not count for the findings: their first refusal is final, a later one is not."""
    (bench.folder / "high.yaml").write_text("rules: {high_vulnerabilities: 3}")
    fault = "faults: [{requests: 2-2, call: vulnerabilities, status: 400, code: HSS.0004}]"
    later = "faults: [{requests: 3-4, call: vulnerabilities, status: 400, code: HSS.0004}]"

    first = bench.play(images(finished(NOTHING)) + fault).check("team/app:1.0", "--policy", "high.yaml")
    assert (first.code, first.checks()["high_vulnerabilities"]) == (3, "error")

    two = images(finished(NOTHING), finished(NOTHING, image_name="other", image_digest="sha256:" + "ef" * 32))
    second = bench.play(two + later).check(
        "team/app:1.0", "team/other:1.0", "--cicd-name", "shop", "--policy", "high.yaml"
    )
    assert (second.code, bench.emulator.request_count) == (0, 5)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("status: 408", id="408"),
        pytest.param("status: 429", id="429"),
        pytest.param("status: 403, code: APIGW.0308", id="a 403 that says throttled"),
        pytest.param("status: 500, code: APIG.0308", id="a 500 that says throttled"),
        pytest.param("status: 200, code: APIGW.0308", id="a 200 that says throttled"),
        pytest.param("status: 503", id="503"),
        pytest.param('garbage: \'{"error_code": "HSS.0004", "data_list": []}\'', id="rows and an error code"),
    ],
)
def test_temporary_failures_are_retried_until_the_deadline(bench: Bench, fault: str) -> None:
    """From the first request on, however often."""
    eight = images(finished()) + f"faults: [{{requests: 1-8, {fault}}}]"

    assert bench.play(eight).check("team/app:1.0").code == 0
    assert bench.emulator.request_count == 9


def test_throttling_by_its_code_slows_every_request(bench: Bench) -> None:
    """The limit belongs to the caller, for every status."""
    names = [f"app{number}" for number in range(3)]
    fault = "faults: [{requests: 1, status: 403, code: APIGW.0308, retry_after: 40}]"

    ended = bench.play(images(*(finished(image_name=name) for name in names)) + fault).check(
        *(f"team/{name}:1.0" for name in names)
    )

    assert ended.code == 0
    assert [round(request.at - bench.emulator.requests[0].at) for request in bench.emulator.requests] == [0, 40, 40, 40]


@pytest.mark.parametrize(
    ("code", "is_error"),
    [
        pytest.param(None, False, id="null"),
        pytest.param("", False, id="empty"),
        pytest.param(0, False, id="0"),
        pytest.param("0", False, id="0 as a text"),
        pytest.param(" ", False, id="a blank"),
        pytest.param("HSS.0004", True, id="a code"),
        pytest.param(1, True, id="a number"),
        pytest.param({"a": 1}, True, id="an object"),
    ],
)
def test_an_error_code_in_a_200(bench: Bench, code: object, is_error: bool) -> None:  # noqa: FBT001 - a row of the table
    """It is an error unless the code is 0 or empty; rows beside it make the response unreadable."""
    bench.answer(lambda _request: answered({"error_code": code, "total_num": 0}))
    alone = bench.check("app:1.0", "--timeout", "0")
    bench.answer(lambda _request: answered({"error_code": code, "data_list": None}))
    with_null = bench.check("app:1.0", "--timeout", "0")
    bench.answer(lambda _request: answered({"error_code": code, "total_num": 1, "data_list": [ROW]}))
    with_rows = bench.check("app:1.0", "--timeout", "0", "--settle", "0")

    assert (alone.code, with_null.code, with_rows.code) == ((3, 3, 3) if is_error else (4, 4, 0))
    if is_error:
        assert "HTTP 200: " in alone.out
        assert "HTTP 200: " in with_null.out
        assert "unreadable answer: it has rows and the error code" in with_rows.out


@pytest.mark.parametrize(
    ("response", "advice"),
    [
        pytest.param(answered({"error_code": "APIGW.0308"}, 429), "raise --interval", id="throttled"),
        pytest.param(answered({}, 503), "is overloaded or down: look again in a while", id="down"),
        pytest.param(answered({}, 408), "is overloaded or down", id="timeout of the gateway"),
        pytest.param(answered({}, 500), "ask Huawei Cloud's support, with the request id", id="a fault"),
        pytest.param(
            httpx.Response(200, text="<html>log in"),
            "another server, or a proxy in between, may be answering in its place",
            id="a page",
        ),
        pytest.param(
            httpx.Response(204), "another server, or a proxy in between, may be answering in its place", id="no content"
        ),
        pytest.param(
            page({**ROW, "vul_num": "many"}),
            "report this response to hssgate, with the request id",
            id="an odd row",
        ),
        pytest.param(
            httpx.Response(200, headers={"Age": "900"}), "HSS must not be reached through a cache", id="cached"
        ),
        pytest.param(page(ROW, total=3), "images are pushed while it is read", id="a list that changes"),
    ],
)
def test_the_third_equal_failure_says_what_to_check(bench: Bench, response: httpx.Response, advice: str) -> None:
    """Once, during the run; the report has it at the end, too."""
    message: list[str] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        message.append(bench.capture.readouterr().err)
        return response

    ended = bench.answer(answer).check("app:1.0", "--timeout", "4m")

    assert ended.code == 3
    heard = [number for number, text in enumerate(message) if "3 times in a row" in text]
    assert len(heard) <= 1
    texts = "".join(message) + ended.err
    assert texts.count("3 times in a row: ") == 1
    assert advice in texts
    assert advice in ended.out
    assert advice in ended.report["images"][0]["checks"][0]["message"]


def test_failures_that_differ_or_are_few_say_nothing(bench: Bench) -> None:
    """What comes and goes needs no advice."""
    bad, late, worse, good = answered({}, 503), answered({}, 408), answered({}, 500), page(ROW)
    login, cached = httpx.Response(200, text="<html>log in"), httpx.Response(200, headers={"Age": "900"})
    bench.answer(
        in_turn(
            bad,
            bad,
            late,
            login,
            login,
            cached,
            worse,
            bad,
            bad,
            page({**ROW, "scan_status": "scanning"}),
            bad,
            bad,
            good,
        )
    )

    ended = bench.check("app:1.0", "--timeout", "30m")

    assert ended.code == 0
    assert "times in a row" not in ended.err


def test_many_images_hear_the_advice_once(bench: Bench) -> None:
    """What is wrong is the same for all."""
    names = [f"app{number}" for number in range(4)]
    bench.play("faults: [{requests: '*', status: 503}]\nimages: []")

    ended = bench.check(*(f"team/{name}:1.0" for name in names), "--timeout", "5m")

    assert ended.code == 3
    assert ended.err.count("3 times in a row: ") == 1


def test_advice_is_no_warning_and_not_for_the_quiet(bench: Bench) -> None:
    """A run that passes after all has nothing to warn of."""
    scenario = images(finished()) + "faults: [{requests: 1-4, status: 503}]"

    loud = bench.play(scenario).check("team/app:1.0", "--scanned-after", "2h")
    quiet = bench.play(scenario).check("team/app:1.0", "--scanned-after", "2h", "-q")

    assert (loud.code, quiet.code) == (0, 0)
    assert loud.report["warnings"] == quiet.report["warnings"]
    assert not any("times in a row" in warning for warning in loud.report["warnings"])
    assert ("3 times in a row" in loud.err, "3 times in a row" in quiet.err) == (True, False)


def test_findings_that_fail_alike_say_what_to_check(bench: Bench) -> None:
    """As for the list."""
    (bench.folder / "high.yaml").write_text("rules: {high_vulnerabilities: 3}")
    scenario = images(finished()) + "faults: [{requests: 2-, call: vulnerabilities, status: 503}]"

    ended = bench.play(scenario).check("team/app:1.0", "--policy", "high.yaml", "--timeout", "3m")

    assert ended.code == 3
    assert ended.err.count("3 times in a row: HTTP 503") == 1
    assert "is overloaded or down" in ended.out


def test_images_says_what_to_check_as_well(bench: Bench) -> None:
    """From the third failure on, and at the end."""
    bench.play("faults: [{requests: '*', status: 503}]\nimages: []")

    ended = bench.run(
        "images", "--endpoint", "http://127.0.0.1:9", "--project-id", "p", env={"HSSGATE_TOKEN": "emulator-token"}
    )

    lines = ended.err.splitlines()
    assert ended.code == 3
    assert ["overloaded or down" in line for line in lines] == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        pytest.param("status: 401", 1, id="401"),
        pytest.param("status: 403", 2, id="no permission at the gateway"),
        pytest.param("status: 400, code: HSS.0013", 2, id="no permission at HSS"),
        pytest.param("status: 200, code: HSS.0010", 2, id="no permission, in a 200"),
        pytest.param(f"status: 403, {WAF}", 2, id="a firewall"),
        pytest.param("status: 404, body: ''", 2, id="404"),
        pytest.param("status: 404", 2, id="no such API"),
        pytest.param("redirect: 'http://127.0.0.1:1/maintenance'", 2, id="a redirect"),
        pytest.param("status: 400, code: HSS.0001", 12, id="a parameter, which may be of one image"),
        pytest.param("status: 418, body: '{}'", 12, id="another 4xx"),
    ],
)
def test_two_refusals_of_the_caller_stop_all_images(bench: Bench, fault: str, asked: int) -> None:
    """Whoever may not list two images may not list the others; a refused parameter is of one request."""
    names = [f"team/app{number}:1.0" for number in range(12)]

    ended = bench.play(images(finished()) + f"faults: [{{requests: '*', {fault}}}]").check(*names)

    assert ended.code == 3
    assert bench.emulator.request_count == asked
    assert {image["checks"][0]["error_type"] for image in ended.report["images"]} == {"api"}


def test_a_permission_that_is_withdrawn_stops_those_that_are_left(bench: Bench) -> None:
    """What was answered before stays judged."""
    rows = [finished(image_name=f"app{number}") for number in range(12)]
    names = [f"team/app{number}:1.0" for number in range(12)]

    ended = bench.play(images(*rows) + "faults: [{requests: 5-, status: 403}]").check(*names)

    assert ended.code == 3
    assert bench.emulator.request_count == 6
    assert sum(image["exit_code"] == 0 for image in ended.report["images"]) == 4


def test_a_refusal_now_and_then_stops_no_other_image(bench: Bench) -> None:
    """With an answer in between, it was about its image."""
    rows = [finished(image_name=f"app{number}") for number in range(6)]
    names = [f"team/app{number}:1.0" for number in range(6)]
    faults = ", ".join(f"{{requests: {number}, status: 403}}" for number in (1, 3, 5))

    ended = bench.play(images(*rows) + f"faults: [{faults}]").check(*names)

    assert [image["exit_code"] for image in ended.report["images"]] == [3, 0, 3, 0, 3, 0]
