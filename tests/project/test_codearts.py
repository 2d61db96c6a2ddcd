"""The CodeArts Pipeline extension on a stand-in for its runner: metrics meet no condition unless the gate passed."""

import json
import re
import signal
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hssgate import __version__
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.support.machine import MOMENTS, ROOT, Machine, Running

CODEARTS = ROOT / "examples" / "codearts"
PACKAGE = CODEARTS / "extension"
UNKNOWN = 2147483647
FOREVER = "demo/scanning-forever:1.0"
METRICS = (
    "exit_code",
    "high_vulnerabilities",
    "medium_vulnerabilities",
    "new_vulnerabilities",
    "sensitive_files",
    "malicious_files",
)


@pytest.fixture(scope="module")
def hss() -> Iterator[str]:
    """The emulator, with an image for each outcome."""
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        yield server.url


class Runner:
    """Runs the packed extension as the manual says CodeArts does.

    Args:
        machine: where it runs.
        endpoint: of HSS.
    """

    def __init__(self, machine: Machine, endpoint: str) -> None:
        self.machine = machine
        script = "from examples.codearts.extension import pack; import sys, pathlib; pack(pathlib.Path(sys.argv[1]))"
        packed = machine.start("python3", "-c", script, machine.folder, env={"PYTHONPATH": str(ROOT)})
        assert packed.ended() == 0, packed.printed
        (self.package,) = machine.folder.glob("hssgate-codearts-*.zip")
        with zipfile.ZipFile(self.package) as package:
            package.extractall(machine.folder / "extension")
            self.description = json.loads(package.read("codearts-extension.json"))
        self.script = machine.folder / "extension" / self.description["execution"]["target"]
        self.messages = machine.folder / "messages"
        self.endpoint = endpoint

    def environ(self, **inputs: str) -> dict[str, str]:
        """Return the variables of the step: every input, those left out with their default."""
        defaults = {one["name"]: one["defaultValue"] for one in self.description["inputs"]}
        given = {"GATE_ENDPOINT": self.endpoint, "GATE_PROJECT_ID": "any"}
        step = {"STEP_ID": "step1", "RESULT_MSG_PATH": str(self.messages), "PROJECT_ID": "of CodeArts"}
        return defaults | given | step | inputs

    def start(self, image: str, moment: str = "", **inputs: str) -> Running:
        """Start the step; return when it hangs at the moment, if there is one."""
        env = self.environ(GATE_IMAGES=image, **inputs)
        if moment:
            return self.machine.hang(moment, "sh", self.script, env=env)
        return self.machine.start("sh", self.script, env=env)

    def meets(self, name: str, limit: int) -> bool:
        """Whether the condition `name <= limit` is met; a metric that is missing meets it."""
        path = self.messages / "step1_metrics.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        value = found.get(name, limit)
        assert type(value) is int
        return value <= limit

    def meets_any(self) -> bool:
        """Whether the metrics meet any condition that is sensible."""
        return self.meets("exit_code", 0) or any(self.meets(name, 2_000_000_000) for name in METRICS[1:])


@pytest.fixture
def runner(machine: Machine, hss: str) -> Runner:
    return Runner(machine, hss)


@pytest.mark.real
@pytest.mark.parametrize(
    ("image", "code"),
    [
        pytest.param("demo/passes:1.0", 0, id="pass"),
        pytest.param("demo/blocked-severity:1.0", 10, id="block"),
        pytest.param("demo/scan-failed:1.0", 5, id="scan failed"),
        pytest.param("demo/passes", 2, id="misuse"),
        pytest.param("", 2, id="no image"),
        pytest.param("${IMAGE}", 2, id="a parameter that does not exist"),
    ],
)
def test_the_step_ends_as_the_gate_does(runner: Runner, image: str, code: int) -> None:
    """And the condition on the exit code is met by a pass alone, whatever an earlier step left."""
    runner.messages.mkdir()
    (runner.messages / "step1_metrics.json").write_text(json.dumps(dict.fromkeys(METRICS, 0)))

    running = runner.start(image)

    assert running.ended() == code, running.printed
    assert runner.meets("exit_code", 0) is (code == 0)
    if code not in {0, 10}:
        assert not runner.meets_any()
    assert json.loads((runner.messages / "step1_metrics.json").read_text())["exit_code"] in {code, 1}


