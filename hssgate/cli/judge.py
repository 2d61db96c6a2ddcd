"""`hssgate judge`: judges saved reports again under a policy, without network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.languages import language_of, language_option
from hssgate.cli.old_reports import RemovesOldReports
from hssgate.cli.option_types import Day, ReportParam
from hssgate.cli.options import common_options
from hssgate.cli.policy_files import choose, files_read_by, load, policy_option
from hssgate.cli.publication import Publication
from hssgate.cli.report_files import check_paths, inputs_of, refuse_inputs, takes_stdout
from hssgate.cli.verdict_output import print_policies, print_verdict, print_warnings
from hssgate.errors import Misused
from hssgate.exit_codes import worst
from hssgate.judging.criteria import Criteria
from hssgate.judging.image import JudgedImage, judge_image
from hssgate.judging.run_warnings import judgement_warnings, policy_warnings
from hssgate.policy.load import LoadedPolicy
from hssgate.saved.consistency import read_consistent_report
from hssgate.saved.reader import SavedImage, SavedReport
from hssgate.text import clean
from hssgate.verdict import Verdict, outcome_of


@click.command(cls=RemovesOldReports, short_help="judge saved JSON reports again, without network")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT.json...", type=click.Path(path_type=Path))
@policy_option
@click.option(
    "--report", "written", type=ReportParam(), multiple=True, help="Write a report of the new verdict; as for `check`."
)
@click.option(
    "--at",
    "ends_at",
    type=Day(),
    metavar="DATE",
    help="Apply expiry dates of the policy as of this day (UTC), such as 2027-03-31; ages of scans do not change.  "
    "[default: the day of each check]",
)
@language_option
@common_options
@click.pass_context
def judge(  # noqa: PLR0917 - click hands over every option by name
    ctx: click.Context,
    reports: tuple[Path, ...],
    policies: tuple[Path, ...],
    written: tuple[tuple[str, str], ...],
    ends_at: float | None,
    lang: str | None,
    verbose: int,
    quiet: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Judge the JSON reports of earlier checks again: what would the new policy have blocked?

    The saved results are judged under the current policy, as of the time of that check, without requests to HSS. The
    exit codes are those of `check`. A rule that needs data which that check did not fetch has no usable result (5). A
    report that contradicts itself, or was changed after it was written, is refused (2).
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    console.language = language_of(lang, context)
    check_variables(ctx)
    check_paths(written)
    console.results_to_stderr = takes_stdout(written)
    chosen = choose(policies)
    refuse_inputs(written, (*chosen.paths, *inputs_of(ctx)))
    loaded = load(chosen, context.clock.epoch(), ends_at)
    refuse_inputs(written, files_read_by(loaded))
    saved = _read(reports)
    judged = [_judge(path, image, loaded, ends_at) for path, report in saved for image in report.images]
    verdict = _verdict([report for _, report in saved], judged, loaded)
    print_policies(verdict.policies, console)
    publication = Publication(written, context)
    verdict = publication.publish(console.redactor.value(verdict))
    print_warnings(verdict, console)
    earlier = [(outcome_of(one.image.exit_code), clean(one.path, 200)) for one in judged]
    print_verdict(verdict, console, earlier)
    ctx.exit(int(publication.finish(verdict).exit_code))


@dataclass(frozen=True)
class _JudgedAgain:
    """One image of a report, with its new verdict.

    Args:
        path: of the report.
        image: as it was saved.
        criteria: current policies and the time of the check.
        new: the new verdict.
    """

    path: Path
    image: SavedImage
    criteria: Criteria
    new: JudgedImage


def _read(paths: Sequence[Path]) -> list[tuple[Path, SavedReport]]:
    """Read all reports; the error names every unreadable one."""
    saved, problems = [], []
    for path in paths:
        try:
            saved.append((path, read_consistent_report(path)))
        except Misused as error:
            problems.append(str(error))
    if problems:
        raise Misused("\n".join(problems))
    return saved


def _judge(path: Path, image: SavedImage, policies: Sequence[LoadedPolicy], ends_at: float | None) -> _JudgedAgain:
    criteria = Criteria(policies, image.judged_at, image.scanned_after, ends_at)
    new = judge_image(image.observation, image.findings, criteria, image.details)
    return _JudgedAgain(path, image, criteria, replace(new, verdict=image.with_details(new.verdict)))


def _verdict(saved: Sequence[SavedReport], judged: Sequence[_JudgedAgain], policies: Sequence[LoadedPolicy]) -> Verdict:
    warnings = policy_warnings(policies, [one.new for one in judged])
    for one in judged:
        warnings += judgement_warnings([one.image.observation], [one.new], one.criteria)
    interruptions = [report.interruption for report in saved if report.interruption is not None]
    return Verdict(
        images=tuple(one.new.verdict for one in judged),
        policies=tuple(loaded.source for loaded in policies),
        warnings=tuple(dict.fromkeys(warnings)),
        started_at=min(report.started_at for report in saved),
        finished_at=max(report.finished_at for report in saved),
        interruption=worst(*interruptions) if interruptions else None,
    )
