"""Random changes of a saved report: one change at a time that could make its verdict softer."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

_WORDS: dict[str, list[Any]] = {
    "severity_level": ["Security", "Low", "Medium", "High", "Dire"],
    "scan_status": ["success", "failed", "image_oversized", "scanning", "unscan", "paused"],
    "phase": ["ended", "ambiguous", "stale", "unscanned", "vanished", "in progress", "undocumented", "absent"],
    "ending": ["ended", "timed out", "unanswered", "refused", "interrupted"],
    "result": ["passed", "failed", "warned", "skipped", "error", "blocked"],
    "error_type": ["scan-failed", "timeout", "api", "incomplete", "ambiguous", "interrupted", "report"],
    "action": ["block", "warn"],
    "repair_necessity": ["immediate_repair", "delay_repair", "not_needed_repair"],
    "level": ["high", "medium", "low"],
    "exit_code": [0, 3, 4, 5, 10, 130, 143],
}
_OTHER_DIGITS = str.maketrans("0123456789", "1034500021")

Path = tuple[str | int, ...]
Container = Any  # a dict or a list of a document


def tampered(report: dict[str, Any], chance: random.Random) -> tuple[dict[str, Any], Path]:
    """Return a copy of a report with one change, and the place of the change."""
    paths = [*_paths(report)]
    text = json.dumps(report)  # to copy JSON by it takes a tenth of the time of `deepcopy`
    while True:
        changed = json.loads(text)
        path = chance.choice(paths)
        parent: Container = changed
        for key in path[:-1]:
            parent = parent[key]
        chance.choice(_CHANGES)(parent, path[-1], chance)
        if changed != report:
            return changed, path


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _another(parent: Container, key: Any, chance: random.Random) -> None:  # noqa: ANN401 - of a dict or a list
    value = parent[key]
    if key in _WORDS:
        parent[key] = chance.choice(_WORDS[key])
    elif isinstance(value, bool):
        parent[key] = not value
    elif isinstance(value, str):
        parent[key] = value.translate(_OTHER_DIGITS) or "x"
    elif isinstance(value, int | float):
        parent[key] = chance.choice([0, 1, value - 1, value + 1, value * 2, value // 2, value - 3600, value + 3600])


def _delete(parent: Container, key: Any, _chance: random.Random) -> None:  # noqa: ANN401
    del parent[key]


def _empty(parent: Container, key: Any, chance: random.Random) -> None:  # noqa: ANN401
    parent[key] = chance.choice([None, type(parent[key])()])


def _reorder(parent: Container, key: Any, chance: random.Random) -> None:  # noqa: ANN401
    if isinstance(parent, list):
        other = chance.randrange(len(parent))
        parent[key], parent[other] = parent[other], parent[key]


def _double(parent: Container, key: Any, _chance: random.Random) -> None:  # noqa: ANN401
    if isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))


_CHANGES: tuple[Callable[[Container, Any, random.Random], None], ...] = (
    _another, _another, _another, _delete, _empty, _reorder, _double,
)  # fmt: skip
