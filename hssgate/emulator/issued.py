"""Keys and tokens that the emulator issued, each with its holder and its expiry time."""

from dataclasses import dataclass, field
from typing import Literal

from hssgate.emulator.generated import SecretGenerator

Scope = Literal["project", "domain", "unscoped"]
Deny = Literal["gateway", "service"]

_KEY_TOKEN_SIZE = 900  # bytes; a security token fills a header of more than a kilobyte
_TOKEN_SIZE = 2400  # bytes; a token of IAM has several kilobytes


@dataclass(frozen=True)
class Holder:
    """An identity that sends requests.

    Args:
        name: key of the rate limit.
        deny: which side refuses its requests for lack of permission.
    """

    name: str
    deny: Deny | None = None


@dataclass(frozen=True)
class TemporaryKey:
    """A key pair with its security token.

    Args:
        ak: access key.
        sk: secret key.
        security_token: required value of `X-Security-Token`.
        holder: the identity that it belongs to.
        ends: expiry time in epoch seconds.
    """

    ak: str
    sk: str = field(repr=False)
    security_token: str = field(repr=False)
    holder: Holder
    ends: float


@dataclass(frozen=True)
class IssuedToken:
    """An IAM token.

    Args:
        text: the value of `X-Auth-Token`.
        holder: the identity that it belongs to.
        scope: its scope; HSS requires a project.
        project_id: the project, if that is the scope.
        ends: expiry time in epoch seconds.
    """

    text: str = field(repr=False)
    holder: Holder
    scope: Scope
    project_id: str | None
    ends: float


class Issued:
    """Issues keys and tokens, and finds them again. Not thread-safe.

    Args:
        mint: generates the secrets.
    """

    def __init__(self, mint: SecretGenerator) -> None:
        self._mint = mint
        self._keys: dict[str, TemporaryKey] = {}
        self._tokens: dict[str, IssuedToken] = {}

    def give_key(self, holder: Holder, ends: float) -> TemporaryKey:
        """Issue a key pair.

        Args:
            holder: the identity that it belongs to.
            ends: expiry time in epoch seconds.
        """
        mint = self._mint
        key = TemporaryKey(mint.access_key(), mint.secret(), mint.token(_KEY_TOKEN_SIZE), holder, ends)
        self._keys[key.ak] = key
        return key

    def give_token(self, holder: Holder, scope: Scope, project_id: str | None, ends: float) -> IssuedToken:
        """Issue a token.

        Args:
            holder: the identity that it belongs to.
            scope: its scope.
            project_id: the project, if that is the scope.
            ends: expiry time in epoch seconds.
        """
        token = IssuedToken(self._mint.token(_TOKEN_SIZE), holder, scope, project_id, ends)
        self._tokens[token.text] = token
        return token

    def key(self, ak: str) -> TemporaryKey | None:
        """Return the key pair of an access key."""
        return self._keys.get(ak)

    def token(self, text: str) -> IssuedToken | None:
        """Return the token with this text."""
        return self._tokens.get(text)
