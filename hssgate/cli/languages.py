"""The option `--lang`, and the language that the locale asks for."""

import click

from hssgate.cli.context import RunContext
from hssgate.cli.options import Command
from hssgate.reports.language import Language

_LOCALE_VARIABLES = ("LC_ALL", "LANG")  # the first that has a value decides


def language_option(command: Command) -> Command:
    """Add `--lang`."""
    return click.option(
        "--lang",
        type=click.Choice([language.value for language in Language]),
        show_envvar=True,
        envvar="HSSGATE_LANG",
        help="Language of the verdict, of what to do, and of Markdown and HTML; other formats stay English.  [default: "
        "by LC_ALL or LANG where stdout is UTF-8, else en]",
    )(command)


def language_of(given: str | None, context: RunContext) -> Language:
    """Return the language of the option, else of the locale, else English.

    Args:
        given: the option, if it was given.
        context: whose environment and console decide otherwise.
    """
    if given is not None:
        return Language(given)
    locale = next((value for name in _LOCALE_VARIABLES if (value := context.environ.get(name))), "")
    is_chinese = locale.partition(".")[0].partition("_")[0].lower() == Language.CHINESE
    return Language.CHINESE if is_chinese and context.console.takes_any_character else Language.ENGLISH
