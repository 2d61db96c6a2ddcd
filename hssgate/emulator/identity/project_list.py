"""IAM: the projects of a region.

Source: KeystoneListProjects (iam_06_0001).
"""

from hssgate.emulator.identity.dialects import invalid_for_iam, unauthorized
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.tokens import ACCOUNT, domain_of
from hssgate.emulator.parameters import Parameters
from hssgate.emulator.refusals import Refusal
from hssgate.emulator.wire import Answer, Call, json_answer


def list_projects(service: IdentityService, call: Call, now: float) -> Answer:
    """Answer `GET /v3/projects`, where without `name` the projects of all regions are meant.

    Args:
        service: knows the projects.
        call: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400, the query is odd; 401, key or token is not accepted, or the token has no scope.
    """
    try:
        caller = service.authenticator.authenticate(call, now)
    except Refusal as refusal:
        raise unauthorized(refusal.message) from None
    if caller.token and caller.token.scope == "unscoped":
        raise unauthorized("An unscoped token cannot be used for authentication.")
    try:
        name = Parameters(call.query).text("name", 0, 64)
    except Refusal as refusal:
        raise invalid_for_iam(refusal.description) from None
    projects = service.projects.named(name) if name else service.projects.all()
    account = domain_of(ACCOUNT)["id"]
    rows = [
        {
            "id": project.id,
            "name": project.name,
            "description": "",
            "domain_id": account,
            "parent_id": account,
            "is_domain": False,
            "enabled": True,
            "links": {"self": f"/v3/projects/{project.id}"},
        }
        for project in projects
    ]
    return json_answer(200, {"projects": rows, "links": {"self": "/v3/projects", "previous": None, "next": None}})
