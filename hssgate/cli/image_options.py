"""Options of the commands that wait for images: which images, what proves them, and how long to wait."""

from collections.abc import Sequence
from pathlib import Path

import click

from hssgate.cli.option_types import LONGEST_CICD_NAME, LONGEST_REGISTRY_NAME, TextParam, When
from hssgate.cli.options import Command, ConnectionOptions, is_default
from hssgate.cli.policy_files import PolicyFile
from hssgate.cli.registries import resolve_options
from hssgate.durations import Moment, format_duration
from hssgate.errors import Misused
from hssgate.record import record
from hssgate.settings import WaitSettings


@record(kw_only=True)
class ImageOptions(ConnectionOptions):
    """Options of commands that wait for images, each as it was given; durations are seconds.

    Args:
        images: each IMAGE.
        cicd_name: CI/CD identifier that the rows must have.
        registry_name: registry that the rows must have.
        metadata_files: build metadata that names images, or proves them.
        resolve: whether to ask the registries for the digests of the images.
        platforms: platforms to check of each image.
        scanned_after: the earliest scan time that is accepted.
        timeout: for the scan to finish.
        appear_timeout: for the image to be listed and its scan to start.
        settle: least time between two equal reads of a recent success.
        interval: shortest pause between two polls.
        max_interval: longest pause between two polls.
    """

    images: tuple[str, ...]
    cicd_name: str | None
    registry_name: str | None
    metadata_files: tuple[Path, ...]
    resolve: bool
    platforms: tuple[tuple[str, ...], ...]
    scanned_after: Moment | None
    timeout: float
    appear_timeout: float
    settle: float
    interval: float
    max_interval: float

    @property
    def names(self) -> dict[str, str | None]:
        """Values that the rows of every image must have in addition to its reference."""
        return {"cicd_name": self.cicd_name, "registry_name": self.registry_name}


def image_options(command: Command) -> Command:
    """Add IMAGE and the options that say which rows are meant."""
    for option in reversed(
        (
            click.argument("images", nargs=-1, envvar="HSSGATE_IMAGES", metavar="IMAGE..."),
            click.option(
                "--cicd-name",
                type=TextParam(LONGEST_CICD_NAME),
                show_envvar=True,
                envvar="HSSGATE_CICD_NAME",
                help="Only consider images scanned under this HSS CI/CD identifier.",
            ),
            click.option(
                "--registry-name",
                type=TextParam(LONGEST_REGISTRY_NAME),
                show_envvar=True,
                envvar="HSSGATE_REGISTRY_NAME",
                help="Registry that the rows must name, as HSS lists it; in place of the registry in IMAGE.",
            ),
            click.option(
                "--metadata-file",
                "metadata_files",
                type=PolicyFile(),
                multiple=True,
                show_envvar=True,
                envvar="HSSGATE_METADATA_FILE",
                help="Build metadata, as `docker buildx build --metadata-file` writes it: its names stand for IMAGE, "
                "or IMAGE picks among them, and its digests prove the image; repeatable.",
            ),
            resolve_options,
        )
    ):
        command = option(command)
    return command


def scanned_after_option(command: Command) -> Command:
    """Add `--scanned-after`."""
    return click.option(
        "--scanned-after",
        type=When(),
        show_envvar=True,
        envvar="HSSGATE_SCANNED_AFTER",
        help="Accept only results scanned at or after WHEN: ISO 8601 with zone, epoch seconds or milliseconds, or an "
        "age such as 15m.",
    )(command)


def images_of(options: ImageOptions) -> tuple[Sequence[str], Sequence[Path]]:
    """Return each IMAGE, those in files included, and the files."""
    if not any(image.startswith("@") for image in options.images):
        return options.images, ()
    from hssgate.cli.image_files import with_files  # most runs have none

    return with_files(options.images)


def wait_settings(ctx: click.Context, options: ImageOptions) -> WaitSettings:
    """Return timeouts and pauses; if only one bound of the pause is given, the default of the other follows it.

    Raises:
        Misused: the shortest pause is longer than the longest.
    """
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
