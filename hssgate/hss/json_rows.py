"""Memory-bounded JSON parsing: decodes list responses one row at a time.

A scanner finds the objects of the list in the bytes. Each row is decoded alone, and the rest is decoded with `null` in
place of each row. Together both steps accept exactly the documents that decoding the whole would accept.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator

from hssgate.redaction.redactor import Redactor

LARGEST_VALUE = 4 * 1024 * 1024  # bytes of a row, and of everything outside rows
MOST_ROWS = 2000  # of a page; a request asks for 200
_MOST_VALUES = 100_000  # objects and lists in a response
_MOST_QUOTES = 100_000  # in a row, and in everything outside rows
_MOST_QUOTES_OF_ALL = 1_000_000  # in a response: each string costs time, even an empty one
_BLANK = b" null "
_OF_A_ROW = 3  # depth: object, list, object
_QUOTE, _OPENERS, _END_OF_OBJECT = ord('"'), b"{[", ord("}")
# Finds strings and brackets; brackets inside strings are skipped with their string. The possessive quantifiers (`++`,
# `*+`) never backtrack, and the closing quote is optional: an unterminated string matches up to the end of the body in
# one step. With a mandatory quote the match would fail, and start again at each later quote of the body: quadratic
# time, hours for 32 MiB.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_OPENING = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*\[")
_TWICE = object()
_BOM = b"\xef\xbb\xbf"
_PROSE_FIELDS = ("scan_failed_desc", "description", "solution")  # only shown; no check depends on them


Pairs = list[tuple[str, object]]
Maker = Callable[[Pairs], dict[str, object]]


def _unique(pairs: Pairs) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _marked(pairs: Pairs) -> dict[str, object]:
    """Make the object of a row; a duplicate key gets a value that no field accepts, so that only this field is odd."""
    found = dict(pairs)
    if len(found) != len(pairs):
        found |= {name: _TWICE for name, count in Counter(name for name, _ in pairs).items() if count > 1}
    return found


def _masked(redactor: Redactor, make: Maker, pairs: Pairs) -> dict[str, object]:
    return make([(name, _masked_value(redactor, name, value)) for name, value in pairs])


def _masked_value(redactor: Redactor, name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    return redactor.text(value) if name in _PROSE_FIELDS else redactor.data(value)


def document_in(body: bytes, redactor: Redactor) -> object:
    """Return the JSON document of a small response.

    Args:
        body: the whole body.
        redactor: masks secrets in strings with escapes, once they are decoded.

    Raises:
        ValueError: it is not valid JSON, has duplicate keys, or exceeds a limit.
        RecursionError: it is nested too deep.
    """
    body = body.removeprefix(_BOM)
    _check_values(body)
    return _read(body, redactor)


def rows_in(body: bytes, name: str, redactor: Redactor) -> tuple[object, Iterator[object]]:
    """Return the document of a list response with `null` for each row, and an iterator that decodes the rows.

    Args:
        body: the whole body.
        name: key of the list, in the outermost object.
        redactor: masks secrets in strings with escapes, once they are decoded.

    Raises:
        ValueError: it is not valid JSON, has duplicate keys, or exceeds a limit; for a row, when it is decoded.
        RecursionError: it is nested too deep.
    """
    body = body.removeprefix(_BOM)
    _check_values(body)
    places = _places(body, f'"{name}"'.encode())
    rest, end = bytearray(), 0
    for start, stop in places:
        if len(rest) + start - end > LARGEST_VALUE:
            break
        rest += body[end:start] + _BLANK
        end = stop
    if len(rest) + len(body) - end > LARGEST_VALUE:
        raise ValueError("more beside its rows than an answer has")
    document = _read(bytes(rest + body[end:]), redactor)
    return document, (_read(body[start:stop], redactor, _marked) for start, stop in places)


def _check_values(body: bytes) -> None:
    values = max(body.count(b"{") + body.count(b"["), body.count(b"}") + body.count(b"]"))
    if values > _MOST_VALUES or body.count(b'"') > _MOST_QUOTES_OF_ALL:
        raise ValueError("more values than a page can have")


def _places(body: bytes, key: bytes) -> list[tuple[int, int]]:
    """Return start and end of each object of the list.

    The scanner only counts brackets. It does not check the grammar: decoding the rows and the rest does, and a wrong
    guess here leaves a bracket too many in one of them. If the key occurs twice, both lists are scanned, and decoding
    the rest refuses the duplicate key.
    """
    depth, start, list_at, in_list = 0, 0, -1, False
    found: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(body):
        at, end = token.span()
        kind = body[at]
        if kind == _QUOTE:
            if depth == 1 and body.startswith(key, at) and end - at == len(key):
                list_at = opened.end() - 1 if (opened := _OPENING.match(body, end)) else -1
        elif kind in _OPENERS:
            depth += 1
            in_list = in_list or at == list_at
            if depth == _OF_A_ROW:
                start = at
        else:
            depth -= 1
            if in_list and depth == _OF_A_ROW - 1 and kind == _END_OF_OBJECT:
                found.append((start, end))
                if len(found) > MOST_ROWS or end - start > LARGEST_VALUE:
                    raise ValueError("more rows than a page can have, or a larger one than a row can be")
            in_list = in_list and depth > 1
    return found


def _read(text: bytes, redactor: Redactor, make: "Maker" = _unique) -> object:
    if len(text) > LARGEST_VALUE or text.count(b'"') > _MOST_QUOTES:
        raise ValueError("longer than an answer of its kind can be")
    # Secrets in plain bytes were masked before. Decoding reveals secrets written with escapes (`\u0061`), and it shows
    # which field a text belongs to: a secret that is a plain word is masked in prose, but not in an image's name.
    hook = functools.partial(_masked, redactor, make) if b"\\" in text or redactor.has_plain_words else make
    document: object = json.loads(
        text.decode("utf-8", "surrogatepass"), object_pairs_hook=hook, parse_constant=_refuse_constant
    )
    return document


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
