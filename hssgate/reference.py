"""Image references, and which rows of the API belong to them."""

from typing import Protocol

from hssgate.proof import ResolvedDigest
from hssgate.record import record
from hssgate.registry_names import host_of, plain_registry, same_registry, split_registry

_COMPARED = ("cicd_name", "registry_name", "namespace", "image_name", "image_version", "image_digest")


RowKey = tuple[bool, str]  # whether the text is a whole path, and a path or a name


class RowNames(Protocol):
    """The fields of a row by which a reference recognises it."""

    @property
    def cicd_name(self) -> str | None:
        """The CI/CD identifier name."""

    @property
    def registry_name(self) -> str | None:
        """The registry: a host, or a name chosen by a user."""

    @property
    def namespace(self) -> str | None:
        """The organisation."""

    @property
    def image_name(self) -> str | None:
        """The image's name; it may include organisation and registry."""

    @property
    def image_version(self) -> str | None:
        """The tag."""

    @property
    def image_digest(self) -> str | None:
        """The digest, the proof of identity."""


@record
class Reference:
    """One image asked for; a field that is None matches any row.

    Args:
        text: the reference as the caller wrote it.
        namespace: the organisation.
        image_name: the name within the organisation.
        image_version: the tag.
        image_digest: the digest.
        cicd_name: the CI/CD identifier name that the row must have.
        registry: the registry in front of the path, as it was written.
        registry_name: the name of the registry that the row must have; it replaces `registry`.
        build_digests: digests of the build that pushed the image, each of which proves it; if empty, `image_digest`.
        metadata_file: the file that `build_digests` come from.
        resolved: digests that the registry gave, each of which proves the image of its platform; they replace all
            other digests.
    """

    text: str
    namespace: str | None
    image_name: str
    image_version: str | None
    image_digest: str | None
    cicd_name: str | None = None
    registry: str | None = None
    registry_name: str | None = None
    build_digests: tuple[str, ...] = ()
    metadata_file: str | None = None
    resolved: tuple[ResolvedDigest, ...] = ()

    @property
    def digests(self) -> tuple[str, ...]:
        """The accepted digests of the row; empty if any is accepted."""
        known = tuple(one.digest for one in self.resolved) or self.build_digests
        return known or ((self.image_digest,) if self.image_digest else ())

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms whose images must each be found; empty if the registry was not asked."""
        return tuple(dict.fromkeys(one.platform for one in self.resolved if one.platform is not None))

    def platform_of(self, row: RowNames) -> str | None:
        """Return the platform of a row's image; None if no registry tells."""
        found = self._resolved_digest(row)
        return found.platform if found else None

    def proof_of(self, row: RowNames | None) -> str | None:
        """Return the proof that a row belongs to the pushed image, in words; None if there is none."""
        if self.resolved:
            found = self._resolved_digest(row)
            return found.proof if found else None
        if self.metadata_file is not None:
            return f"by {self.metadata_file}"
        return "by its digest" if self.image_digest else None

    @property
    def path(self) -> str:
        """Organisation and name, without the registry."""
        return f"{self.namespace}/{self.image_name}" if self.namespace else self.image_name

    @property
    def spellings(self) -> tuple[str, ...]:
        """The path without none, one or more of its first components, but for its last component alone."""
        parts = self.path.split("/")
        return tuple("/".join(parts[first:]) for first in range(len(parts) - 1))

    @property
    def basename(self) -> str:
        """The last component of the path, which every row of the image shares."""
        return basename(self.image_name)

    @property
    def row_key(self) -> RowKey:
        """The key that all rows of the image have: its path, which without an organisation is its name alone."""
        has_path = self.namespace is not None or self.registry is not None
        return has_path, self.path

    def owns(self, row: RowNames) -> bool:
        """Return whether the row belongs to this reference: every given field is equal, case-sensitively."""
        # The tag first: it tells most rows of an image apart, in a twentieth of the time of the rest.
        return self.image_version in (None, row.image_version) and not self.differences(row)

    def differences(self, row: RowNames) -> tuple[str, ...]:
        """Return the names of the fields in which the row differs from the reference."""
        differ = {
            "cicd_name": self.cicd_name not in {None, row.cicd_name},
            "registry_name": not self._is_of_registry(row),
            "image_name": self.basename != basename(row.image_name),
            "namespace": not self._is_of_path(row),
            "image_version": self.image_version not in {None, row.image_version},
            "image_digest": bool(self.digests) and digest_of(row.image_digest) not in self.digests,
        }
        if differ["image_name"]:  # the path differs too then, so the organisation is compared on its own
            differ["namespace"] = not self._may_begin_with(row.namespace)
        return tuple(field for field in _COMPARED if differ[field])

    def may_become(self, row: RowNames) -> bool:
        """Return whether the row equals this image except for its digest, which HSS may add when the scan has ended.

        Without a version in the reference, a row with another digest is another image.
        """
        if self.differences(row) != ("image_digest",):
            return False
        return self.image_version is not None or not row.image_digest

    def may_own(self, row: RowNames, unreadable: frozenset[str]) -> bool:
        """Return whether a row with unreadable fields may belong to this reference.

        A readable field that differs proves that it is another image.

        Args:
            row: the row, with None for its unreadable fields.
            unreadable: names of the fields that cannot be read.
        """
        return unreadable.issuperset(self.differences(row))

    @property
    def identity(self) -> tuple[str | None, ...]:
        """A key that is equal for two references to the same image, however they are written."""
        registry = None if self.registry is None else host_of(self.registry) or self.registry
        return (
            self.cicd_name, self.registry_name, registry, self.namespace, self.image_name, self.image_version,
            *self.digests,
        )  # fmt: skip

    def _resolved_digest(self, row: RowNames | None) -> ResolvedDigest | None:
        digest = digest_of(row.image_digest) if row else None
        return next((one for one in self.resolved if one.digest == digest), None)

    def _is_of_path(self, row: RowNames) -> bool:
        _, path = split_registry(path_of_row(row))
        if self.registry is None and self.namespace is None:
            return basename(path) == self.image_name  # any organisation
        return path == self.path or self._has_dotted_organisation(row)

    def _has_dotted_organisation(self, row: RowNames) -> bool:
        """Whether the path is the image's as a whole, though its first part looks like a registry (`my.org/app`).

        Only another registry name beside it proves that it is an organisation.
        """
        wanted, named, path = self.registry_name or self.registry, row.registry_name, path_of_row(row)
        if wanted is None or not named or path != self.path:
            return False
        front, _ = split_registry(path)
        return front is not None and same_registry(wanted, named) and not same_registry(front, named)

    def _may_begin_with(self, namespace: str | None) -> bool:
        """Return whether a row of this organisation may belong to the image, for any name."""
        if not namespace or (self.registry is None and self.namespace is None):
            return True
        _, front = split_registry(f"{namespace}/")
        return f"{self.path}/".startswith(front)

    def _is_of_registry(self, row: RowNames) -> bool:
        in_path, _ = split_registry(path_of_row(row))
        is_of_other = self.registry is not None and in_path is not None and not same_registry(self.registry, in_path)
        if is_of_other and not self._has_dotted_organisation(row):
            return False
        if self.registry_name is not None:
            found = registry_of(row)
            return found is not None and same_registry(self.registry_name, found)
        named = host_of(row.registry_name) if row.registry_name else None
        return self.registry is None or named is None or named == plain_registry(self.registry)


def row_keys(row: RowNames) -> frozenset[RowKey]:
    """Return the keys of all images that a row may belong to; no other image owns it."""
    whole = path_of_row(row)
    return frozenset({(True, split_registry(whole)[1]), (True, whole), (False, basename(row.image_name))})


def basename(image_name: str | None) -> str:
    """Return the last component of a path."""
    return (image_name or "").rpartition("/")[2]


def path_of_row(row: RowNames) -> str:
    """Return the path of a row: organisation and name, or the name alone, which may include both."""
    return "/".join(part for part in (row.namespace, row.image_name) if part)


def registry_of(row: RowNames) -> str | None:
    """Return the registry of a row: its name, else the one in front of its path."""
    return row.registry_name or split_registry(path_of_row(row))[0]


def digest_of(written: str | None) -> str | None:
    """Return a digest as `sha256:` and lower case; HSS may leave out the algorithm or write upper case."""
    if written is None:
        return None
    digest = written.strip().lower()
    return digest if ":" in digest else f"sha256:{digest}"
