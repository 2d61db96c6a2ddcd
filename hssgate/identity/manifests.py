"""Image manifests and indexes of a registry: pure readers, strict in what decides.

Source: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md
"""

from hssgate.identity.platform import Platform, parse_platform
from hssgate.identity.strict_json import parse_strictly
from hssgate.proof import is_digest
from hssgate.record import record
from hssgate.text import clean

INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFEST_TYPES = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
_CONFIG_TYPES = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)


@record
class Descriptor:
    """What an index or a manifest says of another document.

    Args:
        digest: by which it is asked for.
        platform: that an index gives for a manifest, if it does.
    """

    digest: str
    platform: Platform | None = None

    @property
    def is_attestation(self) -> bool:
        """Whether the manifest holds provenance or an SBOM and no image."""
        return self.platform is not None and self.platform.is_unknown


@record
class Index:
    """An image index.

    Args:
        manifests: all that it lists.
    """

    manifests: tuple[Descriptor, ...]


@record
class Manifest:
    """The manifest of one platform.

    Args:
        config: of the image.
    """

    config: Descriptor


def read_manifest(body: bytes, content_type: str) -> Index | Manifest:
    """Return what a body of `/manifests/` holds.

    Args:
        body: verified by its hash, or asked for by a tag.
        content_type: of the response.

    Raises:
        ValueError: the media type is not known, or the document is not what the media type promises.
    """
    document = _object(body)
    media_type = content_type.partition(";")[0].strip().lower()
    stated = document.get("mediaType")
    if stated is not None and stated != media_type:
        raise ValueError(
            f"the media type is {clean(media_type, 80)!r} in the header and {clean(stated, 80)!r} in the body"
        )
    if media_type in INDEX_TYPES:
        _refuse(document, "config", "layers")
        return Index(tuple(_descriptor(found) for found in _list(document, "manifests")))
    if media_type in MANIFEST_TYPES:
        _refuse(document, "manifests")
        config = document.get("config")
        if not isinstance(config, dict):
            raise ValueError('"config" is missing')
        if config.get("mediaType") not in _CONFIG_TYPES:
            raise ValueError(
                f"the config has the unknown media type {clean(config.get('mediaType'), 80)!r}: not an image"
            )
        return Manifest(_descriptor(config))
    raise ValueError(f"unknown media type {clean(media_type, 80)!r}")


def read_platform(body: bytes) -> Platform:
    """Return the platform that an image's config names.

    Raises:
        ValueError: it names none.
    """
    return _platform(_object(body))


def _object(body: bytes) -> dict[str, object]:
    document = parse_strictly(body)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a fault of the document
    return document


def _refuse(document: dict[str, object], *keys: str) -> None:
    """Refuse a document that two readers could take for two kinds of manifest (CVE-2021-41190)."""
    if found := [key for key in keys if key in document]:
        raise ValueError(f'"{found[0]}" does not belong in this media type')


def _list(document: dict[str, object], key: str) -> list[object]:
    found = document.get(key)
    if not isinstance(found, list) or not found:
        raise ValueError(f'"{key}" is missing or empty')
    return found


def _descriptor(found: object) -> Descriptor:
    if not isinstance(found, dict):
        raise ValueError("a descriptor is not an object")  # noqa: TRY004 - a fault of the document
    digest = found.get("digest")
    if not isinstance(digest, str) or not is_digest(digest):
        raise ValueError(f"a descriptor has the digest {clean(digest, 80)!r}, not sha256: and 64 hexadecimal digits")
    platform = found.get("platform")
    return Descriptor(digest, None if platform is None else _platform(platform))


def _platform(found: object) -> Platform:
    if not isinstance(found, dict):
        raise ValueError('"platform" is not an object')  # noqa: TRY004 - a fault of the document
    os, architecture, variant = found.get("os"), found.get("architecture"), found.get("variant")
    text = "/".join(str(part) for part in (os, architecture, variant) if part)
    if not os or not architecture:
        raise ValueError("a platform has no os or no architecture")
    return parse_platform(text)
