"""The container image, built by buildah on a Debian of debootstrap and run by the kernel alone, without a registry."""

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from junitparser import JUnitXml

from hssgate import __version__
from tests.integration.conftest import BIN, ROOT, emulator, ran, succeeded

pytestmark = pytest.mark.integration

PACKAGES = ("ca-certificates", "python3", "python3-venv")
RELEASE, PYTHON = "bookworm", "3.11"  # the Python of that Debian
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "--non-interactive")
STRANGER = "1234:1234"
FOREVER = "demo/scanning-forever:1.0"
# What an engine does: mounts of its own, the image as the root, read-only if asked to, and the command as process 1.
_START = """
set -e
root=$1 work=$2 user=$3 mode=$4; shift 4
mount --bind "$root" "$root"
mount --bind "$work" "$root/work"
mount -t proc proc "$root/proc"
if [ "$mode" = tmpfs ]; then mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"; fi
if [ "$mode" != writable ]; then mount -o remount,bind,ro "$root"; fi
exec chroot --userspec="$user" "$root" /usr/bin/env -i --chdir=/work "$@"
"""


def cached_base(folder: Path) -> str:
    """Return the base image: made once, kept in buildah's store and as an archive, and made again for other packages."""
    key = hashlib.sha256(" ".join((RELEASE, platform.machine(), *PACKAGES)).encode()).hexdigest()[:16]
    name = f"localhost/hssgate-test-base:{key}"
    if ran(*AS_ROOT, "buildah", "inspect", "--type", "image", name, cwd=folder).returncode == 0:
        return name
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hssgate"
    archive = cache / f"base-{key}.tar"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_suffix(f".{os.getpid()}")
        container = succeeded(*AS_ROOT, "buildah", "from", "scratch", cwd=folder).strip()
        succeeded(*AS_ROOT, "buildah", "add", "--quiet", container, debian(folder), "/", cwd=folder)
        succeeded(*AS_ROOT, "buildah", "commit", "--rm", container, f"oci-archive:{unfinished}", cwd=folder)
        succeeded(*AS_ROOT, "rm", "-rf", folder / "debian", cwd=folder)
        unfinished.rename(archive)
    pulled = succeeded(*AS_ROOT, "buildah", "pull", "--quiet", f"oci-archive:{archive}", cwd=folder).strip()
    succeeded(*AS_ROOT, "buildah", "tag", pulled, name, cwd=folder)
    return name


def debian(folder: Path) -> Path:
    """Make a small Debian with Python."""
    root = folder / "debian"
    bootstrap = ("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", RELEASE, root)
    succeeded(*AS_ROOT, *bootstrap, cwd=folder)
    left_out = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")
    succeeded(*AS_ROOT, "rm", "-rf", *(root / name for name in left_out), cwd=folder)
    succeeded(*AS_ROOT, "chmod", "1777", root / "tmp", cwd=folder)
    return root


def mounted(container: str, folder: Path) -> str:
    """Return where the files of a container are."""
    return succeeded(*AS_ROOT, "buildah", "mount", container, cwd=folder).strip()


