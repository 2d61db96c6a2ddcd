"""Which policy files a command reads: `--policy`, its variable, or the default file here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hssgate.cli.options import Command
from hssgate.policy.load import LoadedPolicy, find_policy, load_policies

VARIABLE = "HSSGATE_POLICY"


class PolicyFile(click.ParamType[Path]):
    """A path; in the variable, a path a line."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401
        """Return the path."""
        if not str(value).strip():
            self.fail("the path is empty; leave the option out, or check the variable it comes from.", param, ctx)
        return Path(value)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Return each line, the empty ones too: one may be all that is left of a variable that named a policy."""
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
        help="Policy file; repeatable, each must be held to.  [default: hssgate.yaml, .yml, .toml or .json here, else "
        "the built-in policy]",
    )(command)


def given_or_found(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files that are given, else the default file of this folder, if there is one."""
    if not paths and (found := find_policy(Path())):
        return (found,)
    return tuple(paths)


def load_or_default(paths: Sequence[Path]) -> tuple[LoadedPolicy, ...]:
    """Read the files that are given, else the default file of this folder, else take the built-in policy.

    Raises:
        PolicyInvalid: one line for each fault of each file.
    """
    return load_policies(given_or_found(paths))
