"""Console output: results to stdout, everything else to stderr, secrets masked."""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import click

from hssgate.errors import Misused
from hssgate.files import can_be_given_up, write_to_stream
from hssgate.hss.secret import Secret
from hssgate.redaction.redactor import Redactor
from hssgate.reports.language import Language
from hssgate.reports.tone import Tone
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
    """Prints results to stdout, and progress, warnings and errors to stderr.

    Args:
        redactor: masks secrets.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        self.redactor = redactor or Redactor()
        self.language = Language.ENGLISH  # of the verdict and of the reports that people read
        self.verbosity = 0  # -1 quiet, 0 normal, 1 and 2 verbose
        self.results_to_stderr = False  # set if a report is written to stdout
        self.unprinted: OSError | None = None  # error of a result that could not be printed on stdout
        self.patience: Callable[[], float] | None = None  # returns how long a silent reader is waited for, in seconds
        self._live = ""
        self._has_stdout = sys.stdout is not None
        sys.stdout = sys.stdout or _nowhere()
        sys.stderr = sys.stderr or _nowhere()
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:  # a character that the encoding lacks must not cause a crash
                reconfigure(errors="backslashreplace")

    def take_verbosity(self, verbose: int, *, quiet: bool) -> None:
        """Set the verbosity; without either option it stays as it was."""
        if verbose or quiet:
            self.verbosity = -1 if quiet else verbose

    def result(self, text: str) -> None:
        """Print a result in full. A closed stdout, or a pipe without a reader, is not an error: the caller chose it."""
        if self.results_to_stderr:
            self._print(sys.stderr, text)
        elif (error := self._print(sys.stdout, text)) is not None and error.errno not in {errno.EPIPE, errno.EBADF}:
            self.unprinted = error

    def command(self, text: str) -> None:
        """Print a command line for the pipeline's runner; in all other output such commands are disabled."""
        self._write_line(sys.stderr if self.results_to_stderr else sys.stdout, text)

    def mask(self, secret: Secret) -> None:
        """Print the command that makes the runner mask a secret: the only line that contains one.

        The runner removes the line from the log, and masks the secret in all later output. It goes to stderr, which the
        runner reads too: stdout is often redirected into a file.
        """
        value = secret.reveal().replace("%", "%25")  # the runner decodes it
        self._write(sys.stderr, f"::add-mask::{value}\n")

    def document(self, text: str) -> None:
        """Print a report on stdout in UTF-8, in any encoding of the terminal.

        Raises:
            OSError: stdout cannot be written; nothing is printed there any more.
        """
        with self._giving_up_stdout():
            self._put(sys.stdout, self.redactor.data(text).encode("utf-8", errors="replace"))

    def rows(self, text: str) -> None:
        """Print rows on stdout; characters that its encoding lacks are escaped.

        Raises:
            OSError: stdout cannot be written; nothing is printed there any more.
        """
        with self._giving_up_stdout():
            self._put(sys.stdout, self.redactor.own_text(text))

    @property
    def takes_any_character(self) -> bool:
        """Whether stdout is encoded in Unicode."""
        return (sys.stdout.encoding or "").lower().startswith("utf")

    def progress(self, text: str) -> None:
        """Print a line of progress, unless quiet."""
        if self.verbosity >= 0:
            self._print(sys.stderr, text)

    def detail(self, text: str, level: int = 1) -> None:
        """Print a line from this verbosity on."""
        if self.verbosity >= level:
            self._print(sys.stderr, self.paint(text, "dim", sys.stderr))

    def warning(self, text: str) -> None:
        """Print a warning."""
        self._print(sys.stderr, f"{self.paint('warning:', 'warn', sys.stderr)} {text}")

    def error(self, text: str) -> None:
        """Print an error."""
        self._print(sys.stderr, f"{self.paint('error:', 'bad', sys.stderr)} {text}")

    def live(self, text: str) -> None:
        """Show a status line, which the next output replaces; only on a terminal, unless quiet."""
        if self.verbosity < 0 or not self.is_live:
            return
        width = max(_terminal_width(sys.stderr) - 1, 20)
        self._live = self.redactor.own_text(text)[:width]
        self._write(sys.stderr, f"\r\x1b[K{self._live}")

    @property
    def is_live(self) -> bool:
        """Whether stderr is a terminal that can replace a line."""
        return _is_terminal(sys.stderr) and os.environ.get("TERM", "") != "dumb"

    @property
    def result_width(self) -> int | None:
        """Columns into which results are broken; None where they do not go to a terminal."""
        stream = sys.stderr if self.results_to_stderr else sys.stdout
        return _terminal_width(stream) if _is_terminal(stream) else None

    def paint_result(self, text: str, tone: Tone) -> str:
        """Return the text in a colour, if results are coloured."""
        return self.paint(text, tone, sys.stderr if self.results_to_stderr else sys.stdout)

    def paint(self, text: str, tone: Tone, stream: TextIO) -> str:
        """Return the text in a colour, if the stream is coloured."""
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
            self._write(sys.stderr, "\r\x1b[K")
            self._live = ""
        return self._write(stream, self.redactor.own_text(text) + "\n")

    def _write(self, stream: TextIO, text: str) -> OSError | None:
        """Write and flush; return why that failed. The stream is given up then, and what comes after it goes on."""
        try:
            self._put(stream, text)
        except OSError as error:
            _silence(stream)
            return error
        except ValueError:  # it is closed
            _silence(stream)
        return None

    def _put(self, stream: TextIO, text: str | bytes) -> None:
        """Write at once. A reader that is silent for too long is no reason to wait beyond every deadline."""
        stream.flush()
        number = _number_of(stream)
        if number is not None and can_be_given_up():
            data = text if isinstance(text, bytes) else text.encode(stream.encoding, errors=stream.errors or "strict")
            write_to_stream(number, data, self.patience)
        elif isinstance(text, bytes):
            stream.buffer.write(text)
            stream.buffer.flush()
        else:
            stream.write(text)
            stream.flush()


def print_whole(console: Console, text: str) -> None:
    """Print a document on stdout.

    Raises:
        Misused: stdout cannot be written.
    """
    try:
        console.document(text)
    except OSError as error:
        raise Misused(f"stdout cannot be written: {error.strerror or error}") from error


def may_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to use colours: decided by `NO_COLOR`, else by `FORCE_COLOR`, else by the terminal."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return _is_terminal(stream) and environ.get("TERM", "") != "dumb"


def _nowhere() -> TextIO:
    """Return a stream that discards its input, for one that was closed before the start."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _number_of(stream: TextIO) -> int | None:
    """Return the number of the open file behind a stream, None for one that is kept in memory."""
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return None


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (ValueError, OSError):
        return False


def _terminal_width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _silence(stream: TextIO) -> None:
    """Redirect the stream to the null device, so that Python's flush at exit does not fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
