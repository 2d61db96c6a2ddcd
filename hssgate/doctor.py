"""Preflight checks: each prerequisite of a run, tried once, with at most one wrong signature."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiError, ApiRefused, ApiUnavailable, GateError, HostUntrusted, Misused, NotServed
from hssgate.exit_codes import ExitCode
from hssgate.hss.auth.access_key import SKEW_ALLOWED
from hssgate.hss.client import HssClient
from hssgate.hss.connection import Connection
from hssgate.hss.credentials import AccessKey, Token
from hssgate.hss.exchange import Request, Response
from hssgate.hss.hosts import Hosts
from hssgate.hss.query import CicdImagesQuery
from hssgate.hss.refusals import UNAUTHORIZED
from hssgate.hss.responses import unreadable_row
from hssgate.text import clean, plural

_SKEW_ODD = 60.0  # seconds; a smaller skew is not shown
EARLIER_FAILURE = "an earlier check failed"
_LONGEST_QUOTA = 10.0  # seconds; nothing depends on it
_FEW = 10  # rows; smallest page of the API
_ACCESS = ("credentials", "project", "cicd-api", "permission", "cicd-name", "quota")  # in the order of the output


class CheckState(StrEnum):
    """Outcome of one check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """Result of one preflight check.

    Args:
        name: of the prerequisite.
        state: outcome.
        message: the finding, and a remedy.
        blame: exit code that `check` would have for this problem.
        proves_credentials: a service has accepted the credentials.
    """

    name: str
    state: CheckState
    message: str
    blame: ExitCode = ExitCode.PASSED
    proves_credentials: bool = False


def failed(name: str, error: GateError) -> CheckResult:
    """Return the result for an error, with a remedy."""
    shown = error.with_advice() if isinstance(error, ApiUnavailable) else error
    return CheckResult(name, CheckState.FAILED, str(shown), _blame(error))


def _blame(error: GateError) -> ExitCode:
    """Return 2 if the caller can fix the problem, such as a wrong key, or 3 if HSS cannot be reached."""
    if not isinstance(error, ApiRefused) or isinstance(error, HostUntrusted):
        return error.exit_code
    status = error.exchange.http_status
    return ExitCode.API_UNAVAILABLE if status is not None and status // 100 == 3 else ExitCode.MISUSED  # noqa: PLR2004


def check_host(hosts: Hosts, endpoint: str, clock: Clock, within: float) -> tuple[list[CheckResult], float | None]:
    """Check endpoint, TLS and clock with a request without credentials.

    Args:
        hosts: HTTP clients.
        endpoint: of HSS.
        clock: the local clock.
        within: seconds for the request.

    Returns:
        The results, and the server's time in epoch seconds, if known.
    """
    url = urlsplit(endpoint)
    plain = "plain http, which is for a loopback host alone"
    try:
        response = hosts.client(endpoint).send(Request(url=f"{endpoint}/"), within=within)
    except HostUntrusted as error:
        reached = CheckResult("endpoint", CheckState.OK, f"{url.hostname} is there")
        return [reached, failed("tls", error), skipped("clock", "no answer")], None
    except (ApiError, Misused) as error:
        return host_failed(error), None
    return [
        CheckResult("endpoint", CheckState.OK, f"{url.hostname} answers (HTTP {response.status})"),
        CheckResult("tls", CheckState.OK, "the certificate is trusted" if url.scheme == "https" else plain),
        _clock(response, clock),
    ], response.server_time


def host_failed(error: GateError) -> list[CheckResult]:
    """Return the results for a host that could not be reached."""
    reached = failed("endpoint", error)
    blame = ExitCode.MISUSED if isinstance(error, Misused) else ExitCode.API_UNAVAILABLE
    return [replace(reached, blame=blame), skipped("tls", "no answer"), skipped("clock", "no answer")]


def check_access(
    hosts: Hosts,
    connection: Connection,
    clock: Clock,
    *,
    cicd_name: str | None,
    server_time: float | None,
    warn: Callable[[str], None],
) -> list[CheckResult]:
    """Check credentials, project, API, permission and CI/CD identifier; no request follows refused credentials.

    Args:
        hosts: HTTP clients.
        connection: the connection of a run.
        clock: the local clock.
        cicd_name: the identifier that should exist, if one was given.
        server_time: of the endpoint, in epoch seconds; it corrects a wrong local clock before the first signature.
        warn: called with one line for each problem that was corrected.
    """
    client = HssClient(hosts, connection, clock, warn)
    client.authenticator.correct_clock(server_time)
    steps: tuple[tuple[str, Callable[[float], CheckResult]], ...] = (
        ("credentials", lambda within: _obtained(client, connection, within)),
        ("project", lambda within: _project(client, connection, within)),
        ("permission", lambda within: _permission(client, within)),
        ("cicd-name", lambda within: _cicd_name(client, cicd_name, within)),
        ("quota", lambda within: _quota(client, within)),
    )
    served = CheckResult("cicd-api", CheckState.OK, f"{urlsplit(connection.endpoint).hostname} has the CI/CD API")
    results: dict[str, CheckResult] = {}
    for name, result in steps:
        try:
            found = result(connection.request_timeout)
        except ApiError as error:
            if error.exchange.http_status == UNAUTHORIZED:
                return access_results(failed("credentials", error))
            if _is_past_authentication(error):
                results["credentials"] = _accepted(connection)
            at = name
            if name == "permission" and isinstance(error, NotServed):
                at = "cicd-api"
            elif name == "permission":
                answered = _is_past_authentication(error)
                results["cicd-api"] = served if answered else skipped("cicd-api", "HSS did not answer")
            results[at] = failed(at, error)
            break
        if found.state is CheckState.OK and found.proves_credentials:
            results["credentials"] = _accepted(connection)
        results[name] = found
        if name == "permission":
            results["cicd-api"] = served
    return access_results(*results.values())


