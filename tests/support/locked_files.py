"""Files behind the hashes of a lock: their names, and whether each supported machine finds a wheel among them.

`python -m tests.support.locked_files PYLOCK` prints them from a pylock.toml, as `sha256sum` writes its lists; `make lock`
keeps that in requirements/files.sha256. Wheels of Pythons that are not supported are left out by uv.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

_ENTRY = re.compile(r"^(\S+==.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
_HASH = re.compile(r"[0-9a-f]{64}")

# Oldest machines that are served: glibc 2.28 (Debian 10, RHEL 8), musl 1.2 (Alpine 3.13), macOS 11.
PLATFORMS = {
    "Linux, glibc, x86_64": ("linux", "x86_64", ("manylinux_2_28", "manylinux_2_17", "manylinux2014")),
    "Linux, glibc, arm64": ("linux", "aarch64", ("manylinux_2_28", "manylinux_2_17", "manylinux2014")),
    "Linux, musl, x86_64": ("linux", "x86_64", ("musllinux_1_2", "musllinux_1_1")),
    "Linux, musl, arm64": ("linux", "aarch64", ("musllinux_1_2", "musllinux_1_1")),
    "macOS, x86_64": ("darwin", "x86_64", ("macosx_11_0", "macosx_10_15", "macosx_10_13", "macosx_10_12")),
    "macOS, arm64": ("darwin", "arm64", ("macosx_11_0",)),
    "Windows, x86_64": ("win32", "amd64", ("win",)),
    "Windows, arm64": ("win32", "arm64", ("win",)),
}


class Locked(NamedTuple):
    """One package of a lock.

    Args:
        requirement: name, version and marker.
        hashes: of the files that may be installed.
    """

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """The name in its normal form."""
        return canonicalize_name(self.requirement.name)


def read_lock(text: str) -> list[Locked]:
    """Return the packages of a requirements file with hashes."""
    return [Locked(Requirement(written), frozenset(_HASH.findall(hashes))) for written, hashes in _ENTRY.findall(text)]


def read_files(text: str) -> dict[str, str]:
    """Return the file names of a list as `sha256sum` writes it, by hash."""
    return {digest: name for digest, _, name in (line.partition("  ") for line in text.splitlines())}


def version_of(file: str) -> tuple[str, str]:
    """Return the package and version of a wheel or source archive."""
    name, version = parse_wheel_filename(file)[:2] if file.endswith(".whl") else parse_sdist_filename(file)
    return name, str(version)


def lacking(packages: Iterable[Locked], files: Mapping[str, str], python: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Yield package and platform where no wheel can be installed."""
    for platform, (system, machine, families) in PLATFORMS.items():
        tags = _tags(python, [f"{family}_{machine}" for family in families])
        environment = {"sys_platform": system, "python_version": "{}.{}".format(*python)}
        for package in packages:
            marker = package.requirement.marker
            if marker is not None and not marker.evaluate(environment):
                continue
            wheels = [files[digest] for digest in package.hashes if files.get(digest, "").endswith(".whl")]
            if not any(tags & parse_wheel_filename(wheel)[3] for wheel in wheels):
                yield package.name, platform


def _tags(python: tuple[int, int], platforms: list[str]) -> set[Tag]:
    interpreter = "cp{}{}".format(*python)
    return {
        *cpython_tags(python, abis=[interpreter], platforms=platforms),
        *compatible_tags(python, interpreter, platforms),
    }


def listed(pylock: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each file, without the address that the lock has for it."""
    for package in pylock["packages"]:
        for file in (*filter(None, [package.get("sdist")]), *package.get("wheels", ())):
            yield f"{file['hashes']['sha256']}  {file['url'].rpartition('/')[2]}\n"


if __name__ == "__main__":
    sys.stdout.writelines(listed(tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
