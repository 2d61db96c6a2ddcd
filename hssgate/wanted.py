"""Which rows of a list a run keeps: a list that matches loosely may be long, and almost all of it other images."""

from collections.abc import Iterable

from hssgate.api.models import CicdImage
from hssgate.reference import Reference

MOST_NEIGHBOURS = 200  # rows of a name that are nobody's; they are only told as what may have been meant


class Wanted:
    """Says of each row of a list whether it is kept.

    Args:
        references: the images that are looked for.
    """

    def __init__(self, references: Iterable[Reference]) -> None:
        self._by_tag: dict[tuple[str, str | None], list[Reference]] = {}
        for reference in references:
            self._by_tag.setdefault((reference.image_name, reference.image_version), []).append(reference)
        self._room = {name: MOST_NEIGHBOURS for name, _ in self._by_tag}

    def keeps(self, row: CicdImage) -> bool:
        """Return whether the row belongs to an image, or is among the first that only share the name of one."""
        name = row.image_name
        room = self._room.get(name or "")
        if name is None or room is None:
            return False
        for version in {row.image_version, None}:
            if any(reference.owns(row) for reference in self._by_tag.get((name, version), ())):
                return True
        self._room[name] = room - 1
        return room > 0
