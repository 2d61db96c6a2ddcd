"""IAM: issues a token for a user name and password.

Source: KeystoneCreateUserTokenByPassword (iam_30_0001).
"""

from hssgate.emulator.generated import stable_id
from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import invalid_for_iam, unauthorized
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.tokens import domain_of, give_token
from hssgate.emulator.issued import Holder
from hssgate.emulator.messages import Request, Response


def give_password_token(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `POST /v3/auth/tokens`.

    Args:
        service: users, projects and issued credentials.
        request: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400: the body is not valid; 401: name, password or account is wrong; 404: no such project.
    """
    body = Body(request.body, invalid_for_iam)
    if body.texts("auth.identity.methods") != ["password"]:
        raise invalid_for_iam("auth.identity.methods must be password alone")
    given = (
        body.text("auth.identity.password.user.name"),
        body.text("auth.identity.password.user.password"),
        body.text("auth.identity.password.user.domain.name"),
    )
    for user in service.known.users:
        if given == (user.name, user.password.get_secret_value(), user.domain):
            return give_token(
                service,
                body,
                now,
                holder=Holder(f"user {user.name} of {user.domain}", user.deny),
                method="password",
                user={
                    "id": stable_id("user", f"{user.domain} {user.name}"),
                    "name": user.name,
                    "domain": domain_of(user.domain),
                    "password_expires_at": "",
                },
            )
    raise unauthorized("The username or password is wrong.")
