"""`examples/gate.sh`: its exit codes, words and reports; how it installs and ends is in `test_integrations.py`."""

import json
import time
from collections.abc import Iterator

import pytest

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.support.machine import ROOT, Machine

pytestmark = pytest.mark.real

GATE = ROOT / "examples" / "gate.sh"


@pytest.fixture(scope="module")
def hss() -> Iterator[dict[str, str]]:
    """The emulator, with an image for each outcome."""
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        yield {"HSSGATE_ENDPOINT": server.url}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["demo/passes:1.0"], 0, "gate: passed"),
        (["demo/passes"], 2, "gate: misused"),
        (["demo/passes:1.0", "--endpoint", "http://127.0.0.1:9", "--timeout", "0"], 3, "gate: HSS was not available"),
        (["demo/scanning-forever:1.0", "--timeout", "0"], 4, "gate: HSS was too slow"),
        (["demo/scan-failed:1.0"], 5, "gate: HSS has no usable result"),
        (["demo/scan-failed:1.0", "demo/blocked-severity:1.0"], 10, "gate: the policy is violated"),
    ],
)
def test_each_exit_code_has_its_branch(
    machine: Machine, hss: dict[str, str], arguments: list[str], code: int, words: str
) -> None:
    """It ends with them; its arguments are those of `check`."""
    running = machine.start("sh", GATE, *arguments, env=hss)

    assert running.ended() == code, running.printed
    assert running.printed.splitlines()[-1].startswith(words)
    report = machine.work / "hssgate-report.json"
    assert (json.loads(report.read_text(encoding="utf-8"))["exit_code"] if report.exists() else 2) == code


def test_reports_are_added(machine: Machine, hss: dict[str, str]) -> None:
    """By the variable and by options."""
    command = ("sh", GATE, "demo/passes:1.0", "--report", "html=a.html")

    assert machine.start(*command, env={**hss, "HSSGATE_REPORTS": "markdown=b.md\nsarif=*.sarif"}).ended() == 0
    assert {path.name for path in machine.work.iterdir()} == {
        "hssgate-junit.xml", "hssgate-report.json", "a.html", "b.md", "*.sarif",
    }  # fmt: skip


def test_no_old_report_outlives_a_run_that_ends_early(machine: Machine, hss: dict[str, str]) -> None:
    """Nor is a file of the repository removed, such as its policy."""
    policy = '{"version": 1, "rules": {"severity": "High"}}'
    (machine.work / "hssgate.json").write_text(policy)
    assert machine.start("sh", GATE, "demo/passes:1.0", env=hss).ended() == 0

    assert machine.start("sh", GATE, "demo/passes:1.0", env={**hss, "NOT_INSTALLED": "1"}).ended() == 3

    assert {path.name: path.read_text() for path in machine.work.iterdir()} == {"hssgate.json": policy}


def test_without_python_it_is_misuse(machine: Machine) -> None:
    """As in an image of another language."""
    (machine.folder / "bin" / "python3").unlink()
    (machine.folder / "bin" / "head").symlink_to("/usr/bin/head")

    running = machine.start("/bin/sh", GATE, "demo/passes:1.0", env={"PATH": str(machine.folder / "bin")})

    assert running.ended() == 2
    assert "there is no Python here" in running.printed
