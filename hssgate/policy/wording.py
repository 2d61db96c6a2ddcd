"""Messages for pydantic's errors: what was written, and what to write."""

from collections.abc import Mapping
from typing import Any

from hssgate.policy.key_help import meaning_of
from hssgate.policy.model import KeyPath
from hssgate.policy.near_names import advice_on, model_at
from hssgate.policy.rule_table import RULES
from hssgate.policy.values import LONGEST_SHOWN, shown

_NOTHING_THERE = object()
_MESSAGES = {
    "int_type": "{shown} is no whole number; write one such as 20",
    "string_type": "{shown} is no text; write one, in quotation marks",
    "string_too_short": "it is empty; write something, or take the line out",
    "string_too_long": "{shown} is too long; write at most {max_length} characters",
    "too_long": "it holds more than {max_length} entries; write fewer",
    "enum": "{shown} is unknown here; write {expected}",
    "literal_error": "{shown} is unknown here; write {expected}",
}


def worded(error: Mapping[str, Any], data: dict[str, object]) -> tuple[KeyPath, str]:
    """Return where a fault stands and what to say about it.

    Args:
        error: of pydantic, without its input.
        data: of the whole file.
    """
    where: KeyPath = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return where, advice_on(where)
    if error["type"] == "missing":
        return where[:-1], _missing(str(where[-1]))
    written = _written(where, data)
    if written is _NOTHING_THERE:  # the limit of a rule in its short form
        where = where[:-1]
        written = _written(where, data)
    if error["type"] == "model_type":
        return where, f"{shown(written)} is no mapping; write {_example(where, written)}"
    if error["type"] == "tuple_type":
        return where, f"{shown(written)} is no list; write {_as_list(where, written)}"
    if (message := _MESSAGES.get(error["type"])) is not None:
        return where, message.format_map({"shown": shown(written), **error.get("ctx", {})})
    return where, _of_validator(error["msg"], written)


def _missing(key: str) -> str:
    if key == "rules":
        return "`rules` is missing; add it, such as `rules: {severity: Medium}`"
    return f"`{key}` is missing; add it: {meaning_of(key)}"


def _written(where: KeyPath, data: object) -> Any:  # noqa: ANN401 - anything may stand in a file
    for part in where:
        inner = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
        if part not in inner:
            return _NOTHING_THERE
        data = inner[part]
    return data


def _of_validator(message: str, written: object) -> str:
    """Return what a validator says, after the value that it says it of."""
    sentence = message.removeprefix("Value error, ").replace("Input should be", "should be")
    if sentence.startswith(("'", "`", '"')):  # it names the value itself
        return sentence
    return f"it {sentence}" if isinstance(written, dict | list) else f"{shown(written)} {sentence}"


def _example(where: KeyPath, written: object) -> str:
    """Return what a mapping looks like here; a text that was written in its place is taken for the id of a finding."""
    if where[-1] in RULES:
        return RULES[str(where[-1])].example
    required = [name for name, field in model_at(where).model_fields.items() if field.is_required()]
    if not required:
        return "{severity: Medium}"
    values = dict.fromkeys(required, "…")
    if "vulnerability" in values and isinstance(written, str) and 0 < len(written) <= LONGEST_SHOWN:
        values["vulnerability"] = written
    return "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"


def _as_list(where: KeyPath, written: object) -> str:
    if isinstance(written, str):
        return f"[{shown(written)}]"
    return "each entry after a `- `" if model_at(where) is not model_at(where[:-1]) else "a list such as ['team/*']"
