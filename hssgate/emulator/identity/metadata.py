"""Metadata service of an ECS: its tokens, and the temporary key of its agency."""

import re

from hssgate.emulator.identity.dialects import MetadataRefusal
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.temporary_keys import credential_of
from hssgate.emulator.issued import Holder
from hssgate.emulator.messages import Request, Response, json_response

_LONGEST = 21600  # seconds that a token may last
_KEY_LASTS = 21600.0  # seconds
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_TOKEN_SIZE = 42  # bytes


def give_metadata_token(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `PUT /meta-data/latest/api/token`.

    Args:
        service: has the metadata service of the scenario.
        request: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400: `X-Metadata-Token-Ttl-Seconds` is missing or out of range; 404: there is no such service;
            the scenario's status for a service without tokens.
    """
    metadata = service.known.metadata
    _demand_service(service)
    if metadata.no_token_service:
        raise MetadataRefusal(metadata.no_token_service, "", "There are no tokens here")
    given = request.headers.get("x-metadata-token-ttl-seconds", "").strip()
    if not _WHOLE.fullmatch(given) or not 1 <= int(given) <= _LONGEST:
        raise MetadataRefusal(400, "", f"X-Metadata-Token-Ttl-Seconds must be 1 to {_LONGEST}")
    token = service.mint.token(_TOKEN_SIZE)
    service.metadata_tokens[token] = now + int(given)
    return Response(200, token.encode(), (("Content-Type", "text/plain"), ("X-Metadata-Token-Ttl-Seconds", given)))


def give_metadata_key(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `GET /openstack/latest/securitykey`.

    Args:
        service: has the metadata service of the scenario.
        request: the request.
        now: epoch seconds.

    Raises:
        Refusal: 401: the token is missing, unknown or expired, or the ECS has no agency; 404: there is no such
            service.
    """
    metadata = service.known.metadata
    _demand_service(service)
    token = request.headers.get("x-metadata-token", "")
    if not metadata.no_token_service and service.metadata_tokens.get(token, now) <= now:
        raise MetadataRefusal(401, "", "Unauthorized")
    if not metadata.agency:
        raise MetadataRefusal(401, "", "Please configure Cloud Service Agency first")
    key = service.issued.give_key(Holder("agency of the ECS", metadata.deny), service.key_ends(now, _KEY_LASTS))
    return json_response(200, credential_of(key))


def _demand_service(service: IdentityService) -> None:
    if not service.known.metadata.enabled:
        raise MetadataRefusal(404, "", "Not Found")
