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
# Variables that Python needs to start, and to find the same modules as this process.
_KEPT = (
    "PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX",
    "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
_SECRET = ("_SK", "_TOKEN", "_SECRET_KEY", "_PASSWORD")


def arguments_of(situation: Situation, url: str) -> list[str]:
    """Return the arguments of `hssgate`; those of the situation come last, and so take precedence.

    Args:
        situation: the situation.
        url: of the emulator.
    """
    if situation.check is None:
        return [word.replace("{url}", url) for word in shlex.split(situation.run or "")]
    reports = ["--report", f"json={JSON_REPORT}", "--report", f"junit={JUNIT_REPORT}"]
    given = shlex.split(situation.check)
    return ["check", *_PACE, "--endpoint", url, "--project-id", PROJECT, *reports, *given]


def command_of(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs this installation of hssgate with the arguments."""
    return [*PYTHON, "-m", "hssgate", *arguments]


def environment_for_python(caller: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment that Python needs.

    Args:
        caller: the caller's environment; only the variables that Python needs are copied.
        home: an empty folder, without a profile file of the caller.
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
        situation: its variables are added.
        caller: the caller's environment; only the variables that Python needs are copied.
        home: an empty folder, without a profile file of the caller.
    """
    return environment_for_python(caller, home) | _KEY | situation.environment


def secrets_of(situation: Situation) -> set[str]:
    """Return the secrets in the environment of the process."""
    return {value for name, value in (_KEY | situation.environment).items() if value and name.endswith(_SECRET)}
