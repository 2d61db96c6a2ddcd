"""`hssgate check`: waits for the scans of images and judges them."""

from collections.abc import Sequence
from pathlib import Path

import click

from hssgate.cli import codearts, github
from hssgate.cli.codearts import CODEARTS
from hssgate.cli.connect.connections import connection_of, explain, open_hosts
from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.image_options import ImageOptions, image_options, images_of, scanned_after_option, wait_settings
from hssgate.cli.images_asked import references_of
from hssgate.cli.languages import language_of, language_option
from hssgate.cli.old_reports import RemovesOldReports
from hssgate.cli.option_types import ReportParam
from hssgate.cli.options import (
    common_options,
    connection_options,
    receives,
    waiting_options,
)
from hssgate.cli.policy_files import choose, files_read_by, load, policy_option
from hssgate.cli.progress import Progress
from hssgate.cli.publication import Publication
from hssgate.cli.registries import Registries, registries_of
from hssgate.cli.report_files import check_paths, inputs_of, refuse_inputs, takes_stdout
from hssgate.cli.verdict_output import print_policies, print_verdict, print_warnings
from hssgate.exit_codes import ExitCode
from hssgate.gate import run_gate
from hssgate.policy.load import LoadedPolicy
from hssgate.record import record
from hssgate.reports import FORMATS, LISTING_FINDINGS
from hssgate.settings import FindingsMode, Settings

_EPILOG = "\b\nExit codes:\n" + "".join(f"  {code:<3}  {code.meaning}\n" for code in ExitCode)


@record(kw_only=True)
class CheckOptions(ImageOptions):
    """Options of `check`, each as it was given.

    Args:
        policies: policy files.
        reports: format and path of each.
        findings: when to read what no rule needs.
        lang: language of the verdict.
    """

    policies: tuple[Path, ...]
    reports: tuple[tuple[str, str], ...]
    findings: str
    lang: str | None


class _Gate(github.AnnouncesMisuse, RemovesOldReports):
    """Announces misuse to GitHub, and removes the reports of an earlier run."""


@click.command(cls=_Gate, short_help="wait for the scan of images and judge them by a policy", epilog=_EPILOG)
@image_options
@policy_option
@scanned_after_option
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
    images, image_files = images_of(options)
    references = references_of(images, options.metadata_files, options.names, options.scanned_after)
    registries = registries_of(references, options.platforms, context, resolve=options.resolve)
    chosen = choose(options.policies)
    refuse_inputs(reports, (*chosen.paths, *image_files, *inputs_of(ctx), *(registries.files if registries else ())))
    applied = load(chosen, context.clock.epoch())
    refuse_inputs(reports, files_read_by(applied))
    settings = Settings(
        references=references,
        wait=wait_settings(ctx, options),
        scanned_after=options.scanned_after,
        findings=FindingsMode(options.findings),
        lists_findings=any(name in LISTING_FINDINGS for name, _ in reports),
        connection=connection_of(context, options),
    )
    _explain(settings, context)
    ctx.exit(_run(settings, applied, reports, context, registries))


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


def _explain(settings: Settings, context: RunContext) -> None:
    """Print the settings of the run with -v."""
    console = context.console
    explain(settings.connection, context)
    if settings.scanned_after:
        console.detail(f"results scanned at or after {settings.scanned_after}")
