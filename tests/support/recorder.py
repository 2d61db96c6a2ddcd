"""Recorder of requests on their way into a WSGI application."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication


@dataclass(frozen=True)
class Kept:
    """A request as it arrived.

    Args:
        method: upper case.
        path: decoded.
        query: as on the wire.
        headers: by lower-case name.
        body: all of it.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def host(self) -> str:
        """The requested host."""
        return self.headers["host"]

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body's data."""
        return json.loads(self.body)


@dataclass
class Recorder:
    """Passes requests on and keeps them.

    Args:
        app: answers them.
        kept: in the order of their arrival.
    """

    app: WSGIApplication
    kept: list[Kept] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as WSGI (PEP 3333) has it."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        kept = Kept(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers, body)
        self.kept.append(kept)
        return self.app(environ | {"wsgi.input": io.BytesIO(body)}, start_response)
