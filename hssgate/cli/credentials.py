"""Which way in the environment offers: the first complete one, and never half of one (CONTRACT section 7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from hssgate.cli.profile import VARIABLE as PROFILE
from hssgate.cli.profile import Profile, read_profile
from hssgate.errors import Misused
from hssgate.secret import Secret
from hssgate.text import clean
from hssgate.ways import (
    AccessKey,
    Credentials,
    Federation,
    GitHubIdToken,
    GivenIdToken,
    IdTokenFile,
    IdTokenSource,
    Keyless,
    MachineAgency,
    Password,
    Token,
)

TOKENS = ("HSSGATE_TOKEN", "HW_AUTH_TOKEN")


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
PROVIDER_URN, AGENCY_URN = "HUAWEICLOUD_OIDC_PROVIDER_URN", "HUAWEICLOUD_OIDC_AGENCY_URN"
ID_TOKEN, ID_TOKEN_FILE = "HUAWEICLOUD_OIDC_ID_TOKEN", "HUAWEICLOUD_OIDC_TOKEN_FILE"
AUDIENCE = "HUAWEICLOUD_OIDC_AUDIENCE"
SESSION_NAME, DURATION = "HUAWEICLOUD_OIDC_SESSION_NAME", "HUAWEICLOUD_OIDC_DURATION_SECONDS"
POLICY, POLICY_IDS = "HUAWEICLOUD_OIDC_POLICY", "HUAWEICLOUD_OIDC_POLICY_IDS"
REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
IDP_ID, IDP_TOKEN_FILE = "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"
USER, PASSWORD, DOMAIN = "HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"
METADATA = "HSSGATE_METADATA"

_PROXIES = frozenset({"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"})
_LONGEST_TOKEN = 32768  # characters; source: manual page of ListCicdImages, table 3
_USUAL_DURATION = 3600  # seconds; STS's own default
_SHORTEST_DURATION, _LONGEST_DURATION = 900, 43200  # source: AssumeAgencyWithOIDC
_USUAL_SESSION = "hssgate"


@dataclass(frozen=True)
class Choice:
    """The way in that was chosen.

    Args:
        credentials: what it is.
        passed_over: the ways before it that were not given, in words.
        project_id: that comes with it.
        iam_endpoint: that comes with it.
    """

    credentials: Credentials
    passed_over: tuple[str, ...] = ()
    project_id: str | None = None
    iam_endpoint: str | None = None


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Return every secret in the environment, chosen or not: none of them may be shown."""
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


def choose_credentials(
    environ: Mapping[str, str], warn: Callable[[str], None], check_url: Callable[[str, str], None]
) -> Choice:
    """Return the first complete credentials of the environment.

    Args:
        environ: the environment variables; an empty one counts as unset.
        warn: called with a line where blanks around a value were cut off.
        check_url: takes an address and the name of its variable; refuses one to which no secret may be sent.

    Raises:
        Misused: there are none, half of one, or one that cannot be sent.
    """
    values = _Values(environ, warn)
    passed_over: list[str] = []
    for what, find in (
        ("token", lambda: _token(values)),
        ("access key", lambda: _access_keys(values)),
        ("keyless set-up", lambda: _keyless(values, check_url) or _federation(values)),
        ("IAM user", lambda: _password(values)),
        ("profile file", lambda: _profile(read_profile(values.text(PROFILE), environ, warn))),
        ("agency of the machine asked for", lambda: _machine(values)),
    ):
        if found := find():
            return found if isinstance(found, Choice) else Choice(found, tuple(passed_over))
        passed_over.append(what)
    raise Misused(
        f"no credentials: set {KEYS[0].ak} and {KEYS[0].sk} (or {TOKENS[0]}) in the environment, or {PROVIDER_URN} and "
        f"{AGENCY_URN} for a keyless pipeline; secrets are never taken from options"
    )


