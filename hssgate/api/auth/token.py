"""Requests that carry an IAM token."""

from collections.abc import Generator

import httpx
from pydantic import SecretStr


class TokenAuth(httpx.Auth):
    """Sends the token as `X-Auth-Token`.

    Args:
        token: the IAM token.
    """

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._token.get_secret_value()
        yield request
