"""`hssgate accept`: records the findings of images as known, for the policy's rules on new ones."""

from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from hssgate.cli.accepted_file import USUAL_NAME, check_output, read_output
from hssgate.cli.connect.connections import connection_of, explain, open_hosts
from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.help_page import HelpPage
from hssgate.cli.image_options import ImageOptions, image_options, images_of, scanned_after_option, wait_settings
from hssgate.cli.images_asked import references_of
from hssgate.cli.options import common_options, connection_options, receives, waiting_options
from hssgate.cli.progress import Progress
from hssgate.cli.registries import registries_of
from hssgate.cli.report_files import inputs_of, is_same_file, reason_of, write_whole
from hssgate.durations import format_api_time
from hssgate.errors import Misused
from hssgate.exit_codes import ExitCode, worst
from hssgate.gate import run_gate
from hssgate.judging.acceptance import (
    Acceptance,
    NotAcceptable,
    acceptances_of,
    accepted,
    accepting_policy,
    pruned,
)
from hssgate.judging.criteria import Criteria
from hssgate.judging.image import judge_image
from hssgate.policy.findings import Findings
from hssgate.policy.known_file import LARGEST_FILE, render_known_file
from hssgate.record import record
from hssgate.saved.consistency import read_consistent_report
from hssgate.saved.reader import SavedImage
from hssgate.settings import FindingsMode, Settings
from hssgate.text import clean, joined, plural
from hssgate.verdict import ImageVerdict, Result, Verdict

_SELECTING = {  # options that say which scans are meant, by the name of the parameter
    "cicd_name": "--cicd-name",
    "registry_name": "--registry-name",
    "metadata_files": "--metadata-file",
    "resolve": "--resolve",
    "platforms": "--platform",
    "scanned_after": "--scanned-after",
}
_EPILOG = """\b
Exit codes:
  0    the file was written
  1    crashed: a bug
  2    misused: an option, IMAGE, FILE or REPORT is wrong
  3    the API could not be asked, or FILE could not be written
  4    timed out: an image did not appear, or its scan did not end
  5    no usable result: a scan failed, or its list of findings is not complete
  130  interrupted (SIGINT)
  143  interrupted (SIGTERM)
"""


@record(kw_only=True)
class _Options(ImageOptions):
    """Options of `accept`.

    Args:
        output: the file of known findings, as given.
        report: saved report to take the findings from.
        prune: whether to remove only.
    """

    output: str
    report: Path | None
    prune: bool


