"""How IAM gives out a token: for which scope, and in which answer."""

from pydantic import JsonValue

from hssgate.emulator.identity.body import Body
from hssgate.emulator.identity.dialects import invalid_for_iam, not_found
from hssgate.emulator.identity.moments import in_microseconds
from hssgate.emulator.identity.projects import Project
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.issued import Holder, Scope
from hssgate.emulator.mint import lasting_id
from hssgate.emulator.wire import Answer, json_answer

ACCOUNT = "emulator-domain"  # of all that belongs to no user


def give_token(
    service: IdentityService,
    body: Body,
    now: float,
    *,
    holder: Holder,
    method: str,
    user: dict[str, JsonValue],
) -> Answer:
    """Return 201 with a token for the scope that a body asks for.

    Args:
        service: gives it out.
        body: has `auth.scope`, or asks for no scope.
        now: epoch seconds.
        holder: who gets it.
        method: how he showed who he is.
        user: who he is, as the answer tells it.

    Raises:
        Refusal: 400, the scope is odd; 404, there is no such project.
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
    return json_answer(201, {"token": content}).with_headers([("X-Subject-Token", token.text)])


def domain_of(name: str) -> dict[str, JsonValue]:
    """Return an account as answers tell it."""
    return {"id": lasting_id("domain", name), "name": name}


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
