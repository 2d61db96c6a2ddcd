"""STS: issues a session of a trust agency in exchange for an id token.

Source: AssumeAgencyWithOIDC (api-iam5), ranges of the request model of its SDK.
"""

from hssgate.emulator.generated import stable_id
from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import denied_by_sts, invalid_for_sts, invalid_id_token, no_such_provider
from hssgate.emulator.identity.id_tokens import IdTokenInvalid, read_id_token
from hssgate.emulator.identity.moments import in_milliseconds
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.issued import Holder
from hssgate.emulator.messages import Request, Response, json_response

_SHORTEST, _LONGEST, _USUAL = 900, 43200, 3600  # seconds
_LONGEST_URN = 1500


def assume_agency(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `POST /v5/agencies/assume-with-oidc`, which is not signed. A policy is validated and not applied.

    Args:
        service: providers, agencies and issued credentials.
        request: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400: body or id token is not valid; 403: no such agency; 404: no such provider.
    """
    body = Body(request.body, invalid_for_sts)
    provider_urn = body.text("provider_urn", longest=_LONGEST_URN)
    agency_urn = body.text("agency_urn", longest=_LONGEST_URN)
    session = body.text("agency_session_name", 2, 128)
    text = body.text("id_token", 4, 20000)
    seconds = body.number("duration_seconds", _SHORTEST, _LONGEST, default=_USUAL)
    if body.has("policy"):
        body.text("policy", 2, 2048)
    if body.has("policy_ids"):
        body.texts("policy_ids")
    provider = next((provider for provider in service.known.providers if provider.urn == provider_urn), None)
    if provider is None:
        raise no_such_provider()
    try:
        id_token = read_id_token(text, provider, now)
    except IdTokenInvalid as error:
        raise invalid_id_token(str(error)) from None
    agency = next((agency for agency in service.known.agencies if agency.urn == agency_urn), None)
    if agency is None:
        raise denied_by_sts()
    if seconds > agency.max_session_duration:
        raise invalid_for_sts("duration_seconds is more than the maximum session duration of the agency")
    key = service.issued.give_key(Holder(f"agency {agency_urn}", agency.deny), service.key_ends(now, seconds))
    return json_response(
        200,
        {
            "assumed_agency": {
                "urn": f"sts::{_account_of(agency_urn)}:assumed-agency:{agency_urn.rpartition(':')[2]}/{session}",
                "id": f"{stable_id('agency', agency_urn)}:{session}",
            },
            "credentials": {
                "access_key_id": key.ak,
                "secret_access_key": key.sk,
                "security_token": key.security_token,
                "expiration": in_milliseconds(key.ends),
            },
            "subject_from_id_token": id_token.subject,
            "audience": id_token.audience,
            "provider": provider_urn,
        },
    )


def _account_of(urn: str) -> str:
    return urn.removeprefix("iam::").partition(":")[0]
