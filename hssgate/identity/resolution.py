"""Resolution of the images asked for: what their registries hold under their names, and which platforms are meant."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiRefused, Misused, RequestRefused
from hssgate.hss.hosts import Hosts
from hssgate.identity.docker_credentials import RegistryLogin
from hssgate.identity.platform import Platform
from hssgate.identity.registry import PlatformImage, RegistryClient, ResolvedImage
from hssgate.identity.registry_access import RegistryAccess
from hssgate.identity.repository import Repository, is_url
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.settings import WaitSettings
from hssgate.waiting.observer import Observer
from hssgate.waiting.retry import until_answered

TIME = 60.0  # seconds for all images
_DIGITS_SHOWN = 19  # `sha256:` and twelve digits


@record(kw_only=True)
class Resolver:
    """Asks the registries of images.

    Args:
        hosts: the HTTP clients.
        clock: time and random numbers.
        logins: by registry, for those that have one.
        platforms: that are meant; none: each one of an index.
        wait: bounds the whole, and says how old an answer may be.
        request_timeout: seconds for one request.
    """

    hosts: Hosts
    clock: Clock
    logins: Mapping[str, RegistryLogin]
    platforms: Sequence[Platform]
    wait: WaitSettings
    request_timeout: float

    def __call__(self, references: Sequence[Reference], observer: Observer, start: float) -> list[Reference | ApiError]:
        """Return each image with the digests that its registry gives, or why they could not be had.

        Args:
            references: each with its registry.
            observer: receives progress.
            start: of the run, on the monotonic clock.

        Raises:
            Misused: what a registry holds contradicts what was asked for.
        """
        for login in self.logins.values():
            self.hosts.learn(*login.secrets)
        found: list[Reference | ApiError] = []
        refused: dict[str, ApiRefused] = {}
        for reference in references:
            repository = repository_of(reference)
            if error := refused.get(repository.endpoint):
                found.append(ApiRefused(f"registry {repository.registry} was not asked for {reference.path}: {error}"))
                continue
            try:
                image = self._client(repository, observer, start).resolve(_asked(reference))
            except ApiError as error:
                if isinstance(error, ApiRefused) and not isinstance(error, RequestRefused):
                    refused[repository.endpoint] = error
                found.append(error)
                continue
            require_agreement(reference, image)
            digests = digests_of(image, self.platforms, reference)
            observer.detail(_worded(repository, reference, image, digests), self.clock.monotonic() - start)
            found.append(replace(reference, resolved=digests))
        return found

    def _client(self, repository: Repository, observer: Observer, start: float) -> RegistryClient:
        login = self.logins.get(repository.registry)
        access = RegistryAccess(repository, self.hosts, self.clock, login, self.request_timeout)
        deadline = Deadline(start, min(TIME, self.wait.timeout))
        return RegistryClient(
            access,
            lambda ask: until_answered(ask, deadline=deadline, clock=self.clock, observer=observer),
            self.wait.interval,
        )


def repository_of(reference: Reference) -> Repository:
    """Return the repository that an image names.

    Raises:
        Misused: it names no registry, or one that cannot be asked.
    """
    if reference.registry is None:
        raise Misused(
            f"--resolve: {reference.text} names no registry to ask; write it like registry.example.com/{reference.text}"
        )
    repository = Repository(reference.registry, reference.path)
    if not is_url(repository.endpoint):
        raise Misused(f"--resolve: {reference.text}: {reference.registry} is not the address of a registry")
    return repository


def require_agreement(reference: Reference, image: ResolvedImage) -> None:
    """Refuse a build metadata file that the registry contradicts.

    Raises:
        Misused: the registry names another digest.
    """
    if not reference.build_digests:
        return
    digest, *others = reference.build_digests
    held = {
        image.digest,
        *(one.config for one in image.images),
        *(name for one in image.images for name in one.manifests),
    }
    if image.digest != digest or not held.issuperset(others):
        raise Misused(
            f"{reference.text}: its registry names {image.digest}, and {reference.metadata_file} names "
            f"{' and '.join(reference.build_digests)}: was it pushed again since? Name the file of the push that is "
            "meant, or leave out --metadata-file or --resolve"
        )


def digests_of(image: ResolvedImage, platforms: Sequence[Platform], reference: Reference) -> tuple[ResolvedDigest, ...]:
    """Return the digests that prove an image, each with its platform.

    Args:
        image: as its registry holds it.
        platforms: that are meant; none: each one.
        reference: for the message.

    Raises:
        Misused: a platform is not there.
    """
    names = _names(image.images)
    for asked in platforms:
        if not any(_is_covered(one, [asked]) for one in image.images):
            raise Misused(
                f"--platform {asked}: {reference.text} has no such platform, but {', '.join(names.values())}; "
                "name one of these, or leave the option out"
            )
    meant = [one for one in image.images if not platforms or _is_covered(one, platforms)]
    found = [
        ResolvedDigest(digest, kind, names[one.config])
        for one in meant
        for kind, digests in ((DigestKind.MANIFEST, one.manifests), (DigestKind.CONFIG, (one.config,)))
        for digest in digests
    ]
    if all(image.digest not in one.manifests for one in image.images):
        only = next(iter(names.values())) if len(names) == 1 else None
        found.insert(0, ResolvedDigest(image.digest, DigestKind.INDEX, only))
    return tuple(found)


def _asked(reference: Reference) -> str:
    """Return the tag or digest to ask for: with a metadata file the tag, which must still be that of the build."""
    if reference.build_digests:
        return reference.image_version or reference.build_digests[0]
    return reference.image_digest or reference.image_version or ""


def _is_covered(image: PlatformImage, asked: Sequence[Platform]) -> bool:
    return any(one.covers(platform) for one in asked for platform in image.platforms)


def _names(images: Sequence[PlatformImage]) -> dict[str, str]:
    """Return by configuration the name of its platform; several of one platform are told apart by their digest."""
    plain = {image.config: ", ".join(str(platform) for platform in image.platforms) for image in images}
    count = Counter(plain.values())
    return {
        config: name if count[name] == 1 else f"{name} ({config[:_DIGITS_SHOWN]})" for config, name in plain.items()
    }


def _worded(
    repository: Repository, reference: Reference, image: ResolvedImage, digests: Sequence[ResolvedDigest]
) -> str:
    platforms = ", ".join(dict.fromkeys(one.platform for one in digests if one.platform))
    return f"registry {repository.registry}: {reference.text} is {image.digest} with {platforms}"
