"""Completion scripts, and answers to what does not exist."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hssgate.cli.completion import SHELLS
from tests.conftest import Bench
from tests.support.processes import environment

MODULES = """
import sys
from hssgate.cli.main import run
code = run(sys.argv[1:])
assert code == 0, code
print([name for name in ("hssgate.cli.check", "hssgate.policy", "hssgate.waiting", "hssgate.emulator") if name in sys.modules])
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(bench: Bench, shell: str) -> None:
    """It asks hssgate by the variable that hssgate answers."""
    ended = bench.run("completion", shell)

    assert ended.code == 0
    assert f"_HSSGATE_COMPLETE={shell}_complete" in ended.out


@pytest.mark.parametrize("arguments", [["completion"], ["completion", "tcsh"]])
def test_another_shell_is_misuse(bench: Bench, arguments: list[str]) -> None:
    """The message names those that there are."""
    ended = bench.run(*arguments)

    assert ended.code == 2
    assert all(shell in ended.err for shell in SHELLS)


@pytest.mark.real
def test_the_script_needs_nothing_of_a_check(tmp_path: Path) -> None:
    """Every new shell loads it."""
    command = [sys.executable, "-c", MODULES, "completion", "zsh"]
    printed = subprocess.run(command, env=environment(), cwd=tmp_path, check=True, capture_output=True, text=True)

    assert printed.stdout.splitlines()[-1] == "[]"


@pytest.mark.real
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param("hssgate ch", ["check"], id="command"),
        pytest.param("hssgate check --scanned", ["--scanned-after"], id="option"),
        pytest.param("hssgate policy va", ["validate"], id="command of a command"),
        pytest.param("hssgate completion f", ["fish"], id="value"),
    ],
)
def test_bash_completes_what_is_typed(tmp_path: Path, typed: str, offered: list[str]) -> None:
    """By the script itself, in a real shell."""
    words = typed.split()
    (tmp_path / "hssgate").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hssgate "$@"\n')
    (tmp_path / "hssgate").chmod(0o755)
    script = f"""
        PATH={tmp_path}:$PATH
        eval "$(hssgate completion bash)"
        COMP_WORDS=({typed}) COMP_CWORD={len(words) - 1}
        _hssgate_completion hssgate
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    env = environment() | {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(["bash", "-c", script], env=env, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert ended.stdout.split() == offered, ended.stderr


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        pytest.param(["chekc", "a:1"], "Did you mean 'check'?", id="misspelt command"),
        pytest.param(["policy", "vaildate"], "Did you mean 'validate'?", id="misspelt command of policy"),
        pytest.param(["check", "a:1", "--tiemout", "5s"], "'--timeout'", id="misspelt option"),
        pytest.param(["scan", "a:1"], "`hssgate check IMAGE`", id="scan"),
        pytest.param(["image", "a:1"], "`hssgate check IMAGE`", id="image"),
        pytest.param(["team/app:1"], "`hssgate check team/app:1`", id="an image"),
        pytest.param(["help"], "`hssgate --help`", id="help"),
        pytest.param(["version"], "`hssgate --version`", id="version"),
        pytest.param(["check", "a:1", "--sk=secret"], "HSSGATE_TOKEN", id="a secret key"),
        pytest.param(["check", "a:1", "--password", "secret"], "HSSGATE_TOKEN", id="a password"),
        pytest.param(["check", "a:1", "--details"], "`--findings always`", id="details"),
        pytest.param(["check", "a:1", "--severity", "HIGH"], "the policy says what blocks", id="severity"),
        pytest.param(["check", "a:1", "--severity=HIGH"], "the policy says what blocks", id="severity with an equals sign"),
        pytest.param(["check", "a:1", "--fail-on", "high"], "the policy says what blocks", id="fail-on"),
        pytest.param(["check", "a:1", "--exit-code", "1"], "exit codes are fixed", id="exit-code"),
        pytest.param(["check", "a:1", "--ignore-unfixed"], "`ignore` entries", id="ignore-unfixed"),
        pytest.param(["check", "a:1", "-f", "json"], "`--report FORMAT=PATH`", id="-f"),
        pytest.param(["check", "a:1", "-fjson"], "`--report FORMAT=PATH`", id="-f with its value"),
        pytest.param(["check", "a:1", "-o", "out.json"], "`--report FORMAT=PATH`", id="-o"),
        pytest.param(["check", "a:1", "--token", "secret"], "HSSGATE_TOKEN", id="token"),
        pytest.param(["--token", "secret", "check", "a:1"], "HSSGATE_TOKEN", id="token before the command"),
        pytest.param(["check", "a:1", "--insecure"], "`--ca-bundle PATH`", id="insecure"),
        pytest.param(["judge", "a.json", "-o", "b.json"], "`--report FORMAT=PATH`", id="-o of judge"),
        pytest.param(["images", "-o", "out.json"], "`--format json`", id="-o of images"),
        pytest.param(["images", "--severity", "HIGH"], "`--severity-level High`", id="severity of images"),
        pytest.param(["doctor", "-f", "json"], "`--format json`", id="-f of doctor"),
        pytest.param(["policy", "schema", "-o", "x.json"], "redirect it with `>`", id="-o of policy schema"),
        pytest.param(["-o", "out.json", "check", "a:1"], "`--report FORMAT=PATH`", id="-o before the command"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_answered(bench: Bench, arguments: list[str], answer: str) -> None:
    """With the nearest name, or with where hssgate has what another scanner has there."""
    ended = bench.run(*arguments)

    assert (ended.code, answer in ended.err) == (2, True), ended.err
    assert "secret" not in ended.err.replace("a secret is", "")


def test_github_shows_the_answer_too(bench: Bench) -> None:
    """In the annotation of the step."""
    ended = bench.run("check", "a:1", "--exit-code", "1", env={"GITHUB_ACTIONS": "true"})

    assert "::error title=hssgate::No such option '--exit-code': exit codes are fixed" in ended.out + ended.err


def test_a_scan_command_of_policy_is_not_answered_as_one_of_hssgate(bench: Bench) -> None:
    """There it would mean something else."""
    assert "does not scan" not in bench.run("policy", "scan").err
