"""Durations of a scenario: `2s`, `1m`, `1h30m`, plain seconds; negative ones lie in the past."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_DURATION = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:ms|[dhms]))+", re.ASCII)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[dhms])", re.ASCII)


def seconds_of(value: object) -> float:
    """Return a duration in seconds.

    Args:
        value: a number of seconds, or a text such as `90s`, `1h30m`, `-1h`, `250ms`.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return float(text)
        if _DURATION.fullmatch(text):
            total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
            return -total if text.startswith("-") else total
    raise ValueError("is no duration; write it like 2s, 1h30m or plain seconds")


Moment = Annotated[float, BeforeValidator(seconds_of)]
Duration = Annotated[float, BeforeValidator(seconds_of), Field(ge=0)]
