"""YAML policy file as plain data with line numbers, read strictly."""

import contextlib
import functools
import re

import yaml

from hssgate.policy.document import DEEPEST, DUPLICATE, Document, Malformed
from hssgate.policy.model import KeyPath
from hssgate.policy.values import shown

_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_MOST_NODES = 100_000  # after aliases are followed
_TOO_DEEP = "it is nested too deep, or its aliases make it too large"
_SHORT = 32_000  # characters, which PyYAML reads in the time that compiling the pattern takes

_LETTER = r"A-Za-z0-9_\u4e00-\u9fff"
_SIGNS = r"\u3001-\u303f\uff01-\uff5e"  # Chinese punctuation
_KEY = r"[a-z_]{1,40}"
_QUOTED = rf"""(?:"[ !#-\[\]-~{_LETTER}{_SIGNS}]*"|'[ -&(-~{_LETTER}{_SIGNS}]*')"""
_WORD = rf"(?:{_QUOTED}|[{_LETTER}][{_LETTER}{_SIGNS} ./()+-]*)"  # within [] and {}
_LIST = rf"\[{_WORD}(?:, {_WORD})*\]"
_MAPPING = rf"\{{{_KEY}: (?:{_WORD}|{_LIST})(?:, {_KEY}: (?:{_WORD}|{_LIST}))*\}}"
_TEXT = rf"[{_LETTER}](?:[{_LETTER}{_SIGNS} ./()+,;-]|:(?=[{_LETTER}/]))*"
_VALUE = rf"(?:{_QUOTED}|{_LIST}|{_MAPPING}|{_TEXT})"
_COMMENT = rf"#[ -~{_LETTER}{_SIGNS}]*"
_CONTENT = rf"(?:(?:- )?{_KEY}:(?: {_VALUE})?|- {_VALUE})(?: {{1,20}}{_COMMENT})?"


@functools.cache
def _plain_line() -> re.Pattern[str]:
    return re.compile(rf"(?=.{{0,500}}\Z) {{0,20}}(?:{_COMMENT}|{_CONTENT})?")


def read_yaml(text: str) -> Document:
    """Parse YAML.

    Raises:
        Malformed: it is not YAML, has a duplicate key, or is nested too deeply.
    """
    try:
        documents = _composed(text)
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


def _composed(text: str) -> list[yaml.Node]:
    """Return the node of each document.

    PyYAML takes 0.3 s for a policy of 2,000 entries, and a fifteenth of that with libyaml. But each of the two accepts
    documents that the other refuses, libyaml ends the process where a document is nested deep, and not every PyYAML has
    it. So libyaml is used only for lines of plain forms, whose meaning is beyond doubt; faults are PyYAML's to name.
    """
    loader = getattr(yaml, "CSafeLoader", None) if len(text) > _SHORT else None
    if loader is not None and all(map(_plain_line().fullmatch, text.split("\n"))):
        with contextlib.suppress(yaml.YAMLError):
            return list(yaml.compose_all(text, Loader=loader))
    return list(yaml.compose_all(text, Loader=_Shallow))


class _Shallow(yaml.SafeLoader):
    """Stops at a deep nesting of brackets, for each of which PyYAML looks at all those around it."""

    def fetch_flow_collection_start(self, kind: type[yaml.Token]) -> None:
        if self.flow_level > DEEPEST:
            raise Malformed(_TOO_DEEP, self.line + 1)
        super().fetch_flow_collection_start(kind)


def _advice_on(error: yaml.MarkedYAMLError) -> str:
    """Return a fix for the common causes: a glob that begins with `*` is an alias to YAML unless it is quoted."""
    problem = f"{error.context}: {error.problem}"
    if "alias" in problem:
        return "; put a text that begins with * in quotation marks"
    if "'\\t'" in problem:
        return "; indent with blanks instead of tabs"
    if "found character" in problem or "constructor for the tag" in problem:
        return "; put a text that begins with such a sign in quotation marks"
    if "but got '?'" in problem:
        return "; put a text that contains ? in quotation marks"
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
            raise Malformed(_TOO_DEEP, line)
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:  # such as GitLab's !reference
            raise Malformed(f"the tag {shown(node.tag)} has no meaning here; leave the tag out", line, path)
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
            advice = "correct it, or quote it if it is no date" if node.tag.endswith(":timestamp") else "quote it"
            raise Malformed(f"{shown(node.value)} cannot be read: {error}; {advice}", line, path) from error
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
                raise Malformed(DUPLICATE, line, (*path, key))
            self.lines[(*path, key)] = line
            found[key] = self.build(value_node, (*path, key), depth + 1)
        return found
