"""Connection of a run, from options and environment, and its HTTP clients."""

import re
from pathlib import Path

from hssgate.cli import github
from hssgate.cli.connect.addresses import HssTarget, checked_endpoint, checked_url, target_of
from hssgate.cli.connect.credentials import CredentialChoice, choose_credentials
from hssgate.cli.connect.variables import secret_values
from hssgate.cli.context import RunContext
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


def connection_of(context: RunContext, given: ConnectionOptions) -> Connection:
    """Return the connection, from the connection options and the credentials of the environment.

    Raises:
        Misused: a setting is missing, or cannot be used.
    """
    target = target_of_options(context, given)
    choice = chosen(context)
    if context.console.verbosity > 0:
        for line in unused_credentials(choice, context):
            context.console.detail(line)
    connection = connection_with(context, given, target, choice, project_of(given, target, choice))
    proxies_of(connection, context)  # refuses an unusable proxy before any request
    return connection


def target_of_options(context: RunContext, given: ConnectionOptions) -> HssTarget:
    """Return the endpoint of HSS, and its region.

    Raises:
        Misused: there is no address, or it cannot be used.
    """
    return target_of(given.endpoint, given.region, given.cloud, context.console.warning)


def chosen(context: RunContext) -> CredentialChoice:
    """Return the credentials of the environment, and mask them in all output from now on.

    Raises:
        Misused: there are none, or they are incomplete.
    """
    choice = choose_credentials(context.environ, context.console.warning, _check_url)
    context.console.redactor.learn(secret.reveal() for secret in secrets_of(choice.credentials))
    return choice


def project_of(given: ConnectionOptions, target: HssTarget, choice: CredentialChoice) -> str | None:
    """Return the project id, or None if IAM must resolve it.

    Raises:
        Misused: there is neither a project id nor a region, or the id is not valid.
    """
    project_id = given.project_id or choice.project_id
    if project_id is None and target.region is None:
        raise Misused("no project: give --project-id (or HSSGATE_PROJECT_ID), or --region to have it looked up")
    if project_id is not None and not _PROJECT_ID.fullmatch(project_id):
        raise Misused("--project-id is no project id: letters, digits, - _ . ~ only; check where it comes from")
    return project_id


def connection_with(
    context: RunContext,
    given: ConnectionOptions,
    target: HssTarget,
    choice: CredentialChoice,
    project_id: str | None,
) -> Connection:
    """Return the connection with these credentials.

    Args:
        context: has the variables for the endpoints of IAM and STS.
        given: the connection options.
        target: endpoint of HSS, and its region.
        choice: the credentials.
        project_id: None if IAM must resolve it.

    Raises:
        Misused: IAM or STS is needed, and its endpoint is unknown.
    """
    return Connection(
        endpoint=target.endpoint,
        project_id=project_id,
        region=target.region,
        iam_endpoint=_iam_endpoint(context, choice, target, project_id),
        sts_endpoint=_sts_endpoint(context, choice, target),
        enterprise_project_id=given.enterprise_project_id,
        credentials=choice.credentials,
        passed_over=choice.passed_over,
        request_timeout=given.request_timeout,
        ca_bundle=given.ca_bundle,
    )


def proxies_of(connection: Connection, context: RunContext) -> list[tuple[str, Proxy]]:
    """Return scheme and host of each service behind a proxy, with that proxy.

    Raises:
        Misused: a required proxy cannot be used.
    """
    if not any(context.environ.get(name) for name in VARIABLES):
        return []
    from hssgate.cli.recipients import recipients_of

    hosts = dict.fromkeys(endpoint for endpoint, _ in recipients_of(connection))
    return [(host, proxy) for host in hosts if (proxy := proxy_for(host, context.environ)) is not None]


