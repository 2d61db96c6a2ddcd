"""`hssgate policy test`: what a policy would have blocked, among the images in HSS or in saved reports."""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import click

from hssgate.cli.connect.connections import connection_of, explain, open_hosts
from hssgate.cli.console import print_whole
from hssgate.cli.context import RunContext
from hssgate.cli.environment import CICD_NAME, check_variables, take_cicd_name
from hssgate.cli.forecast_output import forecasts_as_json, forecasts_as_text
from hssgate.cli.help_page import HelpPage
from hssgate.cli.option_types import LONGEST_CICD_NAME, Duration, TextParam, When
from hssgate.cli.options import ConnectionOptions, common_options, connection_options, is_given, receives
from hssgate.cli.policy_files import choose, load, policy_option
from hssgate.cli.progress import Progress
from hssgate.cli.verdict_output import print_policies
from hssgate.durations import Deadline, Moment, believable
from hssgate.errors import Interrupted, Misused
from hssgate.exit_codes import ExitCode
from hssgate.hss.client import HssClient
from hssgate.hss.models import CicdImage
from hssgate.hss.query import CicdImagesQuery
from hssgate.judging.criteria import Criteria
from hssgate.judging.findings import FindingsReader
from hssgate.judging.forecast import Forecast, ImageForecast, forecast_of, observations_of
from hssgate.policy.load import LoadedPolicy
from hssgate.record import record
from hssgate.saved.consistency import read_consistent_report
from hssgate.text import plural
from hssgate.waiting.pages import pages_of

_EPILOG = """\b
Exit codes:
  0    the policy was tested, whatever it would block
  1    crashed: a bug
  2    misused: an option, the policy or a report is wrong
  3    the API was not available, or a list that --findings always asks for could not be read
  130  interrupted (SIGINT)
  143  interrupted (SIGTERM)
"""


@record(kw_only=True)
class _Options(ConnectionOptions):
    """Options of `policy test`.

    Args:
        reports: saved reports to take the images from; empty: HSS.
        policies: the policy files.
        cicd_name: only images of this identifier.
        since: only images scanned at or after this moment.
        max_rows: number of rows of HSS after which to stop.
        findings: whether lists behind the rows are read.
        timeout: seconds for those lists.
        form: `text` or `json`.
    """

    reports: tuple[Path, ...]
    policies: tuple[Path, ...]
    cicd_name: str | None
    since: Moment | None
    max_rows: int
    findings: str
    timeout: float
    form: str


@record
class _Tested:
    """The images that were tested.

    Args:
        images: what the policies would do with each.
        is_complete: whether every list that was to be read was read.
        interruption: the exit code of a signal, if one came.
    """

    images: tuple[ImageForecast, ...]
    is_complete: bool = True
    interruption: ExitCode | None = None


