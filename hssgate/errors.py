"""Error tree, named by who must act.

GateError                  message = what happened, where, and what to do next
├── Misused                the caller: an option, IMAGE, policy or report path is wrong
│   └── PolicyInvalid      the author of a policy file
├── ApiError               the answer of HSS, or its absence
│   ├── ApiUnavailable     none yet: asking again may help
│   └── ApiRefused         whoever holds the credentials or the project: asking again does not help
│       ├── RequestRefused the caller: HSS dislikes this one request, others may still be asked
│       └── HostUntrusted  whoever runs the host: its certificate does not prove that it is the one meant
└── Interrupted            none: a signal ended the run
"""

from dataclasses import dataclass

from hssgate.exit_codes import ExitCode


class GateError(Exception):
    """Anything that ends a run, or one image of it, without a judgement."""

    exit_code: ExitCode


class Misused(GateError):
    """An option, IMAGE, policy or report path is wrong; nothing was asked of the API."""

    exit_code = ExitCode.MISUSED


class PolicyInvalid(Misused):
    """A policy file cannot be used.

    Args:
        problems: one line per fault, each with file, line or key path and the way out.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Exchange:
    """What is known of one HTTP exchange, for the evidence in the report."""

    http_status: int | None = None
    request_id: str | None = None


class ApiError(GateError):
    """HSS gave no usable answer.

    Args:
        message: what happened and what to do next.
        exchange: the HTTP status and request id, as far as there are any.
    """

    exit_code = ExitCode.API_UNAVAILABLE

    def __init__(self, message: str, exchange: Exchange = Exchange()) -> None:
        super().__init__(message)
        self.exchange = exchange


class ApiUnavailable(ApiError):
    """Asking again may help: throttled, a server's fault, no connection, an unreadable answer.

    Args:
        message: what happened.
        exchange: the HTTP status and request id, as far as there are any.
        retry_after: seconds that the server asked to wait, if it did.
        server_fault: it was an HTTP 500 or its like, which is asked again a few times only.
        throttled: the caller asks too often, whatever it asks for.
        advice: what to check where it lasts.
    """

    def __init__(
        self,
        message: str,
        exchange: Exchange = Exchange(),
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
        """What makes two of them equal, whatever their request ids and times."""
        return self.exchange.http_status, self.advice

    def reworded(self, message: str) -> "ApiUnavailable":
        """Return the same failure under another message."""
        return ApiUnavailable(
            message,
            self.exchange,
            retry_after=self.retry_after,
            server_fault=self.server_fault,
            throttled=self.throttled,
            advice=self.advice,
        )

    def with_advice(self) -> "ApiUnavailable":
        """Return the same failure with what to check behind its message."""
        return self.reworded(f"{self}; {self.advice}") if self.advice else self


class ResponseTooLarge(ApiUnavailable):
    """The body of an answer is larger than was allowed for it."""


class ApiRefused(ApiError):
    """Asking again does not help, whichever image is asked for: credentials, permission, address."""


class RequestRefused(ApiRefused):
    """HSS refused this request for what it says; a request for another image may still be answered."""


class HostUntrusted(ApiRefused):
    """The certificate of a host does not prove that it is the one meant; nothing secret was sent there."""


class Interrupted(GateError):
    """A signal ended the run.

    Args:
        code: 128 plus the signal's number.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__("interrupted")
        self.exit_code = code
