"""The guide to credentials that is printed at start."""

from hssgate.emulator.identity.guide import credentials_guide
from hssgate.emulator.scenario import default_scenario, parse_scenario
from tests.emulator.identity_client import AGENCY, PROVIDER

URL = "http://127.0.0.1:1"


def test_the_guide_lists_each_default_credential() -> None:
    """With the values, for everybody knows them."""
    address = f"ACTIONS_ID_TOKEN_REQUEST_URL='{URL}/_emulator/github/token?api-version=2.0'"

    assert credentials_guide(default_scenario(), URL).splitlines() == [
        "access key   HUAWEICLOUD_SDK_AK=emulator-ak HUAWEICLOUD_SDK_SK=emulator-sk",
        "token        HSSGATE_TOKEN=emulator-token",
        f"IAM and STS  HUAWEICLOUD_SDK_IAM_ENDPOINT={URL} HUAWEICLOUD_SDK_STS_ENDPOINT={URL}",
        "password     HW_USER_NAME=emulator-user HW_USER_PASSWORD=emulator-password HW_DOMAIN_NAME=emulator-domain",
        f"OIDC         HUAWEICLOUD_OIDC_PROVIDER_URN={PROVIDER} HUAWEICLOUD_OIDC_AGENCY_URN={AGENCY}",
        "  id token   HUAWEICLOUD_OIDC_ID_TOKEN=emulator-id-token",
        f"  or GitHub  {address} ACTIONS_ID_TOKEN_REQUEST_TOKEN=emulator-request-token, audience emulator-audience",
        "federation   HUAWEICLOUD_SDK_IDP_ID=emulator-idp HUAWEICLOUD_SDK_ID_TOKEN_FILE=FILE, in it emulator-id-token",
        f"metadata     {URL} in place of http://169.254.169.254",
    ]


def test_secrets_of_other_scenarios_are_not_printed() -> None:
    """A scenario may contain real secrets; only the emulator's own are shown, and names are quoted for a shell."""
    scenario = parse_scenario(
        "{credentials: [{ak: my-ak, sk: hush}, {token: hush}], identity: {github_request_token: hush, users: [{name: a b,"
        " password: hush, domain: d}], providers: [{id: i, urn: u, audiences: [x], id_tokens: [hush]}]}}",
        "s.yaml",
    )

    shown = credentials_guide(scenario, URL)

    assert "hush" not in shown
    assert "HUAWEICLOUD_SDK_AK=my-ak HUAWEICLOUD_SDK_SK=…" in shown
    assert "HW_USER_NAME='a b' HW_USER_PASSWORD=… HW_DOMAIN_NAME=d" in shown


def test_a_temporary_key_of_the_scenario_is_listed_with_its_token() -> None:
    """With its security token."""
    scenario = parse_scenario("credentials: [{ak: a, sk: emulator-s, security_token: emulator-t}]", "s.yaml")

    assert credentials_guide(scenario, URL).splitlines()[0] == (
        "access key   HUAWEICLOUD_SDK_AK=a HUAWEICLOUD_SDK_SK=emulator-s HUAWEICLOUD_SDK_SECURITY_TOKEN=emulator-t"
    )


def test_the_guide_omits_what_the_scenario_lacks() -> None:
    """The endpoints remain."""
    scenario = parse_scenario(
        "{credentials: [{token: t}], identity: {users: [], providers: [], agencies: [], metadata: {enabled: false}}}",
        "s",
    )

    assert [line.split()[0] for line in credentials_guide(scenario, URL).splitlines()] == ["token", "IAM"]
