"""Credential values with typical damage (blanks, quotes, line breaks): corrected with a warning, or refused."""

from pathlib import Path

import pytest

from hssgate.cli.connect.variables import KEYS, TOKENS
from tests.cli.test_check import finished, images
from tests.conftest import Bench, Ended
from tests.hss.test_authentication import GITHUB, IAM, IDP, URNS, USER

LONGEST = 32768  # characters; source: manual page of ListCicdImages
GIVEN = {**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}
TUNED = {
    **URNS,
    **GITHUB,
    "HUAWEICLOUD_OIDC_AUDIENCE": "emulator-audience",
    "HUAWEICLOUD_OIDC_SESSION_NAME": "job-1",
    "HUAWEICLOUD_OIDC_DURATION_SECONDS": "900",
    "HUAWEICLOUD_OIDC_POLICY": "{}",
    "HUAWEICLOUD_OIDC_POLICY_IDS": "one,two",
}
WAYS = {
    **{name: {name: "emulator-token"} for name in TOKENS},
    **{
        keys.ak: {keys.ak: "emulator-ak", keys.sk: "emulator-sk"}
        | ({keys.security_token: "any-token"} if keys.security_token else {})
        for keys in KEYS
    },
    "id token": GIVEN,
    "token file": {**URNS, "HUAWEICLOUD_OIDC_TOKEN_FILE": "id-token"},
    "GitHub": TUNED,
    "federation": IDP,
    "password": USER,
    "profile": {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"},
    "metadata": {"HSSGATE_ECS_AGENCY": "1"},
}
"""Each credential type with all its variables."""
ADDRESSES = {"HUAWEICLOUD_SDK_IAM_ENDPOINT", "HUAWEICLOUD_SDK_STS_ENDPOINT"}
EACH = [
    pytest.param(env, name, id=f"{way}, {name}" if way != name else name)
    for way, env in WAYS.items()
    for name in env
    if name not in ADDRESSES
]
IN_A_HEADER = {
    *TOKENS,
    *(name for keys in KEYS for name in (keys.ak, keys.sk, keys.security_token) if name),
    "HUAWEICLOUD_OIDC_ID_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "HUAWEICLOUD_SDK_IDP_ID",
}
OPTIONAL = {
    *(keys.security_token for keys in KEYS),
    *TUNED.keys() - URNS.keys() - GITHUB.keys(),
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """An id token and a profile."""
    (tmp_path / "id-token").write_text("emulator-id-token\n")
    (tmp_path / "profile").write_text("[basic]\nak = emulator-ak\nsk = emulator-sk\n")
    (tmp_path / "profile").chmod(0o600)


def check(bench: Bench, env: dict[str, str], scenario: str = "") -> Ended:
    return bench.play(images(finished()) + scenario).check("team/app:1.0", env=env)


def refused(bench: Bench, ended: Ended) -> bool:
    """Whether it was misuse, in one line, without any request."""
    return (ended.code, len(ended.err.splitlines()), bench.sent) == (2, 1, [])


@pytest.mark.unmeasured
@pytest.mark.parametrize(("env", "name"), EACH)
@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}", "\t{} \n\n"], ids=["LF", "CR LF", "blank", "all"])
def test_blanks_around_a_value_are_removed_with_a_warning(
    bench: Bench, env: dict[str, str], name: str, around: str
) -> None:
    """As `echo` and secret stores leave them."""
    ended = check(bench, env | {name: around.format(env[name])})

    warnings = [line for line in ended.err.splitlines() if "were cut off" in line]
    assert ended.code == 0, ended.err
    expected = [] if name == "HUAWEICLOUD_OIDC_POLICY" else [f"warning: {name}: blanks or line breaks around the value were cut off"]  # fmt: skip
    assert warnings == expected


@pytest.mark.unmeasured
@pytest.mark.parametrize(("env", "name"), EACH)
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\x1b[31m", "\u2028"], ids=["LF", "CR LF", "escape", "U+2028"])
def test_a_line_break_inside_a_value_is_refused(bench: Bench, env: dict[str, str], name: str, inside: str) -> None:
    """It would end a header and begin another; only a policy may have several lines."""
    if name == "HUAWEICLOUD_OIDC_POLICY":
        assert check(bench, env | {name: "{\n}"}).code == 0
        return
    ended = check(bench, env | {name: f"s3cret{inside}s3cret"})

    assert refused(bench, ended), ended.err
    assert name in ended.err
    assert "s3cret" not in ended.err


@pytest.mark.parametrize(("env", "name"), EACH)
@pytest.mark.parametrize("blank", [" ", "\n", "\t \r\n"], ids=["blank", "LF", "all"])
def test_nothing_but_blanks_is_refused(bench: Bench, env: dict[str, str], name: str, blank: str) -> None:
    """A secret that should be set is missing."""
    ended = check(bench, env | {name: blank})

    assert refused(bench, ended), ended.err
    assert f"{name} contains only blanks; set or unset it" in ended.err


@pytest.mark.parametrize(("env", "name"), EACH)
def test_an_empty_value_counts_as_missing(bench: Bench, env: dict[str, str], name: str) -> None:
    """Pipelines pass unset variables as empty: incomplete credentials are an error, missing ones are skipped."""
    ended = check(bench, env | {name: ""})

    without = check(bench, {other: value for other, value in env.items() if other != name})
    assert (ended.code, ended.err) == (without.code, without.err)
    if name in OPTIONAL - {"HUAWEICLOUD_OIDC_AUDIENCE"}:
        assert ended.code == 0
    else:
        assert ended.code in {0, 2, 3}
        assert ended.code != 2 or "missing" in ended.err or "no credentials" in ended.err or "no id token" in ended.err


@pytest.mark.parametrize(("env", "name"), EACH)
def test_no_other_alphabet_gets_into_a_header(bench: Bench, env: dict[str, str], name: str) -> None:
    """Where a header carries the value it is refused; names, passwords and paths may be anybody's."""
    ended = check(bench, env | {name: f"{env[name]}s3crété漢"})

    assert "s3cr" not in ended.err.replace("id-tokens3crété漢", "").replace("profiles3crété漢", "")
    if name in IN_A_HEADER:
        assert refused(bench, ended), ended.err
        assert f"{name} contains a blank, a line break or a character that no credential has" in ended.err
    else:
        assert "character that no credential has" not in ended.err


@pytest.mark.parametrize(("env", "name"), EACH)
@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", ' "{}"\n'], ids=["double", "single", "blanks around"])
def test_a_value_in_quotation_marks_is_refused(bench: Bench, env: dict[str, str], name: str, quoted: str) -> None:
    """The --env-file of docker keeps quotation marks: they would cause wrong signatures, and five of them lock the key."""
    if name in {"HUAWEICLOUD_OIDC_POLICY", "HW_USER_PASSWORD"}:  # these may begin and end with any character
        assert "quotation marks" not in check(bench, env | {name: quoted.format(env[name])}).err
        return
    ended = check(bench, env | {name: quoted.format("s3cret")})

    assert refused(bench, ended), ended.err
    assert f"{name} is in quotation marks" in ended.err
    assert "s3cret" not in ended.err


TOKEN_LIKE = [parameter for parameter in EACH if parameter.values[1] in IN_A_HEADER - {"ACTIONS_ID_TOKEN_REQUEST_URL", "HUAWEICLOUD_SDK_IDP_ID"} and not str(parameter.values[1]).endswith(("_AK", "ACCESS_KEY"))]  # fmt: skip


@pytest.mark.parametrize(("env", "name"), TOKEN_LIKE)
def test_the_longest_token_is_taken_and_a_longer_one_is_not(bench: Bench, env: dict[str, str], name: str) -> None:
    """32 kB are documented; one more is refused before anybody is asked."""
    taken = check(bench, env | {name: "x" * LONGEST})
    assert taken.code in {0, 3}
    assert bench.sent

    ended = check(bench, env | {name: "x" * (LONGEST + 1)})
    assert refused(bench, ended), ended.err
    assert f"{name} is longer than 32768 characters, the most that a header takes" in ended.err


def test_a_token_of_the_longest_length_opens(bench: Bench) -> None:
    """It is sent whole."""
    token = "x" * LONGEST

    assert check(bench, {"HSSGATE_TOKEN": token}, f"credentials: [{{token: {token}}}]\n").code == 0
    assert bench.sent[0].headers["X-Auth-Token"] == token


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"emulator-id-token", 0, id="as it is"),
        pytest.param(b"\r\n emulator-id-token \n\n", 0, id="blanks around it"),
        pytest.param(b"", 3, id="empty"),
        pytest.param(b" \n", 3, id="blanks"),
        pytest.param(b"s3cret s3cret", 3, id="a blank inside"),
        pytest.param(b"s3cret\ns3cret", 3, id="a line break inside"),
        pytest.param("s3crété".encode(), 3, id="another alphabet"),
        pytest.param(b"\xff\xfes3cret", 3, id="no text"),
        pytest.param(b"s3cret\x00", 3, id="a null byte"),
        pytest.param(b"x" * (LONGEST + 1), 3, id="too long"),
    ],
)
@pytest.mark.parametrize("env", [WAYS["token file"], IDP])
def test_a_token_file_is_held_to_the_same(bench: Bench, env: dict[str, str], content: bytes, code: int) -> None:
    """What a header cannot carry is refused before anybody is asked, with the path and without the content."""
    Path("id-token").write_bytes(content)

    ended = check(bench, env)

    assert ended.code == code
    if code:
        assert "the id token in id-token cannot be " in ended.out
        assert bench.sent == []
        assert "s3cret" not in ended.out + ended.err


