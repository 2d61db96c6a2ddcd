"""Metrics of a CodeArts Pipeline step: the file exists from the start, and says failure until the gate has passed.

A file that is missing, or left by an earlier run, would meet the conditions of a stage. So it is written before the
arguments are parsed, and the verdict is written into it last, when nothing can change the exit code any more.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hssgate.errors import Misused
from hssgate.exit_codes import ExitCode
from hssgate.text import clean

CODEARTS = "codearts"  # the format; not one of FORMATS, because its path is a folder
STEP_ID = "STEP_ID"
MESSAGES = "RESULT_MSG_PATH"
_REPORTS = "HSSGATE_REPORTS"
_OPTION = "--report"
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,128}")
BETWEEN_REPORTS = re.compile(r"[\s,;]+")


def metrics_path(folder: str, environ: Mapping[str, str]) -> str:
    """Return the path of the metrics in a folder.

    Raises:
        Misused: there is no id of a step, or it is not part of a file's name.
    """
    step = environ.get(STEP_ID, "")
    if not _SAFE.fullmatch(step):
        problem = f"{STEP_ID} is {clean(step, 100)!r}" if step else f"{STEP_ID} is not set"
        raise Misused(
            f"--report {CODEARTS}={clean(folder, 300)}: {problem}, and the file is named by it; CodeArts Pipeline sets "
            f"it for its steps, to letters and digits"
        )
    if folder == "-":
        raise Misused(f"--report {CODEARTS}=-: name a folder, best ${MESSAGES}; the file in it is named by {STEP_ID}")
    return str(Path(folder, f"{step}_metrics.json"))


def own_reports(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the report that a step of CodeArts Pipeline has without being asked for it; none elsewhere."""
    if not (environ.get(STEP_ID) and environ.get(MESSAGES)):
        return []
    return [(CODEARTS, metrics_path(environ[MESSAGES], environ))]


def begin(reports: Iterable[tuple[str, str]]) -> None:
    """Write that there is no verdict yet into each of the metrics among the reports.

    Raises:
        Misused: a file cannot be written.
    """
    for name, path in reports:
        if name != CODEARTS:
            continue
        try:
            _write(path, ExitCode.CRASHED)
        except (OSError, ValueError) as error:
            reason = clean(getattr(error, "strerror", None) or error, 200)
            raise Misused(f"--report {CODEARTS}: {clean(path, 300)} cannot be written: {reason}") from error


class Metrics:
    """The metrics that a command line asks for, found before it is parsed.

    Args:
        arguments: of the command line.
        environ: the environment.
        is_check: whether the command may be `check`, which a step of CodeArts needs no option for.
    """

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], *, is_check: bool) -> None:
        folders = [*_folders(arguments, environ.get(_REPORTS, "") if is_check else "")]
        if is_check and environ.get(STEP_ID) and environ.get(MESSAGES):
            folders.append(environ[MESSAGES])
        self._environ = environ
        self._folders = dict.fromkeys(folders)

    def write(self, code: int) -> None:
        """Write the exit code of a run without a verdict, as far as that is possible: `begin` reports what is not."""
        for folder in self._folders:
            with contextlib.suppress(OSError, ValueError, Misused):
                _write(metrics_path(folder, self._environ), code)


def spoil(path: str) -> None:
    """Make metrics that are wrong by now say failure, or else remove them."""
    from hssgate.reports.codearts import metrics

    file = Path(path)
    try:
        file.write_text(metrics(ExitCode.CRASHED), encoding="utf-8")  # in place: there may be no room for another
    except OSError:
        with contextlib.suppress(OSError):
            file.unlink()


def _write(path: str, code: int) -> None:
    from hssgate.cli.report_files import write_whole
    from hssgate.reports.codearts import metrics

    write_whole(Path(path), metrics(code))


def _folders(arguments: Iterable[str], variable: str) -> Iterator[str]:
    """Yield the folder of each report in the options and in the variable, before either is parsed."""
    left = iter(arguments)
    values = [*BETWEEN_REPORTS.split(variable)]
    for argument in left:
        name, equals, value = argument.partition("=")
        if name == _OPTION:
            values.append(value if equals else next(left, ""))
    for value in values:
        name, _, folder = value.partition("=")
        if name == CODEARTS and folder.strip():
            yield folder
