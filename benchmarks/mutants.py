"""Mutation testing: faults in the deciding code that no test finds, and the reasons why they are accepted.

Runs mutmut over the modules named in pyproject.toml (`tool.mutmut`), in a folder of its own, then leaves out elements
of tables, one at a time (`benchmarks/deletions.py`). What survives is compared with mutants.yaml, where each is argued.
Run it with `make mutants`; with names, such as `hssgate.waiting.groups*`, those alone are tried again, and the rest
stands as the last run left it; with `--deletions` mutmut is left out.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import deletions
from hssgate.emulator.document import read_yaml
from hssgate.emulator.strict import StrictModel

DELETIONS = "--deletions"
FOLDER = Path(".mutants")
COPIED = ("README.md", "docs", "examples", "hssgate", "pyproject.toml", "schemas", "tests")
KILLED = frozenset({"killed", "timeout"})  # a test failed, or it never ended
_PROPERTY = re.compile(
    r"^(?P<indent> +)@property\n(?P<function>(?P=indent)def (?P<name>\w+).*\n(?:(?P=indent) .*\n|\n(?=(?P=indent) ))*)",
    re.MULTILINE,
)


class Argument(StrictModel):
    """Why some mutants of a function may live.

    Args:
        function: its full name.
        was: the changed lines, as they are.
        now: the same lines, as each of the mutants has them.
        why: no test kills them.
    """

    function: str
    was: str
    now: tuple[str, ...]
    why: str


class ArguedDeletion(StrictModel):
    """Why an element of a table may be left out.

    Args:
        scope: module, then class, function or variable of the table.
        element: its source, on one line.
        why: no test fails without it.
    """

    scope: str
    element: str
    why: str


class Argued(StrictModel):
    """The list of arguments."""

    argued: tuple[Argument, ...]
    deletions: tuple[ArguedDeletion, ...] = ()


@dataclass(frozen=True)
class Mutant:
    """One change to one function.

    Args:
        function: its full name.
        was: the lines that were changed, without their indentation.
        now: what they were changed to.
    """

    function: str
    was: str
    now: str


def main(arguments: list[str]) -> int:
    """Try mutants and print what came of it; return 1 where survivors and arguments are not the same.

    Args:
        arguments: `--deletions` to leave mutmut out, then names of those to try.
    """
    names = [argument for argument in arguments if argument != DELETIONS]
    argued = Argued.model_validate(read_yaml(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))
    code = 0 if DELETIONS in arguments else try_changes(names, argued.argued)
    return try_deletions(names, argued.deletions) or code


def try_changes(names: list[str], arguments: Collection[Argument]) -> int:
    """Try the mutants of mutmut."""
    if not names:
        shutil.rmtree(FOLDER, ignore_errors=True)
    unfold(Path.cwd(), FOLDER)
    command = [str(Path(sys.executable).with_name("mutmut")), "run", *names]
    ran = subprocess.run(command, cwd=FOLDER, env=os.environ | {"CI": "1"}, check=False)  # CI: the same examples always
    if ran.returncode:
        return ran.returncode
    with contextlib.chdir(FOLDER):
        tried, survivors = outcome()
    unargued, idle = compared(survivors, arguments)
    for mutant in unargued:
        print(_shown("survives and is not argued", mutant))
    for mutant in idle:
        print(_shown("is argued and does not survive", mutant))
    killed = tried - len(survivors)
    argued = len(survivors) - len(unargued)
    print(f"{tried} mutants: {killed} killed ({100 * killed / tried:.1f} %), {argued} argued, {len(unargued)} neither")
    return 1 if unargued or idle else 0


def try_deletions(names: list[str], arguments: Collection[ArguedDeletion]) -> int:
    """Try to leave out each element of each table."""
    survivors, tried = deletions.tried(names)
    return report_deletions(survivors, tried, names, arguments)


def report_deletions(
    survivors: list[deletions.Deletion], tried: int, names: list[str], arguments: Collection[ArguedDeletion]
) -> int:
    """Print what came of the deletions; return 1 where survivors and arguments are not the same."""
    argued = [deletions.Deletion(one.scope, one.element) for one in arguments]
    unargued = [one for one in survivors if one not in argued]
    idle = [one for one in argued if one not in survivors and deletions.is_named(one.scope, names)]
    for one in unargued:
        print(f"{one.scope}: no test fails without `{one.element}`, which is not argued")
    for one in idle:
        print(f"{one.scope}: a test fails without `{one.element}`, which is argued")
    killed = tried - len(survivors)
    print(f"{tried} deletions: {killed} killed, {len(survivors) - len(unargued)} argued, {len(unargued)} neither")
    return 1 if unargued or idle else 0


def unfold(source: Path, folder: Path) -> None:
    """Copy what the tests need, so that mutmut leaves the work tree alone; what has not changed keeps its time.

    mutmut passes properties by. In the copy they are methods first, and made properties behind.
    """
    for name in COPIED:
        for path in [source / name, *sorted((source / name).rglob("*"))]:
            if not path.is_file() or {"__pycache__", "node_modules"} & set(path.parts):
                continue
            content = path.read_bytes()
            if name == "hssgate" and path.suffix == ".py":
                content = with_bare_properties(content.decode()).encode()
            copy = folder / path.relative_to(source)
            if not copy.exists() or copy.read_bytes() != content:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)


def with_bare_properties(code: str) -> str:
    """Return code that means the same and makes its properties without a decorator."""
    return _PROPERTY.sub(r"\g<function>\n\g<indent>\g<name> = property(\g<name>)\n", code)


def outcome() -> tuple[int, list[Mutant]]:
    """Return how many mutants were tried in the current folder, and those that no test killed."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code

    tried = 0
    survivors = []
    for meta in sorted(Path("mutants").rglob("*.py.meta")):
        codes: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        tried += len(codes)
        path = meta.relative_to("mutants").with_suffix("")
        survivors += [
            mutant_of(key, get_diff_for_mutant(key, path=path))
            for key, code in codes.items()
            if status_by_exit_code[code] not in KILLED
        ]
    return tried, survivors


def mutant_of(key: str, diff: str) -> Mutant:
    """Return a mutant as what it changes; mutmut's number for it moves with every change of the code."""
    module, _, mangled = key.partition("__mutmut_")[0].rpartition(".")
    name = mangled.removeprefix("xǁ").replace("ǁ", ".") if mangled.startswith("xǁ") else mangled.removeprefix("x_")
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    was, now = ("\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in ("-", "+"))
    return Mutant(f"{module}.{name}", was, now)


def compared(survivors: Iterable[Mutant], arguments: Collection[Argument]) -> tuple[list[Mutant], list[Mutant]]:
    """Return the survivors without an entry, and the entries that did not survive."""
    alive = list(survivors)
    argued = [
        Mutant(argument.function, _stripped(argument.was), _stripped(now))
        for argument in arguments
        for now in argument.now
    ]
    return [mutant for mutant in alive if mutant not in argued], [mutant for mutant in argued if mutant not in alive]


def _stripped(lines: str) -> str:
    return "\n".join(line.strip() for line in lines.strip().splitlines())


def _shown(what: str, mutant: Mutant) -> str:
    lines = [f"  - {line}" for line in mutant.was.splitlines()] + [f"  + {line}" for line in mutant.now.splitlines()]
    return "\n".join([f"{mutant.function} {what}", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
