"""`hssgate images`: lists the rows of the API as a table or as JSON lines."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from hssgate.cli.connect.connections import connection_of, explain, open_hosts
from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.environment import take_cicd_name
from hssgate.cli.filters import query_options
from hssgate.cli.help_page import HelpPage
from hssgate.cli.layouts import LAYOUTS, Layout, table_for
from hssgate.cli.options import ConnectionOptions, common_options, connection_options, receives
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.client import HssClient
from hssgate.hss.models import CicdImage
from hssgate.hss.query import CicdImagesQuery
from hssgate.hss.responses import Page
from hssgate.record import record
from hssgate.text import clean, plural
from hssgate.waiting.pages import pages_of

_EPILOG = """\b
Exit codes:
  0    the whole list was printed, or as many rows as requested
  1    crashed: a bug
  2    misused: an option is wrong
  3    the API was not available, or the list is incomplete
  130  interrupted (SIGINT)
  143  interrupted (SIGTERM)
"""


@record(kw_only=True)
class _Options(ConnectionOptions):
    """Options of `images`.

    Args:
        layout: name of the format.
        max_rows: number of rows after which to stop.
        filters: the other query parameters by name; the query checks them again.
    """

    layout: str
    max_rows: int | None
    filters: Mapping[str, Any]

    @classmethod
    def of(cls, **given: Any) -> "_Options":  # noqa: ANN401 - options of any type
        """Return the options; those that no field is named after are filters."""
        own = {name: value for name, value in given.items() if name in cls.__dataclass_fields__}
        return cls(**own, filters={name: value for name, value in given.items() if name not in own})


@click.command(cls=HelpPage, short_help="list the images in HSS", epilog=_EPILOG)
@query_options
@click.option(
    "--format",
    "layout",
    type=click.Choice([*LAYOUTS]),
    default="table",
    show_default=True,
    help="A table, or JSON lines: an object a row with the API's own names.",
)
@click.option("--max-rows", type=click.IntRange(1), help="Stop after this many rows.")
@connection_options
@common_options
@click.pass_context
@receives(_Options.of)
def images(ctx: click.Context, options: _Options) -> None:
    """List the CI/CD images in HSS, newest scan first, with the API's own filters.

    All pages are read, each printed before the next is requested. Credentials come from the environment, as for
    `hssgate check`.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.verbosity = -1 if options.quiet else options.verbose
    take_cicd_name(ctx)
    connection = connection_of(context, options)
    query = CicdImagesQuery(**options.filters)
    explain(connection, context)
    try:
        with context.interruptible(), open_hosts(connection, context) as hosts:
            client = HssClient(hosts, connection, context.clock, console.warning)
            pages = pages_of(
                lambda page: client.page_of_cicd_images(page, within=options.request_timeout),
                query,
                context.clock,
                console.warning,
            )
            layout, left_out = LAYOUTS[options.layout], list[str]()
            if options.layout == "table":
                layout, left_out = table_for(console.result_width)
            code = _print(pages, layout, options.max_rows, console)
            if left_out:
                console.progress(f"the terminal is too narrow for {', '.join(left_out)}; --format json has every field")
    except Interrupted as interruption:
        console.error("interrupted")
        code = interruption.exit_code
    ctx.exit(code)


def _print(pages: Iterable[Page[CicdImage]], layout: Layout, max_rows: int | None, console: Console) -> ExitCode:
    """Print each page as it arrives, and the number of rows at the end."""
    line = layout.line if console.takes_any_character else layout.narrow_line
    header = f"{console.paint_result(layout.header, 'bold')}\n" if layout.header else ""
    printed = 0
    for page in pages:
        rows = page.rows if max_rows is None else page.rows[: max_rows - printed]
        try:
            console.rows(header + "".join(f"{line(row)}\n" for row in rows))
        except BrokenPipeError:  # the reader, such as `head`, has enough
            return ExitCode.PASSED
        except OSError as error:
            console.error(f"stdout cannot be written: {clean(error.strerror or error, 200)}")
            return ExitCode.API_UNAVAILABLE
        header = ""
        printed += len(rows)
        if printed == max_rows:
            announced = f" of {page.total_num}" if page.total_num is not None else ""
            console.progress(plural(printed, "row") + announced)
            return ExitCode.PASSED
    console.progress(plural(printed, "row"))
    return ExitCode.PASSED
