"""The images to check: each IMAGE, with its digest from build metadata; without any IMAGE, all of that metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hssgate.durations import Moment
from hssgate.errors import Misused
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference

MOST_IMAGES = 2000  # twice the number for which benchmarks/memory.py stays well below 150 MB
_MOST_PROBLEMS = 20


def references_of(
    images: Sequence[str],
    metadata_files: Sequence[Path],
    names: Mapping[str, str | None],
    scanned_after: Moment | None,
) -> tuple[Reference, ...]:
    """Return each image once, in the order given; without any IMAGE, those of the build metadata.

    Args:
        images: each IMAGE.
        metadata_files: of builds; IMAGE picks among what they name.
        names: further values that the rows of every image must have: `cicd_name`, `registry_name`.
        scanned_after: before which no metadata file may have been written, unless it is an age.

    Raises:
        Misused: there is no image, there are too many, or one cannot be read.
    """
    built = _built_images(metadata_files, names, scanned_after)
    found: dict[tuple[str | None, ...], Reference] = {}
    problems = []
    if len(distinct := dict.fromkeys(images)) > MOST_IMAGES:
        raise Misused(f"{len(distinct)} IMAGEs given, more than the {MOST_IMAGES} of one run; split them up")
    for image in distinct:
        try:
            reference = parse_reference(image, **names)
            if built:
                from hssgate.cli.metadata_files import pick

                reference = pick(reference, built)
        except ValueError as error:
            problems.append(str(error))
        else:
            found.setdefault(reference.identity, reference)
    if problems:
        more = [f"and {len(problems) - _MOST_PROBLEMS} more"] if len(problems) > _MOST_PROBLEMS else []
        raise Misused("\n".join([*problems[:_MOST_PROBLEMS], *more]))
    if not images:
        found = {reference.identity: reference for reference in built}
    if not found:
        raise Misused(
            "no IMAGE given: name at least one, such as team/app:1.0, or set HSSGATE_IMAGES, or give --metadata-file"
        )
    return tuple(found.values())


def _built_images(
    paths: Sequence[Path], names: Mapping[str, str | None], scanned_after: Moment | None
) -> tuple[Reference, ...]:
    if not paths:
        return ()
    from hssgate.cli.metadata_files import built_images  # most runs have none

    return built_images(paths, names, scanned_after)
