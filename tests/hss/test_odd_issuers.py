"""Odd or missing responses of IAM, STS and GitHub's token service: errors name the issuer, and nothing invalid is used."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.conftest import KEY, Bench, Ended
from tests.hss.test_authentication import GITHUB, IAM, URNS, USER
from tests.support.processes import checked

ASSUMED = {**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "s3cret-id-token"}
ONCE = ("--timeout", "0", "--appear-timeout", "0")
ODD_PROJECTS = [
    pytest.param("", id="empty"),
    pytest.param("..", id="dots"),
    pytest.param("../../other", id="path"),
    pytest.param("a\r\nX-Evil: 1", id="line break"),
    pytest.param("项目", id="beyond ASCII"),
    pytest.param("a" * 300, id="long"),
]


def looked_up(bench: Bench, answers: Callable[[httpx.Request], httpx.Response], env: dict[str, str]) -> Ended:
    """Check where the project is that of the region."""
    given = ("--endpoint", "http://127.0.0.1:9", "--region", "ap-southeast-1", *ONCE)
    return bench.answer(answers).run("check", "team/app:1.0", *given, env=env)


@pytest.mark.parametrize("project_id", ODD_PROJECTS)
def test_an_invalid_project_id_is_refused(bench: Bench, project_id: str) -> None:
    """It would lead out of the path of HSS, or end a header."""

    def answer(_: httpx.Request) -> httpx.Response:
        listed = [{"id": project_id, "name": "ap-southeast-1"}]
        return httpx.Response(200, json={"projects": listed, "total_num": 0, "data_list": []})

    ended = looked_up(bench, answer, {**KEY, **IAM})

    assert ended.code == 3
    assert "IAM (projects): unreadable answer: projects.0.id" in ended.out
    assert {request.url.path for request in bench.sent} == {"/v3/projects"}


@pytest.mark.parametrize("project_id", ODD_PROJECTS)
def test_an_invalid_project_id_of_a_token_is_refused(bench: Bench, project_id: str) -> None:
    """The token that IAM gives for a password names its project."""

    def answer(_: httpx.Request) -> httpx.Response:
        token = {"expires_at": "2099-01-01T00:00:00Z", "project": {"id": project_id}}
        return httpx.Response(201, headers={"X-Subject-Token": "s3cret-token"}, json={"token": token})

    ended = looked_up(bench, answer, USER)

    assert ended.code == 3
    assert "IAM (password): unreadable answer: token.project.id" in ended.out
    assert {request.url.path for request in bench.sent} == {"/v3/auth/tokens"}


@pytest.mark.parametrize(
    ("env", "body", "message"),
    [
        pytest.param(ASSUMED, b"<html>", "STS (assume-with-oidc): unreadable answer", id="STS, a page"),
        pytest.param(ASSUMED, b'"text"', "STS (assume-with-oidc): unreadable answer: as a whole: it is no object", id="STS, a text"),
        pytest.param(ASSUMED, b'{"credentials": []}', "STS (assume-with-oidc): unreadable answer: credentials: it is no object", id="STS, a list"),
        pytest.param({**URNS, **GITHUB}, b"{}", "GitHub's token service: unreadable answer: value: Field required", id="GitHub"),
        pytest.param(USER, b"{}", "IAM (password): unreadable answer: token: Field required", id="password"),
        pytest.param({"HSSGATE_ECS_AGENCY": "1"}, b"{}", "the machine's metadata service: unreadable answer", id="machine"),
    ],
)  # fmt: skip
def test_an_unreadable_issuer_is_named(bench: Bench, env: dict[str, str], body: bytes, message: str) -> None:
    """Else HSS would be blamed for what another service answered."""
    ended = bench.answer(lambda _: httpx.Response(200, content=body)).check("team/app:1.0", *ONCE, env=env)

    assert ended.code == 3
    assert message in ended.out


@pytest.mark.real
def test_a_token_file_that_never_ends_keeps_to_the_deadline(tmp_path: Path) -> None:
    """A pipe without a writer blocks whoever opens it."""
    os.mkfifo(tmp_path / "pipe")

    ended = checked(
        "http://127.0.0.1:9", "team/app:1.0", "--timeout", "1s", "--request-timeout", "100ms",
        HUAWEICLOUD_SDK_AK="", HUAWEICLOUD_SDK_SK="", HUAWEICLOUD_OIDC_TOKEN_FILE=str(tmp_path / "pipe"), **URNS,
    )  # fmt: skip

    assert ended.returncode == 3
    assert "pipe could not be read within 0.1s; check the path" in ended.stdout + ended.stderr
    assert json.loads(Path("report.json").read_text())["exit_code"] == 3
