"""Checks of all `HSSGATE_*` variables: unknown, empty and misspelt ones."""

from collections.abc import Iterator, Mapping, Sequence

import click
from click.core import ParameterSource

from hssgate.cli.context import RunContext
from hssgate.errors import Misused
from hssgate.record import record
from hssgate.text import clean

PREFIX = "HSSGATE_"
IMAGES = "HSSGATE_IMAGES"
_DOTENV_PREFIX = "HSSGATE_DOTENV_PREFIX"

# Which image is judged, under which policy, and which of its results counts.
DECIDING = (
    "HSSGATE_POLICY",
    "HSSGATE_SCANNED_AFTER",
    "HSSGATE_CICD_NAME",
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
            "APPEAR_TIMEOUT", "CA_BUNDLE", "CLOUD", "DETAILS", "DOTENV_PREFIX", "ECS_AGENCY", "ENDPOINT",
            "ENTERPRISE_PROJECT_ID", "FINDINGS", "INTERVAL", "LANG", "MAX_INTERVAL", "PROJECT_ID", "REGION", "REPORTS",
            "REQUEST_TIMEOUT", "SETTLE", "TIMEOUT", "TOKEN",
        )
    ),
)  # fmt: skip
# What the dotenv report hands on to later jobs, before which a prefix may stand.
_OUTPUTS = tuple(
    f"{PREFIX}{name}"
    for name in (
        "EXIT_CODE", "IMAGE_DIGEST", "IMAGE_ID", "JUDGED_BY", "MALICIOUS_FILES", "RESULT", "SCAN_STATUS", "SEVERITY",
        "UNSAFE_SETTINGS", "VULNERABILITIES",
    )
)  # fmt: skip
# Of the GitLab template, and of Kubernetes for a service that is named hssgate.
_FAMILIES = tuple(f"{PREFIX}{name}" for name in ("INPUT_", "WRITTEN_", "SERVICE_", "PORT"))
# Reserved: options of these names would decide which image is judged, and there are none yet.
_RESERVED = ("HSSGATE_RESOLVE", "HSSGATE_PLATFORM")
_ALIKE = 0.7
_SHORTEST_STEM = 3


@record
class VariableProblems:
    """What is wrong with the variables.

    Args:
        faults: lines about variables that would have decided what is judged.
        warnings: lines about unknown variables that decide nothing.
    """

    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def check_variables(ctx: click.Context) -> None:
    """Warn of unknown variables.

    Args:
        ctx: of the command that is about to run; it tells which options were given.

    Raises:
        Misused: a variable that would decide what is judged is empty, or is misspelt; or a prefix is none.
    """
    context: RunContext = ctx.obj
    dotenv_prefix(context.environ)
    found = variable_problems(context.environ, decided_by_variable(ctx))
    reserved = [name for name in _RESERVED if name in context.environ] if IMAGES in read_by(ctx.command) else []
    faults = [
        *found.faults,
        *(
            f"{name}: this version of hssgate has no such option, and it would decide what is judged: unset it"
            for name in reserved
        ),
    ]
    if faults:
        raise Misused("\n".join(faults))
    for line in found.warnings:
        context.console.warning(line)


def dotenv_prefix(environ: Mapping[str, str]) -> str:
    """Return what goes before the names of the variables in a `dotenv` report.

    Raises:
        Misused: no variable can begin like this.
    """
    prefix = environ.get(_DOTENV_PREFIX, "")
    if not prefix or (prefix.isascii() and prefix.replace("_", "0").isalnum()):
        return prefix
    raise Misused(
        f"{_DOTENV_PREFIX} is {clean(prefix, 100)!r}, but it goes before the names of variables: "
        "use only letters, digits and _"
    )


def decided_by_variable(ctx: click.Context) -> dict[str, str]:
    """Return the deciding variables that the command reads, since their option is not given, each with its option."""
    return {variable: option for variable, option in read_by(ctx.command).items() if not _is_given(ctx, variable)}


def read_by(command: click.Command) -> dict[str, str]:
    """Return the deciding variables that a command may read, each with the option or argument that beats it."""
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
    """Return what is wrong with the variables.

    Args:
        environ: the environment.
        read: the deciding variables that the command reads, each with the option that may be given instead.
    """
    empty = [name for name in read if not environ.get(name, "-").strip()]
    faults = [
        f"{name} is set and empty: was the variable that it is made of set? Give it a value, unset it, "
        f"or give {read[name]}"
        for name in empty
    ]
    warnings = []
    for name in _unknown(environ):
        what = f"{clean(name, 100)} is no variable of hssgate"
        if meant := next((variable for variable in read if _is_meant(name, variable)), None):
            faults.append(f"{what}, and {meant} decides what is judged: rename it, unset it, or give {read[meant]}")
        else:
            warnings.append(f"{what} and has no effect{_hint(name)}")
    return VariableProblems(tuple(faults), tuple(warnings))


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
    """Return what follows the prefix, without `_`; None for a variable that is not meant for hssgate."""
    letters = name.upper().replace("_", "")
    prefix = PREFIX.replace("_", "")
    return letters.removeprefix(prefix) if letters.startswith(prefix) else None


def _is_meant(name: str, variable: str) -> bool:
    """Whether an unknown name may be a slip for a variable that is read."""
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
