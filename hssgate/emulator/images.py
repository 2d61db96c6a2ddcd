"""Images of a scenario: constant fields, and a timeline of states that override them."""

from typing import Self

from pydantic import Field, JsonValue, model_validator

from hssgate.emulator.durations import Moment
from hssgate.emulator.findings import CheckRule, Finding, Malware, ManyFindings, Sensitive
from hssgate.emulator.strict import Flag, StrictModel, Whole


class RowFields(StrictModel):
    """The fields of a row of `ListCicdImages`, and the rows of its detail calls.

    The fields are those of tables 4 and 5 of the manual, and `pipeline_type` from SDK 3.1.219; the rows of the detail
    calls are `findings` and the fields after it.

    A field that is null is left out of the row; times are milliseconds since the epoch, `image_size` is bytes.
    The documented ranges are not checked: rows may be hostile.
    """

    image_id: str | None = None
    cicd_name: str | None = None
    namespace: str | None = None
    image_version: str | None = None
    image_digest: str | None = None
    registry_name: str | None = None
    registry_type: str | None = None
    image_type: str | None = None
    pipeline_type: str | None = None
    latest_version: Flag | None = None
    scan_status: str | None = None
    scan_failed_desc: str | None = None
    scan_failed_code: str | None = None
    image_size: Whole | None = None
    latest_update_time: Whole | None = None
    latest_scan_time: Whole | None = None
    vul_num: Whole | None = None
    unsafe_setting_num: Whole | None = None
    malicious_file_num: Whole | None = None
    severity_level: str | None = None
    enterprise_project_id: str = "0"
    raw: dict[str, JsonValue] = Field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    many_findings: ManyFindings | None = None
    malwares: tuple[Malware, ...] = ()
    sensitive: tuple[Sensitive, ...] = ()
    check_rules: tuple[CheckRule, ...] = ()


class Entry(RowFields):
    """A state of an image, in force from `at` until the next entry.

    Args:
        at: seconds after the push, or after the start of the emulator; negative: before it.
        absent: there is no row; no other field may be given.
    """

    at: Moment = 0.0
    absent: Flag = False
    image_name: str | None = None

    @model_validator(mode="after")
    def _absent_rows_have_no_fields(self) -> Self:
        if self.absent and (given := self.model_fields_set - {"at", "absent"}):
            raise ValueError(f"an absent row has no fields; take out {', '.join(sorted(given))}")
        return self


class Image(RowFields):
    """An image, or several copies of it.

    Args:
        image_name: the name without registry and organisation.
        covers: purpose of the image, for the list printed at start.
        copies: number of rows, with `-1`, `-2` and so on appended to `image_version`.
        timeline: its states; default: the image's own fields from the beginning.
    """

    image_name: str
    covers: str | None = None
    copies: Whole = Field(default=1, ge=1, le=2_000_000)
    timeline: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _each_row_has_a_status(self) -> Self:
        if "scan_status" in self.model_fields_set:
            return self
        if not self.timeline:
            raise ValueError("it needs a timeline, or scan_status where it never changes")
        for number, entry in enumerate(self.timeline):
            if not entry.absent and "scan_status" not in entry.model_fields_set:
                raise ValueError(
                    f"timeline[{number}] needs scan_status (null to leave it out of the row) or absent: true"
                )
        return self

    @property
    def reference(self) -> str:
        """Return `namespace/name:version`, as far as given."""
        name = f"{self.namespace}/{self.image_name}" if self.namespace else self.image_name
        return f"{name}:{self.image_version}" if self.image_version else name

    @property
    def purpose(self) -> str:
        """Return `covers`, or the states of the timeline."""
        if self.covers:
            return self.covers
        states = [
            "absent" if entry.absent else entry.scan_status or self.scan_status or "no status"
            for entry in sorted(self.timeline, key=lambda entry: entry.at)
        ]
        return ", then ".join(dict.fromkeys(states)) or self.scan_status or "no status"
