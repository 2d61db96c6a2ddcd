"""CVEs of each vulnerability notice, independent of image and time."""

from hssgate.emulator.findings import Cve, ManyFindings
from hssgate.emulator.images import Image


class Notices:
    """The CVEs of all findings of all states of the images. Not thread-safe."""

    def __init__(self) -> None:
        self._named: dict[str, list[Cve]] = {}
        self._many: list[ManyFindings] = []

    def add(self, image: Image) -> None:
        """Add the CVEs of an image's findings."""
        for state in (image, *image.timeline):
            for finding in state.findings:
                known = self._named.setdefault(str(finding.as_json().get("vul_id")), [])
                known.extend(cve for cve in finding.cves if cve not in known)
            if state.many_findings and state.many_findings.cves:
                self._many.append(state.many_findings)

    def cves(self, vul_id: str) -> list[Cve]:
        """Return the CVEs of a notice; an unknown one has none."""
        generated = (cve for many in self._many if many.holds(vul_id) for cve in many.cves)
        return list({cve.model_dump_json(): cve for cve in (*self._named.get(vul_id, ()), *generated)}.values())
