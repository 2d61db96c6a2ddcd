"""`examples/Jenkinsfile`: linted, and run from its first stage to its last by a stand-in for Jenkins."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from tests.cli.test_check import CLEAN, DIGEST, FOREVER, image, images
from tests.integration.conftest import (
    NODE_MODULES,
    ROOT,
    emulator,
    finding,
    node,
    put_script,
    ran,
)
from tests.support.machine import Machine

pytestmark = pytest.mark.integration

JENKINSFILE = ROOT / "examples" / "Jenkinsfile"
GROOVY = NODE_MODULES / "npm-groovy-lint" / "lib" / "java" / "groovy" / "lib"
STAND_IN = Path(__file__).parent / "jenkins.groovy"
# A Java that runs for seconds ends before its better compiler pays for itself.
SHORT_RUN = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
PUSHED = f'{{"containerimage.config.digest": "sha256:{"cd" * 32}", "containerimage.digest": "{DIGEST}"}}'
SEVERE = "severity_level: High, vul_num: 1, malicious_file_num: 0"
SCENARIO = images(
    image(f"{{at: -1m, scan_status: success, {CLEAN}}}", cicd_name="my-pipeline", image_version='"1"'),
    image(f"{{at: -1m, scan_status: success, {SEVERE}}}", cicd_name="my-pipeline", image_version='"2"'),
    image(FOREVER, cicd_name="my-pipeline", image_version='"3"'),
)
SECRET = "emulator-sk"
BEFORE = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="team/app:0"><properties><property name="hssgate.policy" value="x"/></properties></testsuite>
</testsuites>"""  # of the build before


def test_the_jenkinsfile_is_sound_groovy(tmp_path: Path) -> None:
    """And the check can tell: with a bracket less it is not."""
    broken = tmp_path / "broken"
    broken.mkdir()
    text = JENKINSFILE.read_text(encoding="utf-8")
    (tmp_path / "Jenkinsfile").write_text(text, encoding="utf-8")
    (broken / "Jenkinsfile").write_text(text.replace("stages {", "stages ", 1), encoding="utf-8")

    program = NODE_MODULES / "npm-groovy-lint" / "lib" / "index.js"
    options = ("--noserver", "--path", tmp_path, "--files", "**/Jenkinsfile", "--failon", "error", "--output", "json")
    ended = ran(node(), program, *options, cwd=tmp_path, env=SHORT_RUN)

    assert ended.returncode == 1, ended.stderr
    report = json.loads(ended.stdout)
    assert report["summary"]["totalFilesLinted"] == 2
    errors = {(name, found["rule"]) for name, file in report["files"].items() for found in file["errors"]
              if found["severity"] == "error"}  # fmt: skip
    assert errors == {(str(broken / "Jenkinsfile"), "NglParseError")}


def test_groovy_puts_nothing_into_a_shell_step() -> None:
    """Neither a secret nor a name: a shell step stands between single quotes, and Groovy's escapes are not in it."""
    text = JENKINSFILE.read_text(encoding="utf-8")
    scripts = text.split("'''")[1::2]

    assert '"""' not in "".join(text.split("'''")[::2])
    assert not re.search(r"[^.]\bsh\W+\"", text)
    assert len(scripts) == 2  # the digest, and the gate
    assert not [line for script in scripts for line in script.splitlines() if "\\" in line.removesuffix("\\")]


