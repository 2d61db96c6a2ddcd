"""Query parameters of `ListCicdImages`, with the ranges and enums of the manual (table 2)."""

from dataclasses import dataclass

from hssgate.emulator.parameters import Page, Parameters

SCAN_STATUSES = ("unscan", "success", "scanning", "failed", "waiting_for_scan")
SEVERITY_LEVELS = ("Security", "Low", "Medium", "High")
PIPELINE_TYPES = ("jenkins", "codearts")
LARGEST_SIZE = 2147483547
LARGEST_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of the list call; None does not restrict. Times are milliseconds, both ends included."""

    enterprise_project_id: str | None
    namespace: str | None
    image_name: str | None
    image_version: str | None
    image_id: str | None
    cicd_name: str | None
    pipeline_type: str | None
    scan_status: str | None
    severity_level: str | None
    image_size: int | None
    latest_version: bool | None
    has_vul: bool | None
    has_unsafe_setting: bool | None
    has_malicious_file: bool | None
    risky: bool | None
    start_latest_update_time: int | None
    end_latest_update_time: int | None
    start_latest_scan_time: int | None
    end_latest_scan_time: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """Query parameters of `ListCicdImages`.

    Args:
        wanted: the filter.
        descending: newest scan first.
        page: limit and offset.
    """

    wanted: Filter
    descending: bool
    page: Page


def read_query(raw: str) -> Query:
    """Parse the query of a request; parameters that the manual does not list are ignored.

    Args:
        raw: the raw query string.

    Raises:
        Refusal: 400 HSS.0001: a parameter is out of range or given twice.
    """
    given = Parameters(raw)
    given.choice("sort_key", ("latest_scan_time",))
    return Query(
        wanted=Filter(
            enterprise_project_id=given.enterprise_project(),
            namespace=given.text("namespace", 1, 128),
            image_name=given.text("image_name", 1, 128),
            image_version=given.text("image_version", 1, 64),
            image_id=given.text("image_id", 0, 128) or None,
            cicd_name=given.text("cicd_name", 0, 128) or None,
            pipeline_type=given.choice("pipeline_type", PIPELINE_TYPES),
            scan_status=given.choice("scan_status", SCAN_STATUSES),
            severity_level=given.choice("severity_level", SEVERITY_LEVELS),
            image_size=given.number("image_size", 0, LARGEST_SIZE),
            latest_version=given.flag("latest_version"),
            has_vul=given.flag("has_vul"),
            has_unsafe_setting=given.flag("has_unsafe_setting"),
            has_malicious_file=given.flag("has_malicious_file"),
            risky=given.flag("risky"),
            start_latest_update_time=given.number("start_latest_update_time", 0, LARGEST_TIME),
            end_latest_update_time=given.number("end_latest_update_time", 0, LARGEST_TIME),
            start_latest_scan_time=given.number("start_latest_scan_time", 0, LARGEST_TIME),
            end_latest_scan_time=given.number("end_latest_scan_time", 0, LARGEST_TIME),
        ),
        descending=given.choice("sort_dir", ("asc", "desc")) == "desc",
        page=given.page(),
    )
