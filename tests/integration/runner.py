"""A runner of GitHub Actions: the real act, without Docker and without the network, in a caller's repository."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.conftest import BIN, ROOT, of_the_index, put_script, succeeded

PYTHON = Path(sys.executable).resolve()  # the one that this venv was made of
_PATIENT = 600  # seconds after which a hanging job fails its test
# act 0.2.89 drops what it has not read yet from a step's terminal when the step fails. A terminal holds less than 64 KiB:
# once that many blanks are written behind the output, act has read the output. It drops a line without an end.
_SHELL = """
/bin/{shell} "$@"
code=$?
[ "$code" = 0 ] || [ ! -t 1 ] || head -c 65536 /dev/zero | tr '\\0' ' '
exit "$code"
"""

Step = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """How a job went.

    Args:
        code: act's own.
        events: what act tells, an object a line.
        kept: where the job could leave something; its work tree is below, as `workspace`.
    """

    code: int
    events: tuple[dict[str, Any], ...]
    kept: Path

    @property
    def log(self) -> str:
        """What the steps printed, and act."""
        return "\n".join(event["msg"].rstrip("\n") for event in self.events)

    def printed(self, step: str) -> str:
        """What a step printed, commands to the runner left out."""
        return "".join(event["msg"] for event in self._of(step) if event.get("raw_output"))

    def annotations(self, step: str, command: str = "error") -> list[str]:
        """What a step had the runner show."""
        return [event["arg"] for event in self._of(step) if event.get("command") == command]

    def _of(self, step: str) -> Iterator[dict[str, Any]]:
        return (event for event in self.events if event.get("stepID", [None])[0] == step)

    def outcome(self, step: str) -> str:
        """`success` or `failure`."""
        return str(self._steps[step]["outcome"])

    def outputs(self, step: str) -> dict[str, str]:
        """What a later step is given, as GitHub does: what is not set is empty."""
        return dict(self._steps[step]["outputs"])

    @property
    def _steps(self) -> dict[str, Any]:
        steps: dict[str, Any] = json.loads((self.kept / "steps.json").read_text(encoding="utf-8"))
        return steps


KEEP: Step = {
    "if": "always()",
    "env": {"STEPS": "${{ toJSON(steps) }}"},
    "run": 'printf %s "$STEPS" >"$KEPT/steps.json"; cp -r . "$KEPT/workspace"',
}


def workflow(*steps: Step, env: Mapping[str, str] | None = None) -> str:
    """Return a workflow of one job, which keeps what is left at its end."""
    checkout = {"uses": "actions/checkout@v4"}  # act has a copy of the work tree instead
    job = {"runs-on": "ubuntu-latest", "env": dict(env or {}), "steps": [checkout, *steps, KEEP]}
    return yaml.safe_dump({"on": "push", "jobs": {"gate": job}}, allow_unicode=True)


class Runner:
    """Works off workflows.

    Args:
        folder: of the test.
        env: more of what the machine gives.
    """

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._env = dict(env or {})
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("python", "python3"):
            put_script(self.bin / name, f'exec "{PYTHON}" "$@"')
        for shell in ("sh", "bash"):
            put_script(self.bin / shell, _SHELL.format(shell=shell))

    def run(self, repository: Path, path: str, *arguments: str, actions: Mapping[str, Path]) -> Job:
        """Run a workflow of a repository.

        Args:
            repository: a work tree of git.
            path: of the workflow.
            arguments: for act.
            actions: a folder for each action that is not of the repository itself.
        """
        kept = self._folder / "kept"
        kept.mkdir()
        state = self._folder / "runner"  # act itself stumbles over a blank in it
        command = [BIN / "act", "push", "--json", "-W", path, "--rm", "--env", f"KEPT={kept}", *arguments]
        for label in ("ubuntu-latest", "ubuntu-24.04"):
            command += ["-P", f"{label}=-self-hosted"]
        for name, folder in actions.items():
            command += ["--local-repository", f"{name}={folder}"]
        ended = subprocess.run(
            [*map(str, command)], cwd=repository, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_PATIENT, env=self.environment() | {"XDG_CACHE_HOME": str(state)},
        )  # fmt: skip
        try:
            events = tuple(json.loads(line) for line in ended.stdout.splitlines())
        except ValueError:
            pytest.fail(f"act ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
        return Job(ended.returncode, events, kept)

    def environment(self) -> dict[str, str]:
        """What a runner's machine gives: a home, a Python, and the way to the package index."""
        path = os.pathsep.join((str(self.bin), "/usr/local/bin", "/usr/bin", "/bin"))
        return of_the_index() | {"PATH": path, "HOME": str(self._folder), "LANG": "C.UTF-8"} | self._env


def copy_of_this_repository(folder: Path) -> Path:
    """Return a copy of what git knows, or would, of this repository."""
    listed = succeeded("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def committed(folder: Path) -> Path:
    """Make a repository of a folder, with all it holds committed."""
    git = ("git", "-c", "user.name=caller", "-c", "user.email=caller@example.org", "-c", "init.defaultBranch=main")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "All")):
        succeeded(*git, *arguments, cwd=folder)
    return folder
