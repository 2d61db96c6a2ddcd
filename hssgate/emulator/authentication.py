"""Who is asking: tokens and signatures checked as the gateway does, and keys locked after too many failures."""

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from hssgate.emulator.model import Credential
from hssgate.emulator.refusals import Refusal, not_authenticated
from hssgate.emulator.signature import ALGORITHM, Claim, canonical_request, read_claim, signature
from hssgate.emulator.wire import Call

_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_SKEW_ALLOWED = 15 * 60.0  # seconds
_FAILURES_ALLOWED = 5
_LOCKED_FOR = 5 * 60.0  # seconds


class Authenticator:
    """The gateway's knowledge of keys and of their failures.

    Args:
        credentials: who may ask.
    """

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self._pairs: dict[str, list[Credential]] = {}
        self._tokens: list[tuple[bytes, Credential]] = []
        for credential in credentials:
            if credential.token is not None:
                self._tokens.append((credential.token.get_secret_value().encode(), credential))
            elif credential.ak is not None:
                self._pairs.setdefault(credential.ak, []).append(credential)
        self._failures: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}

    def authenticate(self, call: Call, now: float) -> tuple[str, Credential]:
        """Return by what name its requests are counted, and the credential.

        Args:
            call: the request.
            now: the server's clock, epoch seconds.

        Raises:
            Refusal: 401 APIGW.0301, with the reason.
        """
        authorization = call.headers.get("authorization")
        if authorization is not None:
            claim = read_claim(authorization)
            if claim is None:
                raise not_authenticated(f"the Authorization header is not in the form of {ALGORITHM}")
            return claim.ak, self._verified(call, claim, now)
        token = call.headers.get("x-auth-token")
        if not token:
            raise not_authenticated("x-auth-token not found")
        given = token.encode("latin-1")
        for known, credential in self._tokens:
            if hmac.compare_digest(known, given):
                return token, credential
        raise not_authenticated("decrypt token fail")

    def _verified(self, call: Call, claim: Claim, now: float) -> Credential:
        candidates = self._pairs.get(claim.ak)
        if not candidates:
            raise not_authenticated(f"Get secretKey failed,ak:{claim.ak},err:ak not exist")
        if now < self._locked_until.get(claim.ak, now):
            raise not_authenticated("AK access failed to reach the limit,forbidden")
        date = _date_of(call, claim, now)
        canonical = canonical_request(call, claim.signed_headers)
        for credential in candidates:
            if _matches(credential, call, claim, canonical, date):
                self._failures.pop(claim.ak, None)
                return credential
        raise self._failure(claim.ak, canonical, now)

    def _failure(self, ak: str, canonical: bytes, now: float) -> Refusal:
        self._failures[ak] = self._failures.get(ak, 0) + 1
        if self._failures[ak] >= _FAILURES_ALLOWED:
            del self._failures[ak]
            self._locked_until[ak] = now + _LOCKED_FOR
        shown = canonical.decode(errors="replace").replace("\n", "|")
        return not_authenticated(f"verify aksk signature fail, canonicalRequest:{shown}")


def _date_of(call: Call, claim: Claim, now: float) -> str:
    date = call.headers.get("x-sdk-date", "")
    if not date or "x-sdk-date" not in claim.signed_headers:
        raise not_authenticated("the header X-Sdk-Date is missing or not signed")
    try:
        moment = datetime.strptime(date, _DATE_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise not_authenticated(f"the date of X-Sdk-Date is not like {_DATE_FORMAT}") from None
    if abs(moment - now) > _SKEW_ALLOWED:
        server_time = datetime.fromtimestamp(now, UTC).strftime(_DATE_FORMAT)
        raise not_authenticated(f"signature expired, signature time:{date},server time:{server_time}")
    return date


def _matches(credential: Credential, call: Call, claim: Claim, canonical: bytes, date: str) -> bool:
    if credential.security_token is not None:
        given = call.headers.get("x-security-token", "").strip().encode("latin-1")
        if not hmac.compare_digest(credential.security_token.get_secret_value().encode(), given):
            return False
    sk = credential.sk.get_secret_value() if credential.sk is not None else ""
    return hmac.compare_digest(signature(canonical, sk=sk, date=date), claim.signature)
