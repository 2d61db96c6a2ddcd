"""Error tree, named by who must act.

GateError                  message = what happened, where, and what to do next
├── Misused                the caller: an option, IMAGE, policy or report path is wrong
│   └── PolicyInvalid      the author of a policy file
├── ApiError               (the response of HSS, or its absence)
│   ├── ApiUnavailable     no one yet: a retry may succeed
│   │   └── ResponseTooLarge
│   └── ApiRefused         the owner of the credentials or the project: a retry does not help
│       ├── RequestRefused the caller: HSS refuses this request, others may succeed
│       │   ├── CallRefused the owner of the credentials: HSS refuses this call, perhaps for any image
│       │   │   └── NotServed  the caller: the host does not have this call of the API
│       │   └── ListTooLarge
│       └── HostUntrusted  the operator of the host: its certificate does not prove its identity
└── Interrupted            no one: a signal ended the run
"""

from typing import Self

from hssgate.exit_codes import ExitCode
from hssgate.record import record


class GateError(Exception):
    """An error that ends a run, or the wait for one image, without a result."""

    exit_code: ExitCode


class Misused(GateError):
    """An option, IMAGE, policy or report path is wrong; no request was sent."""

    exit_code = ExitCode.MISUSED


class PolicyInvalid(Misused):
    """A policy file cannot be used.

    Args:
        problems: one line for each fault, with file, line or key path, and how to fix it.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@record
class Exchange:
    """HTTP status and request id of a response, for the evidence in the report; None where there was no response."""

    http_status: int | None = None
    request_id: str | None = None


_NO_RESPONSE = Exchange()


class ApiError(GateError):
    """HSS gave no usable response.

    Args:
        message: what happened and what to do next.
        exchange: HTTP status and request id of the response, if there was one.
    """

    exit_code = ExitCode.API_UNAVAILABLE

    def __init__(self, message: str, exchange: Exchange = _NO_RESPONSE) -> None:
        super().__init__(message)
        self.exchange = exchange

    def without_frames(self) -> Self:
        """Return the error to be kept: its traceback would keep what was being read in memory."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class ApiUnavailable(ApiError):
    """A failure after which a retry may succeed: throttling, a server error, no connection, an unreadable response.

    Args:
        message: what happened.
        exchange: HTTP status and request id of the response, if there was one.
        retry_after: seconds of the `Retry-After` header, if there was one.
        server_fault: whether it was HTTP 500 or similar, which is retried a few times only.
        throttled: whether the limit on the number of requests was exceeded, which concerns all requests.
        advice: what to check if the failure persists.
    """

    def __init__(
        self,
        message: str,
        exchange: Exchange = _NO_RESPONSE,
        *,
        retry_after: float | None = None,
        server_fault: bool = False,
        throttled: bool = False,
        advice: str = "",
    ) -> None:
        super().__init__(message, exchange)
        self.retry_after = retry_after
        self.server_fault = server_fault
        self.throttled = throttled
        self.advice = advice

    @property
    def kind(self) -> tuple[int | None, str]:
        """Status and advice: failures with the same kind differ only in request id and time."""
        return self.exchange.http_status, self.advice

    def reworded(self, message: str) -> "ApiUnavailable":
        """Return the same failure with another message."""
        return ApiUnavailable(
            message,
            self.exchange,
            retry_after=self.retry_after,
            server_fault=self.server_fault,
            throttled=self.throttled,
            advice=self.advice,
        )

    def with_advice(self) -> "ApiUnavailable":
        """Return the same failure with the advice appended to its message."""
        return self.reworded(f"{self}; {self.advice}") if self.advice else self


class ResponseTooLarge(ApiUnavailable):
    """The body of a response is larger than its limit."""


class ApiRefused(ApiError):
    """A refusal that a retry does not change, for any image: credentials, permission, address.

    Args:
        message: what happened and what to do next.
        exchange: HTTP status and request id of the response, if there was one.
        code: error code of the cloud; empty for a response of another server, such as a proxy.
    """

    def __init__(self, message: str, exchange: Exchange = _NO_RESPONSE, *, code: str = "") -> None:
        super().__init__(message, exchange)
        self.code = code


class RequestRefused(ApiRefused):
    """HSS refused this request because of its content; a request for another image may succeed."""


class CallRefused(RequestRefused):
    """HSS refused this call for lack of permission, or for its address, so that other images may be refused as well."""


class NotServed(CallRefused):
    """The host does not have this call of the API: another address, or a cloud without it."""


class ListTooLarge(RequestRefused):
    """The rows of a list need more memory than there is for them."""


class HostUntrusted(ApiRefused):
    """The certificate of a host does not prove its identity; no secret was sent to it."""


class Interrupted(GateError):
    """A signal ended the run.

    Args:
        code: 128 plus the signal's number.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__("interrupted")
        self.exit_code = code
