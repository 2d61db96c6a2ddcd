"""Types of options: how the text of an option or variable is read, and what is refused."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any

import click

from hssgate.cli.codearts import CODEARTS, metrics_path
from hssgate.cli.context import RunContext
from hssgate.durations import Moment, parse_duration, parse_moment
from hssgate.reports import FORMATS
from hssgate.text import clean

LONGEST_CICD_NAME = 128
LONGEST_REGISTRY_NAME = 128
LONGEST_ID = 256
_DAY = r"(?a)[0-9]{4}-[0-9]{2}-[0-9]{2}"
SWITCHES = {"1": True, "true": True, "0": False, "false": False}
_SEVERAL_REPORTS = re.compile(rf"[,;\s]\s*(?:{'|'.join((*FORMATS, CODEARTS))})=|[,;]\s*\Z", re.IGNORECASE)


class Duration(click.ParamType[float]):
    """`90s`, `15m`, `1h30m`, plain seconds.

    Args:
        least: smallest accepted value in seconds.
    """

    name = "duration"

    def __init__(self, least: float = 0.0) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Return the seconds."""
        if isinstance(value, float):
            return value
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)
        if seconds < self._least:
            self.fail(f"{value!r} is too short: at least {self._least:g}s.", param, ctx)
        return seconds


class TextParam(click.ParamType[str]):
    """Text that must not be empty: an empty value from an unset variable would silently drop the filter.

    Args:
        longest: limit of the API in characters.
    """

    name = "text"

    def __init__(self, longest: int = LONGEST_ID) -> None:
        self._longest = longest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the text."""
        if not value.strip():
            self.fail("the value is empty; leave the option out, or check the variable it comes from.", param, ctx)
        if len(value) > self._longest:
            self.fail(f"the value is longer than {self._longest} characters.", param, ctx)
        if not value.isprintable():
            self.fail("the value contains a line break or another control character.", param, ctx)
        return str(value)


class Switch(click.types.BoolParamType):
    """A flag; its variable is `1` or `true`, `0` or `false`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:  # noqa: ANN401
        """Return whether it is on."""
        if isinstance(value, bool):
            return value
        if value not in SWITCHES:
            self.fail(f"{value!r} is neither 1 nor true, 0 nor false.", param, ctx)
        return SWITCHES[value]


class ReportParam(click.ParamType[tuple[str, str]]):
    """`FORMAT=PATH`; several in the variable are separated by blanks.

    Args:
        formats: names of the formats.
    """

    name = "format=path"

    def __init__(self, formats: Collection[str] = (*FORMATS, CODEARTS)) -> None:
        self._formats = formats

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:  # noqa: ANN401
        """Return the format's name and the path."""
        if isinstance(value, tuple):
            return value[0], value[1]
        name, equals, path = value.partition("=")
        if name not in self._formats:
            known = ", ".join(self._formats)
            self.fail(f"{value!r}: {name!r} is no format; known: {known}; write it like junit=report.xml.", param, ctx)
        if not equals or not path.strip():
            example = f"{name}=$RESULT_MSG_PATH" if name == CODEARTS else f"{name}=report, or {name}=- for stdout"
            self.fail(f"{value!r} names no path; write it like {example}.", param, ctx)
        if _SEVERAL_REPORTS.search(path):
            self.fail(
                f"{value!r} looks like several reports in one; give --report once for each, such as --report "
                "junit=a.xml --report json=b.json (blanks between them in HSSGATE_REPORTS).",
                param,
                ctx,
            )
        if name == CODEARTS:
            context: RunContext = (ctx or click.get_current_context()).obj
            return name, metrics_path(path, context.environ)
        return name, path


class When(click.ParamType[Moment]):
    """ISO 8601 with zone, epoch seconds or milliseconds, or an age such as `15m`."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:  # noqa: ANN401
        """Return the moment; an age is counted back from the current time of the context's clock."""
        if isinstance(value, Moment):
            return value
        if not value.strip():
            self.fail("the value is empty; leave the option out, or check the variable it comes from.", param, ctx)
        context: RunContext = (ctx or click.get_current_context()).obj
        try:
            return parse_moment(value, context.clock.epoch())
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Day(click.ParamType[float]):
    """A day of UTC such as `2027-03-31`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Return the last moment of the day in epoch seconds."""
        if isinstance(value, float):
            return value
        try:
            day = date.fromisoformat(value if re.fullmatch(_DAY, value) else "")
        except ValueError:
            self.fail(f"{clean(value, 40)!r} is not a day; write it like 2027-03-31.", param, ctx)
        return datetime.combine(day, time.max, UTC).timestamp()