def test_a_token_file_of_the_longest_length_is_sent(bench: Bench) -> None:
    """The recipient decides on its validity."""
    Path("id-token").write_text("x" * LONGEST + "\n")

    check(bench, IDP)

    assert len(bench.sent) == 1


@pytest.mark.parametrize(("key", "other"), [("ak", "sk"), ("sk", "ak"), ("security_token", "sk")])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("s3cret s3cret", "contains a blank, a line break or a character that no credential has; copy it again"),
        ("s3crété", "contains a blank, a line break or a character that no credential has; copy it again"),
        ('"s3cret"', "is in quotation marks"),
        ("x" * (LONGEST + 1), "is longer than 32768 characters"),
    ],
    ids=["a blank", "another alphabet", "quoted", "too long"],
)
def test_a_profile_file_is_held_to_the_same(bench: Bench, key: str, other: str, value: str, message: str) -> None:
    """The line names file and key."""
    rest = "".join(f"{name} = emulator-{name}\n" for name in ("ak", "sk") if name != key)
    Path("profile").write_text(f"[basic]\n{rest}{key} = {value}\n", encoding="utf-8")

    ended = check(bench, WAYS["profile"])

    assert refused(bench, ended), ended.err
    assert f"the profile file profile: {key} {message}" in ended.err
    assert "s3cr" not in ended.err
    assert other in Path("profile").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        pytest.param({name: value for name, value in env.items() if name != left_out}, left_out, id=f"{way}, {left_out}")
        for way, env in {keys.ak: {keys.ak: "a", keys.sk: "s3cret"} for keys in KEYS}.items()
        for left_out in env
    ]
    + [
        pytest.param({keys.security_token: "s3cret"}, keys.sk, id=f"{keys.security_token} alone")
        for keys in KEYS
        if keys.security_token
    ]
    + [
        pytest.param({name: value for name, value in USER.items() if name != left_out}, left_out, id=left_out)
        for left_out in sorted(USER.keys() - IAM.keys())
    ],
)  # fmt: skip
def test_what_is_missing_is_named(bench: Bench, env: dict[str, str], missing: str) -> None:
    """Half of a way is never passed over for the next one."""
    ended = check(bench, env | {"HSSGATE_ECS_AGENCY": "1"})

    assert refused(bench, ended), ended.err
    assert missing in ended.err.partition("but ")[2]
    assert "s3cret" not in ended.err
