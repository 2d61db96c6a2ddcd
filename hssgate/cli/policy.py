"""`hssgate policy`: writes, validates, tests and explains policy files."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from hssgate.cli.console import Console, print_whole
from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.help_page import GroupHelpPage
from hssgate.cli.options import common_options
from hssgate.cli.policy_explain import explain
from hssgate.cli.policy_files import VARIABLE, PolicyFile, choose, with_hints
from hssgate.cli.policy_import import import_
from hssgate.cli.policy_test import test
from hssgate.errors import Misused, PolicyInvalid
from hssgate.policy.entry_warnings import warnings_of_ends
from hssgate.policy.load import LoadedPolicy, load_policy
from hssgate.policy.model import Policy
from hssgate.policy.rule_table import RULES
from hssgate.policy.schema import policy_schema
from hssgate.policy.search import DEFAULT_NAMES, NAMES_IN_WORDS, is_default_name
from hssgate.policy.starter import SCHEMA_FILE, starter_policy
from hssgate.reports.wording import searched_in_words
from hssgate.text import clean, plural

_STDOUT = Path("-")
_SUFFIXES = (".yaml", ".yml")


@click.group(cls=GroupHelpPage, short_help="write, check, test and explain policy files")
@common_options
@click.pass_context
def policy(ctx: click.Context, verbose: int, quiet: bool) -> None:  # noqa: FBT001 - click's flag
    """Write, check, test and explain policy files. Only `test` sends requests to the API."""
    context: RunContext = ctx.obj
    context.console.take_verbosity(verbose, quiet=quiet)


@policy.command(short_help="write a commented starter policy")
@click.argument("path", type=PolicyFile(), default=DEFAULT_NAMES[0], metavar="[PATH]")
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@common_options
@click.pass_context
def init(ctx: click.Context, path: Path, force: bool, verbose: int, quiet: bool) -> None:  # noqa: FBT001
    """Write a commented starter policy to PATH (hssgate.yaml if not given; - is stdout).

    It is equal to the built-in policy; every other rule is in it as a comment.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    if path == _STDOUT:
        print_whole(console, starter_policy())
        return
    if path.suffix.lower() not in _SUFFIXES:
        raise Misused(f"{path}: the starter is YAML; name the file .yaml or .yml")
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(starter_policy())
    except FileExistsError as error:
        raise Misused(f"{path}: there is one already; --force replaces it") from error
    except OSError as error:
        raise Misused(f"{path}: it cannot be written: {error.strerror or error}") from error
    console.result(f"{path}: written")
    console.progress(f"for editors: hssgate policy schema > {path.parent / SCHEMA_FILE}")
    _warn_of_neighbours(path, console)


@policy.command(short_help="check policy files")
@click.argument("paths", nargs=-1, type=PolicyFile(), envvar=VARIABLE, metavar="[PATH]...")
@common_options
@click.pass_context
def validate(ctx: click.Context, paths: Sequence[Path], verbose: int, quiet: bool) -> None:  # noqa: FBT001
    """Check policy files and list every fault of every file; exit 0 only if all are valid, else 2.

    Without PATH, the files that `check` would read: those of HSSGATE_POLICY, else hssgate.yaml, .yml, .toml or .json
    here or in the nearest folder above, up to the root of the repository. Entries that have ended or end within 14
    days are warnings.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    chosen = choose(paths)
    if not chosen.paths:
        place = searched_in_words((str(chosen.searched[0]), str(chosen.searched[-1])))
        raise Misused(f"{place}: name a policy file, or write one: hssgate policy init")
    faulty = 0
    for path in chosen.paths:
        try:
            loaded = load_policy(path, context.clock.epoch())
        except PolicyInvalid as error:
            faulty += 1
            console.result("\n".join(with_hints(error, [path]).problems))
        else:
            _tell_valid(loaded, context)
    if faulty:
        raise Misused(f"{faulty} of {plural(len(chosen.paths), 'policy file')} cannot be used")


@policy.command(short_help="print the JSON Schema of policy files")
@common_options
@click.pass_context
def schema(ctx: click.Context, verbose: int, quiet: bool) -> None:  # noqa: FBT001
    """Print the JSON Schema (draft 2020-12) of policy files.

    \b
    An editor with yaml-language-server reads it from a file beside the policy:
      hssgate policy schema > hssgate.schema.json
    if this is the policy's first line, as `hssgate policy init` writes it:
      # yaml-language-server: $schema=hssgate.schema.json
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    context: RunContext = ctx.obj
    context.console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    print_whole(context.console, json.dumps(policy_schema(), indent=2) + "\n")


policy.add_command(explain)
policy.add_command(import_)
policy.add_command(test)


def _tell_valid(loaded: LoadedPolicy, context: RunContext) -> None:
    context.console.result(f"{loaded.source.path}: valid")
    for warning in warnings_of_ends(loaded, context.clock.epoch()):
        context.console.warning(warning)
    if loaded.policy.known is not None and not _limits_new_findings(loaded.policy):
        context.console.progress(
            f"note: {loaded.source.path}: `known` only matters to rules on new findings, and the policy has none; "
            "add one such as `new_vulnerabilities: 0`"
        )
    if loaded.policy.limits_severity and loaded.policy.ignore:
        context.console.progress(
            f"note: {loaded.source.path}: no entry of `ignore` changes `severity`, which is HSS's own verdict; "
            "to accept a worse one for an image, write an override of `severity`"
        )


def _limits_new_findings(policy: Policy) -> bool:
    """Whether a rule counts new findings only, for all images or for some."""
    all_rules = (policy.rules, *(one.rules for one in policy.overrides))
    return any(RULES[name].only_new for rules in all_rules for name in rules.in_force())


def _warn_of_neighbours(path: Path, console: Console) -> None:
    """Warn that a policy must be given by --policy if it is one of several in the folder, or misspelt."""
    here = sorted(found.name for found in path.parent.iterdir() if is_default_name(found.name))
    if path.name in here and (len(here) > 1 or path.name not in DEFAULT_NAMES):
        found = " and ".join(clean(name, 100) for name in here)
        console.warning(
            f"{found}: without --policy a check in this folder ends with exit code 2, for it takes one file alone, "
            f"named {NAMES_IN_WORDS}; keep one"
        )
