"""`--resolve` against Debian's `docker-registry`, with images that umoci, skopeo and buildah made and pushed."""

import base64
import contextlib
import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.conftest import KEY
from tests.integration.conftest import ROOT, emulator, ran, succeeded

pytestmark = pytest.mark.integration
PASSWORD = "registry-password"
HTPASSWD = "robot:$2b$05$abcdefghijklmnopqrstuux7DVfxfgfXTmp/9Tsk6HzX2QQGjxePG\n"  # of that password
CLEAN = "scan_status: success, severity_level: Low, vul_num: 0, unsafe_setting_num: 0, malicious_file_num: 0"
NO_TLS = "--tls-verify=false"


@contextlib.contextmanager
def serving(folder: Path, storage: Path, *, login: bool = False) -> Iterator[str]:
    """Run the registry on loopback, and give its host and port."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    (folder / "htpasswd").write_text(HTPASSWD, encoding="utf-8")
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": host},
    }
    if login:
        config["auth"] = {"htpasswd": {"realm": "registry", "path": str(folder / "htpasswd")}}
    (folder / "config.yml").write_text(json.dumps(config), encoding="utf-8")  # YAML, too
    with (folder / "log").open("wb") as log, subprocess.Popen(
        ["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=log
    ) as process:  # fmt: skip
        try:
            until_open(host, process)
            yield host
        finally:
            process.terminate()


def until_open(host: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait for the first answer."""
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://{host}/v2/", timeout=5).close()
        except urllib.error.HTTPError:  # it asks for a login
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("docker-registry ended")


@dataclass(frozen=True)
class Pushed:
    """What was pushed.

    Args:
        storage: of the registry.
        host: of the registry.
        digests: by tag, and by tag and part.
    """

    storage: Path
    host: str
    digests: dict[str, str]


def push(folder: Path, host: str, name: str, architecture: str) -> tuple[str, str]:
    """Push an image of one platform, and return the digests of its manifest and its configuration."""
    layout = folder / name
    succeeded("umoci", "init", "--layout", layout, cwd=folder)
    succeeded("umoci", "new", "--image", f"{layout}:x", cwd=folder)
    succeeded("umoci", "config", "--architecture", architecture, "--os", "linux", "--author", name,
              "--image", f"{layout}:x", cwd=folder)  # fmt: skip
    target = f"docker://{host}/team/app:{name}"
    skopeo = ("skopeo", "copy", "--insecure-policy", "--quiet", "--dest-tls-verify=false")
    succeeded(*skopeo, f"oci:{layout}:x", target, cwd=folder)
    digest = succeeded("skopeo", "inspect", NO_TLS, "--format", "{{.Digest}}", target, cwd=folder).strip()
    manifest = json.loads(succeeded("skopeo", "inspect", NO_TLS, "--raw", target, cwd=folder))
    return digest, manifest["config"]["digest"]


def push_index(folder: Path, host: str, tag: str, *parts: tuple[str, ...]) -> str:
    """Push an index of images that were pushed, each with options of its own, and return its digest."""
    buildah = ("buildah", "--storage-driver", "vfs", "--root", folder / "store", "--runroot", folder / "run")
    succeeded(*buildah, "manifest", "create", tag, cwd=folder)
    for name, *options in parts:
        succeeded(*buildah, "manifest", "add", NO_TLS, *options, tag, f"docker://{host}/team/app:{name}", cwd=folder)
    target = f"docker://{host}/team/app:{tag}"
    succeeded(*buildah, "manifest", "push", NO_TLS, "--all", "--format", "oci", tag, target, cwd=folder)
    return f"sha256:{sha256_of(succeeded('skopeo', 'inspect', NO_TLS, '--raw', target, cwd=folder))}"


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    """A registry with an index of two platforms (2.0), one of a platform and an attestation (1.0), and a manifest (3.0)."""
    folder = tmp_path_factory.mktemp("registry")
    with serving(folder / "open", folder / "data") as host:
        digests: dict[str, str] = {}
        for name, architecture in (("amd64", "amd64"), ("arm64", "arm64"), ("attested", "amd64"), ("3.0", "amd64")):
            digests[name], digests[f"{name} config"] = push(folder, host, name, architecture)
        attestation = ("attested", "--os", "unknown", "--arch", "unknown")
        digests["1.0"] = push_index(folder, host, "1.0", ("amd64",), attestation)
        digests["2.0"] = push_index(folder, host, "2.0", ("amd64",), ("arm64", "--variant", "v8"), attestation)
        yield Pushed(folder / "data", host, digests)


