"""Faults in the content of a policy file, each with its key path and a message for the author."""

import math
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from hssgate.policy.document import DEEPEST
from hssgate.policy.model import KeyPath, Policy
from hssgate.policy.values import shown
from hssgate.policy.wording import worded
from hssgate.record import record

SCHEMA_KEY = "$schema"  # editors read it in JSON and TOML


@record
class Fault:
    """What is wrong with one value.

    Args:
        where: its key path.
        message: what was written, and what to write.
    """

    where: KeyPath
    message: str


def read_policy(data: dict[str, object]) -> tuple[Policy | None, list[Fault]]:
    """Return the policy, if it is one, and all that is wrong with it.

    Args:
        data: of the file, as plain mappings, lists and scalars.
    """
    faults = [*_odd_values(data, ())]
    content = {key: value for key, value in data.items() if key != SCHEMA_KEY}
    schema = data.get(SCHEMA_KEY)
    if schema is not None and not isinstance(schema, str):
        faults.append(Fault((SCHEMA_KEY,), f"{shown(schema)} is no text; write the address of a schema"))
    try:
        policy = Policy.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        unknown = {tuple(one["loc"]) for one in found if one["type"] == "extra_forbidden"}
        faults = [fault for fault in faults if not _is_within(fault.where, unknown)]
        odd = {fault.where for fault in faults}
        other = [one for one in found if not _is_within(tuple(one["loc"]), odd)]
        return None, [*faults, *(Fault(*worded(one, data)) for one in other)]
    return policy, [*faults, *_without_meaning(policy)]


def _is_within(where: KeyPath, places: Iterable[KeyPath]) -> bool:
    return any(where[: len(place)] == place for place in places)


def _odd_values(value: object, where: KeyPath) -> Iterator[Fault]:
    """Yield the keys without a value, which would widen an entry, and the numbers that nothing is larger than."""
    match value:
        case None:
            yield Fault(where, "it has no value; write one, or take the line out")
        case float() if not math.isfinite(value):
            yield Fault(where, f"{value} cannot be compared with anything; write a number")
        case dict() | list() if len(where) > DEEPEST:
            yield Fault(where, "it is nested too deep")
        case dict():
            for key, inner in value.items():
                yield from _odd_values(inner, (*where, key))
        case list():
            for index, inner in enumerate(value):
                yield from _odd_values(inner, (*where, index))


def _without_meaning(policy: Policy) -> Iterator[Fault]:
    if not policy.rules.in_force().keys() - {"scan"}:
        message = "it limits nothing, and an empty policy would pass everything; add a rule such as `severity: Medium`"
        yield Fault(("rules",), message)
    for index, override in enumerate(policy.overrides):
        if not override.rules.in_force():
            yield Fault(("overrides", index, "rules"), "it holds no rule; add one or take the override out")
