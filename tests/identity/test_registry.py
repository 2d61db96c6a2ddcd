"""A registry's documents are followed from a tag to the digests of every platform, each verified by its hash."""

import httpx
import pytest

from hssgate.errors import ApiRefused, ApiUnavailable
from hssgate.identity.platform import Platform
from hssgate.identity.registry import PlatformImage
from tests.support.registry import HOST, OCI, Registry


def test_an_index_resolves_into_its_platforms(registry: Registry) -> None:
    """Manifest and config digests of each platform; an attestation is none."""
    amd64, arm64 = registry.image(), registry.image("arm64", "v8")
    digest = registry.index(amd64, arm64, registry.attestation())

    resolved = registry.resolve("1.0")

    assert resolved.digest == digest
    assert resolved.images == (
        PlatformImage(registry.config_of(amd64), (amd64["digest"],), (Platform("linux", "amd64"),)),
        PlatformImage(registry.config_of(arm64), (arm64["digest"],), (Platform("linux", "arm64", "v8"),)),
    )


def test_a_manifest_takes_its_platform_from_the_config(registry: Registry) -> None:
    """A tag may name the manifest of a single platform."""
    manifest = registry.image("arm64", "v8")
    registry.tags["1.0"] = manifest["digest"]

    resolved = registry.resolve("1.0")

    assert resolved.digest == manifest["digest"]
    assert [image.platforms for image in resolved.images] == [(Platform("linux", "arm64", "v8"),)]


def test_an_image_in_dockers_format_resolves_alike(registry: Registry) -> None:
    """What `docker push` makes; the request says that these types are understood."""
    docker = "application/vnd.docker."
    platform = {"os": "linux", "architecture": "amd64"}
    config = registry.put({**platform, "rootfs": {"type": "layers"}}, f"{docker}container.image.v1+json")
    listed = {"schemaVersion": 2, "mediaType": f"{docker}distribution.manifest.v2+json", "config": config, "layers": []}
    manifest = registry.put(listed, f"{docker}distribution.manifest.v2+json")
    listed = {"schemaVersion": 2, "manifests": [manifest | {"platform": platform}]}
    registry.tags["1.0"] = registry.put(listed, f"{docker}distribution.manifest.list.v2+json")["digest"]

    resolved = registry.resolve("1.0")

    (image,) = resolved.images
    assert (image.config, image.manifests) == (config["digest"], (manifest["digest"],))
    accepted = registry.received[0].headers["Accept"].split(", ")
    assert accepted == sorted(
        [f"{docker}distribution.manifest.{kind}" for kind in ("list.v2+json", "v2+json")]
        + [f"{OCI}{kind}.v1+json" for kind in ("index", "manifest")]
    )


def test_two_manifests_of_one_config_are_one_image(registry: Registry) -> None:
    """A row of HSS may name any of the three."""
    platform = {"platform": {"os": "linux", "architecture": "amd64"}}
    config = registry.put({**platform["platform"], "rootfs": {"type": "layers"}}, f"{OCI}config.v1+json")
    one, other = registry.manifest_of(config), registry.manifest_of(config, annotations={"a": "b"})
    registry.index(one | platform, other | platform)

    (image,) = registry.resolve("1.0").images

    assert image == PlatformImage(config["digest"], (one["digest"], other["digest"]), (Platform("linux", "amd64"),))


def test_an_index_in_an_index_is_followed(registry: Registry) -> None:
    """As the image specification allows."""
    inner = registry.index(registry.image(), tag="inner")
    outer = registry.index({"mediaType": f"{OCI}index.v1+json", "digest": inner})

    resolved = registry.resolve("1.0")

    assert resolved.digest == outer
    assert [image.platforms for image in resolved.images] == [(Platform("linux", "amd64"),)]


def test_an_index_of_attestations_alone_is_no_image(registry: Registry) -> None:
    """Nothing would have to be found."""
    registry.index(registry.attestation())

    with pytest.raises(ApiRefused, match="it holds no image, only attestations"):
        registry.resolve("1.0")


def test_an_attestation_by_its_digest_is_no_image(registry: Registry) -> None:
    """Its configuration names no platform that runs."""
    config = registry.put({"os": "unknown", "architecture": "unknown"}, f"{OCI}config.v1+json")
    registry.tags["1.0"] = registry.manifest_of(config)["digest"]

    with pytest.raises(ApiRefused, match="it holds no image, only attestations"):
        registry.resolve("1.0")


def test_a_digest_is_resolved_as_well(registry: Registry) -> None:
    """The index that a builder printed."""
    digest = registry.index(registry.image())

    assert registry.resolve(digest).digest == digest


@pytest.mark.parametrize("kind", ["manifests", "blobs"])
def test_a_changed_document_is_refused(registry: Registry, kind: str) -> None:
    """The digest it was asked for by is not the hash of what came."""
    manifest = registry.image()
    registry.index(manifest)
    changed = str(manifest["digest"]) if kind == "manifests" else registry.config_of(manifest)
    body, media_type = registry.content[changed]
    registry.content[changed] = (body + b" ", media_type)

    with pytest.raises(ApiRefused, match=f"registry {HOST}, team/app/{kind}/sha256:.*it was changed on its way"):
        registry.resolve("1.0")


