"""Choice of credentials: which of those in the environment are used, what they lack, and what is not read."""

import stat
from pathlib import Path

import pytest

from tests.cli.test_check import finished, images
from tests.conftest import KEY, Bench
from tests.hss.test_authentication import GITHUB, HERE, IDP, URNS, USER, asked, check, write_credential_files


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """The files that some variables name."""
    write_credential_files(tmp_path)


def test_credentials_have_the_documented_precedence(bench: Bench) -> None:
    """Each way wins over all that come after it, and -v says what was passed over."""
    all_of_them = {"HSSGATE_TOKEN": "emulator-token", **KEY, **URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token", **IDP, **USER, "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile", "HSSGATE_ECS_AGENCY": "1"}  # fmt: skip
    order = [
        (["HSSGATE_TOKEN"], "credentials from HSSGATE_TOKEN\n"),
        (["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"], "credentials from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; there is no token\n"),
        ([*URNS, "HUAWEICLOUD_OIDC_ID_TOKEN"], "the id token from HUAWEICLOUD_OIDC_ID_TOKEN; there is no token, no access key\n"),
        (["HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"], "credentials from HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE; there is no token, no access key\n"),
        (["HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"], "credentials from HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME; there is no token, no access key, no keyless set-up\n"),
        (["HUAWEICLOUD_SDK_CREDENTIALS_FILE"], "credentials from the profile file profile; there is no token, no access key, no keyless set-up, no IAM user\n"),
        (["HSSGATE_ECS_AGENCY"], "credentials from the agency of this machine (HSSGATE_ECS_AGENCY=1); there is no token, no access key, no keyless set-up, no IAM user, no profile file\n"),
    ]  # fmt: skip
    env = dict(all_of_them)
    for names, message in order:
        ended = check(bench, env, "-v")
        assert (ended.code, message in ended.err) == (0, True), ended.err
        env = {name: value for name, value in env.items() if name not in names}

    assert check(bench, env).code == 2


@pytest.mark.parametrize(
    ("env", "message"),
    [
        pytest.param({"HUAWEICLOUD_OIDC_PROVIDER_URN": "x"}, "HUAWEICLOUD_OIDC_PROVIDER_URN set, but HUAWEICLOUD_OIDC_AGENCY_URN missing", id="no agency"),
        pytest.param({"HUAWEICLOUD_OIDC_ID_TOKEN": "s3cret"}, "HUAWEICLOUD_OIDC_PROVIDER_URN and HUAWEICLOUD_OIDC_AGENCY_URN missing", id="no provider"),
        pytest.param(URNS, "but no id token: set HUAWEICLOUD_OIDC_ID_TOKEN", id="no id token"),
        pytest.param({**URNS, "ACTIONS_ID_TOKEN_REQUEST_URL": HERE}, "but ACTIONS_ID_TOKEN_REQUEST_TOKEN missing", id="no request token"),
        pytest.param({**URNS, **GITHUB, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://evil.example/t?a=1"}, "ACTIONS_ID_TOKEN_REQUEST_URL is plain http", id="token service over plain http"),
        pytest.param({**URNS, **GITHUB, "ACTIONS_ID_TOKEN_REQUEST_URL": "token.example/t"}, "ACTIONS_ID_TOKEN_REQUEST_URL is no https URL; take it as the runner gives it", id="token service without a scheme"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "t", "HUAWEICLOUD_SDK_STS_ENDPOINT": "http://sts.example"}, "HUAWEICLOUD_SDK_STS_ENDPOINT is plain http", id="STS over plain http"),
        pytest.param({**USER, "HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://169.254.169.254"}, "HUAWEICLOUD_SDK_IAM_ENDPOINT is plain http", id="IAM at the metadata address"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "t", "HUAWEICLOUD_OIDC_DURATION_SECONDS": "60"}, "HUAWEICLOUD_OIDC_DURATION_SECONDS is no number of seconds from 900 to 43200", id="duration"),
        pytest.param({"HUAWEICLOUD_SDK_IDP_ID": "x"}, "but HUAWEICLOUD_SDK_ID_TOKEN_FILE missing", id="half a federation"),
        pytest.param({"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret"}, "but HW_DOMAIN_NAME missing", id="no account"),
        pytest.param({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "nowhere"}, "the profile file nowhere: No such file or directory", id="no profile"),
        pytest.param({"HSSGATE_ECS_AGENCY": "yes"}, "HSSGATE_ECS_AGENCY is neither 1 nor true", id="metadata"),
        pytest.param({"HUAWEICLOUD_OIDC_PROVIDER_URN": "x", "HUAWEICLOUD_OIDC_AGENCY_URN": "y", "HUAWEICLOUD_OIDC_ID_TOKEN": "t"}, "STS is needed, and http://127.0.0.1:9 does not tell where it is, as https://hss.REGION.DOMAIN would: set HUAWEICLOUD_SDK_STS_ENDPOINT\n", id="no STS"),
        pytest.param({"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}, "IAM is needed, and http://127.0.0.1:9 does not tell where it is, as https://hss.REGION.DOMAIN would: set HUAWEICLOUD_SDK_IAM_ENDPOINT\n", id="no IAM"),
    ],
)  # fmt: skip
def test_incomplete_credentials_name_the_missing_variable(bench: Bench, env: dict[str, str], message: str) -> None:
    """What is there, what is missing, and nothing is asked of anyone."""
    ended = check(bench, env)

    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert "s3cret" not in ended.err + ended.out
    assert asked(bench) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[basic]\nak = a\n", "ak set, but sk missing"),
        ("[basic]\nsecurity_token = s3cret\n", "security_token set, but ak and sk missing"),
        ("[basic]\nidp_id = a\n", "idp_id set, but id_token_file missing"),
        ("[basic]\nregion = a\n", "has neither ak and sk nor idp_id and id_token_file"),
        ("[basic]\nak = a\nsk = s3cret s3cret\n", "sk contains a blank"),
        (f"[basic]\nak = a\nsk = {'s3cret' * 6000}\n", "sk is longer than 32768 characters"),
        ("[global]\nak = a\nsk = s3cret\n", "it has no section [basic]"),
        ("[basic]\nak = a\nsk s3cret\n", "it is no profile file (ParsingError)"),
        ("ak = a\nsk = s3cret\n", "it is no profile file (MissingSectionHeaderError)"),
        ("[basic]\nak = a\nak = s3cret\n", "it is no profile file (DuplicateOptionError)"),
        ("[basic]\nak = \udcff\n", "it is no profile file (UnicodeDecodeError)"),
        (f"[basic]\nak = {'s3cret' * 200_000}\n", "it is larger than 1 MiB"),
    ],
)
def test_an_unusable_profile_file_is_named(bench: Bench, text: str, message: str) -> None:
    """With its path, without its contents."""
    Path("profile").write_bytes(text.encode(errors="surrogateescape"))

    ended = check(bench, {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"})

    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert "s3cret" not in ended.err + ended.out


def test_the_usual_profile_file_is_found_in_the_home(bench: Bench) -> None:
    """The profile file is used if it exists; a warning names lax permissions; its project id is the default."""
    Path(".huaweicloud").mkdir()
    Path("profile").rename(".huaweicloud/credentials")
    Path(".huaweicloud/credentials").chmod(0o640)
    bench.play(images(finished()))

    ended = bench.run("check", "team/app:1.0", "--endpoint", HERE, "-v", env={"HOME": str(bench.folder)})

    assert ended.code == 0
    assert "project from-profile" in ended.err
    assert "others on this machine can read it; run `chmod 600` on it" in ended.err
    assert stat.S_IMODE(Path(".huaweicloud/credentials").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("env", "host"),
    [
        pytest.param({"HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, "sts.ap-southeast-1.myhuaweicloud.com", id="STS"),
        pytest.param(USER, "iam.ap-southeast-1.myhuaweicloud.com", id="IAM"),
    ],
)  # fmt: skip
def test_the_region_tells_where_iam_and_sts_are(bench: Bench, env: dict[str, str], host: str) -> None:
    """Unless a variable does."""
    given = {name: value for name, value in {**URNS, **env}.items() if not name.endswith("_ENDPOINT")}
    given = {name: value for name, value in given.items() if env is not USER or name not in URNS}

    bench.play(images(finished()))
    assert bench.run("check", "team/app:1.0", "--region", "ap-southeast-1", env=given).code == 0
    assert bench.sent[0].url.host == host


def test_the_profile_file_tells_where_iam_is(bench: Bench) -> None:
    """Its `iam_endpoint` takes precedence over the region, and is validated like any address."""
    federation = "[basic]\nidp_id = emulator-idp\nid_token_file = id-token\niam_endpoint = "
    env = {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"}

    Path("profile").write_text(f"{federation}https://iam.example\n")
    assert check(bench, env, "--region", "ap-southeast-1").code == 0
    assert bench.sent[0].url.host == "iam.example"

    Path("profile").write_text(f"{federation}http://iam.example\n")
    ended = check(bench, env, "--region", "ap-southeast-1")
    assert (ended.code, bench.sent) == (2, [])
    assert "iam_endpoint of the profile file is plain http" in ended.err


@pytest.mark.parametrize("home", ["", "."], ids=["no home", "no section [basic]"])
def test_a_usual_profile_file_that_offers_nothing_is_passed_over(bench: Bench, home: str) -> None:
    """It may be there for other programs; what comes after it is taken."""
    Path(".huaweicloud").mkdir()
    Path(".huaweicloud/credentials").write_text("[global]\nak = a\n")

    ended = check(bench, {"HSSGATE_ECS_AGENCY": "1", "HOME": home, "USERPROFILE": home}, "-v")

    assert ended.code == 0
    assert "no IAM user, no profile file\n" in ended.err


UNUSED = {
    "HW_ACCESS_KEY": "a",
    "HW_SECRET_KEY": "s3cret",
    "HW_USER_NAME": "me",
    "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "x",
}
NEAR_MISSES = [
    ("HUAWEICLOUD_AK", "HUAWEICLOUD_SDK_AK"),
    ("HUAWEICLOUD_SK", "HUAWEICLOUD_SDK_SK"),
    ("HUAWEICLOUD_ACCESS_KEY", "HUAWEICLOUD_SDK_AK"),
    ("HUAWEICLOUD_SDK_SECRET_KEY", "HUAWEICLOUD_SDK_SK"),
    ("HW_AK", "HUAWEICLOUD_SDK_AK"),
    ("HWC_SECRET_ACCESS_KEY", "HUAWEICLOUD_SDK_SK"),
    ("HSSGATE_SK", "HUAWEICLOUD_SDK_SK"),
    ("HUAWEICLOUD_TOKEN", "HSSGATE_TOKEN"),
    ("HW_PASSWORD", "HW_USER_PASSWORD"),
    ("HUAWEICLOUD_ID_TOKEN", "HUAWEICLOUD_OIDC_ID_TOKEN"),
]


def test_credentials_that_are_set_and_not_used_are_named(bench: Bench) -> None:
    """With -v alone, and by doctor: whoever set them may take them for the ones in use."""
    line = "set and not used: HW_ACCESS_KEY, HW_SECRET_KEY, HW_USER_NAME, HUAWEICLOUD_SDK_CREDENTIALS_FILE\n"
    bench.play(images(finished()))

    assert line in check(bench, KEY | UNUSED, "-v").err
    assert "not used" not in check(bench, KEY | UNUSED).err
    assert "not used" not in check(bench, KEY, "-v").err
    doctor = bench.run("doctor", "--endpoint", HERE, "--project-id", "p", env=KEY | UNUSED)
    assert (doctor.code, line in doctor.out) == (0, True)


@pytest.mark.parametrize(
    ("env", "unused"),
    [
        pytest.param({"HSSGATE_TOKEN": "emulator-token", "HW_AUTH_TOKEN": "x"}, "HW_AUTH_TOKEN", id="second token"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token", "HUAWEICLOUD_OIDC_TOKEN_FILE": "x"}, "HUAWEICLOUD_OIDC_TOKEN_FILE", id="second id token"),
        pytest.param({**USER, "HSSGATE_ECS_AGENCY": "1"}, "HSSGATE_ECS_AGENCY", id="agency"),
    ],
)  # fmt: skip
def test_only_what_is_not_used_is_named(bench: Bench, env: dict[str, str], unused: str) -> None:
    """Not what goes with the credentials in use."""
    assert f"set and not used: {unused}\n" in check(bench, env, "-v").err


def test_a_flag_that_is_off_is_no_credential(bench: Bench) -> None:
    """It asks for nothing."""
    assert "not used" not in check(bench, KEY | {"HSSGATE_ECS_AGENCY": "0"}, "-v").err


@pytest.mark.parametrize(("variable", "meant"), NEAR_MISSES)
def test_a_variable_that_is_nearly_a_credential_is_named(bench: Bench, variable: str, meant: str) -> None:
    """With -v, by doctor, and where there are no credentials at all; its value is not shown."""
    line = f"{variable} is set and not read; did you mean {meant}?\n"
    env = {variable: "s3cret"}

    assert line in check(bench, KEY | env, "-v").err
    assert line in bench.run("doctor", "--endpoint", HERE, "--project-id", "p", env=KEY | env).out
    missing = check(bench, env)
    assert (missing.code, line.strip() in missing.err) == (2, True), missing.err
    assert "s3cret" not in missing.err


@pytest.mark.parametrize("variable", ["HW_REGION_NAME", "HW_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID", "AWS_SECRET_KEY", "MY_TOKEN", "HUAWEICLOUD_AK"])  # fmt: skip
def test_what_is_no_near_miss_is_not_named(bench: Bench, variable: str) -> None:
    """Variables of others, of options, and empty ones."""
    value = "" if variable == "HUAWEICLOUD_AK" else "x"

    assert "did you mean" not in check(bench, KEY | {variable: value}, "-v").err
