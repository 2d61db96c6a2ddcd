"""Survivors of the mutation tests are compared with the list of accepted ones, both ways; mutmut is not needed here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.deletions import Deletion, mutants_of
from benchmarks.mutants import (
    Argued,
    ArguedDeletion,
    Argument,
    Mutant,
    compared,
    mutant_of,
    report_deletions,
    unfold,
    with_bare_properties,
)
from hssgate.emulator.document import read_yaml

ROOT = Path(__file__).parents[2]
ALIVE = Mutant("hssgate.waiting.groups._compare", "return mine > theirs", "return mine >= theirs")


def argument(*now: str, function: str = ALIVE.function, was: str = ALIVE.was) -> Argument:
    return Argument(function=function, was=was, now=now, why="never equal")


@pytest.mark.parametrize(
    ("arguments", "unargued", "idle"),
    [
        pytest.param([], [ALIVE], [], id="nothing is argued"),
        pytest.param([argument(ALIVE.now)], [], [], id="argued"),
        pytest.param([argument(f"    {ALIVE.now}\n", was=f"  {ALIVE.was}\n")], [], [], id="indented"),
        pytest.param(
            [argument(ALIVE.now, "return mine < theirs")], [], [Mutant(ALIVE.function, ALIVE.was, "return mine < theirs")],
            id="one that was killed since",
        ),
        pytest.param(
            [argument(ALIVE.now, function="hssgate.waiting.groups.other")], [ALIVE],
            [Mutant("hssgate.waiting.groups.other", ALIVE.was, ALIVE.now)], id="of another function",
        ),
        pytest.param(
            [argument(ALIVE.now, was="return mine > yours")], [ALIVE],
            [Mutant(ALIVE.function, "return mine > yours", ALIVE.now)], id="of a line that is another now",
        ),
    ],
)  # fmt: skip
def test_survivors_and_arguments_must_be_the_same(
    arguments: list[Argument], unargued: list[Mutant], idle: list[Mutant]
) -> None:
    """Neither a survivor without an argument passes, nor an argument without a survivor."""
    assert compared([ALIVE, ALIVE], arguments) == (unargued * 2, idle)


@pytest.mark.parametrize(
    ("key", "function"),
    [
        ("hssgate.waiting.groups.x__compare__mutmut_11", "hssgate.waiting.groups._compare"),
        ("hssgate.policy.load.x_load__mutmut_3", "hssgate.policy.load.load"),
        ("hssgate.waiting.image.xǁImageStateǁ__init____mutmut_3", "hssgate.waiting.image.ImageState.__init__"),
        ("hssgate.policy.document.xǁ_Builderǁ_mapping__mutmut_3", "hssgate.policy.document._Builder._mapping"),
    ],
)
def test_a_mutant_is_known_by_what_it_changes(key: str, function: str) -> None:
    """By function and lines, without number or indentation, so that other changes of the code leave it known."""
    diff = "--- a.py\n+++ a.py\n@@ -1,3 +1,2 @@\n def f():\n-    if x:\n-        y()\n+    z()\n     return"

    assert mutant_of(key, diff) == Mutant(function, "if x:\ny()", "z()")


CLASS = '''\
class Thing:
    @property
    def name(self) -> str:
        """A name."""
        given = "thing"

        return given

    def other(self) -> str:
        return self.name + self.last

    @property
    def last(self) -> str:
        return "!"


AFTER = Thing().other()
'''


def test_properties_are_unfolded_for_mutmut_and_mean_the_same() -> None:
    """What is decorated, mutmut passes by."""
    code = with_bare_properties(CLASS)

    assert "@property" not in code
    defined: dict[str, object] = {}
    exec(code, defined)  # noqa: S102 - our own lines
    assert defined["AFTER"] == "thing!"


def test_the_work_tree_is_copied_and_only_what_changed_is_written(tmp_path: Path) -> None:
    """By the time of a file mutmut tells what to try again."""
    source, folder = tmp_path / "source", tmp_path / "copy"
    for name in ("hssgate/a.py", "hssgate/b.py", "hssgate/__pycache__/a.pyc", "tests/test_a.py", "CHANGELOG.md"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(CLASS)

    unfold(source, folder)
    before = (folder / "hssgate/a.py").stat().st_mtime_ns
    (source / "hssgate/b.py").write_text("")
    unfold(source, folder)

    copied = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert copied == {"hssgate/a.py", "hssgate/b.py", "tests/test_a.py"}
    assert (folder / "tests/test_a.py").read_text() == CLASS
    assert (folder / "hssgate/a.py").read_text() == with_bare_properties(CLASS)
    assert (folder / "hssgate/a.py").stat().st_mtime_ns == before
    assert (folder / "hssgate/b.py").read_text() == ""


def test_every_entry_has_a_reason_and_existing_lines() -> None:
    """An outdated entry of the list is an error."""
    document = read_yaml((ROOT / "benchmarks" / "mutants.yaml").read_text(encoding="utf-8"))

    argued = Argued.model_validate(document)

    for one in argued.argued:
        lines = {line.strip() for line in _module_of(one.function).read_text(encoding="utf-8").splitlines()}
        assert {line.strip() for line in one.was.strip().splitlines()} <= lines, one.function
        assert len(one.why) > 20
        assert one.now
    for deletion in argued.deletions:
        path = _module_of(deletion.scope)
        there = [mutant.deletion for mutant in mutants_of(path.relative_to(ROOT), ROOT)]
        assert Deletion(deletion.scope, deletion.element) in there, deletion
        assert len(deletion.why) > 20


TOY = '''\
"""Tables."""

from enum import Enum
from typing import Callable, Literal

Order = Callable[[tuple[str, ...], str], list[str]]
KINDS: dict[str, int] = {"a": 1, **{"b": 2}}
NAMES = frozenset({"x", "y"})


class Colour(Enum):
    """Some."""

    RED = 1


def order(names: tuple[str, ...], way: Literal["up", "down"]) -> list[str]:
    one, two = names
    return [one, two] if way in ("up", "forward") else [two, one]
'''
TOY_PACKAGE = """\
PARTS = ("tables", "words")
__all__ = ["PARTS"]
"""
TOY_TEST = """\
from toy import PARTS
from toy.tables import KINDS, NAMES, Colour, order