@dataclass(frozen=True)
class Image:
    """The image of this tree.

    Args:
        root: where its files are.
        config: as engines read it.
    """

    root: Path
    config: dict[str, object]

    def command(self, work: Path, *arguments: str, user: str = "0:0", mode: str = "read-only", **env: str) -> list[str]:
        """Return the command that runs the image in a process namespace of its own, with nothing else in its environment."""
        own = self.config["Env"]
        entry = self.config["Entrypoint"]
        assert isinstance(own, list)
        assert isinstance(entry, list)
        given = [f"{name}={value}" for name, value in {"HSSGATE_TOKEN": "emulator-token", **env}.items()]
        namespaces = (*AS_ROOT, "unshare", "--mount", "--pid", "--fork", "--kill-child")
        start = ("sh", "-c", _START, "sh", str(self.root), str(work), user, mode)
        return [*namespaces, *start, *own, *given, *entry, *arguments]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, packages: dict[str, str]) -> Iterator[Image]:
    """Build the image from this tree, with packages that were downloaded before."""
    folder = tmp_path_factory.mktemp("image")
    requirements = [word for name in ("runtime", "build") for word in ("-r", ROOT / "requirements" / f"{name}.txt")]
    download = (sys.executable, "-m", "pip", "--quiet", "download", "--require-hashes", "--only-binary=:all:")
    env = packages if f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON else {}
    succeeded(*download, f"--python-version={PYTHON}", "--dest", folder / "wheels", *requirements, cwd=folder, env=env)
    (folder / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    tag = f"localhost/hssgate-test:{uuid.uuid4().hex}"
    build = (
        "buildah",
        "bud",
        "--quiet",
        "--isolation",
        "chroot",
        "--build-arg",
        f"BASE={cached_base(folder)}",
        "--tag",
        tag,
    )
    secret = ("--secret", f"id=pip.conf,src={folder / 'pip.conf'}", "--volume", f"{folder / 'wheels'}:/wheels:ro")
    succeeded(*AS_ROOT, *build, *secret, "--build-arg", f"VERSION={__version__}", ROOT, cwd=folder)
    container = succeeded(*AS_ROOT, "buildah", "from", tag, cwd=folder).strip()
    try:
        root = Path(mounted(container, folder))
        succeeded(*AS_ROOT, "mkdir", "-p", root / "work", cwd=folder)
        inspected = json.loads(succeeded(*AS_ROOT, "buildah", "inspect", "--type", "image", tag, cwd=folder))
        yield Image(root, inspected["OCIv1"]["config"])
    finally:
        succeeded(*AS_ROOT, "buildah", "rm", container, cwd=folder)
        succeeded(*AS_ROOT, "buildah", "rmi", tag, cwd=folder)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace with a blank and Chinese in its path, which belongs to another user."""
    folder = tmp_path / "my 工作区"
    folder.mkdir()
    succeeded(*AS_ROOT, "chown", STRANGER, folder, cwd=tmp_path)
    for parent in folder.parents:
        if parent.is_relative_to(tmp_path.parents[1]):
            parent.chmod(0o755)
    return folder


@pytest.mark.parametrize("user", ["0:0", STRANGER], ids=["root", "another user"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("demo/passes:1.0", 0, id="pass"),
        pytest.param("demo/blocked-severity:1.0", 10, id="block"),
        pytest.param("demo/scanning-forever:1.0", 4, id="timeout"),
        pytest.param("demo/passes", 2, id="misuse"),
    ],
)
def test_check_works_on_a_mounted_workspace(image: Image, work: Path, user: str, name: str, code: int) -> None:
    """With a read-only root, no home and no folder for temporary files; the exit code is that of the gate."""
    with emulator() as endpoint:
        arguments = ("check", name, "--timeout", "2s", "--endpoint", endpoint, "--project-id", "any")
        reports = ("--report", "junit=out/hssgate.xml", "--report", "json=out/report.json")
        ended = ran(*image.command(work, *arguments, *reports, user=user), cwd=work.parent)

    assert ended.returncode == code, ended.stdout + ended.stderr
    assert (work / "out" / "hssgate.xml").exists() is (code != 2)


def test_the_api_being_down_is_exit_3(image: Image, work: Path) -> None:
    """Nothing listens there."""
    arguments = ("check", "a:1", "--timeout", "0", "--endpoint", "http://127.0.0.1:9", "--project-id", "any")

    assert ran(*image.command(work, *arguments), cwd=work.parent).returncode == 3


def test_two_at_once_do_not_disturb_each_other(image: Image, work: Path) -> None:
    """On one workspace, with reports of their own."""
    names = {"demo/passes:1.0": 0, "demo/blocked-severity:1.0": 10}
    with emulator() as endpoint:
        both = [
            subprocess.Popen(
                image.command(
                    work, "check", name, "--endpoint", endpoint, "--project-id", "any", "--report", f"json={code}.json",
                    user=STRANGER,
                ),
                stdout=subprocess.DEVNULL,
            )
            for name, code in names.items()
        ]  # fmt: skip
        assert [process.wait() for process in both] == [*names.values()]

    for name, code in names.items():
        report = json.loads((work / f"{code}.json").read_text(encoding="utf-8"))
        assert ([one["reference"] for one in report["images"]], report["exit_code"]) == ([name], code)


def test_the_selftest_holds_inside(image: Image, work: Path) -> None:
    """By the name of a theme; it needs a folder for temporary files."""
    ended = ran(*image.command(work, "selftest", "freshness", user=STRANGER, mode="tmpfs"), cwd=work.parent)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "HOLDS" in ended.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_signal_to_process_1_leaves_reports(image: Image, work: Path, number: int, code: int) -> None:
    """As `docker stop` sends it: to the gate itself, for there is no shell before it."""
    with emulator() as endpoint:
        arguments = ("check", FOREVER, "--endpoint", endpoint, "--project-id", "any", "--report", "junit=hssgate.xml")
        with subprocess.Popen(
            image.command(work, *arguments, user=STRANGER), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout
            printed = ""
            while f"{FOREVER}: scanning" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            first = _process_1(process.pid)
            succeeded(*AS_ROOT, "kill", f"-{number}", str(first), cwd=work.parent)
            printed += process.stdout.read()

    assert process.returncode == code, printed
    assert JUnitXml.fromfile(str(work / "hssgate.xml")).errors > 0


def _process_1(outside: int) -> int:
    """Return the process that is the first one inside, by its number outside."""
    while children := Path(f"/proc/{outside}/task/{outside}/children").read_text().split():
        outside = int(children[0])
    return outside


def test_nothing_is_compiled_at_a_start(image: Image, work: Path) -> None:
    """Of what hssgate imports; a read-only root file system could not keep it."""
    command = image.command(work, "-v", "-c", "import hssgate.cli.check")
    command[command.index("hssgate")] = "python"

    ended = ran(*command, cwd=work.parent)

    assert ended.returncode == 0, ended.stderr
    assert "/opt/hssgate/lib/python3.11/site-packages/hssgate/cli/__pycache__/check.cpython-311.pyc" in ended.stderr
    assert "bytecode is stale" not in ended.stderr


def test_nothing_is_left_that_builds_or_installs(image: Image) -> None:
    """No pip, no compiler, no sources of the build, no secret of it."""
    names = {"pip", "pip3", "ensurepip", "setuptools", "hatchling", "gcc", "cc", "g++", "make", "python-wheels"}
    found = [
        path
        for top in ("usr", "opt", "etc", "root", "build")
        for path in (image.root / top).rglob("*")
        if path.name in names and "doc" not in path.parts and path.parent.name not in {"share", "lintian"}
    ]

    assert found == []
    assert not (image.root / "build").exists()
    assert not (image.root / "etc" / "pip.conf").exists()


def test_the_image_says_what_it_is(image: Image) -> None:
    """Entry point, labels, and no user of its own: `--user` is the caller's."""
    labels = image.config["Labels"]
    assert isinstance(labels, dict)

    assert image.config["Entrypoint"] == ["hssgate"]
    assert "User" not in image.config
    assert labels["org.opencontainers.image.version"] == __version__
    names = ("title", "description", "licenses", "revision", "created")
    assert {f"org.opencontainers.image.{name}" for name in names} <= {*labels}


def test_hadolint_finds_nothing() -> None:
    """In the Dockerfile; what is ignored has its reason there."""
    assert (ended := ran(BIN / "hadolint", "Dockerfile", cwd=ROOT)).returncode == 0, ended.stdout
