"""What HSS lists of an image: findings with the CVEs of its notices, files and baseline checks."""

from collections.abc import Mapping
from dataclasses import field

from hssgate.errors import GateError
from hssgate.hss.models import Cve, Detail, DetailKind, Finding, ids_of
from hssgate.record import record


@record
class Findings:
    """All findings of one row.

    Args:
        listed: findings in the order of the API (ListImageVulnerabilities).
        cves: CVEs by notice id, for the notices that were looked up.
        cves_error: the reason why CVEs that rules need could not be read.
    """

    listed: tuple[Finding, ...]
    cves: Mapping[str, tuple[Cve, ...]] = field(default_factory=dict)
    cves_error: GateError | None = None

    @property
    def cve_ids(self) -> dict[str, tuple[str, ...]]:
        """The CVE ids of each notice; none where any of its CVEs has no id."""
        return {vul_id: ids_of(cves) for vul_id, cves in self.cves.items()}


@record
class FindingsMissing:
    """A list was needed and could not be fetched.

    Args:
        error: the error that ended the last attempt.
    """

    error: GateError


FetchedFindings = Findings | FindingsMissing | None  # None: no rule and no `ignore` entry needed them
FetchedDetails = Mapping[DetailKind, tuple[Detail, ...] | FindingsMissing]  # without the kinds that were not needed
