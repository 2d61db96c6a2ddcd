"""Deletion mutants, which mutmut does not make: one element of a tuple, list, set, dict, enum or model is left out.

A table decides by what it lists, and mutmut leaves tables alone. Here each element of each table in the modules that
`tool.hssgate.deletions` of pyproject.toml names, without those that mutmut or the coverage leave out, is deleted.
The tests of `tool.mutmut` and those named beside the modules run until one fails, those of a similar name first. Each
run is a fork of a process that has loaded pytest and the libraries, and is killed at a limit. Survivors are compared
with `deletions` in mutants.yaml.
"""

import ast
import difflib
import fnmatch
import functools
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

SLOWEST = 10  # times as long as the tests take without a deletion
WORKERS = min(os.cpu_count() or 1, 2)
_LIBRARIES = ("click", "httpx", "hypothesis.strategies", "junitparser", "pydantic", "yaml")
_PRELOADED = "ignore::pytest.PytestAssertRewriteWarning"
_NEAR = 4  # files of tests that are run before the others are even read
_PACKAGE = ".__init__"
_TABLES = ("Enum", "Model")  # classes whose fields are elements


@dataclass(frozen=True)
class Deletion:
    """One element that is left out.

    Args:
        scope: module, then class, function or variable of the table.
        element: its source, on one line.
    """

    scope: str
    element: str


@dataclass(frozen=True)
class Mutant:
    """A module with one element left out.

    Args:
        deletion: the element.
        module: its name.
        path: of its file.
        line: of the element.
        code: compiled.
    """

    deletion: Deletion
    module: str
    path: Path
    line: int
    code: CodeType


def tried(names: Sequence[str]) -> tuple[list[Deletion], int]:
    """Return the deletions that no test finds, and how many were tried.

    Args:
        names: patterns of scopes, such as `hssgate.grouping*`; without any, everything is tried.
    """
    tool = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]
    usual = tool["mutmut"]["pytest_add_cli_args_test_selection"]
    omitted = {*tool["mutmut"]["do_not_mutate"], *tool["coverage"]["report"]["omit"]}
    tests_of = {
        path: sorted(sorted(_files([*usual, *tests])), key=functools.partial(_distance, path))
        for glob, tests in tool["hssgate"]["deletions"].items()
        for path in Path().glob(glob)
        if str(path) not in omitted
    }
    mutants = [
        mutant for path in sorted(tests_of) for mutant in mutants_of(path) if is_named(mutant.deletion.scope, names)
    ]
    for library in _LIBRARIES:
        importlib.import_module(library)
    began = time.monotonic()
    needed = {test for path in {mutant.path for mutant in mutants} for test in tests_of[path]}
    if _wait({_forked(None, sorted(needed), 3600): None})[1]:
        raise SystemExit("the tests fail without a deletion, too")
    limit = int(SLOWEST * (time.monotonic() - began)) + 1
    survivors: list[Deletion] = []
    running: dict[int, Mutant | None] = {}
    for mutant in [*mutants, *[None] * WORKERS]:
        if len(running) == WORKERS or (mutant is None and running):
            ended, failed = _wait(running)
            if ended and not failed:
                survivors.append(ended.deletion)
                print(f"{ended.path}:{ended.line}: no test fails without `{ended.deletion.element}`", flush=True)
        if mutant:
            running[_forked(mutant, tests_of[mutant.path], limit)] = mutant
    return survivors, len(mutants)


def _files(globs: Iterable[str]) -> set[str]:
    """Return the files of tests that fit, and those in a folder that fits."""
    found = {path for glob in globs for path in Path().glob(glob)}
    return {str(test) for path in found for test in (path.rglob("test_*.py") if path.is_dir() else [path])}


def is_named(scope: str, names: Sequence[str]) -> bool:
    """Whether a scope fits any of the patterns; without patterns, all do."""
    return not names or any(fnmatch.fnmatchcase(scope, name) for name in names)


