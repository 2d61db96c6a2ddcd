"""Requests to one repository of a container registry: login, redirects of blobs, and what each refusal means.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md and
https://distribution.github.io/distribution/spec/auth/token/
"""

import re
from urllib.parse import quote, urljoin, urlsplit

from hssgate.clock import Clock
from hssgate.errors import ApiError, ApiRefused, ApiUnavailable, RequestRefused, ResponseTooLarge
from hssgate.hss.exchange import Request, Response
from hssgate.hss.hosts import Hosts
from hssgate.hss.refusals import OK, UNAUTHORIZED, Advice, failure_of
from hssgate.hss.responses import exchange_of
from hssgate.hss.secret import Secret, is_sendable
from hssgate.identity.docker_credentials import RegistryLogin
from hssgate.identity.manifests import INDEX_TYPES, MANIFEST_TYPES
from hssgate.identity.repository import Repository, host_of_url
from hssgate.identity.strict_json import parse_strictly
from hssgate.text import clean

LARGEST_IMAGE = 8 * 1024 * 1024  # bytes of all manifests and configurations of one image
_MOST_REDIRECTS = 3
_LARGEST_TOKEN = 256 * 1024  # bytes
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ACCEPTED = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
_CHALLENGE = re.compile(r'([A-Za-z]+)="([^"]*)"')
_CHECK_LOGIN = "log in with docker login, so that Docker's config.json holds a user name and password"
_ADVICE = Advice(
    {},
    {
        403: "the login may not pull this image: grant it read access",
        404: "check registry, path and version of IMAGE, and that the push has ended",
    },
    "check registry and path of IMAGE",
)
_TRY_LATER = "check that the registry is up, and how many requests it allows"


