"""Hostile HSS server on loopback: sends responses that no emulator would, by the name of a case in `ANSWERS`.

A process of its own, `python -m benchmarks.hostile_server NAME`, so that its memory is not counted; its first line is
its address.
"""

import contextlib
import json
import sys
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from hssgate.hss.exchange import LARGEST_BODY

TOKEN = "token-of-the-benchmark"  # noqa: S105 - not a real one
FINDINGS = "/vulnerabilities"
MILLION = 1_000_000
ROW: dict[str, object] = {
    "image_id": "1",
    "image_name": "app",
    "image_version": "1.0",
    "scan_status": "success",
    "latest_scan_time": 1_700_000_000_000,
    "latest_update_time": 1_700_000_000_000,
    "severity_level": "Medium",
    "vul_num": 3,
    "malicious_file_num": 0,
    "unsafe_setting_num": 0,
}
FINDING: dict[str, object] = {"repair_necessity": "immediate_repair", "app_name": "openssl"}
ASTRAL = "\U0001f600"  # a text that holds it takes four bytes a character

Answer = Callable[[str, int], bytes]  # of a path and an offset


def main() -> None:
    """Serve the case that is named until killed."""
    make, headers = ANSWERS[sys.argv[1]]
    answer = make()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = answer(parts.path, int(dict(parse_qsl(parts.query)).get("offset", "0")))
            with contextlib.suppress(OSError):  # the gate hangs up on what is too much
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def _listing(rows: list[dict[str, object]], total: int) -> bytes:
    return json.dumps({"total_num": total, "data_list": rows}, ensure_ascii=False).encode()


def _always(make: Callable[[], bytes]) -> Callable[[], Answer]:
    """Return what makes the body once."""

    def ready() -> Answer:
        body = make()
        return lambda _path, _offset: body

    return ready


def _row_with(text: bytes) -> bytes:
    return _listing([ROW], 1)[:-3] + b', "scan_failed_desc": "' + text + b'"}]}'


