"""docs/pipelines-other.md: each snippet is run as its CI runs it, against the emulator."""

import fnmatch
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.support.machine import ROOT, Machine

pytestmark = pytest.mark.real

PAGE = (ROOT / "docs" / "pipelines-other.md").read_text(encoding="utf-8")
SNIPPETS: dict[str, Any] = {
    heading: yaml.safe_load(text)
    for heading, text in re.findall(r"^## ([^\n]+)\n\n```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
}
KEY = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
REPORTS = {"hssgate-junit.xml", "hssgate-report.json"}


@dataclass(frozen=True)
class Hss:
    """The emulator, with an image for each outcome.

    Args:
        address: variables that lead there.
        digests: of the images, by name.
    """

    address: dict[str, str]
    digests: dict[str, str]


@pytest.fixture(scope="module")
def hss() -> Iterator[Hss]:
    """Started once."""
    emulator = Emulator(default_scenario(), now=time.time, sleep=time.sleep)
    digests = {str(row["image_name"]): str(row.get("image_digest")) for row in emulator.rows()}
    with serve(emulator) as server:
        yield Hss({"HSSGATE_ENDPOINT": server.url, "HSSGATE_PROJECT_ID": "any"}, digests)


@pytest.fixture
def checkout(machine: Machine) -> Path:
    """A work tree with a blank and Chinese in its path, and the script copied into it."""
    machine.environ = {name: value for name, value in machine.environ.items() if not name.startswith("HSSGATE_")}
    folder = machine.work / "工作 区"
    (folder / "ci").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "gate.sh", folder / "ci" / "gate.sh")
    return folder


