"""Test of the recipe for a new rule in CONTRIBUTING: one declaration in one file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
BEFORE = "    scan_age: Annotated["
DECLARATION = """\
    image_size: Annotated[
        CountRule | None,
        SHORT_FORM,
        RuleSpec(fields=("image_size",), help="most bytes of the image still accepted", example="1000"),
    ] = None
"""
RUN = """\
import sys
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.policy.rule_table import RULES
from tests.support.fakes import FakeClock
from tests.cli.test_check import finished, images
from tests.support.worlds import silently
import httpx

assert "image_size" in RULES
clock = FakeClock()
rows = images(*(finished(image_size=size) for size in sys.argv[1:]))
emulator = Emulator(parse_scenario(rows, "scenario"), now=clock.epoch, sleep=clock.pass_time)
asked = ["check", "team/app:1.0", "--policy", "p.yaml", "--endpoint", "http://127.0.0.1:9", "--project-id", "p"]
ended = silently(asked, clock, httpx.WSGITransport(app=emulator))
print(ended.out, ended.err, silently(["policy", "init", "-"], clock, httpx.WSGITransport(app=emulator)).out)
sys.exit(ended.code)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with a rule `image_size`."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "hssgate", folder / "hssgate", ignore=shutil.ignore_patterns("__pycache__"))
    table = folder / "hssgate" / "policy" / "rule_table.py"
    code = table.read_text(encoding="utf-8")
    assert code.count(BEFORE) == 1
    table.write_text(code.replace(BEFORE, DECLARATION + BEFORE), encoding="utf-8")
    (folder / "p.yaml").write_text("rules: {image_size: 1000}")
    return folder


@pytest.mark.parametrize(
    ("sizes", "code", "expected"),
    [
        pytest.param(["900"], 0, "image_size: 900 found, at most 1000 accepted", id="accepted"),
        pytest.param(["5000"], 10, "image_size: 5000 found, at most 1000 accepted", id="too large"),
        pytest.param(["null"], 5, "HSS gave no image_size, which this rule needs", id="missing"),
        pytest.param(["900", "5000"], 5, "results that cannot be told apart in time", id="two rows of one time"),
        pytest.param(["5000", "900"], 5, "results that cannot be told apart in time", id="the same, the other first"),
    ],
)
def test_a_rule_is_added_by_declaring_it(copy: Path, sizes: list[str], code: int, expected: str) -> None:
    """The rule is judged and in the starter policy, and rows that differ in its field are ambiguous."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env["PYTHONPATH"] = os.pathsep.join([str(copy), str(ROOT)])
    command = [sys.executable, "-c", RUN, *sizes]

    ended = subprocess.run(command, cwd=copy, env=env, check=False, capture_output=True, text=True)

    assert ended.returncode == code, ended.stderr
    assert expected in ended.stdout
    assert f"# {'image_size: 1000':<42}  # most bytes of the image still accepted\n" in ended.stdout