@dataclass(frozen=True)
class Build:
    """A build that has ended."""

    result: str
    said: list[dict[str, Any]]
    log: str
    folder: Path

    @property
    def deployed(self) -> str:
        """What was deployed."""
        note = self.folder / "deployed"
        return note.read_text(encoding="utf-8").strip() if note.exists() else ""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator where builds 1, 2 and 3 pass, are blocked, and take too long."""
    scenario = tmp_path_factory.mktemp("emulator") / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with emulator(scenario) as found:
        yield found


def build(
    number: int, folder: Path, url: str, env: dict[str, str] | None = None, machine: Machine | None = None
) -> Build:
    """Run the whole Jenkinsfile in a workspace where docker is a fake, as are the scripts it calls.

    On a machine pip is a fake, too, and hssgate is that of this repository.
    """
    for name, script in (
        ("bin/docker", f"echo '{PUSHED}' > build.json"),
        ("ci/hss-scan.sh", "exit 0"),
        ("ci/deploy.sh", 'echo "$1" > deployed'),
    ):
        put_script(folder / name, script)
    (folder / "hss-reports").mkdir()
    (folder / "hss-reports" / "junit.xml").write_text(BEFORE, encoding="utf-8")
    known = SHORT_RUN | {
        "CREDENTIAL_HUAWEICLOUD_SDK_AK": "emulator-ak",
        "CREDENTIAL_HUAWEICLOUD_SDK_SK": SECRET,
        "WORKSPACE_TMP": f"{folder}@tmp",
        "BUILD_NUMBER": str(number),
        "HSSGATE_ENDPOINT": url,
        "HSSGATE_PROJECT_ID": "any",
        "HSSGATE_TIMEOUT": "2s",
    }
    jars = ":".join(map(str, GROOVY.glob("*.jar")))
    known |= machine.environ if machine else {}
    path = {"PATH": f"{folder / 'bin'}:{(machine.environ if machine else os.environ)['PATH']}"}
    ended = ran(
        "java", "-cp", jars, "groovy.ui.GroovyMain", STAND_IN, JENKINSFILE, cwd=folder, env=known | path | (env or {})
    )
    told = json.loads(ended.stdout.splitlines()[-1]) if ended.returncode == 0 else pytest.fail(ended.stderr)
    return Build(told["result"], told["said"], ended.stdout + ended.stderr, folder)


def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def test_a_build_whose_image_passes_is_deployed(
    tmp_path: Path, url: str, wheel: Path, packages: dict[str, str]
) -> None:
    """By the digest that was judged; JUnit is read, HTML is published, everything is archived."""
    ended = build(1, tmp_path, url, finding(wheel, packages))

    assert ended.result == "SUCCESS", ended.log
    assert ended.deployed == f"swr.ap-southeast-1.myhuaweicloud.com/team/app@{DIGEST}"
    assert ended.said == [{"published": True}, {"archived": ["junit.xml", "report.html", "report.json"]}]
    assert JUnitXml.fromfile(str(tmp_path / "hss-reports" / "junit.xml")).failures == 0
    assert not [*Path(f"{tmp_path}@tmp").iterdir()]
    assert SECRET not in ended.log


def test_a_build_whose_image_is_blocked_fails(tmp_path: Path, url: str, machine: Machine) -> None:
    """Nothing is deployed; the reports are published all the same."""
    ended = build(2, workspace(tmp_path), url, machine=machine)

    assert (ended.result, ended.deployed) == ("FAILURE", ""), ended.log
    assert {"result": "FAILURE", "reason": "HSS image scan: the policy is violated"} in ended.said
    assert {"published": True} in ended.said
    assert JUnitXml.fromfile(str(ended.folder / "hss-reports" / "junit.xml")).failures == 1


def test_the_softened_code_is_unstable_and_not_deployed(tmp_path: Path, url: str, machine: Machine) -> None:
    """A doubt is never a pass."""
    ended = build(3, workspace(tmp_path), url, machine=machine)

    assert (ended.result, ended.deployed) == ("UNSTABLE", ""), ended.log
    assert ended.said[0]["reason"].startswith("HSS image scan: HSS was too slow")


def test_a_failed_installation_is_no_verdict(tmp_path: Path, url: str, machine: Machine) -> None:
    """Nor is the report of the build before taken for this one's."""
    ended = build(1, workspace(tmp_path), url, {"NOT_INSTALLED": "1"}, machine)

    assert (ended.result, ended.deployed) == ("FAILURE", ""), ended.log
    assert ended.said == [
        {"result": "FAILURE", "reason": "HSS image scan: no verdict, exit code 3"},
        {"published": False},
        {"archived": []},
    ]
