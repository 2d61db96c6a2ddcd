"""State that the identity operations share: the identities of the scenario, and the issued credentials."""

from dataclasses import dataclass, field

from hssgate.emulator.authentication import Authenticator
from hssgate.emulator.generated import SecretGenerator
from hssgate.emulator.identity.model import Identity
from hssgate.emulator.identity.projects import Projects
from hssgate.emulator.issued import Issued


@dataclass(frozen=True)
class IdentityService:
    """State of the identity operations. Not thread-safe.

    Args:
        known: users, providers, agencies and the metadata service of the scenario.
        projects: all projects.
        issued: issued keys and IAM tokens.
        authenticator: checks issued credentials and those of the scenario.
        mint: generates other secrets.
        metadata_tokens: tokens of the metadata service, each with its expiry time in epoch seconds.
    """

    known: Identity
    projects: Projects
    issued: Issued
    authenticator: Authenticator
    mint: SecretGenerator
    metadata_tokens: dict[str, float] = field(default_factory=dict)

    def key_ends(self, now: float, seconds: float) -> float:
        """Return the expiry time of a temporary key, in epoch seconds.

        Args:
            now: epoch seconds.
            seconds: requested lifetime; the scenario may override it.
        """
        lifetime = self.known.lifetimes.key
        return now + (seconds if lifetime is None else lifetime)
