"""`hssgate doctor`: each thing that a check needs, whole and broken, and what a broken one costs."""

import email.utils
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import httpx
import jsonschema
import pytest

from tests.cli.test_check import finished, images
from tests.conftest import KEY, NO_FILE, Bench, Ended, sha256
from tests.hss.test_authentication import GITHUB, HERE, IAM, IDP, URNS, USER
from tests.support.fakes import START

NAMES = [
    "variables",
    "policy",
    "hosts",
    "endpoint",
    "tls",
    "clock",
    "credentials",
    "project",
    "cicd-api",
    "permission",
    "cicd-name",
    "quota",
]
SCHEMA = json.loads(resources.files("hssgate.reports").joinpath("doctor.schema.json").read_text(encoding="utf-8"))
TOKEN = {"HSSGATE_TOKEN": "emulator-token"}
WRONG = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "s3cret-wrong"}
ASSUMED = {**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}
NOW = email.utils.formatdate(START, usegmt=True)
PROJECT = ("--project-id", "project")
REGION = ("--region", "ap-southeast-1")
LOOK_UP = "identity: {regions: {ap-southeast-1: [0123abcd]}}\n"
ADVICE = (
    "check",
    "give",
    "set",
    "grant",
    "create",
    "did you mean",
    "write",
    "look again",
    "unset",
    "use",
    "take",
    "add",
)


@pytest.fixture(autouse=True)
def id_token(tmp_path: Path) -> None:
    """A token file, for the ways that read one."""
    (tmp_path / "id-token").write_text("emulator-id-token\n")


def doctor(bench: Bench, env: dict[str, str], *arguments: str, scenario: str | None = None) -> Ended:
    """Run doctor with JSON output."""
    if bench.handler is None:
        bench.play(scenario if scenario is not None else images(finished()))
    given = () if "--endpoint" in arguments else ("--endpoint", HERE)
    return bench.run("doctor", *given, *arguments, "--format", "json", env=env)


def looks(ended: Ended) -> dict[str, str]:
    """The result of each check; the report is valid by its schema, and has the exit code of the run."""
    report = json.loads(ended.out)
    jsonschema.validate(report, SCHEMA)
    assert report["exit_code"] == ended.code
    assert [look["name"] for look in report["checks"]] == NAMES
    return {look["name"]: look["result"] for look in report["checks"]}


def message(ended: Ended, name: str) -> str:
    (found,) = [look["message"] for look in json.loads(ended.out)["checks"] if look["name"] == name]
    return str(found)


def failures(ended: Ended) -> dict[str, str]:
    """The message of each failed check; each has a remedy."""
    found = {name: message(ended, name) for name, result in looks(ended).items() if result == "failed"}
    for text in found.values():
        assert any(word in text for word in ADVICE), text
    return found


def signed(bench: Bench) -> list[str]:
    """The paths of the requests that bore a credential of the gateway's."""
    return [sent.url.path for sent in bench.sent if {"authorization", "x-auth-token"} & sent.headers.keys()]


def test_every_passed_check_has_a_line(bench: Bench) -> None:
    """One line each and exit code 0, with three signed requests and one without credentials."""
    bench.play(images(finished()))

    ended = bench.run("doctor", "--endpoint", HERE, *PROJECT, "--cicd-name", "shop", env=KEY)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "ok       variables    none that decides what is judged is empty or misspelt\n"
        f"ok       policy       {NO_FILE.format(folder=bench.folder)}\n"
        "ok       hosts        127.0.0.1:9 is sent signatures, never the secret key\n"
        "ok       endpoint     127.0.0.1 answers (HTTP 404)\n"
        "ok       tls          plain http, which is for a loopback host alone\n"
        "ok       clock        in step with the server\n"
        "ok       credentials  HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK: accepted\n"
        "ok       project      project (as given)\n"
        "ok       cicd-api     127.0.0.1 has the CI/CD API\n"
        "ok       permission   HSS lists the images of pipelines (1 image)\n"
        "ok       cicd-name    shop exists\n"
        "ok       quota        100 free scans left, 1 scan of pipelines so far\n"
    )
    paths = [
        "/v5/project/image/cicd/images",
        "/v5/project/image/cicd/configurations",
        "/v5/project/image/pay-per-scan/statistics",
    ]
    assert signed(bench) == paths
    assert [sent.url.path for sent in bench.sent] == ["/", *paths]


