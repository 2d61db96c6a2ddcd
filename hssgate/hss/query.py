"""Query of `ListCicdImages`, typed with its ranges and encoded once.

Source: manual page of ListCicdImages (table 2), and SDK 3.1.219 for `pipeline_type`.
"""

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Literal
from urllib.parse import quote

from hssgate.hss.models import SeverityLevel
from hssgate.record import record

PAGE_SIZE = 200  # the most that the API gives at once
SMALLEST_PAGE = 10
LONGEST_VERSION = 64  # of the filter; tags themselves may have 128
LONGEST_NAME = 128
LARGEST_OFFSET = 2_000_000
LARGEST_IMAGE_SIZE = 2_147_483_547  # bytes; the manual's own figure
_LARGEST_TIME = 2**63 - 1  # milliseconds

_LENGTHS = {
    "enterprise_project_id": (1, 256),
    "namespace": (1, LONGEST_NAME),
    "image_name": (1, LONGEST_NAME),
    "image_version": (1, LONGEST_VERSION),
    "image_id": (0, LONGEST_NAME),
    "cicd_name": (0, LONGEST_NAME),
}
_RANGES = {
    "image_size": (0, LARGEST_IMAGE_SIZE),
    "start_latest_update_time": (0, _LARGEST_TIME),
    "end_latest_update_time": (0, _LARGEST_TIME),
    "start_latest_scan_time": (0, _LARGEST_TIME),
    "end_latest_scan_time": (0, _LARGEST_TIME),
    "limit": (SMALLEST_PAGE, PAGE_SIZE),
    "offset": (0, LARGEST_OFFSET),
}


class FilterableStatus(StrEnum):
    """The statuses that the API can filter by: five of the seven documented in rows."""

    UNSCAN = "unscan"
    SUCCESS = "success"
    SCANNING = "scanning"
    FAILED = "failed"
    WAITING_FOR_SCAN = "waiting_for_scan"


_CHOICES: dict[str, tuple[str, ...]] = {
    "pipeline_type": ("jenkins", "codearts"),
    "scan_status": tuple(FilterableStatus),
    "severity_level": tuple(SeverityLevel),
    "sort_key": ("latest_scan_time",),
    "sort_dir": ("asc", "desc"),
}


# No pydantic model: the gate makes a query of its own values, options were checked when they were parsed, and to build
# a model of 23 fields takes 2 ms of each start.
@record(kw_only=True)
class CicdImagesQuery:
    """All query parameters of `GET /v5/{project_id}/image/cicd/images`; None is not sent.

    Times are milliseconds since the epoch, `image_size` is bytes, `offset` counts rows, not pages. Sorting and page
    size default to newest first, 200 a page, where the API itself gives the ten oldest.
    """

    enterprise_project_id: str | None = None
    namespace: str | None = None
    image_name: str | None = None
    image_version: str | None = None
    image_id: str | None = None
    cicd_name: str | None = None
    pipeline_type: Literal["jenkins", "codearts"] | None = None
    latest_version: bool | None = None
    image_size: int | None = None
    scan_status: FilterableStatus | None = None
    severity_level: SeverityLevel | None = None
    start_latest_update_time: int | None = None
    end_latest_update_time: int | None = None
    start_latest_scan_time: int | None = None
    end_latest_scan_time: int | None = None
    has_malicious_file: bool | None = None
    has_unsafe_setting: bool | None = None
    has_vul: bool | None = None
    risky: bool | None = None
    sort_key: Literal["latest_scan_time"] | None = "latest_scan_time"
    sort_dir: Literal["asc", "desc"] | None = "desc"
    limit: int = PAGE_SIZE
    offset: int = 0

    def encoded(self) -> str:
        """Return the query string, sorted and encoded by RFC 3986; the same bytes are signed and sent.

        Raises:
            ValueError: a value is not one that the API takes.
        """
        given = [(found.name, getattr(self, found.name)) for found in fields(self)]
        return encode((name, _checked(name, value)) for name, value in given if value is not None)


def _checked(name: str, value: str | bool | int) -> str | bool | int:  # noqa: FBT001 - a value, no switch
    """Return a value that the API takes: a wrong filter could hide the row that blocks."""
    if name in _LENGTHS:
        least, most = _LENGTHS[name]
        is_valid = isinstance(value, str) and least <= len(value) <= most
    elif name in _RANGES:
        least, most = _RANGES[name]
        is_valid = type(value) is int and least <= value <= most
    else:
        is_valid = value in _CHOICES[name] if name in _CHOICES else isinstance(value, bool)
    if not is_valid:
        raise ValueError(f"HSS takes no {name} of {value!r:.200}")
    return value


def filterable_version(version: str | None) -> str | None:
    """Return a version if the API's filters accept its length, otherwise None: the caller compares it by itself."""
    return version if version is not None and len(version) <= LONGEST_VERSION else None


def encode(pairs: Iterable[tuple[str, str | bool | int]]) -> str:
    """Return the pairs as one query string: keys sorted, unreserved characters bare, booleans in lower case."""
    return "&".join(f"{escape(name)}={escape(_wire(value))}" for name, value in sorted(pairs))


def _wire(value: str | bool | int) -> str:  # noqa: FBT001 - a value, no switch
    return str(value).lower() if isinstance(value, bool) else str(value)


def escape(text: str) -> str:
    """Percent-encode a text for a path or query; a lone surrogate is encoded like any other character."""
    return quote(text, safe="-_.~", errors="surrogatepass")
