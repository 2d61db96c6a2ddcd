"""`--resolve` and `--platform`: the registries, their logins, and the platforms."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from hssgate.cli.context import RunContext
from hssgate.cli.option_types import Switch
from hssgate.cli.options import Command
from hssgate.errors import Misused
from hssgate.files import read_bounded
from hssgate.gate import Resolve
from hssgate.hss.hosts import Hosts
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.settings import Settings
from hssgate.text import clean

FOLDER_VARIABLE = "DOCKER_CONFIG"
_LARGEST = 1024 * 1024  # bytes


@record
class Registries:
    """The registries of a run.

    Args:
        files: that their logins were read from.
        open: takes the settings and the hosts, returns what asks the registries.
    """

    files: tuple[Path, ...]
    open: Callable[[Settings, Hosts], Resolve]


class PlatformList(click.ParamType[tuple[str, ...]]):
    """`OS/ARCHITECTURE[/VARIANT]`, or several with commas between; in the variable, blanks or both as well."""

    name = "os/arch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ANN401
        """Return each platform."""
        if isinstance(value, tuple):
            return value
        from hssgate.identity.platform import parse_platform  # most runs name none

        try:
            return tuple(str(parse_platform(part)) for part in value.split(","))
        except ValueError as error:
            self.fail(f"{error}; commas between several.", param, ctx)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Return the parts, an empty one too: it may be what is left of a variable that named a platform."""
        return re.split(r"\s*,\s*|\s+", rv.strip())


def resolve_options(command: Command) -> Command:
    """Add `--resolve` and `--platform`."""
    for option in reversed(
        (
            click.option(
                "--resolve",
                is_flag=True,
                type=Switch(),
                show_envvar=True,
                envvar="HSSGATE_RESOLVE",
                help="Ask the registry in IMAGE for the digests of the index, the manifests and the configurations: "
                "each platform's image must be found by one of them, and pass. Logins are those of Docker's "
                "config.json.",
            ),
            click.option(
                "--platform",
                "platforms",
                type=PlatformList(),
                multiple=True,
                show_envvar=True,
                envvar="HSSGATE_PLATFORM",
                help="With --resolve: the platforms of the image that are meant, such as linux/amd64; commas between, "
                "repeatable.  [default: all]",
            ),
        )
    ):
        command = option(command)
    return command


def registries_of(
    references: Sequence[Reference], platforms: Sequence[Sequence[str]], context: RunContext, *, resolve: bool
) -> Registries | None:
    """Return the registries of the images, or None where none is to be asked.

    Raises:
        Misused: an image names no registry, or a login cannot be used.
    """
    if not resolve:
        if platforms:
            raise Misused("--platform: only a registry tells the platforms of an image apart; add --resolve")
        return None
    from hssgate.identity.platform import parse_platform
    from hssgate.identity.resolution import Resolver, repository_of

    repositories = [repository_of(reference) for reference in references]
    path = _config_file(context)
    raw = _content(path)
    logins = {}
    if raw is not None:
        from hssgate.identity.docker_credentials import login_of

        for registry in dict.fromkeys(repository.registry for repository in repositories):
            try:
                login = login_of(raw, registry)
            except ValueError as error:
                raise Misused(f"{clean(path, 300)}: {error}") from None
            if login is not None:
                context.console.detail(f"registry {registry}: with the login of {clean(path, 300)}")
                logins[registry] = login
                context.console.redactor.learn(secret.reveal() for secret in login.secrets)
    meant = [parse_platform(one) for several in platforms for one in several]

    def open_registries(settings: Settings, hosts: Hosts) -> Resolve:
        return Resolver(
            hosts=hosts,
            clock=context.clock,
            logins=logins,
            platforms=meant,
            wait=settings.wait,
            request_timeout=settings.connection.request_timeout,
        )

    return Registries((path,) if path else (), open_registries)


def _config_file(context: RunContext) -> Path | None:
    """Return the path of Docker's configuration file."""
    environ = context.environ
    if folder := environ.get(FOLDER_VARIABLE):
        return Path(folder, "config.json")
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home, ".docker", "config.json") if home else None


def _content(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        raw = read_bounded(path, _LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Misused(f"{clean(path, 300)}: it cannot be read: {error.strerror or error}") from error
    if len(raw) > _LARGEST:
        raise Misused(f"{clean(path, 300)}: it is longer than 1 MiB")
    return raw