def test_a_tag_whose_header_names_another_digest_is_refused(registry: Registry) -> None:
    """`Docker-Content-Digest` is compared with the hash of the body."""
    digest = registry.index(registry.image())
    body, media_type = registry.content[digest]
    headers = {"Content-Type": media_type, "Docker-Content-Digest": f"sha256:{'0' * 64}"}
    registry.first = lambda request: (
        httpx.Response(200, content=body, headers=headers) if request.url.path.endswith("/1.0") else None
    )

    with pytest.raises(ApiRefused, match="changed on its way"):
        registry.resolve("1.0")


@pytest.mark.parametrize(
    ("document", "media_type", "said"),
    [
        pytest.param({"manifests": []}, f"{OCI}index.v1+json", '"manifests" is missing or empty', id="empty-index"),
        pytest.param({"fsLayers": []}, "application/vnd.docker.distribution.manifest.v1+prettyjws", "unknown media type", id="schema1"),
        pytest.param({"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "x"}}, f"{OCI}manifest.v1+json", "not an image", id="helm-chart"),
        pytest.param({"config": {}, "manifests": []}, f"{OCI}index.v1+json", '"config" does not belong', id="two-kinds"),
        pytest.param({"mediaType": f"{OCI}manifest.v1+json", "manifests": []}, f"{OCI}index.v1+json", "in the header", id="two-media-types"),
        pytest.param({"manifests": [{"digest": "sha256:1"}]}, f"{OCI}index.v1+json", "a descriptor has the digest", id="short-digest"),
        pytest.param({"manifests": ["x"]}, f"{OCI}index.v1+json", "not an object", id="descriptor-a-text"),
        pytest.param({"manifests": [{"digest": f"sha256:{'0' * 64}", "platform": {"os": 1}}]}, f"{OCI}index.v1+json", "no os", id="platform-without-os"),
        pytest.param({"manifests": [{"digest": f"sha256:{'0' * 64}", "platform": []}]}, f"{OCI}index.v1+json", '"platform" is not', id="platform-a-list"),
        pytest.param({"manifests": [{"digest": f"sha256:{'0' * 64}", "platform": {"os": "l", "architecture": "a", "variant": "8 9"}}]}, f"{OCI}index.v1+json", "'l/a/8 9' is not a platform", id="variant-odd"),
        pytest.param({"schemaVersion": 2}, f"{OCI}manifest.v1+json", '"config" is missing', id="no-config"),
        pytest.param(["x"], f"{OCI}manifest.v1+json", "not a JSON object", id="list"),
    ],
)  # fmt: skip
def test_a_document_that_is_not_an_image_is_refused(
    registry: Registry, document: object, media_type: str, said: str
) -> None:
    """The message names host, path and next step."""
    registry.tags["1.0"] = str(registry.put(document, media_type)["digest"])

    with pytest.raises(ApiRefused) as caught:
        registry.resolve("1.0")

    assert said in str(caught.value)
    assert str(caught.value).startswith(f"registry {HOST}, team/app/manifests/sha256:")
    assert "leave --resolve out" in str(caught.value)


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000], ids=["cut-short", "too-deep"])
def test_what_is_not_json_is_refused(registry: Registry, body: bytes) -> None:
    """A body that no JSON reader takes."""
    headers = {"Content-Type": f"{OCI}index.v1+json"}
    registry.first = lambda _: httpx.Response(200, content=body, headers=headers)

    with pytest.raises(ApiRefused, match="JSON"):
        registry.resolve("1.0")


def test_an_index_of_64_manifests_is_read(registry: Registry) -> None:
    """The index itself does not count, nor do attestations."""
    registry.index(*[registry.image()] * 64, *[registry.attestation()] * 64)

    assert len(registry.resolve("1.0").images) == 1


def test_an_index_of_too_many_manifests_is_refused(registry: Registry) -> None:
    """One more than 64."""
    registry.index(*[registry.image()] * 65)

    with pytest.raises(ApiRefused, match="more than 64 manifests"):
        registry.resolve("1.0")


def test_too_many_bytes_are_not_read(registry: Registry) -> None:
    """8 MiB of all documents together."""
    headers = {"Content-Type": f"{OCI}index.v1+json"}
    registry.first = lambda _: httpx.Response(200, content=b" " * (8 * 1024 * 1024 + 1), headers=headers)

    with pytest.raises(ApiRefused, match="larger than is accepted \\(8 MiB"):
        registry.resolve("1.0")


def test_a_cached_answer_to_a_tag_is_no_answer(registry: Registry) -> None:
    """A tag may have moved since; a digest is proven by its hash, from a cache as well."""
    digest = registry.index(registry.image())
    body, media_type = registry.content[digest]
    registry.first = lambda request: httpx.Response(200, content=body, headers={"Content-Type": media_type, "Age": "60"}) if request.url.path.rsplit("/", 1)[1] in ("1.0", digest) else None  # fmt: skip

    assert registry.resolve(digest).digest == digest
    with pytest.raises(ApiUnavailable, match=r"a cache answered in its place \(header Age: 60\)"):
        registry.resolve("1.0")
