"""GitHub's token service: issues an id token to a job.

Sources: OpenID Connect reference of GitHub Actions; `@actions/core`, which appends `&audience=` to the address.
"""

from hssgate.emulator.identity.dialects import GitHubRefusal
from hssgate.emulator.identity.id_tokens import sign_id_token
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.messages import Request, Response, json_response
from hssgate.emulator.parameters import Parameters
from hssgate.emulator.refusals import Refusal

_OWNER, _REPOSITORY = "emulator", "emulator/hssgate"
_REF = "refs/heads/main"


def give_github_token(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `GET /_emulator/github/token?api-version=2.0`.

    Args:
        service: has the request token that a job must send.
        request: the request; the default audience is the owner of the repository.
        now: epoch seconds.

    Raises:
        Refusal: 400: the query is not valid; 401: the request token is wrong.
    """
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    expected = service.known.github_request_token.get_secret_value()
    if scheme.lower() != "bearer" or shown.strip().encode("latin-1") != expected.encode():
        raise GitHubRefusal(401, "", "The request token is not accepted")
    try:
        given = Parameters(request.query)
        given.demand("api-version")
        given.choice("api-version", ("2.0",))
        audience = given.text("audience", 0, 2048)
    except Refusal as refusal:
        raise GitHubRefusal(400, "", refusal.description) from None
    token = sign_id_token(
        {
            "jti": service.mint.hexadecimal(32),
            "sub": f"repo:{_REPOSITORY}:ref:{_REF}",
            "aud": audience or f"https://github.com/{_OWNER}",
            "iss": "https://token.actions.githubusercontent.com",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + service.known.lifetimes.id_token),
            "ref": _REF,
            "ref_type": "branch",
            "repository": _REPOSITORY,
            "repository_owner": _OWNER,
            "event_name": "push",
            "runner_environment": "github-hosted",
        }
    )
    return json_response(200, {"count": len(token), "value": token})
