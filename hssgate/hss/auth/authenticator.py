"""Authenticates requests and resolves the project id."""

from collections.abc import Callable
from typing import TypeVar, assert_never

from hssgate.clock import Clock
from hssgate.durations import Deadline, describe_skew
from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.auth.access_key import SignedAuth
from hssgate.hss.auth.lease import Issued, Lease
from hssgate.hss.auth.token import TokenAuth
from hssgate.hss.connection import Connection
from hssgate.hss.credentials import AccessKey, Federation, Keyless, MachineAgency, Password, Token
from hssgate.hss.exchange import LARGEST_BODY, HostClient, Request, Response
from hssgate.hss.hosts import Hosts
from hssgate.hss.http_library import httpx
from hssgate.hss.secret import Secret

T = TypeVar("T")

_UNAUTHORIZED = 401


class Authenticator:
    """Authenticates requests and resolves the project id.

    Args:
        connection: credentials, project, and the endpoints of IAM and STS.
        hosts: HTTP clients for IAM and STS.
        clock: for deadlines, signatures and expiry times.
        warn: called with one line for each problem that was corrected.
    """

    def __init__(self, connection: Connection, hosts: Hosts, clock: Clock, warn: Callable[[str], None]) -> None:
        self._connection = connection
        self._hosts = hosts
        self._clock = clock
        self._warn = warn
        self._project_id = connection.project_id
        self._refusal: ApiRefused | None = None
        self._keys: Lease[AccessKey] | None = None
        self._session: Lease[tuple[Secret, str | None]] | None = None
        self._auth = self._auth_of(connection)

    @property
    def project_id(self) -> str:
        """The id of the Huawei Cloud project; call `prepare` first."""
        if self._project_id is None:
            raise RuntimeError("the project was not looked up")
        return self._project_id

    def prepare(self, within: float) -> None:
        """Obtain or renew the credentials and resolve the project id, where either is missing.

        Args:
            within: seconds for all requests together.

        Raises:
            ApiUnavailable: there was no usable response.
            ApiRefused: a retry would not help; a refused credential is never sent again.
        """
        deadline = Deadline(self._clock.monotonic(), within)
        self.obtain_credentials(within)
        self.resolve_project(deadline.left(self._clock.monotonic()))

    def obtain_credentials(self, within: float) -> None:
        """Obtain or renew temporary keys or the IAM token; see `prepare`."""
        if self._keys is not None:
            self._keys.prepare(within)
        if self._session is not None:
            self._session.prepare(within)
            self._project_id = self._project_id or self._session.value[1]

    def resolve_project(self, within: float) -> None:
        """Resolve the project id; see `prepare`. Call `obtain_credentials` first."""
        if self._project_id is None:
            self._look_up_project(Deadline(self._clock.monotonic(), within))

    def correct_clock(self, server_time: float | None) -> None:
        """Sign with the server's time if the local clock is too far from it.

        Args:
            server_time: the server's `Date`, in epoch seconds.
        """
        if isinstance(self._auth, SignedAuth):
            self._auth.correct_skew(server_time)

    def send(self, host: HostClient, url: str, left: Callable[[], float], largest: int = LARGEST_BODY) -> Response:
        """Send a request with the credentials; send it again once if only the local clock was wrong.

        Args:
            host: client of the host.
            url: already encoded.
            left: returns the seconds that are left.
            largest: limit of the response's body in bytes.

        Raises:
            ApiUnavailable: there was no response in time.
            ApiRefused: the server's certificate is not trusted.
        """
        # A wrong signature counts towards the lock of the access key (five failures lock it for five minutes), so a
        # 401 is repeated only if the server's `Date` shows that our clock was off, and only once in a run.
        request = Request(url=url, auth=self._auth, largest=largest)
        response = host.send(request, within=left())
        if response.status == _UNAUTHORIZED and isinstance(self._auth, SignedAuth):
            skew = self._auth.correct_skew(response.server_time)
            if skew is not None:
                self._warn(describe_skew(skew))
                response = host.send(request, within=left())
        return response

    def _look_up_project(self, deadline: Deadline) -> None:
        if self._refusal is not None:
            raise self._refusal
        from hssgate.hss.auth.projects import look_up_project

        endpoint, region = self._connection.iam_endpoint or "", self._connection.region or ""
        host = self._hosts.client(endpoint)
        try:
            self._project_id = look_up_project(
                lambda url: self.send(host, url, lambda: _left(deadline, self._clock)), endpoint, region
            )
        except ApiRefused as refusal:
            self._refusal = refusal
            raise
        self._hosts.log(f"project {self._project_id}, the one that IAM knows of region {region}")

    def _auth_of(self, connection: Connection) -> httpx.Auth:
        hosts, clock, sts, iam = self._hosts, self._clock, connection.sts_endpoint or "", connection.iam_endpoint or ""
        match connection.credentials:
            case Token() as token:
                return TokenAuth(lambda: token.value)
            case AccessKey() as key:
                return self._signed(lambda: key)
            case Keyless() as keyless:
                from hssgate.hss.auth.sts import assume_with_oidc

                return self._with_temporary_keys(lambda within: assume_with_oidc(keyless, sts, hosts, clock, within))
            case Federation() as federation:
                from hssgate.hss.auth.federation import federate

                return self._with_temporary_keys(lambda within: federate(federation, iam, hosts, clock, within))
            case MachineAgency() as agency:
                from hssgate.hss.auth.metadata import MachineKeys

                return self._with_temporary_keys(MachineKeys(agency, hosts, clock).obtain)
            case Password() as password:
                session = self._session = self._lease("IAM token", lambda within: self._log_in(password, within))
                return TokenAuth(lambda: session.value[0])
            case unreachable:
                assert_never(unreachable)

    def _with_temporary_keys(self, obtain: Callable[[float], Issued[AccessKey]]) -> SignedAuth:
        keys = self._keys = self._lease("temporary keys", obtain)
        return self._signed(lambda: keys.value)

    def _lease(self, what: str, obtain: Callable[[float], Issued[T]]) -> Lease[T]:
        return Lease(obtain, self._clock, what=what, warn=self._warn, log=self._hosts.log)

    def _signed(self, key: Callable[[], AccessKey]) -> SignedAuth:
        return SignedAuth(key, lambda: self._project_id, self._clock)

    def _log_in(self, password: Password, within: float) -> Issued[tuple[Secret, str | None]]:
        from hssgate.hss.auth.password import log_in

        project_id, region = self._project_id, self._connection.region
        scope = {"id": project_id} if project_id is not None else {"name": region or ""}
        iam = self._connection.iam_endpoint or ""
        return log_in(password, iam, self._hosts, self._clock, scope=scope, within=within)


def _left(deadline: Deadline, clock: Clock) -> float:
    left = deadline.left(clock.monotonic())
    if left <= 0:
        raise ApiUnavailable("no time was left to look up the project")
    return left
