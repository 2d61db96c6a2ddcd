"""JSON Schema of a policy file, made from the model, for editors and other readers of policies.

The model gives the shape; the checks of its validators are written here once more in JSON Schema. A test holds both to
the same documents. A schema cannot tell everything: that a duration is at most a year, or that 1.0 is no whole number.
"""

from collections.abc import Iterator

from pydantic.json_schema import JsonSchemaValue

from hssgate.durations import LONGEST
from hssgate.hss.models import SeverityLevel
from hssgate.policy.key_help import meaning_of
from hssgate.policy.model import Policy
from hssgate.policy.rule_table import NO_FAILURES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_UNITS = "".join(f"(?:{_NUMBER}{unit})?" for unit in ("d", "h", "m", "s", "ms"))
_DURATION: JsonSchemaValue = {
    "anyOf": [
        {"type": "string", "pattern": rf"^\s*(?:{_NUMBER}|(?=[0-9]){_UNITS})\s*$"},
        {"type": "number", "minimum": 0, "maximum": LONGEST},
    ]
}
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def policy_schema() -> JsonSchemaValue:
    """Return the JSON Schema (draft 2020-12) of a policy, short forms included."""
    schema = Policy.model_json_schema()
    models = schema["$defs"]
    for node in [*_nodes(schema)]:
        _forbid_null(node)
    for node in [*_nodes(schema)]:
        _say_what_validators_say(node)
    models["ScanRule"]["properties"]["accept"]["items"]["not"] = {"enum": sorted(NO_FAILURES)}
    models["Rules"]["minProperties"] = 1
    levels = models["SeverityLevel"]
    levels["anyOf"] = [{"enum": levels.pop("enum")}, {"pattern": f"^(?:{'|'.join(map(_any_case, SeverityLevel))})$"}]
    schema["properties"] = {"$schema": {"type": "string"}, **schema["properties"]}
    _take_short_forms(models["Rules"]["properties"], models)
    for model in (schema, *models.values()):
        _describe(model)
    return {"$schema": _DIALECT} | schema | {"title": "Policy of hssgate"}


def _nodes(value: object) -> Iterator[JsonSchemaValue]:
    """Yield every mapping in the schema."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def _say_what_validators_say(node: JsonSchemaValue) -> None:
    match node:
        case {"type": "number"}:  # the policy's only numbers that are not whole are durations
            del node["type"]
            node |= _DURATION
        case {"type": "string", "format": "date"}:
            node["pattern"] = _DAY
        case {"type": "array", "items": {"type": "string"}}:  # every list of names names at least one
            node["minItems"] = 1


def _forbid_null(node: JsonSchemaValue) -> None:
    """A key is left out, or it has a value: null is only how the model says that a key may be absent."""
    if {"type": "null"} in node.get("anyOf", ()):
        kept = [choice for choice in node.pop("anyOf") if choice != {"type": "null"}]
        del node["default"]
        node |= kept[0] if len(kept) == 1 else {"anyOf": kept}


def _any_case(level: str) -> str:
    return "".join(f"[{letter.upper()}{letter.lower()}]" for letter in level)


def _take_short_forms(rules: dict[str, JsonSchemaValue], models: dict[str, JsonSchemaValue]) -> None:
    """Let the bare limit stand for a rule that has one."""
    for rule in rules.values():
        limit = models[rule["$ref"].rpartition("/")[2]]["properties"].get("limit")
        if limit is not None:
            rule["anyOf"] = [{key: value for key, value in limit.items() if key != "title"}, {"$ref": rule.pop("$ref")}]


def _describe(model: JsonSchemaValue) -> None:
    """Put the meaning at each key, and leave out what is only of use to readers of the code."""
    model["description"] = model["description"].partition("\n\n")[0]
    model.pop("title")
    for key, value in model.get("properties", {}).items():
        value.pop("title", None)
        value["description"] = meaning_of(key)
