"""Finds the first of many entries that fits a text, at a cost that hardly grows with their number.

A policy may have 2,000 entries and an image 12,000 findings. A glob can fit only a text that contains each literal part
of the glob. So entries are looked up by an excerpt of their longest literal part, and only those whose excerpt occurs
in the text are compared with it.
"""

import re
from collections.abc import Callable, Iterable

from hssgate.policy.globs import fits_text

_LONGEST_EXCERPT = 10  # characters, a year and a number of a CVE; longer ones exclude few more entries
# A bracket begins a set of characters in some globs and is itself in others, so what follows it counts as no literal.
_NOT_LITERAL = r"(?s)[*?]|\[.*"

Entry = tuple[int, str]  # index of the entry in its policy, and its glob
Fits = Callable[[str, str], bool]


class GlobIndex:
    """Globs by an excerpt of their longest literal part.

    Args:
        entries: each with its index, ascending.
        fits: whether a glob fits a text; true for a text that equals the glob, false for one without its literal parts.
    """

    def __init__(self, entries: Iterable[Entry], fits: Fits) -> None:
        self._fits = fits
        self._by_text: dict[str, int] = {}
        self._by_excerpt: dict[str, list[Entry]] = {}
        for entry in entries:
            index, glob = entry
            self._by_text.setdefault(glob, index)
            literals = re.split(_NOT_LITERAL, glob)
            if len(literals) > 1:
                # Ids have their beginning in common ("CVE-2024-"), so the end of a part tells more of them apart.
                excerpt = max(literals, key=len)[-_LONGEST_EXCERPT:]
                self._by_excerpt.setdefault(excerpt, []).append(entry)
        self._lengths = sorted({len(excerpt) for excerpt in self._by_excerpt})

    def first(self, text: str) -> int | None:
        """Return the smallest index of an entry that fits; None if none does.

        Args:
            text: what the globs are compared with.
        """
        found = self._by_text.get(text)
        for index, glob in self._candidates(text):
            if found is not None and found < index:
                break
            if self._fits(glob, text):
                return index
        return found

    def all(self, text: str) -> list[int]:
        """Return the indexes of all entries that fit, if no two entries have the same glob."""
        equal = self._by_text.get(text)
        fitting = {index for index, glob in self._candidates(text) if self._fits(glob, text)}
        return sorted(fitting if equal is None else {*fitting, equal})

    def _candidates(self, text: str) -> list[Entry]:
        """Return the entries with wildcards whose excerpt occurs in the text, ascending."""
        if len(self._by_excerpt) <= len(self._lengths) * len(text):
            excerpts = [excerpt for excerpt in self._by_excerpt if excerpt in text]
        else:
            parts = {text[start : start + length] for length in self._lengths for start in range(len(text) + 1)}
            excerpts = [part for part in parts if part in self._by_excerpt]
        return sorted(entry for excerpt in excerpts for entry in self._by_excerpt[excerpt])


class TextIndex:
    """Globs on ids and names, which blanks around a text do not matter to.

    Args:
        entries: each with its index, ascending.
        any_case: ignore case.
    """

    def __init__(self, entries: Iterable[Entry], *, any_case: bool = False) -> None:
        self._any_case = any_case
        comparable = ((index, glob.lower() if any_case else glob) for index, glob in entries)
        self._index = GlobIndex(comparable, fits_text)

    def first(self, text: str) -> int | None:
        """Return the smallest index of an entry that fits; None if none does."""
        return self._index.first(self._comparable(text))

    def all(self, text: str) -> list[int]:
        """Return the indexes of all entries that fit, if no two entries have the same glob."""
        return self._index.all(self._comparable(text))

    def _comparable(self, text: str) -> str:
        stripped = text.strip()
        return stripped.lower() if self._any_case else stripped


class VulnerabilityIndex:
    """Globs on ids of vulnerabilities, each for one package or for any.

    Args:
        entries: index, glob on the id, and glob on the package or None, ascending.
    """

    def __init__(self, entries: Iterable[tuple[int, str, str | None]]) -> None:
        by_package: dict[str | None, list[Entry]] = {}
        for index, glob, package in entries:
            by_package.setdefault(package, []).append((index, glob))
        self._for_any = TextIndex(by_package.pop(None, ()), any_case=True)
        self._for_some = [TextIndex(found, any_case=True) for found in by_package.values()]
        self._packages = TextIndex(enumerate(package for package in by_package if package is not None))
        self._of_package: dict[str, list[TextIndex]] = {}  # those seen so far

    def first(self, vulnerability: str, package: str | None) -> int | None:
        """Return the smallest index of an entry that fits; None if none does.

        Args:
            vulnerability: its id.
            package: name of its package, if known; without it only entries for any package fit.
        """
        fitting = (index.first(vulnerability) for index in (self._for_any, *self._for_package(package)))
        return min((index for index in fitting if index is not None), default=None)

    def _for_package(self, package: str | None) -> list[TextIndex]:
        if package is None or not self._for_some:
            return []
        if package not in self._of_package:
            self._of_package[package] = [self._for_some[number] for number in self._packages.all(package)]
        return self._of_package[package]
