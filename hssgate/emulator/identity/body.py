"""JSON body of a request, read by key paths such as `auth.identity.methods`."""

import json
from collections.abc import Callable

from hssgate.emulator.refusals import Refusal


class Body:
    """A JSON object; unknown keys are ignored. Messages never show a value: it may be a secret.

    Args:
        raw: the raw body.
        invalid: makes the refusal for a fault; each method raises it.
    """

    def __init__(self, raw: bytes, invalid: Callable[[str], Refusal]) -> None:
        self._invalid = invalid
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            raise invalid("it is no JSON") from None
        if not isinstance(content, dict):
            raise invalid("it is no JSON object")
        self._content: dict[str, object] = content

    def has(self, path: str) -> bool:
        """Whether there is a value, and it is not null."""
        return self._find(path) is not None

    def text(self, path: str, shortest: int = 1, longest: int = 32768) -> str:
        """Return a required text.

        Args:
            path: key path.
            shortest: characters at least.
            longest: characters at most.
        """
        value = self._find(path)
        if value is None:
            raise self._invalid(f"{path} is missing")
        if not isinstance(value, str):
            raise self._invalid(f"{path} is no text")
        if not shortest <= len(value) <= longest:
            raise self._invalid(f"the length of {path} must be {shortest} to {longest}")
        return value

    def texts(self, path: str) -> list[str]:
        """Return a required list of texts."""
        value = self._find(path)
        if value is None:
            raise self._invalid(f"{path} is missing")
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._invalid(f"{path} is no list of texts")
        return value

    def number(self, path: str, smallest: int, largest: int, default: int) -> int:
        """Return a whole number.

        Args:
            path: key path.
            smallest: lower bound, included.
            largest: upper bound, included.
            default: used if there is no value.
        """
        value = self._find(path)
        if value is None:
            return default
        if not isinstance(value, int) or not smallest <= value <= largest:
            raise self._invalid(f"{path} must be a whole number, {smallest} to {largest}")
        return value

    def _find(self, path: str) -> object:
        value: object = self._content
        for name in path.split("."):
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value
