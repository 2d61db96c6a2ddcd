"""Encodings in which a secret can reappear: JSON, XML, URL, Base64 and others.

A server may echo a secret in an error page, an XML fault or a redirect URL, and a proxy may echo an Authorization
header. Masking only the plain secret would miss these, so each encoding that our servers and libraries use is masked.
"""

import base64
import functools
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

_SHORTEST_IN_BASE64 = 8  # bytes; the fixed part of a shorter secret is so short that it could occur in any word
# JSON encoders that are safe for HTML (Go's, Gson for Java) escape these characters.
_HTML_SAFE = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&='"})
_IN_XML = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
_APOSTROPHES = ("'", "&#39;", "&#x27;", "&apos;")
_UNQUOTED = ("", "/", "!'()*~")  # characters that are kept by quote(safe=""), quote() and encodeURIComponent
_QUOTED = re.compile("%[0-9A-F]{2}")


@functools.lru_cache(maxsize=32)
def encodings_of(secret: str) -> frozenset[str]:
    """Return the secret and its forms in Python, JSON, XML, a URL and Base64."""
    kinds: tuple[Callable[[str], Iterator[str]], ...] = (_in_base64,)
    if not (secret.isascii() and secret.isalnum()):  # letters and digits stay as they are in all others
        kinds = (_in_python, _in_json, _in_xml, _in_a_url, _in_base64)
    return frozenset({secret, *(form for kind in kinds for form in kind(secret))})


def _in_python(secret: str) -> Iterator[str]:
    """Yield the `repr` of the secret, and the secret decoded or encoded as ASCII or Latin-1 by mistake."""
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
    """Yield the part of the Base64 text that depends on the secret only, for each of the three alignments."""
    # Base64 encodes three bytes as four characters, so the encoding of a secret inside a longer text, such as `user:`
    # and a password, depends on its offset modulo three. The characters at both ends also depend on the neighbouring
    # bytes and are dropped; those inside are the same in any text with that offset.
    raw = secret.encode(errors="replace")
    if len(raw) < _SHORTEST_IN_BASE64:
        return
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw + bytes(2)).decode()
        inside = encoded[-(-before * 4 // 3) : (before + len(raw)) * 4 // 3]
        yield from (inside, inside.replace("+", "-").replace("/", "_"))
