"""`hssgate policy import`: prints ignore files of Trivy as a policy's `ignore` list."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click

from hssgate.cli.console import print_whole
from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.help_page import HelpPage
from hssgate.cli.option_types import TextParam
from hssgate.cli.options import common_options
from hssgate.errors import Misused
from hssgate.files import read_bounded
from hssgate.policy.document import Malformed
from hssgate.policy.load import LARGEST_FILE
from hssgate.policy.model import MOST_ENTRIES
from hssgate.policy.trivy import (
    LONGEST_REASON,
    YAML_SUFFIXES,
    Carried,
    Imported,
    LeftOut,
    ignore_list,
    read_trivy_ignores,
)
from hssgate.text import clean, is_visible

_EXPECTED = (
    "expected a .trivyignore or .trivyignore.yaml file; docs/from-trivy-and-grype.md has what other files become"
)


class _Reason(TextParam):
    """Text that a policy accepts as a reason."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        text = super().convert(value, param, ctx)
        if not is_visible(clean(text)):
            self.fail("the value has no visible character.", param, ctx)
        return text


@click.command("import", cls=HelpPage, short_help="print ignore files of Trivy as an `ignore` list")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--reason", type=_Reason(LONGEST_REASON), help="Reason of the entries for which FILE has none.")
@common_options
@click.pass_context
def import_(ctx: click.Context, paths: Sequence[Path], reason: str | None, verbose: int, quiet: bool) -> None:  # noqa: FBT001 - click's flag
    """Print .trivyignore and .trivyignore.yaml files as the `ignore` list of a policy, in YAML.

    No entry accepts more than in FILE. What a policy cannot have (GHSA ids, paths, purls, misconfigurations, secrets,
    licences) is a comment with the reason, and a warning. Trivy ends an entry at 00:00 UTC of its day, a policy after
    its day, so the day before is written.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    today = datetime.fromtimestamp(context.clock.epoch(), UTC).date()
    found = {path: _entries_of(path, today) for path in paths}
    for path, entries in found.items():
        for entry in entries:
            if isinstance(entry, LeftOut):
                console.warning(f"{path}:{entry.line}: not carried: {entry.entry}: {entry.why}")
    carried = sum(isinstance(entry, Carried) for entries in found.values() for entry in entries)
    if not carried:
        raise Misused(f"nothing in {clean(', '.join(map(str, found)), 400)} can be carried into a policy")
    lists = [
        f"  # from {clean(path, 200)}\n{ignore_list(entries, reason or f'imported from {clean(path.name, 100)}')}"
        for path, entries in found.items()
    ]
    print_whole(console, "ignore:\n" + "".join(lists))
    left_out = sum(map(len, found.values())) - carried
    console.progress(f"carried: {carried}; not carried: {left_out}")
    if carried > MOST_ENTRIES:
        console.warning(
            f"a policy can have {MOST_ENTRIES} `ignore` entries, and these are {carried}; use a policy for each part"
        )


def _entries_of(path: Path, today: date) -> tuple[Imported, ...]:
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise Misused(f"{path}: it cannot be read: {error.strerror or error}") from error
    if len(raw) > LARGEST_FILE:
        raise Misused(f"{path}: it is larger than 1 MiB")
    is_yaml = path.suffix in YAML_SUFFIXES
    try:
        return read_trivy_ignores(raw.decode("utf-8-sig" if is_yaml else "utf-8"), is_yaml=is_yaml, today=today)
    except UnicodeDecodeError as error:
        raise Misused(f"{path}: it is not UTF-8 (byte {error.start})") from error
    except Malformed as error:
        place = f"{path}:{error.line}" if error.line else f"{path}"
        raise Misused(f"{place}: {clean(error)}; {_EXPECTED}") from error
