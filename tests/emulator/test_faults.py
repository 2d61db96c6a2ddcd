"""Faults by request number, without a socket."""

import gzip
import json

import pytest

from tests.emulator.wsgi_client import PATH, Client, Reply

ONE_IMAGE = "images: [{image_name: app, scan_status: success}]\nfaults:\n"


def play(faults: str, times: int = 1) -> tuple[Client, list[Reply]]:
    """Send a number of requests."""
    client = Client(ONE_IMAGE + faults)
    return client, [client.ask() for _ in range(times)]


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        pytest.param("2", [200, 503, 200, 200], id="one"),
        pytest.param('"2"', [200, 503, 200, 200], id="one-in-quotes"),
        pytest.param("2-3", [200, 503, 503, 200], id="range"),
        pytest.param("3-", [200, 200, 503, 503], id="open-range"),
        pytest.param('"*"', [503, 503, 503, 503], id="all"),
    ],
)
def test_faults_hit_requests_by_number(requests: str, expected: list[int]) -> None:
    """Requests are counted from 1."""
    _, replies = play(f"  - {{requests: {requests}, status: 503}}", times=4)

    assert [reply.status for reply in replies] == expected


def test_other_calls_count_but_are_not_hit() -> None:
    """Faults are on the list call; control calls do not even count."""
    client = Client(ONE_IMAGE + "  - {requests: 1-2, status: 503}")

    client.ask("/_emulator/requests")
    statuses = [client.ask("/nowhere").status, client.ask().status, client.ask().status]

    assert statuses == [404, 503, 200]


_PATHS = {
    "list": "/image/cicd/images",
    "vulnerabilities": "/image/x/vulnerabilities",
    "cve": "/image/vulnerability/x/cve",
    "malwares": "/image/x/malwares",
    "sensitive": "/image/x/sensitive",
    "check_rules": "/baseline/check-rules",
    "configurations": "/image/cicd/configurations",
}


@pytest.mark.parametrize("call", [*_PATHS, "any"])
def test_a_fault_hits_the_call_that_it_names(call: str) -> None:
    """`call` aims it at one of the calls or at any of those that are served, and never at what is not served."""
    client = Client(ONE_IMAGE + f"  - {{requests: '*', call: {call}, status: 503}}")

    hit = [name for name, path in _PATHS.items() if client.detail(path).status == 503]

    assert hit == (list(_PATHS) if call == "any" else [call])
    assert client.ask("/nowhere").status == 404


def test_requests_are_counted_over_all_calls() -> None:
    """A range counts what was asked before, whichever call it was."""
    client = Client(ONE_IMAGE + "  - {requests: 2-3, call: configurations, status: 503}")
    asked = ["configurations", "list", "configurations", "configurations"]

    assert [client.detail(_PATHS[name]).status for name in asked] == [200, 200, 503, 200]


def test_the_first_fault_of_a_kind_is_the_first_that_is_meant() -> None:
    """A fault of another call takes nothing from one of this call, headers included."""
    client = Client(
        ONE_IMAGE + "  - {requests: 1, call: cve, status: 500, headers: {X-A: '1'}}\n"
        "  - {requests: 1, call: list, headers: {X-B: '1'}}\n  - {requests: 1, call: any, status: 503}"
    )

    reply = client.ask()

    assert (reply.status, "X-A" in reply.headers, reply.headers["X-B"]) == (503, False, "1")


def test_rows_as_they_are_may_be_findings() -> None:
    """Given rows take the place of findings too, once the question was found valid."""
    client = Client(ONE_IMAGE + "  - {requests: '*', call: vulnerabilities, rows: [{vul_id: 7}], total_num: 3}")

    assert client.vulnerabilities().json == {"total_num": 3, "data_list": [{"vul_id": 7}]}
    assert client.vulnerabilities(limit=1).status == 400


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(400, "HSS.0001", id="400"),
        pytest.param(401, "APIGW.0301", id="401"),
        pytest.param(403, "APIGW.0302", id="403"),
        pytest.param(404, "APIGW.0101", id="404"),
        pytest.param(418, "APIGW.0602", id="418"),
        pytest.param(429, "APIGW.0308", id="429"),
        pytest.param(500, "APIGW.0601", id="500"),
        pytest.param(502, "APIGW.0201", id="502"),
        pytest.param(503, "APIGW.0613", id="503"),
        pytest.param(504, "APIGW.0201", id="504"),
        pytest.param(599, "APIGW.0602", id="599"),
    ],
)
def test_a_status_comes_with_its_usual_error(status: int, code: str) -> None:
    """The body is the usual one of the gateway or service for that status."""
    _, (reply,) = play(f"  - {{requests: 1, status: {status}}}")

    assert (reply.status, reply.json["error_code"]) == (status, code)


def test_a_status_may_be_dressed_otherwise() -> None:
    """Code, body, headers and Retry-After can be given."""
    faults = (
        "  - {requests: 1, status: 429, retry_after: 2, code: APIGW.9999}\n"
        "  - {requests: 2, status: 503, body: '<h1>oops</h1>', headers: {content-type: text/html, X-Extra: '1'}}\n"
        "  - {requests: 3, status: 204}\n"
    )

    _, (first, second, third) = play(faults, times=3)

    assert (first.json["error_code"], first.headers["Retry-After"]) == ("APIGW.9999", "2")
    assert (second.body, second.headers["content-type"], second.headers["X-Extra"]) == (
        b"<h1>oops</h1>",
        "text/html",
        "1",
    )
    assert "Content-Type" not in second.headers
    assert (third.body, "Content-Length" in third.headers) == (b"", False)


