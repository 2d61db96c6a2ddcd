"""The shell that users are given: sound by shellcheck, and `examples/gate.sh` run as it stands."""

import os
import re
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from tests.integration.conftest import BIN, ROOT, emulator, finding, ran

pytestmark = pytest.mark.integration

GATE = ROOT / "examples" / "gate.sh"
EXECUTION = ROOT / "examples" / "codearts" / "extension" / "scripts" / "execution.sh"
JENKINSFILE = ROOT / "examples" / "Jenkinsfile"
TEMPLATE = ROOT / "gitlab-ci-template.yml"


def test_the_example_works_with_nothing_prepared(tmp_path: Path, wheel: Path) -> None:
    """It installs the release it names, gates, reports, and leaves nothing behind."""
    (tmp_path / "tmp").mkdir()
    known = {
        "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "tmp"), "HSSGATE_PROJECT_ID": "any",
        "HSSGATE_TOKEN": "emulator-token",
    }  # fmt: skip
    with emulator() as url:
        env = known | {"HSSGATE_ENDPOINT": url} | finding(wheel)
        ended = ran("sh", GATE, "demo/blocked-severity:1.0", cwd=tmp_path, env=env)

    assert ended.returncode == 10, ended.stderr
    assert ended.stdout.splitlines()[-1] == "gate: the policy is violated: fix the image, or change the policy"
    assert JUnitXml.fromfile(str(tmp_path / "hssgate-junit.xml")).failures == 1
    assert not [*(tmp_path / "tmp").iterdir()]


@pytest.mark.parametrize("dialect", ["sh", "bash", "dash"])
def test_the_shell_given_to_users_is_sound(tmp_path: Path, dialect: str) -> None:
    """By shellcheck, which can tell: of a variable without quotes it complains."""
    (template,) = (
        document for document in yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8")) if "spec" not in document
    )
    (job,) = template.values()
    (tmp_path / "gitlab").write_text("\n".join(job["script"]), encoding="utf-8")
    (jenkins,) = re.findall(r"return '''\n(.*?)'''", JENKINSFILE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "jenkins").write_text(jenkins, encoding="utf-8")
    (tmp_path / "wrong").write_text("rm -rf $1\n", encoding="utf-8")
    shellcheck = (BIN / "shellcheck", "--shell", dialect, "--exclude", "SC2154,SC2034")  # assigned and read by eval

    sound = ran(*shellcheck, GATE, EXECUTION, tmp_path / "gitlab", tmp_path / "jenkins", cwd=tmp_path)

    assert (sound.returncode, sound.stdout) == (0, "")
    assert "SC2086" in ran(*shellcheck, tmp_path / "wrong", cwd=tmp_path).stdout
