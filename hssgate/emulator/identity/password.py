"""IAM: a token for a name and a password.

Source: KeystoneCreateUserTokenByPassword (iam_30_0001).
"""

from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import invalid_for_iam, unauthorized
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.tokens import domain_of, give_token
from hssgate.emulator.issued import Holder
from hssgate.emulator.mint import lasting_id
from hssgate.emulator.wire import Answer, Call


def give_password_token(service: IdentityService, call: Call, now: float) -> Answer:
    """Answer `POST /v3/auth/tokens`.

    Args:
        service: knows the users.
        call: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400, the body is odd; 401, name, password or account is wrong; 404, there is no such project.
    """
    body = Body(call.body, invalid_for_iam)
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
                    "id": lasting_id("user", f"{user.domain} {user.name}"),
                    "name": user.name,
                    "domain": domain_of(user.domain),
                    "password_expires_at": "",
                },
            )
    raise unauthorized("The username or password is wrong.")
