"""Credential variables: their names, which of them are secret, and validation of their values."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from hssgate.errors import Misused
from hssgate.hss.secret import LONGEST_SENDABLE, Secret, is_sendable
from hssgate.record import record

TOKENS = ("HSSGATE_TOKEN", "HW_AUTH_TOKEN")


@record
class KeyNames:
    """Variable names of one kind of access key.

    Args:
        ak: for the access key id.
        sk: for the secret access key.
        security_token: for the security token of temporary keys; None: not supported.
    """

    ak: str
    sk: str
    security_token: str | None


KEYS = (
    KeyNames("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    KeyNames("CLOUD_SDK_AK", "CLOUD_SDK_SK", None),
    KeyNames("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"),
)
PROVIDER_URN, AGENCY_URN = "HUAWEICLOUD_OIDC_PROVIDER_URN", "HUAWEICLOUD_OIDC_AGENCY_URN"
ID_TOKEN, ID_TOKEN_FILE = "HUAWEICLOUD_OIDC_ID_TOKEN", "HUAWEICLOUD_OIDC_TOKEN_FILE"
AUDIENCE = "HUAWEICLOUD_OIDC_AUDIENCE"
SESSION_NAME, DURATION = "HUAWEICLOUD_OIDC_SESSION_NAME", "HUAWEICLOUD_OIDC_DURATION_SECONDS"
POLICY, POLICY_IDS = "HUAWEICLOUD_OIDC_POLICY", "HUAWEICLOUD_OIDC_POLICY_IDS"
REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
IDP_ID, IDP_TOKEN_FILE = "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"
USER, PASSWORD, DOMAIN = "HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"
ECS_AGENCY = "HSSGATE_ECS_AGENCY"

CREDENTIALS = (
    *TOKENS,
    *(name for keys in KEYS for name in (keys.ak, keys.sk, keys.security_token) if name),
    PROVIDER_URN, AGENCY_URN, ID_TOKEN, ID_TOKEN_FILE, IDP_ID, IDP_TOKEN_FILE,
    USER, PASSWORD, DOMAIN, ECS_AGENCY,
)  # fmt: skip

_QUOTES = "\"'"
_PROXIES = frozenset({"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"})
_COPY_ANEW = "contains a blank, a line break or a character that no credential has; copy it again"


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Return every secret in the environment, used or not: all of them are masked."""
    names = [*TOKENS, *(name for keys in KEYS for name in (keys.sk, keys.security_token) if name)]
    names += [ID_TOKEN, REQUEST_TOKEN, PASSWORD]
    values = [environ[name] for name in names if environ.get(name)]
    for proxy in (value for name, value in environ.items() if name.upper() in _PROXIES):
        before_host, at, _ = proxy.rpartition("@")
        if at:
            user = before_host.rpartition("://")[2]
            password = user.partition(":")[2]
            values += [user, password, unquote(user), unquote(password)]
    return values


def sendable(value: str, name: str) -> str:
    """Return a value if it can be sent in a header.

    Args:
        value: of a variable or of a key in a file.
        name: of the variable or key.

    Raises:
        Misused: it cannot be sent in a header, or is in quotation marks.
    """
    refuse_quoted(value, name)
    if len(value) > LONGEST_SENDABLE:
        raise Misused(f"{name} is longer than {LONGEST_SENDABLE} characters, the most that a header takes")
    if not is_sendable(value):
        raise Misused(f"{name} {_COPY_ANEW}")
    return value


def refuse_quoted(value: str, name: str) -> None:
    """Refuse a value in quotation marks: it would cause wrong signatures, and five of them lock an access key.

    Args:
        value: of a variable or of a key in a file.
        name: of the variable or key.

    Raises:
        Misused: it is in quotation marks.
    """
    if value[:1] in _QUOTES and value[:1] == value[1:][-1:]:
        raise Misused(f"{name} is in quotation marks, which would be part of it: remove them (docker keeps them, too)")


def refuse_half(needed: Mapping[str, object], extra: Mapping[str, object], where: str = "") -> None:
    """Refuse incomplete credentials: the caller meant them, and others must not be used silently.

    Args:
        needed: the required values, by their names.
        extra: values that are of no use without them.
        where: a prefix of the message, for names that are not variables.

    Raises:
        Misused: some parts are set, and required ones are missing.
    """
    given = [name for name, value in {**needed, **extra}.items() if value]
    if not given:
        return
    missing = [name for name, value in needed.items() if not value]
    raise Misused(f"{where}{_and(given)} set, but {_and(missing)} missing: set all of them, or none")


def _and(names: list[str]) -> str:
    return " and ".join(names)


class Variables:
    """The environment, with blanks around values removed.

    Args:
        environ: the environment variables; an empty one counts as unset.
        warn: called with a line if blanks around a value were removed.
    """

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str], None]) -> None:
        self._environ = environ
        self._warn = warn
        self._trimmed: set[str] = set()
        self.used: set[str] = set()  # names that were read and have a value

    def get(self, name: str) -> str | None:
        """Return a value that can be sent in a header."""
        value = self.text(name)
        return None if value is None else sendable(value, name)

    def secret(self, name: str) -> Secret | None:
        """Return a secret that can be sent in a header."""
        value = self.get(name)
        return None if value is None else Secret(value)

    def text(self, name: str) -> str | None:
        """Return a printable text, such as a name or a password."""
        value = self.document(name)
        if value is not None and name != PASSWORD:
            refuse_quoted(value, name)
        if value is not None and not value.isprintable():
            raise Misused(f"{name} {_COPY_ANEW}")
        if value != (self._environ.get(name) or None) and name not in self._trimmed:
            self._trimmed.add(name)
            self._warn(f"{name}: blanks or line breaks around the value were cut off")
        return value

    def document(self, name: str) -> str | None:
        """Return a text that may have several lines."""
        raw = self._environ.get(name, "")
        value = raw.strip()
        if raw and not value:
            raise Misused(f"{name} contains only blanks; set or unset it")
        if value:
            self.used.add(name)
        return value or None
