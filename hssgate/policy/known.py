"""Known findings: those that `hssgate accept` recorded for an image, compared with what HSS lists today.

A finding is identified by its id, its package and its path. The version of the package is no part of that: an update
that does not fix a finding does not make it new.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from hssgate.hss.fields import LONGEST_PROSE
from hssgate.hss.models import Finding, Level
from hssgate.record import record

Key = tuple[str, str, str]  # id, package, path; the last two are empty where HSS gives none

_LEVELS = tuple(Level)


class Novelty(StrEnum):
    """Whether a finding was recorded as known."""

    NEW = "new"
    KNOWN = "known"


@record
class Comparison:
    """The findings of an image, compared with those that are known.

    Args:
        new: Python's `id` of each finding that is not known.
        gone: number of known findings that HSS lists no longer.
    """

    new: frozenset[int]
    gone: int

    def novelty_of(self, finding: Finding) -> Novelty:
        """Return whether one of the compared findings is known."""
        return Novelty.NEW if id(finding) in self.new else Novelty.KNOWN


@record
class KnownFindings:
    """The known findings of one image.

    Args:
        numbers: number of findings with each key.
    """

    numbers: Mapping[Key, int]

    @property
    def count(self) -> int:
        """The number of known findings."""
        return sum(self.numbers.values())

    def compare(self, listed: Sequence[Finding]) -> Comparison:
        """Compare the findings that HSS lists with the known ones.

        Args:
            listed: all findings of the image.
        """
        # Several findings can share a key, such as one package in two versions. Of those only as many are known as
        # were recorded, and the least severe come first, so that a further one never hides behind an older one.
        new: set[int] = set()
        by_key: dict[Key, list[Finding]] = {}
        for finding in listed:
            key = key_of(finding)
            if key is None or key not in self.numbers:
                new.add(id(finding))
            else:
                by_key.setdefault(key, []).append(finding)
        for key, alike in by_key.items():
            if len(alike) > (number := self.numbers[key]):
                new.update(id(finding) for finding in sorted(alike, key=_least_severe_first)[number:])
        return Comparison(frozenset(new), self.count - (len(listed) - len(new)))


@record
class AcceptedRow:
    """One image whose findings were recorded.

    Args:
        image: `namespace/name:version`.
        digest: its digest, if HSS gave one.
        date: the day (UTC) of the check, such as 2026-11-28.
        tool: version of hssgate.
    """

    image: str
    digest: str | None
    date: str
    tool: str


@record
class KnownImage:
    """What a file of known findings has about all versions of one image.

    Args:
        accepted: the images whose findings were recorded.
        findings: the known findings.
    """

    accepted: tuple[AcceptedRow, ...]
    findings: KnownFindings


@record
class KnownFile:
    """A file that `hssgate accept` wrote.

    Args:
        path: of the file, as messages name it.
        sha256: SHA-256 of its bytes.
        images: by path without registry and version.
    """

    path: str
    sha256: str
    images: Mapping[str, KnownImage]

    def of_image(self, path: str) -> KnownFindings:
        """Return the known findings of an image; none if it has no entry.

        Args:
            path: as `globs.path_of` returns it.
        """
        image = self.images.get(path)
        return image.findings if image else KnownFindings({})


def key_of(finding: Finding) -> Key | None:
    """Return what identifies a finding; None if nothing does, so that it is always new."""
    # A path of this length was cut, and two different paths can have the same beginning.
    path = finding.app_path or ""
    if finding.vul_id is None or len(path) >= LONGEST_PROSE:
        return None
    key = (finding.vul_id, finding.app_name or "", path)
    return key if all(map(_can_be_written, key)) else None


def known_of(listed: Iterable[Finding]) -> tuple[KnownFindings, int]:
    """Return findings as known ones, and the number of those that cannot be identified."""
    numbers: dict[Key, int] = {}
    unidentified = 0
    for finding in listed:
        if (key := key_of(finding)) is None:
            unidentified += 1
        else:
            numbers[key] = numbers.get(key, 0) + 1
    return KnownFindings(numbers), unidentified


def _can_be_written(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no file can have
        return False
    return True


def _least_severe_first(finding: Finding) -> tuple[int, str]:
    # The fields decide between findings of one level, so that the order of HSS's list does not.
    return -_LEVELS.index(finding.level), repr(finding)
