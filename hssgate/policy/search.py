"""Finds the default policy file: in this folder, or in the nearest one above it within the repository."""

import os
from pathlib import Path

from hssgate.errors import Misused
from hssgate.record import record
from hssgate.text import clean

DEFAULT_NAMES = ("hssgate.yaml", "hssgate.yml", "hssgate.toml", "hssgate.json")
NAMES_IN_WORDS = "hssgate.yaml, .yml, .toml or .json"
_REPOSITORY = ".git"  # a folder, or a file where the checkout is a worktree or a submodule
_WAY_OUT = "name the policy by --policy or HSSGATE_POLICY"
_ROOT = 0  # user id
_LONGEST_PATH = 400


@record
class Search:
    """What a search for the default policy file came to.

    Args:
        path: of the file, relative to the current folder; None where there is none.
        folders: that were searched, nearest first, as absolute paths.
        in_repository: the path of a file found above, relative to the root of the repository.
    """

    path: Path | None
    folders: tuple[Path, ...]
    in_repository: Path | None = None


class Disk:
    """What the search asks of the file system beside names."""

    def device(self, folder: Path) -> int:
        """Return the number of the file system."""
        return folder.stat().st_dev

    def owners(self, path: Path) -> set[int]:
        """Return the user ids of the owners of the path and, if it is a link, of the file that it leads to."""
        found = {path.lstat().st_uid}
        return found | {path.stat().st_uid} if path.exists() else found


_DISK = Disk()


def find_policy(disk: Disk = _DISK) -> Search:
    """Search the current folder and those above it, up to the root of the repository.

    Without a repository, or where its root is on another file system, only the current folder is searched. A file is
    never passed over because of its content: what it holds is a policy, or the run is misused.

    Raises:
        Misused: a folder holds two default files or a misspelt one, cannot be searched, or has an untrusted owner.
    """
    try:
        here = Path.cwd()
        if name := _default_name_in(here):
            return Search(Path(name), (here,))
        above = _folders_above(here, disk)
        # The owner of a folder decides what is found in it, so the whole way up is checked before anything is read.
        trusted = {_ROOT, getattr(os, "geteuid", lambda: _ROOT)(), *disk.owners(here)}
        for path in (*above, *(folder / _REPOSITORY for folder in above[-1:])):
            _require_trusted_owner(path, trusted, disk)
        for number, folder in enumerate(above, 1):
            if name := _default_name_in(folder):
                _require_trusted_owner(folder / name, trusted, disk)
                in_repository = folder.relative_to(above[-1]) / name
                return Search(Path(*[".."] * number, name), (here, *above[:number]), in_repository)
    except OSError as error:
        place = clean(error.filename or "the current folder", _LONGEST_PATH)
        raise Misused(f"{place}: it cannot be searched for a policy: {error.strerror}; {_WAY_OUT}") from error
    return Search(None, (here, *above))


def is_default_name(name: str) -> bool:
    """Whether a file of this name is, or may be meant as, a default policy file.

    The names are compared without case, `-`, `_` and leading dots.
    """
    return name.casefold().lstrip(".").replace("-", "").replace("_", "") in DEFAULT_NAMES


def _default_name_in(folder: Path) -> str | None:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if is_default_name(entry.name))
    if not names:
        return None
    shown = " and ".join(clean(name, _LONGEST_PATH) for name in names)
    place = clean(folder, _LONGEST_PATH)
    for name in names:
        if name not in DEFAULT_NAMES:
            raise Misused(
                f"{shown} in {place}: a default policy file is named {NAMES_IN_WORDS}, and {clean(name, 100)} would be "
                f"passed over; rename it, or {_WAY_OUT}"
            )
    if len(names) > 1:
        raise Misused(f"{shown} in {place}: only one default policy file may be there; keep one, or {_WAY_OUT}")
    return names[0]


def _folders_above(here: Path, disk: Disk) -> tuple[Path, ...]:
    """Return the folders above, nearest first and the root of the repository last; none outside of a repository."""
    above: list[Path] = []
    device = disk.device(here)
    for folder in (here, *here.parents):
        if disk.device(folder) != device:
            break
        if folder != here:
            above.append(folder)
        if _exists(folder / _REPOSITORY):
            return tuple(above)
    return ()


def _exists(path: Path) -> bool:
    """Whether there is something, even a link that leads nowhere; what cannot be found out is an error."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _require_trusted_owner(path: Path, trusted: set[int], disk: Disk) -> None:
    """Refuse what belongs neither to this user, to root, nor to the owner of the current folder.

    A job in a container often runs as another user than the one who owns the whole checkout, hence the last of these.
    """
    if untrusted := disk.owners(path) - trusted:
        raise Misused(
            f"{clean(path, _LONGEST_PATH)} belongs to user {min(untrusted)}, who is neither this user, root, nor the "
            f"owner of the current folder, so no policy above the current folder can be trusted; {_WAY_OUT}"
        )
