"""Warnings about overrides and entries that ended or end soon, and entries that fit no finding of their images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from enum import Enum, auto

from hssgate.policy.days import day_of, has_ended
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Deny, Ignore, Override, Target
from hssgate.policy.rules import Subject
from hssgate.record import record
from hssgate.text import clean

Entry = Override | Ignore | Deny
_SOON = timedelta(days=14)
_MOST_NAMED = 10  # of each kind


class _Effect(Enum):
    """What an `ignore` entry did in a run, as far as that is known."""

    SOME = auto()
    PARTLY = auto()  # it fits some of the CVEs of a finding
    NONE = auto()


@record
class AppliedPolicy:
    """One image that a policy was applied to.

    Args:
        subject: the image.
        used: indexes of the `ignore` entries that ignored at least one finding; None if no findings were read.
        now: epoch seconds that expiry is compared with.
        details: for entries about files or checks whose lists were read, the indexes of those that ignored something.
        partly: indexes of the `ignore` entries that fit some of the CVEs of a finding that counts.
    """

    subject: Subject
    used: frozenset[int] | None
    now: float
    details: Mapping[Target, frozenset[int]] = field(default_factory=dict)
    partly: frozenset[int] = frozenset()

    def is_idle(self, index: int, entry: Ignore) -> bool:
        """Whether an entry is known to have ignored nothing."""
        used = self.used if entry.target is Target.VULNERABILITY else self.details.get(entry.target)
        return used is not None and index not in used


def warnings_of_ends(loaded: LoadedPolicy, now: float) -> list[str]:
    """Return a warning for each entry that has ended or ends soon, whichever images it is for.

    Args:
        loaded: the policy.
        now: epoch seconds.
    """
    lines = _lines(loaded, [(place, entry, now, _Effect.SOME) for place, _, entry in _entries(loaded)])
    return [*lines, *_end_of_known(loaded, now)]


def entry_warnings(loaded: LoadedPolicy, applied: Sequence[AppliedPolicy]) -> list[str]:
    """Return a warning for each entry that has ended, ends soon, or fits no finding.

    There is no warning about entries that fit no image of the run, because the policy of an organisation has entries
    for many teams. An entry is reported as fitting no finding only if the findings of all its images were read.

    Args:
        loaded: the policy.
        applied: every image of the run.
    """
    known = []
    for place, index, entry in _entries(loaded):
        fitting = [one for one in applied if entry.images is None or one.subject.matches(entry.images)]
        if fitting:
            known.append((place, entry, max(one.now for one in fitting), _effect_of(index, entry, fitting)))
    return [*_lines(loaded, known), *(_end_of_known(loaded, max(one.now for one in applied)) if applied else ())]


def _effect_of(index: int, entry: Entry, fitting: Sequence[AppliedPolicy]) -> _Effect:
    if not isinstance(entry, Ignore) or not all(one.is_idle(index, entry) for one in fitting):
        return _Effect.SOME
    if entry.target is Target.VULNERABILITY and any(index in one.partly for one in fitting):
        return _Effect.PARTLY
    return _Effect.NONE


def _lines(loaded: LoadedPolicy, known: Sequence[tuple[str, Entry, float, _Effect]]) -> list[str]:
    ended, soon, partly, idle = [], [], [], []
    for place, entry, now, effect in known:
        named = f"{place}: {_about(entry)}"
        if has_ended(entry.expires, now):
            ended.append(f"{named} ended on {entry.expires} and has no effect any more")
            continue
        if entry.expires is not None and entry.expires - day_of(now) < _SOON:
            soon.append(f"{named} ends after {entry.expires}")
        if effect is _Effect.PARTLY:
            partly.append(f"{named} fits some CVEs of a finding, which counts until entries fit all of them")
        if effect is _Effect.NONE:
            idle.append(f"{named} fits no finding of this run; check it, or take it out")
    kinds = (
        (ended, "have ended"),
        (soon, "end soon"),
        (partly, "fit some CVEs of a finding"),
        (idle, "fit no finding of this run"),
    )
    return [line for lines, what in kinds for line in _bounded(lines, loaded.source.path, what)]


def _end_of_known(loaded: LoadedPolicy, now: float) -> Iterator[str]:
    """Yield a warning where the file of known findings may soon not be used any more."""
    known = loaded.policy.known
    if known is not None and known.expires is not None and known.expires - day_of(now) < _SOON:
        line = loaded.lines.get(("known",))
        place = f"{loaded.source.path}:{line}" if line else f"{loaded.source.path}: known"
        yield f"{place}: known ({clean(known.file, 200)}) ends after {known.expires}"


def _bounded(lines: Sequence[str], path: str, what: str) -> Iterator[str]:
    yield from lines[:_MOST_NAMED]
    if len(lines) > _MOST_NAMED:
        yield f"{path}: and {len(lines) - _MOST_NAMED} more that {what}"


def _entries(loaded: LoadedPolicy) -> Iterator[tuple[str, int, Entry]]:
    for index, override in enumerate(loaded.policy.overrides):
        yield loaded.place_of("overrides", index), index, override
    for index, denied in enumerate(loaded.policy.deny):
        yield loaded.place_of("deny", index), index, denied
    for index, ignore in enumerate(loaded.policy.ignore):
        yield loaded.place_of("ignore", index), index, ignore


def _about(entry: Entry) -> str:
    reason = clean(entry.reason, 80)
    if isinstance(entry, Override):
        return f"the override for {clean(', '.join(entry.images), 200)} ({reason})"
    package = f" in {clean(entry.package, 100)}" if entry.package else ""
    kind, glob = ("deny", entry.vulnerability) if isinstance(entry, Deny) else ("ignore", entry.glob)
    return f"the {kind} entry for {clean(glob, 100)}{package} ({reason})"
