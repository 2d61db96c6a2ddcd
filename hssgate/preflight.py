"""Whether a check could be made at all: each thing it needs, looked at once, and never a second bad signature."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import httpx

from hssgate.api.client import HssClient
from hssgate.api.hosts import Hosts
from hssgate.api.query import CicdImagesQuery
from hssgate.api.wire import Answer, Question
from hssgate.clock import Clock
from hssgate.durations import format_duration
from hssgate.errors import ApiError, ApiRefused
from hssgate.exit_codes import ExitCode
from hssgate.settings import Connection
from hssgate.text import clean, plural

_SKEW_REFUSED = 15 * 60.0  # seconds; source: API Request Signing Guide
_SKEW_ODD = 60.0
_UNAUTHORIZED = 401
_FEW = 10  # rows; the fewest that the API lists


class State(StrEnum):
    """How one look ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Look:
    """One thing that a check needs.

    Args:
        name: of it.
        state: how the look ended.
        message: what was found, and what to do about it.
        blame: the exit code of a check that met this.
    """

    name: str
    state: State
    message: str
    blame: ExitCode = ExitCode.PASSED


def failed(name: str, error: Exception, blame: ExitCode) -> Look:
    """Return the look that ended with an error."""
    return Look(name, State.FAILED, str(error), blame)


def look_at_host(hosts: Hosts, endpoint: str, clock: Clock, within: float) -> tuple[list[Look], float | None]:
    """Look at the endpoint, its TLS and the clocks, with a request that bears no credentials.

    Args:
        hosts: to ask.
        endpoint: of HSS.
        clock: our own.
        within: seconds for the request.

    Returns:
        The looks, and the server's time in epoch seconds, if it told.
    """
    url = httpx.URL(endpoint)
    plain = "plain http, which is for a loopback host alone"
    try:
        answer = hosts.wire(endpoint).ask(Question(url=f"{endpoint}/"), within=within)
    except ApiRefused as error:  # the certificate; all else about the host is no refusal
        reached = Look("endpoint", State.OK, f"{url.host} is there")
        return [reached, failed("tls", error, ExitCode.API_UNAVAILABLE), _unseen("clock", "no answer")], None
    except ApiError as error:
        what = failed("endpoint", error, ExitCode.API_UNAVAILABLE)
        return [what, _unseen("tls", "no answer"), _unseen("clock", "no answer")], None
    return [
        Look("endpoint", State.OK, f"{url.host} answers (HTTP {answer.status})"),
        Look("tls", State.OK, "the certificate is to be trusted" if url.scheme == "https" else plain),
        _clock(answer, clock),
    ], answer.server_time


def look_at_access(
    hosts: Hosts,
    connection: Connection,
    clock: Clock,
    *,
    cicd_name: str | None,
    server_time: float | None,
    warn: Callable[[str], None],
) -> list[Look]:
    """Look at credentials, project, permission and CI/CD identifier; nothing is asked after a refused credential.

    Args:
        hosts: to ask.
        connection: as it would be used by a check.
        clock: our own.
        cicd_name: the identifier that should exist, if one was given.
        server_time: of the endpoint, in epoch seconds; with it no signature fails for the clock's sake.
        warn: called with a line where something is odd but healed.
    """
    client = HssClient(hosts, connection, clock, warn)
    client.access.believe(server_time)
    given = Look("credentials", State.OK, f"{connection.credentials.source}: accepted")
    steps: tuple[tuple[str, Callable[[float], Look]], ...] = (
        ("credentials", lambda within: _obtained(client, given, within)),
        ("project", lambda within: _project(client, connection, within)),
        ("permission", lambda within: _permission(client, within)),
        ("cicd-name", lambda within: _cicd_name(client, cicd_name, within)),
    )
    looks: dict[str, Look] = {}
    for name, look in steps:
        try:
            looks[name] = look(connection.request_timeout)
        except ApiError as error:
            refused = error.exchange.http_status == _UNAUTHORIZED
            blamed = "credentials" if refused else name
            looks[blamed] = failed(blamed, error, error.exit_code)
            if blamed == "credentials":
                looks = {"credentials": looks[blamed]}
            break
    return [looks.get(name) or _unseen(name, "what comes before it does not hold") for name, _ in steps]


def unseen_access() -> list[Look]:
    """Return the looks at access that nobody could take."""
    names = ("credentials", "project", "permission", "cicd-name")
    return [_unseen(name, "what comes before it does not hold") for name in names]


def _unseen(name: str, why: str) -> Look:
    return Look(name, State.SKIPPED, f"not looked at: {why}")


def _clock(answer: Answer, clock: Clock) -> Look:
    if answer.server_time is None:
        return Look("clock", State.OK, "the server does not tell its time")
    skew = answer.server_time - clock.epoch()
    shown = f"{format_duration(abs(skew))} {'behind' if skew > 0 else 'ahead of'} the server"
    if abs(skew) >= _SKEW_REFUSED:
        advice = "signatures are refused from 15 minutes on: set this machine's clock, best by NTP"
        return Look("clock", State.FAILED, f"this machine is {shown}; {advice}", ExitCode.API_UNAVAILABLE)
    return Look("clock", State.OK, f"this machine is {shown}" if abs(skew) >= _SKEW_ODD else "in step with the server")


def _obtained(client: HssClient, given: Look, within: float) -> Look:
    client.access.obtain(within)
    return given


def _project(client: HssClient, connection: Connection, within: float) -> Look:
    client.access.find_project(within)
    found = "as given" if connection.project_id else f"looked up, of region {connection.region}"
    return Look("project", State.OK, f"{client.access.project_id} ({found})")


def _permission(client: HssClient, within: float) -> Look:
    page = client.page_of_cicd_images(CicdImagesQuery(limit=_FEW), within=within)
    number = plural(len(page.rows) if page.total_num is None else page.total_num, "image")
    return Look("permission", State.OK, f"HSS lists the images of pipelines ({number})")


def _cicd_name(client: HssClient, name: str | None, within: float) -> Look:
    if name is None:
        return Look("cicd-name", State.SKIPPED, "not looked at: no --cicd-name is given")
    found = {row.cicd_name for row in client.list_cicd_configurations(name, within=within).rows}
    if name in found:
        return Look("cicd-name", State.OK, f"{clean(name, 200)} exists")
    known = [row.cicd_name or "" for row in client.list_cicd_configurations(None, within=within).rows]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {clean(near[0], 200)}?" if near else "create it in the HSS console, under container images"
    message = f"there is no CI/CD identifier {clean(name, 200)} ({plural(len(known), 'identifier')} known); {hint}"
    return Look("cicd-name", State.FAILED, message, ExitCode.API_UNAVAILABLE)
