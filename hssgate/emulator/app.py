"""The API as a WSGI callable: takes a request through faults, gateway and register, and keeps a ledger of it."""

import email.utils
import threading
from collections.abc import Callable, Sequence
from typing import Any
from wsgiref.types import StartResponse

from pydantic import JsonValue

from hssgate.emulator.authentication import Authenticator
from hssgate.emulator.control import control, is_control
from hssgate.emulator.dialect import GATEWAY
from hssgate.emulator.faults import Ruling, rule_on
from hssgate.emulator.identity.calls import IdentityCall, find_identity_call
from hssgate.emulator.identity.projects import Projects
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.images import Image
from hssgate.emulator.issued import Issued
from hssgate.emulator.ledger import Ledger, Request
from hssgate.emulator.listing import envelope
from hssgate.emulator.mint import Mint, lasting_id
from hssgate.emulator.model import Scenario
from hssgate.emulator.operations import Operation, find_operation
from hssgate.emulator.play import edge_answer, mishap_of, service_answer
from hssgate.emulator.refusals import (
    Refusal,
    denied_by_gateway,
    denied_by_service,
    invalid_parameter,
    no_such_api,
    project_unavailable,
)
from hssgate.emulator.service import Service
from hssgate.emulator.throttle import Throttle
from hssgate.emulator.transport import Reset
from hssgate.emulator.wire import Answer, Call, deliver, json_answer, read_call

_LONGEST_PROJECT_ID = 256


class Emulator:
    """The API over a scenario; safe for use by several threads at once.

    Args:
        scenario: what is played; its timelines start now.
        now: epoch seconds.
        sleep: lets seconds pass, for the faults that take time.
    """

    def __init__(self, scenario: Scenario, *, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._scenario = scenario
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()  # guards what follows; never held while sleeping or writing
        self._images: list[Image] = []
        self._service = Service(scenario.match, scenario.cicd)
        mint = Mint()
        issued = Issued(mint)
        self._authenticator = Authenticator(scenario.credentials, issued)
        self._identity = IdentityService(
            known=scenario.identity,
            projects=Projects(scenario.identity.regions, scenario.projects),
            issued=issued,
            authenticator=self._authenticator,
            mint=mint,
        )
        self._throttle = Throttle(scenario.rate_limit)
        self._ledger = Ledger()
        self.push(*scenario.images)

    @property
    def requests(self) -> Sequence[Request]:
        """Return the API requests that were answered, the last 10,000 at most, in the order of the answers."""
        with self._lock:
            return self._ledger.answered

    @property
    def request_count(self) -> int:
        """Return how many API requests arrived; control calls do not count."""
        with self._lock:
            return self._ledger.count

    def push(self, *images: Image) -> None:
        """List images whose timelines start now."""
        started = self._server_time()
        with self._lock:
            self._images.extend(images)
            self._service.add(images, started)

    def describe(self) -> str:
        """Return a line for each image: its reference, aligned, and what it covers."""
        with self._lock:
            images = list(self._images)
        references = [
            f"{image.reference} (x{image.copies})" if image.copies > 1 else image.reference for image in images
        ]
        width = max(map(len, references), default=0)
        lines = zip(references, images, strict=True)
        return "\n".join(f"{reference:<{width}}  {image.purpose}" for reference, image in lines)

    def rows(self) -> list[dict[str, JsonValue]]:
        """Return all rows as they are now, in the API's default order."""
        now = self._server_time()
        with self._lock:
            rows = self._service.rows(now)
        return [row.as_json() for row in rows]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        """Answer a request as WSGI (PEP 3333) has it.

        Raises:
            ConnectionResetError: the scenario resets the connection, and no server is there to play it.
        """
        call = read_call(environ)
        if is_control(call):
            return deliver(control(call, self), None, environ, start_response, self._sleep)
        arrived = self._now()
        with self._lock:
            number = self._ledger.next_number()
        operation = find_operation(call) or find_identity_call(call)
        dialect = operation.dialect if operation else GATEWAY
        ruling = rule_on(number, operation.name, self._scenario.faults) if operation else Ruling()
        if ruling.delay and ruling.delay.delay:
            self._sleep(ruling.delay.delay)
        request_id = lasting_id("request", str(number))
        answer = edge_answer(ruling, number, request_id, dialect)
        if answer is None:
            try:
                answer = self._answered(call, operation, ruling)
            except Refusal as refusal:
                answer = refusal.answer(request_id)
        date = email.utils.formatdate(self._server_time() - ruling.age, usegmt=True)
        trace = [(dialect.trace_header, request_id)] if dialect.trace_header else []
        age = [("Age", str(int(ruling.age)))] if ruling.cached else []
        answer = answer.with_headers([("Date", date), *trace, *age, *ruling.headers])
        mishap = mishap_of(ruling)
        status = 0 if isinstance(mishap, Reset) else answer.status
        with self._lock:
            self._ledger.keep(Request(number, call.method, call.path, call.query, status, arrived))
        return deliver(answer, mishap, environ, start_response, self._sleep)

    def _server_time(self) -> float:
        return self._now() + self._scenario.clock_skew

    def _answered(self, call: Call, operation: Operation | IdentityCall | None, ruling: Ruling) -> Answer:
        if operation is None:
            raise no_such_api()
        now = self._server_time()
        if isinstance(operation, IdentityCall):
            with self._lock:
                return operation.answer(self._identity, call, now)
        self._admit(call, operation.project_id, now)
        question = operation.read(call.query)
        if answer := service_answer(ruling):
            return answer
        with self._lock:
            total, rows = self._service.answer(question, now - ruling.age)
        return json_answer(200, envelope(total, rows, self._scenario.quirks))

    def _admit(self, call: Call, project_id: str, now: float) -> None:
        with self._lock:
            caller = self._authenticator.authenticate(call, now)
            caller.demand_project(project_id)
            self._throttle.admit(caller.holder.name, now)
        if caller.holder.deny == "gateway":
            raise denied_by_gateway()
        if self._scenario.projects is not None and project_id not in self._scenario.projects:
            raise project_unavailable()
        if caller.holder.deny == "service":
            raise denied_by_service()
        if not 1 <= len(project_id) <= _LONGEST_PROJECT_ID:
            raise invalid_parameter(
                f"the length of project_id must be 1 to {_LONGEST_PROJECT_ID}",
                f"project_id has {len(project_id)} characters",
            )
