"""WSGI application of the emulator: applies faults, authenticates, serves rows, and logs each request."""

import email.utils
import threading
from collections.abc import Callable, Sequence
from typing import Any
from wsgiref.types import StartResponse

from pydantic import JsonValue

from hssgate.emulator.authentication import Authenticator
from hssgate.emulator.control import control, is_control
from hssgate.emulator.dialect import GATEWAY
from hssgate.emulator.fault_responses import gateway_response, service_response, transport_fault_of
from hssgate.emulator.faults import ActiveFaults, active_faults
from hssgate.emulator.generated import SecretGenerator, stable_id
from hssgate.emulator.identity.operations import IdentityOperation, find_identity_operation
from hssgate.emulator.identity.projects import Projects
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.images import Image
from hssgate.emulator.issued import Issued
from hssgate.emulator.listing import envelope
from hssgate.emulator.messages import Request, Response, deliver, json_response, read_request
from hssgate.emulator.model import Scenario
from hssgate.emulator.operations import Operation, find_operation
from hssgate.emulator.query_parameters import QuotaParameters
from hssgate.emulator.refusals import (
    Refusal,
    denied_by_gateway,
    denied_by_service,
    invalid_parameter,
    no_such_api,
    project_unavailable,
)
from hssgate.emulator.request_log import LoggedRequest, RequestLog
from hssgate.emulator.service import Service
from hssgate.emulator.throttle import Throttle
from hssgate.emulator.transport import Reset

_LONGEST_PROJECT_ID = 256


class Emulator:
    """WSGI application that serves a scenario; thread-safe.

    Args:
        scenario: images, credentials and faults; its timelines start now.
        now: returns the time in epoch seconds.
        sleep: waits for a number of seconds, for faults that take time.
    """

    def __init__(self, scenario: Scenario, *, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._scenario = scenario
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()  # guards all state below; always released before sleeping or writing
        self._images: list[Image] = []
        self._service = Service(scenario.match, scenario.cicd, scenario.dialect, scenario.quota)
        mint = SecretGenerator()
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
        self._request_log = RequestLog()
        self.push(*scenario.images)

    @property
    def requests(self) -> Sequence[LoggedRequest]:
        """Return the API requests that were answered, in the order of the responses; at most the last 10,000."""
        with self._lock:
            return self._request_log.answered

    @property
    def request_count(self) -> int:
        """Return how many API requests arrived; control calls do not count."""
        with self._lock:
            return self._request_log.count

    def push(self, *images: Image) -> None:
        """Add images; their timelines start now."""
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
        """Handle a request (WSGI, PEP 3333).

        Raises:
            ConnectionResetError: the scenario resets the connection, and the caller is not `Server`.
        """
        request = read_request(environ)
        if is_control(request):
            return deliver(control(request, self), None, environ, start_response, self._sleep)
        arrived = self._now()
        with self._lock:
            number = self._request_log.next_number()
        operation = find_operation(request) or find_identity_operation(request)
        dialect = operation.dialect if operation else GATEWAY
        active = active_faults(number, operation.name, self._scenario.faults) if operation else ActiveFaults()
        if active.delay and active.delay.delay:
            self._sleep(active.delay.delay)
        request_id = stable_id("request", str(number))
        response = gateway_response(active, number, request_id, dialect)
        if response is None:
            try:
                response = self._respond(request, operation, active)
            except Refusal as refusal:
                response = refusal.response(request_id)
        date = email.utils.formatdate(self._server_time() - active.age, usegmt=True)
        trace = [(dialect.trace_header, request_id)] if dialect.trace_header else []
        age = [("Age", str(int(active.age)))] if active.cached else []
        response = response.with_headers([("Date", date), *trace, *age, *active.headers])
        transport_fault = transport_fault_of(active)
        status = 0 if isinstance(transport_fault, Reset) else response.status
        with self._lock:
            self._request_log.keep(LoggedRequest(number, request.method, request.path, request.query, status, arrived))
        return deliver(response, transport_fault, environ, start_response, self._sleep)

    def _server_time(self) -> float:
        return self._now() + self._scenario.clock_skew

    def _respond(
        self, request: Request, operation: Operation | IdentityOperation | None, active: ActiveFaults
    ) -> Response:
        if operation is None:
            raise no_such_api()
        now = self._server_time()
        if isinstance(operation, IdentityOperation):
            with self._lock:
                return operation.respond(self._identity, request, now)
        self._admit(request, operation.project_id, now)
        parameters = operation.read(request.query)
        if response := service_response(active):
            return response
        with self._lock:
            if isinstance(parameters, QuotaParameters):
                return json_response(200, self._service.statistics(parameters, now))
            total, rows = self._service.page(parameters, now - active.age)
        return json_response(200, envelope(total, rows, self._scenario.quirks))

    def _admit(self, request: Request, project_id: str, now: float) -> None:
        with self._lock:
            caller = self._authenticator.authenticate(request, now)
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
