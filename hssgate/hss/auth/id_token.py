"""OpenID Connect token of the pipeline: from a variable, a file, or GitHub's token service."""

from pathlib import Path
from typing import assert_never
from urllib.parse import urlencode, urlsplit

from hssgate.clock import Clock
from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.auth.issuers import SecretText, parse_body, send
from hssgate.hss.credentials import GitHubIdToken, GivenIdToken, IdTokenFile, IdTokenSource
from hssgate.hss.exchange import Request
from hssgate.hss.fields import ResponseModel
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import Advice
from hssgate.hss.secret import LONGEST_SENDABLE, Secret, is_sendable
from hssgate.text import clean

_GITHUB = "GitHub's token service"
_FILE_ADVICE = "check the path, and that the pipeline has written it"
_ADVICE = Advice({}, {}, "the job needs `permissions: id-token: write`, and its request token expires with the job")


class _TokenResponse(ResponseModel):
    value: SecretText


def id_token_of(source: IdTokenSource, hosts: Hosts, clock: Clock, within: float) -> Secret:
    """Return the id token.

    Args:
        source: variable, file or token service.
        hosts: HTTP clients; they mask the token.
        clock: for the deadline of reading a file.
        within: seconds to get it.

    Raises:
        ApiUnavailable: the token service did not respond, or the file could not be read in time.
        ApiRefused: there is no token.
    """
    match source:
        case GivenIdToken(value=value):
            return value
        case IdTokenFile():
            token = _from_file(source, clock, within)
        case GitHubIdToken():
            token = _from_github(source, hosts, within)
        case unreachable:
            assert_never(unreachable)
    hosts.learn(token)
    return token


def _from_file(source: IdTokenFile, clock: Clock, within: float) -> Secret:
    where = f"the id token in {clean(source.path, 300)}"
    try:
        # Reading a pipe without a writer, or a file of a lost network drive, blocks for ever. It cannot be interrupted:
        # after the deadline the run goes on, and the reading thread is left behind.
        raw = clock.call(lambda: _head_of(source.path), within=within, abandon=lambda: None)
        text = raw.decode("ascii").strip()
    except TimeoutError as error:
        raise ApiUnavailable(f"{where} could not be read within {within:.1f}s; {_FILE_ADVICE}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a token"
        raise ApiRefused(f"{where} cannot be read: {reason}; {_FILE_ADVICE}") from error
    if not is_sendable(text):
        raise ApiRefused(f"{where} cannot be used: it is empty, too long, or no token; {_FILE_ADVICE}")
    return Secret(text)


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2 * LONGEST_SENDABLE)


def _from_github(source: GitHubIdToken, hosts: Hosts, within: float) -> Secret:
    """Request a token from GitHub; the audience is appended to the URL of the runner.

    Source: GitHub's documentation of OpenID Connect in workflows.
    """
    url = urlsplit(source.url)
    query = url.query
    if source.audience is not None:
        query = "&".join(part for part in (query, urlencode({"audience": source.audience})) if part)
    request = Request(
        url=url._replace(query=query).geturl(),
        headers={"Authorization": f"Bearer {source.request_token.reveal()}"},
        for_secrets=True,
    )
    host = hosts.client(f"{url.scheme}://{url.netloc}")
    return Secret(parse_body(send(host, request, _GITHUB, _ADVICE, within), _TokenResponse, _GITHUB).value)
