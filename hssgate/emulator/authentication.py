"""Authentication as in the gateway: checks tokens and signatures, and locks keys after too many failures."""

import hmac
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hssgate.emulator.issued import Holder, Issued, IssuedToken
from hssgate.emulator.messages import Request
from hssgate.emulator.model import Credential
from hssgate.emulator.refusals import Refusal, not_authenticated, token_of_another_project
from hssgate.emulator.signature import ALGORITHM, Claim, canonical_request, read_claim, signature

_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_SKEW_ALLOWED = 15 * 60.0  # seconds
_FAILURES_ALLOWED = 5
_LOCKED_FOR = 5 * 60.0  # seconds
_ENDED = "token expires"  # also for temporary keys: the gateway means their security token


@dataclass(frozen=True)
class Caller:
    """The authenticated caller of a request.

    Args:
        holder: the identity.
        token: the IAM token that the emulator issued to it, if the request carries one.
    """

    holder: Holder
    token: IssuedToken | None = None

    def demand_project(self, project_id: str) -> None:
        """Refuse a project outside the scope of the token; keys have no scope.

        Raises:
            Refusal: 401.
        """
        if self.token is None:
            return
        if self.token.scope != "project":
            raise not_authenticated("Unauthorized")
        if self.token.project_id != project_id:
            raise token_of_another_project()


@dataclass(frozen=True)
class _Pair:
    holder: Holder
    sk: str = field(repr=False)
    security_token: bytes | None = field(repr=False)
    ends: float = math.inf


class Authenticator:
    """Checks tokens and signatures, and locks a key after five failures, as the gateway does.

    Args:
        credentials: credentials of the scenario.
        issued: credentials issued while the emulator runs.
    """

    def __init__(self, credentials: Iterable[Credential], issued: Issued) -> None:
        self._issued = issued
        self._pairs: dict[str, list[_Pair]] = {}
        self._tokens: list[tuple[bytes, Holder]] = []
        for number, credential in enumerate(credentials, 1):
            if credential.token is not None:
                holder = Holder(f"token {number}", credential.deny)
                self._tokens.append((credential.token.get_secret_value().encode(), holder))
            elif credential.ak is not None and credential.sk is not None:
                token = credential.security_token
                pair = _Pair(
                    Holder(credential.ak, credential.deny),
                    credential.sk.get_secret_value(),
                    token.get_secret_value().encode() if token else None,
                )
                self._pairs.setdefault(credential.ak, []).append(pair)
        self._failures: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}

    def authenticate(self, request: Request, now: float) -> Caller:
        """Return the caller of a request.

        Args:
            request: the request.
            now: the server's clock, epoch seconds.

        Raises:
            Refusal: 401 APIGW.0301, with the reason.
        """
        authorization = request.headers.get("authorization")
        if authorization is not None:
            claim = read_claim(authorization)
            if claim is None:
                raise not_authenticated(f"the Authorization header is not in the form of {ALGORITHM}")
            return Caller(self._verified(request, claim, now))
        token = request.headers.get("x-auth-token")
        if not token:
            raise not_authenticated("x-auth-token not found")
        return self.of_token(token, now)

    def of_token(self, text: str, now: float) -> Caller:
        """Return the caller that a token belongs to.

        Args:
            text: the token; bytes as Latin-1.
            now: the server's clock, epoch seconds.

        Raises:
            Refusal: 401 APIGW.0301, it is unknown or has expired.
        """
        given = text.encode("latin-1", "replace")
        for known, holder in self._tokens:
            if hmac.compare_digest(known, given):
                return Caller(holder)
        token = self._issued.token(text)
        if token is None:
            raise not_authenticated("decrypt token fail")
        if token.ends <= now:
            raise not_authenticated(_ENDED)
        return Caller(token.holder, token)

    def _verified(self, request: Request, claim: Claim, now: float) -> Holder:
        candidates = self._candidates(claim.ak)
        if not candidates:
            raise _no_such_key(claim.ak)
        if now < self._locked_until.get(claim.ak, now):
            raise not_authenticated("AK access failed to reach the limit,forbidden")
        date = _date_of(request, claim, now)
        candidates = _fitting(candidates, request, claim)
        if all(pair.ends <= now for pair in candidates):
            raise not_authenticated(_ENDED)
        canonical = canonical_request(request, claim.signed_headers)
        for pair in candidates:
            if hmac.compare_digest(signature(canonical, sk=pair.sk, date=date), claim.signature):
                self._failures.pop(claim.ak, None)
                return pair.holder
        raise self._failure(claim.ak, canonical, now)

    def _candidates(self, ak: str) -> list[_Pair]:
        key = self._issued.key(ak)
        if key is None:
            return self._pairs.get(ak, [])
        return [_Pair(key.holder, key.sk, key.security_token.encode(), key.ends)]

    def _failure(self, ak: str, canonical: bytes, now: float) -> Refusal:
        self._failures[ak] = self._failures.get(ak, 0) + 1
        if self._failures[ak] >= _FAILURES_ALLOWED:
            del self._failures[ak]
            self._locked_until[ak] = now + _LOCKED_FOR
        shown = canonical.decode(errors="replace").replace("\n", "|")
        return not_authenticated(f"verify aksk signature fail, canonicalRequest:{shown}")


def _date_of(request: Request, claim: Claim, now: float) -> str:
    date = request.headers.get("x-sdk-date", "")
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


def _fitting(candidates: list[_Pair], request: Request, claim: Claim) -> list[_Pair]:
    """Return the pairs whose security token was sent; without it a temporary key is unknown to the gateway."""
    given = request.headers.get("x-security-token", "").strip().encode("latin-1")
    fitting = [
        pair for pair in candidates if pair.security_token is None or hmac.compare_digest(pair.security_token, given)
    ]
    if not fitting:
        raise not_authenticated("decrypt token fail") if given else _no_such_key(claim.ak)
    if "x-security-token" in claim.signed_headers:
        return fitting
    permanent = [pair for pair in fitting if pair.security_token is None]
    if not permanent:
        raise not_authenticated("the header X-Security-Token is not signed")
    return permanent


def _no_such_key(ak: str) -> Refusal:
    return not_authenticated(f"Get secretKey failed,ak:{ak},err:ak not exist")
