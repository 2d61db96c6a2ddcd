"""IAM: lists projects.

Source: KeystoneListProjects (iam_06_0001).
"""

from hssgate.emulator.identity.dialects import invalid_for_iam, unauthorized
from hssgate.emulator.identity.service import IdentityService
from hssgate.emulator.identity.tokens import ACCOUNT, domain_of
from hssgate.emulator.messages import Request, Response, json_response
from hssgate.emulator.parameters import Parameters
from hssgate.emulator.refusals import Refusal


def list_projects(service: IdentityService, request: Request, now: float) -> Response:
    """Handle `GET /v3/projects`; without `name` it lists the projects of all regions.

    Args:
        service: has the projects.
        request: the request.
        now: epoch seconds.

    Raises:
        Refusal: 400: the query is not valid; 401: key or token is not accepted, or the token has no scope.
    """
    try:
        caller = service.authenticator.authenticate(request, now)
    except Refusal as refusal:
        raise unauthorized(refusal.message) from None
    if caller.token and caller.token.scope == "unscoped":
        raise unauthorized("An unscoped token cannot be used for authentication.")
    try:
        name = Parameters(request.query).text("name", 0, 64)
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
    return json_response(200, {"projects": rows, "links": {"self": "/v3/projects", "previous": None, "next": None}})
