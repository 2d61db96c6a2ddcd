"""Pydantic model of one image in the JSON report, for reading it back."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding
from hssgate.policy.feeds import Exploited
from hssgate.policy.known import Novelty
from hssgate.policy.load import LARGEST_FILE
from hssgate.policy.model import Grace
from hssgate.policy.rule_kinds import Unlisted
from hssgate.policy.rule_table import Rules
from hssgate.proof import DigestKind
from hssgate.verdict import Result, Trouble
from hssgate.waiting.groups import Phase
from hssgate.waiting.states import Ending

_LATEST = 253_402_300_799  # epoch seconds: the end of the year 9999
_EntryCount = Annotated[int, Field(ge=0, le=LARGEST_FILE)]  # an entry takes more than a byte of its policy file


class SavedModel(BaseModel):
    """Base of all parts of a saved report: unknown keys are dropped, and no value is repeated in an error."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class CheckModel(SavedModel):
    """A check as stated in the report, as far as it serves where the report lacks what it was made from."""

    rule: str
    result: Result
    actual: int | str | None
    message: str
    group: str | None = None
    error_type: Trouble | None = None


class InForceModel(SavedModel):
    """The rules of one policy for one group of rows."""

    group: int | None
    policy: str
    rules: Rules
    ignore: _EntryCount
    ignore_file: _EntryCount = 0
    ignore_check_rule: _EntryCount = 0
    grace: Grace | None = None
    unlisted: Unlisted = Unlisted.COUNT
    deny: _EntryCount = 0
    deny_cves: bool = False
    known: Annotated[int, Field(ge=0)] | None = None


class IgnoredModel(SavedModel):
    """An `ignore` entry that ignored a finding."""

    policy: str
    reason: str


class ExploitedModel(SavedModel):
    """Whether a feed of a policy names a finding."""

    policy: str
    state: Exploited


class KnownModel(SavedModel):
    """Whether a finding is known under a policy."""

    policy: str
    state: Novelty


class FindingModel(Finding):
    """A finding with its CVEs and the entries that ignored it."""

    cve_details: tuple[Cve, ...]
    ignored_by: tuple[IgnoredModel, ...]
    group: int = Field(ge=0)
    cves_read: bool
    due: str | None = None
    denied_by: tuple[IgnoredModel, ...] = ()
    exploited: tuple[ExploitedModel, ...] = ()
    known: tuple[KnownModel, ...] = ()

    @property
    def finding(self) -> Finding:
        """The finding as HSS listed it."""
        return Finding.model_validate(self.model_dump(include={*Finding.model_fields}))


class DetailModel(Detail):
    """A malicious file, sensitive file or baseline result."""

    kind: DetailKind
    ignored_by: tuple[IgnoredModel, ...]
    group: int = Field(ge=0)

    @property
    def detail(self) -> Detail:
        """The detail as HSS listed it."""
        return Detail.model_validate(self.model_dump(include={*Detail.model_fields}))


class UnreadModel(SavedModel):
    """A list that could not be fetched after the verdict."""

    what: Literal["findings"] | DetailKind
    reason: str


class ReadModel(SavedModel):
    """One poll of the image."""

    at: AwareDatetime
    answered: bool
    http_status: int | None
    request_id: str | None
    scan_status: str | None
    image_digest: str | None
    latest_scan_time: int | None
    severity_level: str | None
    vul_num: int | None
    unsafe_setting_num: int | None
    malicious_file_num: int | None

    @property
    def row(self) -> CicdImage:
        """The recorded fields of the row; all are None if no row belonged to the image."""
        return CicdImage.model_validate(self.model_dump(include={*CicdImage.model_fields}))


class GroupModel(SavedModel):
    """Last state of one group of rows."""

    phase: Phase
    platform: str | None = None  # missing in older reports
    settled: bool
    agreed: bool
    row: CicdImage
    others: tuple[CicdImage, ...]
    findings_read: bool
    findings_count: int | None
    findings_error: str | None
    cves_error: str | None
    details_count: dict[DetailKind, int]
    details_errors: dict[DetailKind, str]


class SeenModel(SavedModel):
    """The observations that the verdict was made from."""

    ending: Ending
    error: str | None
    judged_at: float = Field(ge=0, le=_LATEST)
    scanned_after: int | None = Field(ge=0, le=1000 * _LATEST)
    expiry_at: float = Field(ge=0, le=_LATEST)
    groups: tuple[GroupModel, ...]


class ResolvedModel(SavedModel):
    """A digest that a registry gave."""

    digest: str = Field(pattern="^sha256:[0-9a-f]{64}$")
    kind: DigestKind
    platform: str | None


class ImageModel(SavedModel):
    """One image."""

    reference: str
    cicd_name: str | None
    registry_name: str | None = None  # these four are missing in older reports
    build_digests: tuple[str, ...] = ()
    metadata_file: str | None = None
    resolved: tuple[ResolvedModel, ...] = ()
    exit_code: ExitCode
    row: CicdImage | None
    checks: tuple[CheckModel, ...]
    in_force: tuple[InForceModel, ...]
    findings: tuple[FindingModel, ...]
    details: tuple[DetailModel, ...]
    passed_checks: tuple[DetailModel, ...] = ()  # missing in older reports
    details_read: tuple[DetailKind, ...]
    unread: tuple[UnreadModel, ...]
    left_out: str | None
    waited_seconds: float = Field(ge=0)
    polls: int = Field(ge=0)
    reads: tuple[ReadModel, ...]
    seen: SeenModel
