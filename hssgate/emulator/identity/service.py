"""What the calls of the identity side have in common: who there is, and what was given out."""

from dataclasses import dataclass, field

from hssgate.emulator.authentication import Authenticator
from hssgate.emulator.identity.model import Identity
from hssgate.emulator.identity.projects import Projects
from hssgate.emulator.issued import Issued
from hssgate.emulator.mint import Mint


@dataclass(frozen=True)
class IdentityService:
    """All that the calls know. Not safe for use by several threads at once.

    Args:
        known: who there is.
        projects: those that there are.
        issued: keys and tokens of IAM that were given out.
        authenticator: knows those that were not given out, too.
        mint: makes other secrets.
        metadata_tokens: those of the metadata service, each with its end in epoch seconds.
    """

    known: Identity
    projects: Projects
    issued: Issued
    authenticator: Authenticator
    mint: Mint
    metadata_tokens: dict[str, float] = field(default_factory=dict)

    def key_ends(self, now: float, seconds: float) -> float:
        """Return when a temporary key ends.

        Args:
            now: epoch seconds.
            seconds: that it is to last, unless the scenario says something else.
        """
        lifetime = self.known.lifetimes.key
        return now + (seconds if lifetime is None else lifetime)
