"""The file that `hssgate accept` writes: its path is checked before the wait, and its entries are kept."""

import os
from collections.abc import Mapping
from pathlib import Path

from hssgate.cli.report_files import check_path, is_stream, reason_of, refuse_default_name
from hssgate.errors import Misused
from hssgate.policy.known import KnownImage
from hssgate.policy.known_file import read_known_file
from hssgate.text import clean

USUAL_NAME = "hssgate-accepted.json"


def check_output(given: str) -> None:
    """Refuse a path that cannot be written, or on which a policy would be found.

    Raises:
        Misused: the path is empty, of a folder, of no regular file, or has the name of a default policy file.
    """
    option = f"-o {clean(given, 300)}"
    if not given.strip():
        raise Misused(f"-o: the path is empty; name a file such as {USUAL_NAME}")
    if is_stream(given) and not Path(given).is_dir():
        raise Misused(f"{option}: it is no regular file, and entries of other images could not be kept; name a file")
    try:
        refuse_default_name(option, given, "findings", USUAL_NAME)
        check_path(Path(given))
    except (OSError, ValueError) as error:
        raise Misused(f"{option}: {reason_of(error)}") from error


def read_output(path: Path, *, is_needed: bool) -> Mapping[str, KnownImage]:
    """Return what the file has by image; nothing if there is no file.

    Args:
        path: of the file.
        is_needed: whether there must be one.

    Raises:
        Misused: the file cannot be read, or `hssgate accept` did not write it.
    """
    if not os.path.lexists(path) and not is_needed:
        return {}
    try:
        return read_known_file(path).images
    except ValueError as error:
        raise Misused(f"-o {clean(path, 300)}: {error}") from error
