"""Command line and environment of a process under test, independent of the caller's."""

import os
import shlex
import site
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import hssgate
from hssgate.selftest.situation import Situation

JSON_REPORT = "report.json"
JUNIT_REPORT = "junit.xml"
PROJECT = "selftest"
PYTHON = (sys.executable, "-P")
_PACE = (
    "--interval", "150ms", "--max-interval", "300ms", "--settle", "400ms",
    "--timeout", "20s", "--appear-timeout", "20s",
)  # fmt: skip
_KEY = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
# What a Python needs in order to start at all, and to find what it has found here.
_KEPT = (
    "PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX",
    "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
_SECRET = ("_SK", "_TOKEN", "_SECRET_KEY", "_PASSWORD")


def arguments_of(situation: Situation, url: str) -> list[str]:
    """Return the arguments of `hssgate`: what the situation gives comes last, so that it has the last word.

    Args:
        situation: what is asked.
        url: of the emulator.
    """
    reports = ["--report", f"json={JSON_REPORT}", "--report", f"junit={JUNIT_REPORT}"]
    given = shlex.split(situation.check)
    return ["check", *_PACE, "--endpoint", url, "--project-id", PROJECT, *reports, *given]


def command_of(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs this very program with the arguments."""
    return [*PYTHON, "-m", "hssgate", *arguments]


def environment_for_python(caller: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment without which no process here is started.

    Args:
        caller: the caller's environment, of which only what Python needs is taken.
        home: an empty folder, so that no profile of the caller's is found.
    """
    kept = {name: caller[name] for name in _KEPT if name in caller}
    package = str(Path(hssgate.__file__).parents[1])
    if package not in (*site.getsitepackages(), site.getusersitepackages()):  # run from where it was unpacked
        kept["PYTHONPATH"] = os.pathsep.join([package, *filter(None, [kept.get("PYTHONPATH")])])
    own = {"HOME": str(home), "USERPROFILE": str(home), "PYTHONUSERBASE": site.getuserbase(), "PYTHONUTF8": "1"}
    return kept | own


def environment_of(situation: Situation, caller: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment of the process.

    Args:
        situation: whose variables are added.
        caller: the caller's environment, of which only what Python needs is taken.
        home: an empty folder, so that no profile of the caller's is found.
    """
    return environment_for_python(caller, home) | _KEY | situation.environment


def secrets_of(situation: Situation) -> set[str]:
    """Return the secrets that the process is given."""
    return {value for name, value in (_KEY | situation.environment).items() if value and name.endswith(_SECRET)}
