"""Token authentication: sends an IAM token."""

from collections.abc import Callable, Generator

from hssgate.hss.http_library import httpx
from hssgate.hss.secret import Secret


class TokenAuth(httpx.Auth):
    """Sends the token as `X-Auth-Token`.

    Args:
        token: returns the current IAM token; a token from a password is renewed.
    """

    def __init__(self, token: Callable[[], Secret]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._token().reveal()
        yield request
