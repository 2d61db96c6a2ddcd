"""`deny` entries: which findings are never accepted, by exact id or glob."""

import re
from collections.abc import Sequence
from functools import cached_property

from hssgate.hss.models import Finding
from hssgate.policy.entry_index import VulnerabilityIndex
from hssgate.policy.globs import may_begin_with
from hssgate.policy.model import Deny
from hssgate.record import record

_CVE = "cve-"
_ID_OF_CVE = r"(?i)cve-[0-9]+-[0-9]+"


@record
class Denials:
    """The `deny` entries of one policy that are in force for one image.

    Args:
        entries: each with its index in the policy.
    """

    entries: tuple[tuple[int, Deny], ...]

    @property
    def may_name_cves(self) -> bool:
        """Whether an entry can fit a CVE, so that the CVEs of the findings are needed."""
        return any(may_begin_with(_CVE, entry.vulnerability) for _, entry in self.entries)

    def entry_for(self, finding: Finding, cves: Sequence[str]) -> int | None:
        """Return the index of the entry that denies a finding, by its id or by any of its CVEs; None if none does.

        Args:
            finding: the finding.
            cves: its CVE ids, as far as they are known.
        """
        # Without its name a package may be the one that an entry names, so it must not let the finding pass.
        index = self._index if (finding.app_name or "").strip() else self._index_of_any_package
        ids = [*([finding.vul_id] if finding.vul_id is not None else []), *cves]
        fitting = (index.first(one, finding.app_name) for one in ids)
        return min((found for found in fitting if found is not None), default=None)

    @cached_property
    def _index(self) -> VulnerabilityIndex:
        return VulnerabilityIndex((index, entry.vulnerability, entry.package) for index, entry in self.entries)

    @cached_property
    def _index_of_any_package(self) -> VulnerabilityIndex:
        return VulnerabilityIndex((index, entry.vulnerability, None) for index, entry in self.entries)


def is_cve(finding: Finding) -> bool:
    """Whether the finding's own id is that of one CVE, so that its other ids need not be looked up."""
    return finding.vul_id is not None and re.fullmatch(_ID_OF_CVE, finding.vul_id.strip()) is not None


def cves_in(finding: Finding) -> list[str]:
    """Return the ids of CVEs that the finding's own id names."""
    return re.findall(_ID_OF_CVE, finding.vul_id or "")
