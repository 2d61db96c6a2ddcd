"""Keys and tokens that were given out while the emulator runs, each with its holder and its end."""

from dataclasses import dataclass, field
from typing import Literal

from hssgate.emulator.mint import Mint

Scope = Literal["project", "domain", "unscoped"]
Deny = Literal["gateway", "service"]

_KEY_TOKEN_SIZE = 900  # bytes; a security token fills a header of more than a kilobyte
_TOKEN_SIZE = 2400  # bytes; a token of IAM has several kilobytes


@dataclass(frozen=True)
class Holder:
    """Who asks.

    Args:
        name: by which the requests are counted.
        deny: who refuses them because a permission is missing.
    """

    name: str
    deny: Deny | None = None


@dataclass(frozen=True)
class TemporaryKey:
    """A key pair with its security token.

    Args:
        ak: access key.
        sk: secret key.
        security_token: what `X-Security-Token` has to be.
        holder: on whose behalf it acts.
        ends: epoch seconds from which on it is refused.
    """

    ak: str
    sk: str = field(repr=False)
    security_token: str = field(repr=False)
    holder: Holder
    ends: float


@dataclass(frozen=True)
class Token:
    """A token of IAM.

    Args:
        text: what `X-Auth-Token` has to be.
        holder: on whose behalf it acts.
        scope: what it is good for; the API of HSS wants a project.
        project_id: of the project, if that is the scope.
        ends: epoch seconds from which on it is refused.
    """

    text: str = field(repr=False)
    holder: Holder
    scope: Scope
    project_id: str | None
    ends: float


class Issued:
    """All that was given out. Not safe for use by several threads at once.

    Args:
        mint: makes the secrets.
    """

    def __init__(self, mint: Mint) -> None:
        self._mint = mint
        self._keys: dict[str, TemporaryKey] = {}
        self._tokens: dict[str, Token] = {}

    def give_key(self, holder: Holder, ends: float) -> TemporaryKey:
        """Return a new key pair.

        Args:
            holder: on whose behalf it acts.
            ends: epoch seconds.
        """
        mint = self._mint
        key = TemporaryKey(mint.access_key(), mint.secret(), mint.token(_KEY_TOKEN_SIZE), holder, ends)
        self._keys[key.ak] = key
        return key

    def give_token(self, holder: Holder, scope: Scope, project_id: str | None, ends: float) -> Token:
        """Return a new token.

        Args:
            holder: on whose behalf it acts.
            scope: what it is good for.
            project_id: of the project, if that is the scope.
            ends: epoch seconds.
        """
        token = Token(self._mint.token(_TOKEN_SIZE), holder, scope, project_id, ends)
        self._tokens[token.text] = token
        return token

    def key(self, ak: str) -> TemporaryKey | None:
        """Return the key pair of an access key."""
        return self._keys.get(ak)

    def token(self, text: str) -> Token | None:
        """Return the token that reads so."""
        return self._tokens.get(text)
