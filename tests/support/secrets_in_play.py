"""Secrets that are easy to find and hard to mask, credentials that use them, and a search for any form of them."""

import base64
import html
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import httpx

from hssgate.emulator.app import Emulator
from tests.conftest import Bench

HERE = "http://127.0.0.1:9"
SK = "s3cret-sk/+\"<&'="
TOKEN = "s3cret-token/+\"<&'=="
SECURITY_TOKEN = "s3cret-security-token/+="
ID_TOKEN = "s3cret-id-token/+\"<&'="
REQUEST_TOKEN = "s3cret-request-token/+="
PASSWORD = "s3cret pä\"ss<&'/\\wörd"
PROXY_PASSWORD = "s3cret-proxy/+="
GIVEN = (SK, TOKEN, SECURITY_TOKEN, ID_TOKEN, REQUEST_TOKEN, PASSWORD, PROXY_PASSWORD)

IDENTITY = json.dumps(
    {
        "users": [{"name": "me", "password": PASSWORD, "domain": "my-account"}],
        "providers": [
            {"id": "my-idp", "urn": "iam::me:oidcProvider:x", "audiences": ["a"], "id_tokens": [ID_TOKEN]},
            {"urn": "iam::me:oidcProvider:github", "audiences": ["https://github.com/emulator"]},
        ],
        "agencies": [{"urn": "iam::me:agency:y"}],
        "github_request_token": REQUEST_TOKEN,
    }
)
SCENARIO = f"""
credentials: {json.dumps([{"ak": "my-ak", "sk": SK}, {"ak": "my-temporary-ak", "sk": SK, "security_token": SECURITY_TOKEN}, {"token": TOKEN}])}
identity: {IDENTITY}
"""
_IAM = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": HERE}
_STS = {"HUAWEICLOUD_OIDC_AGENCY_URN": "iam::me:agency:y", "HUAWEICLOUD_SDK_STS_ENDPOINT": HERE}
_PROVIDER = {"HUAWEICLOUD_OIDC_PROVIDER_URN": "iam::me:oidcProvider:x"}
_GITHUB = {
    "HUAWEICLOUD_OIDC_PROVIDER_URN": "iam::me:oidcProvider:github",
    "ACTIONS_ID_TOKEN_REQUEST_URL": f"{HERE}/_emulator/github/token?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
}
WAYS: dict[str, dict[str, str]] = {
    "token": {"HSSGATE_TOKEN": TOKEN},
    "access key": {"HUAWEICLOUD_SDK_AK": "my-ak", "HUAWEICLOUD_SDK_SK": SK},
    "temporary key": {
        "HW_ACCESS_KEY": "my-temporary-ak",
        "HW_SECRET_KEY": SK,
        "HW_SECURITY_TOKEN": SECURITY_TOKEN,
    },
    "STS, an id token": {**_STS, **_PROVIDER, "HUAWEICLOUD_OIDC_ID_TOKEN": ID_TOKEN},
    "STS, a token file": {**_STS, **_PROVIDER, "HUAWEICLOUD_OIDC_TOKEN_FILE": "id-token"},
    "STS, GitHub": {**_STS, **_GITHUB},
    "federation": {**_IAM, "HUAWEICLOUD_SDK_IDP_ID": "my-idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": "id-token"},
    "password": {**_IAM, "HW_USER_NAME": "me", "HW_USER_PASSWORD": PASSWORD, "HW_DOMAIN_NAME": "my-account"},
    "profile": {**_IAM, "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"},
    "agency of the machine": {**_IAM, "HSSGATE_ECS_AGENCY": "1"},
}
"""In the order in which they are tried."""
INPUTS = ("id-token", "profile")
_PROXY = {"HTTPS_PROXY": f"http://proxy-user:{quote(PROXY_PASSWORD, safe='')}@127.0.0.1:9"}


def write_inputs(folder: Path) -> None:
    """Write the files that the credential types read."""
    (folder / "id-token").write_text(f"{ID_TOKEN}\n")
    (folder / "profile").write_text(f"[basic]\nak = my-ak\nsk = {SK}\n")
    (folder / "profile").chmod(0o600)


def in_play(way: str) -> dict[str, str]:
    """The variables of a credential type, and of all with lower precedence: unused secrets must not be shown either."""
    names = [*WAYS]
    env = dict(_PROXY)
    for name in reversed(names[names.index(way) :]):
        env |= WAYS[name]
    return env


def used_by(way: str) -> set[str]:
    """The given secrets that a credential type uses."""
    env = WAYS[way]
    in_files = {"id-token": ID_TOKEN, "profile": SK}
    return {secret for value in env.values() if (secret := in_files.get(value, value)) in GIVEN}


def secrets_of(emulator: Emulator, sent: Iterable[httpx.Request] = ()) -> set[str]:
    """All secrets: given ones, those issued by the emulator, and those sent to it."""
    issued = emulator._identity.issued
    found = {*GIVEN, *issued._tokens, *emulator._identity.metadata_tokens}
    for key in issued._keys.values():
        found |= {key.sk, key.security_token}
    for request in sent:
        if request.url.path.endswith("assume-with-oidc"):
            found.add(json.loads(request.content)["id_token"])
    return {secret for secret in found if secret}


def secrets_of_run(bench: Bench) -> set[str]:
    """The secrets of the bench's emulator and of its last run, including signatures."""
    given = [sent.headers.get("Authorization", "") for sent in bench.sent]
    signatures = {authorization.partition("Signature=")[2] for authorization in given} - {""}
    return secrets_of(bench.emulator, bench.sent) | signatures


def leaks(text: str, secrets: Iterable[str]) -> list[str]:
    """Return the secrets that a text contains, in any encoding."""
    return [form for secret in secrets for form in _written(secret) if form in text]


def without_masks(text: str) -> str:
    """The text without the mask commands for GitHub's runner."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("::add-mask::"))


def files_of(folder: Path) -> str:
    """All files of a folder except the inputs."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name not in INPUTS]
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


def _written(secret: str) -> set[str]:
    in_base64 = base64.b64encode(secret.encode()).decode()
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        html.escape(secret),
        in_base64.rstrip("=")[:-1],
    }