def test_a_fault_comes_before_the_gateway_looks() -> None:
    """A proxy responds without checking the credentials."""
    client = Client(ONE_IMAGE + "  - {requests: 1, status: 502}")

    assert client.ask(headers={}).status == 502


def test_a_delay_goes_with_what_follows() -> None:
    """Time passes, then another entry's fault or the usual answer comes."""
    client, replies = play("  - {requests: 1-2, delay: 3s}\n  - {requests: 2-3, status: 500}", times=3)

    assert [reply.status for reply in replies] == [200, 500, 500]
    assert client.time.sleeps == [3, 3]


def test_the_rows_are_those_after_the_delay() -> None:
    """A slow answer is as fresh as if it had been asked for when it is given."""
    client = Client(
        "images: [{image_name: app, timeline: [{at: 2, scan_status: success}]}]\nfaults: [{requests: 1, delay: 2}]"
    )

    reply = client.ask()

    assert reply.names == ["app"]
    assert reply.headers["Date"] == "Thu, 01 Jan 2026 00:00:02 GMT"


def test_the_first_entry_of_a_kind_wins() -> None:
    """The first matching entry of each kind applies."""
    _, (reply,) = play("  - {requests: 1, status: 500}\n  - {requests: '*', status: 503, headers: {X-Late: '1'}}")

    assert (reply.status, "X-Late" in reply.headers) == (500, False)


def test_headers_alone_go_with_the_usual_answer() -> None:
    """An entry may just change headers, such as the server's date."""
    _, (reply,) = play("  - {requests: 1, headers: {Date: 'Thu, 01 Jan 1970 00:00:00 GMT'}}")

    assert (reply.names, reply.headers["Date"]) == (["app"], "Thu, 01 Jan 1970 00:00:00 GMT")


def test_a_reset_is_an_exception_where_there_is_no_server() -> None:
    """In one process the client sees what a socket would raise; the ledger has status 0."""
    client = Client(ONE_IMAGE + "  - {requests: 1, reset: true}")

    with pytest.raises(ConnectionResetError):
        client.ask()

    assert [request.status for request in client.emulator.requests] == [0]


@pytest.mark.parametrize(
    ("fault", "sent", "sleeps"),
    [
        pytest.param("truncate: 10", 10, [], id="truncate"),
        pytest.param("truncate: 0", 0, [], id="truncate-at-once"),
        pytest.param("truncate: 100000", -1, [], id="truncate-keeps-the-last-byte-back"),
        pytest.param("stall: 7s", None, [7], id="stall"),
        pytest.param("stall: 7s, truncate: 1", None, [7], id="stall-before-truncate"),
    ],
)
def test_a_cut_body_has_the_length_of_the_whole(fault: str, sent: int | None, sleeps: list[float]) -> None:
    """The header gives the length of the whole body."""
    whole = Client(ONE_IMAGE.removesuffix("faults:\n")).ask().body

    client, (reply,) = play(f"  - {{requests: 1, {fault}}}")

    expected = whole[: len(whole) // 2] if sent is None else whole[:sent]
    assert reply.body == expected
    assert reply.headers["Content-Length"] == str(len(whole))
    assert client.time.sleeps == sleeps


def test_garbage_comes_as_a_good_answer() -> None:
    """Text as given, or bytes that are neither JSON nor text, with HTTP 200."""
    _, (text, noise) = play("  - {requests: 1, garbage: '<html>oops'}\n  - {requests: 2, garbage: true}", times=2)

    assert (text.status, text.body) == (200, b"<html>oops")
    assert noise.status == 200
    with pytest.raises(UnicodeDecodeError):
        noise.body.decode()


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_a_bomb_is_small_until_it_is_decompressed(size: int) -> None:
    """A valid answer of exactly that many bytes, without a row."""
    _, (reply,) = play(f"  - {{requests: 1, bomb: {size}}}")

    inflated = gzip.decompress(reply.body)
    assert (reply.status, reply.headers["Content-Encoding"]) == (200, "gzip")
    assert (len(inflated), json.loads(inflated)["data_list"]) == (size, [])
    assert len(reply.body) < 100 + size // 500


def test_a_redirect_names_its_target() -> None:
    """HTTP 302 with the location."""
    _, (reply,) = play("  - {requests: 1, redirect: 'http://127.0.0.1:1/'}")

    assert (reply.status, reply.headers["Location"]) == (302, "http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("total", "expected"),
    [pytest.param("", 2, id="their-own-number"), pytest.param(", total_num: 5", 5, id="another-number")],
)
def test_rows_may_be_given_as_they_are(total: str, expected: int) -> None:
    """The body is exactly those rows, for any query."""
    client = Client(ONE_IMAGE + f"  - {{requests: 1, rows: [{{a: null}}, {{vul_num: 'x'}}]{total}}}")

    reply = client.ask(query="image_name=none")

    assert reply.json == {"total_num": expected, "data_list": [{"a": None}, {"vul_num": "x"}]}


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        pytest.param({}, "", 401, id="credentials"),
        pytest.param({"X-Auth-Token": "emulator-token"}, "limit=1", 400, id="query"),
    ],
)
def test_rows_as_they_are_still_need_a_valid_request(headers: dict[str, str], query: str, expected: int) -> None:
    """Given rows do not hide a client's own faults."""
    client = Client(ONE_IMAGE + "  - {requests: '*', rows: []}")

    assert client.ask(PATH, headers=headers, query=query).status == expected
