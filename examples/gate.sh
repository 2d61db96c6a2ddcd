#!/bin/sh
# The gate for any CI that runs a shell: CodeArts, Tekton, Drone, Buildkite, cron.
#
#   export HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK      from the secrets of your CI
#   export HSSGATE_REGION=ap-southeast-1
#   sh gate.sh team/app:1.4.2@sha256:9f86d0…          the arguments are those of `hssgate check`
#
# hssgate is installed into a folder of its own for this run: by uv if there is one that knows the index, else by pip,
# whose settings say where packages come from (index, find-links, certificates, proxy, time-outs, cache, keyring) and
# nothing else. The exit code is that of hssgate; also 2 if Python 3.11 or newer is missing, 3 if hssgate could not be
# installed, and 130 or 143 after SIGINT or SIGTERM, which is passed on.
set -u

main() {
  for report in junit=hssgate-junit.xml json=hssgate-report.json; do
    remove_old_reports "$report"
    set -- --report "$report" "$@"
  done
  set -f
  for report in ${HSSGATE_REPORTS-}; do # an option would else take its place
    set -- --report "$report" "$@"
  done

  python=$(command -v python3 || command -v python) || end 2 'there is no Python here'
  attended "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'
  [ -z "$stopped" ] || end "$stopped" 'stopped by a signal'
  [ "$code" -eq 0 ] || end 2 'Python 3.11 or newer is needed'
  attended "$python" -I -X utf8 -c "$program" hssgate==0.1.0 -- -m hssgate check "$@"

  case $code in
    0) end 0 'passed' ;;
    10) end 10 'the policy is violated: fix the image, or change the policy' ;;
    2) end 2 'misused: fix the call' ;;
    3) end 3 'HSS was not available: try again, or fix network, credentials or permission' ;;
    4) end 4 'HSS was too slow: try again, or raise --timeout or --appear-timeout' ;; # to go on all the same: end 0
    5) end 5 'HSS has no usable result: see the reason above' ;;
    130 | 143) end "$code" 'stopped by a signal' ;;
    *) end "$code" 'no verdict' ;;
  esac
}

end() { # EXIT_CODE TEXT
  echo "gate: $2"
  exit "$1"
}

# The rest is the same in every release of hssgate's examples.
# --- action/attended.sh
# Functions around the gate, for any POSIX shell. Read by action/run.sh, and copied into gitlab-ci-template.yml,
# examples/gate.sh and examples/Jenkinsfile by `make copies`. Without a backslash, which Groovy would take.

stopped='' # the exit code of a signal, if one came
child=''
trap 'stop 130 USR1' INT # a child in the background is started with SIGINT ignored
trap 'stop 143 TERM' TERM

# shellcheck disable=SC2317,SC2329 # the traps call it
stop() { # EXIT_CODE SIGNAL
  stopped=${stopped:-$1}
  [ -z "$child" ] || kill -s "$2" "$child" 2>/dev/null || :
}

# Runs COMMAND and sets code. In the background: a shell handles a signal only after its foreground child has ended,
# and as process 1 of a container it gets no signal that it does not trap.
attended() { # COMMAND...
  code=$stopped
  [ -z "$stopped" ] || return 0
  code=0
  "$@" &
  child=$!
  [ -z "$stopped" ] || kill -s TERM "$child" 2>/dev/null || : # the signal came before there was a child
  wait "$child" || code=$?
  while [ -n "$stopped" ] && kill -0 "$child" 2>/dev/null; do
    wait "$child" || : # the first wait ended with the signal
  done
  child=''
  code=${stopped:-$code}
}

