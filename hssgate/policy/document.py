"""Policy file as plain data with line numbers: TOML and JSON here, YAML in `yaml_document.py`; all read strictly."""

import json
from collections.abc import Callable, Iterator

from hssgate.policy.model import KeyPath
from hssgate.record import record

DEEPEST = 40
DUPLICATE = "it is given twice; keep one"


class Malformed(ValueError):
    """The file is not YAML, TOML or JSON, or breaks a rule that holds for any policy.

    Args:
        problem: the message for the author.
        line: line number from 1, if known.
        where: key path, if known.
    """

    def __init__(self, problem: str, line: int | None = None, where: KeyPath = ()) -> None:
        super().__init__(problem)
        self.line = line
        self.where = where


@record
class Document:
    """Parsed data and the line numbers of its keys.

    Args:
        data: mappings, lists and scalars.
        lines: line number, from 1, of each key path; empty for TOML and JSON, whose parsers report none.
    """

    data: object
    lines: dict[KeyPath, int]

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of the path, or of its nearest parent that has one."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_document(text: str, suffix: str) -> Document:
    """Parse the text of a policy file.

    Args:
        text: the file's content.
        suffix: the suffix of its name, with the dot; it selects the format.

    Raises:
        Malformed: the text cannot be parsed, has a duplicate key, or is nested too deeply.
    """
    reader = _READERS.get(suffix.lower())
    if reader is None:
        raise Malformed(f"{suffix or 'no suffix'} is not a policy format; name the file .yaml, .yml, .toml or .json")
    try:
        return reader(text)
    except RecursionError:
        raise Malformed("it is nested too deep") from None


def _read_yaml(text: str) -> Document:
    from hssgate.policy.yaml_document import read_yaml  # not loaded for the other formats: PyYAML takes 8 ms

    return read_yaml(text)


def _read_toml(text: str) -> Document:
    import tomllib

    try:
        return Document(tomllib.loads(text), {})
    except ValueError as error:  # TOMLDecodeError, or an integer with too many digits
        raise Malformed(f"not valid TOML: {error}") from error


def _read_json(text: str) -> Document:
    # `json.loads` keeps the last of two equal keys. Its hook sees all pairs of an object, but not the object's place in
    # the file. So the hook notes each object with a duplicate key, and the walk below finds its key path. Objects are
    # identified by id(); the reference kept to each ensures that no later object gets the same id.
    duplicates: dict[int, tuple[object, str]] = {}

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                duplicates[id(found)] = (found, key)
            found[key] = value
        return found

    try:
        data = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise Malformed(f"not valid JSON: {error.msg}", error.lineno) from error
    except ValueError as error:  # an integer with too many digits
        raise Malformed(f"not valid JSON: {error}") from error
    for where, mapping in _mappings(data, ()):
        if id(mapping) in duplicates:
            raise Malformed(DUPLICATE, where=(*where, duplicates[id(mapping)][1]))
    return Document(data, {})


def _mappings(value: object, where: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """Yield every mapping with its key path."""
    if isinstance(value, dict):
        yield where, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, found in inner:
        yield from _mappings(found, (*where, key))


_READERS: dict[str, Callable[[str], Document]] = {
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".toml": _read_toml,
    ".json": _read_json,
}
SUFFIXES = tuple(_READERS)
