"""`hssgate check`: waits for the scans of images and judges them."""

from collections.abc import Sequence
from pathlib import Path

import click

from hssgate.cli import codearts, github
from hssgate.cli.codearts import CODEARTS
from hssgate.cli.connect.connections import connection_of, explain, open_hosts
from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.images_asked import references_of
from hssgate.cli.languages import language_of, language_option
from hssgate.cli.old_reports import RemovesOldReports
from hssgate.cli.option_types import LONGEST_CICD_NAME, LONGEST_REGISTRY_NAME, ReportParam, TextParam, When
from hssgate.cli.options import (
    ConnectionOptions,
    common_options,
    connection_options,
    is_default,
    receives,
    waiting_options,
)
from hssgate.cli.policy_files import PolicyFile, choose, load, policy_option
from hssgate.cli.progress import Progress
from hssgate.cli.publication import Publication
from hssgate.cli.registries import Registries, registries_of, resolve_options
from hssgate.cli.report_files import check_paths, inputs_of, refuse_inputs, takes_stdout
from hssgate.cli.verdict_output import print_policies, print_verdict, print_warnings
from hssgate.durations import Moment, format_duration
from hssgate.errors import Misused
from hssgate.exit_codes import ExitCode
from hssgate.gate import run_gate
from hssgate.policy.load import LoadedPolicy
from hssgate.record import record
from hssgate.reports import FORMATS, LISTING_FINDINGS
from hssgate.settings import FindingsMode, Settings, WaitSettings

_EPILOG = "\b\nExit codes:\n" + "".join(f"  {code:<3}  {code.meaning}\n" for code in ExitCode)


@record(kw_only=True)
class CheckOptions(ConnectionOptions):
    """Options of `check`, each as it was given; durations are seconds.

    Args:
        images: each IMAGE.
        cicd_name: CI/CD identifier that the rows must have.
        registry_name: registry that the rows must have.
        metadata_files: build metadata that names images, or proves them.
        resolve: whether to ask the registries for the digests of the images.
        platforms: platforms to check of each image.
        policies: policy files.
        scanned_after: the earliest scan time that is accepted.
        timeout: for the scan to finish.
        appear_timeout: for the image to be listed and its scan to start.
        settle: least time between two equal reads of a recent success.
        interval: shortest pause between two polls.
        max_interval: longest pause between two polls.
        reports: format and path of each.
        lang: language of the verdict.
        details: whether to list malicious files, sensitive files and failed baseline checks.
    """

    images: tuple[str, ...]
    cicd_name: str | None
    registry_name: str | None
    metadata_files: tuple[Path, ...]
    resolve: bool
    platforms: tuple[tuple[str, ...], ...]
    policies: tuple[Path, ...]
    scanned_after: Moment | None
    timeout: float
    appear_timeout: float
    settle: float
    interval: float
    max_interval: float
    reports: tuple[tuple[str, str], ...]
    findings: str
    lang: str | None

    @property
    def names(self) -> dict[str, str | None]:
        """Values that the rows of every image must have in addition to its reference."""
        return {"cicd_name": self.cicd_name, "registry_name": self.registry_name}


class _Gate(github.AnnouncesMisuse, RemovesOldReports):
    """Announces misuse to GitHub, and removes the reports of an earlier run."""


