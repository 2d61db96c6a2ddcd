"""`ignore` entries: which findings do not count, by exact id or glob."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from hssgate.hss.models import Detail, DetailKind, Finding
from hssgate.policy.denials import cves_in, is_cve
from hssgate.policy.entry_index import GlobIndex, TextIndex, VulnerabilityIndex
from hssgate.policy.globs import fits_file, may_begin_with
from hssgate.policy.model import Ignore, Target
from hssgate.record import record

_CVE = "cve-"
TARGET_OF = {
    DetailKind.MALICIOUS_FILE: Target.FILE,
    DetailKind.SENSITIVE_FILE: Target.FILE,
    DetailKind.BASELINE_BREACH: Target.CHECK_RULE,
}


@record
class Ignores:
    """The `ignore` entries of one policy that are in force for one image.

    Args:
        entries: each with its index in the policy.
    """

    entries: tuple[tuple[int, Ignore], ...]

    def count(self, target: Target) -> int:
        """Return the number of entries about vulnerabilities, files or baseline checks."""
        return sum(entry.target is target for _, entry in self.entries)

    @property
    def may_name_cves(self) -> bool:
        """Whether an entry can fit a CVE, so that the CVE ids of findings decide whether they count."""
        return any(
            entry.target is Target.VULNERABILITY and may_begin_with(_CVE, entry.glob) for _, entry in self.entries
        )

    def entry_for_detail(self, kind: DetailKind, detail: Detail) -> int | None:
        """Return the index of the entry that ignores a file or baseline check; None if it counts.

        Args:
            kind: what it is.
            detail: the file or baseline check.
        """
        if TARGET_OF[kind] is Target.FILE:
            path = detail.file_path or detail.file_name
            return None if path is None else self._files.first(path)
        return None if detail.check_rule_id is None else self._check_rules.first(detail.check_rule_id)

    def entry_for(self, finding: Finding, cves: Sequence[str]) -> tuple[int, ...]:
        """Return the indexes of the entries that ignore a finding; empty if it counts.

        A notice about several CVEs counts until each of them is ignored.

        Args:
            finding: the finding.
            cves: its CVE ids; empty if they were not looked up.
        """
        # An id that fits ignores the finding as a whole. CVE ids need one entry each: a notice fixes several CVEs at
        # once, and an entry that accepts the risk of one says nothing about the others.
        if finding.vul_id is not None:
            index = self._vulnerabilities.first(finding.vul_id, finding.app_name)
            if index is not None:
                return (index,)
        # CVEs that its own id names are among them, also where HSS does not list them.
        named = cves_in(finding) if cves else []
        by_cve = [self._vulnerabilities.first(cve, finding.app_name) for cve in [*cves, *named]]
        return () if None in by_cve else tuple(dict.fromkeys(index for index in by_cve if index is not None))

    def entries_for_some(self, finding: Finding, cves: Sequence[str]) -> Iterable[int]:
        """Return the indexes of the entries that fit some of the CVEs of a finding, which counts all the same."""
        by_cve = (self._vulnerabilities.first(cve, finding.app_name) for cve in cves)
        return (index for index in by_cve if index is not None)

    def notices_to_look_up(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Return the ids of the notices whose CVEs must be looked up before it is known whether they count.

        Args:
            findings: all findings of the image.
        """
        # Each notice costs a request. None is needed if the finding's id is that of one CVE, if an entry ignores the
        # notice by its own id, or if no entry could fit a CVE.
        packages = {
            entry.package
            for _, entry in self.entries
            if entry.target is Target.VULNERABILITY and may_begin_with(_CVE, entry.glob)
        }
        named = TextIndex(enumerate(package for package in packages if package is not None))
        wanted = (
            finding.vul_id
            for finding in findings
            if finding.vul_id is not None
            and not is_cve(finding)
            and (None in packages or (finding.app_name is not None and named.first(finding.app_name) is not None))
            and not self.entry_for(finding, ())
        )
        return tuple(dict.fromkeys(wanted))

    @cached_property
    def _vulnerabilities(self) -> VulnerabilityIndex:
        return VulnerabilityIndex(
            (index, entry.glob, entry.package) for index, entry in self.entries if entry.target is Target.VULNERABILITY
        )

    @cached_property
    def _files(self) -> GlobIndex:
        return GlobIndex(self._globs(Target.FILE), fits_file)

    @cached_property
    def _check_rules(self) -> TextIndex:
        return TextIndex(self._globs(Target.CHECK_RULE))

    def _globs(self, target: Target) -> Iterable[tuple[int, str]]:
        return ((index, entry.glob) for index, entry in self.entries if entry.target is target)


@record
class SortedFindings:
    """Findings sorted by whether they count.

    Args:
        counted: findings that count.
        ignored: findings that do not, each with the index of the entry that ignores it.
        used: indexes of all entries that took effect.
        partly: indexes of the entries that fit some of the CVEs of a finding that counts.
    """

    counted: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, int], ...]
    used: frozenset[int]
    partly: frozenset[int] = frozenset()


def sort_findings(findings: Iterable[Finding], cves: Mapping[str, tuple[str, ...]], ignores: Ignores) -> SortedFindings:
    """Sort findings by whether they count.

    Args:
        findings: all findings of the image.
        cves: CVE ids by notice id.
        ignores: the entries in force.
    """
    counted: list[Finding] = []
    ignored: list[tuple[Finding, int]] = []
    used: set[int] = set()
    partly: set[int] = set()
    for finding in findings:
        of_finding = cves.get(finding.vul_id or "", ())
        indexes = ignores.entry_for(finding, of_finding)
        if indexes:
            ignored.append((finding, indexes[0]))
            used.update(indexes)
        else:
            counted.append(finding)
            partly.update(ignores.entries_for_some(finding, of_finding))
    return SortedFindings(tuple(counted), tuple(ignored), frozenset(used), frozenset(partly))
