"""The wheel, installed as a user installs it, does the main job."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration


def ran(*command: str | Path, cwd: Path, **env: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    ended = subprocess.run([*map(str, command)], cwd=cwd, env=kept | env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_wheel_alone_does_the_main_job(tmp_path: Path) -> None:
    """Built, installed with locked requirements into an empty environment with an empty home, and run."""
    home = str(tmp_path)
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    ran(
        sys.executable,
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        ROOT,
        cwd=tmp_path,
        HOME=home,
    )
    (wheel,) = tmp_path.glob("hssgate-*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    ran(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path, HOME=home)
    ran(
        python,
        *pip,
        "install",
        "--require-hashes",
        "-r",
        ROOT / "requirements" / "runtime.txt",
        cwd=tmp_path,
        HOME=home,
    )
    ran(python, *pip, "install", "--no-deps", wheel, cwd=tmp_path, HOME=home)

    out = ran(tmp_path / "venv" / "bin" / "hssgate", "demo", cwd=tmp_path, HOME=home)

    assert "PASSED (1 image passed), exit code 0" in out
    assert (tmp_path / "hssgate-demo" / "junit.xml").exists()
    assert not (tmp_path / ".huaweicloud").exists()
    assert ran(python, "-c", "import hssgate.reports.json as j; print(j.schema()['title'])", cwd=tmp_path, HOME=home)
