"""Options that several commands share: their types, variables and validation."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from hssgate import __version__
from hssgate.cli.context import World
from hssgate.durations import Moment, parse_duration, parse_moment
from hssgate.reports import FORMATS
from hssgate.text import clean

Command = TypeVar("Command", bound=Callable[..., Any])

LONGEST_CICD_NAME = 128
LONGEST_REGISTRY_NAME = 128
LONGEST_ID = 256
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
SWITCHES = {"1": True, "true": True, "0": False, "false": False}
_SHORTEST_INTERVAL = 0.01  # seconds
_SEVERAL_REPORTS = re.compile(rf"[,;\s]\s*(?:{'|'.join(FORMATS)})=|[,;]\s*\Z", re.IGNORECASE)


class Duration(click.ParamType[float]):
    """`90s`, `15m`, `1h30m`, plain seconds.

    Args:
        least: seconds below which a value is refused.
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


class Text(click.ParamType[str]):
    """Text that is given where it is given: an empty value would silently ask for less.

    Args:
        longest: characters that the API takes.
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
            self.fail("the value holds a line break or another control character.", param, ctx)
        return str(value)


class Switch(click.types.BoolParamType):
    """A flag; its variable says `1` or `true`, `0` or `false`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:  # noqa: ANN401
        """Return whether it is on."""
        if isinstance(value, bool):
            return value
        if value not in SWITCHES:
            self.fail(f"{value!r} is neither 1 nor true, 0 nor false.", param, ctx)
        return SWITCHES[value]


class Report(click.ParamType[tuple[str, str]]):
    """`FORMAT=PATH`; in the variable, blanks between.

    Args:
        formats: names of those that there are.
    """

    name = "format=path"

    def __init__(self, formats: Collection[str] = FORMATS) -> None:
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
            self.fail(f"{value!r} names no path; write it like {name}=report, or {name}=- for stdout.", param, ctx)
        if _SEVERAL_REPORTS.search(path):
            self.fail(
                f"{value!r} looks like several reports in one; give --report once for each, such as --report "
                "junit=a.xml --report json=b.json (blanks between them in HSSGATE_REPORTS).",
                param,
                ctx,
            )
        return name, path


class When(click.ParamType[Moment]):
    """ISO 8601 with zone, epoch seconds or milliseconds, or an age such as `15m`."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:  # noqa: ANN401
        """Return the moment; an age is counted from the present of the command's world."""
        if isinstance(value, Moment):
            return value
        if not value.strip():
            self.fail("the value is empty; leave the option out, or check the variable it comes from.", param, ctx)
        world: World = (ctx or click.get_current_context()).obj
        try:
            return parse_moment(value, world.clock.epoch())
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
            day = date.fromisoformat(value if _DAY.fullmatch(value) else "")
        except ValueError:
            self.fail(f"{clean(value, 40)!r} is not a day; write it like 2027-03-31.", param, ctx)
        return datetime.combine(day, time.max, UTC).timestamp()


def connection_options(command: Command) -> Command:
    """Add the options that say where HSS is."""
    for option in reversed(
        (
            click.option(
                "--region",
                type=Text(),
                show_envvar=True,
                envvar=["HSSGATE_REGION", "HW_REGION_NAME"],
                help="Region of HSS; gives https://hss.REGION.CLOUD.",
            ),
            click.option(
                "--cloud",
                type=Text(253),
                metavar="DOMAIN",
                show_envvar=True,
                envvar=["HSSGATE_CLOUD", "HW_CLOUD"],
                help="Domain of a private or sovereign cloud: hss, iam and sts are at SERVICE.REGION.DOMAIN, and any "
                "region is taken.  [default: myhuaweicloud.com, .eu for regions eu-west-1*]",
            ),
            click.option(
                "--endpoint",
                type=Text(2000),
                metavar="URL",
                show_envvar=True,
                envvar="HSSGATE_ENDPOINT",
                help="Address of HSS instead of the region's; plain http only for a loopback host.",
            ),
            click.option(
                "--project-id",
                type=Text(),
                show_envvar=True,
                envvar=["HSSGATE_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID"],
                help="The Huawei Cloud project.",
            ),
            click.option(
                "--enterprise-project-id",
                type=Text(),
                show_envvar=True,
                envvar=["HSSGATE_ENTERPRISE_PROJECT_ID", "HW_ENTERPRISE_PROJECT_ID"],
                help="The enterprise project; all_granted_eps for all.",
            ),
            click.option(
                "--request-timeout",
                type=Duration(0.1),
                default="30s",
                show_default=True,
                show_envvar=True,
                envvar="HSSGATE_REQUEST_TIMEOUT",
                help="Time limit of one HTTP request.",
            ),
            click.option(
                "--ca-bundle",
                type=click.Path(path_type=Path),
                show_envvar=True,
                envvar=["HSSGATE_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"],
                help="Certificate authorities to trust instead of the system's and certifi's.",
            ),
        )
    ):
        command = option(command)
    return command


def waiting_options(command: Command) -> Command:
    """Add the options that say how long and how often to look."""
    for option in reversed(
        (
            click.option(
                "--timeout",
                type=Duration(),
                default="30m",
                show_default=True,
                show_envvar=True,
                envvar="HSSGATE_TIMEOUT",
                help="How long to wait for the scan to finish; 0 checks once.",
            ),
            click.option(
                "--appear-timeout",
                type=Duration(),
                default="10m",
                show_default=True,
                show_envvar=True,
                envvar="HSSGATE_APPEAR_TIMEOUT",
                help="How long to wait for the image to be listed and its scan to start.",
            ),
            click.option(
                "--settle",
                type=Duration(),
                default="5s",
                show_default=True,
                show_envvar=True,
                envvar="HSSGATE_SETTLE",
                help="Re-check a scan that finished less than DURATION ago until two reads agree; 0 turns it off.",
            ),
            click.option(
                "--interval",
                type=Duration(_SHORTEST_INTERVAL),
                default="5s",
                show_default=True,
                show_envvar=True,
                envvar="HSSGATE_INTERVAL",
                help="Shortest pause between two polls.",
            ),
            click.option(
                "--max-interval",
                type=Duration(_SHORTEST_INTERVAL),
                default="60s",
                show_default=True,
                show_envvar=True,
                envvar="HSSGATE_MAX_INTERVAL",
                help="Longest pause between two polls.",
            ),
        )
    ):
        command = option(command)
    return command


def common_options(command: Command) -> Command:
    """Add what every command has: how much to say, version, help."""
    for option in reversed(
        (
            click.option("-v", "--verbose", count=True, help="Verbose; -vv logs HTTP requests."),
            click.option("-q", "--quiet", is_flag=True, help="Print only results, warnings and errors."),
            click.version_option(__version__, prog_name="hssgate"),
            click.help_option("-h", "--help"),
        )
    ):
        command = option(command)
    return command


def is_default(ctx: click.Context, name: str) -> bool:
    """Whether the parameter has its default value."""
    return ctx.get_parameter_source(name) is ParameterSource.DEFAULT
