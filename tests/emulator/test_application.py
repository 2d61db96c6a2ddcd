"""The WSGI application: conformance, independence from the client, and description of its images."""

import ast
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

import hssgate.emulator
from hssgate.emulator.scenario import Entry, Image, Scenario
from tests.emulator.wsgi_client import PATH, Client

FOLDER = Path(hssgate.emulator.__file__).parent


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param("GET", PATH, b"", "200 OK", id="rows"),
        pytest.param("GET", PATH, b"", "429 Too Many Requests", id="fault"),
        pytest.param("GET", PATH, b"", "302 Found", id="redirect"),
        pytest.param("GET", PATH, b"", "204 No Content", id="no-content"),
        pytest.param("GET", PATH, b"", "299 Unknown", id="status-without-a-name"),
        pytest.param("GET", "/", b"", "404 Not Found", id="unknown"),
        pytest.param("GET", "/_emulator/requests", b"", "200 OK", id="control"),
        pytest.param("POST", "/_emulator/images", b"[]", "201 Created", id="push"),
    ],
)
def test_answers_keep_to_wsgi(method: str, path: str, body: bytes, expected: str) -> None:
    """The standard library's own validator of PEP 3333 finds nothing."""
    faults = {"429": "status: 429", "302": "redirect: /", "204": "status: 204", "299": "status: 299"}
    fault = faults.get(expected[:3])
    client = Client(f"faults: [{{requests: 1, {fault}}}]" if fault else "{images: []}")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_X_AUTH_TOKEN": "emulator-token",
    }
    setup_testing_defaults(environ)
    statuses = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        del headers, exc_info
        statuses.append(status)
        return io.BytesIO().write

    answer = validator(client.emulator)(environ, start_response)
    list(answer)
    answer.close()  # type: ignore[attr-defined]

    assert statuses == [expected]


def test_a_path_with_characters_of_any_kind_is_taken() -> None:
    """In-process clients may leave a decoded path as text rather than as Latin-1 bytes."""
    client = Client('projects: ["项目"]')

    assert client.ask("/v5/项目/image/cicd/images").status == 200
    assert client.ask("/v5/项目/image/cicd/images".encode().decode("latin-1")).status == 200


def test_the_emulator_shares_nothing_with_the_client() -> None:
    """It imports no other part of the package, nor the libraries that the client is built on."""
    imported = {
        name
        for file in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert {
        name for name in imported if name.startswith("hssgate") and not name.startswith("hssgate.emulator.")
    } == set()
    assert not {"httpx", "click", "huaweicloudsdkcore", "requests"} & {name.split(".")[0] for name in imported}


def test_no_file_holds_more_than_one_idea() -> None:
    """A file of more than 250 lines has two subjects."""
    assert [file.name for file in FOLDER.rglob("*.py") if len(file.read_text().split("\n")) > 250] == []


def test_images_may_be_made_without_yaml() -> None:
    """Tests of the gate build their scenarios from the models."""
    image = Image(
        namespace="team",
        image_name="app",
        image_version="1.0",
        timeline=(Entry(at=0, scan_status="scanning"), Entry(at=5, scan_status="success", vul_num=3)),
    )
    client = Client(Scenario(images=(image,)))

    client.time.epoch += 5

    assert client.list().rows[0]["vul_num"] == 3


def test_the_list_of_images_tells_what_each_is_for() -> None:
    """Without `covers` it names the states, and copies are counted."""
    client = Client(
        """
images:
  - {image_name: a, image_version: "1", namespace: team, covers: "passes at once", scan_status: success}
  - {image_name: bb, copies: 3, scan_status: unscan}
  - image_name: c
    image_digest: sha256:00
    timeline: [{at: 5, scan_status: success}, {at: 0, absent: true}, {at: 1, scan_status: null}]
"""
    )

    assert client.emulator.describe().splitlines() == [
        "team/a:1  passes at once",
        "bb (x3)   unscan",
        "c         absent, then no status, then success",
    ]


def test_nothing_to_list_is_described_by_nothing() -> None:
    """An empty scenario has no lines."""
    assert Client("{images: []}").emulator.describe() == ""
