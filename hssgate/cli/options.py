"""Options that several commands share, and the values in which a command receives them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from hssgate import __version__
from hssgate.cli.option_types import Duration, TextParam
from hssgate.record import record

Command = TypeVar("Command", bound=Callable[..., Any])
Options = TypeVar("Options")

_SHORTEST_INTERVAL = 0.01  # seconds


@record(kw_only=True)
class CommonOptions:
    """Options of every command.

    Args:
        verbose: number of `-v`.
        quiet: print only results, warnings and errors.
    """

    verbose: int
    quiet: bool


@record(kw_only=True)
class ConnectionOptions(CommonOptions):
    """Options of every command that sends requests to HSS, as given.

    Args:
        region: such as `ap-southeast-1`.
        cloud: domain of a private or sovereign cloud.
        endpoint: of HSS.
        project_id: the Huawei Cloud project.
        enterprise_project_id: an id, or `all_granted_eps`.
        request_timeout: seconds.
        ca_bundle: file or folder of certificate authorities.
    """

    region: str | None
    cloud: str | None
    endpoint: str | None
    project_id: str | None
    enterprise_project_id: str | None
    request_timeout: float
    ca_bundle: Path | None


def receives(make: Callable[..., Options]) -> Callable[[Callable[[click.Context, Options], None]], Callable[..., None]]:
    """Pass the options of a command to it as one value.

    Click passes each option by name. Collected here, an option is named only where it is declared and in the class of
    the value.

    Args:
        make: makes the value from the options by name, such as a record with a field for each.
    """

    def decorate(command: Callable[[click.Context, Options], None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - options of any type
            command(ctx, make(**given))

        return run

    return decorate


def connection_options(command: Command) -> Command:
    """Add the connection options."""
    for option in reversed(
        (
            click.option(
                "--region",
                type=TextParam(),
                show_envvar=True,
                envvar=["HSSGATE_REGION", "HW_REGION_NAME"],
                help="Region of HSS; gives https://hss.REGION.CLOUD.",
            ),
            click.option(
                "--cloud",
                type=TextParam(253),
                metavar="DOMAIN",
                show_envvar=True,
                envvar=["HSSGATE_CLOUD", "HW_CLOUD"],
                help="Domain of a private or sovereign cloud: hss, iam and sts are at SERVICE.REGION.DOMAIN, and any "
                "region is taken.  [default: myhuaweicloud.com, .eu for regions eu-west-1*]",
            ),
            click.option(
                "--endpoint",
                type=TextParam(2000),
                metavar="URL",
                show_envvar=True,
                envvar="HSSGATE_ENDPOINT",
                help="Address of HSS instead of the region's; plain http only for a loopback host.",
            ),
            click.option(
                "--project-id",
                type=TextParam(),
                show_envvar=True,
                envvar=["HSSGATE_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID"],
                help="The Huawei Cloud project.",
            ),
            click.option(
                "--enterprise-project-id",
                type=TextParam(),
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
    """Add the options for timeouts and pauses."""
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
    """Add the options of every command: verbosity, version, help."""
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


def is_given(ctx: click.Context, name: str) -> bool:
    """Whether the parameter is on the command line."""
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def is_default(ctx: click.Context, name: str) -> bool:
    """Whether the parameter has its default value."""
    return ctx.get_parameter_source(name) is ParameterSource.DEFAULT
