"""CVEs of each vulnerability notice, independent of image and of the time of the request."""

from hssgate.emulator.findings import Cve, ManyFindings
from hssgate.emulator.images import Image


class Notices:
    """The CVEs of all findings of all states of the images. Not thread-safe."""

    def __init__(self) -> None:
        self._named: dict[str, list[Cve]] = {}
        self._many: list[tuple[ManyFindings, tuple[Cve, ...]]] = []

    def add(self, image: Image, started: float) -> None:
        """Add the CVEs of an image's findings.

        Args:
            image: the image.
            started: its start or push, in epoch seconds.
        """
        for state in (image, *image.timeline):
            for finding in state.findings:
                known = self._named.setdefault(str(finding.as_json().get("vul_id")), [])
                known.extend(cve for one in finding.cves if (cve := one.dated(started)) not in known)
            if (many := state.many_findings) and many.cves:
                self._many.append((many, tuple(cve.dated(started) for cve in many.cves)))

    def cves(self, vul_id: str) -> list[Cve]:
        """Return the CVEs of a notice; an unknown one has none."""
        generated = (cve for many, cves in self._many if many.holds(vul_id) for cve in cves)
        return list({cve.model_dump_json(): cve for cve in (*self._named.get(vul_id, ()), *generated)}.values())
