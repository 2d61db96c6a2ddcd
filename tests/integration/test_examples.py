"""The shell that users are given: sound by shellcheck, and `examples/gate.sh` run as it stands."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from tests.integration.conftest import BIN, ROOT, emulator, finding, put_python_with_hssgate, put_script, ran
from tests.test_check import FOREVER, finished, image, images

pytestmark = pytest.mark.integration

GATE = ROOT / "examples" / "gate.sh"
TEMPLATE = ROOT / "gitlab-ci-template.yml"
SCENARIO = images(
    finished(),
    finished("severity_level: High, malicious_file_num: 0", image_name="severe"),
    image("{at: -1h, scan_status: failed}", image_name="broken"),
    image(FOREVER, image_name="endless"),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator with an image for each outcome."""
    scenario = tmp_path_factory.mktemp("emulator") / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with emulator("--scenario", scenario) as found:
        yield found


def gate(
    folder: Path, url: str, *arguments: str, env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the example in a folder, with the programs of `bin` there found first."""
    known = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "TMPDIR": str(folder / "tmp"),
        "HSSGATE_ENDPOINT": url,
        "HSSGATE_PROJECT_ID": "any",
        "HSSGATE_TOKEN": "emulator-token",
    }
    (folder / "tmp").mkdir()
    return ran("sh", GATE, *arguments, cwd=folder, env=known | (env or {}))


def test_the_example_works_with_nothing_prepared(tmp_path: Path, url: str, wheel: Path) -> None:
    """It installs the release it names, gates, reports, and leaves nothing behind."""
    ended = gate(tmp_path, url, "team/severe:1.0", env=finding(wheel))

    assert ended.returncode == 10, ended.stderr
    assert ended.stdout.splitlines()[-1] == "gate: the policy is violated: mend the image, or the policy"
    assert JUnitXml.fromfile(str(tmp_path / "hssgate-junit.xml")).failures == 1
    assert not [*(tmp_path / "tmp").iterdir()]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["team/app:1.0"], 0, "gate: passed"),
        (["team/app"], 2, "gate: misused"),
        (["team/app:1.0", "--endpoint", "http://127.0.0.1:9", "--timeout", "0"], 3, "gate: HSS could not be asked"),
        (["team/endless:1.0", "--timeout", "0"], 4, "gate: HSS was too slow"),
        (["team/broken:1.0"], 5, "gate: HSS has no usable result"),
        (["team/endless:1.0", "team/severe:1.0", "--timeout", "0"], 10, "gate: the policy is violated"),
    ],
)
def test_the_example_tells_the_exit_codes_apart(
    tmp_path: Path, url: str, arguments: list[str], code: int, said: str
) -> None:
    """And ends with them; its arguments are those of `check`."""
    put_python_with_hssgate(tmp_path / "bin")

    ended = gate(tmp_path, url, *arguments)

    assert ended.returncode == code
    assert ended.stdout.splitlines()[-1].startswith(said)
    if code != 2:
        assert json.loads((tmp_path / "hssgate-report.json").read_text(encoding="utf-8"))["exit_code"] == code


@pytest.mark.parametrize("step", ["environment", "python3"], ids=["no package", "no Python"])
def test_a_failed_installation_is_no_verdict(tmp_path: Path, url: str, step: str) -> None:
    """Exit code 3, whatever pip's was."""
    put_python_with_hssgate(tmp_path / "bin")
    put_script(tmp_path / "bin" / step, "exit 4")

    assert gate(tmp_path, url, "team/app:1.0").returncode == 3


@pytest.mark.parametrize("dialect", ["sh", "bash", "dash"])
def test_the_shell_given_to_users_is_sound(tmp_path: Path, dialect: str) -> None:
    """By shellcheck, which can tell: of a variable without quotes it complains."""
    (template,) = (
        document for document in yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8")) if "spec" not in document
    )
    (job,) = template.values()
    (tmp_path / "gitlab").write_text("\n".join(job["script"]), encoding="utf-8")
    (tmp_path / "wrong").write_text("rm -rf $1\n", encoding="utf-8")
    shellcheck = (BIN / "shellcheck", "--shell", dialect, "--exclude", "SC2154")  # assigned by eval

    sound = ran(*shellcheck, GATE, tmp_path / "gitlab", cwd=tmp_path)

    assert (sound.returncode, sound.stdout) == (0, "")
    assert "SC2086" in ran(*shellcheck, tmp_path / "wrong", cwd=tmp_path).stdout
