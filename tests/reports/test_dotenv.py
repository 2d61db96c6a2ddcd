"""Tests of the prefix of variables in the dotenv report."""

from pathlib import Path

import pytest

from hssgate.reports.dotenv import VARIABLES
from tests.cli.test_check import finished, images
from tests.conftest import KEY, Bench


def names() -> list[str]:
    return [line.partition("=")[0] for line in Path("out.env").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("prefix", ["", "WEB_", "web_2", "_", "HSSGATE_WEB_"])
def test_a_prefix_goes_before_each_name(bench: Bench, prefix: str) -> None:
    """It works in `check` and `judge`; old reports and variables with a prefix are recognised."""
    env = KEY | {"HSSGATE_DOTENV_PREFIX": prefix}
    expected = [prefix + name for name in VARIABLES]

    ended = bench.play(images(finished())).check("team/app:1.0", "--report", "dotenv=out.env", env=env)
    assert (ended.code, names()) == (0, expected)
    judged = bench.run("judge", "report.json", "--report", "dotenv=out.env", env=env)
    assert (judged.code, names()) == (0, expected)

    later = dict(line.split("=", 1) for line in Path("out.env").read_text(encoding="utf-8").splitlines())
    misused = bench.check("team/app", "--report", "dotenv=out.env", env=env | later)
    assert misused.code == 2
    assert "no variable of hssgate" not in misused.err
    assert not Path("out.env").exists()


@pytest.mark.parametrize("prefix", ["A-B", "A=", "A\nB", " ", "é"])
@pytest.mark.parametrize("command", ["check", "judge"])
def test_an_invalid_prefix_is_misuse(bench: Bench, command: str, prefix: str) -> None:
    """It is refused before any request."""
    bench.play(images(finished())).check("team/app:1.0", env=KEY)
    arguments = {
        "check": ("team/app:1.0", "--project-id", "p", "--endpoint", "http://127.0.0.1:9"),
        "judge": ("report.json",),
    }

    ended = bench.run(command, *arguments[command], env=KEY | {"HSSGATE_DOTENV_PREFIX": prefix})

    assert ended.code == 2
    assert "HSSGATE_DOTENV_PREFIX is" in ended.err
    assert "use only letters, digits and _" in ended.err
