"""The server: keep-alive, many clients, TLS, mishaps on a real connection, and its end."""

import contextlib
import http.client
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from wsgiref.validate import validator

import pytest
import trustme

from hssgate.emulator.server import Server, serve
from tests.emulator.wsgi_client import PATH, TOKEN, Client

pytestmark = pytest.mark.real

Served = Callable[[Client], Server]

ONE_IMAGE = "images: [{image_name: app, scan_status: success}]\n"
ASK = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: emulator-token\r\n\r\n".encode()


@contextlib.contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """Connect to a server."""
    with socket.create_connection((server.host, server.port), timeout=30) as connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_connection_serves_many_requests(served: Served) -> None:
    """HTTP/1.1 keeps the connection open, and each answer is complete in itself."""
    server = served(Client(ONE_IMAGE))
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    ports = set()

    for _ in range(3):
        connection.request("GET", PATH, headers=TOKEN)
        response = connection.getresponse()
        ports.add(connection.sock.getsockname()[1])
        assert (response.status, json.load(response)["total_num"]) == (200, 1)
    connection.close()

    assert len(ports) == 1


def test_requests_sent_ahead_are_answered_in_turn(served: Served) -> None:
    """Two requests in one packet get two answers."""
    with connected(served(Client(ONE_IMAGE))) as connection:
        connection.sendall(ASK + ASK.replace(b"Host: x", b"Host: x\r\nConnection: close"))

        answers = read_all(connection)

    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answers.count(b"Connection: close\r\n") == 1


def test_the_url_names_the_port_that_was_free(served: Served) -> None:
    """Port 0 takes any that is free."""
    server = served(Client(ONE_IMAGE))

    assert server.url == f"http://127.0.0.1:{server.port}"
    assert server.port > 0


def test_a_taken_port_is_an_error(served: Served) -> None:
    """Two servers cannot share a port."""
    server = served(Client(ONE_IMAGE))

    with pytest.raises(OSError, match="in use"), serve(Client(ONE_IMAGE).emulator, port=server.port):
        pass


@pytest.mark.parametrize("host", ["192.0.2.1", "::", "example.com", ""])
def test_only_loopback_is_served(host: str) -> None:
    """The emulator's keys are public: no other machine may reach it."""
    with pytest.raises(ValueError, match="loopback"), serve(Client(ONE_IMAGE).emulator, host=host):
        pass


def test_three_hundred_clients_at_once_are_served(served: Served) -> None:
    """All connect before the first asks, and all get their answer; request numbers stay unique."""
    client = Client(ONE_IMAGE)
    server = served(client)
    together = threading.Barrier(300)

    def ask(_: int) -> tuple[int, int]:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        connection.connect()
        together.wait(60)
        totals = []
        for _ in range(3):
            connection.request("GET", PATH, headers=TOKEN)
            response = connection.getresponse()
            totals.append((response.status, json.load(response)["total_num"]))
        connection.close()
        assert len(set(totals)) == 1
        return totals[0]

    with ThreadPoolExecutor(300) as pool:
        answers = set(pool.map(ask, range(300)))

    assert answers == {(200, 1)}
    assert sorted(request.number for request in client.emulator.requests) == list(range(1, 901))


def test_tls_is_served_with_a_given_context() -> None:
    """A client that trusts the authority gets its answer."""
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)

    with serve(Client(ONE_IMAGE).emulator, ssl_context=server_context) as server:
        connection = http.client.HTTPSConnection(server.host, server.port, timeout=30, context=client_context)
        connection.request("GET", PATH, headers=TOKEN)
        status = connection.getresponse().status
        connection.close()

        assert server.url == f"https://127.0.0.1:{server.port}"
    assert status == 200


