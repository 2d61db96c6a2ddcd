"""Locked requirements: every supported Python on every supported platform finds a wheel of each package."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.support.locked_files import PLATFORMS, Locked, lacking, read_files, read_lock, version_of

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"
PYTHONS = [(3, minor) for minor in range(11, 16)]
# PyYAML has no such wheel in any release; with Python 3.12 and newer it has.
WITHOUT_WHEEL = {((3, 11), "pyyaml", "Windows, arm64")}
NOT_OF_THIS_LOCK = "requirements/files.sha256 is not of this lock; run `make lock`"


def _locked() -> list[Locked]:
    return [
        package
        for name in ("runtime.txt", "build.txt")
        for package in read_lock((LOCKS / name).read_text(encoding="utf-8"))
    ]


def _files() -> dict[str, str]:
    return read_files((LOCKS / "files.sha256").read_text(encoding="utf-8"))


def test_each_listed_file_is_of_the_package_and_version_that_its_hash_is_locked_for() -> None:
    """The list is evidence only while each hash in it is one that the lock accepts, for what the file's name says."""
    locked = {digest: package for package in _locked() for digest in package.hashes}

    for digest, file in _files().items():
        name, version = version_of(file)
        assert digest in locked, f"{file}: {NOT_OF_THIS_LOCK}"
        assert (locked[digest].name, str(locked[digest].requirement.specifier)) == (name, f"=={version}"), file


@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: "{}.{}".format(*python))
def test_each_package_has_a_wheel_for_this_python_on_every_platform(python: tuple[int, int]) -> None:
    """An installation from source needs a compiler, and downloads build tools whose hashes nobody checked."""
    found = {(python, *where) for where in lacking(_locked(), _files(), python)}

    assert found == {where for where in WITHOUT_WHEEL if where[0] == python}


def test_a_missing_wheel_is_found_for_each_python_and_platform() -> None:
    """Without its wheels for 3.15, pydantic-core lacks that Python on every platform, and no other."""
    core = [package for package in _locked() if package.name == "pydantic-core"]
    files = {digest: file for digest, file in _files().items() if "-cp315-cp315-" not in file}

    found = {(python, platform) for python in PYTHONS for _, platform in lacking(core, files, python)}

    assert found == {((3, 15), platform) for platform in PLATFORMS}


def test_the_classifiers_and_the_tests_of_ci_name_these_pythons() -> None:
    """What is announced, tested and locked are the same versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    versions = ["{}.{}".format(*python) for python in PYTHONS]

    announced = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line) for line in project["classifiers"]]
    tested = re.search(r"python: \[(.+)\]", workflow)

    assert [match[1] for match in announced if match] == versions
    assert project["requires-python"] == f">={versions[0]}"
    assert tested is not None
    assert re.findall(r"3\.\d+", tested[1]) == versions


def test_every_runtime_dependency_is_locked() -> None:
    """The action installs the lock, and nothing beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {canonicalize_name(re.split(r"[<>=]", line)[0]) for line in project["dependencies"]}

    assert wanted <= {package.name for package in _locked()}