def test_every_request_asks_for_the_enterprise_project(bench: Bench) -> None:
    """Scans are counted by enterprise project, too."""
    bench.play(images(finished()))

    bench.run("doctor", "--endpoint", HERE, *PROJECT, "--cicd-name", "shop", "--enterprise-project-id", "0", env=KEY)

    assert [sent.url.params.get("enterprise_project_id") for sent in bench.sent[1:]] == ["0", "0", "0"]
    assert bench.sent[2].url.params["cicd_name"] == "shop"


def test_programs_get_the_same(bench: Bench) -> None:
    """As one line of JSON, and nothing else on stdout."""
    ended = doctor(bench, KEY, *PROJECT, "--cicd-name", "shop")

    assert set(looks(ended).values()) == {"ok"}
    assert len(ended.out.splitlines()) == 1


def test_nothing_but_json_is_on_stdout_in_github(bench: Bench) -> None:
    """Mask commands go to stderr: stdout may be redirected into a file."""
    ended = doctor(bench, {**ASSUMED, "GITHUB_ACTIONS": "true"}, *PROJECT)

    assert looks(ended)["credentials"] == "ok"
    assert ended.err.count("::add-mask::") == 2


def test_an_identifier_that_was_not_given_is_skipped(bench: Bench) -> None:
    """Without --cicd-name no identifier is checked; that is no failure."""
    ended = doctor(bench, KEY, *PROJECT)

    assert (ended.code, looks(ended)["cicd-name"]) == (0, "skipped")
    assert signed(bench) == ["/v5/project/image/cicd/images", "/v5/project/image/pay-per-scan/statistics"]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        pytest.param(TOKEN, "HSSGATE_TOKEN: accepted", id="token"),
        pytest.param(KEY, "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK: accepted", id="access key"),
        pytest.param(ASSUMED, "HUAWEICLOUD_OIDC_AGENCY_URN, the id token from HUAWEICLOUD_OIDC_ID_TOKEN: accepted", id="id token"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_TOKEN_FILE": "id-token"}, "the id token from HUAWEICLOUD_OIDC_TOKEN_FILE (id-token): accepted", id="token file"),
        pytest.param({**URNS, **GITHUB}, "the id token from GitHub's token service: accepted", id="GitHub"),
        pytest.param(IDP, "HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE: accepted", id="federation"),
        pytest.param(USER, "HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME: accepted", id="password"),
        pytest.param({"HSSGATE_ECS_AGENCY": "1"}, "the agency of this machine (HSSGATE_ECS_AGENCY=1): accepted", id="agency"),
    ],
)  # fmt: skip
def test_each_credential_type_is_named_by_its_variables(bench: Bench, env: dict[str, str], expected: str) -> None:
    """Keyless ones by the source of the token; the project is resolved with each."""
    ended = doctor(bench, env | IAM, *REGION, scenario=images(finished()) + LOOK_UP)

    assert (ended.code, expected in message(ended, "credentials")) == (0, True), ended.out
    assert message(ended, "project") == "0123abcd (looked up, of region ap-southeast-1)"


@pytest.mark.parametrize("prefix", ["my-job_", " "])
def test_a_prefix_that_no_variable_can_have_is_found(bench: Bench, prefix: str) -> None:
    """As `check` refuses it."""
    ended = doctor(bench, KEY | {"HSSGATE_DOTENV_PREFIX": prefix}, *PROJECT)

    assert (ended.code, list(failures(ended))) == (2, ["variables"])


