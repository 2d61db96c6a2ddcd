"""Memory-bounded JSON parsing: decodes list responses one row at a time.

A list of rows is cut out of the bytes, each row is read alone, and what is left is read with a null in each one's
place. Both together hold the answer to the grammar of JSON as reading it whole would.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator

from hssgate.redaction import Redactor

LARGEST_VALUE = 4 * 1024 * 1024  # bytes of a row, and of all that is no row
MOST_ROWS = 2000  # of a page, of which 200 are asked for
_MOST_VALUES = 100_000  # objects and lists in an answer
_MOST_QUOTES = 100_000  # of a row, and of all that is no row
_MOST_QUOTES_OF_ALL = 1_000_000  # of an answer: each costs time, also an empty one
_BLANK = b" null "
_OF_A_ROW = 3  # depth: object, list, object
_QUOTE, _OPENERS, _END_OF_OBJECT = ord('"'), b"{[", ord("}")
# A text that never ends is taken to the end at once: looking for one behind each of its quotes would take hours.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_OPENING = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*\[")
_TWICE = object()
_BOM = b"\xef\xbb\xbf"
_SAYINGS = ("scan_failed_desc", "description", "solution")  # texts that decide nothing


Pairs = list[tuple[str, object]]
Maker = Callable[[Pairs], dict[str, object]]


def _unique(pairs: Pairs) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _marked(pairs: Pairs) -> dict[str, object]:
    """Make an object of a row: a key that is given twice has a value that fits no field, and the others stay."""
    found = dict(pairs)
    if len(found) != len(pairs):
        found |= {name: _TWICE for name, count in Counter(name for name, _ in pairs).items() if count > 1}
    return found


def _masked(redactor: Redactor, make: Maker, pairs: Pairs) -> dict[str, object]:
    return make([(name, _masked_value(redactor, name, value)) for name, value in pairs])


def _masked_value(redactor: Redactor, name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    return redactor.text(value) if name in _SAYINGS else redactor.data(value)


def document_in(body: bytes, redactor: Redactor) -> object:
    """Return the JSON of a small answer.

    Args:
        body: all of it.
        redactor: takes secrets out of what an escape hid.

    Raises:
        ValueError: it is none, or one that no program should have written.
        RecursionError: it is nested too deep.
    """
    body = body.removeprefix(_BOM)
    _check_values(body)
    return _read(body, redactor)


def rows_in(body: bytes, name: str, redactor: Redactor) -> tuple[object, Iterator[object]]:
    """Return the JSON of a list call without its rows, a null for each, and the rows, each read when it is wanted.

    Args:
        body: all of it.
        name: of the list, in the outermost object.
        redactor: takes secrets out of what an escape hid.

    Raises:
        ValueError: it is none, or one that no program should have written; of a row, when that is wanted.
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
    """Return where the objects of the list begin and end; all else is left to whoever reads the rest."""
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
    # Only here it shows what an escape stands for, and where a plain word is a secret: in a saying, not in a name.
    hook = functools.partial(_masked, redactor, make) if b"\\" in text or redactor.holds_plain_words else make
    document: object = json.loads(
        text.decode("utf-8", "surrogatepass"), object_pairs_hook=hook, parse_constant=_refuse_constant
    )
    return document


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
