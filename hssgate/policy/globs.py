"""Globs of a policy: on images by path and version, on ids and packages as plain text.

An image glob is compared with `namespace/name:version`. `*` and `?` do not cross `/`, `**` does. A glob without `/` is
compared with the last part of the path only; a glob without `:` fits any version. A plain glob (of an id or a package)
supports `*`, `?` and `[…]`.
"""

import functools
import re
from fnmatch import translate

from hssgate.text import clean

_CACHED = 8192  # compiled globs; more than two policies of the largest size have

_PART = r"[A-Za-z0-9._*?-]+"  # the characters of a part of a path or of a version, and the wildcards
# The JSON Schema contains these patterns too, so they use only the syntax that JavaScript shares with Python.
IMAGE_GLOB = rf"^(?!(?:[^/]*\.[^/]*|localhost)/[^/]+/)(?:{_PART}/)*{_PART}(?::{_PART})?$"
_ID_PART = r"""[!"$-+\--:<-z|~]"""  # visible ASCII without # , ; { }
ID_GLOB = rf"^\s*{_ID_PART}+\s*$"


def image_glob(pattern: str) -> str:
    """Return the pattern if an image can exist that it fits.

    Raises:
        ValueError: no image can fit; the message has the reason and what to write.
    """
    if re.fullmatch(IMAGE_GLOB[:-1], pattern):
        return pattern
    raise ValueError(_reason_it_never_fits(pattern))


def id_glob(pattern: str) -> str:
    """Return the pattern without the blanks around it, if a finding can exist that it fits.

    Raises:
        ValueError: no finding can fit; the message has the reason and what to write.
    """
    stripped = pattern.strip()
    if not stripped:
        raise ValueError("is blank; write the id of a finding or of a CVE")
    if odd := re.search(rf"(?!{_ID_PART}).", stripped, re.DOTALL):
        raise ValueError(
            f"can never fit: no id contains {_shown(odd[0])}; write one id, such as CVE-2024-1234, in each entry"
        )
    return stripped


def literal(text: str) -> str:
    """Return a plain glob that fits exactly this text."""
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


def literal_id(text: str) -> str:
    """Return a plain glob that fits this id and that `id_glob` accepts: characters it refuses become `?`."""
    return re.sub(rf"(?!{_ID_PART}).", "?", literal(text))


def package_glob(pattern: str) -> str:
    """Return the pattern without the blanks around it, if all of it is visible.

    Raises:
        ValueError: it is blank or has an invisible character; the message has what to write.
    """
    return _visible_glob(pattern, "type the package's name again", "write the package's name, or take the line out")


def file_glob(pattern: str) -> str:
    """Return the pattern without the blanks around it, if all of it is visible.

    Raises:
        ValueError: it is blank or has an invisible character; the message has what to write.
    """
    return _visible_glob(pattern, "type the path again", "write the path of the file in the image, such as /app/.env")


def check_rule_glob(pattern: str) -> str:
    """Return the pattern without the blanks around it, if all of it is visible.

    Raises:
        ValueError: it is blank or has an invisible character; the message has what to write.
    """
    return _visible_glob(pattern, "type the id again", "write the id of the baseline check, such as 1.3.*")


def _visible_glob(pattern: str, where_invisible: str, where_blank: str) -> str:
    stripped = pattern.strip()
    if clean(stripped) != " ".join(stripped.split()):
        raise ValueError(f"contains an invisible character; {where_invisible}")
    if not stripped:
        raise ValueError(f"is blank; {where_blank}")
    return stripped


