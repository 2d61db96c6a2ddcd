"""Platforms of an image index, such as `linux/arm64/v8`."""

import re

from hssgate.record import record
from hssgate.text import clean

_PART = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_MOST_PARTS = 3
# A variant that builders leave out because the architecture has no other in common use.
_USUAL_VARIANT = {"amd64": "v1", "arm64": "v8", "arm": "v7"}


@record
class Platform:
    """Operating system, architecture and variant, as an image index names them.

    Args:
        os: such as `linux`.
        architecture: such as `amd64`.
        variant: such as `v8`; None where none is given.
    """

    os: str
    architecture: str
    variant: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def is_unknown(self) -> bool:
        """Whether no machine runs it: what an index gives for provenance and SBOMs."""
        return (self.os, self.architecture) == ("unknown", "unknown")

    def covers(self, other: "Platform") -> bool:
        """Whether a platform asked for covers one of an index: without a variant it covers each variant."""
        if (self.os, self.architecture) != (other.os, other.architecture):
            return False
        usual = _USUAL_VARIANT.get(self.architecture)
        return self.variant is None or (self.variant or usual) == (other.variant or usual)


def parse_platform(text: str) -> Platform:
    """Parse `OS/ARCHITECTURE[/VARIANT]`.

    Raises:
        ValueError: the text is not of this form.
    """
    parts = text.strip().lower().split("/")
    if not 1 < len(parts) <= _MOST_PARTS or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{clean(text, 80)!r} is not a platform; write it like linux/amd64 or linux/arm64/v8")
    return Platform(*parts)
