"""Query of `ListGeneralImageVuls`; the ranges are those of the official SDK."""

from dataclasses import dataclass

from hssgate.emulator.parameters import Page, Parameters
from hssgate.emulator.query_parameters import HANDLE_STATUSES, VULNERABILITY_TYPES, ImageSelector

_IMAGE_TYPES = ("local", "registry", "cicd", "cluster")
_LEVELS = ("Critical", "High", "Medium", "Low")


@dataclass(frozen=True, slots=True)
class NoticeParameters:
    """What is asked of `ListGeneralImageVuls`."""

    selector: ImageSelector
    page: Page
    type: str | None
    handle_status: str | None
    severity_level: str | None
    vul_id: str | None
    cve_id: str | None


def read_notices(raw: str) -> NoticeParameters:
    """Parse the query.

    Args:
        raw: the raw query string.

    Raises:
        Refusal: 400 HSS.0001: a parameter is missing, out of range or given twice.
    """
    given = Parameters(raw)
    given.demand("type", "handle_status", "image_type")
    given.text("vul_name", 0, 256)
    given.text("cluster_id", 0, 128)
    given.choice("status", ("vul_status_unfix", "vul_status_ignored"))
    image_type = given.choice("image_type", _IMAGE_TYPES)
    return NoticeParameters(
        selector=ImageSelector(image_type, given.enterprise_project(), None, None, None, None),
        page=given.page(),
        type=given.choice("type", VULNERABILITY_TYPES),
        handle_status=given.choice("handle_status", HANDLE_STATUSES),
        severity_level=given.choice("severity_level", _LEVELS),
        vul_id=given.text("vul_id", 0, 256) or None,
        cve_id=given.text("cve_id", 0, 256) or None,
    )
