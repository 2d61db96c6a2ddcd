"""Globs of a policy: on images by path and version, on ids and packages as plain text.

An image glob is compared with `namespace/name:version`. `*` and `?` do not cross `/`, `**` does. Without `/` it is
compared with the last part of the path alone, without `:` it fits any version. A plain glob knows `*`, `?` and `[…]`.
"""

import functools
import re
from fnmatch import translate

from hssgate.text import clean

_CACHED = 8192  # more than the globs of two policies that are as large as may be

_PART = r"[A-Za-z0-9._*?-]+"  # what a part of a path, or a version, can hold, and the wildcards
# For the JSON Schema as well, so without anything that JavaScript does not know.
IMAGE_GLOB = rf"^(?!(?:[^/]*\.[^/]*|localhost)/[^/]+/)(?:{_PART}/)*{_PART}(?::{_PART})?$"
_ID_PART = r"""[!"$-+\--:<-z|~]"""  # what can be seen of ASCII, but for # , ; { }
ID_GLOB = rf"^\s*{_ID_PART}+\s*$"
_WELL_FORMED = re.compile(IMAGE_GLOB[:-1])
_WILDCARDS = re.compile(r"(\*+|\?)")


def image_glob(pattern: str) -> str:
    """Return the pattern, if there can be an image that it fits.

    Raises:
        ValueError: there cannot; the message says why, and what to write.
    """
    if _WELL_FORMED.fullmatch(pattern):
        return pattern
    raise ValueError(_why_never(pattern))


def id_glob(pattern: str) -> str:
    """Return the pattern without the blanks around it, if there can be a finding that it fits.

    Raises:
        ValueError: there cannot; the message says why, and what to write.
    """
    stripped = pattern.strip()
    if not stripped:
        raise ValueError("is blank; write the id of a finding or of a CVE")
    if odd := re.search(rf"(?!{_ID_PART}).", stripped, re.DOTALL):
        raise ValueError(
            f"can never fit, for no id holds {_named(odd[0])}; write one id, such as CVE-2024-1234, in each entry"
        )
    return stripped


def literal(text: str) -> str:
    """Return a plain glob that fits this text alone."""
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


def literal_id(text: str) -> str:
    """Return a plain glob that fits this id and that a policy takes: what no id holds becomes a wildcard."""
    return re.sub(rf"(?!{_ID_PART}).", "?", literal(text))


def package_glob(pattern: str) -> str:
    """Return the pattern without the blanks around it, if it can be seen whole.

    Raises:
        ValueError: it cannot; the message says what to write.
    """
    stripped = pattern.strip()
    if clean(stripped) != " ".join(stripped.split()):
        raise ValueError("holds a character that cannot be seen; write the package's name anew")
    if not stripped:
        raise ValueError("is blank; write the package's name, or take the line out")
    return stripped


def path_of(namespace: str | None, image_name: str) -> str:
    """Return an image's path, without the registry where the name holds one.

    Args:
        namespace: the organisation, if known; it may hold a dot and is then no registry.
        image_name: the name, which may hold `/`.
    """
    path = f"{namespace}/{image_name}" if namespace else image_name
    first, slash, rest = path.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return path
    return path if namespace and "/" not in rest else rest


def fits_image(pattern: str, path: str, version: str) -> bool:
    """Whether an image glob fits.

    Args:
        pattern: as `image_glob` returns it.
        path: as `path_of` returns it.
        version: the tag; empty where the image has none.
    """
    of_path, colon, of_version = pattern.partition(":")
    compared = path if "/" in of_path else path.rpartition("/")[2]
    return _fits_parts(of_path, compared) and (not colon or _fits_parts(of_version, version))


def what_is_compared(pattern: str, path: str, version: str) -> str:
    """Return what of an image its glob is compared with, in words.

    Args:
        pattern: as `image_glob` returns it.
        path: as `path_of` returns it.
        version: the tag; empty where the image has none.
    """
    of_path, colon, _ = pattern.partition(":")
    part = f"path {path}" if "/" in of_path else f"name {path.rpartition('/')[2]}"
    return f"{part}, " + ((f"version {version}" if version else "no version") if colon else "any version")


def fits_text(pattern: str, text: str, *, any_case: bool = False) -> bool:
    """Whether a plain glob fits the whole text, or is the text to the letter.

    Args:
        pattern: knows `*`, `?` and `[…]`.
        text: from HSS; blanks around it do not matter.
        any_case: upper and lower case do not matter either.
    """
    text = text.strip()
    if any_case:
        pattern, text = pattern.lower(), text.lower()
    return pattern == text or _plain(pattern).match(text) is not None


def may_begin_with(start: str, pattern: str) -> bool:
    """Whether a plain glob can fit a text that begins so; case does not matter.

    Args:
        start: in lower case.
        pattern: knows `*`, `?` and `[…]`.
    """
    literal = re.split(r"[*?\[]", pattern.lower())[0]
    return literal.startswith(start) or (start.startswith(literal) and literal != pattern.lower())


def _fits_parts(pattern: str, text: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return _with_slashes(pattern).match(text) is not None


@functools.lru_cache(_CACHED)
def _plain(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


@functools.lru_cache(_CACHED)
def _with_slashes(pattern: str) -> re.Pattern[str]:
    """Return the pattern as an expression that never tries twice what stands before a wildcard.

    The pattern is cut at its `**`, and each piece at its `*`. A chunk that follows a wildcard is taken where it stands
    first, and that choice is never undone (`(?>…)`): what can follow a later place can follow the first one, for
    what lies between the two may lie under the wildcard that comes next. Only what ends the pattern has its place given
    by the end of the text. So a pattern full of stars costs no more than the square of the text's length.
    """
    *pieces, last = re.split(r"\*{2,}", pattern)
    taken = "".join(f"(?>{'.*?' if number else ''}{_piece(piece, '')})" for number, piece in enumerate(pieces))
    return re.compile(taken + (".*" if pieces else "") + _piece(last, r"\Z"), re.DOTALL)


def _piece(piece: str, end: str) -> str:
    """Return the expression for what stands between two `**`."""
    *chunks, last = [re.escape(chunk).replace(r"\?", "[^/]") for chunk in piece.split("*")]
    taken = "".join(f"(?>{'[^/]*?' if number else ''}{chunk})" for number, chunk in enumerate(chunks))
    return f"{taken}{'[^/]*?' if chunks else ''}{last}{end}"


def _why_never(pattern: str) -> str:
    """Return why there is no image that the pattern fits, and what to write."""
    path, version = pattern.rsplit(":", 1) if ":" in pattern.rpartition("/")[2] else (pattern, "")
    first, _, rest = path.partition("/")
    if "@" in pattern:
        why = "a digest is not compared; leave out what begins with @"
    elif brackets := [character for character in "[]{}" if character in pattern]:
        why = f"'{brackets[0]}' has no meaning here, and no image's name holds it; write * or ?, or a glob for each"
    elif (rest and ":" in first) or ("/" in rest and ("." in first or first == "localhost")):
        why = f"the registry {first} is not compared; write {rest}" + (f":{version}" if version else "")
    elif ":" in path:
        why = "only a version follows a colon; write namespace/name:version"
    elif odd := re.search(rf"(?!{_PART[:-1]})[^/:]", pattern):
        why = f"no image's name holds {_named(odd[0])}; write a glob such as team/* or app:1.*, one for each line"
    else:
        why = "a part of it is empty; write a glob such as team/* or app:1.*"
    return f"can never fit: {clean(why, 200)}"


def _named(character: str) -> str:
    return "a blank" if character.isspace() else f"{character!a}" if clean(character) != character else f"'{character}'"
