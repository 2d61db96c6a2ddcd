"""Faults of a scenario: which requests they hit, and which of several is in force."""

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
    """Return the requests that `3`, `"1-3"`, `"6-"` or `"*"` means.

    Raises:
        ValueError: it is none of these, or the range is empty.
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
        raise ValueError("holds no request; they count from 1, the smaller number first")
    return Numbers(first, last)


_AIM = frozenset({"requests", "call"})  # whom a fault hits, not what it does


class Fault(StrictModel):
    """What goes wrong with some requests to a call; several keys in one entry act together.

    Args:
        requests: the numbers of the API requests it hits, counted from 1 over all calls.
        call: the call that it hits, or any of those that are served.
        delay: seconds that pass before anything else.
        status: answer with this HTTP status instead.
        retry_after: the header `Retry-After` with it, seconds.
        code: its `error_code`, where the usual one of the status does not fit.
        body: its body, where an error as the gateway's does not fit.
        reset: the connection is reset.
        redirect: answer 302 with this `Location`.
        garbage: answer 200 with this text; true: with bytes that make no sense.
        bomb: answer 200 with a list of nothing that is small as it comes, and so many bytes once it is decompressed.
        rows: answer with exactly these rows, once the request was found valid; on the calls of HSS alone.
        total_num: the number sent with them; their own number where it is not given.
        truncate: bytes of the body after which the connection is closed.
        stall: seconds that pass after half of the body, before the connection is closed.
        cached: seconds that the answer lay in a cache: rows and `Date` are as they were then, and `Age` says so.
        headers: put into the answer, in place of what else it would say.
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
class Ruling:
    """The faults in force for one request: of each kind the first entry, or None."""

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
        """Return the seconds that the answer lay in a cache."""
        return (self.cached.cached or 0.0) if self.cached else 0.0


_KINDS = ("delay", "status", "reset", "redirect", "garbage", "bomb", "rows", "truncate", "stall", "cached")


def rule_on(number: int, name: OperationName | IdentityName, faults: Iterable[Fault]) -> Ruling:
    """Return what goes wrong with a request.

    Args:
        number: of the request.
        name: of the call that it is.
        faults: all of the scenario.
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
    return Ruling(headers=headers, **chosen)