def row(digest: str, version: str = "1.0") -> str:
    names = f'namespace: team, image_name: app, image_version: "{version}", image_digest: "{digest}"'
    return f"  - {{{names}, timeline: [{{at: -1h, {CLEAN}}}]}}\n"


def check(tmp_path: Path, image: str, rows: str, *arguments: str, **env: str) -> "CompletedProcess[str]":
    """Run the gate in a process of its own, with HSS on loopback, too."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("images:\n" + rows if rows else "images: []\n", encoding="utf-8")
    with emulator(scenario) as endpoint:
        return ran(
            sys.executable, "-m", "hssgate", "check", "--resolve", image, *arguments,
            "--endpoint", endpoint, "--project-id", "project", "--timeout", "4s", "--report", "json=report.json",
            cwd=tmp_path, env=KEY | {"PYTHONPATH": str(ROOT)} | env,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "proof"),
    [
        ("1.0", "index digest, linux/amd64"),
        ("amd64", "manifest digest, linux/amd64"),
        ("amd64 config", "config digest, linux/amd64"),
    ],
)
def test_a_row_is_proven_by_each_digest(tmp_path: Path, pushed: Pushed, part: str, proof: str) -> None:
    """Of an index with one platform and an attestation manifest."""
    ended = check(tmp_path, f"{pushed.host}/team/app:1.0", row(pushed.digests[part]))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"(by the registry ({proof}))" in ended.stdout


def test_a_manifest_under_a_tag_is_resolved(tmp_path: Path, pushed: Pushed) -> None:
    """Without an index."""
    config = row(pushed.digests["3.0 config"], "3.0")

    assert check(tmp_path, f"{pushed.host}/team/app:3.0", config).returncode == 0


@pytest.mark.parametrize(
    ("parts", "arguments", "code"),
    [
        pytest.param(["amd64", "arm64"], [], 0, id="both"),
        pytest.param(["amd64 config", "arm64 config"], [], 0, id="both by configuration"),
        pytest.param(["amd64"], [], 4, id="one"),
        pytest.param(["2.0"], [], 4, id="the index alone"),
        pytest.param(["arm64"], ["--platform", "linux/arm64"], 0, id="the one that is meant"),
        pytest.param(["arm64"], ["--platform", "linux/riscv64"], 2, id="none that there is"),
        pytest.param(["amd64", "attested"], [], 4, id="the attestation"),
    ],
)
def test_each_platform_of_an_index_must_be_found(
    tmp_path: Path, pushed: Pushed, parts: list[str], arguments: list[str], code: int
) -> None:
    """Two platforms, and an attestation that counts for nothing."""
    rows = "".join(row(pushed.digests[part], "2.0") for part in parts)

    ended = check(tmp_path, f"{pushed.host}/team/app:2.0", rows, *arguments)

    assert ended.returncode == code, ended.stdout + ended.stderr


def test_a_tampered_manifest_is_refused(tmp_path: Path, pushed: Pushed) -> None:
    """Somebody changed it in the storage of the registry, which serves it all the same."""
    digest, _ = push(tmp_path, pushed.host, "tampered", "amd64")
    push_index(tmp_path, pushed.host, "4.0", ("tampered",))
    digits = digest.removeprefix("sha256:")
    blob = pushed.storage / "docker" / "registry" / "v2" / "blobs" / "sha256" / digits[:2] / digits / "data"
    blob.write_bytes(blob.read_bytes() + b" ")

    ended = check(tmp_path, f"{pushed.host}/team/app:4.0", row(digest, "4.0"))

    assert ended.returncode == 3, ended.stdout
    assert f"registry {pushed.host}, team/app/manifests/{digest}: the content has the digest" in ended.stdout
    assert "it was changed on its way" in ended.stdout


def login(tmp_path: Path, host: str, password: str = PASSWORD) -> dict[str, str]:
    """Put a login into a configuration of Docker, and return the variable that names its folder."""
    auth = base64.b64encode(f"robot:{password}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}), encoding="utf-8")
    return {"DOCKER_CONFIG": str(tmp_path)}


@pytest.mark.parametrize(
    ("password", "code", "message"),
    [
        pytest.param(PASSWORD, 0, "by the registry", id="right"),
        pytest.param("another-password", 3, "HTTP 401; the login in Docker's config.json is refused", id="wrong"),
        pytest.param(None, 3, "HTTP 401; log in with docker login", id="none"),
    ],
)
def test_a_registry_with_a_login(tmp_path: Path, pushed: Pushed, password: str | None, code: int, message: str) -> None:
    """Basic authentication; the password is shown nowhere."""
    with serving(tmp_path / "closed", pushed.storage, login=True) as host:
        env = login(tmp_path, host, password) if password else {}
        ended = check(tmp_path, f"{host}/team/app:1.0", row(pushed.digests["amd64"]), "-vv", **env)

    assert ended.returncode == code, ended.stdout + ended.stderr
    assert message in ended.stdout
    shown = ended.stdout + ended.stderr + (tmp_path / "report.json").read_text(encoding="utf-8")
    assert password is None or (
        password not in shown and base64.b64encode(f"robot:{password}".encode()).decode() not in shown
    )


def test_a_tag_that_is_not_there_is_404(tmp_path: Path, pushed: Pushed) -> None:
    """With host and path, and what to check."""
    ended = check(tmp_path, f"{pushed.host}/team/app:9.9", "")

    assert ended.returncode == 3
    assert f"registry {pushed.host}, team/app/manifests/9.9: HTTP 404; check registry, path and version" in ended.stdout


@dataclass
class Front:
    """What stands before a registry.

    Args:
        registry: that requests are handed on to.
        first: takes the path, returns status and headers of an answer in place of the registry's, if there is one.
        received: path and `Authorization` of each request.
        host: its own.
    """

    registry: str
    first: Callable[[str], tuple[int, dict[str, str]] | None]
    received: list[tuple[str, str | None]] = field(default_factory=list)
    host: str = ""


@contextlib.contextmanager
def before(registry: str, first: Callable[[str], tuple[int, dict[str, str]] | None]) -> Iterator[Front]:
    """Put a server before a registry."""
    front = Front(registry, first)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            front.received.append((self.path, self.headers.get("Authorization")))
            found = front.first(self.path)
            status, headers, body = (*found, b"") if found else self._handed_on()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def _handed_on(self) -> tuple[int, dict[str, str], bytes]:
            kept = {name: self.headers[name] for name in ("Accept", "Authorization") if name in self.headers}
            request = urllib.request.Request(f"http://{front.registry}{self.path}", headers=kept)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                    return answer.status, {"Content-Type": answer.headers["Content-Type"]}, answer.read()
            except urllib.error.HTTPError as error:
                named = {"WWW-Authenticate": error.headers["WWW-Authenticate"]} if error.code == 401 else {}
                return error.code, named, error.read()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    front.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()


def test_a_throttled_registry_is_asked_again(tmp_path: Path, pushed: Pushed) -> None:
    """After the time that it names."""
    answers = iter([(429, {"Retry-After": "1"})])
    with before(pushed.host, lambda _: next(answers, None)) as front:
        ended = check(tmp_path, f"{front.host}/team/app:1.0", row(pushed.digests["amd64"]), "--timeout", "20s")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [path for path, _ in front.received[:2]] == ["/v2/team/app/manifests/1.0"] * 2


def test_a_registry_that_always_throttles_is_given_up(tmp_path: Path, pushed: Pushed) -> None:
    """At the deadline, with exit 3."""
    with before(pushed.host, lambda _: (429, {})) as front:
        ended = check(tmp_path, f"{front.host}/team/app:1.0", row(pushed.digests["amd64"]))

    assert ended.returncode == 3
    assert f"registry {front.host}, team/app/manifests/1.0: HTTP 429" in ended.stdout


def test_a_slow_registry_is_given_up(tmp_path: Path, pushed: Pushed) -> None:
    """Each request at its time limit, the whole at the deadline."""

    def slow(_: str) -> None:
        time.sleep(3)

    with before(pushed.host, slow) as front:
        ended = check(tmp_path, f"{front.host}/team/app:1.0", row(pushed.digests["amd64"]), "--request-timeout", "0.5s")

    assert ended.returncode == 3, ended.stdout
    assert f"registry {front.host}, team/app/manifests/1.0: no complete response from 127.0.0.1" in ended.stdout


def test_blobs_on_another_host_are_fetched_without_the_login(tmp_path: Path, pushed: Pushed) -> None:
    """As registries do that keep their blobs in object storage."""
    with contextlib.ExitStack() as stack:
        closed = stack.enter_context(serving(tmp_path / "closed", pushed.storage, login=True))
        storage = stack.enter_context(before(pushed.host, lambda _: None))

        def redirect(path: str) -> tuple[int, dict[str, str]] | None:
            return (
                (307, {"Location": f"http://{storage.host}{path}?signature=secret-of-the-storage"})
                if "/blobs/" in path
                else None
            )

        front = stack.enter_context(before(closed, redirect))
        ended = check(
            tmp_path, f"{front.host}/team/app:1.0", row(pushed.digests["amd64 config"]), "-vv",
            **login(tmp_path, front.host),
        )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {authorization for _, authorization in storage.received} == {None}
    assert any("/blobs/" in path and authorization for path, authorization in front.received)
    assert "secret-of-the-storage" not in ended.stdout + ended.stderr