@pytest.mark.parametrize(
    ("env", "arguments", "scenario", "name", "code", "expected"),
    [
        pytest.param(KEY, [*PROJECT, "--policy", "nowhere.yaml"], "", "policy", 2, "nowhere.yaml", id="policy"),
        pytest.param(KEY, [*PROJECT, "--endpoint", "http://hss.example"], "", "endpoint", 2, "use https", id="plain http"),
        pytest.param(KEY, [*PROJECT], "clock_skew: -20m\n", "clock", 2, "this machine is 20m00s ahead of the server; signatures are refused from 15 minutes on: set this machine's clock", id="clock"),
        pytest.param({}, [*PROJECT], "", "credentials", 2, "no credentials: set HUAWEICLOUD_SDK_AK", id="no credentials"),
        pytest.param({"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret"}, [*PROJECT], "", "credentials", 2, "but HW_DOMAIN_NAME missing", id="half a credential"),
        pytest.param(WRONG, [*PROJECT], "", "credentials", 2, "HTTP 401: APIGW.0301", id="wrong key"),
        pytest.param({"HSSGATE_TOKEN": "s3cret-wrong"}, [*PROJECT], "", "credentials", 2, "HTTP 401: APIGW.0301", id="wrong token"),
        pytest.param(WRONG | IAM, [*REGION], "", "credentials", 2, "IAM (projects): HTTP 401", id="wrong key, for IAM"),
        pytest.param(WRONG | IAM, [*REGION], "", "credentials", 2, "check the credentials and this machine's clock", id="wrong key, for IAM, with what to do"),
        pytest.param({**USER, "HW_USER_PASSWORD": "s3cret"}, [*PROJECT], "", "credentials", 2, "IAM (password): HTTP 401", id="wrong password"),
        pytest.param({**URNS, "HUAWEICLOUD_OIDC_TOKEN_FILE": "nowhere"}, [*PROJECT], "", "credentials", 2, "the id token in nowhere cannot be read", id="no token file"),
        pytest.param({**ASSUMED, "HUAWEICLOUD_OIDC_AGENCY_URN": "iam::emulator:agency:other"}, [*PROJECT], "", "credentials", 2, "STS (assume-with-oidc): HTTP 403", id="agency"),
        pytest.param({**ASSUMED, "HUAWEICLOUD_SDK_STS_ENDPOINT": "http://sts.example"}, [*PROJECT], "", "credentials", 2, "HUAWEICLOUD_SDK_STS_ENDPOINT is plain http", id="STS over plain http"),
        pytest.param({"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}, [*PROJECT], "", "credentials", 2, "IAM is needed, and http://127.0.0.1:9 does not tell where it is", id="no IAM"),
        pytest.param(ASSUMED, [*PROJECT], "faults: [{requests: '*', call: assume_agency, status: 503}]\n", "credentials", 3, "look again in a while", id="STS down"),
        pytest.param(KEY, [], "", "project", 2, "no project: give --project-id", id="no project"),
        pytest.param(KEY, ["--project-id", "a/b"], "", "project", 2, "is no project id: letters", id="no project id"),
        pytest.param(KEY | IAM, [*REGION], "identity: {regions: {}}\n", "project", 2, "there is no project in region ap-southeast-1", id="no project there"),
        pytest.param(KEY | IAM, [*REGION], "identity: {regions: {ap-southeast-1: [a, b]}}\n", "project", 2, "has 2 projects (a, b): give --project-id", id="two projects"),
        pytest.param(KEY | IAM, [*REGION], "faults: [{requests: '*', call: projects, garbage: '<html>'}]\n", "project", 3, "another server, or a proxy in between", id="IAM talks nonsense"),
        pytest.param(KEY | {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://iam.example"}, [*REGION], "", "project", 2, "HUAWEICLOUD_SDK_IAM_ENDPOINT is plain http", id="IAM over plain http"),
        pytest.param(KEY, [*PROJECT], "credentials: [{ak: emulator-ak, sk: emulator-sk, deny: gateway}]\n", "permission", 2, "APIGW.0302", id="denied by the gateway"),
        pytest.param(KEY, [*PROJECT], "credentials: [{ak: emulator-ak, sk: emulator-sk, deny: service}]\n", "permission", 2, "HSS.0013", id="denied by HSS"),
        pytest.param(KEY, [*PROJECT], "projects: [other]\n", "permission", 2, "check the project id", id="another project"),
        pytest.param(KEY, [*PROJECT], "faults: [{requests: '*', status: 503}]\n", "permission", 3, "look again in a while", id="HSS down"),
        pytest.param(KEY, [*PROJECT], "faults: [{requests: '*', garbage: '{}'}]\n", "permission", 3, "neither data_list nor total_num is there", id="another JSON"),
        pytest.param(KEY, [*PROJECT], "faults: [{requests: '*', garbage: '<html>'}]\n", "permission", 3, "another server, or a proxy in between", id="no JSON"),
        pytest.param(KEY, [*PROJECT], "faults: [{requests: '*', redirect: 'https://evil.example/'}]\n", "permission", 3, "a redirect is never followed; check --endpoint", id="redirect"),
        pytest.param(KEY, [*PROJECT], "faults: [{requests: '*', status: 404, code: APIGW.0101}]\n", "cicd-api", 2, "HTTP 404: APIGW.0101", id="no CI/CD API there"),
        pytest.param(KEY, [*PROJECT], "faults: [{requests: '*', status: 404, code: HSS.0001}]\n", "permission", 2, "HTTP 404", id="another 404"),
        pytest.param(KEY, [*PROJECT, "--cicd-name", "shap"], "", "cicd-name", 2, "there is no CI/CD identifier shap (1 identifier known); did you mean shop?", id="identifier misspelt"),
        pytest.param(KEY, [*PROJECT, "--cicd-name", "sho"], "", "cicd-name", 2, "there is no CI/CD identifier sho (1 identifier known); did you mean shop?", id="only similar"),
        pytest.param(KEY, [*PROJECT, "--cicd-name", "release"], "cicd: []\n", "cicd-name", 2, "(0 identifiers known); create it in the HSS console", id="no identifier"),
        pytest.param(KEY, [*PROJECT, "--cicd-name", "shop"], "faults: [{requests: '*', call: configurations, garbage: '<html>'}]\n", "cicd-name", 3, "unreadable answer", id="identifiers unreadable"),
    ],
)  # fmt: skip
def test_a_failed_check_is_red_with_advice(
    bench: Bench, env: dict[str, str], arguments: list[str], scenario: str, name: str, code: int, expected: str
) -> None:
    """It alone fails, with what to do next; nothing that rests on it is called good."""
    ended = doctor(bench, env, *arguments, scenario=images(finished()) + scenario)

    assert list(failures(ended)) == [name]
    assert (ended.code, expected in message(ended, name)) == (code, True), message(ended, name)
    assert "s3cret" not in ended.out + ended.err
    if name not in ("policy", "clock"):
        after = NAMES[NAMES.index(name) + 1 :]
        rests_on_nothing = ("endpoint", "tls", "clock", "quota" if name == "cicd-name" else "")
        alone = [look for look in after if look not in rests_on_nothing]
        assert {looks(ended)[look] for look in alone} <= {"skipped"}


@pytest.mark.parametrize(
    ("scenario", "result", "expected"),
    [
        pytest.param("quota: {free_quota_num: 1, cicd_scan_num: 41}\n", "ok", "1 free scan left, 41 scans of pipelines so far", id="some left"),
        pytest.param("quota: {free_quota_num: 0, cicd_scan_num: 0}\n", "ok", "0 free scans left, 0 scans of pipelines so far; if scans no longer start, see the quota in the HSS console", id="none left"),
        pytest.param("""faults: [{requests: '*', call: quota, garbage: '{"free_quota_num": "7 次", "cicd_scan_num": 1}'}]\n""", "skipped", "not checked: unreadable answer: free_quota_num", id="odd number"),
        pytest.param("""faults: [{requests: '*', call: quota, garbage: '{"free_quota_num": 7, "cicd_scan_num": "x"}'}]\n""", "ok", "7 free scans left", id="odd second number"),
        pytest.param("faults: [{requests: '*', call: quota, garbage: '{}'}]\n", "skipped", "not checked: HSS does not say how many scans are left", id="no number"),
        pytest.param("faults: [{requests: '*', call: quota, garbage: '[]'}]\n", "skipped", "not checked: unreadable answer", id="a list"),
        pytest.param("faults: [{requests: '*', call: quota, garbage: '<html>'}]\n", "skipped", "not checked: unreadable answer", id="no JSON"),
        pytest.param("""faults: [{requests: '*', call: quota, garbage: '{"error_code": "HSS.0010"}'}]\n""", "skipped", "not checked: HTTP 200: HSS.0010", id="an error as 200"),
        pytest.param("faults: [{requests: '*', call: quota, status: 404, code: APIGW.0101}]\n", "skipped", "not checked: HTTP 404: APIGW.0101", id="no such call"),
        pytest.param("faults: [{requests: '*', call: quota, status: 403}]\n", "skipped", "not checked: HTTP 403", id="no permission"),
        pytest.param("faults: [{requests: '*', call: quota, status: 401}]\n", "skipped", "not checked: HTTP 401", id="no access"),
        pytest.param("faults: [{requests: '*', call: quota, status: 503}]\n", "skipped", "not checked: HTTP 503", id="down"),
        pytest.param("faults: [{requests: '*', call: quota, reset: true}]\n", "skipped", "not checked: ", id="no connection"),
        pytest.param("faults: [{requests: '*', call: quota, delay: 1h}]\n", "skipped", "not checked: no complete response from 127.0.0.1 within 10.0s", id="slow"),
    ],
)  # fmt: skip
def test_the_quota_never_fails_a_preflight(bench: Bench, scenario: str, result: str, expected: str) -> None:
    """It is shown as far as HSS gives it; a check does not need it."""
    ended = doctor(bench, KEY, *PROJECT, "--cicd-name", "shop", scenario=images(finished()) + scenario)

    assert (ended.code, looks(ended)["quota"]) == (0, result)
    assert message(ended, "quota").startswith(expected)
    assert {look for name, look in looks(ended).items() if name != "quota"} == {"ok"}


@pytest.mark.parametrize(
    ("fault", "api", "credentials"),
    [
        pytest.param("status: 403", "ok", "ok", id="refused by the gateway"),
        pytest.param("status: 400, code: HSS.0001", "ok", "ok", id="refused by HSS"),
        pytest.param("status: 403, body: '<html>Forbidden'", "skipped", "skipped", id="refused by a proxy"),
        pytest.param("status: 404, body: '<html>Not found'", "skipped", "skipped", id="another server"),
        pytest.param("status: 404, code: APIGW.0101", "failed", "skipped", id="no such API"),
        pytest.param("status: 503", "skipped", "skipped", id="down"),
    ],
)
def test_only_the_cloud_itself_proves_anything(bench: Bench, fault: str, api: str, credentials: str) -> None:
    """By an error code of its own; a page of a proxy says nothing of API and credentials."""
    ended = doctor(bench, KEY, *PROJECT, scenario=images(finished()) + f"faults: [{{requests: '*', {fault}}}]\n")

    assert (looks(ended)["cicd-api"], looks(ended)["credentials"]) == (api, credentials)
    assert ended.code in (2, 3)


def test_the_quota_is_of_the_enterprise_project(bench: Bench) -> None:
    """Of the one that a check asks for."""
    doctor(bench, KEY, *PROJECT, "--enterprise-project-id", "all_granted_eps")

    assert bench.emulator.requests[-1].query == "enterprise_project_id=all_granted_eps"


@pytest.mark.parametrize(
    ("env", "arguments", "scenario"),
    [
        pytest.param(WRONG, PROJECT, "", id="as it is"),
        pytest.param(WRONG, PROJECT, "clock_skew: 20m\n", id="a clock 20 minutes behind"),
        pytest.param(WRONG, PROJECT, "clock_skew: -20m\n", id="a clock 20 minutes ahead"),
        pytest.param(WRONG | IAM, REGION, LOOK_UP, id="with a project to look up"),
        pytest.param(WRONG | IAM, REGION, LOOK_UP + "clock_skew: 20m\n", id="with a project, and a wrong clock"),
        pytest.param(ASSUMED, PROJECT, "faults: [{requests: '*', status: 401}]\n", id="temporary keys"),
        pytest.param(ASSUMED, PROJECT, "faults: [{requests: '*', status: 401}]\nclock_skew: 20m\n", id="temporary keys, and a wrong clock"),
        pytest.param(WRONG | {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "s3cret-token"}, PROJECT, "", id="given temporary keys"),
        pytest.param({"HSSGATE_TOKEN": "s3cret-wrong"}, PROJECT, "clock_skew: 20m\n", id="token"),
    ],
)  # fmt: skip
def test_a_refused_credential_is_used_once(
    bench: Bench, env: dict[str, str], arguments: tuple[str, ...], scenario: str
) -> None:
    """Five wrong signatures lock a key, so doctor sends at most one, whatever else is wrong."""
    ended = doctor(bench, env, *arguments, "--cicd-name", "shop", scenario=images(finished()) + scenario)

    refused = [request for request in bench.emulator.requests if request.status == 401]
    assert len(refused) == len(signed(bench)) == 1
    assert looks(ended)["credentials"] == "failed"
    assert ended.code == 2


@pytest.mark.parametrize("env", [KEY, ASSUMED])
def test_a_wrong_clock_causes_no_wrong_signature(bench: Bench, env: dict[str, str]) -> None:
    """The time of the endpoint is known before anything is signed; the clock alone is red."""
    ended = doctor(bench, env | IAM, *REGION, scenario=images(finished()) + LOOK_UP + "clock_skew: 20m\n")

    assert list(failures(ended)) == ["clock"]
    assert {request.status for request in bench.emulator.requests if request.path != "/"} == {200}


@pytest.mark.parametrize(("skew", "expected"), [("0s", "in step with the server"), ("14m", "this machine is 14m00s behind the server"), ("-2m", "this machine is 2m00s ahead of the server")])  # fmt: skip
def test_a_small_clock_skew_is_shown(bench: Bench, skew: str, expected: str) -> None:
    """Green, with how far it is off."""
    ended = doctor(bench, TOKEN, *PROJECT, scenario=images(finished()) + f"clock_skew: {skew}\n")

    assert (ended.code, message(ended, "clock")) == (0, expected)


@pytest.mark.parametrize(
    ("env", "arguments"),
    [
        pytest.param({}, PROJECT, id="no credentials"),
        pytest.param({"HUAWEICLOUD_SDK_AK": "a"}, PROJECT, id="half a key"),
        pytest.param({"HUAWEICLOUD_OIDC_PROVIDER_URN": "a"}, PROJECT, id="half a keyless set-up"),
        pytest.param(KEY, (), id="no project"),
        pytest.param(ASSUMED, ("--project-id", "a b"), id="keyless, no project id"),
        pytest.param({**ASSUMED, "HUAWEICLOUD_SDK_STS_ENDPOINT": "http://sts.example"}, PROJECT, id="no STS"),
    ],
)
def test_what_is_known_to_be_wrong_is_not_tried(bench: Bench, env: dict[str, str], arguments: tuple[str, ...]) -> None:
    """The endpoint is checked without credentials, and no other request is sent."""
    ended = doctor(bench, env, *arguments)

    assert ended.code == 2
    assert [(sent.method, sent.url.path, signed(bench)) for sent in bench.sent] == [("GET", "/", [])]


def test_what_is_given_is_judged_without_an_address(bench: Bench) -> None:
    """Without region and endpoint no request is sent, and incomplete credentials are still reported."""
    ended = bench.run("doctor", "--format", "json", env={"HUAWEICLOUD_SDK_AK": "a"})

    assert (ended.code, list(failures(ended))) == (2, ["endpoint", "credentials"])
    assert bench.sent == []


Answers = Callable[[httpx.Request], httpx.Response]


def test_an_identifier_is_found_on_any_page_and_only_by_its_very_name(bench: Bench) -> None:
    """HSS also returns names that contain the requested one; they do not count."""
    names = ", ".join(f"shop{number}" for number in range(250))
    scenario = images(finished()) + f"cicd: [{names}, shop]\n"

    assert message(doctor(bench, KEY, *PROJECT, "--cicd-name", "shop", scenario=scenario), "cicd-name") == "shop exists"

    missing = doctor(bench, KEY, *PROJECT, "--cicd-name", "Shop", scenario=scenario)
    assert (missing.code, message(missing, "cicd-name")) == (
        2,
        "there is no CI/CD identifier Shop (251 identifiers known); did you mean shop?",
    )


def test_the_policy_is_checked_beside_other_faults(bench: Bench) -> None:
    """Each fault has a line in the message; warnings are printed and do not fail the check."""
    Path("hssgate.yaml").write_text("rules: {sverity: Low, vulnerabilities: few}\n")
    ended = bench.play(images(finished())).run("doctor", "--endpoint", HERE, *PROJECT, env=KEY)
    assert ended.code == 2
    first, second = ended.out.splitlines()[1:3]
    assert first.startswith("failed   policy       hssgate.yaml:1")
    assert second.startswith(" " * 22 + "hssgate.yaml:1")
    assert "HSS lists the images" in ended.out

    Path("hssgate.yaml").write_text("rules: {severity: Low}\noverrides: [{images: ['*'], rules: {severity: High}, reason: r, expires: 2020-01-01}]\n")  # fmt: skip
    ended = doctor(bench, KEY, *PROJECT)
    assert (ended.code, message(ended, "policy")) == (0, f"hssgate.yaml (sha256 {sha256('hssgate.yaml')}), 1 warning")
    assert "2020-01-01" in ended.err


def test_what_comes_from_outside_is_harmless(bench: Bench) -> None:
    """A name from the console, or text of a server, is one clean line."""
    hostile = "sh\u202eop\n::error::x"
    rows = {"total_num": 1, "data_list": [{"cicd_id": "1", "cicd_name": hostile}]}
    bench.answer(lambda _request: httpx.Response(200, json=rows, headers={"Date": NOW}))

    ended = bench.run("doctor", "--endpoint", HERE, *PROJECT, "--cicd-name", "shop", env=KEY)

    assert ended.code == 2
    assert len(ended.out.splitlines()) == len(NAMES)
    assert "\u202e" not in ended.out


def test_verbosity_tells_how_it_was_asked(bench: Bench) -> None:
    """-v where everything is, -vv each exchange; --quiet takes nothing from the result."""
    bench.play(images(finished()))

    shown = bench.run("doctor", "--endpoint", HERE, *PROJECT, "-vv", env=KEY)
    quiet = bench.run("doctor", "--endpoint", HERE, *PROJECT, "-q", env=KEY)

    assert "endpoint http://127.0.0.1:9, project project" in shown.err
    assert f"> GET {HERE}/\n" in shown.err
    assert (quiet.out, quiet.err) == (shown.out, "")


def test_help_names_the_exit_codes_and_the_lock_of_keys(bench: Bench) -> None:
    """Help lists the options and exit codes, and says that the command does not lock a key."""
    ended = bench.run("doctor", "--help")

    assert ended.code == 0
    for word in ("--cicd-name", "--policy", "--format", "--region", "Exit 0 only if all", "one wrong signature"):
        assert word in " ".join(ended.out.split())
