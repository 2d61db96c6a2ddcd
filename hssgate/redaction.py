"""Masks secrets in text: all of them in text from outside, and in our own text all but plain words.

A secret such as `wrong` or `2026` stands in messages and reports of ours in any case. Masking it there would garble
them, and tell what it is; where a server or an exception says it, it is masked like any other.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from hssgate.disguises import disguises_of
from hssgate.text import without_sequences

T = TypeVar("T")

_SHORTEST_SECRET = 4  # a shorter one would garble every line and keeps nothing secret
_SHORTEST_IN_DATA = 8  # a shorter one could change which image a row is of, or be a part of JSON such as `sha256`
_MASK = "***"
_PLAIN_WORD = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*|[0-9]+", re.ASCII)
_LONGEST_PLAIN_WORD = 24


class Redactor:
    """Takes secrets out of text and out of values that hold text.

    Args:
        secrets: the values that must never be seen.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._forms = _Forms(())
        self._odd_forms = _Forms(())  # those that are no plain words
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Take out these values too from now on, in each of their encodings."""
        stripped = (secret.strip() for secret in secrets)
        if new := {secret for secret in stripped if len(secret) >= _SHORTEST_SECRET} - self._secrets:
            self._secrets |= new
            forms = {*self._forms.all, *(form for secret in new for form in disguises_of(secret))}
            self._forms = _Forms(forms)
            self._odd_forms = _Forms(forms - {secret for secret in self._secrets if _is_plain_word(secret)})

    @property
    def holds_plain_words(self) -> bool:
        """Whether one of the secrets is a word or a number that may stand anywhere."""
        return len(self._odd_forms.all) < len(self._forms.all)

    def text(self, text: str) -> str:
        """Return what a server or an exception says, with each secret masked."""
        return self._forms.masked_in(text)

    def ours(self, text: str) -> str:
        """Return a text that we wrote, with each secret masked that is no plain word."""
        return self._odd_forms.masked_in(text)

    def data(self, text: str) -> str:
        """Return a text of which more than its looks depends on, a report or a name in an answer, with secrets masked.

        Plain words and short secrets stay: they may be what the image is named.
        """
        return self._odd_forms.masked_in(text, _SHORTEST_IN_DATA)

    def raw_data(self, data: bytes) -> bytes:
        """Return the bytes of an answer with secrets masked as in `data`, before anything is cut or taken apart."""
        for form in self._odd_forms.fitting(len(data), _SHORTEST_IN_DATA):
            raw = form.encode(errors="replace")
            if raw in data:
                data = data.replace(raw, _MASK.encode())
        return data

    def value(self, value: T) -> T:
        """Return the frozen value with each secret masked that is no plain word, in all text inside it."""
        return cast("T", self._walk(value))

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
        masked = self.ours(text)
        together = without_sequences(masked)
        found = self.ours(together)
        return masked if found == together else found  # the text itself where nothing had to be masked

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"


class _Forms:
    """The forms that secrets may take.

    Args:
        forms: in any order.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self.all: Sequence[str] = sorted(forms, key=len)
        self._lengths = [len(form) for form in self.all]

    def fitting(self, longest: int, shortest: int = 0) -> Sequence[str]:
        """Return the forms of so many characters, the longest first: most text is shorter than any."""
        return self.all[bisect_left(self._lengths, shortest) : bisect_right(self._lengths, longest)][::-1]

    def masked_in(self, text: str, shortest: int = 0) -> str:
        """Return the text with each form masked that has so many characters."""
        for form in self.fitting(len(text), shortest):
            if form in text:
                text = text.replace(form, _MASK)
        return text


def _is_plain_word(secret: str) -> bool:
    """Whether our own text may hold it by chance."""
    return len(secret) <= _LONGEST_PLAIN_WORD and _PLAIN_WORD.fullmatch(secret) is not None
