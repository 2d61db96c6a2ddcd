"""The real process behind a proxy that damages every byte it can: no pass unless the response arrived unchanged.

No test measures time. The proxy stalls for ever, so a deadline is proven by the end of the process, by the proxy, which
saw the client disconnect, and by the wait that the gate reports.
"""

import gzip
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve
from tests.cli.test_check import finished, images
from tests.support.fault_proxy import Conversation, Damage, damaging
from tests.support.processes import checked, environment

pytestmark = pytest.mark.real

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
BOMB = gzip.compress(b'{"data_list": [' + b" " * (40 * 1024 * 1024))
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    """The emulator over one finished image that passes."""
    scenario = parse_scenario(images(finished()), "scenario")
    with serve(Emulator(scenario, now=time.time, sleep=time.sleep)) as server:
        yield server.url


def sends(*parts: bytes) -> Damage:
    """Send this in place of the emulator's response."""
    return lambda talk: talk.send(b"".join(parts))


def then(*moves: Damage) -> Damage:
    """Do one after the other."""

    def damage(talk: Conversation) -> None:
        for move in moves:
            move(talk)

    return damage


def cut(at: float, move: str) -> Damage:
    """Send a part of the answer (a share of it, counted from its head where it is negative), then do something."""

    def damage(talk: Conversation) -> None:
        whole, head = talk.answer, len(talk.head)
        talk.send(whole[: int(head * -at) if at < 0 else int(head + 2 + (len(whole) - head - 2) * at)])
        getattr(talk, move)()

    return damage


def chunked(frame: str) -> Damage:
    """Send the body in chunks; in the frame, `{body}` is the text and `{size}` its length in hex."""

    def damage(talk: Conversation) -> None:
        body = talk.body.decode()
        text = frame.replace("{size}", f"{len(talk.body):x}").replace("{body}", body)
        talk.send(talk.head_without(b"content-length") + b"Transfer-Encoding: chunked\r\n\r\n" + text.encode())

    return damage


def headed(*lines: bytes, without: bytes = b"nothing") -> Damage:
    """Put lines into the head."""
    return lambda talk: talk.send(talk.head_without(without) + b"".join(lines) + b"\r\n" + talk.body)


def length(change: int) -> Damage:
    """Send a wrong Content-Length."""
    return lambda talk: talk.send(
        talk.head_without(b"content-length") + b"Content-Length: %d\r\n\r\n" % (len(talk.body) + change) + talk.body
    )


def compressed(talk: Conversation) -> None:
    """Send the body as was asked for: packed."""
    packed = gzip.compress(talk.body)
    head = talk.head_without(b"content-length") + b"Content-Encoding: gzip\r\n"
    talk.send(head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed)


def zipped(packed: bytes) -> Damage:
    return sends(OK, b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed), packed)


def first(*parts: bytes) -> Damage:
    """Send something before the answer."""
    return lambda talk: talk.send(b"".join(parts) + talk.answer)


INTACT = [
    pytest.param(first(), id="untouched"),
    pytest.param(lambda talk: talk.trickle(talk.answer, 0.001), id="byte by byte"),
    pytest.param(first(EARLY), id="early hints first"),
    pytest.param(first(CONTINUE * 5), id="100 Continue first"),
    pytest.param(chunked("{size}\r\n{body}\r\n0\r\n\r\n"), id="in one chunk"),
    pytest.param(chunked("{size};name=value\r\n{body}\r\n0\r\nTrailer: x\r\n\r\n"), id="chunk extension and trailer"),
    pytest.param(lambda talk: talk.send(talk.answer.replace(b"HTTP/1.1", b"HTTP/1.0")), id="HTTP/1.0"),
    pytest.param(headed(b"Connection: close\r\n", without=b"content-length"), id="without a length, closed after it"),
    pytest.param(lambda talk: talk.send(talk.answer + b"and more"), id="something after it"),
    pytest.param(compressed, id="compressed"),
    pytest.param(headed(b"X-Twice: a\r\nX-Twice: b\r\n"), id="a header twice"),
    pytest.param(then(lambda talk: talk.send(talk.answer), lambda talk: talk.half_close()), id="half closed after it"),
]  # fmt: skip


@pytest.mark.parametrize("damage", INTACT)
def test_an_answer_that_is_whole_after_all_passes(emulator_url: str, damage: Damage) -> None:
    """Positive control: the proxy itself blocks nothing."""
    with damaging(damage, emulator_url) as proxy:
        ended = checked(proxy.url, "team/app:1.0", "--timeout", "30s")

    assert ended.returncode == 0
    assert proxy.asked == 1


