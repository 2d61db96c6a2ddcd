"""Rows of the detail calls in a scenario: vulnerabilities with their CVEs, malware, sensitive files, baseline checks.

A field that is null or missing is left out of the row; times are milliseconds since the epoch. The documented ranges
are not checked: rows may be hostile.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, Strict

from hssgate.emulator.durations import seconds_of
from hssgate.emulator.strict import StrictModel, Whole

_FEWEST_DIGITS = 4


class DetailRow(StrictModel):
    """A row of a detail call.

    Args:
        raw: JSON that replaces or adds fields of the response, nulls included.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"raw"})

    raw: dict[str, JsonValue] = Field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the row as it appears in `data_list`."""
        shown: dict[str, JsonValue] = {
            name: value
            for name in type(self).model_fields
            if name not in self.hidden and (value := getattr(self, name)) is not None
        }
        return shown | self.raw


def _published(value: object) -> object:
    if value is None or type(value) is int:
        return value
    if isinstance(value, str) and value.startswith("-"):
        seconds_of(value)
        return value
    raise ValueError("should be milliseconds since the epoch, or an age such as -9d")


class Cve(DetailRow):
    """A row of `ListVulnerabilityCve`.

    Args:
        publish_time: milliseconds since the epoch, or a text such as `-9d`: before the start or the push.
    """

    cve_id: str | None
    cvss_score: Annotated[float, Strict()] | None = None
    publish_time: Annotated[int | str | None, BeforeValidator(_published)] = None
    description: str | None = None

    def dated(self, started: float) -> Self:
        """Return the row with its publish time in milliseconds.

        Args:
            started: the start or the push, in epoch seconds.
        """
        if not isinstance(self.publish_time, str):
            return self
        return self.model_copy(update={"publish_time": int(1000 * (started + seconds_of(self.publish_time)))})


def _written_out(value: object) -> object:
    return {"cve_id": value} if isinstance(value, str) else value


class FindingFields(DetailRow):
    """The fields that named and generated findings share.

    Args:
        repair_necessity: any text; the API defines immediate_repair, delay_repair and not_needed_repair.
        type: used by the filter only; default: `app_vul` for a finding with an `app_path`, else `linux_vul`.
        handle_status: used by the filter only.
        cves: rows of `ListVulnerabilityCve` for its `vul_id`; a text is a row with only this `cve_id`.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"raw", "type", "handle_status", "cves"})

    repair_necessity: str | None = None
    description: str | None = None
    position: str | None = None
    app_name: str | None = None
    app_path: str | None = None
    version: str | None = None
    solution: str | None = None
    url: str | None = None
    type: Literal["linux_vul", "app_vul"] | None = None
    handle_status: Literal["unhandled", "handled"] = "unhandled"
    cves: tuple[Annotated[Cve, BeforeValidator(_written_out)], ...] = ()

    @property
    def kind(self) -> str:
        """Return the value that the filter `type` is compared with."""
        return self.type or ("app_vul" if self.app_path else "linux_vul")


class Finding(FindingFields):
    """A row of `ListImageVulnerabilities`."""

    vul_id: str | None


class ManyFindings(FindingFields):
    """Findings that differ only in their `vul_id`, generated on request.

    Args:
        count: number of findings.
        prefix: of `vul_id`; a number of at least four digits follows, from 0001 on.
    """

    count: Whole = Field(ge=1, le=2_000_000)
    prefix: str = "HCE2-SA-2024-"

    def vul_id(self, number: int) -> str:
        """Return the `vul_id` of the finding of a number, counted from 1."""
        return f"{self.prefix}{number:0{self._digits}}"

    def finding(self, number: int) -> Finding:
        """Return the finding of a number, counted from 1."""
        alike = {name: getattr(self, name) for name in FindingFields.model_fields}
        return Finding.model_construct(vul_id=self.vul_id(number), **alike)

    def holds(self, vul_id: str) -> bool:
        """Whether one of them has this `vul_id`."""
        digits = vul_id.removeprefix(self.prefix)
        if not (digits.isascii() and digits.isdigit() and len(digits) == self._digits):
            return False
        return 1 <= int(digits) <= self.count and vul_id == self.vul_id(int(digits))

    @property
    def _digits(self) -> int:
        return max(_FEWEST_DIGITS, len(str(self.count)))


class Malware(DetailRow):
    """A row of `ListImageMalware`; `size` is bytes."""

    file_name: str | None = None
    file_path: str | None = None
    size: Whole | None = None
    description: str | None = None


class Sensitive(DetailRow):
    """A row of `ListImageSensitive`; the filter treats a missing `handle_status` as unhandled."""

    sensitive_info_id: str | None = None
    severity: str | None = None
    name: str | None = None
    description: str | None = None
    position: str | None = None
    file_path: str | None = None
    content: str | None = None
    latest_scan_time: Whole | None = None
    handle_status: str | None = None
    operate_accept: str | None = None


class CheckRule(DetailRow):
    """A row of `ListCheckRulesInfo`."""

    severity: str | None = None
    check_name: str | None = None
    check_type: str | None = None
    standard: str | None = None
    check_type_desc: str | None = None
    check_rule_name: str | None = None
    check_rule_id: str | None = None
    scan_result: str | None = None
    latest_scan_time: Whole | None = None
    image_num: Whole | None = None
