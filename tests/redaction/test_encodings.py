"""Encodings of a secret that are masked, each against what a real encoder makes of it."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from hssgate.redaction.encodings import encodings_of

SECRET = "k\"y'<&>=/é!()*~?\\end"

FORMS = [
    pytest.param(SECRET, id="as it is"),
    pytest.param(repr(SECRET)[1:-1], id="printed by Python"),
    pytest.param(SECRET.encode().decode("latin-1"), id="UTF-8 read as Latin-1"),
    pytest.param(SECRET.encode("ascii", "replace").decode(), id="forced into ASCII"),
    pytest.param(SECRET.encode().decode("ascii", "replace"), id="UTF-8 read as ASCII"),
    pytest.param(SECRET.encode("latin-1").decode(errors="replace"), id="Latin-1 read as UTF-8"),
    pytest.param(json.dumps(SECRET)[1:-1], id="JSON in ASCII"),
    pytest.param(json.dumps(SECRET, ensure_ascii=False)[1:-1], id="JSON in UTF-8"),
    pytest.param(json.dumps(SECRET)[1:-1].replace("/", "\\/"), id="JSON with escaped slashes"),
    pytest.param(
        r"k\"y\u0027\u003c\u0026\u003e\u003d/é!()*~?\\end", id="JSON with HTML's characters escaped, as Gson writes it"
    ),
    pytest.param(html.escape(SECRET), id="HTML"),
    pytest.param("k&quot;y'&lt;&amp;&gt;=/é!()*~?\\end", id="XML, apostrophe as it is"),
    pytest.param("k&quot;y&#39;&lt;&amp;&gt;=/é!()*~?\\end", id="XML, apostrophe by number"),
    pytest.param("k&quot;y&apos;&lt;&amp;&gt;=/é!()*~?\\end", id="XML, apostrophe by name"),
    pytest.param(quote(SECRET, safe=""), id="URL, everything quoted"),
    pytest.param(quote(SECRET), id="URL, a path"),
    pytest.param("k%22y'%3C%26%3E%3D%2F%C3%A9!()*~%3F%5Cend", id="URL, as encodeURIComponent writes it"),
    pytest.param("k%22y'%3c%26%3e%3d%2f%c3%a9!()*~%3f%5cend", id="URL, in lower case"),
]


@pytest.mark.parametrize("form", FORMS)
def test_an_encoded_secret_is_recognised(form: str) -> None:
    """Whatever an encoder makes of it is masked, too."""
    assert form in encodings_of(SECRET)


@pytest.mark.parametrize("before", [b"", b"x", b"xy"], ids=["at the start", "after one byte", "after two bytes"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_within_base64_is_found(before: bytes, encode: Callable[[bytes], bytes]) -> None:
    """Wherever it begins, and in both alphabets."""
    secret = "\x7f??>>~~ÿÿkey"
    encoded = encode(before + secret.encode() + b"tail").decode()

    assert any(form in encoded for form in encodings_of(secret))


def test_a_short_secret_has_no_form_in_base64() -> None:
    """What is left of it might stand in any word."""
    assert encodings_of("seven77") == {"seven77"}
