"""JSON parser for documents that decide which image is meant: a key that stands twice is refused."""

import json
from typing import Any

from hssgate.text import clean


def parse_strictly(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the data of a JSON document.

    Raises:
        ValueError: it is none, is nested too deep, or has a key twice, so that its readers would not agree.
    """
    try:
        return json.loads(raw, object_pairs_hook=_without_duplicates)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"not valid JSON: {clean(error, 120)}") from None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
