"""Policy files of a command: from `--policy`, its variable, or the default file in this folder or above."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from hssgate.cli.options import Command
from hssgate.errors import PolicyInvalid
from hssgate.policy.load import LoadedPolicy, load_policies
from hssgate.policy.search import NAMES_IN_WORDS, find_policy
from hssgate.record import record

VARIABLE = "HSSGATE_POLICY"


@record
class PolicyChoice:
    """The policy files of a run.

    Args:
        paths: of the files; empty: the built-in policy.
        searched: folders without a default file, nearest first.
        in_repository: path of a file found in a folder above, relative to the root of the repository.
    """

    paths: tuple[Path, ...]
    searched: tuple[Path, ...] = ()
    in_repository: Path | None = None


class PolicyFile(click.ParamType[Path]):
    """A path; several in the variable are one per line."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401
        """Return the path."""
        if not str(value).strip():
            self.fail("the path is empty; leave the option out, or check the variable it comes from.", param, ctx)
        return Path(value)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Return each line, including empty ones, which are refused: a policy in an unset variable must not be lost."""
        return [line.strip() for line in rv.splitlines()] or [""]


def policy_option(command: Command) -> Command:
    """Add `--policy`."""
    return click.option(
        "--policy",
        "policies",
        type=PolicyFile(),
        multiple=True,
        show_envvar=True,
        envvar=VARIABLE,
        help=f"Policy file; repeatable, each must be met.  [default: {NAMES_IN_WORDS} here or in the nearest "
        "folder above, up to the root of the repository; else the built-in policy]",
    )(command)


def choose(paths: Sequence[Path]) -> PolicyChoice:
    """Return the given files, else the default file of this folder or the nearest one above it, if there is one.

    Raises:
        Misused: several default files are possible.
    """
    if paths:
        return PolicyChoice(tuple(dict.fromkeys(paths)))
    found = find_policy()
    return (
        PolicyChoice((found.path,), in_repository=found.in_repository)
        if found.path
        else PolicyChoice((), found.folders)
    )


def load(chosen: PolicyChoice, now: float, ends_at: float | None = None) -> tuple[LoadedPolicy, ...]:
    """Read the chosen files; without any, return the built-in policy.

    Args:
        chosen: the files.
        now: epoch seconds, for the age of feeds.
        ends_at: epoch seconds that the end of `known` is compared with; None: `now`.

    Raises:
        PolicyInvalid: one line for each fault of each file.
    """
    try:
        policies = load_policies(chosen.paths, now, chosen.searched, ends_at)
    except PolicyInvalid as error:
        raise with_hints(error, chosen.paths) from error
    if chosen.in_repository is None:
        return policies
    return tuple(
        replace(loaded, source=replace(loaded.source, in_repository=chosen.in_repository.as_posix()))
        for loaded in policies
    )


def files_read_by(policies: Sequence[LoadedPolicy]) -> list[Path]:
    """Return the files that policies name: feeds and known findings."""
    sources = [loaded.source for loaded in policies]
    known = [source.known.path for source in sources if source.known]
    return [Path(path) for path in (*known, *(feed.path for source in sources for feed in source.feeds))]


def with_hints(error: PolicyInvalid, paths: Sequence[Path]) -> PolicyInvalid:
    """Return the error with a hint for each file that is a report of hssgate, not a policy."""
    from hssgate.cli.old_reports import is_old_report

    hints = [
        f"{path}: this is a report of hssgate, not a policy: delete it, or give it another name, as hssgate-report.json"
        for path in paths
        if is_old_report(path)
    ]
    return PolicyInvalid((*hints, *error.problems))
