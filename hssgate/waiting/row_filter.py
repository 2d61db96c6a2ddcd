"""Row filter for long lists: keeps the rows of the images asked for and a few that resemble them."""

from collections.abc import Iterable, Iterator
from itertools import chain, product

from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.reference import Reference, RowKey, basename, row_keys

MOST_SIMILAR_ROWS = 200  # rows of an image's name that belong to no image; they are near misses


class Wanted:
    """Decides which rows of a list are kept.

    Args:
        references: the images asked for.
    """

    def __init__(self, references: Iterable[Reference]) -> None:
        self._by_tag: dict[tuple[str, str | None], list[Reference]] = {}
        self._by_key: dict[tuple[RowKey, str | None], list[Reference]] = {}
        for reference in references:
            self._by_tag.setdefault((reference.basename, reference.image_version), []).append(reference)
            self._by_key.setdefault((reference.row_key, reference.image_version), []).append(reference)
        self._room = {name: MOST_SIMILAR_ROWS for name, _ in self._by_tag}
        self._in_doubt: set[Reference] = set()

    def keeps(self, row: CicdImage) -> bool:
        """Return whether the row belongs to an image, or is among the first that only share the name of one."""
        name = basename(row.image_name)
        room = self._room.get(name)
        if room is None:
            return False
        for key, version in product(row_keys(row), {row.image_version, None}):
            for reference in self._by_key.get((key, version), ()):
                if reference.owns(row) or (row.is_moving and reference.may_become(row)):
                    return True
        self._room[name] = room - 1
        return room > 0

    def keeps_odd(self, odd: PartlyReadableRow) -> bool:
        """Return whether a row that cannot be read in full may belong to an image of which no other such row was kept.

        One is enough to leave an image in doubt.
        """
        candidates: Iterable[Reference]
        if {"image_name", "image_version"} & odd.unreadable:
            candidates = (reference for references in self._by_tag.values() for reference in references)
        else:
            candidates = self._of(basename(odd.known.image_name), odd.known.image_version)
        doubted = {reference for reference in candidates if reference.may_own(odd.known, odd.unreadable)}
        is_news = not doubted <= self._in_doubt
        self._in_doubt |= doubted
        return is_news

    def _of(self, name: str, version: str | None) -> Iterator[Reference]:
        """Return the references that a row of this name and version can belong to."""
        return chain.from_iterable(self._by_tag.get((name, wanted), ()) for wanted in {version, None})
