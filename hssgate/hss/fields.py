"""The base of models of responses, and types of their fields: numbers with units, bounded prose, what is only shown.

Sources: manual pages of ListCicdImages (tables 4 and 5) and ListImageVulnerabilities.
"""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

# Units that multiply by nothing; `5万` or `1k` is not read as 5 or 1.
_UNIT = r"(?:单位|个|项|条|bytes?|b)"
# Compiled at first use: in most answers each number is a JSON number.
_NUMBER_WITH_UNIT = rf"(?i)\s*([0-9]{{1,19}})\s*{_UNIT}?\s*(?:[(（]\s*{_UNIT}\s*[)）])?\s*"
_DECIMAL = r"(?a)\s*[0-9]{1,2}(?:\.[0-9]{1,9})?\s*"
_LARGEST = 2**63 - 1
LONGEST_PROSE = 10_000  # characters kept of a text that is only shown


class ResponseModel(BaseModel):
    """Base of all models of responses.

    Unknown fields are dropped, no value is repeated in an error (it may be a secret), and the validator is built for
    the first response, since most runs need few of them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


def count_of(value: object) -> int | None:
    """Return a count; None if it is missing.

    Raises:
        ValueError: it is not a number, or out of range.
    """
    try:
        number = _number(value)
    except ValueError:
        number = value
    if number is None or (type(number) is int and 0 <= number <= _LARGEST):
        return number
    raise ValueError("total_num is no number")


def _number(value: object) -> object:
    """Accept a number as text, with or without a unit (`"1000 单位(Bytes)"`), as in the manual's own example."""
    if isinstance(value, str):
        if not value.strip():
            return None
        if match := re.fullmatch(_NUMBER_WITH_UNIT, value):
            return int(match[1])
        raise ValueError("is no number")
    if isinstance(value, bool):
        raise ValueError("is no number")  # noqa: TRY004 - pydantic collects ValueError
    return value


def _text(value: object) -> object:
    return None if value == "" else value


def _prose(value: object) -> object:
    """Truncate a text that is only shown; values that are compared or sent stay whole."""
    return value[: LONGEST_PROSE - 1] + "…" if isinstance(value, str) and len(value) > LONGEST_PROSE else _text(value)


def _shown(value: object) -> object:
    """Accept a number in place of a text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _prose(value)


def _score(value: object) -> object:
    """Accept a score as text: some services write decimals so."""
    return float(value) if isinstance(value, str) and re.fullmatch(_DECIMAL, value) else value


def _or_none(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """Treat an invalid value as missing: no check depends on the field, so it must not make the row unreadable."""
    try:
        return handler(value)
    except ValueError:
        return None


MISSING_IF_INVALID = WrapValidator(_or_none)
Number = Annotated[Annotated[int, Field(ge=0, le=_LARGEST)] | None, BeforeValidator(_number)]
# Any integer is accepted here. Whether it is a plausible time depends on the clock; `durations.believable` checks that.
Time = Annotated[Annotated[int, Field(ge=-_LARGEST, le=_LARGEST)] | None, BeforeValidator(_number)]
Text = Annotated[str | None, BeforeValidator(_text)]
Prose = Annotated[str | None, BeforeValidator(_prose)]
# Fields that are only shown: an invalid value is left out, and does not make the response unreadable.
Shown = Annotated[Annotated[str | None, BeforeValidator(_shown)], MISSING_IF_INVALID]
Score = Annotated[Annotated[float, Field(ge=0, le=10, strict=True)] | None, BeforeValidator(_score), MISSING_IF_INVALID]
