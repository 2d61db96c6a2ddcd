"""What the action, the GitLab template, the Jenkinsfile and gate.sh have in common: how they install, and how they end."""

import json
import os
import re
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from hssgate.cli.connect import variables
from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from tests.project.test_action_step import Job
from tests.project.test_gitlab_template import job
from tests.support.machine import MOMENTS, ROOT, Machine, Running

pytestmark = pytest.mark.real

FOREVER = "demo/scanning-forever:1.0"


@pytest.fixture(scope="module")
def hss() -> Iterator[str]:
    """The emulator, with an image for each outcome."""
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        yield server.url


Started = tuple[tuple[str | Path, ...], Mapping[str, str]]


def action(machine: Machine, image: str, endpoint: str) -> Started:
    step = Job(machine, endpoint).step(image)
    return step.command, step.env


def gate_script(machine: Machine, image: str, endpoint: str) -> Started:
    del machine
    return ("sh", ROOT / "examples" / "gate.sh", image), {"HSSGATE_ENDPOINT": endpoint}


def gitlab(machine: Machine, image: str, endpoint: str) -> Started:
    script = "\n".join(job({"images": image, "endpoint": endpoint, "scanned-after": ""})["script"])
    path = machine.put("gitlab", f"eval {shlex.quote(script)}")
    return ("sh", "-e", path), {}


def jenkins(machine: Machine, image: str, endpoint: str) -> Started:
    (script,) = re.findall(r"return '''\n(.*?)'''", (ROOT / "examples" / "Jenkinsfile").read_text(), re.DOTALL)
    name, _, version = image.partition(":")
    path = machine.put("jenkins", script.replace('@$IMAGE_DIGEST"', '"'))  # the emulator invents digests
    temporary = str(machine.folder / "work@tmp")
    return ("sh", "-xe", path), {
        "IMAGE": name, "BUILD_NUMBER": version, "WORKSPACE_TMP": temporary, "HSSGATE_ENDPOINT": endpoint,
    }  # fmt: skip


INTEGRATIONS = [
    pytest.param(action, id="action"),
    pytest.param(gate_script, id="gate.sh"),
    pytest.param(gitlab, id="GitLab"),
    pytest.param(jenkins, id="Jenkins"),
]
Integration = Callable[[Machine, str, str], Started]
of_each = pytest.mark.parametrize("integration", INTEGRATIONS)
of_each_but_the_action = pytest.mark.parametrize("integration", INTEGRATIONS[1:])  # for that: test_action_step.py


def start(integration: Integration, machine: Machine, image: str, endpoint: str, **env: str) -> Running:
    command, own = integration(machine, image, endpoint)
    return machine.start(*command, env={**own, **env})


@of_each
@pytest.mark.parametrize(
    ("image", "code"), [("demo/passes:1.0", 0), ("demo/blocked-severity:1.0", 10), ("demo/scan-failed:1.0", 5)]
)
def test_the_exit_code_is_the_gates(
    integration: Integration, machine: Machine, hss: str, image: str, code: int
) -> None:
    """And nothing is left of the installation."""
    running = start(integration, machine, image, hss)

    assert running.ended() == code, running.printed
    assert not [*machine.folder.glob("t*mp/**/pyvenv.cfg")]


@of_each
def test_pip_gets_the_package_sources_and_no_other_settings(
    integration: Integration, machine: Machine, hss: str
) -> None:
    """It installs into the venv of this run, whatever its own variables are, and sees no credential."""
    sources = {
        "PIP_INDEX_URL": "https://index.invalid", "PIP_EXTRA_INDEX_URL": "https://more.invalid",
        "PIP_FIND_LINKS": "/wheels", "PIP_TRUSTED_HOST": "index.invalid", "PIP_CERT": "/ca.pem",
        "PIP_CLIENT_CERT": "/me.pem", "PIP_PROXY": "http://proxy.invalid", "PIP_DEFAULT_TIMEOUT": "3",
        "PIP_RETRIES": "1", "PIP_CACHE_DIR": "/cache", "PIP_KEYRING_PROVIDER": "subprocess", "PIP_NO_INDEX": "1",
    }  # fmt: skip
    others = dict.fromkeys(
        (
            "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_PYTHON", "PIP_CONSTRAINT",
            "PIP_REQUIREMENT", "PIP_REQUIRE_VIRTUALENV", "PIP_PRE", "PIP_ISOLATED", "PIP_EDITABLE", "PYTHONPATH",
            "PYTHONUSERBASE", "PYTHONHOME", "UV_TARGET", "UV_PYTHON", "UV_CONFIG_FILE",
        ),
        "/elsewhere",
    )  # fmt: skip
    secrets = {name: f"secret of {name}" for name in (*variables.CREDENTIALS, variables.REQUEST_TOKEN)}

    running = start(integration, machine, "demo/passes:1.0", hss, **sources, **others, **secrets)

    assert running.ended() == 2, running.printed  # the gate refuses such credentials
    listing, installing = (note["environ"] for note in machine.notes())
    for environ in (listing, installing):
        assert others.keys() & environ.keys() == set()
        assert "secret of" not in json.dumps(environ)
        assert "/elsewhere" not in json.dumps(environ)
    assert {name: listing[name] for name in sources} == sources
    assert installing["PIP_CONFIG_FILE"] == os.devnull


