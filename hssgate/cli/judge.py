"""`hssgate judge`: saved reports, judged again under a policy; no network."""

from collections.abc import Sequence
from pathlib import Path

import click

from hssgate.cli.console import Console
from hssgate.cli.environment import check_variables
from hssgate.cli.old_reports import RemovesOldReports
from hssgate.cli.options import Report, common_options
from hssgate.cli.policy_files import choose, load, policy_option
from hssgate.cli.publication import Publication
from hssgate.cli.report_files import check_paths, inputs_of, refuse_inputs, takes_stdout
from hssgate.cli.world import World
from hssgate.errors import Misused
from hssgate.exit_codes import worst
from hssgate.judgement import JudgedImage, Terms, judge_sighting, judgement_warnings, policy_warnings
from hssgate.policy.load import LoadedPolicy
from hssgate.reports.summary import headline, render
from hssgate.reports.words import policy_line
from hssgate.saved import SavedImage, SavedReport, read_report
from hssgate.text import clean
from hssgate.verdict import Outcome, Verdict, outcome_of


@click.command(cls=RemovesOldReports, short_help="judge saved JSON reports again, without network")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT.json...", type=click.Path(path_type=Path))
@policy_option
@click.option(
    "--report", "written", type=Report(), multiple=True, help="Write a report of the new verdict; as for `check`."
)
@common_options
@click.pass_context
def judge(  # noqa: PLR0917 - click hands over every option by name
    ctx: click.Context,
    reports: tuple[Path, ...],
    policies: tuple[Path, ...],
    written: tuple[tuple[str, str], ...],
    verbose: int,
    quiet: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Judge the JSON reports of earlier checks again: what would the new policy have blocked?

    What was seen then is held against the policy as it is now, as of the moment of that check; HSS is not asked. The
    exit code is that of `check`. A rule that needs findings which that check did not read has no usable result (5).
    """
    world: World = ctx.obj
    console = world.console
    console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    check_paths(written)
    console.results_to_stderr = takes_stdout(written)
    chosen = choose(policies)
    refuse_inputs(written, (*chosen.paths, *inputs_of(ctx)))
    loaded = load(chosen)
    saved = _read(reports)
    judged = [[_judge(image, loaded) for image in report.images] for report in saved]
    verdict = _verdict(saved, judged, loaded)
    console.result(policy_line(verdict.policies))
    verdict = Publication(written, world).publish(console.redactor.value(verdict))
    for warning in verdict.warnings:
        console.warning(warning)
    console.result(_table(saved, judged, console))
    console.result((headline if console.verbosity < 0 else render)(verdict, console.paint_result))
    ctx.exit(int(verdict.exit_code))


def _read(paths: Sequence[Path]) -> list[SavedReport]:
    """Read every report, and name every one that cannot be read."""
    saved, problems = [], []
    for path in paths:
        try:
            saved.append(read_report(path))
        except Misused as error:
            problems.append(str(error))
    if problems:
        raise Misused("\n".join(problems))
    return saved


def _judge(image: SavedImage, policies: Sequence[LoadedPolicy]) -> JudgedImage:
    return judge_sighting(image.sighting, image.evidence, _terms(image, policies))


def _terms(image: SavedImage, policies: Sequence[LoadedPolicy]) -> Terms:
    return Terms(policies, image.judged_at, image.scanned_after)


def _verdict(
    saved: Sequence[SavedReport], judged: Sequence[Sequence[JudgedImage]], policies: Sequence[LoadedPolicy]
) -> Verdict:
    warnings = policy_warnings(policies, (new for images in judged for new in images)) + [
        line
        for report, images in zip(saved, judged, strict=True)
        for image, new in zip(report.images, images, strict=True)
        for line in judgement_warnings([image.sighting], [new], _terms(image, policies))
    ]
    interruptions = [report.interruption for report in saved if report.interruption is not None]
    return Verdict(
        images=tuple(new.verdict for images in judged for new in images),
        policies=tuple(loaded.source for loaded in policies),
        warnings=tuple(dict.fromkeys(warnings)),
        started_at=min(report.started_at for report in saved),
        finished_at=max(report.finished_at for report in saved),
        interruption=worst(*interruptions) if interruptions else None,
    )


def _table(saved: Sequence[SavedReport], judged: Sequence[Sequence[JudgedImage]], console: Console) -> str:
    """Return a line for each image: its report, and its old and new verdict."""
    rows = [("report", "image", "then", "now")]
    for report, images in zip(saved, judged, strict=True):
        for image, new in zip(report.images, images, strict=True):
            then, now = outcome_of(image.exit_code), new.verdict.outcome
            rows.append((clean(report.path, 200), clean(image.sighting.reference.text, 300), then.value, now.value))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), _now(row, console)])
        for row in rows
    )


def _now(row: tuple[str, str, str, str], console: Console) -> str:
    then, now = row[2:]
    if then == now or now not in set(Outcome):
        return now
    return console.paint_result(now, "good" if now == Outcome.PASSED else "bad")
