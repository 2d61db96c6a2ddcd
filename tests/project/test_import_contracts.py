"""The contracts of imports in pyproject.toml find what they forbid: each is broken once, in a copy of the program."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
FORBIDDEN = [
    pytest.param("hssgate/policy/load.py", "httpx", "httpx is known to hssgate.hss.http_library alone", id="httpx in the policy"),
    pytest.param("hssgate/cli/check.py", "httpx", "httpx is known to hssgate.hss.http_library alone", id="httpx in a command"),
    pytest.param("hssgate/emulator/app.py", "httpx", "httpx is known to hssgate.hss.http_library alone", id="httpx in the emulator"),
    pytest.param("hssgate/hss/client.py", "httpx", "httpx is known to hssgate.hss.http_library alone", id="httpx with its command line"),
    pytest.param("hssgate/doctor.py", "hssgate.hss.http_library", "httpx is used by hssgate.hss alone", id="httpx by its home, from outside"),
    pytest.param("hssgate/gate.py", "click", "click is known to hssgate.cli alone", id="click below the commands"),
    pytest.param(
        "hssgate/reports/html.py", "junit_xml", "junit_xml is known to hssgate.reports.junit alone", id="junit_xml in another report",
    ),
    pytest.param(
        "hssgate/selftest/junit.py", "junit_xml", "junit_xml is known to hssgate.reports.junit alone", id="junit_xml in the selftest",
    ),
    pytest.param(
        "hssgate/waiting/poller.py", "hssgate.emulator.app", "The emulator is started by commands and the selftest alone",
        id="the emulator in the gate",
    ),
    pytest.param(
        "hssgate/emulator/listing.py", "hssgate.text", "Imports point one way, and the emulator shares no code with the client",
        id="code of the client in the emulator",
    ),
    pytest.param(
        "hssgate/verdict/checks.py", "hssgate.waiting.image", "Imports point one way, and the emulator shares no code with the client",
        id="an import that runs up",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of lint-imports for a copy in which every contract is broken."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "hssgate", folder / "hssgate", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for row in FORBIDDEN:
        path, imported, _ = map(str, row.values)
        file = folder / path
        file.write_text(file.read_text(encoding="utf-8") + f"\nimport {imported}\n", encoding="utf-8")
    (folder / "hssgate" / "newcomer.py").write_text('"""A module that no layer names."""\n')
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    env = os.environ | {"COLUMNS": "200", "PYTHONPATH": str(folder)}
    ended = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stderr
    return re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout)


@pytest.mark.parametrize(("path", "imported", "contract"), FORBIDDEN)
def test_an_import_from_a_foreign_module_breaks_the_contract(
    report: str, path: str, imported: str, contract: str
) -> None:
    """And the report names importer and imported."""
    importer = path.removesuffix(".py").replace("/", ".")

    assert f"{contract} BROKEN" in " ".join(report.split())
    assert re.search(rf"- {re.escape(importer)} -> {re.escape(imported)} \(l\.[0-9]+\)", report)


def test_a_module_that_no_layer_names_breaks_the_contract(report: str) -> None:
    """A newcomer is given its place, or it could import anything."""
    assert "hssgate.newcomer" in report