@click.command(cls=_Gate, short_help="wait for the scan of images and judge them by a policy", epilog=_EPILOG)
@click.argument("images", nargs=-1, envvar="HSSGATE_IMAGES", metavar="IMAGE...")
@click.option(
    "--cicd-name",
    type=TextParam(LONGEST_CICD_NAME),
    show_envvar=True,
    envvar="HSSGATE_CICD_NAME",
    help="Only consider images scanned under this HSS CI/CD identifier.",
)
@click.option(
    "--registry-name",
    type=TextParam(LONGEST_REGISTRY_NAME),
    show_envvar=True,
    envvar="HSSGATE_REGISTRY_NAME",
    help="Registry that the rows must name, as HSS lists it; in place of the registry in IMAGE.",
)
@click.option(
    "--metadata-file",
    "metadata_files",
    type=PolicyFile(),
    multiple=True,
    show_envvar=True,
    envvar="HSSGATE_METADATA_FILE",
    help="Build metadata, as `docker buildx build --metadata-file` writes it: its names stand for IMAGE, or IMAGE "
    "picks among them, and its digests prove the image; repeatable.",
)
@resolve_options
@policy_option
@click.option(
    "--scanned-after",
    type=When(),
    show_envvar=True,
    envvar="HSSGATE_SCANNED_AFTER",
    help="Accept only results scanned at or after WHEN: ISO 8601 with zone, epoch seconds or milliseconds, or an age "
    "such as 15m.",
)
@waiting_options
@click.option(
    "--report",
    "reports",
    type=ReportParam(),
    multiple=True,
    show_envvar=True,
    envvar="HSSGATE_REPORTS",
    help=f"Write a report; FORMAT is {', '.join((*FORMATS, CODEARTS))}; PATH - is stdout, and of "
    f"{CODEARTS} it is a folder; repeatable.",
)
@click.option(
    "--findings",
    type=click.Choice([mode.value for mode in FindingsMode]),
    default=FindingsMode.AUTO.value,
    show_default=True,
    show_envvar=True,
    envvar="HSSGATE_FINDINGS",
    help="When to read findings with their CVEs, malicious and sensitive files and failed baseline checks: auto reads "
    "them where an image is blocked, and findings for a sarif or gitlab report.",
)
@language_option
@connection_options
@common_options
@click.pass_context
@receives(CheckOptions)
def check(ctx: click.Context, options: CheckOptions) -> None:
    """Wait until HSS has scanned each IMAGE, check the result against the policy, and exit 0 only if all pass.

    IMAGE is [REGISTRY/][NAMESPACE/]NAME[:VERSION][@DIGEST]; the version or the digest is required. @FILE
    stands for every IMAGE in a file, with blanks or newlines between. Credentials are never options: HUAWEICLOUD_SDK_AK
    and HUAWEICLOUD_SDK_SK, HSSGATE_TOKEN, or a keyless set-up in the environment, or a profile file; `hssgate
    doctor -v` says which are found.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(options.verbose, quiet=options.quiet)
    console.language = language_of(options.lang, context)
    check_variables(ctx)
    reports = tuple(dict.fromkeys((*options.reports, *codearts.own_reports(context.environ))))
    check_paths(reports)
    codearts.begin(reports)
    console.results_to_stderr = takes_stdout(reports)
    ctx.with_resource(context.interruptible())  # from here on a signal leaves reports behind
    images, image_files = _images_of(options)
    references = references_of(images, options.metadata_files, options.names, options.scanned_after)
    registries = registries_of(references, options.platforms, context, resolve=options.resolve)
    chosen = choose(options.policies)
    refuse_inputs(reports, (*chosen.paths, *image_files, *inputs_of(ctx), *(registries.files if registries else ())))
    applied = load(chosen, context.clock.epoch())
    settings = Settings(
        references=references,
        wait=_wait_settings(ctx, options),
        scanned_after=options.scanned_after,
        findings=FindingsMode(options.findings),
        lists_findings=any(name in LISTING_FINDINGS for name, _ in reports),
        connection=connection_of(context, options),
    )
    _explain(settings, context)
    ctx.exit(_run(settings, applied, reports, context, registries))


def _images_of(options: CheckOptions) -> tuple[Sequence[str], Sequence[Path]]:
    """Return each IMAGE, those in files included, and the files."""
    if not any(image.startswith("@") for image in options.images):
        return options.images, ()
    from hssgate.cli.image_files import with_files  # most runs have none

    return with_files(options.images)


def _run(
    settings: Settings,
    policies: Sequence[LoadedPolicy],
    reports: Sequence[tuple[str, str]],
    context: RunContext,
    registries: Registries | None,
) -> int:
    console = context.console
    print_policies((loaded.source for loaded in policies), console)
    with open_hosts(settings.connection, context) as hosts:
        progress = Progress(console, context.clock)
        resolve = registries.open(settings, hosts) if registries else None
        verdict = console.redactor.value(run_gate(settings, policies, hosts, context.clock, progress, resolve=resolve))
        publication = Publication(reports, context, github.writers(context))
        verdict = publication.publish(verdict)
        github.annotate(verdict, context)
        print_warnings(verdict, console, progress.warned)
        print_verdict(verdict, console)
        return int(publication.finish(verdict).exit_code)


def _wait_settings(ctx: click.Context, options: CheckOptions) -> WaitSettings:
    """Return timeouts and pauses; if only one bound of the pause is given, the default of the other follows it."""
    interval, max_interval = options.interval, options.max_interval
    if interval > max_interval:
        if is_default(ctx, "max_interval"):
            max_interval = interval
        elif is_default(ctx, "interval"):
            interval = max_interval
        else:
            shown, longest = format_duration(interval), format_duration(max_interval)
            raise Misused(f"--interval {shown} is longer than --max-interval {longest}; swap them or raise the latter")
    return WaitSettings(
        timeout=options.timeout,
        appear_timeout=options.appear_timeout,
        settle=options.settle,
        interval=interval,
        max_interval=max_interval,
    )


def _explain(settings: Settings, context: RunContext) -> None:
    """Print the settings of the run with -v."""
    console = context.console
    explain(settings.connection, context)
    if settings.scanned_after:
        console.detail(f"results scanned at or after {settings.scanned_after}")
