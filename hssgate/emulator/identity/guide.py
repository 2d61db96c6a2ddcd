"""Guide printed at start: the environment variables for each way of authentication."""

import shlex
from collections.abc import Iterator

from pydantic import SecretStr

from hssgate.emulator.identity.operations import GITHUB_PATH
from hssgate.emulator.model import Scenario

_PUBLIC_PREFIX = "emulator-"  # of the secrets of the built-in scenario


def credentials_guide(scenario: Scenario, url: str) -> str:
    """Return a line for each way of authentication: its name, aligned, and its variables.

    Secrets of the built-in scenario are printed; all others are replaced by an ellipsis.

    Args:
        scenario: the scenario; of several keys, users and so on the first is shown.
        url: address of the emulator.
    """
    lines = [*_guide_lines(scenario, url)]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)


def _guide_lines(scenario: Scenario, url: str) -> Iterator[tuple[str, str]]:
    known = scenario.identity
    for credential in [credential for credential in scenario.credentials if credential.ak][:1]:
        yield (
            "access key",
            _set(
                HUAWEICLOUD_SDK_AK=credential.ak,
                HUAWEICLOUD_SDK_SK=credential.sk,
                HUAWEICLOUD_SDK_SECURITY_TOKEN=credential.security_token,
            ),
        )
    for credential in [credential for credential in scenario.credentials if credential.token][:1]:
        yield "token", _set(HSSGATE_TOKEN=credential.token)
    yield "IAM and STS", _set(HUAWEICLOUD_SDK_IAM_ENDPOINT=url, HUAWEICLOUD_SDK_STS_ENDPOINT=url)
    for user in known.users[:1]:
        yield "password", _set(HW_USER_NAME=user.name, HW_USER_PASSWORD=user.password, HW_DOMAIN_NAME=user.domain)
    for provider in [provider for provider in known.providers if provider.urn][:1]:
        for agency in known.agencies[:1]:
            yield "OIDC", _set(HUAWEICLOUD_OIDC_PROVIDER_URN=provider.urn, HUAWEICLOUD_OIDC_AGENCY_URN=agency.urn)
        for id_token in provider.id_tokens[:1]:
            yield "  id token", _set(HUAWEICLOUD_OIDC_ID_TOKEN=id_token)
        address = f"{url}{GITHUB_PATH}?api-version=2.0"
        request = _set(ACTIONS_ID_TOKEN_REQUEST_URL=address, ACTIONS_ID_TOKEN_REQUEST_TOKEN=known.github_request_token)
        yield "  or GitHub", f"{request}, audience {provider.audiences[0]}"
    for provider in [provider for provider in known.providers if provider.id][:1]:
        for id_token in provider.id_tokens[:1]:
            idp = _set(HUAWEICLOUD_SDK_IDP_ID=provider.id)
            yield "federation", f"{idp} HUAWEICLOUD_SDK_ID_TOKEN_FILE=FILE, in it {_shown(id_token)}"
    if known.metadata.enabled:
        yield "metadata", f"{url} in place of http://169.254.169.254"


def _set(**variables: str | SecretStr | None) -> str:
    return " ".join(f"{name}={_shown(value)}" for name, value in variables.items() if value is not None)


def _shown(value: str | SecretStr) -> str:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return shlex.quote(secret) if secret.startswith(_PUBLIC_PREFIX) else "…"
    return shlex.quote(value)
