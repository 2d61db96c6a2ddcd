"""Calls that steer the emulator while it runs: push an image, look at the rows and at the requests."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Protocol

from hssgate.emulator.identity.calls import GITHUB_PATH
from hssgate.emulator.images import Image
from hssgate.emulator.ledger import Request
from hssgate.emulator.scenario import ScenarioInvalid, parse_images
from hssgate.emulator.wire import Answer, Call, json_answer

PREFIX = "/_emulator/"


class Steered(Protocol):
    """What is steered."""

    @property
    def requests(self) -> Sequence[Request]:
        """Return the requests that were answered."""

    @property
    def request_count(self) -> int:
        """Return how many requests arrived."""

    def push(self, *images: Image) -> None:
        """List images."""

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as they are now."""


def is_control(call: Call) -> bool:
    """Return whether a request is a control call: it needs no credentials and is never counted nor hit by faults."""
    return call.path.startswith(PREFIX) and call.path != GITHUB_PATH


def control(call: Call, steered: Steered) -> Answer:
    """Answer a control call."""
    match call.method, call.path.removeprefix(PREFIX):
        case "POST", "images":
            return _push(call.body, steered)
        case "GET", "images":
            return json_answer(200, {"images": steered.rows()})
        case "GET", "requests":
            requests = [dataclasses.asdict(request) for request in steered.requests]
            return json_answer(200, {"count": steered.request_count, "requests": requests})
    return json_answer(404, {"error": "there are GET and POST /_emulator/images, GET /_emulator/requests"})


def _push(body: bytes, steered: Steered) -> Answer:
    try:
        images = parse_images(json.loads(body), "body")
    except ScenarioInvalid as error:
        return json_answer(400, {"error": str(error)})
    except (ValueError, RecursionError):
        return json_answer(400, {"error": "body: it is no JSON; give an image or a list of images"})
    steered.push(*images)
    return json_answer(201, {"pushed": len(images)})
