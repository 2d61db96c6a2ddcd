"""Validates the content of a policy file: returns the policy, or its faults, each with key path and message."""

import math
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from hssgate.policy.document import DEEPEST
from hssgate.policy.model import KeyPath, Policy
from hssgate.policy.rule_table import RULES, Rules
from hssgate.policy.values import shown
from hssgate.record import record

SCHEMA_KEY = "$schema"  # names the schema for editors in JSON and TOML, which have no comment for it


@record
class PolicyFault:
    """An error in one value of a policy.

    Args:
        where: key path of the value.
        message: what was written, and what to write instead.
    """

    where: KeyPath
    message: str


def read_policy(data: dict[str, object]) -> tuple[Policy | None, list[PolicyFault]]:
    """Validate parsed data; return the policy, or None if it is invalid, and all faults.

    Args:
        data: content of the file as plain mappings, lists and scalars.
    """
    # Two passes look for faults: the walk over the raw data finds what the model cannot see (null and NaN look like
    # absent or valid values to it), pydantic finds the rest. One mistake must give one message, so a fault of the walk
    # inside an unknown key is dropped, and so is each error of pydantic at or below a place that the walk reported.
    faults = [*_unusable_values(data, ())]
    content = {key: value for key, value in data.items() if key != SCHEMA_KEY}
    schema = data.get(SCHEMA_KEY)
    if schema is not None and not isinstance(schema, str):
        faults.append(PolicyFault((SCHEMA_KEY,), f"{shown(schema)} is not text; write the address of a schema"))
    try:
        policy = Policy.model_validate(content)
    except ValidationError as error:
        from hssgate.policy.wording import place_and_message

        found = error.errors(include_input=False, include_url=False)
        unknown = {tuple(one["loc"]) for one in found if one["type"] == "extra_forbidden"}
        faults = [fault for fault in faults if not _is_within(fault.where, unknown)]
        reported = {fault.where for fault in faults}
        other = [one for one in found if not _is_within(tuple(one["loc"]), reported)]
        return None, [*faults, *(PolicyFault(*place_and_message(one, data)) for one in other)]
    return policy, [*faults, *_without_effect(policy)]


def _is_within(where: KeyPath, places: Iterable[KeyPath]) -> bool:
    return any(where[: len(place)] == place for place in places)


def _unusable_values(value: object, where: KeyPath) -> Iterator[PolicyFault]:
    """Yield a fault for each null, infinite or NaN value.

    A null would widen an entry (`images:` left blank would mean every image), and no number exceeds an infinite limit.
    """
    match value:
        case None:
            yield PolicyFault(where, "it has no value; write one, or take the line out")
        case float() if not math.isfinite(value):
            yield PolicyFault(where, f"{value} cannot be compared with anything; write a number")
        case dict() | list() if len(where) > DEEPEST:
            yield PolicyFault(where, "it is nested too deep")
        case dict():
            for key, inner in value.items():
                yield from _unusable_values(inner, (*where, key))
        case list():
            for index, inner in enumerate(value):
                yield from _unusable_values(inner, (*where, index))


def _without_effect(policy: Policy) -> Iterator[PolicyFault]:
    if not policy.rules.in_force().keys() - {"scan"}:
        message = "it limits nothing, and an empty policy would pass everything; add a rule such as `severity: Medium`"
        yield PolicyFault(("rules",), message)
    all_rules: list[tuple[KeyPath, Rules]] = [((), policy.rules)]
    all_rules += [(("overrides", index), one.rules) for index, one in enumerate(policy.overrides)]
    for owner, rules in all_rules:
        if rules.exploited is not None and policy.feeds is None:
            message = "it needs feeds; add `feeds: {exploited: [kev.json]}`"
            yield PolicyFault((*owner, "rules", "exploited"), message)
        new = [name for name in rules.in_force() if RULES[name].only_new] if policy.known is None else []
        for name in new:
            message = "it needs known; add `known: {file: hssgate-accepted.json}`, a file that `hssgate accept` writes"
            yield PolicyFault((*owner, "rules", name), message)
    for index, override in enumerate(policy.overrides):
        if not override.rules.in_force():
            yield PolicyFault(("overrides", index, "rules"), "it has no rule; add one or take the override out")