def run(machine: Machine, folder: Path, *command: str | Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a command in a folder, and return its exit code and output."""
    running = machine.start("env", "-C", folder, *command, env=env)
    return running.ended(), running.printed


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Replace each `$(name)` that has a value, as Tekton and Azure do; others stay."""
    return re.sub(r"\$\(([\w.-]+)\)", lambda found: values.get(found[1], found[0]), text)


def test_every_snippet_is_run() -> None:
    """By a test below."""
    assert [*SNIPPETS] == ["Tekton", "Azure Pipelines", "Buildkite"]
    assert PAGE.count("```yaml") == len(SNIPPETS)


OUTCOMES = pytest.mark.parametrize(
    ("image", "digest", "code"),
    [
        pytest.param("passes", None, 0, id="pass"),
        pytest.param("blocked-severity", None, 10, id="block"),
        pytest.param("passes", "", 2, id="no digest"),
    ],
)


@OUTCOMES
def test_tekton(machine: Machine, checkout: Path, hss: Hss, image: str, digest: str | None, code: int) -> None:
    """In a pod beside a service named hssgate, with a home that cannot be written."""
    spec = SNIPPETS["Tekton"]["spec"]
    (step,) = spec["steps"]
    (workspace,) = spec["workspaces"]
    given = {
        "image": f"demo/{image}:1.0", "digest": hss.digests[image] if digest is None else digest,
        "region": "ap-southeast-1", "cicd-name": "demo",
    }  # fmt: skip
    assert [param["name"] for param in spec["params"]] == [*given]
    values = {f"params.{name}": value for name, value in given.items()}
    values |= {f"workspaces.{workspace['name']}.path": str(checkout)}
    env = {entry["name"]: expanded(entry["value"], values) for entry in step["env"]}
    service = {
        "HSSGATE_SERVICE_HOST": "10.0.0.1",
        "HSSGATE_PORT": "tcp://10.0.0.1:80",
        "HSSGATE_PORT_80_TCP": "tcp://x",
    }
    pod = KEY | env | service | hss.address | {"HOME": "/tekton/home", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    (program,) = step["command"]
    command = [Path(sys.executable).parent / program, *(expanded(argument, values) for argument in step["args"])]

    ended, printed = run(machine, Path(expanded(step["workingDir"], values)), *command, env=pod)

    assert ended == code, printed
    assert "HSSGATE_" not in printed
    assert {path.name for path in checkout.glob("hssgate-*")} == (REPORTS if code != 2 else set())


def azure(machine: Machine, checkout: Path, hss: Hss, variables: Mapping[str, str]) -> tuple[int, str]:
    """Run the first step as an agent on Linux does: its script as a file for bash, macros replaced before."""
    script = SNIPPETS["Azure Pipelines"]["steps"][0]
    file = machine.put("azure.sh", expanded(script["script"], variables))
    env = {name: expanded(value, variables) for name, value in script["env"].items()}
    of_the_agent = {
        "TF_BUILD": "True",
        "AGENT_OS": "Linux",
        "BUILD_BUILDID": "7",
        "SYSTEM_DEFAULTWORKINGDIRECTORY": str(checkout),
    }
    env |= of_the_agent | hss.address | {"HSSGATE_APPEAR_TIMEOUT": "0"}
    return run(machine, checkout, "bash", "--noprofile", "--norc", file, env=env)


@OUTCOMES
def test_azure_pipelines(machine: Machine, checkout: Path, hss: Hss, image: str, digest: str | None, code: int) -> None:
    """The report that the second step publishes is there, whatever the outcome."""
    variables = {
        "image": f"demo/{image}:1.0", "digest": hss.digests[image] if digest is None else digest,
        "region": "ap-southeast-1", "cicdName": "demo", "huaweiAk": "emulator-ak", "huaweiSk": "emulator-sk",
    }  # fmt: skip

    ended, printed = azure(machine, checkout, hss, variables)

    assert ended == code, printed
    publish = SNIPPETS["Azure Pipelines"]["steps"][1]
    assert publish["condition"] == "succeededOrFailed()"
    assert (checkout / publish["inputs"]["testResultsFiles"]).exists() is (code != 2)


@pytest.mark.parametrize(("misspelt", "code"), [("image", 2), ("cicdName", 4), ("huaweiSk", 3)])
def test_azure_leaves_a_macro_without_a_variable(
    machine: Machine, checkout: Path, hss: Hss, misspelt: str, code: int
) -> None:
    """It is never run, and never a pass."""
    variables = {
        "image": "demo/passes:1.0", "digest": hss.digests["passes"], "region": "ap-southeast-1", "cicdName": "demo",
        "huaweiAk": "emulator-ak", "huaweiSk": "emulator-sk",
    }  # fmt: skip
    del variables[misspelt]
    machine.put(f"bin/{misspelt}", "touch pwned")

    ended, printed = azure(machine, checkout, hss, variables)

    assert ended == code, printed
    assert [*machine.folder.rglob("pwned")] == []


@OUTCOMES
def test_buildkite(machine: Machine, checkout: Path, hss: Hss, image: str, digest: str | None, code: int) -> None:
    """The variables of the command are those of the run, and the artifacts are the reports."""
    (step,) = SNIPPETS["Buildkite"]["steps"]
    upload = {"BUILDKITE_COMMIT": "uploaded"}
    command = re.sub(
        r"\$\$|\$\{?(\w+)\}?", lambda found: "$" if found[0] == "$$" else upload.get(found[1], ""), step["command"]
    )
    told = hss.digests[image] if digest is None else digest
    machine.put("bin/buildkite-agent", f'[ "$*" = "meta-data get image-digest" ] && echo "{told}"')
    of_the_agent = {"BUILDKITE": "true", "CI": "true", "BUILDKITE_COMMIT": "1.0"}
    here = step["env"] | {"HSSGATE_CICD_NAME": "demo"}
    command = command.replace("registry.example.com/team/app", f"demo/{image}")

    ended, printed = run(machine, checkout, "bash", "-e", "-c", command, env=KEY | of_the_agent | here | hss.address)

    assert ended == code, printed
    found = {path.name for path in checkout.iterdir() if fnmatch.fnmatch(path.name, step["artifact_paths"])}
    assert found == (REPORTS if code != 2 else set())