def _row_filled(filling: str, end: str = "") -> bytes:
    room = LARGEST_BODY - len(_row_with(end.encode()))
    return _row_with((filling * (room // len(filling)) + end).encode())


def _list_of(item: bytes) -> bytes:
    return b'{"data_list": [' + (item + b",") * (LARGEST_BODY // (len(item) + 1) - 10) + item + b"]}"


def _bomb() -> bytes:
    """Return a gigabyte of blanks before an answer, compressed."""
    packer = zlib.compressobj(wbits=31)
    blanks = b" " * 2**20
    return b"".join(
        [*(packer.compress(blanks) for _ in range(1024)), packer.compress(_listing([ROW], 1)), packer.flush()]
    )


def _page(row: dict[str, object], offset: int, count: int, **texts: str) -> bytes:
    """Return a page of up to 200 rows that differ in their ids."""
    numbers = range(offset, min(offset + 200, count))
    return _listing(
        [row | texts | {"image_id": str(n), "vul_id": f"SA-{n}", "app_path": f"/{n}"} for n in numbers], count
    )


def _images(count: int, text: str) -> Callable[[], Answer]:
    return lambda: lambda _path, offset: _page(ROW, offset, count, scan_failed_desc=text)


def _findings(count: int, text: str = "") -> Callable[[], Answer]:
    """Return what makes an image with so many findings, each with the text in four fields."""

    def answer(path: str, offset: int) -> bytes:
        if path.endswith("/cve"):
            return _listing([{"cve_id": f"CVE-{path.split('/')[-2]}"}], 1)
        if path.endswith(FINDINGS):
            return _page(FINDING, offset, count, description=text, solution=text, url=text, version=text)
        return _listing([ROW], 1)

    return lambda: answer


def _thousand_images(path: str, offset: int) -> bytes:
    if path.endswith(FINDINGS):
        return _page(FINDING, offset, 40, description="x" * 2000)
    rows = [
        ROW | {"image_name": f"app{number}", "image_id": str(number)}
        for number in range(offset, min(offset + 200, 1000))
    ]
    return _listing([row | {"cicd_name": "pipeline"} for row in rows], 1000)


def _small_rows() -> bytes:
    return _listing([ROW | {"image_id": str(number), "scan_failed_desc": "x" * 80} for number in range(92_000)], 92_000)


def _changing(count: int, change: Callable[[int, int], dict[str, object]]) -> Callable[[], Answer]:
    """Return what makes a list of which every row changes at each poll.

    Args:
        count: of rows.
        change: makes what changes in a row, of the number of the poll and of the row.
    """

    def ready() -> Answer:
        polls = [0]

        def answer(_path: str, offset: int) -> bytes:
            polls[0] += offset == 0
            numbers = range(offset, min(offset + 200, count))
            return _listing([ROW | {"image_id": str(n)} | change(polls[0], n) for n in numbers], count)

        return answer

    return ready


def _new_times(poll: int, number: int) -> dict[str, object]:
    if number == 0:
        return {"scan_status": "scanning"}
    time = 1_700_000_000_000 + MILLION * poll + number
    return {"latest_scan_time": time, "latest_update_time": time}


def _new_status(poll: int, number: int) -> dict[str, object]:
    return {"namespace": f"n{number}", "scan_status": f"odd-{poll}-{number}"}


def _new_group(poll: int, number: int) -> dict[str, object]:
    return {"namespace": f"n{poll}-{number}", "scan_status": "scanning"}


CHANGING = ", new at each poll"  # ends the names of cases that are polled often
ANSWERS: dict[str, tuple[Callable[[], Answer], dict[str, str]]] = {
    "a plain row": (_findings(3), {}),
    "32 MiB of small rows": (_always(_small_rows), {}),
    "32 MiB, 200 rows of long texts": (_images(200, "x" * 160_000), {}),
    "the same, a wide character in each": (_images(200, "x" * 160_000 + ASTRAL), {}),
    "32 MiB, one text": (_always(lambda: _row_filled("x")), {}),
    "32 MiB, one text of escapes": (_always(lambda: _row_filled("\\n")), {}),
    "32 MiB, one text with a wide character": (_always(lambda: _row_filled("x", ASTRAL)), {}),
    "32 MiB of numbers in a list": (_always(lambda: _list_of(b"1")), {}),
    "32 MiB of texts in a list": (_always(lambda: _list_of(b'"a"')), {}),
    "32 MiB of empty objects": (_always(lambda: _list_of(b"{}")), {}),
    "32 MiB of keys of one object": (
        _always(lambda: b'{"data_list":[{' + b",".join(b'"%d":1' % n for n in range(3 * MILLION - 300_000)) + b"}]}"),
        {},
    ),
    "a row of 4 MiB, all keys": (
        _always(lambda: b'{"data_list":[{' + b",".join(b'"%d":1' % n for n in range(380_000)) + b"}]}"),
        {},
    ),
    "32 MiB of opening brackets": (_always(lambda: b'{"data_list": ' + b"[" * (LARGEST_BODY - 100)), {}),
    "99,000 nested lists": (_always(lambda: b'{"data_list": ' + b"[" * 99_000 + b"]" * 99_000 + b"}"), {}),
    "32 MiB, one number": (
        _always(lambda: b'{"data_list": [], "total_num": ' + b"9" * (LARGEST_BODY - 100) + b"}"),
        {},
    ),
    "32 MiB of UTF-32": (_always(lambda: _row_with(b"x" * (LARGEST_BODY // 4 - 1000)).decode().encode("utf-32")), {}),
    "32 MiB of the secret that was sent": (_always(lambda: _row_filled(TOKEN + " ")), {}),
    "33 MiB": (_always(lambda: _row_filled("x") + b" " * 2**20), {}),
    "a gzip bomb of 1 GB": (_always(_bomb), {"Content-Encoding": "gzip"}),
    "90 headers of 60 kB": (_findings(3), {f"X-{number}": "x" * 60_000 for number in range(90)}),
    "10 pages of 32 MiB": (_images(2000, "x" * 160_000), {}),
    "pages without end": (_images(2 * MILLION, "x" * 20), {}),
    "1,000 images asked for, 40 findings each": (lambda: _thousand_images, {}),
    "5,000 findings": (_findings(5_000, "x" * 100), {}),
    "12,000 findings": (_findings(12_000), {}),
    "1,200 findings, long texts": (_findings(1_200, "x" * 5_000), {}),
    "320 findings, long texts of wide characters": (_findings(320, "x" * 5_000 + ASTRAL), {}),
    "20,000 findings": (_findings(20_000, "x" * 100), {}),
    "20,000 findings, long texts": (_findings(20_000, "x" * 5_000), {}),
    "20,000 findings, long texts of wide characters": (_findings(20_000, "x" * 5_000 + ASTRAL), {}),
    "100,000 findings": (_findings(100_000), {}),
    "100,000 findings, long texts": (_findings(100_000, "x" * 5_000), {}),
    "findings without end": (_findings(2 * MILLION), {}),
    f"12,000 rows of one tag, their times{CHANGING}": (_changing(12_000, _new_times), {}),
    f"20,000 groups of one image, their statuses{CHANGING}": (_changing(20_000, _new_status), {}),
    f"1,000 groups of one image, their statuses{CHANGING}": (_changing(1_000, _new_status), {}),
    f"900 groups of one image, their names{CHANGING}": (_changing(900, _new_group), {}),
}


if __name__ == "__main__":
    main()
