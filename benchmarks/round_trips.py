"""Time of `hssgate check` where HSS is far away: 50 ms a round trip, over TLS, each image asked for by itself.

A relay before the emulator delays what it passes on by half a round trip each way, and a new connection by a whole one,
as its handshake would be. Run it with `make bench`.
"""

import asyncio
import contextlib
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import trustme

from benchmarks import own_venv
from benchmarks.many_images import IMAGE
from benchmarks.measuring import environment, run
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve

COUNTS = (1, 8, 100)
ROUND_TRIP = 0.05  # seconds
_SERIAL = 20  # calls one by one
_TRIES = 5  # the shortest counts


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass bytes on, each half a round trip after it came."""
    loop = asyncio.get_running_loop()
    arrivals: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await arrivals.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                target.close()
                return
            target.write(data)

    delivery = asyncio.create_task(deliver())
    data = b"more"
    while data:
        try:
            data = await source.read(65536)
        except ConnectionError:
            data = b""
        await arrivals.put((loop.time() + ROUND_TRIP / 2, data))
    await delivery


@contextlib.contextmanager
def relay(port: int) -> Iterator[int]:
    """Run the relay to a port of this machine, and return its own."""
    ready = threading.Event()
    ports: list[int] = []
    loop = asyncio.new_event_loop()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(ROUND_TRIP)
        upstream, downstream = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, downstream), _pass_on(upstream, writer))

    async def listen() -> None:
        server = await asyncio.start_server(attend, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(listen(), loop)
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def main() -> None:
    """Measure and print the table."""
    scenario = "match: exact\nimages:\n" + "".join(IMAGE.format(number=number) for number in range(max(COUNTS)))
    app = Emulator(parse_scenario(scenario, "scenario"), now=time.time, sleep=time.sleep)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with (
        serve(app, ssl_context=context) as server,
        relay(int(server.url.rpartition(":")[2])) as port,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        authority_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(authority_file))
        ours = own_venv.make(folder / "ours", "hssgate")
        asked = ["--endpoint", f"https://localhost:{port}", "--project-id", "demo", "-q", "--ca-bundle", "ca.pem"]
        began = time.perf_counter()
        for _ in range(_SERIAL):
            _call(port, authority_file)
        a_call = (time.perf_counter() - began) / _SERIAL
        print(f"{'images':>8}{'calls':>8}{'wall':>10}{'processor':>12}{'calls one by one':>19}{'ratio':>8}")
        for count in COUNTS:
            images = [f"team/app-{number:04}:1.0" for number in range(count)]
            before = app.request_count
            tries = [
                run([ours, "-m", "hssgate", "check", *images, *asked], environment(), folder) for _ in range(_TRIES)
            ]
            if any(spent.code for spent in tries):
                sys.exit(f"hssgate ended with {max(spent.code for spent in tries)}")
            calls = (app.request_count - before) // _TRIES
            wall, one_by_one = min(spent.wall for spent in tries), calls * a_call
            print(
                f"{count:>8,}{calls:>8,}{wall:>8.2f} s{min(spent.processor for spent in tries):>10.2f} s"
                f"{one_by_one:>17.2f} s{wall / one_by_one:>8.2f}"
            )


def _call(port: int, authority: Path) -> None:
    """Make one call on a connection of its own."""
    connection = HTTPSConnection("localhost", port, context=ssl.create_default_context(cafile=authority))
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    main()
