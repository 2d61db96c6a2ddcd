"""Faults of a scenario, and the selection of those that affect a request."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from hssgate.emulator.durations import Duration
from hssgate.emulator.identity.names import IdentityName
from hssgate.emulator.operations import OperationName
from hssgate.emulator.strict import Flag, StrictModel, Whole

_NUMBERS = re.compile(r"(?P<first>[0-9]{1,12})(?P<to>-(?P<last>[0-9]{1,12})?)?|\*", re.ASCII)


@dataclass(frozen=True)
class Numbers:
    """A range of request numbers.

    Args:
        first: the first one, counted from 1.
        last: the last one, or None for all that follow.
    """

    first: int
    last: int | None

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number and (self.last is None or number <= self.last)


def numbers_of(value: object) -> Numbers:
    """Parse a range of request numbers: `3`, `"1-3"`, `"6-"` or `"*"`.

    Raises:
        ValueError: it has another form, or the range is empty.
    """
    if isinstance(value, Numbers):
        return value
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    match = _NUMBERS.fullmatch(text)
    if not match:
        raise ValueError('is no range of requests; write it like 3, "1-3", "6-" or "*"')
    if match[0] == "*":
        return Numbers(1, None)
    first = int(match["first"])
    last = (int(match["last"]) if match["last"] else None) if match["to"] else first
    if first < 1 or (last is not None and last < first):
        raise ValueError("contains no request; they count from 1, the smaller number first")
    return Numbers(first, last)


_AIM = frozenset({"requests", "call"})  # keys that select requests; all other keys are effects


class Fault(StrictModel):
    """A fault of some requests to a call; several keys in one entry act together.

    Args:
        requests: numbers of the API requests it affects, counted from 1 over all calls.
        call: the operation it affects, or `any`.
        delay: seconds to wait before anything else.
        status: respond with this HTTP status.
        retry_after: its header `Retry-After`, seconds.
        code: its `error_code`, in place of the default of the status.
        body: its body, in place of a gateway error.
        reset: reset the connection.
        redirect: respond 302 with this `Location`.
        garbage: respond 200 with this text; true: with random bytes.
        bomb: respond 200 with an empty list, compressed with gzip, that has this many bytes once decompressed.
        rows: respond to a valid request with exactly these rows; for HSS operations only.
        total_num: the total sent with them; default: their number.
        truncate: close the connection after this many bytes of the body.
        stall: after half of the body send nothing for this many seconds, then close the connection.
        cached: age in seconds of a cached response: rows and `Date` are of that time, and `Age` gives it.
        headers: headers that replace or add to those of the response.
    """

    requests: Annotated[Numbers, BeforeValidator(numbers_of)]
    call: Literal[OperationName, IdentityName, "any"] = "list"
    delay: Duration | None = None
    status: Whole | None = Field(default=None, ge=200, le=599)
    retry_after: Duration | None = None
    code: str | None = None
    body: str | None = None
    reset: Flag = False
    redirect: str | None = None
    garbage: Flag | str | None = None
    bomb: Whole | None = Field(default=None, ge=1, le=1024**3)
    rows: tuple[dict[str, JsonValue], ...] | None = None
    total_num: Whole | None = None
    truncate: Whole | None = Field(default=None, ge=0)
    stall: Duration | None = None
    cached: Duration | None = None
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _keys_have_what_they_belong_to(self) -> Self:
        if not self.model_fields_set - _AIM:
            raise ValueError(
                "it does nothing; give it status, delay, reset, truncate, stall, cached, garbage, bomb or rows"
            )
        if self.status is None and (stray := self.model_fields_set & {"retry_after", "code", "body"}):
            raise ValueError(f"{', '.join(sorted(stray))} belongs to a status; add `status:`")
        if self.rows is None and "total_num" in self.model_fields_set:
            raise ValueError("total_num belongs to rows; add `rows:`")
        if self.rows is not None and self.call in get_args(IdentityName):
            raise ValueError("rows are for the calls of HSS; give it a status and a body")
        return self


@dataclass(frozen=True)
class ActiveFaults:
    """The faults of one request: the first entry of each kind, or None."""

    delay: Fault | None = None
    status: Fault | None = None
    reset: Fault | None = None
    redirect: Fault | None = None
    garbage: Fault | None = None
    bomb: Fault | None = None
    rows: Fault | None = None
    truncate: Fault | None = None
    stall: Fault | None = None
    cached: Fault | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def age(self) -> float:
        """Return the age in seconds of a cached response, else 0."""
        return (self.cached.cached or 0.0) if self.cached else 0.0


_KINDS = ("delay", "status", "reset", "redirect", "garbage", "bomb", "rows", "truncate", "stall", "cached")


def active_faults(number: int, name: OperationName | IdentityName, faults: Iterable[Fault]) -> ActiveFaults:
    """Return the faults of a request.

    Args:
        number: of the request.
        name: of its operation.
        faults: all faults of the scenario.
    """
    hits = [fault for fault in faults if fault.call in {name, "any"} and number in fault.requests]
    chosen: dict[str, Fault] = {}
    for fault in hits:
        for kind in _KINDS:
            if (value := getattr(fault, kind)) is not None and value is not False:
                chosen.setdefault(kind, fault)
    acting = [
        fault
        for fault in hits
        if any(fault is other for other in chosen.values()) or fault.model_fields_set - _AIM == {"headers"}
    ]
    headers = tuple(header for fault in acting for header in fault.headers.items())
    return ActiveFaults(headers=headers, **chosen)
