"""IMAGE references: how they are split, and which rows of the API belong to them."""

import re
from typing import Protocol

from hssgate.record import record

# Docker's rules (distribution/reference), a little wider: HSS itself allows upper case in its names.
_COMPONENT = re.compile(r"[A-Za-z0-9]+(?:(?:\.|_{1,2}|-+)[A-Za-z0-9]+)*", re.ASCII)
_REGISTRY = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}", re.ASCII)
_LONGEST = 1024
_LONGEST_NAME = 128  # of the API's fields
_SHA256_HEX = 64


class Named(Protocol):
    """What a row must tell for a reference to recognise it."""

    @property
    def cicd_name(self) -> str | None:
        """The CI/CD identifier name."""

    @property
    def namespace(self) -> str | None:
        """The organisation."""

    @property
    def image_name(self) -> str | None:
        """The image's name, without registry and organisation."""

    @property
    def image_version(self) -> str | None:
        """The tag."""

    @property
    def image_digest(self) -> str | None:
        """The digest, the proof of identity."""


@record
class Reference:
    """One image asked for: what is None is not constrained.

    Args:
        text: as the caller wrote it.
        namespace: the organisation.
        image_name: the name within the organisation.
        image_version: the tag.
        image_digest: the digest.
        cicd_name: the CI/CD identifier name that the row must bear.
    """

    text: str
    namespace: str | None
    image_name: str
    image_version: str | None
    image_digest: str | None
    cicd_name: str | None = None

    def owns(self, row: Named) -> bool:
        """Return whether the row belongs to this reference: equality, case-sensitive, of all that is given."""
        return not self.differences(row)

    def differences(self, row: Named) -> tuple[str, ...]:
        """Return the names of the fields in which the row is not what was asked for."""
        return tuple(
            field
            for field in ("cicd_name", "namespace", "image_name", "image_version", "image_digest")
            if (wanted := getattr(self, field)) is not None and wanted != getattr(row, field)
        )

    def may_own(self, row: Named, unreadable: frozenset[str]) -> bool:
        """Return whether a row that cannot be read in full may belong to this reference.

        One field that can be read and is not what was asked for shows that it is another image.

        Args:
            row: what can be read of it; the other fields are None.
            unreadable: names of the fields that cannot be read.
        """
        return unreadable.issuperset(self.differences(row))

    @property
    def identity(self) -> tuple[str | None, ...]:
        """What makes two references the same image, however they are written."""
        return (self.cicd_name, self.namespace, self.image_name, self.image_version, self.image_digest)


def parse_reference(text: str, cicd_name: str | None = None) -> Reference:
    """Split `[REGISTRY/][NAMESPACE/]NAME[:VERSION][@DIGEST]` as Docker does.

    Args:
        text: the reference as the caller wrote it.
        cicd_name: the CI/CD identifier name that the rows must bear.

    Raises:
        ValueError: it cannot be split, or has neither VERSION nor DIGEST.
    """
    raw = text.strip()
    if not raw:
        raise ValueError("IMAGE is empty; write it like team/app:1.0")
    if len(raw) > _LONGEST:
        raise ValueError(f"IMAGE is longer than {_LONGEST} characters")
    rest, at, digest = raw.partition("@")
    if at and not _digest_holds(digest):
        raise ValueError(f"{raw!r}: the part after @ is no digest; write it like app@sha256: and 64 hexadecimal digits")
    path, version = _split_version(rest)
    if version is not None and not _VERSION.fullmatch(version):
        raise ValueError(f"{raw!r}: {version!r} is no tag (letters, digits, _ . -, at most 128)")
    namespace, name = _split_path(raw, path)
    if version is None and not at:
        raise ValueError(
            f"{raw!r} names neither a version nor a digest, and `latest` is never assumed; "
            f"write {raw}:VERSION or {raw}@sha256:…"
        )
    return Reference(raw, namespace, name, version, digest if at else None, cicd_name)


def _digest_holds(digest: str) -> bool:
    if not _DIGEST.fullmatch(digest):
        return False
    algorithm, _, value = digest.partition(":")
    return algorithm != "sha256" or len(value) == _SHA256_HEX


def _split_version(rest: str) -> tuple[str, str | None]:
    colon = rest.rfind(":")
    if colon == -1 or "/" in rest[colon:]:  # no colon, or the one of a registry's port
        return rest, None
    return rest[:colon], rest[colon + 1 :]


def _split_path(raw: str, path: str) -> tuple[str | None, str]:
    components = path.split("/")
    first = components[0]
    if len(components) > 1 and ("." in first or ":" in first or first == "localhost"):
        if not _REGISTRY.fullmatch(first):
            raise ValueError(f"{raw!r}: {first!r} is no registry host")
        components = components[1:]
    for component in components:
        if not _COMPONENT.fullmatch(component):
            raise ValueError(
                f"{raw!r}: {component!r} is no part of an image name (letters and digits, with . _ - between); "
                "write it like registry.example.com/team/app:1.0"
            )
    name, namespace = "/".join(components[1:] or components), components[0]
    for what, value in (("namespace", namespace), ("image name", name)):
        if len(value) > _LONGEST_NAME:
            raise ValueError(
                f"{raw[:60] + '…'!r}: the {what} is longer than the {_LONGEST_NAME} characters that HSS can hold"
            )
    if len(components) == 1:
        return None, name
    return namespace, name
