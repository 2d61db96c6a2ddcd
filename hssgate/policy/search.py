"""Search for the default policy file in the current folder and its parents up to the root of the repository."""

import os
from pathlib import Path

from hssgate.errors import Misused
from hssgate.record import record
from hssgate.text import clean

DEFAULT_NAMES = ("hssgate.yaml", "hssgate.yml", "hssgate.toml", "hssgate.json")
NAMES_IN_WORDS = "hssgate.yaml, .yml, .toml or .json"
_REPOSITORY = ".git"  # a folder; a file in a worktree or submodule
_WAY_OUT = "name the policy by --policy or HSSGATE_POLICY"
_ROOT = 0  # user id
_LONGEST_PATH = 400


@record
class Search:
    """The result of a search for the default policy file.

    Args:
        path: path of the file, relative to the current folder; None if there is none.
        folders: folders that were searched, nearest first, as absolute paths.
        in_repository: path relative to the root of the repository, for a file found in a parent folder.
    """

    path: Path | None
    folders: tuple[Path, ...]
    in_repository: Path | None = None


class Disk:
    """File system queries of the search, which tests replace."""

    def device(self, folder: Path) -> int:
        """Return the device number of the file system that the folder is on."""
        return folder.stat().st_dev

    def owners(self, path: Path) -> set[int]:
        """Return the user ids that own the path and, if it is a symbolic link, its target."""
        found = {path.lstat().st_uid}
        return found | {path.stat().st_uid} if path.exists() else found


_DISK = Disk()


def find_policy(disk: Disk = _DISK) -> Search:
    """Search the current folder and its parents, up to the root of the repository.

    Outside of a repository, or if its root is on another file system, only the current folder is searched. The search
    ends at the first default file; if that file is not a valid policy, the run fails instead of searching on.

    Raises:
        Misused: a folder contains two default files or a misspelt one, cannot be searched, or has an untrusted owner.
    """
    try:
        here = Path.cwd()
        if name := _default_name_in(here):
            return Search(Path(name), (here,))
        above = _folders_above(here, disk)
        # Whoever owns a parent folder can put a permissive policy there (/tmp/hssgate.yaml above a checkout in /tmp),
        # or a .git that makes the search go that far. So the owners of all folders up to the root are checked before
        # the first file in them is considered, as Git checks the owner of a repository (safe.directory).
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
    """Whether the name is that of a default policy file, or a near miss: other case, `-`, `_` or a leading dot."""
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
        raise Misused(f"{shown} in {place}: a folder can have only one default policy file; keep one, or {_WAY_OUT}")
    return names[0]


def _folders_above(here: Path, disk: Disk) -> tuple[Path, ...]:
    """Return the parent folders, nearest first, up to the root of the repository; none outside of a repository."""
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
    """Whether the path exists, even as a dangling link.

    Raises:
        OSError: the file system does not say, for instance because a folder cannot be searched.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _require_trusted_owner(path: Path, trusted: set[int], disk: Disk) -> None:
    """Refuse a path that belongs neither to this user, nor root, nor the owner of the current folder.

    The owner of the current folder is trusted because a job in a container often runs as another user than the one who
    owns the checkout.

    Raises:
        Misused: the path has another owner.
    """
    if untrusted := disk.owners(path) - trusted:
        raise Misused(
            f"{clean(path, _LONGEST_PATH)} belongs to user {min(untrusted)}, who is neither this user, root, nor the "
            f"owner of the current folder, so no policy above the current folder can be trusted; {_WAY_OUT}"
        )
