"""Draws the terminal picture of a block from the output of a real check against the emulator: `make docs`."""

import io
import json
import os
import re
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from html import escape
from pathlib import Path
from unittest import mock

import httpx

from hssgate.cli.context import RunContext
from hssgate.cli.demo import BLOCKED_IMAGE, POLICY
from hssgate.cli.main import run
from hssgate.cli.signals import Signals
from hssgate.clock import SystemClock
from hssgate.emulator.app import Emulator
from hssgate.emulator.images import Image
from hssgate.emulator.scenario import default_scenario

PICTURE = Path(__file__).resolve().parent / "images" / "block.svg"
_SCANNED = 1764066552000  # a day that does not change with each run
_WIDEST = 108  # columns
_ANSI = re.compile(r"\x1b\[([\d;]*)m")
_CLASSES = {"32": "good", "31": "bad", "33": "warn", "2": "dim", "1": "bold"}
_LINE, _COLUMN, _MARGIN = 20, 8.45, 18
_STYLE = """\
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3 }
    .good { fill: #3fb950 } .bad { fill: #ff7b72; font-weight: bold } .warn { fill: #d29922 } .dim { fill: #9198a1 }
    .bold { font-weight: bold } .screen { fill: #0d1117; stroke: #656c76 }
"""


def output() -> str:
    """Return what a check of the demo's blocked image prints, with colours."""
    emulator = Emulator(default_scenario(), now=SystemClock().epoch, sleep=lambda _seconds: None)
    (finished,) = BLOCKED_IMAGE["timeline"]
    emulator.push(Image.model_validate(BLOCKED_IMAGE | {"timeline": [finished | {"latest_scan_time": _SCANNED}]}))
    environ = {"HSSGATE_TOKEN": "emulator-token"}
    build = {"containerimage.digest": BLOCKED_IMAGE["image_digest"], "image.name": "shop/payment:1.0"}
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        policy, metadata = Path(folder) / "hssgate.yaml", Path(folder) / "build.json"
        policy.write_text(POLICY, encoding="utf-8")
        metadata.write_text(json.dumps(build), encoding="utf-8")
        with mock.patch.dict(os.environ, FORCE_COLOR="1"), redirect_stdout(printed), redirect_stderr(io.StringIO()):
            clock, signals = SystemClock(), Signals()
            context = RunContext(
                clock, lambda *_: httpx.Client(transport=httpx.WSGITransport(app=emulator)), signals, environ
            )
            paths = ("--metadata-file", str(metadata), "--policy", str(policy))
            run(["check", *paths, "--endpoint", "http://127.0.0.1:9", "--project-id", "p"], context)
        printed.seek(0)
        return re.sub(r"waited [\d.ms]+", "waited 0s", printed.read().replace(f"{folder}/", ""))


def picture() -> str:
    """Return the picture, as SVG."""
    command = "$ hssgate check --metadata-file build.json"
    lines = [command, *(_clipped(line) for line in output().splitlines())]
    height = len(lines) * _LINE + 2 * _MARGIN
    width = round(_WIDEST * _COLUMN + 2 * _MARGIN)
    rows = "\n".join(
        f'  <text xml:space="preserve" x="{_MARGIN}" y="{_MARGIN + 14 + number * _LINE}">{_spans(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="Output of a check that blocks an image">\n  <style>\n{_STYLE}  </style>\n'
        f'  <rect class="screen" x="1" y="1" width="{width - 2}" height="{height - 2}" rx="8"/>\n{rows}\n</svg>\n'
    )


def _clipped(line: str) -> str:
    """Return a line without what is beyond the last column."""
    shown, columns = "", 0
    for part in re.split(f"({_ANSI.pattern.replace('(', '(?:', 1)})", line):
        if _ANSI.fullmatch(part):
            shown += part
            continue
        room = _WIDEST - columns
        shown += part if len(part) <= room else part[: max(room - 1, 0)] + ("…" if room > 0 else "")
        columns += len(part)
    return shown


def _spans(line: str) -> str:
    """Return a line as text of SVG, its colours as classes."""
    shown, name = "", ""
    pieces = _ANSI.split(line)
    for number, piece in enumerate(pieces):
        if number % 2:
            name = "" if piece in {"0", ""} else " ".join(filter(None, (name, _CLASSES[piece])))
        elif piece:
            shown += f'<tspan class="{name}">{escape(piece)}</tspan>' if name else escape(piece)
    return shown


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
