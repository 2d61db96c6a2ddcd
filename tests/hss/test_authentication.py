"""Every way of authentication: what is exchanged for what, when it is renewed, and the messages where it fails."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from tests.cli.test_check import finished, image, images
from tests.conftest import KEY, Bench, Ended

HERE = "http://127.0.0.1:9"
IAM = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": HERE}
URNS = {
    "HUAWEICLOUD_OIDC_PROVIDER_URN": "iam::emulator:oidcProvider:github",
    "HUAWEICLOUD_OIDC_AGENCY_URN": "iam::emulator:agency:hssgate",
    "HUAWEICLOUD_SDK_STS_ENDPOINT": HERE,
}
GITHUB = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": f"{HERE}/_emulator/github/token?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "emulator-request-token",
}
USER = {
    "HW_USER_NAME": "emulator-user",
    "HW_USER_PASSWORD": "emulator-password",
    "HW_DOMAIN_NAME": "emulator-domain",
    **IAM,
}
IDP = {"HUAWEICLOUD_SDK_IDP_ID": "emulator-idp", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": "id-token", **IAM}
WAYS = [
    pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, id="STS, a given id token"),
    pytest.param({**URNS, "HUAWEICLOUD_OIDC_TOKEN_FILE": "id-token"}, id="STS, a token file"),
    pytest.param({**URNS, **GITHUB}, id="STS, GitHub's token service"),
    pytest.param(IDP, id="IAM federation"),
    pytest.param(USER, id="user and password"),
    pytest.param({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"}, id="profile file"),
    pytest.param({"HSSGATE_ECS_AGENCY": "1"}, id="agency of the machine"),
]
LONG_SCAN = "{at: 0, scan_status: scanning}, {at: 40m, scan_status: success, severity_level: Low, vul_num: 1, malicious_file_num: 0}"


def write_credential_files(folder: Path) -> None:
    """Write an id token and a profile, which only their owner can read."""
    (folder / "id-token").write_text("emulator-id-token\n")
    (folder / "profile").write_text("[basic]\nak = emulator-ak\nsk = emulator-sk\nproject_id = from-profile\n")
    (folder / "profile").chmod(0o600)


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """The files that some variables name."""
    write_credential_files(tmp_path)


def check(bench: Bench, env: dict[str, str], *arguments: str, scenario: str | None = None) -> Ended:
    """Run a check with these variables alone."""
    bench.play(scenario or images(finished()))
    return bench.check("team/app:1.0", *arguments, env=env)


def asked(bench: Bench) -> list[str]:
    """The calls that the emulator got, by method and path."""
    return [f"{request.method} {request.path}" for request in bench.emulator.requests]


@pytest.mark.parametrize("env", WAYS)
def test_every_way_in_opens(bench: Bench, env: dict[str, str]) -> None:
    """With nothing but its own variables."""
    ended = check(bench, env, "-v")

    assert ended.code == 0
    assert "credentials from " in ended.err


@pytest.mark.parametrize("env", WAYS)
def test_no_secret_is_shown_by_any_way_in(bench: Bench, env: dict[str, str]) -> None:
    """Neither what was given nor what was issued, at -vv, on success and on refusal."""
    issued = masked(check(bench, {**env, "GITHUB_ACTIONS": "true"}))
    secrets = [*issued, *secrets_given(env)]
    for scenario in (images(finished()), images(finished()) + "faults: [{requests: '*', status: 403}]"):
        ended = check(bench, env, "-vv", scenario=scenario)
        shown = ended.out + ended.err + Path("report.json").read_text() + Path("junit.xml").read_text()
        assert not [secret for secret in secrets if secret in shown]


def masked(ended: Ended) -> list[str]:
    """The secrets masked at GitHub; the emulator generates the same ones each time."""
    return [line.removeprefix("::add-mask::") for line in ended.err.splitlines() if line.startswith("::add-mask::")]


def secrets_given(env: dict[str, str]) -> list[str]:
    named = [value for name, value in env.items() if name.endswith(("_TOKEN", "PASSWORD"))]
    return [*named, "emulator-id-token", "emulator-sk"]


@pytest.mark.parametrize("env", WAYS[:5])
def test_an_exchange_is_made_once_and_first(bench: Bench, env: dict[str, str]) -> None:
    """However often HSS is asked afterwards."""
    scan = "{at: 0, scan_status: scanning}, {at: 5m, scan_status: success, severity_level: Low, vul_num: 1, malicious_file_num: 0}"

    ended = check(bench, env, scenario=images(image(scan)))

    calls = asked(bench)
    exchanges = [number for number, call in enumerate(calls) if "/image/cicd/images" not in call]
    assert ended.code == 0
    assert len(calls) > 10
    assert exchanges == [*range(len(exchanges))]
    assert len(exchanges) <= 2


@pytest.mark.parametrize("env", [WAYS[2], WAYS[1], WAYS[3], WAYS[4], WAYS[6]])
def test_what_was_issued_is_renewed_in_the_middle_of_a_long_wait(bench: Bench, env: dict[str, str]) -> None:
    """Keys that live five minutes carry a check over forty."""
    scenario = images(image(LONG_SCAN)) + "identity: {lifetimes: {key: 5m, token: 5m}}"

    ended = check(bench, env, "--timeout", "1h", "--appear-timeout", "1h", scenario=scenario)

    assert (ended.code, ended.report["images"][0]["row"]["scan_status"]) == (0, "success")
    exchanges = [call for call in asked(bench) if call.endswith(("assume-with-oidc", "securitytokens", "securitykey", "/v3/auth/tokens"))]  # fmt: skip
    assert 9 <= len(exchanges) <= 13
    assert not [read for read in ended.report["images"][0]["reads"] if read["http_status"] == 401]


@pytest.mark.parametrize(
    ("env", "call", "message"),
    [
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "s3cret-wrong"}, "assume-with-oidc", "STS (assume-with-oidc): HTTP 4", id="id token"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token", "HUAWEICLOUD_OIDC_AGENCY_URN": "iam::emulator:agency:other"}, "assume-with-oidc", "check HUAWEICLOUD_OIDC_PROVIDER_URN", id="agency"),
        pytest.param({**URNS, **GITHUB, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cret-wrong"}, "github/token", "GitHub's token service: HTTP 401", id="request token"),
        pytest.param({**URNS, **GITHUB, "HUAWEICLOUD_OIDC_AUDIENCE": "another"}, "assume-with-oidc", "the audience", id="audience"),
        pytest.param({**IDP, "HUAWEICLOUD_SDK_IDP_ID": "other"}, "id-token/tokens", "IAM (federation): HTTP 4", id="identity provider"),
        pytest.param({**USER, "HW_USER_PASSWORD": "s3cret-wrong"}, "/v3/auth/tokens", "IAM (password): HTTP 401", id="password"),
    ],
)  # fmt: skip
def test_a_refused_exchange_is_never_repeated(bench: Bench, env: dict[str, str], call: str, message: str) -> None:
    """The run ends at once with 3, who refused and what to do."""
    ended = check(bench, env)

    assert ended.code == 3
    assert message in ended.out
    assert "s3cret" not in ended.out + ended.err
    assert len([found for found in asked(bench) if found.endswith(call)]) == 1
    assert not [found for found in asked(bench) if "/image/" in found]


@pytest.mark.parametrize(
    ("env", "call"),
    [
        ({**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, "assume_agency"),
        ({**URNS, **GITHUB}, "github_token"),
        (IDP, "federation_token"),
        (IDP, "temporary_key"),
        (USER, "password_token"),
        ({"HSSGATE_ECS_AGENCY": "1"}, "metadata_key"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("fault", ["status: 503", "status: 429", "garbage: true", "reset: true"])
def test_an_exchange_without_a_response_is_retried(bench: Bench, env: dict[str, str], call: str, fault: str) -> None:
    """As any request is."""
    scenario = images(finished()) + f"faults: [{{requests: 1-2, call: {call}, {fault}}}]"

    assert check(bench, env, scenario=scenario).code == 0


def test_an_exchange_keeps_to_the_deadline(bench: Bench) -> None:
    """Where it never works out, the run ends in time with 3."""
    scenario = images(finished()) + "faults: [{requests: '*', call: assume_agency, status: 503}]"
    start = bench.clock.monotonic()

    ended = check(
        bench, {**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, "--timeout", "2m", scenario=scenario
    )

    assert ended.code == 3
    assert "STS (assume-with-oidc): HTTP 503" in ended.out
    assert bench.clock.monotonic() - start < 121


def test_a_token_file_is_read_again_for_each_exchange(bench: Bench) -> None:
    """The pipeline may have replaced the file by a newer token; an unusable one is an error."""
    Path("id-token").write_text("")

    ended = check(bench, {**URNS, "HUAWEICLOUD_OIDC_TOKEN_FILE": "id-token"})
    assert ended.code == 3
    assert "the id token in id-token cannot be used: it is empty, too long, or no token" in ended.out

    ended = check(bench, {**URNS, "HUAWEICLOUD_OIDC_TOKEN_FILE": "nowhere"})
    assert ended.code == 3
    assert "the id token in nowhere cannot be read: No such file or directory" in ended.out


def test_keys_serve_to_their_end_where_they_cannot_be_renewed(bench: Bench) -> None:
    """An id token of the pipeline lives minutes: what it was exchanged for goes on."""
    scan = "{at: 0, scan_status: scanning}, {at: 55m, scan_status: success, severity_level: Low, vul_num: 1, malicious_file_num: 0}"
    scenario = images(image(scan)) + "faults: [{requests: 2-, call: assume_agency, status: 403}]"

    ended = check(bench, {**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}, "--timeout", "58m", "--appear-timeout", "58m", scenario=scenario)  # fmt: skip

    assert ended.code == 0
    assert "temporary keys could not be renewed and will serve" in ended.err
    assert len([call for call in asked(bench) if call.endswith("assume-with-oidc")]) == 2


def test_a_federated_key_is_asked_for_by_the_unscoped_token(bench: Bench) -> None:
    """For six hours: the longest wait and a long queue of images are within."""
    assert check(bench, IDP).code == 0

    (exchange,) = [sent for sent in bench.sent if sent.url.path.endswith("/securitytokens")]
    identity = json.loads(exchange.content)["auth"]["identity"]
    assert (identity["methods"], identity["token"]["duration_seconds"]) == (["token"], 6 * 60 * 60)


@pytest.mark.parametrize(
    ("regions", "code", "message"),
    [
        pytest.param("{ap-southeast-1: [0123abcd]}", 0, "project 0123abcd, the one that IAM knows of region ap-southeast-1", id="one"),
        pytest.param("{ap-southeast-1: []}", 3, "there is no project in region ap-southeast-1 for these credentials: check --region, or give --project-id", id="none"),
        pytest.param("{ap-southeast-1: [abc, def]}", 3, "region ap-southeast-1 has 2 projects (abc, def): give --project-id", id="several"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("env", [KEY, {"HSSGATE_TOKEN": "emulator-token"}, {**URNS, **GITHUB}])
def test_a_missing_project_is_looked_up(
    bench: Bench, env: dict[str, str], regions: str, code: int, message: str
) -> None:
    """From the region: none, one, several are three clear answers, and each is asked for once."""
    bench.play(images(finished()) + f"identity: {{regions: {regions}}}")

    ended = bench.run(
        "check", "team/app:1.0", "--endpoint", HERE, "--region", "ap-southeast-1", "-v", env={**env, **IAM}
    )

    assert (ended.code, message in ended.err + ended.out) == (code, True), ended.err + ended.out
    assert len([call for call in asked(bench) if call.endswith("/v3/projects")]) == 1


def test_a_password_token_has_the_project_id(bench: Bench) -> None:
    """The token that IAM gives for a region names the region's project."""
    bench.play(images(finished()) + "identity: {regions: {ap-southeast-1: [0123abcd]}}")

    ended = bench.run("check", "team/app:1.0", "--endpoint", HERE, "--region", "ap-southeast-1", env=USER)

    assert ended.code == 0
    assert [call for call in asked(bench) if "/v5/" in call] == ["GET /v5/0123abcd/image/cicd/images"]


