"""Secrets taken out of whatever is about to be shown."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from pydantic import BaseModel

T = TypeVar("T")

_SHORTEST_SECRET = 4  # a shorter one would garble every line and keeps nothing secret
_MASK = "***"


class Redactor:
    """Takes secrets out of text and out of values that hold text.

    Args:
        secrets: the values that must never be seen; those under four characters are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Take out these values too from now on."""
        stripped = (secret.strip() for secret in secrets)
        known = {*self._secrets, *(secret for secret in stripped if len(secret) >= _SHORTEST_SECRET)}
        self._secrets = sorted(known, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return the text with each secret masked."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, _MASK)
        return text

    def value(self, value: T) -> T:
        """Return the frozen value with each secret masked in all text inside it."""
        return cast("T", self._walk(value))

    def _walk(self, value: object) -> object:
        match value:
            case str() if type(value) is str:
                return self.text(value)
            case tuple():
                return tuple(self._walk(item) for item in value)
            case BaseModel():
                return value.model_copy(
                    update={name: self._walk(item) for name, item in value if isinstance(item, str)}
                )
            case _ if is_dataclass(value) and not isinstance(value, type):
                return replace(value, **{field.name: self._walk(getattr(value, field.name)) for field in fields(value)})
            case _:
                return value

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"
