"""Temporary keys of the machine's agency, from the metadata service of the ECS.

Source: the official SDK's MetadataAccessor.
"""

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.hss.auth.issuers import CredentialResponse, parse_body, require_success, send, with_issuer_in_errors
from hssgate.hss.auth.lease import Issued, seconds_left
from hssgate.hss.credentials import AccessKey, MachineAgency
from hssgate.hss.exchange import HostClient, Request
from hssgate.hss.hosts import Hosts
from hssgate.hss.http import METADATA_HOST
from hssgate.hss.refusals import OTHER_SERVER, Advice
from hssgate.hss.responses import exchange_of
from hssgate.hss.secret import Secret, is_sendable

ISSUER = "the machine's metadata service"
ENDPOINT = f"http://{METADATA_HOST}"  # plain http: the traffic does not leave the physical host
_LONGEST_WAIT = 3.0  # seconds of one exchange; a link-local service responds at once or does not exist
_MOST_SILENCES = 3
_TOKEN_LIFE = 6 * 60 * 60  # seconds
_WITHOUT_TOKENS = frozenset({404, 405, 503})  # of an older service, which requires no token
_ADVICE = Advice({}, {}, "give the machine an agency that may read HSS, or unset HSSGATE_ECS_AGENCY")


class MachineKeys:
    """Obtains temporary keys from the metadata service.

    Args:
        credentials: the agency.
        hosts: HTTP clients; they mask the issued secrets.
        clock: for the deadline and the expiry time.
    """

    def __init__(self, credentials: MachineAgency, hosts: Hosts, clock: Clock) -> None:
        self._credentials = credentials
        self._hosts = hosts
        self._clock = clock
        self._silences = 0
        self._was_answered = False

    def obtain(self, within: float) -> Issued[AccessKey]:
        """Return temporary keys.

        Args:
            within: seconds for all exchanges.

        Raises:
            ApiUnavailable: there was no usable response.
            ApiRefused: a retry would not help; also after several attempts without any response: then this machine
                is not an ECS.
        """
        try:
            return self._ask(Deadline(self._clock.monotonic(), within))
        except ApiUnavailable as error:
            if self._was_answered or error.exchange.http_status is not None:
                raise
            self._silences += 1
            may_be_there = self._silences < _MOST_SILENCES
            kind = ApiUnavailable if may_be_there else ApiRefused
            raise kind(f"{error}; HSSGATE_ECS_AGENCY only works on an ECS", error.exchange) from error

    def _ask(self, deadline: Deadline) -> Issued[AccessKey]:
        host = self._hosts.client(ENDPOINT)
        token = _token(host, self._hosts, self._left(deadline))
        self._was_answered = True
        request = Request(
            url=f"{ENDPOINT}/openstack/latest/securitykey",
            headers={"X-Metadata-Token": token.reveal()} if token else {},
            for_secrets=True,
        )
        response = send(host, request, ISSUER, _ADVICE, self._left(deadline))
        issued = parse_body(response, CredentialResponse, ISSUER).credential
        return Issued(
            issued.as_access_key(self._credentials.source, self._hosts),
            seconds_left(issued.expires_at.timestamp(), response, self._clock),
        )

    def _left(self, deadline: Deadline) -> float:
        return min(deadline.left(self._clock.monotonic()), _LONGEST_WAIT)


def _token(host: HostClient, hosts: Hosts, within: float) -> Secret | None:
    """Return a token of the service, or None if the service is too old to require one."""
    request = Request(
        url=f"{ENDPOINT}/meta-data/latest/api/token",
        method="PUT",
        headers={"X-Metadata-Token-Ttl-Seconds": str(_TOKEN_LIFE)},
        for_secrets=True,
    )
    response = with_issuer_in_errors(lambda: host.send(request, within=within), ISSUER)
    if response.status in _WITHOUT_TOKENS:
        return None
    text = require_success(lambda: response, ISSUER, _ADVICE).body.decode("ascii", errors="replace").strip()
    if not is_sendable(text):
        what = f"{ISSUER}: unreadable answer: it is not a token"
        raise ApiUnavailable(what, exchange_of(response), advice=OTHER_SERVER)
    token = Secret(text)
    hosts.learn(token)
    return token
