"""YAML loader that refuses duplicate keys."""

from typing import Any

import yaml


def read_yaml(text: str) -> Any:  # noqa: ANN401 - any YAML
    """Parse a YAML text.

    Raises:
        yaml.YAMLError: it is not valid YAML, or a mapping has a duplicate key.
        ValueError: a date or a number in it is out of range.
    """
    return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a safe loader


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
