"""Venv with one distribution and its requirements only, linked from this environment.

The environment of this repository holds test tools as well, which httpx looks for and loads.
"""

import re
import venv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def make(folder: Path, name: str) -> str:
    """Make the venv in a folder that is not there yet, and return the path of its Python.

    Args:
        folder: where.
        name: of the distribution.
    """
    venv.EnvBuilder(symlinks=True).create(folder)
    packages = next(folder.glob("lib/python*/site-packages"))
    for part in required_by(name).values():
        root = Path(str(part.locate_file(""))).resolve()
        tops = {path.parts[0] for path in part.files or ()} - {"..", "__pycache__"}
        for top in tops:
            if not (packages / top).exists():
                (packages / top).symlink_to(root / top)
    return str(folder / "bin" / "python")


def required_by(name: str) -> dict[str, Distribution]:
    """Return the distribution and all that it requires here, by name."""
    found: dict[str, Distribution] = {}
    left = [name]
    while left:
        named = left.pop()
        key = re.sub(r"[-_.]+", "-", named).lower()
        if key in found:
            continue
        try:
            found[key] = distribution(named)
        except PackageNotFoundError:  # for another Python or system
            continue
        left += [
            match[0]
            for requirement in found[key].requires or ()
            if "extra ==" not in requirement and (match := _NAME.match(requirement))
        ]
    return found
