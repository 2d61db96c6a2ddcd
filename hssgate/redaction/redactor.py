"""Masks secrets: every secret in text from outside, and all but plain words in our own text.

A secret can be a plain word, such as `wrong` or `2026`, that our own messages and reports contain anyway. Masking it
there would garble them, and would reveal the secret: whoever knows our messages can read it off the gap. In text of a
server or an exception it is masked like any other secret, because there it can only be an echo.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from hssgate.redaction.encodings import encodings_of
from hssgate.text import without_control_sequences

T = TypeVar("T")

_SHORTEST_SECRET = 4  # characters; a shorter one would garble every line and protects nothing
_SHORTEST_IN_DATA = 8  # characters; masking a shorter one could change the name of an image or a JSON key (`sha256`)
_MASK = "***"
_PLAIN_WORD = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*|[0-9]+", re.ASCII)
_LONGEST_PLAIN_WORD = 24


class Redactor:
    """Masks secrets in text and in values that contain text.

    Args:
        secrets: the secrets to mask, in plain form.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._forms = _Forms(())
        self._odd_forms = _Forms(())  # the forms that are not plain words
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these secrets too from now on, in each of their encodings."""
        stripped = (secret.strip() for secret in secrets)
        if new := {secret for secret in stripped if len(secret) >= _SHORTEST_SECRET} - self._secrets:
            self._secrets |= new
            forms = {*self._forms.all, *(form for secret in new for form in encodings_of(secret))}
            self._forms = _Forms(forms)
            self._odd_forms = _Forms(forms - {secret for secret in self._secrets if _is_plain_word(secret)})

    @property
    def has_plain_words(self) -> bool:
        """Whether one of the secrets is a plain word or number, which is not masked in our own text."""
        return len(self._odd_forms.all) < len(self._forms.all)

    def text(self, text: str) -> str:
        """Return text of a server or an exception with each secret masked."""
        return self._forms.masked_in(text)

    def own_text(self, text: str) -> str:
        """Return our own text with each secret masked that is not a plain word."""
        return self._odd_forms.masked_in(text)

    def data(self, text: str) -> str:
        """Return text that programs interpret, such as a report, with secrets masked.

        Plain words and short secrets stay, because they may be part of an image's name or of a key.
        """
        return self._odd_forms.masked_in(text, _SHORTEST_IN_DATA)

    def raw_data(self, data: bytes) -> bytes:
        """Return the bytes of a response with secrets masked as in `data`.

        This happens before the response is parsed or cut, because a part of a secret could not be recognised later.
        """
        for form in self._odd_forms.fitting(len(data), _SHORTEST_IN_DATA):
            raw = form.encode(errors="replace")
            if raw in data:
                data = data.replace(raw, _MASK.encode())
        return data

    def value(self, value: T) -> T:
        """Return a frozen value (tuple, record or model) with secrets masked as in `own_text` in all its texts."""
        return cast("T", self._walk(value))

    def _walk(self, value: object) -> object:
        match value:
            case str() if type(value) is str:
                return self._masked(value)
            case tuple():  # unchanged values are not copied, because there may be a hundred thousand findings
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
        """Return the items that masking changes, by name."""
        walked = ((name, item, self._walk(item)) for name, item in items)
        return {name: new for name, old, new in walked if new is not old}

    def _masked(self, text: str) -> str:
        """Mask secrets, including those that a terminal's control sequence splits.

        `clean` later removes control sequences and would put such a secret together again, when it is too late to mask.
        """
        if len(text) < self._odd_forms.shortest:
            return text
        masked = self.own_text(text)
        together = without_control_sequences(masked)
        if together is text:
            return text
        found = self.own_text(together)
        return masked if found == together else found  # keeps the control sequences unless they hid a secret

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"


class _Forms:
    """Forms of secrets, indexed by length.

    Args:
        forms: the forms, in any order.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self.all: Sequence[str] = sorted(forms, key=len)
        self._lengths = [len(form) for form in self.all]
        self.shortest = self._lengths[0] if self.all else sys.maxsize

    def fitting(self, longest: int, shortest: int = 0) -> Sequence[str]:
        """Return the forms of `shortest` to `longest` characters, longest first.

        A text can only contain forms that are not longer than itself. Most texts are shorter than any secret, so
        nothing needs to be searched for. Longest first, or a form inside a longer one would be masked before it.
        """
        return self.all[bisect_left(self._lengths, shortest) : bisect_right(self._lengths, longest)][::-1]

    def masked_in(self, text: str, shortest: int = 0) -> str:
        """Return the text with each form of at least `shortest` characters masked."""
        for form in self.fitting(len(text), shortest):
            if form in text:
                text = text.replace(form, _MASK)
        return text


def _is_plain_word(secret: str) -> bool:
    """Whether our own text may contain the secret by chance."""
    return len(secret) <= _LONGEST_PLAIN_WORD and _PLAIN_WORD.fullmatch(secret) is not None