class RegistryAccess:
    """Fetches manifests and blobs of one repository.

    Args:
        repository: that is asked.
        hosts: the HTTP clients.
        clock: bounds each request.
        login: for a registry that asks for one.
        request_timeout: seconds for one request.
    """

    def __init__(
        self, repository: Repository, hosts: Hosts, clock: Clock, login: RegistryLogin | None, request_timeout: float
    ) -> None:
        self.repository = repository
        self._hosts = hosts
        self._clock = clock
        self._login = login
        self._request_timeout = request_timeout
        self._authorization: Secret | None = None
        self._is_login_sent = False
        self._withheld_from: str | None = None  # the token service that was asked without the login

    def fetch(self, kind: str, reference: str, *, largest: int, left: float) -> Response:
        """Return a manifest or a blob, with the status 200.

        Args:
            kind: `manifests` or `blobs`.
            reference: a tag or a digest.
            largest: bytes that the body may have.
            left: seconds for all requests that this takes.

        Raises:
            ApiUnavailable: asking again may help.
            ApiRefused: it would not.
        """
        until = self._clock.monotonic() + left
        url = self.repository.url(kind, reference)
        request = Request(url=url, headers={"Accept": _ACCEPTED if kind == "manifests" else "*/*"}, largest=largest)
        response = self._send(request, kind, reference, until)
        if response.status == UNAUTHORIZED and self._answer_challenge(response, kind, reference, until):
            response = self._send(request, kind, reference, until)
        for _ in range(_MOST_REDIRECTS):
            if kind != "blobs" or response.status not in _REDIRECTS:
                break
            # Object storage gets no credentials: its address holds what it needs.
            url = self._target(url, response, kind, reference)
            response = self._ask(Request(url=url, headers={"Accept": "*/*"}, largest=largest), kind, reference, until)
        if response.status != OK:
            raise self._failure(response, kind, reference)
        return response

    def refused(self, kind: str, reference: str, reason: str) -> RequestRefused:
        """Return the error of a document that cannot be used."""
        what = f"{self._place(kind, reference)}: {reason}"
        return RequestRefused(f"{what}; push the image again, or leave --resolve out and name its digest in IMAGE")

    def _send(self, request: Request, kind: str, reference: str, until: float) -> Response:
        """Ask the registry itself, with the credentials that it has asked for."""
        if self._authorization is None:
            return self._ask(request, kind, reference, until)
        headers = {**request.headers, "Authorization": self._authorization.reveal()}
        with_login = Request(url=request.url, headers=headers, largest=request.largest)
        return self._ask(with_login, kind, reference, until)

    def _ask(self, request: Request, kind: str, reference: str, until: float) -> Response:
        parts = urlsplit(request.url)
        within = min(until - self._clock.monotonic(), self._request_timeout)
        try:
            return self._hosts.client(f"{parts.scheme}://{parts.netloc}").send(request, within=max(within, 0.001))
        except ResponseTooLarge as error:
            largest = f"{LARGEST_IMAGE // 1024 // 1024} MiB for all manifests and configurations of an image"
            raise self.refused(kind, reference, f"the response is larger than is accepted ({largest})") from error
        except ApiUnavailable as error:
            raise error.reworded(f"{self._place(kind, reference)}: {error}") from error
        except ApiRefused as error:
            raise RequestRefused(f"{self._place(kind, reference)}: {error}", error.exchange) from error

    def _answer_challenge(self, response: Response, kind: str, reference: str, until: float) -> bool:
        """Get the credentials that a 401 asks for; return whether the request is worth another attempt."""
        if self._authorization is not None:
            return False
        challenges = [found.partition(" ") for found in response.headers.get_list("WWW-Authenticate")]
        by_scheme = {scheme.lower(): rest for scheme, _, rest in challenges}
        if (bearer := by_scheme.get("bearer")) is not None:
            found = dict(reversed(_CHALLENGE.findall(bearer)))  # of what stands twice the first counts
            self._authorization = self._token(found, kind, reference, until)
        elif "basic" in by_scheme and self._login is not None:
            self._authorization, self._is_login_sent = self._login.basic, True
        return self._authorization is not None

    def _token(self, challenge: dict[str, str], kind: str, reference: str, until: float) -> Secret:
        """Return an `Authorization` header with the token that the registry's token service gives."""
        realm = challenge.get("realm", "")
        if not self.repository.may_send_to(realm):
            raise self.refused(kind, reference, f"its token service {clean(realm, 200)!r} is not an https address")
        scope = quote(f"repository:{self.repository.name}:pull", safe="")
        service = quote(challenge.get("service", ""), safe="")
        url = f"{realm}{'&' if urlsplit(realm).query else '?'}service={service}&scope={scope}"
        headers = {}
        if self._login is not None and self.repository.may_give_login_to(realm):
            headers, self._is_login_sent = {"Authorization": self._login.basic.reveal()}, True
        elif self._login is not None:
            self._withheld_from = urlsplit(realm).netloc
        request = Request(url=url, headers=headers, for_secrets=True, largest=_LARGEST_TOKEN)
        response = self._ask(request, kind, reference, until)
        if response.status != OK:
            raise self._failure(response, kind, reference, f" from its token service {clean(host_of_url(realm), 200)}")
        token = _token_in(response.body)
        if token is None:
            raise self.refused(
                kind, reference, f"the response of its token service {host_of_url(realm)} holds no token"
            )
        self._hosts.learn(Secret(token))
        return Secret(f"Bearer {token}")

    def _target(self, url: str, response: Response, kind: str, reference: str) -> str:
        """Return where a blob is, which may be on another host."""
        location = response.headers.get("Location", "")
        try:
            target: str = urljoin(url, location)
        except ValueError:  # of a host such as `[`
            target = ""
        if not location or not self.repository.may_send_to(target):
            shown = clean(location.partition("?")[0], 100)
            raise self.refused(kind, reference, f"redirected to {shown!r}, which is not an https address")
        if query := urlsplit(target).query:  # it may be signed, and then gives access to whoever has it
            self._hosts.learn(Secret(query))
        return target

    def _failure(self, response: Response, kind: str, reference: str, origin: str = "") -> ApiError:
        what = f"{self._place(kind, reference)}: HTTP {response.status}{origin}"
        error = failure_of(response, _ADVICE)
        if isinstance(error, ApiUnavailable):
            return ApiUnavailable(
                what,
                error.exchange,
                retry_after=error.retry_after,
                server_fault=error.server_fault,
                advice=_TRY_LATER,
            )
        exchange = exchange_of(response)
        if response.status == UNAUTHORIZED:
            # A login that is refused is refused for each image; a token that does not suffice may do for others.
            has_token = self._authorization is not None and self._authorization.reveal().startswith("Bearer ")
            refusal = ApiRefused if self._is_login_sent and not has_token else RequestRefused
            return refusal(f"{what}; {self._login_advice()}", exchange)
        return RequestRefused(f"{what}; {_ADVICE.by_status.get(response.status, _ADVICE.otherwise)}", exchange)

    def _login_advice(self) -> str:
        if self._withheld_from is not None:
            return (
                f"the login was not sent to its token service {clean(self._withheld_from, 100)}, which is another "
                "host than the registry: leave --resolve out and give --metadata-file"
            )
        return _CHECK_LOGIN if self._login is None else f"the login in Docker's config.json is refused: {_CHECK_LOGIN}"

    def _place(self, kind: str, reference: str) -> str:
        return f"registry {self.repository.registry}, {self.repository.name}/{kind}/{reference}"


def _token_in(body: bytes) -> str | None:
    try:
        document = parse_strictly(body)
    except ValueError:
        return None
    found = (document.get("token") or document.get("access_token")) if isinstance(document, dict) else None
    return found if isinstance(found, str) and is_sendable(found) else None
