"""Files of images: `@FILE` stands for every IMAGE in it, for lists that are too long for a variable or an input."""

from collections.abc import Iterable
from pathlib import Path

from hssgate.cli.report_files import reason_of
from hssgate.errors import Misused
from hssgate.files import read_bounded
from hssgate.reference_parser import is_bare_digest
from hssgate.text import clean

_MARK = "@"  # with which no reference begins
_LONGEST = 1024 * 1024  # bytes


def with_files(images: Iterable[str]) -> tuple[list[str], list[Path]]:
    """Return the images with those of each `@FILE` in its place, and the files.

    Raises:
        Misused: a file cannot be read, is too long or not UTF-8, or names no image.
    """
    found: list[str] = []
    files: list[Path] = []
    for image in images:
        if not _is_file(image):
            found.append(image)
            continue
        path = Path(image.removeprefix(_MARK))
        found += _images_in(image, path)
        files.append(path)
    return found, files


def _is_file(image: str) -> bool:
    """Whether `@FILE` is meant, and not `NAME@DIGEST` with the name left out."""
    return image.startswith(_MARK) and not is_bare_digest(image.removeprefix(_MARK))


def _images_in(given: str, path: Path) -> list[str]:
    try:
        data = read_bounded(path, _LONGEST)
        if len(data) > _LONGEST:
            raise Misused(f"{clean(given, 300)}: the file is longer than {_LONGEST} bytes; split it up")
        images = data.decode("utf-8-sig").split()
    except (OSError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else reason_of(error)
        raise Misused(f"{clean(given, 300)}: the file of images cannot be read: {reason}") from error
    if not images:
        raise Misused(f"{clean(given, 300)}: the file is empty; was what writes it run?")
    if nested := next(filter(_is_file, images), None):
        raise Misused(
            f"{clean(given, 300)}: {clean(nested, 300)} is no image; a file of images cannot name another one"
        )
    return images