def test_plain_text_on_a_tls_port_does_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    """A client that speaks no TLS is cut off in silence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with serve(Client(ONE_IMAGE).emulator, ssl_context=context) as server, connected(server) as connection:
        connection.sendall(ASK)
        with contextlib.suppress(ConnectionResetError):
            read_all(connection)

    assert capfd.readouterr().err == ""


def test_a_reset_is_seen_as_a_reset(served: Served) -> None:
    """The client gets RST, not an orderly end."""
    with connected(served(Client(ONE_IMAGE + "faults: [{requests: 1, reset: true}]"))) as connection:
        connection.sendall(ASK)

        with pytest.raises(ConnectionResetError):
            connection.recv(1)


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        pytest.param("truncate: 10", lambda _: 10, id="truncate"),
        pytest.param("stall: 0", lambda length: length // 2, id="stall"),
    ],
)
def test_a_cut_answer_ends_early(served: Served, fault: str, kept: Callable[[int], int]) -> None:
    """The header promises the whole body, and the connection is closed in good order before it came."""
    with connected(served(Client(ONE_IMAGE + f"faults: [{{requests: 1, {fault}}}]"))) as connection:
        connection.sendall(ASK)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")

    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(body) == kept(length)
    assert length > 100


def test_a_stalled_answer_sends_its_half_first(served: Served) -> None:
    """The client has headers and half of the body in hand while the server is silent."""
    with connected(served(Client(ONE_IMAGE + "faults: [{requests: 1, stall: 1h}]"))) as connection:
        connection.sendall(ASK)
        received = b""
        while not received.partition(b"\r\n\r\n")[2]:
            received += connection.recv(65536)

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not received.endswith(b"}")


def test_other_requests_are_answered_while_one_stalls(served: Served) -> None:
    """A stalled connection blocks no other."""
    server = served(Client(ONE_IMAGE + "faults: [{requests: 1, stall: 1h}]"))

    with connected(server) as stalled:
        stalled.sendall(ASK)
        stalled.recv(1)
        with connected(server) as other:
            other.sendall(ASK)
            assert other.recv(12) == b"HTTP/1.1 200"


def test_the_end_of_the_server_ends_its_connections() -> None:
    """An open connection is closed, and the port is free."""
    with contextlib.ExitStack() as stack:
        with serve(Client(ONE_IMAGE).emulator) as server:
            connection = stack.enter_context(connected(server))
            connection.sendall(ASK)
            received = b""
            while not received.endswith(b"}"):
                received += connection.recv(65536)

        assert connection.recv(1) == b""
        with pytest.raises(ConnectionRefusedError), connected(server):
            pass


def test_wait_ends_with_the_server() -> None:
    """The command blocks on `wait` until the server is closed."""
    with serve(Client(ONE_IMAGE).emulator) as server:
        waiting = threading.Thread(target=server.wait)
        waiting.start()
        assert waiting.is_alive()

    waiting.join(30)
    assert not waiting.is_alive()


def test_clients_that_go_away_make_no_noise(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """Half a request, no request, and a reset in the middle are nothing to print."""
    client = Client(ONE_IMAGE)
    server = served(client)
    linger = struct.pack("ii", 1, 0)
    for sent in (b"", ASK[:20], ASK[:-2], ASK, b"POST /_emulator/images HTTP/1.1\r\nContent-Length: 9\r\n\r\n["):
        with connected(server) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.sendall(sent)

    with connected(server) as connection:
        connection.sendall(ASK)
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", b"400", id="nonsense"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", b"505", id="version"),
        pytest.param(b"GET /" + b"x" * 70_000, b"414", id="long-line"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411", id="chunked"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400", id="length-no-number"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 12582913\r\n\r\n", b"413", id="too-large"),
    ],
)
def test_what_is_no_proper_request_is_refused(served: Served, sent: bytes, status: bytes) -> None:
    """The answer is an error in the gateway's shape, and the connection is closed."""
    with connected(served(Client(ONE_IMAGE))) as connection:
        connection.sendall(sent)
        answer = connection.recv(65536)

    assert answer.split()[1] == status
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error_code"] == "APIGW.0602"


def test_a_head_request_gets_no_body(served: Served) -> None:
    """HTTP forbids a body here, with any Content-Length."""
    with connected(served(Client(ONE_IMAGE))) as connection:
        connection.sendall(f"HEAD {PATH} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 404")
    assert answer.endswith(b"\r\n\r\n")


def test_a_target_with_a_host_is_understood(served: Served) -> None:
    """Clients send the whole URL where they take the emulator for their proxy."""
    with connected(served(Client(ONE_IMAGE))) as connection:
        connection.sendall(ASK.replace(b"GET /", b"GET http://hss.example.com/"))

        assert connection.recv(12) == b"HTTP/1.1 200"


def test_header_names_with_an_underscore_are_dropped(served: Served) -> None:
    """`X_Auth_Token` must not pass for `X-Auth-Token`."""
    with connected(served(Client(ONE_IMAGE))) as connection:
        connection.sendall(ASK.replace(b"X-Auth-Token", b"X_Auth_Token"))

        assert connection.recv(12) == b"HTTP/1.1 401"


def test_the_server_keeps_to_wsgi(capfd: pytest.CaptureFixture[str]) -> None:
    """The standard library's own validator of PEP 3333 finds nothing on the server's side either."""
    app = validator(Client(ONE_IMAGE + "faults: [{requests: 2, truncate: 5}]").emulator)
    push = b"POST /_emulator/images HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"

    with serve(app) as server, connected(server) as connection:
        connection.sendall(push + ASK + ASK)
        answers = read_all(connection)

    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"201", b"200", b"200"]
    assert capfd.readouterr().err == ""


def test_a_failing_application_prints_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """A fault of the emulator itself is not swallowed."""

    def broken(*_: object) -> list[bytes]:
        raise RuntimeError("a bug")

    with serve(broken) as server, connected(server) as connection:
        connection.sendall(ASK)
        assert read_all(connection) == b""

    assert "RuntimeError: a bug" in capfd.readouterr().err