# Removes reports of an earlier run, which would be taken for those of a run that ends early. A file that does not begin
# like a report of hssgate is not one, and stays. A link stays, too: the next report is written to its target.
remove_old_reports() { # FORMAT=PATH...
  for report; do
    is_report "$report" || continue
    path=${report#*=}
    while [ -h "$path" ]; do
      case $(readlink "$path") in
        /*) path=$(readlink "$path") ;;
        *) path=$(dirname "$path")/$(readlink "$path") ;;
      esac
    done
    rm -f -- "$path" || : # hssgate refuses to run then
  done
}

is_report() { # FORMAT=PATH
  [ -f "${1#*=}" ] || return
  case ${1%%=*}:$(head -c 16384 <"${1#*=}" | LC_ALL=C tr -dc '!-~') in
    *:'<?xml'*'<testsuite'*'<properties><propertyname="hssgate.'*) ;;
    *:'{"schema_version":'*'"tool":{"name":"hssgate",'*) ;;
    *:'{"'?'schema":'*'"tool":{"driver":{"name":"hssgate",'*) ;;
    *:'{"scan":{"analyzer":{"id":"hssgate",'*) ;;
    *:'[{"engine_name":"hssgate",'* | codequality:'[]') ;;
    *:'##'*'[//]:#(hssgatereport)'*) ;;
    *:'<!DOCTYPEhtml>'*'<metaname="generator"content="hssgate'*) ;;
    *:*'HSSGATE_RESULT='*'HSSGATE_EXIT_CODE='*) ! grep -Eqv '^[A-Za-z0-9_]*HSSGATE_[A-Z_]+=' -- "${1#*=}" ;;
    *) false ;;
  esac
}
# --- end

# shellcheck disable=SC2016 # it is Python
program='# --- action/private_venv.py
"""Installs hssgate into a venv of its own, runs it there, and removes the venv.

`python -I -X utf8 private_venv.py WORD... -- ARGUMENT...`: a WORD goes after `pip install`, an ARGUMENT after the
Python that runs hssgate, such as `-m hssgate check`. The exit code is that of hssgate, 3 if it could not be installed,
and 130 or 143 after a signal.

This text is also part of gitlab-ci-template.yml, examples/gate.sh and examples/Jenkinsfile, because each of them is
copied alone; a test compares them. It is between apostrophes there, so it contains none, and no backslash.
"""

import ast
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import BinaryIO

# Variables that an installer must not see: its own, which could change the target or skip hashes; those of
# Python, which could load modules of the checkout; and those of hssgate, which contain the credentials.
_WITHHELD = re.compile("PIP_|UV_|PYTHON|HSSGATE_|HUAWEICLOUD_|HW_|CLOUD_SDK_|ACTIONS_ID_TOKEN_")
# Exceptions: the settings of package sources and of the connection to them.
_PIP_SOURCES = re.compile(
    "(extra-)?index-url|pypi-url|no-index|find-links|trusted-host|(client-)?cert|proxy|(default-)?timeout"
    "|(resume-)?retries|(no-)?cache-dir|keyring-provider"
)
_PIP_CERTIFICATES = {"use-feature": "truststore", "use-deprecated": "legacy-certs"}  # accepted values
_PIP_READ = re.compile(f"{_PIP_SOURCES.pattern}|use-feature|use-deprecated|config-file")
# As `-m pip`, but without garbage collection, which takes 5 to 12 % of the processor time and frees 2 MB.
_PIP = """import gc, runpy; gc.disable(); runpy.run_module("pip", run_name="__main__", alter_sys=True)"""
_PIP_LISTED = re.compile("(global|install|:env:)[.]([a-z-]+)=(.+)")
_UV_INDEXES = re.compile("UV_(.*INDEX.*|FIND_LINKS)")
_UV_SOURCES = re.compile(
    _UV_INDEXES.pattern
    + "|UV_(INSECURE_HOST|.*PROXY|.*CERTS|NATIVE_TLS|.*TIMEOUT|.*RETRIES|.*CACHE.*|KEYRING_PROVIDER|OFFLINE)"
)


class NotInstalledError(Exception):
    """hssgate could not be installed; the message has the reason and a remedy."""


class StoppedError(Exception):
    """A signal came; no child is left."""


class Children:
    """Runs one child at a time, in a process group of its own, and ends it when a signal comes.

    pip and uv have children, too, which must not outlive them. And a signal to the group of this process, such as
    Ctrl-C, must not reach hssgate beside the one that is passed on: a second signal ends it without reports.
    """

    def __init__(self) -> None:
        self.exit_code = 0  # after a signal
        self._last_signal = 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._is_gate = False
        # A shell starts background children with SIGINT ignored. So it sends SIGUSR1 instead, which also
        # ends a Python that is still starting.
        for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
            if hasattr(signal, name):  # Windows has no SIGUSR1
                signal.signal(getattr(signal, name), self._on_signal)

    def install(self, *command: str | Path, env: Mapping[str, str]) -> str:
        """Run a step of the installation, and return what it printed."""
        with tempfile.TemporaryFile(dir=env["TMPDIR"]) as file:  # not a pipe: a process left behind would keep it open
            code = self._run(command, env, file)
            file.seek(0)
            printed = file.read().decode(errors="replace").strip()
        if code == 0:
            return printed
        print(printed, file=sys.stderr, flush=True)
        lines = printed.splitlines() or ["no output"]
        reason = next((line for line in reversed(lines) if line.lower().startswith("error")), lines[-1])
        words = " ".join(map(str, command)).replace(f"-c {_PIP}", "-m pip")
        raise NotInstalledError(f"`{words}` ended with {code}: {reason}")

    def gate(self, *command: str | Path) -> int:
        """Run hssgate, and return its exit code."""
        self._is_gate = True
        code = self._run(command)
        return code if code >= 0 else 128 - code

    def _run(
        self, command: tuple[str | Path, ...], env: Mapping[str, str] | None = None, out: BinaryIO | None = None
    ) -> int:
        if self.exit_code:
            raise StoppedError
        words = [*map(str, command)]
        error = subprocess.STDOUT if out else None
        self._child = subprocess.Popen(
            words, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=error, start_new_session=True
        )
        if self.exit_code:  # the signal came before there was a child
            self._send(signal.SIGKILL)
        code = self._child.wait()
        if self.exit_code:
            patience = time.monotonic() + 2
            while self._send(0) and time.monotonic() < patience:  # until init has reaped the children of the child
                time.sleep(0.01)
        self._child = None
        if self.exit_code:
            raise StoppedError
        return code

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Kill an installer at once; pass the first signal on to hssgate, which then writes its reports."""
        again = self.exit_code != 0
        if again and time.monotonic() - self._last_signal < 1:
            return  # the same one: Jenkins, for example, signals every process of a build
        self._last_signal = time.monotonic()
        kind = signal.SIGTERM if number == signal.SIGTERM else signal.SIGINT
        self.exit_code = self.exit_code or 128 + kind
        self._send(signal.SIGKILL if again or not self._is_gate else kind)

    def _send(self, number: int) -> bool:
        """Signal the group of the child, and return whether there is one."""
        if self._child is None:
            return False
        if os.name == "nt":
            self._child.kill()
            return False
        try:
            os.killpg(self._child.pid, number)
        except OSError:
            return False
        return True


def make_folder() -> Path:
    """Make a folder for the venv: a temporary folder may be missing, full, or mounted noexec."""
    places = [os.environ.get(name) for name in ("RUNNER_TEMP", "WORKSPACE_TMP", "TMPDIR")]
    for place in filter(None, (*places, "/tmp", "/var/tmp", os.environ.get("HOME"), os.curdir)):  # noqa: S108 - mkdtemp
        with contextlib.suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix="hssgate-", dir=place)).resolve()
            (folder / "probe").touch(mode=0o700)
            if os.access(folder / "probe", os.X_OK):
                return folder
            shutil.rmtree(folder)
    raise NotInstalledError("there is no folder to write to and to load modules from; name one with TMPDIR")


def environment(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an installer."""
    kept = {name: value for name, value in os.environ.items() if not _WITHHELD.match(name)}
    return {**kept, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": str(folder), **given}


def find_pip(children: Children, folder: Path, python: Path) -> tuple[str, ...]:
    """Return the pip of this Python, or else that of the venv."""
    if importlib.util.find_spec("pip"):
        return sys.executable, "-I", "-c", _PIP
    children.install(python, "-I", "-m", "ensurepip", env=environment(folder, {}))
    return str(python), "-I", "-c", _PIP


def pip_sources(children: Children, folder: Path, pip: tuple[str, ...]) -> dict[str, str]:
    """Return the package sources from the variables and files of pip, as variables."""
    given = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    options = {name: name.removeprefix("PIP_").lower().replace("_", "-") for name in given}
    read = {name: given[name] for name, option in options.items() if _PIP_READ.fullmatch(option)}
    # Its files could make this pip quiet, write a log, or start another pip.
    read |= {"PIP_QUIET": "0", "PIP_LOG": os.devnull, "_PIP_RUNNING_IN_SUBPROCESS": "1"}
    listed = children.install(*pip, "config", "list", env=environment(folder, read))
    lines = [line for line in map(_PIP_LISTED.fullmatch, listed.splitlines()) if line]
    found = {}
    for section in ("global", "install", ":env:"):  # the later one takes precedence
        for _, option, written in (line.groups() for line in lines if line[1] == section):
            value = ast.literal_eval(written)
            if option in _PIP_CERTIFICATES:
                value = _PIP_CERTIFICATES[option] if _PIP_CERTIFICATES[option] in value.split() else ""
            elif not _PIP_SOURCES.fullmatch(option):
                value = ""
            if value:  # pip ignores an empty one
                name = option.removeprefix("default-").replace("pypi-url", "index-url")
                found["PIP_" + name.upper().replace("-", "_")] = value
    return found


def install(children: Children, folder: Path, words: Sequence[str]) -> Path:
    """Make a venv, install into it, and return its Python."""
    venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
    uv, for_uv = shutil.which("uv"), {name: os.environ[name] for name in os.environ if _UV_SOURCES.fullmatch(name)}
    try:
        pip = find_pip(children, folder, python)
    except NotInstalledError as error:
        if not uv:
            hint = "this machine has neither uv, nor pip, nor ensurepip (on Debian: python3-venv)"
            raise NotInstalledError(f"{error}; {hint}") from error
        pip = ()
    sources = pip_sources(children, folder, pip) if pip else {}
    # uv does not read the package sources of pip. If pip has some, uv is used only if it has its own.
    if uv and (not sources or any(map(_UV_INDEXES.fullmatch, for_uv))):
        command = (uv, "pip", "install", "--quiet", "--no-config", "--python", str(python), *words)
        try:
            children.install(*command, env=environment(folder, for_uv))
        except NotInstalledError as error:
            if not pip:
                raise
            print(f"{error}; trying pip", file=sys.stderr, flush=True)
        else:
            return python
    # By --target of this pip: it may be too old for --python, and its keyring is not in the venv.
    command = (*pip, "install", "--quiet", "--no-compile", "--target", packages, *words)
    children.install(*command, env=environment(folder, sources | {"PIP_CONFIG_FILE": os.devnull}))
    return python


def main(arguments: Sequence[str]) -> int:
    """Install hssgate, run it, remove it, and return the exit code."""
    cut = arguments.index("--")
    words, program = arguments[:cut], arguments[cut + 1 :]
    in_github = os.environ.get("GITHUB_ACTIONS") == "true"
    children, folder = Children(), None
    try:
        if in_github:
            print("::group::Set hssgate up", flush=True)
        try:
            folder = make_folder()
            python = install(children, folder, words)
        finally:
            if in_github:
                print("::endgroup::", flush=True)
        return children.gate(python, "-I", "-X", "utf8", *program)
    except StoppedError:
        return children.exit_code
    except (NotInstalledError, OSError) as error:
        text = f"hssgate could not be installed, and no request was sent to HSS: {error}"
        command = text.replace("%", "%25")
        print(f"::error title=hssgate::{command}" if in_github else text, file=None if in_github else sys.stderr)
        return 3
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
# --- end'

main "$@"
