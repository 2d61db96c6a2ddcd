"""Policy files: found, read, and refused with every fault named."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError

from hssgate.errors import PolicyInvalid
from hssgate.policy.model import BUILT_IN_TEXT, KeyPath, Policy, built_in
from hssgate.reading import read_bounded
from hssgate.record import record
from hssgate.text import clean, plural
from hssgate.verdict import PolicySource

BUILT_IN = "built-in"
_MOST_PROBLEMS = 20
LARGEST_FILE = 1024 * 1024  # bytes


@record
class LoadedPolicy:
    """A policy, where it came from, and where its entries stand.

    Args:
        policy: the model.
        source: path and SHA-256.
        lines: the line of each key path, where the format tells.
    """

    policy: Policy
    source: PolicySource
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def place_of(self, key: str, index: int) -> str:
        """Return where an entry of `overrides` or `ignore` stands, as `file:line` or `file: overrides[0]`."""
        line = self.lines.get((key, index))
        return f"{self.source.path}:{line}" if line else f"{self.source.path}: {key}[{index}]"

    def place_of_rule(self, name: str) -> str:
        """Return where one of the policy's own rules stands, as `file:line`, `file: rules.name` or `built-in`."""
        if self.source.path == BUILT_IN:
            return BUILT_IN
        line = self.line_of_rule(name)
        return f"{self.source.path}:{line}" if line else f"{self.source.path}: rules.{name}"

    def line_of_rule(self, name: str, override: int | None = None) -> int | None:
        """Return the line of one of the policy's own rules, or of one that the override of that number sets."""
        owner: KeyPath = () if override is None else ("overrides", override)
        return self.lines.get((*owner, "rules", name))


def load_policies(paths: Iterable[Path], searched: Iterable[Path] = ()) -> tuple[LoadedPolicy, ...]:
    """Read each file; without any, return the built-in policy.

    Args:
        paths: of the files.
        searched: the folders in which no default file was found, nearest first.

    Raises:
        PolicyInvalid: one line for each fault of each file.
    """
    loaded: list[LoadedPolicy] = []
    problems: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            loaded.append(load_policy(path))
        except PolicyInvalid as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyInvalid(tuple(problems))
    return tuple(loaded) or (_built_in(tuple(str(folder) for folder in searched)),)


def load_policy(path: Path) -> LoadedPolicy:
    """Read one policy file.

    Raises:
        PolicyInvalid: one line for each fault.
    """
    from hssgate.policy.document import Malformed, read_document

    try:
        raw = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise PolicyInvalid((f"{path}: it cannot be read: {error.strerror or error}",)) from error
    if len(raw) > LARGEST_FILE:
        raise PolicyInvalid((f"{path}: it is larger than 1 MiB",))
    try:
        document = read_document(raw.decode("utf-8-sig"), path.suffix)
    except UnicodeDecodeError as error:
        raise PolicyInvalid((f"{path}: it is not UTF-8 (byte {error.start})",)) from error
    except Malformed as error:
        place = f"{path}:{error.line}" if error.line else f"{path}"
        raise PolicyInvalid((f"{place}: {clean(error)}",)) from error
    if document.data is None or document.data == {}:
        raise PolicyInvalid((f"{path}: it is empty, and an empty policy would pass everything; add `rules:`",))
    if not isinstance(document.data, dict):
        raise PolicyInvalid((f"{path}: it must be a mapping with `rules:`",))
    policy, faults = _validated(document.data)
    if policy is None or faults:
        faults.sort(key=lambda fault: document.line_of(fault.where) or 0)
        shown = [_worded(path, document.line_of(fault.where), fault) for fault in faults[:_MOST_PROBLEMS]]
        more = len(faults) - len(shown)
        raise PolicyInvalid((*shown, *([f"{path}: and {plural(more, 'more fault')}"] if more else [])))
    return LoadedPolicy(policy, PolicySource(str(path), hashlib.sha256(raw).hexdigest()), document.lines)


def _built_in(searched: tuple[str, ...]) -> LoadedPolicy:
    digest = hashlib.sha256(BUILT_IN_TEXT.encode()).hexdigest()
    return LoadedPolicy(built_in(), PolicySource(BUILT_IN, digest, searched))


@record
class _Fault:
    where: KeyPath
    message: str
    kind: str = ""


def _validated(data: dict[str, object]) -> tuple[Policy | None, list[_Fault]]:
    """Return the policy, if it is one, and what is wrong with it."""
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_input=False)
        return None, [_Fault(tuple(fault["loc"]), fault["msg"], fault["type"]) for fault in found]
    faults = []
    if not policy.rules.in_force().keys() - {"scan"}:
        said = "it limits nothing, and an empty policy would pass everything; add a rule such as `severity: Medium`"
        faults.append(_Fault(("rules",), said))
    faults += [
        _Fault(("overrides", index, "rules"), "it holds no rule; add one or take the override out")
        for index, override in enumerate(policy.overrides)
        if not override.rules.in_force()
    ]
    return policy, faults


def _worded(path: Path, line: int | None, fault: _Fault) -> str:
    where, message = fault.where, fault.message
    match fault.kind:
        case "extra_forbidden":
            message = _unknown_key(where)
        case "missing":
            where, message = where[:-1], f"`{where[-1]}` is missing"
        case _:
            where = where[:-1] if where[-1:] == ("limit",) else where
            message = message.removeprefix("Value error, ").replace("Input should be", "should be")
            message = clean(message.replace("a valid tuple", "a list"))
    place = f"{path}:{line}" if line else f"{path}"
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).removeprefix(".")
    return f"{place}: {clean(key, 200)}: {message}" if key else f"{place}: {message}"


def _unknown_key(where: KeyPath) -> str:
    import difflib

    key = str(where[-1])
    known = _keys_at(where[:-1])
    near = difflib.get_close_matches(key, known, cutoff=0.5)
    return f"unknown key; did you mean `{near[0]}`?" if near else f"unknown key; known here: {', '.join(known)}"


def _keys_at(where: KeyPath) -> list[str]:
    """Return the names that are valid at a key path, read off the model."""
    model: type[BaseModel] = Policy
    for part in where:
        if isinstance(part, str) and part in model.model_fields:
            inner = _models_in(model.model_fields[part].annotation)
            model = inner[0] if inner else model
    return list(model.model_fields)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
