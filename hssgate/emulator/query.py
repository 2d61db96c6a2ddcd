"""The query of `ListCicdImages`, read with the ranges and enums of the manual (table 2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from hssgate.emulator.refusals import invalid_parameter

SCAN_STATUSES = ("unscan", "success", "scanning", "failed", "waiting_for_scan")
SEVERITY_LEVELS = ("Security", "Low", "Medium", "High")
PIPELINE_TYPES = ("jenkins", "codearts")
ALL_ENTERPRISE_PROJECTS = "all_granted_eps"
LARGEST_SIZE = 2147483547
LARGEST_TIME = 2**63 - 1

_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows are asked for; None does not restrict. Times are milliseconds, both ends included."""

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
    """A page that is asked for.

    Args:
        wanted: the filter.
        descending: newest scan first.
        limit: rows at most.
        offset: rows before it.
    """

    wanted: Filter
    descending: bool
    limit: int
    offset: int


def read_query(raw: str) -> Query:
    """Return the query of a request; parameters that the manual does not know are ignored.

    Args:
        raw: the query string as on the wire.

    Raises:
        Refusal: 400 HSS.0001, a parameter is out of its range or given twice.
    """
    given = _Parameters(_pairs(raw))
    project = given.text("enterprise_project_id", 1, 256) or "0"
    given.choice("sort_key", ("latest_scan_time",))
    return Query(
        wanted=Filter(
            enterprise_project_id=None if project == ALL_ENTERPRISE_PROJECTS else project,
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
        limit=_or(given.number("limit", 10, 200), 10),
        offset=_or(given.number("offset", 0, 2_000_000), 0),
    )


class _Parameters:
    def __init__(self, pairs: Mapping[str, list[str]]) -> None:
        self._pairs = pairs

    def text(self, name: str, shortest: int, longest: int) -> str | None:
        value = self._single(name)
        if value is not None and not shortest <= len(value) <= longest:
            raise invalid_parameter(
                f"the length of {name} must be {shortest} to {longest}", f"{name} has {len(value)} characters"
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self._single(name)
        if value is not None and value not in choices:
            raise invalid_parameter(f"{name} must be one of {', '.join(choices)}", f"{name} is {value!r}")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def number(self, name: str, smallest: int, largest: int) -> int | None:
        value = self._single(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value) or not smallest <= int(value) <= largest:
            raise invalid_parameter(f"{name} must be {smallest} to {largest}", f"{name} is {value!r}")
        return int(value)

    def _single(self, name: str) -> str | None:
        values = self._pairs.get(name, [])
        if len(values) > 1:
            raise invalid_parameter(f"{name} is given {len(values)} times", f"{name} is given {len(values)} times")
        return values[0] if values else None


def _pairs(raw: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        for part in raw.encode("latin-1").split(b"&"):
            name, _, value = part.partition(b"=")
            found.setdefault(unquote_to_bytes(name).decode(), []).append(unquote_to_bytes(value).decode())
    except UnicodeDecodeError:
        raise invalid_parameter("the query is not UTF-8", "the query is not UTF-8") from None
    return found


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