def test_a_wrong_clock_is_corrected_in_the_project_lookup_too(bench: Bench) -> None:
    """And not a second time for HSS."""
    bench.play(images(finished()) + "clock_skew: 20m")

    ended = bench.run("check", "team/app:1.0", "--endpoint", HERE, "--region", "ap-southeast-1", env={**KEY, **IAM})

    assert ended.code == 0
    assert len([line for line in ended.err.splitlines() if "warning: " in line and "clock" in line]) == 1
    assert len(asked(bench)) == 3


def test_without_project_and_region_there_is_nothing_to_look_up(bench: Bench) -> None:
    """Misuse, before anything is asked."""
    ended = bench.play(images(finished())).run("check", "team/app:1.0", "--endpoint", HERE, env=KEY)

    assert ended.code == 2
    assert "no project: give --project-id (or HSSGATE_PROJECT_ID), or --region to have it looked up" in ended.err


def recorded(answers: Callable[[httpx.Request], httpx.Response | None]) -> tuple[list[httpx.Request], Callable[[httpx.Request], httpx.Response]]:  # fmt: skip
    """Return the requests as they come, and what answers them."""
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answers(request) or httpx.Response(503)

    return requests, handler


def test_github_is_asked_for_the_audience_and_sts_for_what_was_set(bench: Bench) -> None:
    """The audience is added to GitHub's address; session, duration and policies go to STS."""
    requests, handler = recorded(
        lambda request: httpx.Response(200, json={"value": "a.b.c"}) if "github" in request.url.path else None
    )
    env = {
        **URNS,
        **GITHUB,
        "HUAWEICLOUD_OIDC_AUDIENCE": "hss gate&x",
        "HUAWEICLOUD_OIDC_SESSION_NAME": "release",
        "HUAWEICLOUD_OIDC_DURATION_SECONDS": "900",
        "HUAWEICLOUD_OIDC_POLICY": '{"Version": "5.0"}',
        "HUAWEICLOUD_OIDC_POLICY_IDS": "one, two",
    }

    bench.answer(handler).check("app:1", "--timeout", "0", env=env)

    token, assume = requests[:2]
    assert parse_qs(token.url.query.decode()) == {"api-version": ["2.0"], "audience": ["hss gate&x"]}
    assert token.headers["Authorization"] == "Bearer emulator-request-token"
    assert (assume.method, assume.url.path) == ("POST", "/v5/agencies/assume-with-oidc")
    assert "Authorization" not in assume.headers
    assert json.loads(assume.content) == {
        "provider_urn": "iam::emulator:oidcProvider:github",
        "agency_urn": "iam::emulator:agency:hssgate",
        "agency_session_name": "release",
        "id_token": "a.b.c",
        "duration_seconds": 900,
        "policy": '{"Version": "5.0"}',
        "policy_ids": ["one", "two"],
    }


