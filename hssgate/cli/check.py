"""`hssgate check`: waits for the scans of images and judges them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from hssgate.cli import github
from hssgate.cli.connect.connections import Address, connection_of, explain, open_hosts
from hssgate.cli.context import World
from hssgate.cli.environment import check_variables
from hssgate.cli.old_reports import RemovesOldReports
from hssgate.cli.options import (
    LONGEST_CICD_NAME,
    LONGEST_REGISTRY_NAME,
    Report,
    Switch,
    Text,
    When,
    common_options,
    connection_options,
    is_default,
    waiting_options,
)
from hssgate.cli.policy_files import PolicyFile, choose, load, policy_option
from hssgate.cli.progress import Progress
from hssgate.cli.publication import Publication
from hssgate.cli.report_files import check_paths, inputs_of, refuse_inputs, takes_stdout
from hssgate.durations import Moment, format_duration
from hssgate.errors import Misused
from hssgate.exit_codes import ExitCode
from hssgate.gate import run_gate
from hssgate.policy.load import LoadedPolicy
from hssgate.reference import Reference, parse_reference
from hssgate.reports import FORMATS
from hssgate.reports.summary import headline, render
from hssgate.reports.wording import policy_line
from hssgate.settings import Settings, WaitSettings

MOST_IMAGES = 2000  # twice what benchmarks/memory.py holds to 150 MB with room to spare
_MOST_PROBLEMS = 20
_EPILOG = "\b\nExit codes:\n" + "".join(f"  {code:<3}  {code.meaning}\n" for code in ExitCode)


class _Gate(github.Announced, RemovesOldReports):
    """Misuse is announced, and leaves no report of an earlier run behind."""


@click.command(cls=_Gate, short_help="wait for the scan of images and judge them by a policy", epilog=_EPILOG)
@click.argument("images", nargs=-1, envvar="HSSGATE_IMAGES", metavar="IMAGE...")
@click.option(
    "--cicd-name",
    type=Text(LONGEST_CICD_NAME),
    show_envvar=True,
    envvar="HSSGATE_CICD_NAME",
    help="Only consider images scanned under this HSS CI/CD identifier.",
)
@click.option(
    "--registry-name",
    type=Text(LONGEST_REGISTRY_NAME),
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
    type=Report(),
    multiple=True,
    show_envvar=True,
    envvar="HSSGATE_REPORTS",
    help=f"Write a report; FORMAT is {', '.join(FORMATS)}; PATH - is stdout; repeatable.",
)
@click.option(
    "--details",
    is_flag=True,
    type=Switch(),
    show_envvar=True,
    envvar="HSSGATE_DETAILS",
    help="List malicious files, sensitive files and failed baseline checks in the reports.",
)
@connection_options
@common_options
@click.pass_context
def check(  # noqa: PLR0917 - click hands over every option by name
    ctx: click.Context,
    images: tuple[str, ...],
    cicd_name: str | None,
    registry_name: str | None,
    metadata_files: tuple[Path, ...],
    policies: tuple[Path, ...],
    scanned_after: Moment | None,
    timeout: float,
    appear_timeout: float,
    settle: float,
    interval: float,
    max_interval: float,
    reports: tuple[tuple[str, str], ...],
    details: bool,  # noqa: FBT001 - click's flag
    region: str | None,
    cloud: str | None,
    endpoint: str | None,
    project_id: str | None,
    enterprise_project_id: str | None,
    request_timeout: float,
    ca_bundle: Path | None,
    verbose: int,
    quiet: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Wait until HSS has scanned each IMAGE, hold the result against the policy, and exit 0 only if all pass.

    IMAGE is [REGISTRY/][NAMESPACE/]NAME[:VERSION][@DIGEST]; the version or the digest is required. Credentials are
    never options: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, HSSGATE_TOKEN, or a keyless set-up in the environment, or
    a profile file; `hssgate doctor -v` says which are found.
    """
    world: World = ctx.obj
    console = world.console
    console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    check_paths(reports)
    console.results_to_stderr = takes_stdout(reports)
    ctx.with_resource(world.interruptible())  # from here on a signal leaves reports behind
    names = {"cicd_name": cicd_name, "registry_name": registry_name}
    built = _built_images(metadata_files, names, scanned_after)
    references = _references(images, built, names)
    chosen = choose(policies)
    refuse_inputs(reports, (*chosen.paths, *inputs_of(ctx)))
    applied = load(chosen)
    settings = Settings(
        references=references,
        wait=_wait_settings(
            ctx,
            timeout=timeout,
            appear_timeout=appear_timeout,
            settle=settle,
            interval=interval,
            max_interval=max_interval,
        ),
        scanned_after=scanned_after,
        details=details,
        connection=connection_of(
            world,
            Address(
                region=region,
                cloud=cloud,
                endpoint=endpoint,
                project_id=project_id,
                enterprise_project_id=enterprise_project_id,
                request_timeout=request_timeout,
                ca_bundle=ca_bundle,
            ),
        ),
    )
    _explain(settings, world)
    ctx.exit(_run(settings, applied, reports, world))