def test_tables():
    assert PARTS[0] == "tables" and KINDS["b"] == 2 and "x" in NAMES and Colour.RED
    assert order(("p", "q"), "up") == ["p", "q"] and order(("p", "q"), "down") == ["q", "p"]
"""
TOY_PROJECT = """\
[tool.mutmut]
pytest_add_cli_args_test_selection = ["test_toy.py"]
do_not_mutate = ["toy/words.py"]
[tool.hssgate.deletions]
"toy/*.py" = []
[tool.coverage.report]
omit = ["toy/files.py"]
"""


def test_each_element_of_a_table_is_left_out_once(tmp_path: Path) -> None:
    """Of tuples, lists, sets, dicts and enums at any place; not of type parameters and targets."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "tables.py").write_text(TOY)

    made = {(one.deletion.scope, one.deletion.element): one for one in mutants_of(Path("toy/tables.py"), tmp_path)}

    assert list(made) == [
        ("toy.tables.KINDS", "'a': 1"),
        ("toy.tables.KINDS", "**{'b': 2}"),
        ("toy.tables.KINDS", "'b': 2"),
        ("toy.tables.NAMES", "'x'"),
        ("toy.tables.NAMES", "'y'"),
        ("toy.tables.Colour", "RED = 1"),
        ("toy.tables.order", "'up'"),
        ("toy.tables.order", "'forward'"),
        ("toy.tables.order", "one"),
        ("toy.tables.order", "two"),
    ]
    found: dict[str, object] = {}
    exec(made["toy.tables.NAMES", "'x'"].code, found)  # noqa: S102 - our own lines
    assert (found["NAMES"], found["KINDS"]) == ({"y"}, {"a": 1, "b": 2})


@pytest.mark.real
def test_an_unlisted_survivor_is_reported(tmp_path: Path) -> None:
    """The tests run once for each element, with the module as it is without it."""
    (tmp_path / "toy").mkdir()
    for name, text in {
        "toy/__init__.py": TOY_PACKAGE,
        "toy/tables.py": TOY,
        "test_toy.py": TOY_TEST,
        "pyproject.toml": TOY_PROJECT,
    }.items():
        (tmp_path / name).write_text(text)
    run = "from benchmarks.deletions import tried\nprint(*tried([]), sep='\\n')"
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}

    ended = subprocess.run(
        [sys.executable, "-c", run], cwd=tmp_path, env=env, check=False, capture_output=True, text=True
    )

    survivors = [
        Deletion("toy.PARTS", "'words'"),
        Deletion("toy.tables.KINDS", "'a': 1"),
        Deletion("toy.tables.NAMES", "'y'"),
        Deletion("toy.tables.order", "'forward'"),
    ]
    assert ended.stdout.splitlines()[-2:] == [str(survivors), "14"], ended.stderr


@pytest.mark.parametrize(
    ("arguments", "names", "code", "shown"),
    [
        pytest.param([], [], 1, "a.B: no test fails without `c`, which is not argued", id="not argued"),
        pytest.param([("a.B", "c")], [], 0, "2 deletions: 1 killed, 1 argued, 0 neither", id="argued"),
        pytest.param(
            [("a.B", "c"), ("a.B", "d")], [], 1, "a.B: a test fails without `d`, which is argued", id="killed"
        ),
        pytest.param([("a.B", "c"), ("z.B", "d")], ["a.*"], 0, "0 neither", id="argued, and not tried"),
    ],
)
def test_deletions_and_their_arguments_must_be_the_same(
    capsys: pytest.CaptureFixture[str], arguments: list[tuple[str, str]], names: list[str], code: int, shown: str
) -> None:  # fmt: skip
    """Neither a survivor without an argument passes, nor an argument without a survivor."""
    argued = [ArguedDeletion(scope=scope, element=element, why="never read") for scope, element in arguments]

    assert report_deletions([Deletion("a.B", "c")], 2, names, argued) == code
    assert shown in capsys.readouterr().out


def _module_of(function: str) -> Path:
    parts = function.split(".")
    paths = (ROOT.joinpath(*parts[:length]).with_suffix(".py") for length in range(len(parts), 0, -1))
    return next(path for path in paths if path.is_file())