@click.command(cls=HelpPage, short_help="record today's findings as known", epilog=_EPILOG)
@image_options
@click.option("-o", "--output", required=True, metavar="FILE", help=f"File of known findings, such as {USUAL_NAME}.")
@click.option(
    "--from",
    "report",
    type=click.Path(path_type=Path),
    metavar="REPORT.json",
    help="Take the findings from a saved JSON report, without requests; IMAGE then picks among its images.",
)
@click.option("--prune", is_flag=True, help="Only remove known findings that HSS lists no longer; add none.")
@scanned_after_option
@waiting_options
@connection_options
@common_options
@click.pass_context
@receives(_Options)
def accept(ctx: click.Context, options: _Options) -> None:
    """Record the findings that HSS lists for each IMAGE as known: the policy's new_* rules then count only others.

    The scan of every IMAGE must have succeeded, and the list of its findings must be complete; otherwise FILE stays as
    it is. A finding is known by its id, package and path, in every version of the image. What was known of the image
    is replaced; entries of other images stay. IMAGE is written as for `check`, and credentials come from the
    environment.

    \b
    The policy names FILE, relative to itself:
      rules: {new_vulnerabilities: 0}
      known: {file: hssgate-accepted.json}
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(options.verbose, quiet=options.quiet)
    check_variables(ctx)
    check_output(options.output)
    output = Path(options.output)
    read_output(output, is_needed=options.prune)  # a file that is not ours is refused before anything is asked
    with context.interruptible():
        images, image_files = images_of(options)
        for path in (*image_files, *inputs_of(ctx)):
            if is_same_file(path, output):
                raise Misused(
                    f"-o {clean(output, 300)}: this run reads that file ({clean(path, 300)}); name another one"
                )
        interruption = None
        if options.report:
            verdicts = _from_report(ctx, options.report, images)
        else:
            verdict = _asked(ctx, options, images)
            verdicts, interruption = verdict.images, verdict.interruption
        code, found = _acceptances(verdicts, console)
        code = interruption or context.signals.came or code
        if code is ExitCode.PASSED:
            code = _write(output, found, console, prune=options.prune)
    if code is not ExitCode.PASSED:
        console.error(f"{clean(output, 300)}: nothing was written")
    ctx.exit(int(code))


def _asked(ctx: click.Context, options: _Options, images: Sequence[str]) -> Verdict:
    """Wait for the scans of the images, and read their findings."""
    context: RunContext = ctx.obj
    references = references_of(images, options.metadata_files, options.names, options.scanned_after)
    registries = registries_of(references, options.platforms, context, resolve=options.resolve)
    settings = Settings(
        references=references,
        wait=wait_settings(ctx, options),
        scanned_after=options.scanned_after,
        findings=FindingsMode.NEVER,
        connection=connection_of(context, options),
    )
    explain(settings.connection, context)
    with open_hosts(settings.connection, context) as hosts:
        progress = Progress(context.console, context.clock)
        resolve = registries.open(settings, hosts) if registries else None
        return run_gate(settings, (accepting_policy(),), hosts, context.clock, progress, resolve=resolve)


def _from_report(ctx: click.Context, path: Path, images: Sequence[str]) -> Sequence[ImageVerdict]:
    """Judge the images of a saved report again, as far as the caller picks them."""
    for name, option in _SELECTING.items():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise Misused(f"{option}: with --from the report says which scans are meant; leave the option out")
    by_name = {image.observation.reference.text: image for image in read_consistent_report(path).images}
    if missing := [image for image in images if image not in by_name]:
        listed = joined(clean(name, 200) for name in by_name)
        raise Misused(f"--from {clean(path, 300)}: {clean(missing[0], 300)} is not in it; it has {listed}")
    picked = [by_name[name] for name in dict.fromkeys(images)] or [*by_name.values()]
    for image in picked:
        if _has_unread_findings(image):
            raise Misused(
                f"--from {clean(path, 300)}: the findings of {clean(image.observation.reference.text, 300)} are not in "
                "it; check it with --findings always, or name IMAGE without --from"
            )
    policies = (accepting_policy(),)
    return [
        image.with_details(
            judge_image(
                image.observation, image.findings, Criteria(policies, image.judged_at, image.scanned_after)
            ).verdict
        )
        for image in picked
    ]


def _has_unread_findings(image: SavedImage) -> bool:
    """Whether the scan succeeded, and the report lacks what it found."""
    return any(
        row_group.has_succeeded and not isinstance(image.findings.get(row_group.key), Findings)
        for row_group in image.observation.row_groups
    )


def _acceptances(verdicts: Sequence[ImageVerdict], console: Console) -> tuple[ExitCode, list[Acceptance]]:
    """Return what is to be recorded, and the exit code of the images whose findings cannot be."""
    code, found = ExitCode.PASSED, list[Acceptance]()
    for verdict in verdicts:
        name = verdict.reference.text
        outcome = acceptances_of(verdict)
        if isinstance(outcome, NotAcceptable):
            console.error(f"{name}: {outcome.message}")
            code = worst(code, outcome.exit_code)
            continue
        for group in verdict.seen.groups if verdict.seen else ():
            if group.row.latest_scan_time is not None:
                console.progress(f"{name}: findings of the scan of {format_api_time(group.row.latest_scan_time)}")
        for check in verdict.checks:
            if check.result is Result.WARNED:
                console.warning(f"{name}: {check.message}")
        if unidentified := sum(one.unidentified for one in outcome):
            console.warning(
                f"{name}: {plural(unidentified, 'finding')} without a usable id cannot be known: new each time"
            )
        found += outcome
    return code, found


def _write(output: Path, found: Sequence[Acceptance], console: Console, *, prune: bool) -> ExitCode:
    """Write the file, unless nothing is to be removed from it, and return the exit code."""
    known = read_output(output, is_needed=prune)  # again, for another run may have written it meanwhile
    changes = pruned(known, found) if prune else accepted(known, found)
    for path in dict.fromkeys(one.path for one in found):
        if prune and path not in known:
            console.warning(f"{clean(output, 300)} has no entry for {clean(path, 300)}: there is nothing to remove")
    if not prune or any(change.removed for change in changes):
        text = console.redactor.data(render_known_file({**known, **{change.path: change.after for change in changes}}))
        if len(text.encode()) > LARGEST_FILE:
            raise Misused(f"-o {clean(output, 300)}: it would be larger than 4 MiB; use a file for each image")
        try:
            write_whole(output, text)
        except (OSError, ValueError) as error:
            console.error(f"{clean(output, 300)}: it cannot be written: {reason_of(error)}")
            return ExitCode.API_UNAVAILABLE
    for change in changes:
        count = plural(change.after.findings.count, "known finding")
        console.result(f"{clean(change.path, 300)}: {count} ({change.added} added, {change.removed} removed)")
    return ExitCode.PASSED
