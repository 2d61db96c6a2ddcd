"""Digests that a registry gave for an image, and what each of them proves."""

from enum import StrEnum

from hssgate.record import record


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
