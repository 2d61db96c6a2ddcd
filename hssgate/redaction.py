"""Secrets taken out of whatever is about to be shown."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from hssgate.disguises import disguises_of
from hssgate.text import without_sequences

T = TypeVar("T")

_SHORTEST_SECRET = 4  # a shorter one would garble every line and keeps nothing secret
_MASK = "***"


class Redactor:
    """Takes secrets out of text and out of values that hold text.

    Args:
        secrets: the values that must never be seen.
        shortest: characters below which one is left alone.
    """

    def __init__(self, secrets: Iterable[str] = (), shortest: int = _SHORTEST_SECRET) -> None:
        self._shortest = shortest
        self._secrets: set[str] = set()
        self._forms: list[str] = []  # the shortest first
        self._lengths: list[int] = []  # of the forms
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Take out these values too from now on, in whatever form they may come back."""
        stripped = (secret.strip() for secret in secrets)
        if new := {secret for secret in stripped if len(secret) >= self._shortest} - self._secrets:
            self._secrets |= new
            self._forms = sorted({*self._forms, *(form for secret in new for form in disguises_of(secret))}, key=len)
            self._lengths = [len(form) for form in self._forms]

    def text(self, text: str) -> str:
        """Return the text with each secret masked."""
        for form in self._no_longer_than(len(text)):
            if form in text:
                text = text.replace(form, _MASK)
        return text

    def data(self, data: bytes) -> bytes:
        """Return the bytes of an answer with each secret masked, before anything is cut or taken apart."""
        for form in self._no_longer_than(len(data)):
            raw = form.encode(errors="replace")
            if raw in data:
                data = data.replace(raw, _MASK.encode())
        return data

    def value(self, value: T) -> T:
        """Return the frozen value with each secret masked in all text inside it."""
        return cast("T", self._walk(value))

    def _no_longer_than(self, length: int) -> list[str]:
        """Return the forms that fit into so many characters, the longest first: most text is shorter than any."""
        return self._forms[: bisect_right(self._lengths, length)][::-1]

    def _walk(self, value: object) -> object:
        match value:
            case str() if type(value) is str:
                return self._masked(value)
            case tuple():  # what holds no secret is not copied: there may be a hundred thousand findings
                items = [self._walk(item) for item in value]
                return value if all(map(is_, items, value)) else tuple(items)
            case BaseModel():
                masked = self._changed((name, item) for name, item in value if isinstance(item, str))
                return value.model_copy(update=masked) if masked else value
            case _ if is_dataclass(value) and not isinstance(value, type):
                masked = self._changed((field.name, getattr(value, field.name)) for field in fields(value))
                return replace(value, **masked) if masked else value
            case _:
                return value

    def _changed(self, items: Iterable[tuple[str, object]]) -> dict[str, Any]:
        """Return by name what is another once secrets are masked in it."""
        walked = ((name, item, self._walk(item)) for name, item in items)
        return {name: new for name, old, new in walked if new is not old}

    def _masked(self, text: str) -> str:
        """Mask also what a control sequence splits: once it is taken out to be shown, and escaped, it is too late."""
        masked = self.text(text)
        together = without_sequences(masked)
        found = self.text(together)
        return masked if found == together else found  # the text itself where nothing had to be masked

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"