BROKEN = [
    pytest.param(cut(0, "reset"), id="reset before the body"),
    pytest.param(cut(-0.01, "reset"), id="reset within the status line"),
    pytest.param(cut(-0.5, "reset"), id="reset within the head"),
    pytest.param(cut(0.5, "reset"), id="reset within the body"),
    pytest.param(cut(0.99, "reset"), id="reset before the last byte"),
    pytest.param(lambda talk: talk.reset(), id="reset at once"),
    pytest.param(lambda _talk: None, id="hangs up"),
    pytest.param(sends(OK, b"Content-Length: 99\r\n\r\n{}"), id="a body cut short"),
    pytest.param(lambda talk: talk.send(talk.head_without(b"content-length") + b"\r\n" + talk.body[:-2]), id="cut short without a length"),
    pytest.param(lambda talk: talk.send(b"HTTP/1.0 200 OK\r\n\r\n" + talk.body[:-2]), id="HTTP/1.0, cut short without a length"),
    pytest.param(length(-1), id="Content-Length one too short"),
    pytest.param(length(-40), id="Content-Length much too short"),
    pytest.param(length(+1), id="Content-Length one too long"),
    pytest.param(length(+10**12), id="Content-Length far too long"),
    pytest.param(headed(b"Content-Length: -5\r\n", without=b"content-length"), id="Content-Length negative"),
    pytest.param(headed(b"Content-Length: 0x10\r\n", without=b"content-length"), id="Content-Length in hex"),
    pytest.param(headed(b"Content-Length: 7\r\n"), id="two lengths"),
    pytest.param(headed(b"Transfer-Encoding: chunked\r\n"), id="a length and chunks, which it is not in"),
    pytest.param(headed(b"Transfer-Encoding: gzip\r\n"), id="a transfer coding not asked for"),
    pytest.param(chunked("{size}\r\n{body}\r\n"), id="chunks: the last one is missing"),
    pytest.param(chunked("{size}\r\n{body}"), id="chunks: no line end, no last one"),
    pytest.param(chunked("zz\r\n{body}\r\n0\r\n\r\n"), id="chunks: the size is no number"),
    pytest.param(chunked("-5\r\n{body}\r\n0\r\n\r\n"), id="chunks: the size is negative"),
    pytest.param(chunked("\r\n{body}\r\n0\r\n\r\n"), id="chunks: no size"),
    pytest.param(chunked("5\r\n{body}\r\n0\r\n\r\n"), id="chunks: the size is too small"),
    pytest.param(chunked("ffffffff\r\n{body}\r\n0\r\n\r\n"), id="chunks: the size is too large"),
    pytest.param(chunked("fffffffffffffffffffffffff\r\n{body}\r\n0\r\n\r\n"), id="chunks: the size is beyond all sizes"),
    pytest.param(chunked("{size}\r\n{body}XX0\r\n\r\n"), id="chunks: something else than a line end"),
    pytest.param(chunked("{body}"), id="chunks: there are none"),
    pytest.param(headed(b"Content-Encoding: gzip\r\n"), id="no gzip, though it says so"),
    pytest.param(headed(b"Content-Encoding: br\r\n"), id="an encoding not asked for"),
    pytest.param(zipped(BOMB), id="a gzip bomb"),
    pytest.param(zipped(gzip.compress(gzip.compress(b" " * (60 * 1024 * 1024)))), id="a gzip bomb in a gzip"),
    pytest.param(zipped(gzip.compress(b'{"total_num": 0, "data_list": []}')[:-6]), id="gzip cut short"),
    pytest.param(sends(b"SSH-2.0-nothing\r\n"), id="another protocol"),
    pytest.param(sends(b"\x15\x03\x01\x00\x02\x02\x28"), id="TLS on a plain port"),
    pytest.param(first(b"\x00garbage\r\n"), id="garbage before the status line"),
    pytest.param(first(b"x" * 200_000), id="much garbage before the status line"),
    pytest.param(headed(b"X-Huge: " + b"x" * 1_000_000 + b"\r\n"), id="a huge header"),
    pytest.param(headed(*(b"X-%d: y\r\n" % number for number in range(20_000))), id="20,000 headers"),
    pytest.param(headed(b"X-Nul: a\x00b\r\n"), id="NUL in a header"),
    pytest.param(headed(b"No colon at all\r\n"), id="a header without a colon"),
    pytest.param(lambda talk: talk.send(talk.answer.replace(b'"success"', b'"succ\x00ess"')), id="NUL in the body"),
    pytest.param(lambda talk: talk.send(talk.head + b"\r\n" + talk.body.replace(b":", b"\x00")), id="NUL for every colon"),
    pytest.param(sends(b"HTTP/1.1 200\x00 OK\r\n\r\n{}"), id="NUL in the status line"),
    pytest.param(lambda talk: talk.send(talk.answer.replace(b" 200 ", b" 2000 ", 1)), id="a status of four digits"),
    pytest.param(sends(CONTINUE * 10), id="100 Continue, and nothing after it"),
    pytest.param(lambda talk: talk.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + talk.body), id="101"),
    pytest.param(lambda talk: talk.send(talk.answer.replace(b" 200 OK", b" 206 Partial Content", 1)), id="206"),
]  # fmt: skip


@pytest.mark.parametrize("damage", BROKEN)
def test_an_answer_that_is_broken_never_passes(emulator_url: str, damage: Damage) -> None:
    """Exit code 3 after one poll, an API error in the report, and no traceback."""
    with damaging(damage, emulator_url) as proxy:
        ended = checked(proxy.url, "team/app:1.0", "--timeout", "0", "--request-timeout", "20s")

    assert ended.returncode == 3
    assert proxy.asked >= 1
    assert "Traceback" not in ended.stderr
    report = json.loads(Path("report.json").read_text())["images"][0]
    assert report["result"] == "error"


