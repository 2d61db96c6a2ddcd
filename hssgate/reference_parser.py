"""Parser of IMAGE references, which are split as in Docker."""

import re

from hssgate.proof import is_digest
from hssgate.reference import Reference, digest_of
from hssgate.registry_names import split_registry

# The grammar of Docker (distribution/reference), plus upper case, which HSS allows in names.
_COMPONENT = re.compile(r"[A-Za-z0-9]+(?:(?:\.|_{1,2}|-+)[A-Za-z0-9]+)*", re.ASCII)
_REGISTRY = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
# Common mistakes for a digest: `sha256:…` in place of a name, or 64 digits without the algorithm.
_BARE_DIGEST = re.compile(
    r"(?:.*/)?(?:(?:sha(?:256|384|512)|md5|sha1)[:-][0-9a-f]{32,}|[0-9a-f]{64})", re.ASCII | re.IGNORECASE
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_LONGEST = 1024
_LONGEST_NAME = 128  # of the API's fields


def parse_reference(text: str, cicd_name: str | None = None, registry_name: str | None = None) -> Reference:
    """Split `[REGISTRY/][NAMESPACE/]NAME[:VERSION][@DIGEST]` as Docker does.

    Args:
        text: the reference as the caller wrote it.
        cicd_name: the CI/CD identifier name that the rows must have.
        registry_name: the name of the registry that the rows must have.

    Raises:
        ValueError: the reference cannot be split, or has neither VERSION nor DIGEST.
    """
    raw = text.strip()
    if not raw:
        raise ValueError("IMAGE is empty; write it like team/app:1.0")
    if len(raw) > _LONGEST:
        raise ValueError(f"IMAGE is longer than {_LONGEST} characters")
    if (scheme := _SCHEME.match(raw)) is not None:
        raise ValueError(f"{raw!r}: an image has no scheme; write {raw.removeprefix(scheme[0])}")
    if "," in raw:
        raise ValueError(f"{raw!r}: a comma is no part of an image; put blanks between several")
    rest, at, digest = raw.partition("@")
    path, version = _split_version(rest)
    if at and rest and not is_digest(digest):
        raise ValueError(_no_digest(raw, rest, digest))
    if not rest or is_bare_digest(rest) or is_bare_digest(path):
        raise ValueError(f"{raw!r}: a digest alone names no image; write it like team/app@sha256: and 64 digits")
    if version == "":
        raise ValueError(f"{raw!r}: the tag behind the colon is empty: was the variable that it is made of set?")
    if version is not None and not _VERSION.fullmatch(version):
        raise ValueError(f"{raw!r}: {version!r} is not a tag (letters, digits, _ . -, at most 128)")
    registry, namespace, name = _split_path(raw, path)
    if version is None and not at:
        raise ValueError(
            f"{raw!r} names neither a version nor a digest, and `latest` is never assumed; "
            f"write {raw}:VERSION or {raw}@sha256:…"
        )
    return Reference(raw, namespace, name, version, digest if at else None, cicd_name, registry, registry_name)


def is_bare_digest(text: str) -> bool:
    """Whether a digest stands in place of a name."""
    return _BARE_DIGEST.fullmatch(text) is not None


def _no_digest(raw: str, name: str, digest: str) -> str:
    """Return the fault in the part after @, and what to write."""
    wanted = "write it like app@sha256: and 64 lower-case hexadecimal digits"
    meant = digest_of(digest)
    if meant is not None and is_digest(meant):
        wanted = f"write {name}@{meant}"
    elif digest.lower().startswith("sha512:"):
        wanted = f"HSS knows images by SHA-256 only; {wanted}"
    return f"{raw!r}: the part after @ is not a digest; {wanted}"


def _split_version(rest: str) -> tuple[str, str | None]:
    colon = rest.rfind(":")
    if colon == -1 or "/" in rest[colon:]:  # no colon, or the one of a registry's port
        return rest, None
    return rest[:colon], rest[colon + 1 :]


def _split_path(raw: str, path: str) -> tuple[str | None, str | None, str]:
    registry, rest = split_registry(path)
    if registry is not None and not _REGISTRY.fullmatch(registry):
        raise ValueError(
            f"{raw!r}: {registry!r} is not a registry host; write it like registry.example.com:5000/team/app:1.0"
        )
    components = rest.split("/")
    for component in components:
        if not _COMPONENT.fullmatch(component):
            raise ValueError(
                f"{raw!r}: {component!r} is not a part of an image name (letters and digits, with . _ - between); "
                "write it like registry.example.com/team/app:1.0"
            )
    name, namespace = "/".join(components[1:] or components), components[0]
    for what, value in (("namespace", namespace), ("image name", name)):
        if len(value) > _LONGEST_NAME:
            raise ValueError(
                f"{raw[:60] + '…'!r}: the {what} is longer than the {_LONGEST_NAME} characters that HSS can store"
            )
    return registry, namespace if len(components) > 1 else None, name
