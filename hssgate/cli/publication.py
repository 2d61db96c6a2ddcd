"""Writes everything that a run leaves behind, so that all of it agrees with the exit code."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from hssgate.cli.context import RunContext
from hssgate.cli.environment import dotenv_prefix
from hssgate.cli.report_files import STDOUT, Reports, is_stream, reason_of, remove_file, write_report
from hssgate.reports import FORMATS, Formats, render_dotenv
from hssgate.verdict import RunError, Verdict

Write = Callable[[Verdict], str | None]  # returns why it could not be written, if it could not


class _Target:
    """What can be written again.

    Args:
        write: writes the verdict, or amends what was written before.
        discard: called where that failed, so that nothing is left that tells another verdict.
    """

    def __init__(self, write: Write, discard: Callable[[], None] = lambda: None) -> None:
        self.write = write
        self.discard = discard
        self.reported: tuple[RunError, ...] | None = None


class Publication:
    """The reports of one run, and what else is written at its end.

    A report that could not be written, or a signal that comes while they are written, changes the exit code. So what
    can be written again comes first and is written again then; what cannot be taken back, as stdout or a pipe, comes
    last.

    Args:
        reports: format and path of each.
        context: its console and signals.
        others: what else can be written again, each by a call of its own.
    """

    def __init__(self, reports: Reports, context: RunContext, others: Iterable[Write] = ()) -> None:
        self._context = context
        self._formats: Formats = {**FORMATS, "dotenv": partial(render_dotenv, prefix=dotenv_prefix(context.environ))}
        streams = [report for report in reports if is_stream(report[1])]
        self._streams = sorted(streams, key=lambda report: report[1] == STDOUT)
        self._targets = [
            _Target(partial(self._write, report), partial(remove_file, report[1]))
            for report in reports
            if report not in streams
        ]
        self._targets += [_Target(write) for write in others]

    def publish(self, verdict: Verdict) -> Verdict:
        """Write everything.

        Returns:
            The verdict, which knows what could not be written, and of a signal that came meanwhile.
        """
        verdict = self._agree(self._with_signal(verdict))
        for report in self._streams:
            verdict = _with_error(self._with_signal(verdict), self._write(report, verdict))
        return self._agree(self._with_signal(verdict))

    def finish(self, verdict: Verdict) -> Verdict:
        """Take in what went wrong since, while the verdict was printed; a later signal changes nothing any more."""
        if (error := self._context.console.unprinted) is not None:
            line = f"the verdict could not be printed on stdout: {reason_of(error)}"
            self._context.console.error(line)
            verdict = _with_error(verdict, line)
        self._context.signals.close()
        return self._agree(self._with_signal(verdict))

    def _agree(self, verdict: Verdict) -> Verdict:
        """Write again what tells of other errors than the verdict does."""
        while target := next((one for one in self._targets if one.reported != verdict.run_errors), None):
            line = target.write(verdict)
            if line is None:
                target.reported = verdict.run_errors
                continue
            self._targets.remove(target)
            if target.reported is not None:
                target.discard()
            verdict = _with_error(verdict, line)
        return verdict

    def _write(self, report: tuple[str, str], verdict: Verdict) -> str | None:
        name, path = report
        return write_report(name, path, partial(self._formats[name], verdict), self._context.console)

    def _with_signal(self, verdict: Verdict) -> Verdict:
        came = self._context.signals.came
        return verdict if came is None or verdict.interruption is not None else replace(verdict, interruption=came)


def _with_error(verdict: Verdict, line: str | None) -> Verdict:
    return verdict if line is None else replace(verdict, unwritten_reports=(*verdict.unwritten_reports, line))
