"""The connection that options and environment ask for, and the hosts behind it."""

import re
from pathlib import Path

from hssgate.api.hosts import Hosts
from hssgate.cli import github
from hssgate.cli.addresses import checked_endpoint, checked_region, endpoint_of
from hssgate.cli.credentials import Choice, choose_credentials
from hssgate.cli.world import World
from hssgate.errors import Misused
from hssgate.regions import iam_endpoint, sts_endpoint
from hssgate.secret import Secret
from hssgate.settings import Connection
from hssgate.ways import Credentials, Federation, Keyless, Password, secrets_of

IAM_ENDPOINT = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
STS_ENDPOINT = "HUAWEICLOUD_SDK_STS_ENDPOINT"
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
    region = checked_region(region, world.console.warning)
    address = endpoint_of(endpoint, region)
    choice = choose_credentials(world.environ, world.console.warning, _checked_url)
    world.console.redactor.learn(secret.reveal() for secret in secrets_of(choice.credentials))
    project_id = _project_id(project_id or choice.project_id, region)
    return Connection(
        endpoint=address,
        project_id=project_id,
        region=region,
        iam_endpoint=_iam_endpoint(world, choice, region) if _needs_iam(choice.credentials, project_id) else None,
        sts_endpoint=_sts_endpoint(world, region) if isinstance(choice.credentials, Keyless) else None,
        enterprise_project_id=enterprise_project_id,
        credentials=choice.credentials,
        passed_over=choice.passed_over,
        request_timeout=request_timeout,
        ca_bundle=ca_bundle,
    )


def explain(connection: Connection, world: World) -> None:
    """Say with -v where HSS is, which credentials are used, and why these."""
    project = connection.project_id or f"of region {connection.region}, looked up by IAM"
    world.console.detail(f"endpoint {connection.endpoint}, project {project}")
    why = f"; there is no {', no '.join(connection.passed_over)}" if connection.passed_over else ""
    world.console.detail(f"credentials from {connection.credentials.source}{why}")
    for name, address in (("IAM", connection.iam_endpoint), ("STS", connection.sts_endpoint)):
        if address is not None:
            world.console.detail(f"{name} {address}")


def open_hosts(connection: Connection, world: World) -> Hosts:
    """Return the hosts of the connection, whose exchanges are told with -vv.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    console = world.console

    def on_secret(secret: Secret) -> None:
        github.mask(secret, world)
        console.redactor.learn([secret.reveal()])

    hosts = Hosts(
        lambda endpoint: world.open_http(endpoint, connection.ca_bundle),
        world.clock,
        secrets=secrets_of(connection.credentials),
        on_secret=on_secret,
        trace=(lambda line: console.detail(line, level=2)) if console.verbosity > 1 else None,
        say=console.detail,
    )
    hosts.wire(connection.endpoint)
    return hosts


def _project_id(project_id: str | None, region: str | None) -> str | None:
    if project_id is None:
        if region is None:
            raise Misused("no project: give --project-id (or HSSGATE_PROJECT_ID), or --region to have it looked up")
        return None
    if not _PROJECT_ID.fullmatch(project_id):
        raise Misused("--project-id is no project id: letters, digits, - _ . ~ only")
    return project_id


def _needs_iam(credentials: Credentials, project_id: str | None) -> bool:
    return project_id is None or isinstance(credentials, Federation | Password)


def _iam_endpoint(world: World, choice: Choice, region: str | None) -> str:
    if given := world.environ.get(IAM_ENDPOINT, "").strip():
        return checked_endpoint(given, IAM_ENDPOINT)
    if choice.iam_endpoint is not None:
        return checked_endpoint(choice.iam_endpoint, "iam_endpoint of the profile file")
    if region is None:
        raise Misused(f"no address of IAM: give --region (or HSSGATE_REGION), or {IAM_ENDPOINT}")
    return iam_endpoint(region)


def _sts_endpoint(world: World, region: str | None) -> str:
    if given := world.environ.get(STS_ENDPOINT, "").strip():
        return checked_endpoint(given, STS_ENDPOINT)
    if region is None:
        raise Misused(f"no address of STS: give --region (or HSSGATE_REGION), or {STS_ENDPOINT}")
    return sts_endpoint(region)


def _checked_url(url: str, name: str) -> None:
    """Refuse an address to which no secret may be sent; it may have a path and a query."""
    checked_endpoint(url.partition("?")[0], name, with_path=True)
