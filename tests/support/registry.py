"""A small container registry in memory, as the distribution specification has it, for tests without sockets."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx

from hssgate.durations import Deadline
from hssgate.hss.hosts import Hosts
from hssgate.hss.secret import Secret
from hssgate.identity.docker_credentials import RegistryLogin
from hssgate.identity.registry import RegistryClient, ResolvedImage
from hssgate.identity.registry_access import RegistryAccess
from hssgate.identity.repository import Repository
from hssgate.waiting.retry import until_answered
from tests.support.fakes import FakeClock

OCI = "application/vnd.oci.image."
HOST = "registry.example"


class Registry:
    """Content by digest, and tags.

    Args:
        host: under which it answers.
    """

    def __init__(self, host: str = HOST) -> None:
        self.host = host
        self.content: dict[str, tuple[bytes, str]] = {}
        self.tags: dict[str, str] = {}
        self.received: list[httpx.Request] = []
        self.first: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def put(self, document: object, media_type: str) -> dict[str, Any]:
        """Keep a document and return its descriptor."""
        body = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.content[digest] = (body, media_type)
        return {"mediaType": media_type, "digest": digest, "size": len(body)}

    def image(self, architecture: str = "amd64", variant: str | None = None, **more: object) -> dict[str, Any]:
        """Keep configuration and manifest of one platform and return the manifest's descriptor."""
        platform = {"os": "linux", "architecture": architecture} | ({"variant": variant} if variant else {})
        layers: dict[str, object] = {"rootfs": {"type": "layers", "diff_ids": []}}
        config = self.put(platform | layers | more, f"{OCI}config.v1+json")
        return self.manifest_of(config) | {"platform": platform}

    def manifest_of(self, config: dict[str, Any], **more: object) -> dict[str, Any]:
        """Keep a manifest of a configuration and return its descriptor."""
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}manifest.v1+json", "config": config, "layers": []}
        return self.put(manifest | more, f"{OCI}manifest.v1+json")

    def attestation(self) -> dict[str, Any]:
        """Keep what buildx attaches as provenance, and return its descriptor."""
        return self.image(created="provenance") | {"platform": {"os": "unknown", "architecture": "unknown"}}

    def index(self, *manifests: dict[str, Any], tag: str = "1.0") -> str:
        """Keep an index under a tag and return its digest."""
        listed = {"schemaVersion": 2, "mediaType": f"{OCI}index.v1+json", "manifests": list(manifests)}
        digest: str = self.put(listed, f"{OCI}index.v1+json")["digest"]
        self.tags[tag] = digest
        return digest

    def config_of(self, manifest: dict[str, Any]) -> str:
        """Return the digest of the configuration that a manifest names."""
        body, _ = self.content[manifest["digest"]]
        digest: str = json.loads(body)["config"]["digest"]
        return digest

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the distribution specification says."""
        self.received.append(request)
        if (early := self.first(request)) is not None:
            return early
        _, kind, reference = request.url.path.rsplit("/", 2)
        found = self.content.get(self.tags.get(reference, reference))
        if found is None:
            return httpx.Response(404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        body, media_type = found
        shown = media_type if kind == "manifests" else "application/octet-stream"
        return httpx.Response(200, content=body, headers={"Content-Type": shown})

    def resolve(
        self,
        reference: str,
        *,
        login: RegistryLogin | None = None,
        path: str = "team/app",
        secrets: list[Secret] | None = None,
    ) -> ResolvedImage:
        """Resolve an image of this registry as the gate does, in virtual time; `secrets` gets what is to be masked."""
        clock = FakeClock()

        def send(request: httpx.Request) -> httpx.Response:
            response = self.answer(request)
            stream = httpx.ByteStream(response.content)
            return httpx.Response(response.status_code, headers=response.headers, stream=stream)

        hosts = Hosts(
            lambda _endpoint, _proxy: httpx.Client(transport=httpx.MockTransport(send)),
            lambda _: None,
            clock,
            on_secret=([] if secrets is None else secrets).append,
            log=lambda _: None,
        )
        access = RegistryAccess(Repository(self.host, path), hosts, clock, login, 5.0)
        deadline = Deadline(clock.monotonic(), 60.0)
        client = RegistryClient(
            access,
            lambda ask: until_answered(ask, deadline=deadline, clock=clock, observer=_Silent()),
            stale_after=5.0,
        )
        return client.resolve(reference)


class _Silent:
    """An observer of nothing."""

    tick_seconds = 60.0
    time_left: Callable[[], float] | None = None

    def changed(self, *_: object) -> None: ...

    def detail(self, *_: object) -> None: ...

    def tick(self, _: float) -> None: ...

    def advise(self, *_: object) -> None: ...

    def warn(self, _: str) -> None: ...
