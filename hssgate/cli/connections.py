"""The connection that options and environment ask for, and the hosts behind it."""

import re
from pathlib import Path

from hssgate.api.hosts import Hosts
from hssgate.cli import github
from hssgate.cli.addresses import checked_endpoint, checked_region, checked_url, endpoint_of
from hssgate.cli.credentials import Choice, choose_credentials
from hssgate.cli.near_misses import near_misses
from hssgate.cli.variables import secret_values
from hssgate.cli.world import World
from hssgate.errors import Misused
from hssgate.record import record
from hssgate.regions import iam_endpoint, sts_endpoint
from hssgate.secret import Secret
from hssgate.settings import Connection
from hssgate.ways import Credentials, Federation, Keyless, Password, secrets_of

IAM_ENDPOINT = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
STS_ENDPOINT = "HUAWEICLOUD_SDK_STS_ENDPOINT"
_PROJECT_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.~-]+", re.ASCII)


@record(kw_only=True)
class Address:
    """What the connection options say, taken as they come.

    Args:
        region: such as `ap-southeast-1`.
        endpoint: of HSS.
        project_id: the Huawei Cloud project.
        enterprise_project_id: or `all_granted_eps`.
        request_timeout: seconds.
        ca_bundle: file or folder of certificate authorities.
    """

    region: str | None
    endpoint: str | None
    project_id: str | None
    enterprise_project_id: str | None
    request_timeout: float
    ca_bundle: Path | None


def connection_of(world: World, given: Address) -> Connection:
    """Return the connection that the connection options describe, with the credentials of the environment.

    Raises:
        Misused: something is missing, or cannot be used.
    """
    region, endpoint = place_of(world, given)
    choice = chosen(world)
    for line in unused_credentials(choice, world):
        world.console.detail(line)
    return connection_with(world, given, (region, endpoint), choice, project_of(given, region, choice))


def place_of(world: World, given: Address) -> tuple[str | None, str]:
    """Return the region and the endpoint of HSS.

    Raises:
        Misused: neither is given, or they cannot be used.
    """
    region = checked_region(given.region, world.console.warning)
    return region, endpoint_of(given.endpoint, region)


def chosen(world: World) -> Choice:
    """Return the credentials of the environment; from now on nothing of them is shown.

    Raises:
        Misused: there are none, or half of one.
    """
    choice = choose_credentials(world.environ, world.console.warning, _check_url)
    world.console.redactor.learn(secret.reveal() for secret in secrets_of(choice.credentials))
    return choice


def project_of(given: Address, region: str | None, choice: Choice) -> str | None:
    """Return the project's id, or None where it is to be looked up.

    Raises:
        Misused: there is none and nothing to look it up by, or it cannot be one.
    """
    project_id = given.project_id or choice.project_id
    if project_id is None and region is None:
        raise Misused("no project: give --project-id (or HSSGATE_PROJECT_ID), or --region to have it looked up")
    if project_id is not None and not _PROJECT_ID.fullmatch(project_id):
        raise Misused("--project-id is no project id: letters, digits, - _ . ~ only; check where it comes from")
    return project_id


def connection_with(
    world: World, given: Address, place: tuple[str | None, str], choice: Choice, project_id: str | None
) -> Connection:
    """Return the connection with these credentials.

    Args:
        world: has the variables that say where IAM and STS are.
        given: the connection options.
        place: the region and the endpoint of HSS.
        choice: the way in.
        project_id: None where it is to be looked up.

    Raises:
        Misused: there is no address of IAM or STS where one is needed.
    """
    region, endpoint = place
    return Connection(
        endpoint=endpoint,
        project_id=project_id,
        region=region,
        iam_endpoint=_iam_endpoint(world, choice, region) if _needs_iam(choice.credentials, project_id) else None,
        sts_endpoint=_sts_endpoint(world, region) if isinstance(choice.credentials, Keyless) else None,
        enterprise_project_id=given.enterprise_project_id,
        credentials=choice.credentials,
        passed_over=choice.passed_over,
        request_timeout=given.request_timeout,
        ca_bundle=given.ca_bundle,
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


def unused_credentials(choice: Choice, world: World) -> list[str]:
    """Return lines about the credentials that are set and not used, and about variables that may be meant for some."""
    unused = [f"set and not used: {', '.join(choice.unused)}"] if choice.unused else []
    return [*unused, *near_misses(world.environ)]


def open_hosts(connection: Connection, world: World) -> Hosts:
    """Return the hosts of the connection, whose exchanges are told with -vv.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    hosts = hosts_without_credentials(connection.ca_bundle, world)
    hosts.learn(*secrets_of(connection.credentials))
    hosts.wire(connection.endpoint)
    return hosts


def hosts_without_credentials(ca_bundle: Path | None, world: World) -> Hosts:
    """Return hosts to whom nothing secret has been sent yet; their exchanges are told with -vv."""
    console = world.console
    given = {secret.strip() for secret in secret_values(world.environ)}

    def on_secret(secret: Secret) -> None:
        if secret.reveal() not in given:  # GitHub knows its own secrets; this one was made in this run
            github.mask(secret, world)
        console.redactor.learn([secret.reveal()])

    return Hosts(
        lambda endpoint: world.open_http(endpoint, ca_bundle),
        world.clock,
        on_secret=on_secret,
        trace=(lambda line: console.detail(line, level=2)) if console.verbosity > 1 else None,
        say=console.detail,
    )


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


def _check_url(url: str, name: str) -> None:
    """Refuse an address to which no secret may be sent; its query is the host's own affair.

    Raises:
        Misused: no secret may be sent there.
    """
    if "://" not in url:
        raise Misused(f"{name} is no https URL; take it as the runner gives it")
    checked_url(url.partition("?")[0], name)