def _is_past_authentication(error: ApiError) -> bool:
    """Whether a refusal of the cloud, by its code, has another reason than the credentials."""
    return isinstance(error, ApiRefused) and error.exchange.http_status in (400, 403) and bool(error.code)


def access_results(*seen: CheckResult) -> list[CheckResult]:
    """Return the results in their order; checks without a result are skipped."""
    results = {result.name: result for result in seen}
    return [results.get(name) or skipped(name, EARLIER_FAILURE) for name in _ACCESS]


def skipped(name: str, why: str) -> CheckResult:
    """Return the result of a skipped check."""
    return CheckResult(name, CheckState.SKIPPED, f"not checked: {why}")


def _clock(response: Response, clock: Clock) -> CheckResult:
    if response.server_time is None:
        return CheckResult("clock", CheckState.OK, "the server sends no time")
    skew = response.server_time - clock.epoch()
    shown = f"{format_duration(abs(skew))} {'behind' if skew > 0 else 'ahead of'} the server"
    if abs(skew) >= SKEW_ALLOWED:
        advice = f"signatures are refused from {SKEW_ALLOWED / 60:g} minutes on: set this machine's clock, best by NTP"
        return CheckResult("clock", CheckState.FAILED, f"this machine is {shown}; {advice}", ExitCode.MISUSED)
    return CheckResult(
        "clock", CheckState.OK, f"this machine is {shown}" if abs(skew) >= _SKEW_ODD else "in step with the server"
    )


def _accepted(connection: Connection) -> CheckResult:
    return CheckResult("credentials", CheckState.OK, f"{connection.credentials.source}: accepted")


def _obtained(client: HssClient, connection: Connection, within: float) -> CheckResult:
    """Obtain temporary credentials, if any; a given token or key can only be checked by a later request."""
    client.authenticator.obtain_credentials(within)
    if isinstance(connection.credentials, Token | AccessKey):
        source = connection.credentials.source
        return CheckResult("credentials", CheckState.SKIPPED, f"{source}: not tried, since HSS did not answer")
    return _accepted(connection)


def _project(client: HssClient, connection: Connection, within: float) -> CheckResult:
    client.authenticator.resolve_project(within)
    if connection.project_id:
        return CheckResult("project", CheckState.OK, f"{connection.project_id} (as given)")
    found = f"{client.authenticator.project_id} (looked up, of region {connection.region})"
    return CheckResult("project", CheckState.OK, found, proves_credentials=True)


def _permission(client: HssClient, within: float) -> CheckResult:
    page = client.page_of_cicd_images(CicdImagesQuery(limit=_FEW), within=within)
    if page.odd and not page.rows:
        raise unreadable_row(page.odd[0], page.exchange)
    number = plural(page.size if page.total_num is None else page.total_num, "image")
    return CheckResult(
        "permission", CheckState.OK, f"HSS lists the images of pipelines ({number})", proves_credentials=True
    )


def _cicd_name(client: HssClient, name: str | None, within: float) -> CheckResult:
    if name is None:
        return CheckResult("cicd-name", CheckState.SKIPPED, "not checked: no --cicd-name is given")
    found = {row.cicd_name for row in client.list_cicd_configurations(name, within=within).rows}
    if name in found:
        return CheckResult("cicd-name", CheckState.OK, f"{clean(name, 200)} exists")
    known = [row.cicd_name or "" for row in client.list_cicd_configurations(None, within=within).rows]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {clean(near[0], 200)}?" if near else "create it in the HSS console, under container images"
    message = f"there is no CI/CD identifier {clean(name, 200)} ({plural(len(known), 'identifier')} known); {hint}"
    return CheckResult("cicd-name", CheckState.FAILED, message, ExitCode.MISUSED)


def _quota(client: HssClient, within: float) -> CheckResult:
    """Name the scans that are left; a check needs no permission to read them, so a failure is none of a check."""
    try:
        quota = client.scan_quota(within=min(within, _LONGEST_QUOTA))
    except ApiError as error:
        return skipped("quota", str(error))
    if quota.free_quota_num is None:
        return skipped("quota", "HSS does not say how many scans are left")
    left = f"{plural(quota.free_quota_num, 'free scan')} left"
    so_far = "" if quota.cicd_scan_num is None else f", {plural(quota.cicd_scan_num, 'scan')} of pipelines so far"
    advice = "" if quota.free_quota_num else "; if scans no longer start, see the quota in the HSS console"
    return CheckResult("quota", CheckState.OK, left + so_far + advice)
