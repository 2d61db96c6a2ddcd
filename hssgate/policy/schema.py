"""JSON Schema of a policy file, generated from the model, for editors and other readers of policies.

The model gives the structure. Its validators are Python code that pydantic cannot export, so this module states their
checks again in JSON Schema; a test runs both on the same documents. Two checks cannot be expressed: that a duration is
at most a year, and that 1.0 is not a whole number.
"""

from collections.abc import Iterator

from pydantic.json_schema import JsonSchemaValue

from hssgate.durations import LONGEST
from hssgate.hss.models import SeverityLevel
from hssgate.policy.key_help import KNOWN_FILE, SEVERITY_FILTER, meaning_of
from hssgate.policy.model import Policy, Target
from hssgate.policy.rule_kinds import NO_FAILURES

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
        _add_validator_checks(node)
    models["ScanRule"]["properties"]["accept"]["items"]["not"] = {"enum": sorted(NO_FAILURES)}
    models["Rules"]["minProperties"] = 1
    models["Grace"]["minProperties"] = 1
    models["BaselineRule"]["properties"]["standard"]["minItems"] = 1
    models["Ignore"]["oneOf"] = [{"required": [target.value]} for target in Target]
    models["Ignore"]["dependentRequired"] = {"package": [Target.VULNERABILITY.value]}
    levels = models["SeverityLevel"]
    levels["anyOf"] = [{"enum": levels.pop("enum")}, {"pattern": f"^(?:{'|'.join(map(_any_case, SeverityLevel))})$"}]
    schema["properties"] = {"$schema": {"type": "string"}, **schema["properties"]}
    _take_short_forms(models["Rules"]["properties"], models)
    for model in (schema, *models.values()):
        _describe(model)
    for rule in ("BaselineRule", "SensitiveFilesRule"):
        models[rule]["properties"]["severity"]["description"] = SEVERITY_FILTER
    models["Known"]["properties"]["file"]["description"] = KNOWN_FILE
    return {"$schema": _DIALECT} | schema | {"title": "Policy of hssgate"}


def _nodes(value: object) -> Iterator[JsonSchemaValue]:
    """Yield every mapping in the schema."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def _add_validator_checks(node: JsonSchemaValue) -> None:
    match node:
        case {"type": "number", "maximum": _}:  # a CVSS score
            pass
        case {"type": "number"}:  # durations; all other numbers of a policy are integers
            del node["type"]
            node |= _DURATION
        case {"type": "string", "format": "date"}:
            node["pattern"] = _DAY
        case {"type": "array", "items": {"type": "string"}}:  # a list of globs or statuses, see `not_empty`
            node["minItems"] = 1


def _forbid_null(node: JsonSchemaValue) -> None:
    """Drop `null` from the types of optional keys: the model's None stands for an absent key, and null is refused."""
    if {"type": "null"} in node.get("anyOf", ()):
        kept = [choice for choice in node.pop("anyOf") if choice != {"type": "null"}]
        del node["default"]
        node |= kept[0] if len(kept) == 1 else {"anyOf": kept}


def _any_case(level: str) -> str:
    return "".join(f"[{letter.upper()}{letter.lower()}]" for letter in level)


def _take_short_forms(rules: dict[str, JsonSchemaValue], models: dict[str, JsonSchemaValue]) -> None:
    """Accept the bare limit as the value of a rule that has a `limit`."""
    for rule in rules.values():
        limit = models[rule["$ref"].rpartition("/")[2]]["properties"].get("limit")
        if limit is not None:
            rule["anyOf"] = [{key: value for key, value in limit.items() if key != "title"}, {"$ref": rule.pop("$ref")}]


def _describe(model: JsonSchemaValue) -> None:
    """Give each key its help line, and drop titles and `Args:` sections that pydantic took from the code."""
    model["description"] = model["description"].partition("\n\n")[0]
    model.pop("title")
    for key, value in model.get("properties", {}).items():
        value.pop("title", None)
        value["description"] = meaning_of(key)