def mutants_of(path: Path, folder: Path = Path()) -> Iterator[Mutant]:
    """Yield the module once for each element that can be left out.

    Args:
        path: of the module, relative to the folder.
        folder: that holds the package.
    """
    module = ".".join(path.with_suffix("").parts).removesuffix(_PACKAGE)
    tree = ast.parse((folder / path).read_text(encoding="utf-8"))
    for scope, lists, index in _elements(tree, module):
        if scope.endswith(".__all__"):
            continue  # mypy refuses the import of a name that is missing there
        removed = [nodes.pop(index) for nodes in lists]
        code = compile(tree, path, "exec")
        for nodes, node in zip(lists, removed, strict=True):
            nodes.insert(index, node)
        shown = ": ".join(ast.unparse(node) for node in removed if node is not None)
        shown = f"**{shown}" if None in removed else shown
        yield Mutant(Deletion(scope, " ".join(shown.split())), module, path, removed[-1].lineno, code)


def _elements(node: ast.AST, scope: str) -> Iterator[tuple[str, Sequence[list[Any]], int]]:
    """Yield each element below a node: its scope, the lists that it stands in, and its place in them."""
    match node:
        case ast.ClassDef(name=name, bases=bases, body=body):
            scope = f"{scope}.{name}"
            if any(ast.unparse(base).endswith(_TABLES) for base in bases) and len(body) > 1:
                fields = [index for index, field in enumerate(body) if isinstance(field, ast.Assign | ast.AnnAssign)]
                yield from ((scope, (body,), index) for index in fields)
        case ast.FunctionDef(name=name):
            scope = f"{scope}.{name}"
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            scope = f"{scope}.{name}"
        case ast.Tuple(elts=elements, ctx=ast.Load()) | ast.List(elts=elements, ctx=ast.Load()):
            yield from ((scope, (elements,), index) for index in range(len(elements)))
        case ast.Set(elts=elements):
            yield from ((scope, (elements,), index) for index in range(len(elements)))
        case ast.Dict(keys=keys, values=values):
            yield from ((scope, (keys, values), index) for index in range(len(keys)))
        case ast.Subscript(value=value, slice=ast.Tuple(elts=[ast.List(elts=first), *others])):
            # the parameters of a type, such as Callable[[str], int]
            yield from (found for child in (value, *first, *others) for found in _elements(child, scope))
            return
        case ast.Subscript(value=value, slice=ast.Tuple(elts=elements)):
            # the parameters of a type, such as tuple[str, int]
            yield from (found for child in (value, *elements) for found in _elements(child, scope))
            return
    yield from (found for child in ast.iter_child_nodes(node) for found in _elements(child, scope))


def _distance(path: Path, test: str) -> float:
    """Return how unlike the names of a module and of a file of tests are."""
    module = path.with_suffix("").parts[1:]
    return -difflib.SequenceMatcher(None, "/".join(module), test.removeprefix("tests/").replace("test_", "")).ratio()


def _forked(mutant: Mutant | None, tests: Sequence[str], limit: int) -> int:
    """Run the tests in a fork until one fails, and return its process id; it is killed after so many seconds."""
    if pid := os.fork():
        return pid
    os.setpgid(0, 0)  # what a test sends to its group does not reach the others
    signal.alarm(limit)
    os.environ["CI"] = "1"  # the same examples always
    if mutant:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        package = mutant.module.partition(".")[0]
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
        sys.meta_path.insert(0, _Finder(mutant))
    options = ["-x", "-q", "-m", "not real and not integration", "-p", "no:cacheprovider", "-W", _PRELOADED]
    os._exit(any(pytest.main([*options, *some]) for some in (tests[:_NEAR], tests[_NEAR:]) if some))


def _wait(running: dict[int, Mutant | None]) -> tuple[Mutant | None, bool]:
    """Wait for one of the forks, take it out, and return its mutant and whether a test failed or the time was up."""
    pid, status = os.wait()
    return running.pop(pid), status != 0


class _Finder(importlib.machinery.SourceFileLoader):
    """Loads one module with an element left out."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(mutant.path))
        self._mutant = mutant

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Return itself for its module, and nothing for others."""
        if name != self._mutant.module:
            return None
        path = self._mutant.path
        inside = [str(path.parent)] if path.stem == "__init__" else None
        return importlib.util.spec_from_file_location(name, path, loader=self, submodule_search_locations=inside)

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the module without the element."""
        return self._mutant.code if fullname == self.name else None
