"""Choice of credentials from the environment: the first complete ones; incomplete ones are an error."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from hssgate.cli.connect.profile import VARIABLE as PROFILE
from hssgate.cli.connect.profile import Profile, read_profile
from hssgate.cli.connect.variables import (
    AGENCY_URN,
    AUDIENCE,
    CREDENTIALS,
    DOMAIN,
    DURATION,
    ECS_AGENCY,
    ID_TOKEN,
    ID_TOKEN_FILE,
    IDP_ID,
    IDP_TOKEN_FILE,
    KEYS,
    PASSWORD,
    POLICY,
    POLICY_IDS,
    PROVIDER_URN,
    REQUEST_TOKEN,
    REQUEST_URL,
    SESSION_NAME,
    TOKENS,
    USER,
    KeyNames,
    Variables,
    refuse_half,
    refuse_quoted,
)
from hssgate.errors import Misused
from hssgate.hss.credentials import (
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
from hssgate.hss.secret import Secret
from hssgate.record import record
from hssgate.text import clean

_SWITCHES = {None: False, "1": True, "true": True, "0": False, "false": False}
_USUAL_DURATION = 3600  # seconds; STS's own default
_SHORTEST_DURATION, _LONGEST_DURATION = 900, 43200  # source: AssumeAgencyWithOIDC
_USUAL_SESSION = "hssgate"


@record
class CredentialChoice:
    """The chosen credentials.

    Args:
        credentials: the credentials.
        passed_over: credential types of higher precedence that are not set, in words.
        unused: credential variables that are set and not used.
        project_id: from the profile file.
        iam_endpoint: from the profile file.
    """

    credentials: Credentials
    passed_over: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    project_id: str | None = None
    iam_endpoint: str | None = None


def choose_credentials(
    environ: Mapping[str, str], warn: Callable[[str], None], check_url: Callable[[str, str], None]
) -> CredentialChoice:
    """Return the first complete credentials of the environment.

    Args:
        environ: the environment variables; an empty one counts as unset.
        warn: called with a line if blanks around a value were removed.
        check_url: takes a URL and the name of its variable; refuses one to which it is not safe to send a secret.

    Raises:
        Misused: there are none, they are incomplete, or they cannot be sent in a header.
    """
    variables = Variables(environ, warn)
    agency = environ.get(ECS_AGENCY, "").strip() or None
    if agency not in _SWITCHES:  # an error even if other credentials are used
        refuse_quoted(agency or "", ECS_AGENCY)
        raise Misused(
            f"{ECS_AGENCY} is neither 1 nor true, 0 nor false; 1 asks the machine's metadata service for keys"
        )
    passed_over: list[str] = []
    for what, find in (
        ("token", lambda: _token(variables)),
        ("access key", lambda: _access_keys(variables)),
        ("keyless set-up", lambda: _keyless(variables, check_url) or _federation(variables)),
        ("IAM user", lambda: _password(variables)),
        ("profile file", lambda: _profile(read_profile(variables.text(PROFILE), environ, warn))),
        ("agency of the machine asked for", lambda: _machine(variables)),
    ):
        if found := find():
            choice = found if isinstance(found, CredentialChoice) else CredentialChoice(found)
            off = () if _SWITCHES[agency] else (ECS_AGENCY,)
            unused = (
                name for name in (*CREDENTIALS, PROFILE) if environ.get(name) and name not in (*variables.used, *off)
            )
            return replace(choice, passed_over=tuple(passed_over), unused=tuple(unused))
        passed_over.append(what)
    from hssgate.cli.near_misses import near_misses

    raise Misused(
        f"no credentials: set {KEYS[0].ak} and {KEYS[0].sk} (or {TOKENS[0]}) in the environment, or {PROVIDER_URN} and "
        f"{AGENCY_URN} for a keyless pipeline; secrets are never taken from options"
        + "".join(f"\n{line}" for line in near_misses(environ))
    )


def _token(variables: Variables) -> Token | None:
    for name in TOKENS:
        if token := variables.secret(name):
            return Token(value=token, source=name)
    return None


def _access_keys(variables: Variables) -> AccessKey | None:
    for keys in KEYS:
        if key := _access_key(keys, variables):
            return key
    return None


def _access_key(keys: KeyNames, variables: Variables) -> AccessKey | None:
    ak, sk = variables.get(keys.ak), variables.secret(keys.sk)
    token = variables.secret(keys.security_token) if keys.security_token else None
    if ak and sk:
        return AccessKey(ak=ak, sk=sk, security_token=token, source=f"{keys.ak} and {keys.sk}")
    refuse_half({keys.ak: ak, keys.sk: sk}, {keys.security_token or "": token})
    return None


def _keyless(variables: Variables, check_url: Callable[[str, str], None]) -> Keyless | None:
    """Return the STS credentials; the variables of a GitHub job count only if provider and agency are set."""
    provider, agency = variables.text(PROVIDER_URN), variables.text(AGENCY_URN)
    if not provider or not agency:
        given = {ID_TOKEN: variables.secret(ID_TOKEN), ID_TOKEN_FILE: variables.text(ID_TOKEN_FILE)}
        refuse_half({PROVIDER_URN: provider, AGENCY_URN: agency}, given)
        return None
    id_token, named = _id_token(variables, check_url)
    return Keyless(
        provider_urn=provider,
        agency_urn=agency,
        id_token=id_token,
        session_name=variables.text(SESSION_NAME) or _USUAL_SESSION,
        duration=_duration(variables.text(DURATION)),
        policy=variables.document(POLICY),
        policy_ids=tuple(part.strip() for part in (variables.text(POLICY_IDS) or "").split(",") if part.strip()),
        source=f"{PROVIDER_URN} and {AGENCY_URN}, the id token from {named}",
    )


def _id_token(variables: Variables, check_url: Callable[[str, str], None]) -> tuple[IdTokenSource, str]:
    if token := variables.secret(ID_TOKEN):
        return GivenIdToken(value=token), ID_TOKEN
    if path := variables.text(ID_TOKEN_FILE):
        return IdTokenFile(path=Path(path)), f"{ID_TOKEN_FILE} ({clean(path, 300)})"
    url, request_token = variables.get(REQUEST_URL), variables.secret(REQUEST_TOKEN)
    if url and request_token:
        check_url(url, REQUEST_URL)
        return (
            GitHubIdToken(url=url, request_token=request_token, audience=variables.text(AUDIENCE)),
            "GitHub's token service",
        )
    refuse_half({REQUEST_URL: url, REQUEST_TOKEN: request_token}, {})
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


def _federation(variables: Variables) -> Federation | None:
    idp_id, path = variables.get(IDP_ID), variables.text(IDP_TOKEN_FILE)
    if idp_id and path:
        return Federation(idp_id=idp_id, id_token=IdTokenFile(path=Path(path)), source=f"{IDP_ID} and {IDP_TOKEN_FILE}")
    refuse_half({IDP_ID: idp_id, IDP_TOKEN_FILE: path}, {})
    return None


def _password(variables: Variables) -> Password | None:
    user, password, domain = variables.text(USER), variables.text(PASSWORD), variables.text(DOMAIN)
    if user and password and domain:
        return Password(user=user, password=Secret(password), domain=domain, source=f"{USER}, {PASSWORD} and {DOMAIN}")
    refuse_half({USER: user, PASSWORD: password, DOMAIN: domain}, {})
    return None


def _profile(profile: Profile | None) -> CredentialChoice | None:
    if profile is None:
        return None
    return CredentialChoice(
        profile.credentials, project_id=profile.get("project_id"), iam_endpoint=profile.get("iam_endpoint")
    )


def _machine(variables: Variables) -> MachineAgency | None:
    if not _SWITCHES.get(variables.text(ECS_AGENCY)):
        return None
    return MachineAgency(source=f"the agency of this machine ({ECS_AGENCY}=1)")