@pytest.mark.parametrize("location", ["http://169.254.169.254/", "https://evil.example/", "/elsewhere"])
@pytest.mark.parametrize("env", [{**URNS, **GITHUB}, USER, IDP, {"HSSGATE_ECS_AGENCY": "1"}, KEY])
def test_no_redirect_is_followed(bench: Bench, env: dict[str, str], location: str) -> None:
    """No secret goes to a host that an answer names."""
    requests, handler = recorded(lambda _request: httpx.Response(307, headers={"Location": location}))

    ended = bench.answer(handler).check("app:1", env=env)

    assert ended.code == 3
    assert len(requests) == 1
    assert "a redirect is never followed" in ended.out


def test_a_machine_without_the_service_gets_a_clear_error(bench: Bench) -> None:
    """After three attempts without a response this machine is not an ECS."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    start = bench.clock.monotonic()
    ended = bench.answer(nobody).check("app:1", env={"HSSGATE_ECS_AGENCY": "1"})

    assert ended.code == 3
    assert "HSSGATE_ECS_AGENCY only works on an ECS" in ended.out
    assert bench.clock.monotonic() - start < 60


def test_an_older_metadata_service_wants_no_token(bench: Bench) -> None:
    """As the official SDK goes on without one."""
    for status in (404, 405, 503):
        scenario = images(finished()) + f"identity: {{metadata: {{no_token_service: {status}}}}}"
        assert check(bench, {"HSSGATE_ECS_AGENCY": "1"}, scenario=scenario).code == 0


def test_secrets_that_were_issued_are_masked_in_github(bench: Bench) -> None:
    """GitHub knows its own secrets; those issued in this run are masked before any other output."""
    env = {**URNS, **GITHUB, "GITHUB_ACTIONS": "true"}

    ended = check(bench, env, "-vv")

    output = masked(ended)
    assert len(set(output)) == len(output) == 3
    rest = "\n".join(line for line in ended.err.splitlines() if not line.startswith("::add-mask::"))
    assert not [secret for secret in (*output, "emulator-request-token") if secret in rest + ended.out]


def test_a_refused_look_up_is_not_repeated_for_the_next_image(bench: Bench) -> None:
    """A refusal for one image applies to all."""
    bench.play(images(finished()) + "identity: {regions: {}}")

    ended = bench.run(
        "check", "a/x:1", "b/y:1", "c/z:1", "--endpoint", HERE, "--region", "ap-southeast-1", env={**KEY, **IAM}
    )

    assert ended.code == 3
    assert asked(bench) == ["GET /v3/projects"]


def test_a_proxy_that_refuses_an_exchange_is_named(bench: Bench) -> None:
    """With whom the exchange was for; it is not asked again."""

    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ProxyError("407 Proxy Authentication Required")

    ended = bench.answer(refuse).check("team/app:1.0", env=USER)

    assert ended.code == 3
    assert "IAM (password): the proxy before 127.0.0.1 answers 407 Proxy Authentication Required" in ended.out
    assert len(bench.sent) == 1
