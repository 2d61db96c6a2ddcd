"""Which row stands for an image: grouping, newest row, staleness, ambiguity (CONTRACT section 2)."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, StrEnum
from operator import attrgetter

from hssgate.api.models import CicdImage
from hssgate.policy.rule_table import ROW_FIELDS
from hssgate.record import record
from hssgate.reference import Reference

AHEAD_AT_MOST = 15 * 60 * 1000  # milliseconds by which a scan time may be ahead of the server's clock

# By which rows are compared; one that only one of two rows has decides nothing.
_TIMES: tuple[Callable[[CicdImage], int | None], ...] = (
    attrgetter("latest_update_time"),
    attrgetter("latest_scan_time"),
)

_JUDGED = ("image_digest", *ROW_FIELDS)
COMPARED = ("image_id", *_JUDGED)

GroupKey = tuple[str | None, str | None, str | None, str | None]


class Phase(StrEnum):
    """Where a group of rows stands."""

    # in the order in which they hold an image up
    UNDOCUMENTED = "undocumented"  # a status the manual does not know: waited on, never believed
    IN_PROGRESS = "in progress"
    VANISHED = "vanished"  # a scan was seen in progress, and now there is no trace of it
    UNSCANNED = "unscanned"
    STALE = "stale"  # its scan ended before the moment asked for
    AMBIGUOUS = "ambiguous"
    ENDED = "ended"


MOVING = frozenset({Phase.IN_PROGRESS, Phase.UNDOCUMENTED})
NOT_STARTED = frozenset({Phase.STALE, Phase.UNSCANNED})


@record
class Standing:
    """The state of one group.

    Args:
        key: cicd_name, namespace, image_name, image_version.
        phase: where it stands.
        row: the row that stands for the group.
        others: where it is ambiguous, all rows that might be the newest; where a scan is in progress, the finished
            rows that it outranks.
    """

    key: GroupKey
    phase: Phase
    row: CicdImage
    others: tuple[CicdImage, ...] = ()

    @property
    def label(self) -> str:
        """The group as people would write it."""
        cicd_name, namespace, name, version = self.key
        image = "/".join(part for part in (namespace, name) if part) + (f":{version}" if version else "")
        return f"{cicd_name}: {image}" if cicd_name else image


def standings(
    reference: Reference,
    rows: Iterable[CicdImage],
    scanned_after: int | None = None,
    now: int | None = None,
) -> tuple[Standing, ...]:
    """Return the state of each group of rows that belong to the reference, in the order of their first rows.

    Args:
        reference: the image asked for.
        rows: of the API; they may belong to any image.
        scanned_after: epoch milliseconds; a result with an earlier scan time, or with none, is stale.
        now: the server's present in epoch milliseconds; a scan time well beyond it proves nothing.
    """
    groups: dict[GroupKey, list[CicdImage]] = {}
    for row in rows:
        if reference.owns(row):
            key = (row.cicd_name, row.namespace, row.image_name, row.image_version)
            groups.setdefault(key, []).append(row)
    return tuple(_standing(key, group, scanned_after, now) for key, group in groups.items())


def judged_fields(row: CicdImage) -> tuple[object, ...]:
    """Return all of a row that a verdict could turn on."""
    return tuple(getattr(row, name) for name in _JUDGED)


def compared_fields(row: CicdImage) -> tuple[object, ...]:
    """Return all of a row in which two rows of one time, or two reads of one row, must agree."""
    return tuple(getattr(row, name) for name in COMPARED)


def is_stale(row: CicdImage, scanned_after: int | None, now: int | None = None) -> bool:
    """Whether the row cannot be shown to come from a scan at or after the moment; all in epoch milliseconds."""
    if scanned_after is None:
        return False
    if row.latest_scan_time is None or row.latest_scan_time < scanned_after:
        return True
    return now is not None and row.latest_scan_time > now + AHEAD_AT_MOST


def _standing(key: GroupKey, group: Sequence[CicdImage], scanned_after: int | None, now: int | None) -> Standing:
    unfinished = [row for row in group if not row.is_terminal and not row.is_unscanned]
    if unfinished:
        # Whatever still moves counts as newer than anything finished; what nobody documented is named first.
        row = min(unfinished, key=lambda candidate: candidate.is_documented)
        outranked = tuple(other for other in group if other.is_terminal)
        return Standing(key, Phase.IN_PROGRESS if row.is_documented else Phase.UNDOCUMENTED, row, outranked)
    newest = _newest(group)
    unscanned = [row for row in newest if row.is_unscanned]
    if unscanned:
        return Standing(key, Phase.UNSCANNED, unscanned[0])
    fresh = [row for row in newest if not is_stale(row, scanned_after, now)]
    if not fresh:
        return Standing(key, Phase.STALE, newest[0])
    if len({compared_fields(row) for row in newest}) > 1:
        return Standing(key, Phase.AMBIGUOUS, newest[0], tuple(newest))
    return Standing(key, Phase.ENDED, newest[0])


def _newest(group: Sequence[CicdImage]) -> list[CicdImage]:
    """Return the rows that no other of the group is newer than, in their order; a server may list a tag without end."""
    kept = {id(row) for row in _unbeaten(group, _TIMES)}
    return [row for row in group if id(row) in kept]


def _unbeaten(rows: Sequence[CicdImage], times: Sequence[Callable[[CicdImage], int | None]]) -> Sequence[CicdImage]:
    if not times or len(rows) < 2:  # noqa: PLR2004 - one is newest
        return rows
    time_of, *rest = times
    latest = max((time for row in rows if (time := time_of(row)) is not None), default=None)
    timed = [row for row in rows if latest is not None and time_of(row) == latest]
    untimed = [row for row in rows if time_of(row) is None]
    return [*_unbeaten(timed, rest), *_unbeaten(untimed, rest)]


def is_newer(one: CicdImage, other: CicdImage) -> bool:
    """Whether a row is told to be newer than another, by update time, then by scan time."""
    return _compare(one, other) is _Order.NEWER


class _Order(Enum):
    NEWER = "newer"
    OLDER = "older"
    UNTOLD = "untold"


def _compare(one: CicdImage, other: CicdImage) -> _Order:
    """Tell which row is newer: by update time, then by scan time; a time that only one of them has decides nothing."""
    for time_of in _TIMES:
        mine, theirs = time_of(one), time_of(other)
        if mine is None and theirs is None:
            continue
        if mine is None or theirs is None:
            return _Order.UNTOLD
        if mine != theirs:
            return _Order.NEWER if mine > theirs else _Order.OLDER
    return _Order.UNTOLD
