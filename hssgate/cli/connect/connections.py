"""Builds the connection from options and environment, and opens its hosts."""

import re
from pathlib import Path

from hssgate.cli import github
from hssgate.cli.connect.addresses import Site, checked_endpoint, checked_url, site_of
from hssgate.cli.connect.credentials import Choice, choose_credentials
from hssgate.cli.connect.variables import secret_values
from hssgate.cli.context import World
from hssgate.cli.options import ConnectionOptions
from hssgate.errors import Misused
from hssgate.hss.connection import Connection
from hssgate.hss.credentials import Federation, Keyless, Password, secrets_of
from hssgate.hss.hosts import Hosts
from hssgate.hss.proxies import VARIABLES, Proxy, proxy_for
from hssgate.hss.secret import Secret

IAM_ENDPOINT = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
STS_ENDPOINT = "HUAWEICLOUD_SDK_STS_ENDPOINT"
_PROJECT_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.~-]+", re.ASCII)


def connection_of(world: World, given: ConnectionOptions) -> Connection:
    """Return the connection that the connection options describe, with the credentials of the environment.

    Raises:
        Misused: something is missing, or cannot be used.
    """
    site = site_of_options(world, given)
    choice = chosen(world)
    if world.console.verbosity > 0:
        for line in unused_credentials(choice, world):
            world.console.detail(line)
    connection = connection_with(world, given, site, choice, project_of(given, site, choice))
    proxies_of(connection, world)  # one that cannot be used is refused before any request
    return connection


def site_of_options(world: World, given: ConnectionOptions) -> Site:
    """Return where HSS is, and the cloud around it.

    Raises:
        Misused: there is no address, or it cannot be used.
    """
    return site_of(given.endpoint, given.region, given.cloud, world.console.warning)


def chosen(world: World) -> Choice:
    """Return the credentials of the environment; from now on nothing of them is shown.

    Raises:
        Misused: there are none, or half of one.
    """
    choice = choose_credentials(world.environ, world.console.warning, _check_url)
    world.console.redactor.learn(secret.reveal() for secret in secrets_of(choice.credentials))
    return choice


def project_of(given: ConnectionOptions, site: Site, choice: Choice) -> str | None:
    """Return the project's id, or None where it is to be looked up.

    Raises:
        Misused: there is none and nothing to look it up by, or it cannot be one.
    """
    project_id = given.project_id or choice.project_id
    if project_id is None and site.region is None:
        raise Misused("no project: give --project-id (or HSSGATE_PROJECT_ID), or --region to have it looked up")
    if project_id is not None and not _PROJECT_ID.fullmatch(project_id):
        raise Misused("--project-id is no project id: letters, digits, - _ . ~ only; check where it comes from")
    return project_id


def connection_with(
    world: World, given: ConnectionOptions, site: Site, choice: Choice, project_id: str | None
) -> Connection:
    """Return the connection with these credentials.

    Args:
        world: has the variables that say where IAM and STS are.
        given: the connection options.
        site: where HSS is, and the cloud around it.
        choice: the credentials.
        project_id: None where it is to be looked up.

    Raises:
        Misused: IAM or STS is needed, and nothing tells where it is.
    """
    return Connection(
        endpoint=site.endpoint,
        project_id=project_id,
        region=site.region,
        iam_endpoint=_iam_endpoint(world, choice, site, project_id),
        sts_endpoint=_sts_endpoint(world, choice, site),
        enterprise_project_id=given.enterprise_project_id,
        credentials=choice.credentials,
        passed_over=choice.passed_over,
        request_timeout=given.request_timeout,
        ca_bundle=given.ca_bundle,
    )


def proxies_of(connection: Connection, world: World) -> list[tuple[str, Proxy]]:
    """Return scheme and host of each service that is reached through a proxy, with that proxy.

    Raises:
        Misused: a proxy is needed that cannot be used.
    """
    if not any(world.environ.get(name) for name in VARIABLES):
        return []
    from hssgate.cli.recipients import recipients_of

    hosts = dict.fromkeys(endpoint for endpoint, _ in recipients_of(connection))
    return [(host, proxy) for host in hosts if (proxy := proxy_for(host, world.environ)) is not None]


