"""Result of the wait for one image, and the state of its groups in words."""

from typing import assert_never

from hssgate.durations import format_api_time
from hssgate.errors import ApiError
from hssgate.hss.models import CicdImage, ScanStatus
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.text import clean
from hssgate.verdict import Read
from hssgate.waiting.groups import NO_ROWS, GroupKey, Phase, RowGroup
from hssgate.waiting.states import Ending


@record
class Observation:
    """What the wait for one image came to.

    Args:
        reference: the image.
        ending: why the wait is over.
        row_groups: its groups as last seen.
        unsettled: keys of the groups whose success was too young to be believed.
        error: why there was no answer, where that ended the wait.
        server_time: the server's clock at the last answer, in epoch seconds, if known.
        scanned_after: the earliest scan time accepted, in epoch milliseconds.
        waited_seconds: from the start of the run.
        polls: number of polls.
        reads: each change of state and the last two reads.
        similar_rows: rows that differ from it in something, to be named as near misses.
        searched: whether rows of its name and any version were searched for.
        agreed: keys of the groups whose success two reads showed alike, `--settle` apart.
        time_up: the option whose time was up; empty where another reason ended the wait.
    """

    reference: Reference
    ending: Ending
    row_groups: tuple[RowGroup, ...]
    unsettled: frozenset[GroupKey]
    error: ApiError | None
    server_time: float | None
    scanned_after: int | None
    waited_seconds: float
    polls: int
    reads: tuple[Read, ...]
    similar_rows: tuple[CicdImage, ...]
    searched: bool = False
    agreed: frozenset[GroupKey] = frozenset()
    time_up: str = ""

    @property
    def judged_groups(self) -> tuple[RowGroup, ...]:
        """The groups that are judged: all of them, or NO_ROWS where there is none."""
        return self.row_groups or (NO_ROWS,)


def state_of(row_group: RowGroup, settling: bool) -> str:  # noqa: FBT001 - a word to add, no branch picked
    """Return the state of one group in words.

    Args:
        row_group: the group.
        settling: its result is still too young to be believed.
    """
    row = row_group.row
    match row_group.phase:
        case Phase.STALE:
            return f"stale: {status_of(row)}, {scanned_when(row)}"
        case Phase.UNSCANNED | Phase.IN_PROGRESS:
            return status_of(row)
        case Phase.UNDOCUMENTED:
            return f"{status_of(row)} (undocumented)"
        case Phase.VANISHED:
            return f"no longer listed, was {status_of(row)}"
        case Phase.AMBIGUOUS | Phase.ABSENT:
            return "ambiguous" if row_group.has_rows else "not listed"
        case Phase.ENDED:
            # Not `success`, which readers take for the verdict.
            ended = "scan finished" if row.scan_status == ScanStatus.SUCCESS else status_of(row)
            return f"{ended}, settling" if settling else ended
        case unreachable:
            assert_never(unreachable)


def scanned_when(row: CicdImage) -> str:
    """Return when a row was scanned, in words."""
    time = row.latest_scan_time
    return f"scanned {format_api_time(time)}" if time is not None else "scanned at an unknown time"


def status_of(row: CicdImage) -> str:
    """Return the status of a row in words, one line."""
    return "without a status" if row.scan_status is None else clean(row.scan_status, 60)
