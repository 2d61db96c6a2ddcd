"""A real browser, and a server of our own whose page it looks at."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.integration.conftest import ran

# What Jenkins sends along with the files of a build, unless its administrator wants it otherwise.
JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"

# Shows the page as wide as a screen would, and lets a script that is not the page's own look at it.
_FRAME = """<!DOCTYPE html><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<iframe src="/page" width="{width}" height="3000"></iframe><pre></pre>
<script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument, view = page.defaultView;
  document.querySelector("pre").textContent = encodeURIComponent(JSON.stringify((() => {{ {script} }})()));
}};</script>"""
_FOUND = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)


@dataclass
class Site:
    """A page, as its own server serves it.

    Args:
        folder: where the browser may keep what it likes.
        page: what is served.
        policy: the Content-Security-Policy that goes with it.
        address: of the server.
        frame: the page around the page.
        requests: the paths asked for.
    """

    folder: Path
    page: bytes
    policy: str | None
    address: str = ""
    frame: str = ""
    requests: list[str] = field(default_factory=list)

    def visit(self) -> list[str]:
        """Open the page by itself, and return what the browser wrote on its console."""
        _, log = self._browse("/page", "--enable-logging=stderr", "--v=0", "--dump-dom")
        return [line.partition('] "')[2] for line in log.splitlines() if ":CONSOLE:" in line]

    def print(self) -> bytes:
        """Print the page, and return the PDF."""
        self._browse("/page", f"--print-to-pdf={self.folder / 'page.pdf'}")
        return (self.folder / "page.pdf").read_bytes()

    def examine(self, script: str, *, width: int = 1280, dark: bool = False) -> Any:  # noqa: ANN401 - as the script says
        """Open the page at a width, and return what the script finds; it knows `page` and `view`."""
        self.frame = _FRAME.format(width=width, script=script)
        document, _ = self._browse("/", f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom")
        found = _FOUND.search(document)
        assert found is not None
        return json.loads(unquote(found[1]))

    def _browse(self, path: str, *options: str) -> tuple[str, str]:
        browser = shutil.which("chromium")
        assert browser is not None, "apt-get install chromium"
        quiet = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000")
        ended = ran(
            browser, *quiet, f"--user-data-dir={self.folder / 'profile'}", *options, f"{self.address}{path}",
            cwd=self.folder,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout, ended.stderr


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve the page for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append(self.path)
            body = {"/page": site.page, "/": site.frame.encode()}.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if site.policy and self.path == "/page":
                self.send_header("Content-Security-Policy", site.policy)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
