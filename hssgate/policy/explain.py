"""Which rules a policy holds one image to, and where each of them stands."""

from dataclasses import dataclass

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
class Explanation:
    """What one policy asks of an image.

    Args:
        source: of the policy.
        rules: in force, by name, in the order of the model, each with its origin.
        ended: the overrides that match the image and are without effect.
        exceptions: in force for the image, each with where it stands.
    """

    source: PolicySource
    rules: dict[str, tuple[Rule, Origin]]
    ended: tuple[Origin, ...]
    exceptions: tuple[tuple[Ignore, str], ...]


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
    entries = rules_for(loaded, subject, now).exceptions.entries
    exceptions = tuple((entry, loaded.place_of("ignore", index)) for index, entry in entries)
    return Explanation(loaded.source, rules, ended, exceptions)


def _origin_of(loaded: LoadedPolicy, index: int) -> Origin:
    return Origin(loaded.place_of("overrides", index), loaded.policy.overrides[index])
