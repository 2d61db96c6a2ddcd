"""Console output: results to stdout, everything else to stderr, secrets masked."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import click

from hssgate.hss.secret import Secret
from hssgate.redaction import Redactor
from hssgate.reports.summary import Tone
from hssgate.text import without_commands

_USUAL_WIDTH = 80

_STYLES: dict[Tone, dict[str, object]] = {
    "good": {"fg": "green"},
    "bad": {"fg": "red", "bold": True},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
    "bold": {"bold": True},
}


class Console:
    """Prints.

    Args:
        redactor: takes out secrets.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        self.redactor = redactor or Redactor()
        self.verbosity = 0  # -1 quiet, 0 normal, 1 and 2 verbose
        self.results_to_stderr = False  # where a report takes stdout
        self.unprinted: OSError | None = None  # why a result could not be printed on stdout
        self._live = ""
        self._has_stdout = sys.stdout is not None
        sys.stdout = sys.stdout or _nowhere()
        sys.stderr = sys.stderr or _nowhere()
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:  # a narrow encoding must not turn a verdict into a crash
                reconfigure(errors="backslashreplace")

    def take_verbosity(self, verbose: int, *, quiet: bool) -> None:
        """Set the verbosity; without an option it stays as it was."""
        if verbose or quiet:
            self.verbosity = -1 if quiet else verbose

    def result(self, text: str) -> None:
        """Print a result, in full; that stdout is closed, or read no longer, is the caller's own wish."""
        if self.results_to_stderr:
            self._print(sys.stderr, text)
        elif (error := self._print(sys.stdout, text)) is not None and error.errno not in {errno.EPIPE, errno.EBADF}:
            self.unprinted = error

    def command(self, text: str) -> None:
        """Print a line that the pipeline's runner acts on; nothing else that is printed can be taken for one."""
        self._write_line(sys.stderr if self.results_to_stderr else sys.stdout, text)

    def mask(self, secret: Secret) -> None:
        """Print the one line that holds a secret: the runner takes it out, and the secret wherever it stands later.

        It goes to stderr, which the runner reads as well: stdout is what people keep in files.
        """
        value = secret.reveal().replace("%", "%25")  # the runner takes that back
        _write(sys.stderr, f"::add-mask::{value}\n")

    def document(self, text: str) -> None:
        """Print a report on stdout, in UTF-8, also where the terminal has another encoding.

        Raises:
            OSError: stdout cannot be written; it is given up.
        """
        with self._giving_up_stdout():
            sys.stdout.flush()
            sys.stdout.buffer.write(self.redactor.data(text).encode("utf-8", errors="replace"))
            sys.stdout.buffer.flush()

    def rows(self, text: str) -> None:
        """Print rows on stdout, as far as its encoding goes.

        Raises:
            OSError: stdout cannot be written; it is given up.
        """
        with self._giving_up_stdout():
            sys.stdout.write(self.redactor.ours(text))
            sys.stdout.flush()

    @property
    def takes_any_character(self) -> bool:
        """Whether stdout is encoded in Unicode."""
        return (sys.stdout.encoding or "").lower().startswith("utf")

    def progress(self, text: str) -> None:
        """Print a line of progress, unless quiet."""
        if self.verbosity >= 0:
            self._print(sys.stderr, text)

    def detail(self, text: str, level: int = 1) -> None:
        """Print a line only for those who asked for so much."""
        if self.verbosity >= level:
            self._print(sys.stderr, self.paint(text, "dim", sys.stderr))

    def warning(self, text: str) -> None:
        """Print a warning."""
        self._print(sys.stderr, f"{self.paint('warning:', 'warn', sys.stderr)} {text}")

    def error(self, text: str) -> None:
        """Print an error."""
        self._print(sys.stderr, f"{self.paint('error:', 'bad', sys.stderr)} {text}")

    def live(self, text: str) -> None:
        """Show a line that the next output replaces; only on a terminal, unless quiet."""
        if self.verbosity < 0 or not self.is_live:
            return
        width = max(_terminal_width() - 1, 20)
        self._live = self.redactor.ours(text)[:width]
        _write(sys.stderr, f"\r\x1b[K{self._live}")

    @property
    def is_live(self) -> bool:
        """Whether stderr is a terminal that can replace a line."""
        return _is_terminal(sys.stderr) and os.environ.get("TERM", "") != "dumb"

    def paint_result(self, text: str, tone: Tone) -> str:
        """Return the text in a tone, if results may be coloured."""
        return self.paint(text, tone, sys.stderr if self.results_to_stderr else sys.stdout)

    def paint(self, text: str, tone: Tone, stream: TextIO) -> str:
        """Return the text in a tone, if the stream may be coloured."""
        return click.style(text, **_STYLES[tone]) if may_colour(stream, os.environ) else text  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _giving_up_stdout(self) -> Iterator[None]:
        if not self._has_stdout:
            raise OSError(errno.EBADF, "stdout is closed")
        try:
            yield
        except OSError:
            _silence(sys.stdout)
            raise

    def _print(self, stream: TextIO, text: str) -> OSError | None:
        return self._write_line(stream, without_commands(text))

    def _write_line(self, stream: TextIO, text: str) -> OSError | None:
        if self._live:
            _write(sys.stderr, "\r\x1b[K")
            self._live = ""
        return _write(stream, self.redactor.ours(text) + "\n")


def may_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colour is welcome: `NO_COLOR` beats `FORCE_COLOR` beats the terminal's own wish."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return _is_terminal(stream) and environ.get("TERM", "") != "dumb"


def _nowhere() -> TextIO:
    """Return what stands in for a stream that was closed before the start."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (ValueError, OSError):
        return False


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _write(stream: TextIO, text: str) -> OSError | None:
    """Write and flush; return why that failed. The stream is given up then, and what comes after it goes on."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _silence(stream)
        return error
    except ValueError:  # it is closed
        _silence(stream)
    return None


def _silence(stream: TextIO) -> None:
    """Point the stream nowhere, so that Python does not fail on it again at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
