"""Messages for pydantic's validation errors of a policy: what was written, and what to write instead.

pydantic's own messages speak of its types ("Input should be a valid tuple") and do not suggest what to write. They
are replaced by the kind of error (`type`), a stable identifier that pydantic documents under "Validation Errors".
"""

from collections.abc import Mapping
from typing import Any

from hssgate.policy.key_help import meaning_of
from hssgate.policy.model import Feeds, Grace, Ignore, KeyPath, Target
from hssgate.policy.near_names import advice_on, model_at
from hssgate.policy.rule_table import RULES
from hssgate.policy.values import LONGEST_SHOWN, shown

_ABSENT = object()
_EXAMPLES = {Feeds: "{exploited: [kev.json]}", Grace: "{high: 30d}"}  # whose required keys alone say too little
_MESSAGES = {
    "int_type": "{shown} is not a whole number; write one such as 20",
    "string_type": "{shown} is not text; write text, in quotation marks",
    "string_too_short": "it is empty; write something, or take the line out",
    "string_too_long": "{shown} is too long; write at most {max_length} characters",
    "too_long": "it has more than {max_length} entries; write fewer",
    "enum": "{shown} is unknown here; write {expected}",
    "literal_error": "{shown} is unknown here; write {expected}",
}


def place_and_message(error: Mapping[str, Any], data: dict[str, object]) -> tuple[KeyPath, str]:
    """Return the key path of a validation error and the message for the author.

    Args:
        error: one of `ValidationError.errors()`, without its input.
        data: content of the whole file, where the value that was written is looked up.
    """
    where: KeyPath = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return where, advice_on(where)
    if error["type"] == "missing":
        return where[:-1], _missing(where)
    written = _written(where, data)
    if written is _ABSENT:  # the short form of a rule: pydantic names `limit`, which the file does not have
        where = where[:-1]
        written = _written(where, data)
    if error["type"] == "model_type":
        return where, f"{shown(written)} is not a mapping; write {_example(where, written)}"
    if error["type"] == "tuple_type":
        return where, f"{shown(written)} is not a list; write {_as_list(where, written)}"
    if (message := _MESSAGES.get(error["type"])) is not None:
        return where, message.format_map({"shown": shown(written), **error.get("ctx", {})})
    return where, _validator_message(error["msg"], written)


def _missing(where: KeyPath) -> str:
    key = str(where[-1])
    if (example := _EXAMPLES.get(model_at(where[:-1]))) is not None:
        return f"`{key}` is missing; add it, such as `{where[-2]}: {example}`"
    if key == "rules":
        return "`rules` is missing; add it, such as `rules: {severity: Medium}`"
    if key == "file":  # of `known`; an entry of `ignore` can be about something else
        return "`file` is missing; add it, such as `known: {file: hssgate-accepted.json}`"
    return f"`{key}` is missing; add it: {meaning_of(key)}"


def _written(where: KeyPath, data: object) -> Any:  # noqa: ANN401 - a file may contain any value
    """Return the value at a key path, or `_ABSENT`."""
    for part in where:
        inner = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
        if part not in inner:
            return _ABSENT
        data = inner[part]
    return data


def _validator_message(message: str, written: object) -> str:
    """Return the message of one of our validators, with the value in front unless the message names it."""
    sentence = message.removeprefix("Value error, ").replace("Input should be", "should be")
    if sentence.startswith(("'", "`", '"')):
        return sentence
    return f"it {sentence}" if isinstance(written, dict | list) else f"{shown(written)} {sentence}"


def _example(where: KeyPath, written: object) -> str:
    """Return an example of the mapping that belongs here.

    A short text that was written in its place becomes the `vulnerability` of the example: `ignore: [CVE-1]` is the
    usual mistake.
    """
    if where[-1] in RULES:
        return RULES[str(where[-1])].example
    model = model_at(where)
    if (example := _EXAMPLES.get(model)) is not None:
        return example
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    if model is Ignore:
        required.insert(0, Target.VULNERABILITY)
    if not required:
        return "{severity: Medium}"
    values = dict.fromkeys(required, "…")
    if "vulnerability" in values and isinstance(written, str) and 0 < len(written) <= LONGEST_SHOWN:
        values["vulnerability"] = written
    return "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"


def _as_list(where: KeyPath, written: object) -> str:
    is_of_entries = model_at(where) is not model_at(where[:-1])
    if isinstance(written, str):
        return f"[{_example(where, written) if is_of_entries else shown(written)}]"
    return "each entry after a `- `" if is_of_entries else "a list such as ['team/*']"
