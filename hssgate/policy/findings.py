"""Findings of an image as HSS lists them, and the CVEs of its notices."""

from collections.abc import Mapping
from dataclasses import field

from hssgate.errors import GateError
from hssgate.hss.models import Cve, Finding, ids_of
from hssgate.record import record


@record
class Findings:
    """All findings of one row.

    Args:
        listed: as HSS listed them.
        cves: what a notice is about, for those that were asked for.
    """

    listed: tuple[Finding, ...]
    cves: Mapping[str, tuple[Cve, ...]] = field(default_factory=dict)

    @property
    def cve_ids(self) -> dict[str, tuple[str, ...]]:
        """The CVE ids of each notice; none where any of its CVEs has no id."""
        return {vul_id: ids_of(cves) for vul_id, cves in self.cves.items()}


@record
class FindingsMissing:
    """The findings could not be had.

    Args:
        error: why.
    """

    error: GateError


FetchedFindings = Findings | FindingsMissing | None  # None: nothing needed them
