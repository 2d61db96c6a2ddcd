"""What earlier answers showed of one image: reads kept as evidence, and results that a later scan outranked."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.hss.models import CicdImage
from hssgate.verdict import Read
from hssgate.waiting.groups import MOVING, GroupKey, Phase, RowGroup, is_newer, judged_fields

_MOST_CHANGES = 200


class ReadHistory:
    """Reads kept as evidence: each change of state and the last two."""

    def __init__(self) -> None:
        self.polls = 0
        self._changes: list[Read] = []
        self._recent: list[Read] = []

    def add(self, read: Read) -> None:
        """Count a poll, and keep what it showed; of very many changes, the first and the latest are kept."""
        self.polls += 1
        if not self._recent or _evidence(read) != _evidence(self._recent[-1]):
            self._changes.append(read)
        if len(self._changes) > _MOST_CHANGES:
            del self._changes[_MOST_CHANGES // 2]
        self._recent = [*self._recent[-1:], read]

    @property
    def kept(self) -> tuple[Read, ...]:
        """The reads, in their order."""
        return (*(read for read in self._changes if read not in self._recent), *self._recent)


class GroupHistory:
    """The newest row of each group so far, and the finished rows that a scan in progress outranked.

    A list may lag behind, or come from a server that has not heard of the newest scan. So neither the absence of a row
    that was seen before nor an older result replaces it: the group counts as vanished, which is waited on.
    """

    def __init__(self) -> None:
        self._newest: dict[GroupKey, CicdImage] = {}
        self._new: set[GroupKey] = set()
        self._was_answered = False
        self._outranked: set[tuple[object, ...]] = set()

    def is_new(self, key: GroupKey) -> bool:
        """Whether what is listed of a group now came about during the wait: it was not listed before, or moving."""
        return key in self._new or (self._was_answered and key not in self._newest)

    def update(self, found: Sequence[RowGroup], present: int) -> tuple[RowGroup, ...]:
        """Return the groups of an answer as they are to be believed, and after them those no longer listed.

        Args:
            found: the groups as listed.
            present: the server's time, epoch milliseconds.
        """
        self._new |= {group.key for group in found if group.phase in MOVING or self.is_new(group.key)}
        self._was_answered = True
        for group in found:
            if group.phase in MOVING:
                before = self._newest.get(group.key)
                finished = group.others if before is None else (*group.others, before)
                self._outranked |= {(group.key, judged_fields(row)) for row in finished}
        kept = tuple(self._or_vanished(group, present) for group in found)
        listed = {group.key for group in found}
        gone = tuple(RowGroup(key, Phase.VANISHED, row) for key, row in self._newest.items() if key not in listed)
        self._newest |= {group.key: group.row for group in kept}
        return (*kept, *gone)

    def _or_vanished(self, group: RowGroup, present: int) -> RowGroup:
        before = self._newest.get(group.key)
        if before is None or group.phase is not Phase.ENDED:
            return group
        is_outranked = (group.key, judged_fields(group.row)) in self._outranked
        if is_outranked or is_newer(before, group.row, present):
            return replace(group, phase=Phase.VANISHED, row=before)
        return group


def _evidence(read: Read) -> tuple[object, ...]:
    fields = judged_fields(read.row) if read.row else None
    return (read.answered, read.http_status, fields)
