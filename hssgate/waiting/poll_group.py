"""Groups of images that share one list request, by longer spellings of their name too, and when each is due."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.waiting.image import ImageState
from hssgate.waiting.retry import Failures
from hssgate.waiting.schedule import DueTimes, Schedule

Fetch = Callable[[float], Listing[CicdImage]]

_FIRST_BY_SPELLING = 3  # number of the poll


@record
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


class OpenGroups:
    """The groups of a run, in the order in which they are due.

    Args:
        groups: in the order of their numbers.
        schedule: of the run.

    Attributes:
        all: the groups, in the order of their numbers.
        left: number of groups with images that are still waited for.
    """

    def __init__(self, groups: Sequence[OpenGroup], schedule: Schedule) -> None:
        self.all = groups
        self._schedule = schedule
        self._due_times = DueTimes()  # of the groups that are not being polled
        self.left = sum(group.left > 0 for group in groups)

    def start(self) -> None:
        """Let every group be due when it is to be polled first."""
        for group in self.all:
            self._due_times.put(group.number, group.due)

    @property
    def first_due(self) -> float:
        """When the first group is due, on the monotonic clock; there must be one."""
        return self._due_times.first

    def are_several_due(self, now: float) -> bool:
        """Whether more than one group is due."""
        return self._due_times.are_several_due(now)

    @property
    def queued(self) -> int:
        """Number of groups that are not being polled."""
        return len(self._due_times)

    def take(self, now: float) -> OpenGroup | None:
        """Remove and return the first group that is due; None if there is none."""
        number = self._due_times.take(now)
        return None if number is None else self.all[number]

    def put(self, group: OpenGroup) -> None:
        """Add a group again after its poll; without open images it is not polled any more."""
        if group.open:
            self._due_times.put(group.number, group.due)

    def set_next_due(self, group: OpenGroup, now: float, pause: float) -> None:
        """Set when a group is due that is being polled; the pause is in seconds."""
        group.due = self._schedule.next_poll(group.open, now, pause, self.left)

    def throttle(self, until: float) -> None:
        """Poll no group before a moment, since HSS limits the requests of a caller, not of an image.

        A group whose poll is under way gets its new time when its answer comes.
        """
        self._schedule.throttle(until)
        for due, number in self._due_times.take_all():
            group = self.all[number]
            group.due = self._schedule.put_off(due, group.open, self.left)
            self._due_times.put(number, group.due)

    def note_end(self, group: OpenGroup) -> None:
        """Note that the wait for one image of a group has ended."""
        group.left -= 1
        self.left -= group.left == 0

    def time_left(self, now: float) -> float:
        """Return the seconds until the last deadline of the images that are still open."""
        return max(
            (self._schedule.deadline(image).left(now) for group in self.all for image in group.open), default=0.0
        )


def _joined(one: Listing[CicdImage], other: Listing[CicdImage]) -> Listing[CicdImage]:
    return replace(
        other, rows=one.rows + other.rows, odd=one.odd + other.odd, passed_over=one.passed_over + other.passed_over
    )
