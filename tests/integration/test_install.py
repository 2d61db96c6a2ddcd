"""The wheel, installed as a user installs it, does the main job."""

import sys
from pathlib import Path

import pytest

import hssgate
from tests.integration.conftest import BIN, ROOT, finding, ran, succeeded

pytestmark = pytest.mark.integration


def test_the_wheel_alone_does_the_main_job(tmp_path: Path, wheel: Path) -> None:
    """Installed with locked requirements into an empty environment with an empty home, and run.

    What was installed holds in every situation of the selftest.
    """
    python = tmp_path / "venv" / "bin" / "python"
    succeeded(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    install = (sys.executable, "-m", "pip", "--python", python, "--quiet", "install")
    succeeded(*install, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt", cwd=tmp_path)
    succeeded(*install, "--no-deps", wheel, cwd=tmp_path)

    out = succeeded(tmp_path / "venv" / "bin" / "hssgate", "demo", cwd=tmp_path)

    assert "PASSED (1 image passed), exit code 0" in out
    assert "HOLDS" in succeeded(tmp_path / "venv" / "bin" / "hssgate", "selftest", cwd=tmp_path)
    assert (tmp_path / "hssgate-demo" / "checkout-junit.xml").exists()
    assert "<style>" in (tmp_path / "hssgate-demo" / "payment-report.html").read_text(encoding="utf-8")
    assert not (tmp_path / ".huaweicloud").exists()
    assert succeeded(python, "-c", "import hssgate.reports.json as j; print(j.schema()['title'])", cwd=tmp_path)


@pytest.mark.parametrize(
    "command", [pytest.param(["uvx"], id="uvx"), pytest.param(["pipx", "run", "--backend", "pip"], id="pipx")]
)
def test_it_runs_without_being_installed(tmp_path: Path, wheel: Path, command: list[str]) -> None:
    """By its name alone, as once it is released, with an empty home; exit codes are passed on."""
    found = finding(wheel) | {"UV_FIND_LINKS": str(wheel.parent)}
    program, *options = command
    run: list[str | Path] = [BIN / program, *options, "hssgate"]

    assert succeeded(*run, "--version", cwd=tmp_path, env=found) == f"hssgate, version {hssgate.__version__}\n"
    assert ran(*run, "check", "app", cwd=tmp_path, env=found).returncode == 2
