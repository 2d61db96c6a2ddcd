"""YAML reader that refuses duplicate keys."""

import contextlib
import json
from typing import Any

import yaml

_MOST_BRACKETS = 1000
_LONGEST_LINE = 500


def read_yaml(text: str) -> Any:  # noqa: ANN401 - any YAML
    """Parse a YAML text.

    Raises:
        yaml.YAMLError: it is not valid YAML, or a mapping has a duplicate key.
        ValueError: a date or a number in it is out of range.
    """
    # libyaml takes a quarter of the time, but may end the process at a deep nesting; faults are PyYAML's to name.
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is not None and not _may_be_deep(text):
        with contextlib.suppress(yaml.YAMLError):
            return _read(loader(text))
    return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a safe loader


def _may_be_deep(text: str) -> bool:
    """Whether many mappings and lists could lie in each other: each takes a bracket, or a column of its line."""
    if text.count("[") + text.count("{") <= _MOST_BRACKETS and max(map(len, text.split("\n"))) <= _LONGEST_LINE:
        return False
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(text)  # a long scenario is often JSON, whose parser refuses deep nestings
        return False
    return True


def _read(loader: yaml.SafeLoader) -> Any:  # noqa: ANN401 - any YAML
    root = loader.get_single_node()
    if root is None:
        return None
    waiting, known = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in known or isinstance(node, yaml.ScalarNode):  # known: an alias is the node that it names
            continue
        known.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len({*keys}) < len(keys):
            raise yaml.YAMLError("a key is given twice")
        waiting += [part for pair in node.value for part in pair]
    return loader.construct_document(root)


class _UniqueKeys(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401 - yaml's signature
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"key {key.value!r} is given twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return node
