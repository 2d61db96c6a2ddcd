"""HTTP clients of a run, one for each host, and the secrets in use."""

from collections.abc import Callable
from typing import Self

import httpx

from hssgate.clock import Clock
from hssgate.hss.exchange import Wire, echo_redactor
from hssgate.hss.proxies import Proxy
from hssgate.hss.secret import Secret
from hssgate.text import clean


class Hosts:
    """Opens a client for a host when it is first spoken to.

    Args:
        open_client: takes scheme and host, and the proxy for it, if there is one.
        proxy_for: takes scheme and host, returns the proxy that it is reached through, or None.
        clock: bounds each exchange.
        on_secret: called with each secret before it is used.
        trace: called with a line for each request and response, without secrets.
        say: called with a line about the way in, for those who want to know more.
    """

    def __init__(
        self,
        open_client: Callable[[str, Proxy | None], httpx.Client],
        proxy_for: Callable[[str], Proxy | None],
        clock: Clock,
        *,
        on_secret: Callable[[Secret], None],
        trace: Callable[[str], None] | None = None,
        say: Callable[[str], None],
    ) -> None:
        self._open_client = open_client
        self._proxy_for = proxy_for
        self._clock = clock
        self._secrets: list[Secret] = []
        self._on_secret = on_secret
        self._trace = trace
        self._clients: dict[str, httpx.Client] = {}
        self._wires: dict[str, Wire] = {}
        self.say = say

    def wire(self, endpoint: str) -> Wire:
        """Return what speaks to this host.

        Raises:
            Misused: the CA bundle or the proxy cannot be used.
        """
        if endpoint not in self._wires:
            proxy = self._proxy_for(endpoint)
            client = self._open_client(endpoint, proxy)
            if self._trace is not None:
                client.event_hooks = {"request": [self._tell_request], "response": [self._tell_response]}
            self._clients[endpoint] = client
            self._wires[endpoint] = Wire(client, self._clock, self._secrets, proxy)
        return self._wires[endpoint]

    def learn(self, *secrets: Secret) -> None:
        """Let these be shown nowhere from now on."""
        for secret in secrets:
            self._secrets.append(secret)
            self._on_secret(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def _tell_request(self, request: httpx.Request) -> None:
        if self._trace is not None:
            self._trace(f"> {request.method} {request.url}")

    def _tell_response(self, response: httpx.Response) -> None:
        if self._trace is not None:
            masked = echo_redactor(response.request, self._secrets).text
            reason, request_id = masked(response.reason_phrase), masked(response.headers.get("X-Request-Id", "-"))
            self._trace(f"< HTTP {response.status_code} {clean(reason, 40)}, request id {clean(request_id, 80)}")
