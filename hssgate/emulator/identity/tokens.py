"""Issues IAM tokens: their scope and their response."""

from pydantic import JsonValue

from hssgate.emulator.generated import stable_id
from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import invalid_for_iam, not_found
from hssgate.emulator.identity.moments import in_microseconds
from hssgate.emulator.identity.projects import Project
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.issued import Holder, Scope
from hssgate.emulator.messages import Response, json_response

ACCOUNT = "emulator-domain"  # of projects and federated users


def give_token(
    service: IdentityService,
    body: Body,
    now: float,
    *,
    holder: Holder,
    method: str,
    user: dict[str, JsonValue],
) -> Response:
    """Return 201 with a token for the scope in the body.

    Args:
        service: issues the token.
        body: may contain `auth.scope`.
        now: epoch seconds.
        holder: the identity that it belongs to.
        method: authentication method.
        user: the user, in the format of the response.

    Raises:
        Refusal: 400: the scope is not valid; 404: no such project.
    """
    scope, project = _scope_of(body, service)
    ends = now + service.known.lifetimes.token
    token = service.issued.give_token(holder, scope, project.id if project else None, ends)
    content: dict[str, JsonValue] = {
        "expires_at": in_microseconds(ends),
        "issued_at": in_microseconds(now),
        "methods": [method],
        "catalog": [],
        "roles": [],
        "user": user,
    }
    if project:
        content["project"] = {"id": project.id, "name": project.name, "domain": user["domain"]}
    elif scope == "domain":
        content["domain"] = user["domain"]
    return json_response(201, {"token": content}).with_headers([("X-Subject-Token", token.text)])


def domain_of(name: str) -> dict[str, JsonValue]:
    """Return an account in the format of a response."""
    return {"id": stable_id("domain", name), "name": name}


def _scope_of(body: Body, service: IdentityService) -> tuple[Scope, Project | None]:
    if body.has("auth.scope.project.id"):
        project = service.projects.with_id(body.text("auth.scope.project.id", longest=64))
    elif body.has("auth.scope.project"):
        project = next(iter(service.projects.named(body.text("auth.scope.project.name", longest=64))), None)
    elif body.has("auth.scope.domain"):
        return "domain", None
    elif body.has("auth.scope"):
        raise invalid_for_iam("auth.scope needs project or domain")
    else:
        return "unscoped", None
    if project is None:
        raise not_found("the project")
    return "project", project