class _Values:
    """The environment, with blanks around values cut off and said."""

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str], None]) -> None:
        self._environ = environ
        self._warn = warn
        self._mended: set[str] = set()

    def get(self, name: str) -> str | None:
        """Return what can be sent in a header."""
        value = self.text(name)
        if value is not None and (not value.isascii() or " " in value):
            raise Misused(f"{name} holds a blank, a line break or a character that no credential has; copy it anew")
        return value

    def text(self, name: str) -> str | None:
        """Return what a person may have chosen, such as a name or a password."""
        value = self.document(name)
        if value is not None and not value.isprintable():
            raise Misused(f"{name} holds a blank, a line break or a character that no credential has; copy it anew")
        if value != (self._environ.get(name) or None) and name not in self._mended:
            self._mended.add(name)
            self._warn(f"{name}: blanks or line breaks around the value were cut off")
        return value

    def document(self, name: str) -> str | None:
        """Return what may have several lines."""
        raw = self._environ.get(name, "")
        value = raw.strip()
        if raw and not value:
            raise Misused(f"{name} holds nothing but blanks; set it or take it away")
        return value or None

    def token(self, name: str) -> Secret | None:
        """Return what is sent as one header."""
        value = self.get(name)
        if value is not None and len(value) > _LONGEST_TOKEN:
            raise Misused(f"{name} is longer than {_LONGEST_TOKEN} characters, the most that a header takes")
        return Secret(value) if value else None


def _token(values: _Values) -> Token | None:
    for name in TOKENS:
        if token := values.token(name):
            return Token(value=token, source=name)
    return None


def _access_keys(values: _Values) -> AccessKey | None:
    for keys in KEYS:
        if key := _access_key(keys, values):
            return key
    return None


def _access_key(keys: KeyNames, values: _Values) -> AccessKey | None:
    ak, sk = values.get(keys.ak), values.token(keys.sk)
    token = values.token(keys.security_token) if keys.security_token else None
    if ak and sk:
        return AccessKey(ak=ak, sk=sk, security_token=token, source=f"{keys.ak} and {keys.sk}")
    _refuse_half({keys.ak: ak, keys.sk: sk}, {keys.security_token or "": token})
    return None


def _keyless(values: _Values, check_url: Callable[[str, str], None]) -> Keyless | None:
    """Return the way by STS; what a job of GitHub's is given counts only where a provider is named."""
    provider, agency = values.text(PROVIDER_URN), values.text(AGENCY_URN)
    given = {ID_TOKEN: values.token(ID_TOKEN), ID_TOKEN_FILE: values.text(ID_TOKEN_FILE)}
    if not provider or not agency:
        _refuse_half({PROVIDER_URN: provider, AGENCY_URN: agency}, given)
        return None
    id_token, named = _id_token(values, check_url)
    return Keyless(
        provider_urn=provider,
        agency_urn=agency,
        id_token=id_token,
        session_name=values.text(SESSION_NAME) or _USUAL_SESSION,
        duration=_duration(values.text(DURATION)),
        policy=values.document(POLICY),
        policy_ids=tuple(part.strip() for part in (values.text(POLICY_IDS) or "").split(",") if part.strip()),
        source=f"{PROVIDER_URN} and {AGENCY_URN}, the id token from {named}",
    )


def _id_token(values: _Values, check_url: Callable[[str, str], None]) -> tuple[IdTokenSource, str]:
    if token := values.token(ID_TOKEN):
        return GivenIdToken(value=token), ID_TOKEN
    if path := values.text(ID_TOKEN_FILE):
        return IdTokenFile(path=Path(path)), f"{ID_TOKEN_FILE} ({clean(path, 300)})"
    url, request_token = values.get(REQUEST_URL), values.token(REQUEST_TOKEN)
    if url and request_token:
        check_url(url, REQUEST_URL)
        return (
            GitHubIdToken(url=url, request_token=request_token, audience=values.text(AUDIENCE)),
            "GitHub's token service",
        )
    _refuse_half({REQUEST_URL: url, REQUEST_TOKEN: request_token}, {})
    raise Misused(
        f"{PROVIDER_URN} and {AGENCY_URN} set, but no id token: set {ID_TOKEN} or {ID_TOKEN_FILE}, or give the job "
        "`permissions: id-token: write` in GitHub Actions"
    )


