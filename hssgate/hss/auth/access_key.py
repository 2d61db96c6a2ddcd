"""Signs requests with an access key, and corrects a wrong clock once."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime

import httpx

from hssgate.clock import Clock
from hssgate.hss.auth.signature import authorization, canonical_request
from hssgate.hss.credentials import AccessKey

SKEW_ALLOWED = 15 * 60.0  # seconds; source: API Request Signing Guide
_MARGIN = 60.0  # the server's `Date` has whole seconds and took a while to get here


class SignedAuth(httpx.Auth):
    """Signs each request with SDK-HMAC-SHA256.

    Args:
        key: returns the access key of the moment; temporary ones are renewed.
        project_id: returns what is sent and signed as `X-Project-Id`, or None where no project is known yet.
        clock: gives the time of the signature.
    """

    def __init__(self, key: Callable[[], AccessKey], project_id: Callable[[], str | None], clock: Clock) -> None:
        self._key = key
        self._project_id = project_id
        self._clock = clock
        self._ahead = 0.0  # seconds that the server's clock is ahead of ours

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature and what it covers."""
        now = datetime.fromtimestamp(self._clock.epoch() + self._ahead, UTC)
        date = now.strftime("%Y%m%dT%H%M%SZ")
        key, project_id = self._key(), self._project_id()
        signed = {"Host": request.headers["Host"], "X-Sdk-Date": date}
        if project_id is not None:
            signed["X-Project-Id"] = project_id
        if key.security_token:
            signed["X-Security-Token"] = key.security_token.reveal()
        request.headers.update(signed)
        canonical = canonical_request(request.method, request.url.raw_path.decode("ascii"), signed)
        request.headers["Authorization"] = authorization(
            canonical, ak=key.ak, sk=key.sk.reveal(), date=date, signed_headers=signed
        )
        yield request

    def correct_skew(self, server_time: float | None) -> float | None:
        """Take on the server's time if our own explains that it refused the signature.

        Args:
            server_time: the server's `Date`, in epoch seconds.

        Returns:
            The skew in seconds (positive: our clock is behind), or None where the clock is not to blame or was
            healed before: asking again would only be another bad signature.
        """
        if server_time is None or self._ahead:
            return None
        skew = server_time - self._clock.epoch()
        if abs(skew) < SKEW_ALLOWED - _MARGIN:
            return None
        self._ahead = skew
        return skew
