"""Which way in the environment offers: the first complete one, and never half of one (CONTRACT section 7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from hssgate.errors import Misused
from hssgate.settings import AccessKey, Credentials, Token

TOKENS = ("HSSGATE_TOKEN", "HW_AUTH_TOKEN")
_LONGEST_TOKEN = 32768  # characters; source: manual page of ListCicdImages, table 3


@dataclass(frozen=True)
class KeyNames:
    """The variables of one kind of access key.

    Args:
        ak: of the access key id.
        sk: of the secret access key.
        security_token: of the token that temporary keys have, if this kind has one.
    """

    ak: str
    sk: str
    security_token: str | None


KEYS = (
    KeyNames("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    KeyNames("CLOUD_SDK_AK", "CLOUD_SDK_SK", None),
    KeyNames("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"),
)


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Return every secret in the environment, chosen or not: none of them may be shown."""
    names = [*TOKENS, *(name for keys in KEYS for name in (keys.sk, keys.security_token) if name)]
    return [environ[name] for name in names if environ.get(name)]


def choose_credentials(environ: Mapping[str, str], warn: Callable[[str], None]) -> Credentials:
    """Return the first complete credentials of the environment.

    Args:
        environ: the environment variables; an empty one counts as unset.
        warn: called with a line where blanks around a value were cut off.

    Raises:
        Misused: there are none, half of one, or one that cannot be sent.
    """
    values = _Values(environ, warn)
    for name in TOKENS:
        if token := values.get(name):
            if len(token) > _LONGEST_TOKEN:
                raise Misused(f"{name} is longer than {_LONGEST_TOKEN} characters, the most that HSS takes")
            return Token(value=SecretStr(token), source=name)
    for keys in KEYS:
        if key := _access_key(keys, values):
            return key
    raise Misused(
        f"no credentials: set {KEYS[0].ak} and {KEYS[0].sk} (or {TOKENS[0]}) in the environment; "
        "secrets are never taken from options"
    )


class _Values:
    """The environment, with blanks around values cut off and said."""

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str], None]) -> None:
        self._environ = environ
        self._warn = warn

    def get(self, name: str) -> str | None:
        raw = self._environ.get(name, "")
        value = raw.strip()
        if raw and not value:
            raise Misused(f"{name} holds nothing but blanks; set it or take it away")
        if not value.isascii() or not value.isprintable() or " " in value:
            raise Misused(f"{name} holds a blank, a line break or a character that no credential has; copy it anew")
        if value != raw:
            self._warn(f"{name}: blanks or line breaks around the value were cut off")
        return value or None


def _access_key(keys: KeyNames, values: _Values) -> AccessKey | None:
    ak, sk = values.get(keys.ak), values.get(keys.sk)
    token = values.get(keys.security_token) if keys.security_token else None
    if ak and sk:
        return AccessKey(
            ak=ak,
            sk=SecretStr(sk),
            security_token=SecretStr(token) if token else None,
            source=f"{keys.ak} and {keys.sk}",
        )
    parts: dict[str | None, str | None] = {keys.ak: ak, keys.sk: sk, keys.security_token: token}
    given = [name for name, value in parts.items() if name and value]
    if not given:
        return None
    missing = [name for name, value in ((keys.ak, ak), (keys.sk, sk)) if not value]
    raise Misused(f"{' and '.join(given)} set, but {' and '.join(missing)} missing: set both, or neither")
