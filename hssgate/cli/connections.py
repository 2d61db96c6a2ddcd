"""The connection that options and environment ask for, and the HTTP client over it."""

import re
from pathlib import Path

import httpx

from hssgate.cli.addresses import endpoint_of
from hssgate.cli.credentials import choose_credentials
from hssgate.cli.world import World
from hssgate.errors import Misused
from hssgate.settings import Connection

_PROJECT_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.~-]+", re.ASCII)


def connection_of(
    world: World,
    *,
    region: str | None,
    endpoint: str | None,
    project_id: str | None,
    enterprise_project_id: str | None,
    request_timeout: float,
    ca_bundle: Path | None,
) -> Connection:
    """Return the connection that the connection options describe, with the credentials of the environment.

    Raises:
        Misused: something is missing, or cannot be used.
    """
    return Connection(
        endpoint=endpoint_of(endpoint, region),
        project_id=_required(project_id),
        enterprise_project_id=enterprise_project_id,
        credentials=choose_credentials(world.environ, world.console.warning),
        request_timeout=request_timeout,
        ca_bundle=ca_bundle,
    )


def explain(connection: Connection, world: World) -> None:
    """Say with -v where HSS is, and which credentials are used."""
    world.console.detail(f"endpoint {connection.endpoint}, project {connection.project_id}")
    world.console.detail(f"credentials from {connection.credentials.source}")


def open_connection(connection: Connection, world: World) -> httpx.Client:
    """Return a client for the connection, which tells its exchanges with -vv.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    console = world.console
    trace = (lambda line: console.detail(line, level=2)) if console.verbosity > 1 else None
    return world.open_http(connection, trace)


def _required(project_id: str | None) -> str:
    if project_id is None:
        raise Misused("no project: give --project-id (or HSSGATE_PROJECT_ID)")
    if not _PROJECT_ID.fullmatch(project_id):
        raise Misused("--project-id is no project id: letters, digits, - _ . ~ only")
    return project_id
