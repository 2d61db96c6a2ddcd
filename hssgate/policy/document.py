"""Policy file as plain data with line numbers: YAML, TOML or JSON, read strictly."""

import json
import tomllib
from collections.abc import Callable, Iterator

import yaml

from hssgate.policy.model import KeyPath
from hssgate.policy.values import shown
from hssgate.record import record

DEEPEST = 40
_MOST_NODES = 100_000  # after aliases are followed
_DUPLICATE = "it is given twice; keep one"


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
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        if len(documents) > 1:
            raise Malformed("it contains more than one document", documents[1].start_mark.line + 1)
        builder = _Builder()
        data = builder.build(documents[0], (), 0) if documents else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"not valid YAML: {error.problem or error}{_advice_on(error)}"
        raise Malformed(problem, mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise Malformed(f"not valid YAML: {error}") from error
    return Document(data, builder.lines)


def _advice_on(error: yaml.MarkedYAMLError) -> str:
    """Return a fix for the common causes: a glob that begins with `*` is an alias to YAML unless it is quoted."""
    problem = f"{error.context}: {error.problem}"
    if "alias" in problem:
        return "; put a text that begins with * in quotation marks"
    if "'\\t'" in problem:
        return "; indent with blanks instead of tabs"
    if "found character" in problem or "constructor for the tag" in problem:
        return "; put a text that begins with such a sign in quotation marks"
    if "mapping values are not allowed" in problem:
        return "; put a text that contains a colon and a blank in quotation marks"
    return ""


class _Builder:
    """Turns YAML nodes into plain data and records the line of each key.

    `yaml.safe_load` is not used because it keeps the last of two equal keys without an error, so the second `rules:` of
    a file would silently replace the first; because it loses line numbers; and because nested aliases ("billion
    laughs") would make the data huge. Merge keys (`<<`) are not applied: they arrive as an unknown key and are refused.
    """

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._nodes = 0
        self._scalars = yaml.SafeLoader("")

    def build(self, node: yaml.Node, path: KeyPath, depth: int) -> object:
        self._nodes += 1
        line = node.start_mark.line + 1
        if depth > DEEPEST or self._nodes > _MOST_NODES:
            raise Malformed("it is nested too deep, or its aliases make it too large", line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self.lines[(*path, index)] = item.start_mark.line + 1
                items.append(self.build(item, (*path, index), depth + 1))
            return items
        try:
            value: object = self._scalars.construct_object(node)
        except ValueError as error:
            raise Malformed(f"{shown(node.value)} cannot be read: {error}; quote it", line, path) from error
        except (AttributeError, LookupError) as error:  # raised inside PyYAML for a tag such as !!bool
            raise Malformed(f"{shown(node.value)} does not match its tag; leave the tag out", line, path) from error
        if type(value) is int and str(value) != node.value.removeprefix("+"):  # YAML 1.1: 0200 is 128, 1:30 is 90
            raise Malformed(f"{shown(node.value)} is not a plain number; write it in decimal, or quote it", line, path)
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                raise Malformed("a key must be a word", line, path)
            if key in found:
                raise Malformed(_DUPLICATE, line, (*path, key))
            self.lines[(*path, key)] = line
            found[key] = self.build(value_node, (*path, key), depth + 1)
        return found


def _read_toml(text: str) -> Document:
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
            raise Malformed(_DUPLICATE, where=(*where, duplicates[id(mapping)][1]))
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