ENDLESS = [
    pytest.param(lambda talk: talk.stall(), id="says nothing"),
    pytest.param(cut(-0.5, "stall"), id="stalls within the head"),
    pytest.param(cut(0, "stall"), id="stalls before the body"),
    pytest.param(cut(0.5, "stall"), id="stalls within the body"),
    pytest.param(cut(0.99, "stall"), id="stalls before the last byte"),
    pytest.param(lambda talk: talk.trickle(talk.answer), id="a byte a second"),
    pytest.param(then(lambda talk: talk.send(talk.head + b"\r\n"), lambda talk: talk.trickle(talk.body)), id="a body of a byte a second"),
    pytest.param(then(lambda talk: talk.send(OK), lambda talk: talk.flood(b"X-A: b\r\n", 0.05)), id="headers without end"),
    pytest.param(then(lambda talk: talk.send(OK), lambda talk: talk.flood(b"x" * 65536)), id="a header without end"),
    pytest.param(lambda talk: talk.flood(CONTINUE, 0.01), id="100 Continue without end"),
    pytest.param(lambda talk: talk.flood(EARLY, 0.01), id="early hints without end"),
    pytest.param(then(lambda talk: talk.send(OK + b"\r\n"), lambda talk: talk.flood(b" " * 65536)), id="a body without end"),
    pytest.param(then(lambda talk: talk.send(OK + b"Transfer-Encoding: chunked\r\n\r\n"), lambda talk: talk.flood(b"1\r\n \r\n", 0.01)), id="chunks without end"),
    pytest.param(then(lambda talk: talk.send(OK + b"Transfer-Encoding: chunked\r\n\r\n5;"), lambda talk: talk.flood(b"x" * 4096)), id="a chunk extension without end"),
]  # fmt: skip


@pytest.mark.parametrize("damage", ENDLESS)
def test_what_never_ends_is_left_at_the_deadline(emulator_url: str, damage: Damage) -> None:
    """The proxy never ends: the gate must disconnect."""
    with damaging(damage, emulator_url) as proxy:
        ended = checked(proxy.url, "team/app:1.0", "--timeout", "1500ms")

    assert ended.returncode == 3
    assert proxy.left == proxy.asked >= 1
    assert "Traceback" not in ended.stderr
    report = json.loads(Path("report.json").read_text())["images"][0]
    assert report["checks"][0]["error_type"] == "api"
    assert report["waited_seconds"] <= 1.5 + 0.5  # the deadline on the gate's own clock, with room for a busy machine


def test_a_bomb_is_named() -> None:
    """The decompressed size is limited, and the report gives the limit."""
    with damaging(zipped(BOMB)) as proxy:
        ended = checked(proxy.url, "app:1.0", "--timeout", "0")

    assert "larger than 32 MiB" in ended.stdout


def test_an_unrequested_response_is_not_used(emulator_url: str) -> None:
    """It came with another response; a later request must not read it."""

    def damage(talk: Conversation) -> None:
        talk.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" + talk.answer)
        talk.stall()

    with damaging(damage, emulator_url) as proxy:
        ended = checked(proxy.url, "team/app:1.0", "--timeout", "5s")

    assert ended.returncode == 3
    assert proxy.asked >= 2


@pytest.mark.parametrize("move", [Conversation.stall, Conversation.reset, Conversation.half_close, lambda _talk: None])
def test_a_refusal_whose_body_never_comes_is_a_refusal(move: Damage) -> None:
    """Found by seed 491 of the soak: its status came whole, and asking on with that signature would lock the key."""
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 99\r\n\r\n{"

    with damaging(then(lambda talk: talk.send(head), move)) as proxy:
        ended = checked(proxy.url, "app:1.0", "--timeout", "10s", "--request-timeout", "1s")

    assert ended.returncode == 3
    assert "HTTP 401" in ended.stdout
    assert proxy.asked == 1


def test_an_abandoned_request_is_closed_under_tls_too(tmp_path: Path) -> None:
    """It does not continue in the background: the server sees the connection close."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    probe = (
        "import sys, threading, time; from hssgate.cli.main import run; code = run(sys.argv[1:]); time.sleep(0.3);"
        "print([thread.name for thread in threading.enumerate() if 'hssgate' in thread.name]); sys.exit(code)"
    )

    with damaging(then(lambda talk: talk.secure(context), lambda talk: talk.flood(b"H", 0.05)), greeted=False) as proxy:
        address = proxy.url.replace("http://127.0.0.1", "https://localhost")
        given = ["check", "app:1", "--endpoint", address, "--project-id", "p", "--ca-bundle", "ca.pem"]
        ended = subprocess.run(
            [sys.executable, "-c", probe, *given, "--timeout", "1s", "-q"],
            env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert ended.returncode == 3
    assert ended.stdout.splitlines()[-1] == "[]"
    assert proxy.left == proxy.asked >= 1