def _duration(text: str | None) -> int:
    if text is None:
        return _USUAL_DURATION
    if text.isascii() and text.isdigit() and _SHORTEST_DURATION <= int(text[:9]) <= _LONGEST_DURATION:
        return int(text)
    raise Misused(f"{DURATION} is no number of seconds from {_SHORTEST_DURATION} to {_LONGEST_DURATION}")


def _federation(values: _Values) -> Federation | None:
    idp_id, path = values.get(IDP_ID), values.text(IDP_TOKEN_FILE)
    if idp_id and path:
        return Federation(idp_id=idp_id, id_token=IdTokenFile(path=Path(path)), source=f"{IDP_ID} and {IDP_TOKEN_FILE}")
    _refuse_half({IDP_ID: idp_id, IDP_TOKEN_FILE: path}, {})
    return None


def _password(values: _Values) -> Password | None:
    user, password, domain = values.text(USER), values.text(PASSWORD), values.text(DOMAIN)
    if user and password and domain:
        return Password(user=user, password=Secret(password), domain=domain, source=f"{USER}, {PASSWORD} and {DOMAIN}")
    _refuse_half({USER: user, PASSWORD: password, DOMAIN: domain}, {})
    return None


def _profile(profile: Profile | None) -> Choice | None:
    if profile is None:
        return None
    return Choice(
        _of_profile(profile),
        ("token", "access key", "keyless set-up", "IAM user"),
        project_id=profile.get("project_id"),
        iam_endpoint=profile.get("iam_endpoint"),
    )


def _of_profile(profile: Profile) -> Credentials:
    source = f"the profile file {clean(profile.path, 300)}"
    ak, sk, token = profile.get("ak"), profile.get("sk"), profile.get("security_token")
    idp_id, path = profile.get("idp_id"), profile.get("id_token_file")
    for key, value in (("ak", ak), ("sk", sk), ("security_token", token), ("idp_id", idp_id)):
        if value and (not value.isascii() or not value.isprintable() or " " in value):
            raise Misused(f"{source}: {key} holds a blank or a character that no credential has; copy it anew")
        if value and len(value) > _LONGEST_TOKEN:
            raise Misused(f"{source}: {key} is longer than {_LONGEST_TOKEN} characters, the most that a header takes")
    if ak and sk:
        return AccessKey(ak=ak, sk=Secret(sk), security_token=Secret(token) if token else None, source=source)
    if idp_id and path:
        return Federation(idp_id=idp_id, id_token=IdTokenFile(path=Path(path)), source=source)
    _refuse_half({"ak": ak, "sk": sk}, {"security_token": token}, f"{source}: ")
    _refuse_half({"idp_id": idp_id, "id_token_file": path}, {}, f"{source}: ")
    raise Misused(f"{source}: its section [basic] has neither ak and sk nor idp_id and id_token_file")


def _machine(values: _Values) -> MachineAgency | None:
    match values.text(METADATA):
        case None | "0":
            return None
        case "1":
            return MachineAgency(source=f"the agency of this machine ({METADATA}=1)")
        case _:
            raise Misused(f"{METADATA} is neither 1 nor 0; 1 asks the machine's metadata service for keys")


def _refuse_half(needed: Mapping[str, object], extra: Mapping[str, object], where: str = "") -> None:
    """Raise where some of the parts are there and others, without which they are nothing, are not.

    Raises:
        Misused: half of a credential was given.
    """
    given = [name for name, value in {**needed, **extra}.items() if value]
    if not given:
        return
    missing = [name for name, value in needed.items() if not value]
    raise Misused(f"{where}{_and(given)} set, but {_and(missing)} missing: set all of them, or none")


def _and(names: list[str]) -> str:
    return " and ".join(names)
