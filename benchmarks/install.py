"""Time from an empty machine to a verdict: the GitHub Action with pip and with uv, and a single file.

Caches of the installers are not used. It needs a package index, and for its rows uv on PATH. Run
it with `make bench`.
"""

import os
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import environment, run
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve

ROOT = Path(__file__).parents[1]
# A compiled module cannot be imported out of an archive: it is unpacked once, beside it.
SINGLE_FILE = """
import os, sys, zipfile
archive = sys.path[0]
folder = archive + ".unpacked"
if not os.path.isdir(folder):
    zipfile.ZipFile(archive).extractall(folder)
sys.path[0] = folder
from hssgate.__main__ import main
main()
"""


def main() -> None:
    """Measure and print the table."""
    print(f"{'':22}{'set-up':>10}{'processor':>12}{'first check':>14}{'later':>9}{'size':>10}")
    app = Emulator(default_scenario(), now=time.time, sleep=time.sleep)
    with serve(app) as server, tempfile.TemporaryDirectory() as name:
        check = ["check", "demo/passes:1.0", "--endpoint", server.url, "--project-id", "demo", "-q"]
        environ = environment(PIP_NO_CACHE_DIR="1", UV_NO_CACHE="1")
        packages = Path()
        for way in ("pip", "uv"):
            if way == "uv" and shutil.which("uv") is None:
                print(f"{way:22}{'uv is not on PATH':>20}")
                continue
            temp = Path(name) / way
            temp.mkdir()
            given = environ | {"RUNNER_TEMP": str(temp)} | ({} if way == "uv" else {"PATH": _path_without_uv()})
            set_up = run([sys.executable, "-I", str(ROOT / "action" / "private_venv.py")], given)
            python = next(temp.glob("*/bin/python"))
            packages = next(temp.glob("*/lib/python*/site-packages"))
            figures = f"{set_up.wall:>8.1f} s{set_up.processor:>10.1f} s"
            _print(f"the action, {way}", figures, _checks([str(python), "-m", "hssgate", *check], environ), packages)
        archive = Path(name) / "hssgate.pyz"
        _pack(packages, archive)
        checks = _checks([sys.executable, "-I", "-S", str(archive), *check], environ)
        _print("a single file", f"{'-':>10}{'-':>12}", checks, archive)


def _checks(command: list[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Return the wall time of the first check and the least of three later ones."""
    measured = [run(command, environ) for _ in range(4)]
    if any(spent.code for spent in measured):
        sys.exit(f"{command} ended with {[spent.code for spent in measured]}")
    return measured[0].wall, min(spent.wall for spent in measured[1:])


def _print(name: str, figures: str, checks: tuple[float, float], path: Path) -> None:
    files = [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]
    size = sum(found.stat().st_size for found in files) / 1e6
    print(f"{name:22}{figures}{checks[0]:>12.2f} s{checks[1]:>7.2f} s{size:>7.1f} MB")


def _path_without_uv() -> str:
    return os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "uv").exists()
    )


def _pack(packages: Path, archive: Path) -> None:
    """Put hssgate and what is installed into one file."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("__main__.py", SINGLE_FILE)
        for root, folder in ((packages, packages), (ROOT, ROOT / "hssgate")):
            for path in folder.rglob("*"):
                if path.is_file() and path.suffix not in (".pyc", ".pth"):
                    file.write(path, path.relative_to(root))


if __name__ == "__main__":
    main()
