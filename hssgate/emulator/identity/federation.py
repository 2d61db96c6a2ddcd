"""IAM: issues a token in exchange for an id token of an identity provider.

Source: CreateTokenWithIdToken (iam_13_0605).
"""

from hssgate.emulator.generated import stable_id
from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import invalid_for_iam, not_found, unauthorized
from hssgate.emulator.identity.id_tokens import IdTokenInvalid, read_id_token
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.tokens import ACCOUNT, domain_of, give_token
from hssgate.emulator.issued import Holder
from hssgate.emulator.messages import Request, Response


def give_federation_token(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `POST /v3.0/OS-AUTH/id-token/tokens`.

    Args:
        service: providers, projects and issued credentials.
        request: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400: header or body is not valid; 401: the id token is not accepted; 404: no such provider or project.
    """
    provider_id = request.headers.get("x-idp-id")
    if not provider_id:
        raise invalid_for_iam("the header X-Idp-Id is missing")
    body = Body(request.body, invalid_for_iam)
    text = body.text("auth.id_token.id")
    provider = next((provider for provider in service.known.providers if provider.id == provider_id), None)
    if provider is None:
        raise not_found("the identity provider")
    try:
        id_token = read_id_token(text, provider, now)
    except IdTokenInvalid as error:
        raise unauthorized(f"The id token is invalid: {error}") from None
    return give_token(
        service,
        body,
        now,
        holder=Holder(f"federation {provider_id}", provider.deny),
        method="mapped",
        user={
            "id": stable_id("federated user", f"{provider_id} {id_token.subject}"),
            "name": id_token.subject,
            "domain": domain_of(ACCOUNT),
            "OS-FEDERATION": {
                "groups": [],
                "identity_provider": {"id": provider_id},
                "protocol": {"id": "oidc"},
            },
        },
    )
