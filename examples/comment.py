"""Posts a Markdown report of hssgate as a comment on a pull request (GitHub) or merge request (GitLab).

    python3 comment.py hssgate.md [NAME]

The first report that is not a pass becomes a comment; every later one replaces it, a pass too. Where the gate ended
without a report, an earlier comment is replaced by a word on that. NAME tells the comments of several gates apart. It
needs nothing but Python, and these variables of the CI:

- GitHub: GITHUB_TOKEN with `pull-requests: write`, GITHUB_REPOSITORY, GITHUB_API_URL, and the number from
  GITHUB_EVENT_PATH.
- GitLab: MERGE_REQUEST_TOKEN, a project access token with the scope `api` and the role Reporter; CI_API_V4_URL,
  CI_PROJECT_ID and CI_MERGE_REQUEST_IID.

The exit code is always 0, because only the gate decides; stderr says what was done, or why nothing was. The token is
sent to the host of the API alone: never over plain http (loopback apart), and never after a redirect.
"""

import ipaddress
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

SECONDS = 20  # that a request may take
LARGEST = 32 * 1024 * 1024  # bytes of a response
MOST_PAGES = 30  # of 100 comments
ROOM = {"github": 65_000, "gitlab": 900_000}  # characters of a comment
CUT = "\n\n… cut here: the whole report is among the artifacts of the job.\n"
PASSED = "## \N{WHITE HEAVY CHECK MARK}"  # how a Markdown report of a pass begins
MISSING = (
    "## \N{WARNING SIGN} hssgate wrote no report\n\n"
    "The gate ended without a verdict; the log of its job has the reason.\n"
)
_FENCE = re.compile(r"`{3,}")


class Failure(Exception):
    """Why there is no comment, in one line."""


class Host(NamedTuple):
    """Where comments are.

    Args:
        kind: `github` or `gitlab`.
        comments: address of the comments of the request.
        one: returns the address of one comment, by its id.
        replace: method that replaces a comment.
        headers: with the token.
        is_own: whether a comment is one that this token wrote.
    """

    kind: str
    comments: str
    one: Callable[[object], str]
    replace: str
    headers: Mapping[str, str]
    is_own: Callable[[Mapping[str, Any]], bool]


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is an error: its target must not get the token."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Post or replace the comment; return 0 whatever happens."""
    try:
        done = _publish(arguments, environ)
    except Failure as failure:
        done = f"no comment: {failure}"
    except Exception as error:  # noqa: BLE001 - a fault of this script must not turn a job red, or print a header
        done = f"no comment: {type(error).__name__}"
    print(f"comment.py: {done}", file=sys.stderr)
    return 0


def _publish(arguments: list[str], environ: Mapping[str, str]) -> str:
    if len(arguments) not in {1, 2}:
        raise Failure("write it like: python3 comment.py hssgate.md [NAME]")
    try:
        report = Path(arguments[0]).read_text(encoding="utf-8", errors="replace")
        missing = "" if report.strip() else "it is empty"
    except OSError as error:
        report, missing = "", error.strerror or "it cannot be read"
    name = re.sub(r"[^\w.:/ -]", "_", arguments[1] if len(arguments) > 1 else "hssgate")
    mark = f"<!-- comment of hssgate: {name} -->"
    host = _gitlab(environ) if environ.get("GITLAB_CI") else _github(environ)
    own = next((one for one in _comments(host) if host.is_own(one) and str(one.get("body")).startswith(mark)), None)
    body = {"body": f"{mark}\n{MISSING if missing else fitted(report, ROOM[host.kind])}"}
    if own is not None:
        _ask(host.replace, host.one(own["id"]), host.headers, body)
        return f"replaced the comment{f', for {arguments[0]}: {missing}' if missing else ''}"
    if missing:
        raise Failure(f"{arguments[0]}: {missing}")
    if report.startswith(PASSED):
        return "no comment: passed, and there was none to replace"
    _ask("POST", host.comments, host.headers, body)
    return "posted a comment"


def fitted(report: str, room: int) -> str:
    """Return as much of a report as fits, cut between its parts: outside of code and of collapsed sections."""
    if len(report) <= room:
        return report
    kept, used, end = report.splitlines(keepends=True), 0, 0
    fence, depth = "", 0
    for number, line in enumerate(kept):
        used += len(line)
        if used > room - len(CUT):
            break
        if fence:
            fence = "" if line.strip() == fence else fence
        elif found := _FENCE.match(line):
            fence = found[0]
        else:
            depth += line.count("<details>") - line.count("</details>")
        if not fence and depth == 0 and not line.strip():
            end = number
    return "".join(kept[:end]).rstrip() + CUT


def _github(environ: Mapping[str, str]) -> Host:
    token = _needed(environ, "GITHUB_TOKEN")
    event = json.loads(Path(_needed(environ, "GITHUB_EVENT_PATH")).read_text(encoding="utf-8"))
    number = (event.get("pull_request") or {}).get("number")
    if not isinstance(number, int):
        raise Failure("this event belongs to no pull request")
    api = _address(environ.get("GITHUB_API_URL") or "https://api.github.com")
    repository = f"{api}/repos/{quote(_needed(environ, 'GITHUB_REPOSITORY'))}/issues"
    return Host(
        "github",
        f"{repository}/{number}/comments",
        lambda identity: f"{repository}/comments/{identity}",
        "PATCH",
        {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        # A person could write the mark, and would then be the author of the gate's comment.
        lambda comment: (comment.get("user") or {}).get("type") == "Bot",
    )


def _gitlab(environ: Mapping[str, str]) -> Host:
    headers = {"PRIVATE-TOKEN": _needed(environ, "MERGE_REQUEST_TOKEN")}
    if not (number := environ.get("CI_MERGE_REQUEST_IID")):
        raise Failure("this pipeline belongs to no merge request")
    api = _address(_needed(environ, "CI_API_V4_URL"))
    project = quote(_needed(environ, "CI_PROJECT_ID"), safe="")
    notes = f"{api}/projects/{project}/merge_requests/{quote(number, safe='')}/notes"
    me = _ask("GET", f"{api}/user", headers)
    return Host(
        "gitlab",
        notes,
        lambda identity: f"{notes}/{identity}",
        "PUT",
        headers,
        lambda comment: (comment.get("author") or {}).get("id") == me.get("id"),
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value or not value.isprintable():
        raise Failure(f"{name} is not set")
    return value


def _address(url: str) -> str:
    """Return the address of an API without a final slash; plain http is for loopback only."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url.rstrip("/")
    raise Failure("the API is not reached by https")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _comments(host: Host) -> Iterator[dict[str, Any]]:
    for page in range(1, MOST_PAGES + 1):
        found = _ask("GET", f"{host.comments}?per_page=100&page={page}", host.headers)
        yield from found
        if len(found) < 100:  # noqa: PLR2004 - a page that is not full is the last
            return


def _ask(method: str, address: str, headers: Mapping[str, str], body: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401
    """Return the JSON of an answer; errors name the status and the path, and nothing that was sent."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(  # noqa: S310 - `_address` allows https, and http for loopback
        address, data, {**headers, "Content-Type": "application/json", "User-Agent": "hssgate"}, method=method
    )
    parts = urlsplit(address)
    proxies = [ProxyHandler({})] if parts.scheme == "http" else []  # no proxy may see a token in the clear
    try:
        with build_opener(_NoRedirect, *proxies).open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read(LARGEST))
    except HTTPError as error:
        raise Failure(f"{method} {parts.path}: HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{method} {parts.path}: {type(error).__name__}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
