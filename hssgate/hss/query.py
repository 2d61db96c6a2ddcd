"""Query of `ListCicdImages`, typed with its ranges and encoded once.

Source: manual page of ListCicdImages (table 2), and SDK 3.1.219 for `pipeline_type`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from hssgate.hss.models import SeverityLevel

PAGE_SIZE = 200  # the most that the API gives at once
SMALLEST_PAGE = 10
LONGEST_VERSION = 64  # of the filter; tags themselves may have 128
LONGEST_NAME = 128
LARGEST_OFFSET = 2_000_000
LARGEST_IMAGE_SIZE = 2_147_483_547  # bytes; the manual's own figure

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
OptionalName = Annotated[str, Field(max_length=LONGEST_NAME)]
Milliseconds = Annotated[int, Field(ge=0, le=2**63 - 1)]


class FilterableStatus(StrEnum):
    """The statuses that the API can filter by: five of the seven documented in rows."""

    UNSCAN = "unscan"
    SUCCESS = "success"
    SCANNING = "scanning"
    FAILED = "failed"
    WAITING_FOR_SCAN = "waiting_for_scan"


class CicdImagesQuery(BaseModel):
    """All query parameters of `GET /v5/{project_id}/image/cicd/images`; None is not sent.

    Times are milliseconds since the epoch, `image_size` is bytes, `offset` counts rows, not pages. Sorting and page
    size default to newest first, 200 a page, where the API itself gives the ten oldest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enterprise_project_id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    namespace: Name | None = None
    image_name: Name | None = None
    image_version: Annotated[str, Field(min_length=1, max_length=LONGEST_VERSION)] | None = None
    image_id: OptionalName | None = None
    cicd_name: OptionalName | None = None
    pipeline_type: Literal["jenkins", "codearts"] | None = None
    latest_version: bool | None = None
    image_size: Annotated[int, Field(ge=0, le=LARGEST_IMAGE_SIZE)] | None = None
    scan_status: FilterableStatus | None = None
    severity_level: SeverityLevel | None = None
    start_latest_update_time: Milliseconds | None = None
    end_latest_update_time: Milliseconds | None = None
    start_latest_scan_time: Milliseconds | None = None
    end_latest_scan_time: Milliseconds | None = None
    has_malicious_file: bool | None = None
    has_unsafe_setting: bool | None = None
    has_vul: bool | None = None
    risky: bool | None = None
    sort_key: Literal["latest_scan_time"] | None = "latest_scan_time"
    sort_dir: Literal["asc", "desc"] | None = "desc"
    limit: Annotated[int, Field(ge=SMALLEST_PAGE, le=PAGE_SIZE)] = PAGE_SIZE
    offset: Annotated[int, Field(ge=0, le=LARGEST_OFFSET)] = 0

    def encoded(self) -> str:
        """Return the query string, sorted and encoded by RFC 3986; the same bytes are signed and sent."""
        return encode((name, value) for name, value in self if value is not None)


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
