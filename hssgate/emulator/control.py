"""Control endpoints of a running emulator: push images, list rows, list requests."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Protocol

from hssgate.emulator.identity.operations import GITHUB_PATH
from hssgate.emulator.images import Image
from hssgate.emulator.messages import Request, Response, json_response
from hssgate.emulator.request_log import LoggedRequest
from hssgate.emulator.scenario import ScenarioInvalid, parse_images

PREFIX = "/_emulator/"


class Controllable(Protocol):
    """The part of the emulator that control requests use."""

    @property
    def requests(self) -> Sequence[LoggedRequest]:
        """Return the requests that were answered."""

    @property
    def request_count(self) -> int:
        """Return the number of requests that arrived."""

    def push(self, *images: Image) -> None:
        """Add images."""

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows listed now."""


def is_control(request: Request) -> bool:
    """Whether a request is a control request: it needs no credentials, is not counted, and faults never affect it."""
    return request.path.startswith(PREFIX) and request.path != GITHUB_PATH


def control(request: Request, emulator: Controllable) -> Response:
    """Respond to a control request."""
    match request.method, request.path.removeprefix(PREFIX):
        case "POST", "images":
            return _push(request.body, emulator)
        case "GET", "images":
            return json_response(200, {"images": emulator.rows()})
        case "GET", "requests":
            requests = [dataclasses.asdict(request) for request in emulator.requests]
            return json_response(200, {"count": emulator.request_count, "requests": requests})
    return json_response(404, {"error": "there are GET and POST /_emulator/images, GET /_emulator/requests"})


def _push(body: bytes, emulator: Controllable) -> Response:
    try:
        images = parse_images(json.loads(body), "body")
    except ScenarioInvalid as error:
        return json_response(400, {"error": str(error)})
    except (ValueError, RecursionError):
        return json_response(400, {"error": "body: it is no JSON; give an image or a list of images"})
    emulator.push(*images)
    return json_response(201, {"pushed": len(images)})