def path_of(namespace: str | None, image_name: str) -> str:
    """Return an image's path, without the registry if the name begins with one.

    Args:
        namespace: the organisation, if known; it may contain a dot and is then still not a registry.
        image_name: the name, which may contain `/`.
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


def fits_file(pattern: str, path: str) -> bool:
    """Whether a glob on files fits a path; `*` and `?` do not cross `/`, `**` does, and case counts.

    Args:
        pattern: as `file_glob` returns it.
        path: of the file in the image.
    """
    return _fits_parts(pattern, path)


def compared_part(pattern: str, path: str, version: str) -> str:
    """Return the part of an image that a glob is compared with, in words.

    Args:
        pattern: as `image_glob` returns it.
        path: as `path_of` returns it.
        version: the tag; empty where the image has none.
    """
    of_path, colon, _ = pattern.partition(":")
    part = f"path {path}" if "/" in of_path else f"name {path.rpartition('/')[2]}"
    return f"{part}, " + ((f"version {version}" if version else "no version") if colon else "any version")


def fits_text(pattern: str, text: str) -> bool:
    """Whether a plain glob fits the whole text, or equals the text.

    Args:
        pattern: supports `*`, `?` and `[…]`.
        text: an id or package name from HSS; blanks around it are ignored.
    """
    # Equality comes first, because package names contain brackets ("Visual C++ [x64]"). Read as a glob, such a name
    # does not fit itself, and an entry copied from a report would ignore nothing.
    text = text.strip()
    return pattern == text or _plain(pattern).match(text) is not None


def may_begin_with(start: str, pattern: str) -> bool:
    """Whether a plain glob can fit a text that begins with `start`, in any case.

    Args:
        start: in lower case.
        pattern: supports `*`, `?` and `[…]`.
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
    """Return an image glob as a regular expression without exponential backtracking."""
    # A plain translation (`*` to `[^/]*`, `**` to `.*`) backtracks: each star tries every length in combination with
    # each other star, so a policy with `*a*a*a*…` could hang the gate. Here the pattern is cut at its `**`, and each
    # piece at its `*`. A chunk after a wildcard takes its first match and keeps it (atomic group, `(?>…)`). That loses
    # no match: anything that could follow a later match can follow the first one, because the next wildcard may cover
    # the text in between. Only the last chunk is tied to the end of the text. The cost is at most quadratic.
    *pieces, last = re.split(r"\*{2,}", pattern)
    taken = "".join(f"(?>{'.*?' if number else ''}{_piece(piece, '')})" for number, piece in enumerate(pieces))
    return re.compile(taken + (".*" if pieces else "") + _piece(last, r"\Z"), re.DOTALL)


def _piece(piece: str, end: str) -> str:
    """Return the expression for the part of a glob between two `**`."""
    *chunks, last = [re.escape(chunk).replace(r"\?", "[^/]") for chunk in piece.split("*")]
    taken = "".join(f"(?>{'[^/]*?' if number else ''}{chunk})" for number, chunk in enumerate(chunks))
    return f"{taken}{'[^/]*?' if chunks else ''}{last}{end}"


def _reason_it_never_fits(pattern: str) -> str:
    """Return the reason why no image can fit the pattern, and what to write."""
    path, version = pattern.rsplit(":", 1) if ":" in pattern.rpartition("/")[2] else (pattern, "")
    first, _, rest = path.partition("/")
    if "@" in pattern:
        why = "a digest is not compared; leave out what begins with @"
    elif brackets := [character for character in "[]{}" if character in pattern]:
        why = f"'{brackets[0]}' has no meaning here, and no image name contains it; write * or ?, or a glob for each"
    elif (rest and ":" in first) or ("/" in rest and ("." in first or first == "localhost")):
        why = f"the registry {first} is not compared; write {rest}" + (f":{version}" if version else "")
    elif ":" in path:
        why = "only a version follows a colon; write namespace/name:version"
    elif odd := re.search(rf"(?!{_PART[:-1]})[^/:]", pattern):
        why = f"no image name contains {_shown(odd[0])}; write a glob such as team/* or app:1.*, one for each line"
    else:
        why = "a part of it is empty; write a glob such as team/* or app:1.*"
    return f"can never fit: {clean(why, 200)}"


def _shown(character: str) -> str:
    return "a blank" if character.isspace() else f"{character!a}" if clean(character) != character else f"'{character}'"
