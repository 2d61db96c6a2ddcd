"""Checks of all `HSSGATE_*` variables: unknown, empty and misspelt ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import click
from click.core import ParameterSource

from hssgate.cli.context import RunContext
from hssgate.errors import Misused
from hssgate.record import record
from hssgate.text import clean

PREFIX = "HSSGATE_"
IMAGES = "HSSGATE_IMAGES"
CICD_NAME = "HSSGATE_CICD_NAME"
_DOTENV_PREFIX = "HSSGATE_DOTENV_PREFIX"

# Variables that decide which image is judged, under which policy, and which result counts.
DECIDING = (
    "HSSGATE_POLICY",
    "HSSGATE_SCANNED_AFTER",
    CICD_NAME,
    IMAGES,
    "HSSGATE_METADATA_FILE",
    "HSSGATE_RESOLVE",
    "HSSGATE_PLATFORM",
    "HSSGATE_REGISTRY_NAME",
)
SETTINGS = (
    *DECIDING,
    *(
        f"{PREFIX}{name}"
        for name in (
            "APPEAR_TIMEOUT", "CA_BUNDLE", "CLOUD", "DOTENV_PREFIX", "ECS_AGENCY", "ENDPOINT",
            "ENTERPRISE_PROJECT_ID", "FINDINGS", "INTERVAL", "LANG", "MAX_INTERVAL", "PROJECT_ID", "REGION", "REPORTS",
            "REQUEST_TIMEOUT", "SETTLE", "TIMEOUT", "TOKEN",
        )
    ),
)  # fmt: skip
# Variables that the dotenv report sets for later jobs; they may have a prefix.
_OUTPUTS = tuple(
    f"{PREFIX}{name}"
    for name in (
        "EXIT_CODE", "IMAGE_DIGEST", "IMAGE_ID", "JUDGED_BY", "MALICIOUS_FILES", "NEXT_DUE", "RESULT", "SCAN_STATUS",
        "SEVERITY", "UNSAFE_SETTINGS", "VULNERABILITIES",
    )
)  # fmt: skip
# Variables of the GitLab template, and those that Kubernetes sets for a service named hssgate.
_FAMILIES = tuple(f"{PREFIX}{name}" for name in ("INPUT_", "WRITTEN_", "SERVICE_", "PORT"))
_ALIKE = 0.7
_SHORTEST_STEM = 3


@record
class VariableProblems:
    """Problems with the variables.

    Args:
        faults: lines about deciding variables.
        warnings: lines about other unknown variables.
    """

    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def check_variables(ctx: click.Context, unused: Iterable[str] = ()) -> None:
    """Warn of unknown variables.

    Args:
        ctx: of the command; it shows which options were given.
        unused: deciding variables that have no effect on this run.

    Raises:
        Misused: a deciding variable is empty or misspelt, or the dotenv prefix is not valid.
    """
    context: RunContext = ctx.obj
    dotenv_prefix(context.environ)
    read = {variable: option for variable, option in decided_by_variable(ctx).items() if variable not in unused}
    found = variable_problems(context.environ, read)
    if found.faults:
        raise Misused("\n".join(found.faults))
    for line in found.warnings:
        context.console.warning(line)


def take_cicd_name(ctx: click.Context) -> None:
    """Say that a list is filtered by `HSSGATE_CICD_NAME`, if it is.

    Args:
        ctx: of a command that lists images.

    Raises:
        Misused: the variable is set and empty.
    """
    context: RunContext = ctx.obj
    value = context.environ.get(CICD_NAME)
    if value is None or _is_given(ctx, CICD_NAME):
        return
    if empty := _empty(context.environ, {CICD_NAME: "--cicd-name"}):
        raise Misused("\n".join(empty))
    context.console.progress(f"only images scanned under {clean(value, 100)}, by {CICD_NAME}")


def dotenv_prefix(environ: Mapping[str, str]) -> str:
    """Return the prefix of the variables in a `dotenv` report.

    Raises:
        Misused: it is not valid in the name of a variable.
    """
    prefix = environ.get(_DOTENV_PREFIX, "")
    if not prefix or (prefix.isascii() and prefix.replace("_", "0").isalnum()):
        return prefix
    raise Misused(
        f"{_DOTENV_PREFIX} is {clean(prefix, 100)!r}, but it goes before the names of variables: "
        "use only letters, digits and _"
    )


def decided_by_variable(ctx: click.Context) -> dict[str, str]:
    """Return the deciding variables whose option is not given, each with that option."""
    return {variable: option for variable, option in read_by(ctx.command).items() if not _is_given(ctx, variable)}


def read_by(command: click.Command) -> dict[str, str]:
    """Return the deciding variables of a command, each with the option or argument that takes precedence over it."""
    return {
        variable: parameter.opts[0]
        if isinstance(parameter, click.Option)
        else "IMAGE"
        if variable == IMAGES
        else "PATH"
        for parameter in command.params
        for variable in _variables_of(parameter)
        if variable in DECIDING
    }


def variable_problems(environ: Mapping[str, str], read: Mapping[str, str]) -> VariableProblems:
    """Find problems with the variables.

    Args:
        environ: the environment.
        read: the deciding variables that the command reads, each with its option.
    """
    faults, warnings = _empty(environ, read), []
    for name in _unknown(environ):
        what = f"{clean(name, 100)} is no variable of hssgate"
        if meant := next((variable for variable in read if _is_meant(name, variable)), None):
            faults.append(f"{what}, and {meant} decides what is judged: rename it, unset it, or give {read[meant]}")
        else:
            warnings.append(f"{what} and has no effect{_hint(name)}")
    return VariableProblems(tuple(faults), tuple(warnings))


def _empty(environ: Mapping[str, str], read: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is set and empty: was the variable that it is made of set? Give it a value, unset it, or give {option}"
        for name, option in read.items()
        if not environ.get(name, "-").strip()
    ]


def _variables_of(parameter: click.Parameter) -> Sequence[str]:
    return [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or ()


def _is_given(ctx: click.Context, variable: str) -> bool:
    """Whether the caller gave the option of the variable, or its argument."""
    sources = [
        ctx.get_parameter_source(parameter.name or "")
        for parameter in ctx.command.params
        if variable in _variables_of(parameter)
    ]
    return ParameterSource.COMMANDLINE in sources


def _unknown(environ: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environ):
        if _stem(name) is None or name in SETTINGS or name.startswith(_FAMILIES):
            continue
        if not name.endswith(_OUTPUTS):
            yield name


def _stem(name: str) -> str | None:
    """Return the name without prefix and `_`; None for a variable that is not one of hssgate's."""
    letters = name.upper().replace("_", "")
    prefix = PREFIX.replace("_", "")
    return letters.removeprefix(prefix) if letters.startswith(prefix) else None


def _is_meant(name: str, variable: str) -> bool:
    """Whether an unknown name may be a misspelling of a variable that is read."""
    from difflib import SequenceMatcher

    written, meant = _stem(name) or "", _stem(variable) or ""
    if written.startswith(meant) or (len(written) >= _SHORTEST_STEM and meant.startswith(written)):
        return True
    return any(SequenceMatcher(None, *pair).ratio() >= _ALIKE for pair in ((written, meant), (meant, written)))


def _hint(name: str) -> str:
    from difflib import get_close_matches

    stems = {_stem(known): known for known in SETTINGS}
    near = get_close_matches(_stem(name) or "", [stem for stem in stems if stem], n=1, cutoff=_ALIKE)
    return f"; did you mean {stems[near[0]]}?" if near else ""
