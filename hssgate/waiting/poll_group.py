"""Images that share one list request: their state, and searches under longer spellings of their name."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.waiting.image import ImageState
from hssgate.waiting.retry import Failures

Fetch = Callable[[float], Listing[CicdImage]]

_FIRST_BY_SPELLING = 3  # number of the poll


@dataclass(frozen=True)
class PollGroup:
    """Images that are polled with one request.

    Args:
        references: the images.
        fetch: returns the list, in at most so many seconds; raises ApiError.
        fetch_by_spelling: the same for rows whose name holds more of the path than its last component.
    """

    references: tuple[Reference, ...]
    fetch: Fetch
    fetch_by_spelling: tuple[Fetch, ...] = ()


class OpenGroup:
    """A poll group while it is polled.

    Args:
        number: of the group in its run, from 0.
        group: what is polled.
        due: when it is polled first, on the monotonic clock.
        most_changes: of the state of an image that are kept as evidence.
    """

    def __init__(self, number: int, group: PollGroup, due: float, most_changes: int) -> None:
        self.number = number
        self._group = group
        self._answers = 0
        self._has_odd_rows = False
        self._found_by: Fetch | None = None  # another spelling of the name, by which rows were found
        self.images = [ImageState(reference, most_changes) for reference in group.references]
        self.left = len(self.images)  # that are open
        self.due = due
        self.failures = Failures()

    def fetch(self, within: float) -> Listing[CicdImage]:
        """Return the list of the next poll, in at most so many seconds.

        HSS may keep the organisation in the image's name, and then a filter by the last component alone may hide the
        row. Where two answers listed nothing, every other request asks by a longer spelling of the name. Once one of
        them brought rows of an image, each poll asks both ways, since each group of rows must pass.

        Raises:
            ApiError: there was no answer.
        """
        if self._found_by is not None:
            return _joined(self._group.fetch(within / 2), self._found_by(within / 2))
        spellings = self._group.fetch_by_spelling
        turn, rest = divmod(self._answers + 1 - _FIRST_BY_SPELLING, 2)
        is_turn = bool(spellings) and turn >= 0 and rest == 0 and not self._is_anything_listed
        fetch = spellings[turn % len(spellings)] if is_turn else self._group.fetch
        listing = fetch(within)
        self._answers += 1
        self._has_odd_rows = bool(listing.odd)
        if is_turn and any(reference.owns(row) for reference in self._group.references for row in listing.rows):
            self._found_by = fetch
        return listing

    @property
    def _is_anything_listed(self) -> bool:
        """Whether the last answer listed a row of the images, or one that cannot be read and may be theirs."""
        return self._has_odd_rows or any(image.is_listed for image in self.images)

    @property
    def open(self) -> list[ImageState]:
        """The images that are still waited for."""
        return [image for image in self.images if image.ending is None]


def _joined(one: Listing[CicdImage], other: Listing[CicdImage]) -> Listing[CicdImage]:
    return replace(
        other, rows=one.rows + other.rows, odd=one.odd + other.odd, passed_over=one.passed_over + other.passed_over
    )