def explain(connection: Connection, context: RunContext) -> None:
    """Print endpoint, project, credentials and the reason for these credentials with -v."""
    project = connection.project_id or f"of region {connection.region}, looked up by IAM"
    context.console.detail(f"endpoint {connection.endpoint}, project {project}")
    why = f"; there is no {', no '.join(connection.passed_over)}" if connection.passed_over else ""
    context.console.detail(f"credentials from {connection.credentials.source}{why}")
    for name, address in (("IAM", connection.iam_endpoint), ("STS", connection.sts_endpoint)):
        if address is not None:
            context.console.detail(f"{name} {address}")
    for endpoint, proxy in proxies_of(connection, context):
        context.console.detail(f"{endpoint} is reached through the proxy {proxy.shown}")


def unused_credentials(choice: CredentialChoice, context: RunContext) -> list[str]:
    """Return lines about credentials that are set and not used, and hints about misspelt credential variables."""
    from hssgate.cli.near_misses import near_misses

    unused = [f"set and not used: {', '.join(choice.unused)}"] if choice.unused else []
    return [*unused, *near_misses(context.environ)]


def open_hosts(connection: Connection, context: RunContext) -> Hosts:
    """Return the HTTP clients of the connection; requests are logged with -vv.

    Raises:
        Misused: the CA bundle cannot be used.
    """
    hosts = hosts_without_credentials(connection.ca_bundle, context)
    hosts.learn(*secrets_of(connection.credentials))
    hosts.client(connection.endpoint)
    return hosts


def hosts_without_credentials(ca_bundle: Path | None, context: RunContext) -> Hosts:
    """Return HTTP clients without credentials; requests are logged with -vv."""
    console = context.console
    given = {secret.strip() for secret in secret_values(context.environ)}

    def on_secret(secret: Secret) -> None:
        if secret.reveal() not in given:  # GitHub masks its own secrets already; this one was issued in this run
            github.mask(secret, context)
        console.redactor.learn([secret.reveal()])

    return Hosts(
        lambda endpoint, proxy: context.open_http(endpoint, ca_bundle, proxy.url if proxy else None),
        lambda endpoint: proxy_for(endpoint, context.environ),
        context.clock,
        on_secret=on_secret,
        trace=(lambda line: console.detail(line, level=2)) if console.verbosity > 1 else None,
        log=console.detail,
    )


def _iam_endpoint(
    context: RunContext, choice: CredentialChoice, target: HssTarget, project_id: str | None
) -> str | None:
    """Return the endpoint of IAM, or None if it is not needed."""
    is_login = isinstance(choice.credentials, Federation | Password)
    if project_id is not None and not is_login:
        return None
    if given := context.environ.get(IAM_ENDPOINT, "").strip():
        return checked_endpoint(given, IAM_ENDPOINT)
    if choice.iam_endpoint is not None:
        return checked_endpoint(choice.iam_endpoint, "iam_endpoint of the profile file")
    if target.cloud_region is None:
        raise _unplaced("IAM", target, IAM_ENDPOINT if is_login else f"{IAM_ENDPOINT}, or give --project-id")
    return target.cloud_region.iam


def _sts_endpoint(context: RunContext, choice: CredentialChoice, target: HssTarget) -> str | None:
    """Return the endpoint of STS, or None if it is not needed."""
    if not isinstance(choice.credentials, Keyless):
        return None
    if given := context.environ.get(STS_ENDPOINT, "").strip():
        return checked_endpoint(given, STS_ENDPOINT)
    if target.cloud_region is None:
        raise _unplaced("STS", target, STS_ENDPOINT)
    return target.cloud_region.sts


def _unplaced(service: str, target: HssTarget, remedy: str) -> Misused:
    """Return the error for an endpoint of unknown region; a guess could send secrets to another cloud."""
    return Misused(
        f"{service} is needed, and {target.endpoint} does not tell where it is, as https://hss.REGION.DOMAIN would: "
        f"set {remedy}"
    )


def _check_url(url: str, name: str) -> None:
    """Refuse a URL to which it is not safe to send a secret; the query is not checked.

    Raises:
        Misused: it is not safe.
    """
    if "://" not in url:
        raise Misused(f"{name} is no https URL; take it as the runner gives it")
    checked_url(url.partition("?")[0], name)
