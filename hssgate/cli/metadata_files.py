"""`--metadata-file`: the images of build metadata files, and the selection among them by IMAGE."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hssgate.durations import Moment, format_moment
from hssgate.errors import Misused
from hssgate.files import read_bounded
from hssgate.identity.metadata_file import Build, parse_metadata
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.registry_names import same_registry
from hssgate.text import clean

_LARGEST = 16 * 1024 * 1024  # bytes; a file with provenance can be large
_MOST_NAMED = 5


def built_images(
    paths: Sequence[Path], names: Mapping[str, str | None], scanned_after: Moment | None
) -> tuple[Reference, ...]:
    """Return an image for each name of each build in the files.

    Args:
        paths: of the files.
        names: further values that the rows of every image must have: `cicd_name`, `registry_name`.
        scanned_after: no file may be older, unless it is an age.

    Raises:
        Misused: a file cannot be read, is not build metadata, or is older than `scanned_after`.
    """
    found: dict[tuple[str | None, ...], Reference] = {}
    for path in dict.fromkeys(paths):
        try:
            images = [image for build in _builds(path, scanned_after) for image in _images(build, path, names)]
        except (OSError, ValueError) as error:
            reason = (error.strerror or error) if isinstance(error, OSError) else error
            raise Misused(f"--metadata-file {clean(path, 300)}: {clean(reason, 400)}") from None
        for image in images:
            other = found.setdefault(_name_of(image), image)
            if set(other.digests) != set(image.digests):
                raise Misused(
                    f"--metadata-file {clean(path, 300)}: {clean(image.text, 300)} has another digest here than in "
                    f"{clean(other.metadata_file, 300)}; name only the file of the push that is meant"
                )
    return tuple(found.values())


def pick(image: Reference, built: Sequence[Reference]) -> Reference:
    """Return IMAGE with the digests of its build.

    Args:
        image: as given.
        built: the images of the files.

    Raises:
        ValueError: it contradicts the files.
    """
    named = [other for other in built if _is_same_name(image, other)]
    if not named:
        names = ", ".join(clean(other.text, 200) for other in built[:_MOST_NAMED])
        more = f" and {len(built) - _MOST_NAMED} more" if len(built) > _MOST_NAMED else ""
        raise ValueError(
            f"{image.text!r} is none of the images in --metadata-file: {names}{more}; write it like one of them, "
            "or leave IMAGE out"
        )
    fitting = [other for other in named if image.image_digest in {None, *other.digests}]
    if not fitting:
        raise ValueError(
            f"{image.text!r}: the digest is none of those that {clean(named[0].metadata_file, 200)} gives it "
            f"({', '.join(named[0].digests)}); leave it out of IMAGE, or name the file of that push"
        )
    if len({other.digests for other in fitting}) > 1:
        raise ValueError(f"{image.text!r} fits several builds in --metadata-file; name its registry, or its digest")
    return replace(image, build_digests=fitting[0].digests, metadata_file=fitting[0].metadata_file)


def _builds(path: Path, scanned_after: Moment | None) -> tuple[Build, ...]:
    builds = parse_metadata(_content(path))
    status = path.stat()
    is_old = scanned_after is not None and not scanned_after.is_age and status.st_mtime * 1000 < scanned_after.epoch_ms
    if is_old and stat.S_ISREG(status.st_mode):
        raise ValueError(
            f"it was last written at {format_moment(status.st_mtime * 1000)}, before --scanned-after {scanned_after}: "
            "name the file of this build, or an earlier moment"
        )
    return builds


def _content(path: Path) -> bytes:
    raw = read_bounded(path, _LARGEST)
    if len(raw) > _LARGEST:
        raise ValueError(f"it is longer than {_LARGEST // 1024 // 1024} MiB")
    return raw


def _images(build: Build, path: Path, names: Mapping[str, str | None]) -> Iterator[Reference]:
    for name in build.names:
        # A push by digest has no tag, so the name alone may not be a valid reference. With the digest it always is.
        full = parse_reference(f"{name}@{build.digest}", **names)
        plain = replace(full, text=name, image_digest=None) if full.image_version else full
        yield replace(plain, build_digests=build.digests, metadata_file=str(path))


def _name_of(image: Reference) -> tuple[str | None, ...]:
    """Return the key of an image: its name with the tag, or with the digest."""
    return (image.registry, image.path, image.image_version, image.image_digest)


def _is_same_name(image: Reference, built: Reference) -> bool:
    if image.registry and built.registry and not same_registry(image.registry, built.registry):
        return False
    return image.path == built.path and image.image_version in {None, built.image_version}
