"""Pushing images while the emulator runs, and looking at its state."""

import json

import pytest

from tests.emulator.wsgi_client import START, Client, Reply


def push(client: Client, body: object) -> Reply:
    """Post a body to the images."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.ask("/_emulator/images", method="POST", headers={}, body=content)


def test_a_pushed_image_starts_its_timeline_now() -> None:
    """Times count from the push, not from the start of the emulator."""
    client = Client("{images: []}")
    client.list()
    client.time.epoch += 100

    reply = push(client, {"image_name": "app", "timeline": [{"at": "2s", "scan_status": "success"}]})
    before = client.list().names
    client.time.epoch += 2
    row = client.list().rows[0]

    assert (reply.status, reply.json) == (201, {"pushed": 1})
    assert before == []
    assert row["latest_scan_time"] == (START + 102) * 1000
    assert row["latest_update_time"] == (START + 100) * 1000


def test_several_images_are_pushed_at_once() -> None:
    """A list is taken as a whole."""
    client = Client("{images: []}")

    reply = push(client, [{"image_name": name, "scan_status": "success"} for name in ("a", "b")])

    assert (reply.json, client.list().names) == ({"pushed": 2}, ["a", "b"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"{", "body: it is no JSON", id="no-json"),
        pytest.param(b"", "body: it is no JSON", id="empty"),
        pytest.param(b"[" * 100_000, "body: it is no JSON", id="nested-too-deep"),
        pytest.param(1, "body: images[0]: should be a mapping", id="no-mapping"),
        pytest.param({"scan_status": "success"}, "body: images[0].image_name: is missing", id="no-name"),
        pytest.param(
            [{"image_name": "a", "scan_status": "success"}, {"image_nam": "b"}],
            "body: images[1].image_nam: unknown key; did you mean image_name?",
            id="one-of-several",
        ),
    ],
)
def test_what_is_no_image_is_refused_as_a_whole(body: object, expected: str) -> None:
    """The message names the key, and nothing of the push is listed."""
    client = Client("{images: []}")

    reply = push(client, body)

    assert reply.status == 400
    assert expected in reply.json["error"]
    assert client.list().names == []


def test_rows_and_requests_can_be_listed() -> None:
    """Rows and requests are shown without credentials, and looking does not count."""
    client = Client("images: [{image_name: app, scan_status: success, enterprise_project_id: other}]")
    client.list(limit=200)

    images = client.ask("/_emulator/images", headers={})
    requests = client.ask("/_emulator/requests", headers={})

    assert [row["image_name"] for row in images.json["images"]] == ["app"]
    assert requests.json["count"] == 1
    assert [(r["number"], r["query"], r["status"]) for r in requests.json["requests"]] == [(1, "limit=200", 200)]
    assert client.emulator.request_count == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/_emulator/", id="root"),
        pytest.param("DELETE", "/_emulator/images", id="method"),
        pytest.param("POST", "/_emulator/requests", id="read-only"),
    ],
)
def test_other_control_calls_are_not_found(method: str, path: str) -> None:
    """The response lists the existing ones."""
    reply = Client("{images: []}").ask(path, method=method)

    assert (reply.status, "/_emulator/images" in reply.json["error"]) == (404, True)
