"""Credentials of a registry from Docker's configuration file (`~/.docker/config.json`).

Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores
"""

import base64
import binascii
from urllib.parse import urlsplit

from hssgate.hss.secret import Secret
from hssgate.identity.strict_json import parse_strictly
from hssgate.record import record
from hssgate.text import clean

_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


@record
class RegistryLogin:
    """User name and password of a registry.

    Args:
        user: the user name.
        password: the password or access token.
    """

    user: str
    password: Secret

    @property
    def basic(self) -> Secret:
        """The value of an `Authorization: Basic` header."""
        return Secret(f"Basic {self._pair}")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What must not be shown."""
        return self.password, Secret(self._pair)

    @property
    def _pair(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password.reveal()}".encode()).decode()


def login_of(raw: bytes, registry: str) -> RegistryLogin | None:
    """Return the login of a registry, or None where the file has none for it.

    Args:
        raw: the configuration file.
        registry: host, with its port if it has one.

    Raises:
        ValueError: the file cannot be read, or the login lies in a credential store, which is not supported.
    """
    document = parse_strictly(raw)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a fault of the file
    entries = _table(document, "auths")
    for key, entry in entries.items():
        if _same_host(key, registry) and isinstance(entry, dict) and (login := _login(entry, key)) is not None:
            return login
    helper = next((name for key, name in _table(document, "credHelpers").items() if _same_host(key, registry)), None)
    store = helper or document.get("credsStore")
    if store:
        raise ValueError(
            f"the login of {registry} is kept by the credential helper {clean(store, 60)!r}, which is not supported; "
            'log in with a configuration folder of its own: DOCKER_CONFIG="$(mktemp -d)" docker login'
        )
    return None


def _table(document: dict[str, object], key: str) -> dict[str, object]:
    found = document.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f'"{key}" is not an object')  # noqa: TRY004 - a fault of the file
    return found


def _login(entry: dict[str, object], key: str) -> RegistryLogin | None:
    auth, user, password = entry.get("auth"), entry.get("username"), entry.get("password")
    if isinstance(auth, str) and auth:
        try:
            user, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError(f'"auth" of {clean(key, 100)} is not Base64 of user:password') from None
        if not colon:
            raise ValueError(f'"auth" of {clean(key, 100)} is not Base64 of user:password')
    if entry.get("identitytoken"):
        raise ValueError(f'"identitytoken" of {clean(key, 100)} is not supported; log in with a user name and password')
    if not isinstance(user, str) or not isinstance(password, str):
        return None
    password = password.rstrip("\0")
    try:
        f"{user}{password}".encode()
    except UnicodeEncodeError:  # JSON can write half of a character
        raise ValueError(f"the login of {clean(key, 100)} contains a character that cannot be sent") from None
    return RegistryLogin(user, Secret(password)) if user and password else None


def _same_host(key: str, registry: str) -> bool:
    """Whether a key of the file, which may be an old one with scheme and path, is of the registry."""
    try:
        host = urlsplit(key if "://" in key else f"//{key}").netloc.lower().removesuffix(":443")
    except ValueError:  # of a host such as `[`
        return False
    wanted = registry.lower().removesuffix(":443")
    return host == wanted or {host, wanted} <= _DOCKER_HUB
