"""Request signing with an access key, including one correction of a wrong local clock."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime

from hssgate.clock import Clock
from hssgate.hss.auth.signature import authorization, canonical_request
from hssgate.hss.credentials import AccessKey
from hssgate.hss.http_library import httpx

SKEW_ALLOWED = 15 * 60.0  # seconds; source: API Request Signing Guide
_MARGIN = 60.0  # seconds; `Date` is in whole seconds, and the response took time to arrive


class SignedAuth(httpx.Auth):
    """Signs each request with SDK-HMAC-SHA256.

    Args:
        key: returns the current access key; temporary ones are renewed.
        project_id: returns the project id, sent and signed as `X-Project-Id`, or None if it is not resolved yet.
        clock: for the time of the signature.
    """

    def __init__(self, key: Callable[[], AccessKey], project_id: Callable[[], str | None], clock: Clock) -> None:
        self._key = key
        self._project_id = project_id
        self._clock = clock
        self._ahead = 0.0  # seconds by which the server's clock is ahead of ours

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature and the signed headers.

        The gateway signs the path and query that it receives. httpx would encode a query again, with other escapes, so
        the query was encoded and sorted once (`query.encode`), and `raw_path` holds exactly the bytes that are sent.
        """
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
        """Use the server's time from now on if our clock is wrong enough to explain a refused signature.

        Args:
            server_time: the server's `Date`, in epoch seconds.

        Returns:
            The skew in seconds (positive: our clock is behind), or None if the clock is not the cause or was corrected
            before: a retry would then only be another wrong signature.
        """
        if server_time is None or self._ahead:
            return None
        skew = server_time - self._clock.epoch()
        if abs(skew) < SKEW_ALLOWED - _MARGIN:
            return None
        self._ahead = skew
        return skew