@of_each
def test_an_old_python_is_refused(integration: Integration, machine: Machine, hss: str) -> None:
    """With 2, before anything is installed."""
    machine.put("bin/python3", 'case $1 in --version) echo "Python 3.10.13" ;; *) exit 1 ;; esac')

    running = start(integration, machine, "demo/passes:1.0", hss)

    assert (running.ended(), machine.notes()) == (2, [])
    assert "Python 3.11 or newer" in running.printed


@of_each
def test_a_failed_installation_is_no_verdict(integration: Integration, machine: Machine, hss: str) -> None:
    """It is exit 3, with the last lines of pip."""
    running = start(integration, machine, "demo/passes:1.0", hss, NOT_INSTALLED="1")

    assert running.ended() == 3
    assert "hssgate could not be installed, and no request was sent to HSS" in running.printed
    assert "ERROR: no such package" in running.printed


@of_each
@pytest.mark.parametrize("temporary", ["/nowhere", "/dev/null", "/proc"], ids=["missing", "no folder", "read-only"])
def test_another_folder_is_found_for_the_venv(
    integration: Integration, machine: Machine, hss: str, temporary: str
) -> None:
    """If the temporary folder is not writable."""
    running = start(integration, machine, "demo/passes:1.0", hss, TMPDIR=temporary, WORKSPACE_TMP=temporary)

    assert running.ended() == 0, running.printed


@of_each_but_the_action
def test_two_at_once_do_not_disturb_each_other(
    integration: Integration, machine: Machine, hss: str, tmp_path: Path
) -> None:
    """In workspaces with blanks and Chinese in their paths, with one folder for temporary files."""
    temporary = {"TMPDIR": str(machine.folder / "tmp"), "WORKSPACE_TMP": str(machine.folder / "work@tmp")}
    folders = [tmp_path / name for name in ("工作 区 1", "工作 区 2")]
    for folder in folders:
        folder.mkdir()
    machines = [Machine(folder) for folder in folders]

    both = [
        start(integration, one, image, hss, **temporary)
        for one, image in zip(machines, ("demo/passes:1.0", "demo/blocked-severity:1.0"), strict=True)
    ]

    assert [running.ended() for running in both] == [0, 10], "".join(running.printed for running in both)
    assert [len([*one.work.rglob("*junit.xml")]) for one in machines] == [1, 1]
    assert not [*tmp_path.glob("t*mp/**/pyvenv.cfg")]


@of_each_but_the_action
@pytest.mark.parametrize("moment", [*MOMENTS, "gate"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_to_the_shell_ends_all_of_it(
    integration: Integration, machine: Machine, hss: str, moment: str, number: int, code: int
) -> None:
    """In every phase, at once, with no child left; in the last one with reports."""
    command, env = integration(machine, FOREVER, hss)
    if moment == "gate":
        running = machine.start(*command, env=env)
        running.read_until(f"{FOREVER}: scanning")
    else:
        running = machine.hang(moment, *command, env=env)

    sent = running.cancel(((number, 7.5), (signal.SIGTERM, 2.5)))

    assert (sent, machine.left()) == ([number], {})
    assert running.ended() == code, running.printed
    assert bool([*machine.work.rglob("*junit.xml")]) == (moment == "gate")