@click.command("test", cls=HelpPage, short_help="show what a policy would have blocked", epilog=_EPILOG)
@click.argument("reports", nargs=-1, metavar="[REPORT.json]...", type=click.Path(path_type=Path))
@policy_option
@click.option(
    "--cicd-name",
    type=TextParam(LONGEST_CICD_NAME),
    show_envvar=True,
    envvar=CICD_NAME,
    help="Only images scanned under this HSS CI/CD identifier.",
)
@click.option("--since", type=When(), metavar="WHEN", help="Only images scanned at or after WHEN, such as 7d.")
@click.option(
    "--max-rows",
    type=click.IntRange(1, 100_000),
    default=2000,
    show_default=True,
    help="Take the newest rows of HSS, up to this number.",
)
@click.option(
    "--findings",
    type=click.Choice(["auto", "always"]),
    default="auto",
    show_default=True,
    help="always reads the findings, files and baseline checks of each image that rules need; auto does not judge "
    "those rules.",
)
@click.option(
    "--timeout",
    type=Duration(),
    default="10m",
    show_default=True,
    help="How long lists are read for --findings always.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@connection_options
@common_options
@click.pass_context
@receives(_Options)
def test(ctx: click.Context, options: _Options) -> None:
    """Show what a policy would have blocked among the images that HSS lists, or those of saved JSON reports.

    HSS is asked for its list of images once, page by page, and nothing is changed. A rule that needs findings, files or
    baseline checks is "not judged" unless they are read (--findings always) or in the report. Of several rows of one
    image the newest counts. Entries of the policy are in force as of today; for images in HSS `scan_age` is left out,
    since a check follows its scan.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(options.verbose, quiet=options.quiet)
    check_variables(ctx, unused=[CICD_NAME] if options.reports else [])
    now = context.clock.epoch()
    policies = load(choose(options.policies), now)
    if options.reports:
        given = next((name for name in ("cicd_name", "since", "max_rows", "findings") if is_given(ctx, name)), None)
        if given:
            raise Misused(
                f"--{given.replace('_', '-')} is for the images in HSS; leave it out, or leave the reports out"
            )
        tested = _Tested(tuple(_of_reports(options.reports, policies, now)))
    else:
        take_cicd_name(ctx)
        if any(_limits_ages(loaded) for loaded in policies):
            console.warning("scan_age is left out for the images in HSS, since a check follows its scan")
        try:
            tested = _of_hss(context, options, policies, now)
        except Interrupted as signal:
            console.error("interrupted")
            ctx.exit(int(signal.exit_code))
    if options.form == "json":
        print_whole(
            console, json.dumps(forecasts_as_json(tested.images, policies), indent=2, ensure_ascii=False) + "\n"
        )
    else:
        print_policies([loaded.source for loaded in policies], console)
        console.result(forecasts_as_text(tested.images, console))
    if not tested.images:
        console.warning("no image is listed; check --cicd-name and --since, or the enterprise project")
    ctx.exit(int(tested.interruption or (ExitCode.PASSED if tested.is_complete else ExitCode.API_UNAVAILABLE)))


def _limits_ages(loaded: LoadedPolicy) -> bool:
    """Whether a policy has the rule `scan_age`, for all images or for some."""
    policy = loaded.policy
    return any(rules.scan_age is not None for rules in (policy.rules, *(one.rules for one in policy.overrides)))


def _of_reports(paths: Sequence[Path], policies: Sequence[LoadedPolicy], now: float) -> Iterable[ImageForecast]:
    saved = [image for path in dict.fromkeys(paths) for image in read_consistent_report(path).images]
    for image in saved:
        criteria = Criteria(policies, image.judged_at, image.scanned_after, now)
        name = image.observation.reference.text
        yield forecast_of(name, image.observation, image.findings, image.details, criteria, with_ages=True)


def _of_hss(context: RunContext, options: _Options, policies: Sequence[LoadedPolicy], now: float) -> _Tested:
    connection = connection_of(context, options)
    explain(connection, context)
    start = context.clock.monotonic()
    with context.interruptible(), open_hosts(connection, context) as hosts:
        client = HssClient(hosts, connection, context.clock, context.console.warning)
        rows = _rows(client, context, options, now)
        deadline = Deadline(start, options.timeout)
        reader = FindingsReader(client, context.clock, Progress(context.console, context.clock), deadline)
        criteria = Criteria(policies, now)
        reads_lists = options.findings == "always"
        images = []
        for name, observation in observations_of(rows, now):
            findings = reader.findings_by_group(observation, criteria) if reads_lists else {}
            details = reader.details_by_group(observation, criteria) if reads_lists else {}
            images.append(forecast_of(name, observation, findings, details, criteria, with_ages=False))
    is_judged = all(rule.forecast is not Forecast.NOT_JUDGED for image in images for rule in image.rules)
    interruption = reader.interruption.exit_code if reader.interruption else None
    return _Tested(tuple(images), is_judged or not reads_lists, interruption)


def _rows(client: HssClient, context: RunContext, options: _Options, now: float) -> list[CicdImage]:
    """Return the rows that HSS lists, newest scan first."""
    since = options.since.epoch_ms if options.since else None
    query = CicdImagesQuery(cicd_name=options.cicd_name, start_latest_scan_time=since)
    pages = pages_of(
        lambda page: client.page_of_cicd_images(page, within=options.request_timeout),
        query,
        context.clock,
        context.console.warning,
    )
    listed = [*islice((row for page in pages for row in page.rows), options.max_rows + 1)]
    if len(listed) > options.max_rows:
        context.console.warning(
            f"only the newest {plural(options.max_rows, 'row')} are taken; see --since and --max-rows"
        )
    return [row for row in listed[: options.max_rows] if _is_meant(row, options.cicd_name, since, now)]


def _is_meant(row: CicdImage, cicd_name: str | None, since: int | None, now: float) -> bool:
    """Whether a row is one of those asked for: filters of the API may match loosely."""
    scanned = believable(row.latest_scan_time, 1000 * now)
    is_recent = since is None or (scanned is not None and scanned >= since)
    return is_recent and cicd_name in {None, row.cicd_name}
