"""How a service words what went wrong, and in which header it names the request."""

from dataclasses import dataclass
from typing import Protocol

from hssgate.emulator.refusals import Refusal, usual_refusal


class Usual(Protocol):
    """Makes what usually comes with a status."""

    def __call__(self, status: int, *, code: str | None = None, retry_after: int | None = None) -> Refusal:
        """Return it.

        Args:
            status: HTTP status.
            code: another code than the usual one.
            retry_after: header of this name, if any.
        """


@dataclass(frozen=True)
class Dialect:
    """The manner of a service.

    Args:
        usual: what usually comes with a status.
        trace_header: bears the id of the request in each answer; None: there is none.
    """

    usual: Usual
    trace_header: str | None


GATEWAY = Dialect(usual_refusal, trace_header="X-Request-Id")
