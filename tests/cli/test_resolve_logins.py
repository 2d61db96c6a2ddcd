"""Logins of registries: taken from Docker's configuration, sent where they belong, and never shown."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.test_resolve import IMAGE, check, row
from tests.conftest import Bench
from tests.support.registry import HOST, Registry

PASSWORD = "registry-password-of-the-robot"


def config(bench: Bench, content: object) -> None:
    (bench.folder / "config.json").write_text(json.dumps(content), encoding="utf-8")


def asks_for(expected: str, challenge: str) -> Callable[[httpx.Request], httpx.Response | None]:
    """Return the start of an answer of a registry that wants a header."""
    return lambda request: (
        None
        if request.headers.get("Authorization") == expected
        else httpx.Response(401, headers={"WWW-Authenticate": challenge})
    )


def test_the_login_of_dockers_file_is_sent_and_never_shown(bench: Bench, registry: Registry) -> None:
    """Not with -vv, and not where it is refused."""
    pair = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
    config(bench, {"auths": {HOST: {"auth": pair}}})
    amd64 = registry.image()
    registry.index(amd64)
    registry.first = asks_for(f"Basic {pair}", 'Basic realm="registry"')

    ended = check(bench, registry, IMAGE, "-vv", rows=row(amd64["digest"]))

    assert ended.code == 0
    assert f"registry {HOST}: with the login of {bench.folder}/config.json" in ended.err
    assert f"registry {HOST}: {IMAGE} is sha256:" in ended.err
    registry.first = asks_for("another", 'Basic realm="registry"')
    refused = check(bench, registry, IMAGE, f"{HOST}/team/job:1.0", "-vv")
    assert refused.code == 3
    assert "the login in Docker's config.json is refused" in refused.out
    assert f"registry {HOST} was not asked for team/job" in refused.out
    shown = ended.out + ended.err + refused.out + refused.err + Path(bench.folder, "report.json").read_text("utf-8")
    assert pair not in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("content", ["{", {"credsStore": "desktop"}], ids=["broken", "store"])
def test_a_login_that_cannot_be_used_is_misuse(bench: Bench, registry: Registry, content: object) -> None:
    """Before anything is asked."""
    config(bench, content) if content != "{" else (bench.folder / "config.json").write_text("{", encoding="utf-8")

    ended = check(bench, registry, IMAGE)

    assert (ended.code, bench.sent) == (2, [])
    assert f"{bench.folder}/config.json: " in ended.err


def test_a_report_never_replaces_the_logins(bench: Bench, registry: Registry) -> None:
    """As it replaces no other file that the run reads."""
    config(bench, {"auths": {}})

    ended = check(bench, registry, IMAGE, "--report", "sarif=config.json")

    assert (ended.code, bench.sent) == (2, [])
    assert "this run reads that file" in ended.err


def test_a_file_that_cannot_be_read_is_misuse(bench: Bench, registry: Registry) -> None:
    """A folder, and one that is too long."""
    (bench.folder / "config.json").mkdir()
    assert "it cannot be read" in check(bench, registry, IMAGE).err
    (bench.folder / "config.json").rmdir()
    (bench.folder / "config.json").write_bytes(b" " * (1024 * 1024 + 1))
    assert "it is longer than 1 MiB" in check(bench, registry, IMAGE).err


@pytest.mark.parametrize("home", ["HOME", "USERPROFILE", None])
def test_the_file_of_the_home_folder_is_the_usual_one(bench: Bench, registry: Registry, home: str | None) -> None:
    """Without DOCKER_CONFIG; without a home folder there is no login."""
    folder = bench.folder / ".docker"
    folder.mkdir()
    (folder / "config.json").write_text("[]", encoding="utf-8")
    amd64 = registry.image()
    registry.index(amd64)
    for name in ("HOME", "USERPROFILE"):
        bench.monkeypatch.delenv(name, raising=False)

    ended = check(bench, registry, "--resolve", IMAGE, rows=row(amd64["digest"]), DOCKER_CONFIG="",
                  **({home: str(bench.folder)} if home else {}))  # fmt: skip

    assert ended.code == (2 if home else 0)
