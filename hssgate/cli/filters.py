"""Options of `hssgate images`: the query parameters of the API, with its names and ranges."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from hssgate.cli.environment import CICD_NAME
from hssgate.cli.option_types import TextParam, When
from hssgate.cli.options import Command
from hssgate.hss.models import SeverityLevel
from hssgate.hss.query import (
    LARGEST_IMAGE_SIZE,
    LARGEST_OFFSET,
    LONGEST_NAME,
    LONGEST_VERSION,
    PAGE_SIZE,
    SMALLEST_PAGE,
    FilterableStatus,
)

Option = Callable[[Any], Any]


class _Milliseconds(When):
    """A moment, as milliseconds since the epoch."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Return the milliseconds."""
        if isinstance(value, int):
            return value
        moment = super().convert(value, param, ctx)
        if moment.epoch_ms < 0:
            self.fail(f"{value!r} lies before 1970-01-01T00:00:00Z, where the API's times begin.", param, ctx)
        return moment.epoch_ms


def query_options(command: Command) -> Command:
    """Add an option for each query parameter except the enterprise project, which is a connection option."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _text(name: str, longest: int, help_text: str, variable: str | None = None) -> Option:
    kind, help_text = TextParam(longest), f"{help_text} Up to {longest} characters."
    return click.option(name, type=kind, envvar=variable, show_envvar=variable is not None, help=help_text)


def _flag(name: str, help_text: str) -> Option:
    return click.option(f"--{name}/--no-{name}", default=None, help=help_text)


def _choice(name: str, choices: Sequence[str], help_text: str, default: str | None = None) -> Option:
    kind = click.Choice([str(choice) for choice in choices], case_sensitive=False)
    shown = f"[{'|'.join(choices)}]"
    return click.option(
        name, type=kind, metavar=shown, default=default, show_default=default is not None, help=help_text
    )


def _when(name: str, help_text: str) -> Option:
    return click.option(name, type=_Milliseconds(), help=help_text)


def _number(name: str, least: int, most: int, help_text: str, default: int | None = None) -> Option:
    kind = click.IntRange(least, most)
    return click.option(name, type=kind, default=default, show_default=default is not None, help=help_text)


_OPTIONS = (
    _text("--cicd-name", LONGEST_NAME, "CI/CD identifier name.", CICD_NAME),
    _text("--namespace", LONGEST_NAME, "Organisation of the image."),
    _text("--image-name", LONGEST_NAME, "Image name; the API may also list names that contain it."),
    _text("--image-version", LONGEST_VERSION, "Image version."),
    _text("--image-id", LONGEST_NAME, "Image id."),
    _choice("--pipeline-type", ("jenkins", "codearts"), "Kind of pipeline that the image was scanned in."),
    _flag("latest-version", "Only the newest version of each image."),
    _number("--image-size", 0, LARGEST_IMAGE_SIZE, "Size in bytes."),
    _choice("--scan-status", tuple(FilterableStatus), "State of the scan."),
    _choice("--severity-level", tuple(SeverityLevel), "HSS's verdict on the image."),
    _when(
        "--start-latest-update-time",
        "Updated at or after WHEN: ISO 8601 with zone, epoch seconds or milliseconds, or an age such as 15m.",
    ),
    _when("--end-latest-update-time", "Updated at or before WHEN."),
    _when("--start-latest-scan-time", "Scanned at or after WHEN."),
    _when("--end-latest-scan-time", "Scanned at or before WHEN."),
    _flag("has-malicious-file", "With malicious files, or without."),
    _flag("has-unsafe-setting", "With unsafe settings, or without."),
    _flag("has-vul", "With vulnerabilities, or without."),
    _flag("risky", "With any risk, or without."),
    _choice("--sort-key", ("latest_scan_time",), "What to sort by.", "latest_scan_time"),
    _choice("--sort-dir", ("asc", "desc"), "Oldest first, or newest first.", "desc"),
    _number("--limit", SMALLEST_PAGE, PAGE_SIZE, "Rows asked for at once; all pages are read.", PAGE_SIZE),
    _number("--offset", 0, LARGEST_OFFSET, "Rows left out at the start.", 0),
)
