"""HTTP clients of a run, one for each host, and the secrets in use."""

from collections.abc import Callable
from typing import Self

from hssgate.clock import Clock
from hssgate.hss.exchange import HostClient, echo_redactor
from hssgate.hss.http_library import httpx
from hssgate.hss.proxies import Proxy
from hssgate.hss.secret import Secret
from hssgate.text import clean


class Hosts:
    """HTTP clients by host, each opened on first use.

    Args:
        open_client: takes scheme and host and an optional proxy, returns an HTTP client.
        proxy_for: takes scheme and host, returns the proxy for it, or None.
        clock: for the deadline of each exchange.
        on_secret: called with each secret before it is used.
        trace: called with a line for each request and response, without secrets.
        log: called with a line about each step of authentication.
    """

    def __init__(
        self,
        open_client: Callable[[str, Proxy | None], httpx.Client],
        proxy_for: Callable[[str], Proxy | None],
        clock: Clock,
        *,
        on_secret: Callable[[Secret], None],
        trace: Callable[[str], None] | None = None,
        log: Callable[[str], None],
    ) -> None:
        self._open_client = open_client
        self._proxy_for = proxy_for
        self._clock = clock
        self._secrets: list[Secret] = []
        self._on_secret = on_secret
        self._trace = trace
        self._http_clients: dict[str, httpx.Client] = {}
        self._host_clients: dict[str, HostClient] = {}
        self.log = log

    def client(self, endpoint: str) -> HostClient:
        """Return the client of a host; it is opened on first use.

        Raises:
            Misused: the CA bundle or the proxy cannot be used.
        """
        if endpoint not in self._host_clients:
            proxy = self._proxy_for(endpoint)
            http = self._open_client(endpoint, proxy)
            if self._trace is not None:
                http.event_hooks = {"request": [self._log_request], "response": [self._log_response]}
            self._http_clients[endpoint] = http
            self._host_clients[endpoint] = HostClient(http, self._clock, self._secrets, proxy)
        return self._host_clients[endpoint]

    def learn(self, *secrets: Secret) -> None:
        """Mask these secrets in all output from now on."""
        for secret in secrets:
            self._secrets.append(secret)
            self._on_secret(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for http in self._http_clients.values():
            http.close()

    def _log_request(self, request: httpx.Request) -> None:
        if self._trace is not None:
            self._trace(f"> {request.method} {request.url}")

    def _log_response(self, response: httpx.Response) -> None:
        if self._trace is not None:
            masked = echo_redactor(response.request, self._secrets).text
            reason, request_id = masked(response.reason_phrase), masked(response.headers.get("X-Request-Id", "-"))
            self._trace(f"< HTTP {response.status_code} {clean(reason, 40)}, request id {clean(request_id, 80)}")