def explain(connection: Connection, world: World) -> None:
    """Say with -v where HSS is, which credentials are used, and why these."""
    project = connection.project_id or f"of region {connection.region}, looked up by IAM"
    world.console.detail(f"endpoint {connection.endpoint}, project {project}")
    why = f"; there is no {', no '.join(connection.passed_over)}" if connection.passed_over else ""
    world.console.detail(f"credentials from {connection.credentials.source}{why}")
    for name, address in (("IAM", connection.iam_endpoint), ("STS", connection.sts_endpoint)):
        if address is not None:
            world.console.detail(f"{name} {address}")
    for endpoint, proxy in proxies_of(connection, world):
        world.console.detail(f"{endpoint} is reached through the proxy {proxy.shown}")


def unused_credentials(choice: Choice, world: World) -> list[str]:
    """Return lines about the credentials that are set and not used, and about variables that may be meant for some."""
    from hssgate.cli.near_misses import near_misses

    unused = [f"set and not used: {', '.join(choice.unused)}"] if choice.unused else []
    return [*unused, *near_misses(world.environ)]


def open_hosts(connection: Connection, world: World) -> Hosts:
    """Return the hosts of the connection, whose exchanges are logged with -vv.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    hosts = hosts_without_credentials(connection.ca_bundle, world)
    hosts.learn(*secrets_of(connection.credentials))
    hosts.client(connection.endpoint)
    return hosts


def hosts_without_credentials(ca_bundle: Path | None, world: World) -> Hosts:
    """Return hosts to whom nothing secret has been sent yet; their exchanges are logged with -vv."""
    console = world.console
    given = {secret.strip() for secret in secret_values(world.environ)}

    def on_secret(secret: Secret) -> None:
        if secret.reveal() not in given:  # GitHub knows its own secrets; this one was made in this run
            github.mask(secret, world)
        console.redactor.learn([secret.reveal()])

    return Hosts(
        lambda endpoint, proxy: world.open_http(endpoint, ca_bundle, proxy.url if proxy else None),
        lambda endpoint: proxy_for(endpoint, world.environ),
        world.clock,
        on_secret=on_secret,
        trace=(lambda line: console.detail(line, level=2)) if console.verbosity > 1 else None,
        log=console.detail,
    )


def _iam_endpoint(world: World, choice: Choice, site: Site, project_id: str | None) -> str | None:
    """Return where IAM is, or None where it is not needed."""
    is_login = isinstance(choice.credentials, Federation | Password)
    if project_id is not None and not is_login:
        return None
    if given := world.environ.get(IAM_ENDPOINT, "").strip():
        return checked_endpoint(given, IAM_ENDPOINT)
    if choice.iam_endpoint is not None:
        return checked_endpoint(choice.iam_endpoint, "iam_endpoint of the profile file")
    if site.place is None:
        raise _unplaced("IAM", site, IAM_ENDPOINT if is_login else f"{IAM_ENDPOINT}, or give --project-id")
    return site.place.iam


def _sts_endpoint(world: World, choice: Choice, site: Site) -> str | None:
    """Return where STS is, or None where it is not needed."""
    if not isinstance(choice.credentials, Keyless):
        return None
    if given := world.environ.get(STS_ENDPOINT, "").strip():
        return checked_endpoint(given, STS_ENDPOINT)
    if site.place is None:
        raise _unplaced("STS", site, STS_ENDPOINT)
    return site.place.sts


def _unplaced(service: str, site: Site, remedy: str) -> Misused:
    """Return the error of an endpoint that does not tell its cloud: a guess could send secrets to another one."""
    return Misused(
        f"{service} is needed, and {site.endpoint} does not tell where it is, as https://hss.REGION.DOMAIN would: "
        f"set {remedy}"
    )


def _check_url(url: str, name: str) -> None:
    """Refuse an address to which no secret may be sent; its query is the host's own affair.

    Raises:
        Misused: no secret may be sent there.
    """
    if "://" not in url:
        raise Misused(f"{name} is no https URL; take it as the runner gives it")
    checked_url(url.partition("?")[0], name)
