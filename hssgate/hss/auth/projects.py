"""Project id of a region, from IAM.

Source: KeystoneListProjects; every region has a project with the region's name, and may have more.
"""

from collections.abc import Callable
from urllib.parse import quote

from hssgate.errors import ApiRefused
from hssgate.hss.auth.issuers import ProjectId, parse_body, require_success
from hssgate.hss.exchange import Response
from hssgate.hss.fields import ResponseModel
from hssgate.hss.refusals import Advice
from hssgate.hss.responses import exchange_of
from hssgate.text import clean

ISSUER = "IAM (projects)"
_GIVE_IT = "give --project-id (or HSSGATE_PROJECT_ID)"
_MOST_SHOWN = 10
_ADVICE = Advice(
    {},
    {401: "check the credentials and this machine's clock"},
    f"the identity may not list projects: {_GIVE_IT}",
)


class _Project(ResponseModel):
    id: ProjectId
    name: str


class _ProjectsResponse(ResponseModel):
    projects: tuple[_Project, ...]


def look_up_project(ask: Callable[[str], Response], endpoint: str, region: str) -> str:
    """Return the id of the region's project.

    Args:
        ask: sends a request with the credentials, returns the response.
        endpoint: of IAM.
        region: the region.

    Raises:
        ApiUnavailable: there was no usable response.
        ApiRefused: there is none, there are several, or the identity may not list them.
    """
    url = f"{endpoint}/v3/projects?name={quote(region, safe='-_.~')}"
    response = require_success(lambda: ask(url), ISSUER, _ADVICE)
    found = [project for project in parse_body(response, _ProjectsResponse, ISSUER).projects if project.name == region]
    match found:
        case [project]:
            return project.id
        case []:
            message = f"there is no project in region {region} for these credentials: check --region, or {_GIVE_IT}"
        case _:
            ids = ", ".join(clean(project.id, 100) for project in found[:_MOST_SHOWN])
            message = f"region {region} has {len(found)} projects ({ids}): {_GIVE_IT} to choose one"
    raise ApiRefused(f"{ISSUER}: {message}", exchange_of(response))
