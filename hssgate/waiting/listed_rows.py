"""Rows of one answer, found by the image that they may belong to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.paging import Listing
from hssgate.reference import Reference, RowKey, basename, row_keys


class ListedRows:
    """An index of one answer: with thousands of images, a walk through all rows for each of them would take minutes.

    Args:
        listing: the answer.
    """

    def __init__(self, listing: Listing[CicdImage]) -> None:
        self.exchange = listing.exchange
        self._by_name: defaultdict[str, list[CicdImage]] = defaultdict(list)
        self._by_key: defaultdict[RowKey, list[CicdImage]] = defaultdict(list)
        self._by_tag: defaultdict[tuple[RowKey, str | None], list[CicdImage]] = defaultdict(list)
        for row in listing.rows:
            self._by_name[basename(row.image_name)].append(row)
            for key in row_keys(row):
                self._by_key[key].append(row)
                self._by_tag[key, row.image_version].append(row)
        self._odd_by_tag: defaultdict[tuple[str, str | None], list[PartlyReadableRow]] = defaultdict(list)
        self._odd_of_any: list[PartlyReadableRow] = []
        for odd in listing.odd:
            if {"image_name", "image_version"} & odd.unreadable:
                self._odd_of_any.append(odd)
            else:
                self._odd_by_tag[basename(odd.known.image_name), odd.known.image_version].append(odd)

    def candidates(self, reference: Reference) -> Sequence[CicdImage]:
        """Return rows in their order, among them all that belong to an image or lack only its digest."""
        if reference.image_version is None:
            return self._by_key.get(reference.row_key, ())
        return self._by_tag.get((reference.row_key, reference.image_version), ())

    def not_of(self, reference: Reference) -> Iterator[CicdImage]:
        """Yield the rows that have the name of an image and do not belong to it."""
        return (row for row in self._by_name.get(reference.basename, ()) if not reference.owns(row))

    def odd_row_of(self, reference: Reference) -> PartlyReadableRow | None:
        """Return a row that may belong to an image and cannot be read in full, None where there is none."""
        name, version = reference.basename, reference.image_version
        tags = self._odd_by_tag if version is None else {(name, version): self._odd_by_tag.get((name, version), [])}
        of_its_name = chain.from_iterable(odds for (found, _), odds in tags.items() if found == name)
        candidates = chain(of_its_name, self._odd_of_any)
        return next((odd for odd in candidates if reference.may_own(odd.known, odd.unreadable)), None)
