"""Formatting of values and key paths of a policy file for messages."""

from datetime import date

from hssgate.policy.model import KeyPath
from hssgate.text import clean

LONGEST_SHOWN = 80  # a longer text is not shown at all: redaction could not recognise a secret that was cut
_LONGEST_PATH = 200


def shown(value: object) -> str:
    """Return a value as text of one bounded line; a description of it if it is too long or not a scalar."""
    match value:
        case str() if len(value) > LONGEST_SHOWN:
            return f"a text of {len(value)} characters"
        case str():
            return f"'{value}'" if clean(value) == value else f"{value!a}"
        case bool():
            return str(value).lower()
        case int() | float() | date():
            return clean(value, LONGEST_SHOWN)
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "this"


def key_text(where: KeyPath) -> str:
    """Return a key path as `overrides[0].rules.severity`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in where)
    return clean("".join(parts).removeprefix("."), _LONGEST_PATH)


def _key(part: str) -> str:
    if len(part) > LONGEST_SHOWN:
        return f"(a key of {len(part)} characters)"
    return clean(part) or f"{part!a}"