@pytest.mark.real
@pytest.mark.parametrize("moment", [*MOMENTS, "gate"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["INT", "TERM", "KILL"])
def test_a_step_that_is_ended_meets_no_condition(runner: Runner, moment: str, number: int) -> None:
    """While Python is looked for, hssgate is installed, or the gate waits."""
    if moment == "gate":
        running = runner.start(FOREVER)
        running.read_until(f"{FOREVER}: scanning")
    else:
        running = runner.start("demo/passes:1.0", moment)

    if number == signal.SIGKILL:
        runner.machine.kill()
    else:
        running.process.send_signal(number)

    assert running.ended() == 128 + number, running.printed
    assert not runner.meets_any()
    assert runner.machine.left() == {}


@pytest.mark.real
def test_a_gate_that_writes_no_metrics_meets_no_condition(runner: Runner) -> None:
    """Such as an older release: it passed, and CodeArts learns nothing of it."""
    runner.machine.install_a_fake_gate()

    assert runner.start("demo/passes:1.0").ended() == 0
    assert not runner.meets_any()


@pytest.mark.real
def test_the_inputs_become_options(runner: Runner) -> None:
    """One that is left out is none, and the credentials reach the gate alone."""
    runner.machine.install_a_fake_gate()
    given = {one["name"]: f"value of {one['name']}" for one in runner.description["inputs"]}

    assert runner.start("a:1", GATE_POLICY="a policy.yaml", HUAWEICLOUD_SDK_AK="ak").ended() == 0
    assert runner.machine.start("sh", runner.script, env=runner.environ(**given)).ended() == 0

    few, all_of_them = (note["environ"] for note in runner.machine.notes("gate"))
    assert {name: few[name] for name in few if name.startswith("HSSGATE_")} == {
        "HSSGATE_IMAGES": "a:1",
        "HSSGATE_POLICY": "a policy.yaml",
        "HSSGATE_ENDPOINT": runner.endpoint,
        "HSSGATE_PROJECT_ID": "any",
        "HSSGATE_TOKEN": "emulator-token",
    }
    assert (few["HUAWEICLOUD_SDK_AK"], "HUAWEICLOUD_SDK_SK" in few) == ("ak", False)
    for name, value in given.items():
        assert all_of_them[name.replace("GATE_", "HSSGATE_", 1) if name.startswith("GATE_") else name] == value


@pytest.mark.real
def test_a_key_that_was_not_filled_in_is_misuse(runner: Runner) -> None:
    """HSS would count it as a wrong key."""
    running = runner.start("demo/passes:1.0", HUAWEICLOUD_SDK_SK="${SK}")

    assert running.ended() == 2
    assert "HUAWEICLOUD_SDK_SK names a parameter that does not exist" in running.printed
    assert not runner.meets_any()


@pytest.mark.real
@pytest.mark.parametrize("missing", ["STEP_ID", "RESULT_MSG_PATH"])
def test_a_step_without_a_place_for_its_metrics_fails(runner: Runner, missing: str) -> None:
    """Before anything is installed."""
    env = runner.environ(GATE_IMAGES="demo/passes:1.0") | {missing: ""}

    running = runner.machine.start("sh", runner.script, env=env)

    assert running.ended() == 2
    assert "the metrics cannot be written" in running.printed
    assert runner.machine.notes() == []


def test_every_text_is_there_in_both_languages() -> None:
    """Under its path; the English one is the same as in the description."""
    description = json.loads((PACKAGE / "codearts-extension.json").read_text(encoding="utf-8"))
    texts = {name: description[name] for name in ("description", "versionDescription")}
    for one in description["inputs"]:
        texts |= {f"inputs.{one['name']}.{part}": one[part] for part in ("label", "description")}
    texts |= {f"outputs.{one['name']}.description": one["description"] for one in description["outputs"]}
    english, chinese = (
        json.loads((PACKAGE / "i18n" / language / "resources.json").read_text(encoding="utf-8"))
        for language in ("en-us", "zh-cn")
    )

    assert english == texts
    assert [*chinese] == [*english]
    assert all(re.search(r"[\u4e00-\u9fff]|^[a-z, ]+$", text) for text in chinese.values())
    assert not re.search(r"[\u3000-\u303f\uff00-\uffef]", "".join(chinese.values())), "CodeArts garbles Chinese marks"


def test_the_description_is_what_the_manual_asks_for() -> None:
    """Type and category are fixed; each metric of the report is an output."""
    description = json.loads((PACKAGE / "codearts-extension.json").read_text(encoding="utf-8"))

    assert description["version"] == __version__
    assert (description["type"], description["category"], description["execution"]["type"]) == ("Task", "Gate", "Shell")
    assert tuple(one["name"] for one in description["outputs"]) == METRICS
    options = re.findall(r"for option in (.*?); do", (PACKAGE / "scripts" / "execution.sh").read_text(), re.DOTALL)
    names = {f"GATE_{name}" for name in options[0].replace("\\\n", " ").split()}
    assert {one["name"] for one in description["inputs"]} == names | {"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"}


def test_the_build_step_is_a_shell_step() -> None:
    """As CodeArts Build's own manual writes it, and the gate is the last command."""
    build = yaml.safe_load((CODEARTS / "build.yml").read_text(encoding="utf-8"))

    assert build["version"] == 2.0
    commands = [step["sh"]["inputs"]["command"] for step in build["steps"]["BUILD"]]
    assert commands[-1].splitlines()[-1].startswith("sh ci/gate.sh ")


def test_the_package_is_the_same_whenever_it_is_packed(tmp_path: Path) -> None:
    """Its bytes depend on its files alone."""
    from examples.codearts.extension import pack

    first, second = pack(tmp_path / "a"), pack(tmp_path / "b")

    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as package:
        assert package.read("scripts/gate.sh") == (ROOT / "examples" / "gate.sh").read_bytes()
