"""Evidence behind a verdict: polls, groups of rows and findings, enough to judge an image again without the API."""

from dataclasses import field

from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding, ids_of
from hssgate.record import record


@record
class Read:
    """One poll of one image, kept as evidence.

    Args:
        at: epoch seconds.
        http_status: HTTP status of the response; None if there was none.
        request_id: request id of the response.
        row: the row that belonged to the image, if there was one.
        answered: whether the API answered, with or without rows.
    """

    at: float
    http_status: int | None
    request_id: str | None
    row: CicdImage | None
    answered: bool = True


@record
class ListedFinding:
    """A finding with its CVEs and the `ignore` entries that fit it.

    Args:
        finding: the finding as HSS listed it.
        cves: CVEs of the notice, if they were looked up.
        ignored_by: policy path and reason of each `ignore` entry that ignored the finding.
        group: index of its group of rows.
        cves_read: whether its CVEs were looked up; HSS may list none.
        exploited: policy path and `yes`, `no` or `not checked`, for each policy that reads feeds.
        known: policy path and `new` or `known`, for each policy that has known findings.
        denied_by: policy path and reason of each `deny` entry that names the finding.
        due: the earliest end of its grace under the policies in epoch seconds; None if it has none.
    """

    finding: Finding
    cves: tuple[Cve, ...] = ()
    ignored_by: tuple[tuple[str, str], ...] = ()
    group: int = 0
    cves_read: bool = False
    due: float | None = None
    denied_by: tuple[tuple[str, str], ...] = ()
    exploited: tuple[tuple[str, str], ...] = ()
    known: tuple[tuple[str, str], ...] = ()

    @property
    def cve_ids(self) -> tuple[str, ...]:
        """The ids of its CVEs; empty if one of them has no id."""
        return ids_of(self.cves)

    @property
    def is_new(self) -> bool:
        """Whether it is new under a policy that has known findings."""
        return any(state == "new" for _, state in self.known)

    @property
    def cvss(self) -> float | None:
        """The highest CVSS score of its CVEs; None if none is known."""
        return max((cve.cvss_score for cve in self.cves if cve.cvss_score is not None), default=None)

    @property
    def published(self) -> int | None:
        """Publication time of its earliest CVE in epoch milliseconds; None if none is known."""
        return min((cve.publish_time for cve in self.cves if cve.publish_time is not None), default=None)


@record
class ListedDetail:
    """A malicious file, sensitive file or failed baseline check with the `ignore` entries that fit it.

    Args:
        kind: what it is.
        detail: as HSS listed it, without what a file contains.
        ignored_by: policy path and reason of each `ignore` entry that ignored it.
        group: index of its group of rows.
    """

    kind: DetailKind
    detail: Detail
    ignored_by: tuple[tuple[str, str], ...] = ()
    group: int = 0


@record
class Unread:
    """Something behind a verdict that could not be read.

    Args:
        what: `findings`, or a kind of details.
        reason: one line.
    """

    what: str
    reason: str


@record
class SeenGroup:
    """Last state of one group of rows, sufficient to judge it again without the API.

    Args:
        phase: phase of the group.
        settled: whether its result was final.
        row: the newest row of the group; empty if none is listed.
        platform: platform of the image, if a registry gave it.
        others: rows of the same time as `row`, which may be newer.
        findings_read: whether its findings were fetched; the verdict lists them.
        findings_count: number of findings, if they were fetched.
        findings_error: reason why the findings could not be fetched, if they could not.
        agreed: whether two polls, `--settle` apart, returned the same row.
        cves_error: reason why CVEs that rules needed could not be read, if they could not.
        details_count: number of files and failed baseline checks by kind, of the kinds that were fetched.
        details_errors: reason by kind, of the kinds that a rule needed and that could not be fetched.
    """

    phase: str
    settled: bool
    row: CicdImage
    platform: str | None = None
    others: tuple[CicdImage, ...] = ()
    findings_read: bool = False
    findings_count: int | None = None
    findings_error: str | None = None
    agreed: bool = False
    cves_error: str | None = None
    details_count: dict[DetailKind, int] = field(default_factory=dict)
    details_errors: dict[DetailKind, str] = field(default_factory=dict)


@record
class Seen:
    """The observations that a verdict was made from.

    Args:
        ending: how the wait ended.
        error: the error that ended the wait, if one did.
        groups: groups of rows that belonged to the image.
        judged_at: epoch seconds that ages and expiry were computed for.
        scanned_after: epoch milliseconds of the earliest scan time accepted, if one was given.
        expiry_at: epoch seconds that the ends of policies' entries and of grace were compared with.
    """

    ending: str
    error: str | None
    groups: tuple[SeenGroup, ...]
    judged_at: float
    scanned_after: int | None
    expiry_at: float = 0.0
