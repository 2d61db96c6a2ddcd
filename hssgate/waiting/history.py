"""Memory of one image: reads kept as evidence, and each group's newest row, so that a lagging list is not believed."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.hss.models import CicdImage
from hssgate.verdict import Read
from hssgate.waiting.groups import (
    MOST_GROUPS,
    MOVING,
    GroupKey,
    Phase,
    RowGroup,
    TooManyGroups,
    judged_fields,
)
from hssgate.waiting.row_order import is_newer

MOST_CHANGES = 200  # of one image
_LEAST_CHANGES = 20
_CHANGES_OF_RUN = 20_000
_ROOM_FOR_CHANGES = 50


def changes_kept(images: int) -> int:
    """Return how many changes of state are kept of each of so many images: all of them lie in memory until the end."""
    return max(_LEAST_CHANGES, min(MOST_CHANGES, _CHANGES_OF_RUN // max(images, 1)))


class ReadHistory:
    """Reads kept as evidence: each change of state and the last two.

    Args:
        most_changes: of state that are kept.
    """

    def __init__(self, most_changes: int = MOST_CHANGES) -> None:
        self.polls = 0
        self._most_changes = most_changes
        self._changes: list[Read] = []
        self._recent: list[Read] = []

    def add(self, read: Read) -> None:
        """Count a poll, and keep what it showed; of very many changes, the first and the latest are kept."""
        self.polls += 1
        if not self._recent or _evidence(read) != _evidence(self._recent[-1]):
            self._changes.append(read)
        if len(self._changes) > self._most_changes:
            del self._changes[self._most_changes // 2]
        self._recent = [*self._recent[-1:], read]

    @property
    def kept(self) -> tuple[Read, ...]:
        """The reads, in their order."""
        return (*(read for read in self._changes if read not in self._recent), *self._recent)


class _Outranked:
    """Finished rows of one group that a scan in progress outranked, as hashes.

    Two rows with the same hash are a reason for doubt, never for belief. A server could list other rows at every poll
    without end: what is remembered is bounded by what one answer held, and once there was more, any row may be one that
    was forgotten.
    """

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._most_rows = 0
        self.are_too_many = False

    def add(self, rows: Sequence[CicdImage]) -> None:
        self._most_rows = max(self._most_rows, len(rows))
        self._hashes |= {hash(judged_fields(row)) for row in rows}
        if len(self._hashes) > 2 * self._most_rows + _ROOM_FOR_CHANGES:
            self._hashes.clear()
            self.are_too_many = True

    def may_hold(self, row: CicdImage) -> bool:
        return self.are_too_many or hash(judged_fields(row)) in self._hashes


class GroupHistory:
    """The newest row of each group so far, and the finished rows that a scan in progress outranked.

    A list may lag behind, or come from a server that has not heard of the newest scan. So neither the absence of a row
    that was seen before nor an older result replaces it: the group counts as vanished, which is waited on.
    """

    def __init__(self) -> None:
        self._newest: dict[GroupKey, CicdImage] = {}
        self._new: set[GroupKey] = set()
        self._was_answered = False
        self._outranked: dict[GroupKey, _Outranked] = {}

    @property
    def has_forgotten(self) -> bool:
        """Whether results of a group are not believed any more, since too many of them came and went."""
        return any(outranked.are_too_many for outranked in self._outranked.values())

    def is_new(self, key: GroupKey) -> bool:
        """Whether what is listed of a group now came about during the wait: it was not listed before, or moving."""
        return key in self._new or (self._was_answered and key not in self._newest)

    def update(self, found: Sequence[RowGroup], present: int) -> tuple[RowGroup, ...]:
        """Return the groups of an answer as they are to be believed, and after them those no longer listed.

        Args:
            found: the groups as listed.
            present: the server's time, epoch milliseconds.

        Raises:
            TooManyGroups: there are more than MOST_GROUPS; the answer changes nothing.
        """
        listed = {group.key for group in found}
        if len(self._newest.keys() | listed) > MOST_GROUPS:
            raise TooManyGroups
        self._new |= {group.key for group in found if group.phase in MOVING or self.is_new(group.key)}
        self._was_answered = True
        for group in found:
            if group.phase in MOVING:
                before = self._newest.get(group.key)
                finished = group.others if before is None or not before.is_terminal else (*group.others, before)
                self._outranked.setdefault(group.key, _Outranked()).add(finished)
        gone = tuple(RowGroup(key, Phase.VANISHED, row) for key, row in self._newest.items() if key not in listed)
        gone_platforms = {group.platform for group in gone}
        kept = tuple(
            self._or_vanished(group, present)
            for group in found
            if group.has_rows or group.platform not in gone_platforms
        )
        self._newest |= {group.key: group.row for group in kept if group.has_rows}
        return (*kept, *gone)

    def _or_vanished(self, group: RowGroup, present: int) -> RowGroup:
        before = self._newest.get(group.key)
        if before is None or group.phase is not Phase.ENDED:
            return group
        outranked = self._outranked.get(group.key)
        if (outranked is not None and outranked.may_hold(group.row)) or is_newer(before, group.row, present):
            return replace(group, phase=Phase.VANISHED, row=before)
        return group


def _evidence(read: Read) -> tuple[object, ...]:
    fields = judged_fields(read.row) if read.row else None
    return (read.answered, read.http_status, fields)
