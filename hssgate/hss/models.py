"""Rows of the API, with its documented quirks normalised.

Sources: manual page of ListCicdImages (tables 4 and 5), manual page of ListImageVulnerabilities, and SDK 3.1.219 for
`pipeline_type`, the CVEs of a notice and the other details.
"""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel

from hssgate.hss.fields import MISSING_IF_INVALID, Number, Prose, ResponseModel, Score, Shown, Text, Time

_WEIGHT = 1500  # bytes of a row without its texts, measured


def weight_of(row: BaseModel) -> int:
    """Return the approximate memory of a row in bytes."""
    return _WEIGHT + sum(sys.getsizeof(value) for _, value in row if isinstance(value, str))


class ScanStatus(StrEnum):
    """The documented values of `scan_status`; a row may have others.

    Source: the manual, and the SDK's model of a sibling call for `image_scan_stop`.
    """

    UNSCAN = "unscan"
    WAITING_FOR_SCAN = "waiting_for_scan"
    SCANNING = "scanning"
    SUCCESS = "success"
    FAILED = "failed"
    DOWNLOAD_FAILED = "download_failed"
    IMAGE_OVERSIZED = "image_oversized"
    IMAGE_SCAN_STOP = "image_scan_stop"


DOCUMENTED = frozenset(ScanStatus)
TERMINAL = DOCUMENTED - {ScanStatus.UNSCAN, ScanStatus.WAITING_FOR_SCAN, ScanStatus.SCANNING}


class SeverityLevel(StrEnum):
    """The values of `severity_level`, least severe first."""

    SECURITY = "Security"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


class CicdImage(ResponseModel):
    """One row: every field may be missing, unknown fields are dropped, an empty text counts as missing.

    Times are milliseconds since the epoch, `image_size` is bytes.
    """

    image_id: Text = None
    cicd_name: Text = None
    namespace: Text = None
    image_name: Text = None
    image_version: Text = None
    image_digest: Text = None
    registry_name: Text = None
    registry_type: Text = None
    image_type: Text = None
    pipeline_type: Text = None
    latest_version: Annotated[bool | None, MISSING_IF_INVALID] = None
    scan_status: Text = None
    scan_failed_desc: Prose = None
    scan_failed_code: Text = None
    image_size: Annotated[Number, MISSING_IF_INVALID] = None
    latest_update_time: Time = None
    latest_scan_time: Time = None
    vul_num: Number = None
    unsafe_setting_num: Number = None
    malicious_file_num: Number = None
    severity_level: Text = None

    @property
    def is_empty(self) -> bool:
        """Whether the level is missing and all three counts are 0: of a clean image, or of a row not filled yet."""
        counts = (self.vul_num, self.unsafe_setting_num, self.malicious_file_num)
        return self.severity_level is None and counts == (0, 0, 0)

    @property
    def is_terminal(self) -> bool:
        """Whether the scan has ended, successfully or not."""
        return self.scan_status in TERMINAL

    @property
    def is_failure(self) -> bool:
        """Whether the scan has ended without success."""
        return self.is_terminal and self.scan_status != ScanStatus.SUCCESS

    @property
    def is_moving(self) -> bool:
        """Whether a scan is awaited or under way, or may be: a status that is not documented."""
        return not self.is_terminal and not self.is_unscanned

    @property
    def is_unscanned(self) -> bool:
        """Whether no scan was requested yet."""
        return self.scan_status == ScanStatus.UNSCAN

    @property
    def is_documented(self) -> bool:
        """Whether the status is documented."""
        return self.scan_status in DOCUMENTED


class Level(StrEnum):
    """Severity of a finding, most severe first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_LEVEL_OF_NECESSITY = {
    "immediate_repair": Level.HIGH,
    "delay_repair": Level.MEDIUM,
    "not_needed_repair": Level.LOW,
}


class Finding(ResponseModel):
    """One vulnerability of an image, in one package."""

    vul_id: Text = None
    repair_necessity: Text = None
    app_name: Text = None
    app_path: Shown = None
    version: Shown = None
    position: Shown = None
    description: Shown = None
    solution: Shown = None
    url: Shown = None

    @property
    def level(self) -> Level:
        """Its severity; an undocumented one counts as high."""
        return _LEVEL_OF_NECESSITY.get(self.repair_necessity or "", Level.HIGH)


class Cve(ResponseModel):
    """One CVE of a notice; `publish_time` is milliseconds since the epoch."""

    cve_id: Text = None
    cvss_score: Score = None
    publish_time: Annotated[Time, MISSING_IF_INVALID] = None


def ids_of(cves: Sequence[Cve]) -> tuple[str, ...]:
    """Return the CVE ids of a notice; empty if any CVE has no id, because the list of ids is then incomplete."""
    ids = tuple(dict.fromkeys(cve.cve_id for cve in cves if cve.cve_id is not None))
    return ids if all(cve.cve_id is not None for cve in cves) else ()


def known_ids_of(cves: Sequence[Cve]) -> tuple[str, ...]:
    """Return the CVE ids of a notice that are known, whether or not another CVE has none."""
    return tuple(dict.fromkeys(cve.cve_id for cve in cves if cve.cve_id is not None))


class DetailKind(StrEnum):
    """Kinds of findings other than vulnerabilities."""

    MALICIOUS_FILE = "malicious_file"
    SENSITIVE_FILE = "sensitive_file"
    BASELINE_BREACH = "baseline_breach"


class Detail(ResponseModel):
    """One malicious file, sensitive file or breach of the baseline.

    The contents of a sensitive file are left out: they may be secret.
    """

    name: Shown = None
    file_name: Shown = None
    file_path: Shown = None
    severity: Shown = None
    description: Shown = None
    check_name: Shown = None
    check_rule_id: Shown = None
    check_rule_name: Shown = None
    standard: Shown = None
    scan_result: Shown = None


class ScanQuota(ResponseModel):
    """Numbers of scans, as ShowImagePayPerScanStatistics gives them: free ones left, and those of pipelines so far."""

    free_quota_num: Number = None
    cicd_scan_num: Annotated[Number, MISSING_IF_INVALID] = None


class CicdConfiguration(ResponseModel):
    """A CI/CD identifier, as ListCicdConfigurations gives it."""

    cicd_name: Text = None