def _run(settings: Settings, policies: Sequence[LoadedPolicy], reports: Sequence[tuple[str, str]], world: World) -> int:
    console = world.console
    console.result(policy_line(loaded.source for loaded in policies))
    with open_hosts(settings.connection, world) as hosts:
        progress = Progress(console, world.clock)
        verdict = console.redactor.value(run_gate(settings, policies, hosts, world.clock, progress))
        publication = Publication(reports, world, github.writers(world))
        verdict = publication.publish(verdict)
        github.annotate(verdict, world)
        for warning in verdict.warnings:
            if warning not in progress.warned:
                console.warning(warning)
        console.result((headline if console.verbosity < 0 else render)(verdict, console.paint_result))
        return int(publication.finish(verdict).exit_code)


def _built_images(
    paths: Sequence[Path], names: Mapping[str, str | None], scanned_after: Moment | None
) -> tuple[Reference, ...]:
    if not paths:
        return ()
    from hssgate.cli.metadata_files import built_images  # most runs have none

    return built_images(paths, names, scanned_after)


def _references(
    images: Sequence[str], built: Sequence[Reference], names: Mapping[str, str | None]
) -> tuple[Reference, ...]:
    """Return each image once, in the order given; without any, those that were built."""
    found: dict[tuple[str | None, ...], Reference] = {}
    problems = []
    if len(distinct := dict.fromkeys(images)) > MOST_IMAGES:
        raise Misused(f"{len(distinct)} IMAGEs given, more than the {MOST_IMAGES} of one run; split them up")
    for image in distinct:
        try:
            reference = parse_reference(image, **names)
            if built:
                from hssgate.cli.metadata_files import pick

                reference = pick(reference, built)
        except ValueError as error:
            problems.append(str(error))
        else:
            found.setdefault(reference.identity, reference)
    if problems:
        more = [f"and {len(problems) - _MOST_PROBLEMS} more"] if len(problems) > _MOST_PROBLEMS else []
        raise Misused("\n".join([*problems[:_MOST_PROBLEMS], *more]))
    if not images:
        found = {reference.identity: reference for reference in built}
    if not found:
        raise Misused(
            "no IMAGE given: name at least one, such as team/app:1.0, or set HSSGATE_IMAGES, or give --metadata-file"
        )
    return tuple(found.values())


def _wait_settings(
    ctx: click.Context, *, timeout: float, appear_timeout: float, settle: float, interval: float, max_interval: float
) -> WaitSettings:
    """Return the pace; where only one bound of the pause is given, it moves the other's default out of the way."""
    if interval > max_interval:
        if is_default(ctx, "max_interval"):
            max_interval = interval
        elif is_default(ctx, "interval"):
            interval = max_interval
        else:
            shown, longest = format_duration(interval), format_duration(max_interval)
            raise Misused(f"--interval {shown} is longer than --max-interval {longest}; swap them or raise the latter")
    return WaitSettings(
        timeout=timeout, appear_timeout=appear_timeout, settle=settle, interval=interval, max_interval=max_interval
    )


def _explain(settings: Settings, world: World) -> None:
    """Say with -v what the run is made of."""
    console = world.console
    explain(settings.connection, world)
    if settings.scanned_after:
        console.detail(f"results scanned at or after {settings.scanned_after}")
