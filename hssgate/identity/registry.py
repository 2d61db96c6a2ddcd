"""Resolves a tag or digest in a container registry to the verified digests of each platform's image.

Source: https://github.com/opencontainers/image-spec/blob/main/image-index.md and manifest.md

Libraries for this (oras, python-dxf) build on requests, which would be a second HTTP client with proxies, redirects
and certificates of its own. What is needed is three GET requests, sent by the same bounded exchange as those to HSS.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator
from typing import TypeVar, assert_never

from hssgate.errors import ApiUnavailable
from hssgate.hss.exchange import Response
from hssgate.hss.responses import exchange_of
from hssgate.identity.manifests import Descriptor, Index, Manifest, read_manifest, read_platform
from hssgate.identity.platform import Platform
from hssgate.identity.registry_access import LARGEST_IMAGE, RegistryAccess
from hssgate.record import record
from hssgate.text import clean

T = TypeVar("T")

MOST_MANIFESTS = 64
_NO_CACHE = "let no cache answer for the registry: check HTTPS_PROXY and NO_PROXY, and whoever runs the proxy"


@record
class PlatformImage:
    """The image of one platform.

    Args:
        config: digest of its configuration, which names its layers: it is the same image wherever this is the same.
        manifests: digests of its manifests; more than one where the layers are stored compressed in several ways.
        platforms: that it runs on; an index may list one image for several.
    """

    config: str
    manifests: tuple[str, ...]
    platforms: tuple[Platform, ...]


@record
class ResolvedImage:
    """What a registry holds under a tag or a digest.

    Args:
        digest: of the index or the manifest.
        images: of each platform, in the order of the index; attestations are left out.
    """

    digest: str
    images: tuple[PlatformImage, ...]


class RegistryClient:
    """Resolves one image.

    Args:
        access: to its repository.
        until_answered: calls a function, which takes the seconds that are left, until it raises no ApiUnavailable.
        stale_after: seconds of `Age` above which the answer to a tag is not believed.
    """

    def __init__(
        self,
        access: RegistryAccess,
        until_answered: Callable[[Callable[[float], Response]], Response],
        stale_after: float,
    ) -> None:
        self._access = access
        self._until_answered = until_answered
        self._stale_after = stale_after
        self._bytes_left = LARGEST_IMAGE
        self._manifests_left = MOST_MANIFESTS

    def resolve(self, reference: str) -> ResolvedImage:
        """Return the digests of an image, each verified by its hash.

        Args:
            reference: a tag or a digest.

        Raises:
            ApiUnavailable: the registry gave no usable answer in time.
            ApiRefused: the registry refused, or what it holds cannot be verified.
        """
        body, content_type = self._fetch("manifests", reference)
        digest = _digest_of(body)
        images: dict[str, PlatformImage] = {}
        for image in self._images(Descriptor(digest), body, content_type):
            known = images.get(image.config, image)
            images[image.config] = PlatformImage(
                image.config,
                tuple(dict.fromkeys([*known.manifests, *image.manifests])),
                tuple(dict.fromkeys([*known.platforms, *image.platforms])),
            )
        if not images:
            raise self._access.refused("manifests", reference, "it holds no image, only attestations")
        return ResolvedImage(digest, tuple(images.values()))

    def _images(self, descriptor: Descriptor, body: bytes, content_type: str) -> Iterator[PlatformImage]:
        read = functools.partial(read_manifest, body, content_type)
        match self._read("manifests", descriptor.digest, read):
            case Manifest(config=config):
                blob = self._fetch("blobs", config.digest)[0]
                own = self._read("blobs", config.digest, functools.partial(read_platform, blob))
                platform = descriptor.platform or own
                if not platform.is_unknown:
                    yield PlatformImage(config.digest, (descriptor.digest,), (platform,))
            case Index(manifests=manifests):
                for child in manifests:
                    if not child.is_attestation:
                        yield from self._images(child, *self._manifest(child.digest))
            case unreachable:
                assert_never(unreachable)

    def _manifest(self, reference: str) -> tuple[bytes, str]:
        if self._manifests_left == 0:
            raise self._access.refused("manifests", reference, f"the index holds more than {MOST_MANIFESTS} manifests")
        self._manifests_left -= 1
        return self._fetch("manifests", reference)

    def _fetch(self, kind: str, reference: str) -> tuple[bytes, str]:
        """Return body and content type of a document, verified by its hash."""
        answer = self._until_answered(lambda left: self._ask(kind, reference, left))
        self._bytes_left -= len(answer.body)
        found = _digest_of(answer.body)
        asked = reference if _is_digest(reference) else answer.headers.get("Docker-Content-Digest") or found
        if asked != found:
            changed = f"the content has the digest {found}, not {clean(asked, 80)}; it was changed on its way"
            raise self._access.refused(kind, reference, changed)
        return answer.body, answer.headers.get("Content-Type", "")

    def _ask(self, kind: str, reference: str, left: float) -> Response:
        answer = self._access.fetch(kind, reference, largest=self._bytes_left, left=left)
        if answer.age > self._stale_after and not _is_digest(reference):  # a digest is proven by the hash
            raise ApiUnavailable(
                f"registry {self._access.repository.registry}: a cache answered in its place "
                f"(header Age: {clean(answer.headers.get('Age', ''), 40)})",
                exchange_of(answer),
                advice=_NO_CACHE,
            )
        return answer

    def _read(self, kind: str, digest: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except ValueError as error:
            raise self._access.refused(kind, digest, str(error)) from error


def _digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _is_digest(reference: str) -> bool:
    return reference.startswith("sha256:")
