"""Time from an empty machine to a verdict: the GitHub Action with pip and with uv.

Caches of the installers are not used. It needs a package index, and for its second row uv on PATH and no package source
in pip's settings. A step removes what it installed, so each row is a whole step. Run it with `make bench`.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import environment, run
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve

ROOT = Path(__file__).parents[1]
ROUNDS = 5
# The words of action/run.sh.
INSTALL = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(ROOT / "requirements" / "runtime.txt")]
HSSGATE = "import sys; sys.path.append(sys.argv.pop(1)); from hssgate.__main__ import main; main()"


def main() -> None:
    """Measure and print the table."""
    print(f"{'':22}{'set-up':>10}{'processor':>12}{'with the check':>17}{'processor':>12}")
    app = Emulator(default_scenario(), now=time.time, sleep=time.sleep)
    with serve(app) as server, tempfile.TemporaryDirectory() as name:
        check = ["-c", HSSGATE, str(ROOT), "check", "demo/passes:1.0", "--endpoint", server.url, "--project-id", "demo"]
        environ = environment(PIP_NO_CACHE_DIR="1", UV_NO_CACHE="1", RUNNER_TEMP=name)
        for way in ("pip", "uv"):
            if way == "uv" and shutil.which("uv") is None:
                print(f"{way:22}{'uv is not on PATH':>20}")
                continue
            given = environ | ({} if way == "uv" else {"PATH": _path_without_uv()})
            step = [sys.executable, "-I", "-X", "utf8", str(ROOT / "action" / "private_venv.py"), *INSTALL, "--"]
            rounds = [(run([*step, "-c", "pass"], given), run([*step, *check], given)) for _ in range(ROUNDS)]
            if any(spent.code for measured in rounds for spent in measured):
                sys.exit(f"a step ended with {[spent.code for measured in rounds for spent in measured]}")
            figures = (
                min(getattr(measured[part], figure) for measured in rounds)
                for part in range(2)
                for figure in ("wall", "processor")
            )
            print(f"{f'the action, {way}':22}" + "{:>8.1f} s{:>10.1f} s{:>15.1f} s{:>10.1f} s".format(*figures))


def _path_without_uv() -> str:
    return os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "uv").exists()
    )


if __name__ == "__main__":
    main()
