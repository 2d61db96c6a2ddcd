"""Rules that a policy applies to one image, and where each of them is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from hssgate.policy.globs import compared_part, fits_image
from hssgate.policy.known import AcceptedRow
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Deny, Ignore, Override
from hssgate.policy.rule_kinds import Unlisted
from hssgate.policy.rule_table import RULES
from hssgate.policy.rules import Rule, Subject, ended_overrides, rules_by_origin, rules_for
from hssgate.verdict import PolicySource


@dataclass(frozen=True)
class Origin:
    """Where a rule is written.

    Args:
        place: `built-in`, `file:line` or `file: key path`.
        override: the override that sets the rule; None for a rule of the policy's own `rules`.
    """

    place: str
    override: Override | None = None


@dataclass(frozen=True)
class Compared:
    """The comparison of one image glob with an image.

    Args:
        glob: as written in the policy.
        place: where its entry is written.
        fits: whether the glob fits the image.
        compared: the part of the image that the glob was compared with, in words.
    """

    glob: str
    place: str
    fits: bool
    compared: str


@dataclass(frozen=True)
class KnownInForce:
    """The known findings of the image.

    Args:
        file: as written in the policy.
        expires: the last day (UTC) on which the file may be used.
        count: number of known findings.
        accepted: the images that they were recorded from.
    """

    file: str
    expires: date | None
    count: int
    accepted: tuple[AcceptedRow, ...]


@dataclass(frozen=True)
class PolicyExplanation:
    """The rules of one policy for one image, with their origin.

    Args:
        source: the policy's path and SHA-256.
        rules: rules in force by name, in the order of the model, each with its origin.
        ended: overrides that match the image but have ended.
        ignores: `ignore` entries in force for the image, each with its place.
        grace: seconds of grace by level.
        unlisted: the weight of findings that HSS counts and does not list.
        denials: `deny` entries in force for the image, each with its place.
        globs: the image globs of all entries, in file order.
        known: the known findings of the image, if the policy has a file of them.
    """

    source: PolicySource
    rules: dict[str, tuple[Rule, Origin]]
    ended: tuple[Origin, ...]
    ignores: tuple[tuple[Ignore, str], ...]
    globs: tuple[Compared, ...]
    grace: Mapping[str, float]
    unlisted: Unlisted
    denials: tuple[tuple[Deny, str], ...]
    known: KnownInForce | None


def explain_policy(loaded: LoadedPolicy, subject: Subject, now: float) -> PolicyExplanation:
    """Return the rules and `ignore` entries that apply to the image, with their places.

    Args:
        loaded: the policy.
        subject: the image.
        now: epoch seconds, for expiry.
    """
    in_force = rules_by_origin(loaded, subject, now)
    rules = {}
    for name in (name for name in RULES if name in in_force):
        rule, index = in_force[name]
        rules[name] = (rule, Origin(loaded.place_of_rule(name)) if index is None else _origin_of(loaded, index))
    ended = tuple(_origin_of(loaded, index) for index in ended_overrides(loaded, subject, now))
    rules_now = rules_for(loaded, subject, now)
    ignores = tuple((entry, loaded.place_of("ignore", index)) for index, entry in rules_now.ignores.entries)
    denials = tuple((entry, loaded.place_of("deny", index)) for index, entry in rules_now.denials.entries)
    grace = loaded.policy.grace.seconds if loaded.policy.grace else {}
    globs = tuple(_globs(loaded, subject))
    unlisted = loaded.policy.unlisted
    known = _known(loaded, subject)
    return PolicyExplanation(loaded.source, rules, ended, ignores, globs, grace, unlisted, denials, known)


def _known(loaded: LoadedPolicy, subject: Subject) -> KnownInForce | None:
    if loaded.known is None or loaded.policy.known is None:
        return None
    written, image = loaded.policy.known, loaded.known.images.get(subject.path)
    accepted = image.accepted if image else ()
    return KnownInForce(written.file, written.expires, loaded.known.of_image(subject.path).count, accepted)


def _globs(loaded: LoadedPolicy, subject: Subject) -> Iterator[Compared]:
    path, version = subject.path, subject.image_version or ""
    entries = [(loaded.place_of("overrides", index), one.images) for index, one in enumerate(loaded.policy.overrides)]
    entries += [(loaded.place_of("deny", index), one.images or ()) for index, one in enumerate(loaded.policy.deny)]
    entries += [(loaded.place_of("ignore", index), one.images or ()) for index, one in enumerate(loaded.policy.ignore)]
    for place, globs in entries:
        for glob in globs:
            yield Compared(glob, place, fits_image(glob, path, version), compared_part(glob, path, version))


def _origin_of(loaded: LoadedPolicy, index: int) -> Origin:
    return Origin(loaded.place_of("overrides", index), loaded.policy.overrides[index])
