"""Digests of images: how they are written, and what those that a registry gave prove."""

import re
from enum import StrEnum

from hssgate.record import record

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class DigestKind(StrEnum):
    """What a digest is of."""

    INDEX = "index"
    MANIFEST = "manifest"
    CONFIG = "config"


@record
class ResolvedDigest:
    """A digest that a registry gave for an image.

    Args:
        digest: `sha256:` and 64 hexadecimal digits.
        kind: what it is of.
        platform: whose image it is of; None for an index of several platforms.
    """

    digest: str
    kind: DigestKind
    platform: str | None

    @property
    def proof(self) -> str:
        """What proved a row with this digest, in words."""
        of = f"{self.kind.value} digest"
        return f"by the registry ({of}, {self.platform})" if self.platform else f"by the registry ({of})"


def is_digest(text: str) -> bool:
    """Whether a text is a digest as registries write it: `sha256:` and 64 lower-case hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None
