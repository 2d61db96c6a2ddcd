"""Groups matching rows and picks the newest of each."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from hssgate.durations import believable
from hssgate.hss.models import CicdImage, ScanStatus
from hssgate.policy.rule_table import ROW_FIELDS
from hssgate.record import record
from hssgate.reference import Reference, registry_of
from hssgate.waiting.row_order import newest_of, rivals_of

_NAMES = 5  # of a key
_JUDGED = ("image_digest", *ROW_FIELDS)
COMPARED = ("image_id", *_JUDGED)

# cicd_name, registry, namespace, image_name, image_version; and the platform, where a registry lists several.
GroupKey = tuple[str | None, ...]


MOST_GROUPS = 1_000  # of one image


class TooManyGroups(Exception):
    """More groups of rows belong to an image than MOST_GROUPS."""


class Phase(StrEnum):
    """State of a group of rows."""

    # Most urgent first: the group of the first phase decides what an image waits for.
    UNDOCUMENTED = "undocumented"  # not in the API's manual: polled on, never a result
    IN_PROGRESS = "in progress"
    VANISHED = "vanished"  # a row or a scan was seen before, and the list does not show it any more
    UNSCANNED = "unscanned"
    STALE = "stale"  # its scan ended before the moment asked for
    AMBIGUOUS = "ambiguous"
    ENDED = "ended"
    ABSENT = "absent"  # of NO_ROWS, and of a platform of the image without a row


MOVING = frozenset({Phase.IN_PROGRESS, Phase.UNDOCUMENTED})
NOT_STARTED = frozenset({Phase.STALE, Phase.UNSCANNED, Phase.ABSENT})


@record
class RowGroup:
    """The state of one group.

    Args:
        key: what its rows have in common.
        phase: its state.
        row: the row that stands for the group; an empty one where none is listed.
        others: where it is ambiguous, all rows that might be the newest; where a scan is in progress, the finished
            rows that it outranks; where it has ended, rows of other pushes that were scanned later and updated earlier.
    """

    key: GroupKey
    phase: Phase
    row: CicdImage
    others: tuple[CicdImage, ...] = ()

    @property
    def has_rows(self) -> bool:
        """Whether there is a row; not so in NO_ROWS, and for a platform that is missing."""
        return self.phase is not Phase.ABSENT

    @property
    def has_succeeded(self) -> bool:
        """Whether its scan ended with success; the result may still be settling."""
        return self.phase is Phase.ENDED and self.row.scan_status == ScanStatus.SUCCESS

    @property
    def platform(self) -> str | None:
        """The platform of the rows, where a registry lists several."""
        return self.key[_NAMES] if len(self.key) > _NAMES else None

    @property
    def label(self) -> str:
        """The group as people would write it."""
        cicd_name, registry, namespace, name, version = self.key[:_NAMES]
        image = "/".join(part for part in (namespace, name) if part) + (f":{version}" if version else "")
        origin = ", ".join(part for part in (cicd_name, registry, self.platform) if part)
        return f"{origin}: {image}" if origin else image


# Stands for the groups of an image to which no row belongs, so that it is judged like any other.
NO_ROWS = RowGroup((None,) * _NAMES, Phase.ABSENT, CicdImage())


def group_rows(
    reference: Reference,
    rows: Iterable[CicdImage],
    scanned_after: int | None = None,
    now: int | None = None,
    new: Callable[[GroupKey], bool] = lambda _key: False,
) -> tuple[RowGroup, ...]:
    """Return the state of each group of rows that belong to the reference, in the order of their first rows.

    Args:
        reference: the image asked for.
        rows: of the API; they may belong to any image.
        scanned_after: epoch milliseconds; a result with an earlier scan time, or with none, is stale.
        now: the server's present in epoch milliseconds; a time well beyond it is none.
        new: whether the result of a group came about during the wait; then a failure needs no scan time to be fresh.

    Raises:
        TooManyGroups: there are more than MOST_GROUPS.
    """
    groups: dict[GroupKey, list[CicdImage]] = {}
    for row in rows:
        if reference.owns(row):
            groups.setdefault(group_key(row, reference), []).append(row)
            if len(groups) > MOST_GROUPS:
                raise TooManyGroups
    found = tuple(_row_group(key, group, scanned_after, now, is_new=new(key)) for key, group in groups.items())
    return (*found, *_missing(reference, found)) if found else ()


def group_all(rows: Iterable[CicdImage], now: int) -> tuple[RowGroup, ...]:
    """Return the state of each group of rows, whatever image they belong to, in the order of their first rows.

    Args:
        rows: of the API.
        now: the server's present in epoch milliseconds; a time well beyond it is none.
    """
    groups: dict[GroupKey, list[CicdImage]] = {}
    for row in rows:
        groups.setdefault(_names_of(row), []).append(row)
    return tuple(_row_group(key, group, None, now, is_new=False) for key, group in groups.items())


def group_key(row: CicdImage, reference: Reference) -> GroupKey:
    """Return what rows of one group have in common."""
    names = _names_of(row)
    return (*names, reference.platform_of(row)) if reference.resolved else names


def _names_of(row: CicdImage) -> GroupKey:
    return row.cicd_name, registry_of(row), row.namespace, row.image_name, row.image_version


def missing_platform(reference: Reference, platform: str | None) -> RowGroup:
    """Return the state of a platform of which no row is listed."""
    asked = reference.cicd_name, reference.registry_name, reference.namespace, reference.image_name
    return RowGroup((*asked, reference.image_version, platform), Phase.ABSENT, CicdImage())


def _missing(reference: Reference, found: Iterable[RowGroup]) -> list[RowGroup]:
    """Return a group for each platform without rows: an image passes only as a whole."""
    listed = {row_group.platform for row_group in found}
    return [missing_platform(reference, platform) for platform in reference.platforms if platform not in listed]


def judged_fields(row: CicdImage) -> tuple[object, ...]:
    """Return all fields of a row that can change a verdict."""
    return tuple(getattr(row, name) for name in _JUDGED)


def compared_fields(row: CicdImage) -> tuple[object, ...]:
    """Return the fields in which two rows of one time, or two reads of one row, must agree."""
    return tuple(getattr(row, name) for name in COMPARED)


def is_stale(row: CicdImage, scanned_after: int | None, now: int | None = None) -> bool:
    """Whether the row cannot be shown to come from a scan at or after the moment; all in epoch milliseconds."""
    if scanned_after is None:
        return False
    scanned = believable(row.latest_scan_time, now)
    return scanned is None or scanned < scanned_after


def is_undated_failure(row: CicdImage, now: int | None = None) -> bool:
    """Whether a scan ended without success and without a time; it is fresh where it came about during the wait."""
    return row.is_failure and believable(row.latest_scan_time, now) is None


def _row_group(
    key: GroupKey, group: Sequence[CicdImage], scanned_after: int | None, now: int | None, *, is_new: bool
) -> RowGroup:
    unfinished = [row for row in group if row.is_moving]
    if unfinished:
        # A row in progress counts as newer than any finished one. One of an undocumented status is named first.
        row = min(unfinished, key=lambda candidate: candidate.is_documented)
        outranked = tuple(other for other in group if other.is_terminal)
        return RowGroup(key, Phase.IN_PROGRESS if row.is_documented else Phase.UNDOCUMENTED, row, outranked)
    newest = newest_of(group, now)
    unscanned = [row for row in newest if row.is_unscanned]
    if unscanned:
        return RowGroup(key, Phase.UNSCANNED, unscanned[0])
    fresh = [
        row for row in newest if not is_stale(row, scanned_after, now) or (is_new and is_undated_failure(row, now))
    ]
    if not fresh:
        return RowGroup(key, Phase.STALE, newest[0])
    if len({compared_fields(row) for row in newest}) > 1:
        return RowGroup(key, Phase.AMBIGUOUS, newest[0], tuple(newest))
    return RowGroup(key, Phase.ENDED, newest[0], rivals_of(newest[0], group, now))
