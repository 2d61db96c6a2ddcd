"""Rules that a policy applies to one image, and where each of them is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from hssgate.policy.globs import fits_image, what_is_compared
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Ignore, Override
from hssgate.policy.rule_table import RULES
from hssgate.policy.rules import Rule, Subject, ended_overrides, rules_by_origin, rules_for
from hssgate.verdict import PolicySource


@dataclass(frozen=True)
class Origin:
    """Where a rule stands.

    Args:
        place: `built-in`, `file:line` or `file: key path`.
        override: that sets it, if it is not one of the policy's own.
    """

    place: str
    override: Override | None = None


@dataclass(frozen=True)
class Compared:
    """A glob of an entry, and the image that it was compared with.

    Args:
        glob: as the policy has it.
        place: of its entry.
        fits: whether it fits the image.
        compared: what of the image it was compared with, in words.
    """

    glob: str
    place: str
    fits: bool
    compared: str


@dataclass(frozen=True)
class Explanation:
    """What one policy asks of an image.

    Args:
        source: of the policy.
        rules: in force, by name, in the order of the model, each with its origin.
        ended: the overrides that match the image and are without effect.
        ignores: in force for the image, each with where it stands.
        globs: on images, of every entry, in their order.
    """

    source: PolicySource
    rules: dict[str, tuple[Rule, Origin]]
    ended: tuple[Origin, ...]
    ignores: tuple[tuple[Ignore, str], ...]
    globs: tuple[Compared, ...]


def explain_policy(loaded: LoadedPolicy, subject: Subject, now: float) -> Explanation:
    """Return what the policy asks of the image.

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
    entries = rules_for(loaded, subject, now).ignores.entries
    ignores = tuple((entry, loaded.place_of("ignore", index)) for index, entry in entries)
    return Explanation(loaded.source, rules, ended, ignores, tuple(_globs(loaded, subject)))


def _globs(loaded: LoadedPolicy, subject: Subject) -> Iterator[Compared]:
    path, version = subject.path, subject.image_version or ""
    entries = [(loaded.place_of("overrides", index), one.images) for index, one in enumerate(loaded.policy.overrides)]
    entries += [(loaded.place_of("ignore", index), one.images or ()) for index, one in enumerate(loaded.policy.ignore)]
    for place, globs in entries:
        for glob in globs:
            yield Compared(glob, place, fits_image(glob, path, version), what_is_compared(glob, path, version))


def _origin_of(loaded: LoadedPolicy, index: int) -> Origin:
    return Origin(loaded.place_of("overrides", index), loaded.policy.overrides[index])
