"""Error format of a service, and the header that carries its request id."""

from dataclasses import dataclass
from typing import Protocol

from hssgate.emulator.refusals import Refusal, usual_refusal


class Usual(Protocol):
    """Makes the usual error of a status."""

    def __call__(self, status: int, *, code: str | None = None, retry_after: int | None = None) -> Refusal:
        """Return the error.

        Args:
            status: HTTP status.
            code: replaces the usual code.
            retry_after: header `Retry-After`, if any.
        """


@dataclass(frozen=True)
class Dialect:
    """Error format of a service.

    Args:
        usual: makes the usual error of a status.
        trace_header: response header with the request id; None: the service has none.
    """

    usual: Usual
    trace_header: str | None


GATEWAY = Dialect(usual_refusal, trace_header="X-Request-Id")
