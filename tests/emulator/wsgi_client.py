"""A client without a socket: calls the application as WSGI has it, and keeps the time."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from wsgiref.util import setup_testing_defaults

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import Scenario, parse_scenario

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
PROJECT = "0123456789abcdef0123456789abcdef"
PATH = f"/v5/{PROJECT}/image/cicd/images"
TOKEN = {"X-Auth-Token": "emulator-token"}


class FakeTime:
    """A clock that moves only by `advance` or by a sleep."""

    def __init__(self) -> None:
        self.epoch = START
        self.sleeps: list[float] = []

    def now(self) -> float:
        """Return epoch seconds."""
        return self.epoch

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.sleeps.append(seconds)
        self.epoch += seconds


@dataclass(frozen=True)
class Reply:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of a page."""
        rows: list[dict[str, Any]] = self.json["data_list"]
        return rows

    @property
    def names(self) -> list[str]:
        """Return the image names of a page."""
        return [row["image_name"] for row in self.rows]


class Client:
    """Talks to one emulator."""

    def __init__(self, scenario: Scenario | str) -> None:
        parsed = parse_scenario(scenario, "scenario") if isinstance(scenario, str) else scenario
        self.time = FakeTime()
        self.emulator = Emulator(parsed, now=self.time.now, sleep=self.time.sleep)

    def ask(
        self,
        path: str = PATH,
        *,
        method: str = "GET",
        query: str = "",
        headers: Mapping[str, str] = TOKEN,
        body: bytes = b"",
    ) -> Reply:
        """Send a request; path and query as on the wire."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        setup_testing_defaults(environ)
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, given: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            del exc_info
            seen.append((status, given))
            return io.BytesIO().write

        content = b"".join(self.emulator(environ, start_response))
        status, given = seen[0]
        return Reply(int(status.split()[0]), dict(given), content)

    def list(self, **parameters: str | int) -> Reply:
        """Ask for a page."""
        return self.ask(query=urlencode(parameters, quote_via=quote))

    def detail(self, path: str, **parameters: str | int) -> Reply:
        """Ask for a page of details; the path is what follows the project."""
        return self.ask(f"/v5/{PROJECT}{path}", query=urlencode(parameters, quote_via=quote))

    def vulnerabilities(self, image_id: str = "the-id", **parameters: str | int) -> Reply:
        """Ask for a page of findings; the parameters that are mandatory restrict nothing."""
        mandatory: dict[str, str | int] = {"image_type": "cicd", "namespace": "", "image_name": "", "tag_name": ""}
        return self.detail(f"/image/{image_id}/vulnerabilities", **(mandatory | parameters))
