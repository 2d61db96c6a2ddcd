"""Encodings in which a secret can reappear: JSON, XML, URL, Base64 and others."""

import base64
import functools
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

_SHORTEST_IN_BASE64 = 8  # characters; what is left of a shorter one could stand in any word
# As encoders that think of HTML write them inside JSON; the cloud's services are written in Java and Go.
_HTML_SAFE = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&='"})
_IN_XML = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
_APOSTROPHES = ("'", "&#39;", "&#x27;", "&apos;")
_UNQUOTED = ("", "/", "!'()*~")  # by the encoders of Python, of paths, and of JavaScript
_QUOTED = re.compile("%[0-9A-F]{2}")


@functools.lru_cache(maxsize=32)
def disguises_of(secret: str) -> frozenset[str]:
    """Return the secret and what it looks like in Python, JSON, XML, a URL and Base64."""
    kinds = (_in_python, _in_json, _in_xml, _in_a_url, _in_base64)
    return frozenset({secret, *(form for kind in kinds for form in kind(secret))})


def _in_python(secret: str) -> Iterator[str]:
    """Yield how it is printed, and what becomes of it where somebody takes it for ASCII or Latin-1."""
    yield repr(secret)[1:-1]
    if not secret.isascii():
        raw = secret.encode(errors="replace")
        yield raw.decode("latin-1")
        yield raw.decode("ascii", errors="replace")
        yield secret.encode("ascii", errors="replace").decode()
        yield secret.encode("latin-1", errors="replace").decode(errors="replace")


def _in_json(secret: str) -> Iterator[str]:
    for ascii_alone in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_alone)[1:-1]
        yield from (escaped, escaped.replace("/", "\\/"), escaped.translate(_HTML_SAFE))


def _in_xml(secret: str) -> Iterator[str]:
    for character, entity in _IN_XML:
        secret = secret.replace(character, entity)
    yield from (secret.replace("'", apostrophe) for apostrophe in _APOSTROPHES)


def _in_a_url(secret: str) -> Iterator[str]:
    for unquoted in _UNQUOTED:
        quoted = quote(secret, safe=unquoted, errors="replace")
        yield from (quoted, _QUOTED.sub(lambda found: found[0].lower(), quoted))


def _in_base64(secret: str) -> Iterator[str]:
    """Yield the characters that the secret alone decides, wherever in the encoded text it begins."""
    raw = secret.encode(errors="replace")
    if len(raw) < _SHORTEST_IN_BASE64:
        return
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw + bytes(2)).decode()
        inside = encoded[-(-before * 4 // 3) : (before + len(raw)) * 4 // 3]
        yield from (inside, inside.replace("+", "-").replace("/", "_"))
