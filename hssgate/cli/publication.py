"""Writes the reports, and rewrites those already written when a failed write or a signal changes the exit code."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from hssgate.cli.codearts import CODEARTS, spoil
from hssgate.cli.context import RunContext
from hssgate.cli.environment import dotenv_prefix
from hssgate.cli.report_files import STDOUT, Reports, is_stream, reason_of, remove_file, write_report
from hssgate.reports import FOR_READERS, FORMATS, Formats, render_codearts, render_dotenv
from hssgate.reports.language import Language, written_in
from hssgate.verdict import RunError, Verdict

Write = Callable[[Verdict], str | None]  # returns why it could not be written, if it could not


class _Target:
    """An output that can be written again.

    Args:
        write: writes the verdict, or replaces or extends earlier output.
        discard: called if a later write failed, to remove the earlier, now wrong output.
    """

    def __init__(self, write: Write, discard: Callable[[], None] = lambda: None) -> None:
        self.write = write
        self.discard = discard
        self.reported: tuple[RunError, ...] | None = None


class Publication:
    """Writes the reports of a run and its other outputs.

    Every output contains the exit code. But a report that cannot be written, or a signal during writing, changes the
    exit code after other outputs were written. So outputs that can be replaced (files) are written first, and again
    after each such change. Outputs that cannot be taken back (stdout, pipes) are written last, when the exit code can
    only change once more. At the end signals are closed: from then on none changes the exit code.

    Args:
        reports: format and path of each.
        context: its console and signals.
        others: functions that write other replaceable outputs.
    """

    def __init__(self, reports: Reports, context: RunContext, others: Iterable[Write] = ()) -> None:
        self._context = context
        self._formats: Formats = {
            **FORMATS,
            "dotenv": partial(render_dotenv, prefix=dotenv_prefix(context.environ)),
            CODEARTS: render_codearts,
        }
        # A pass is in the metrics only when nothing can change it any more, not even a kill.
        self._last = [
            _Target(partial(self._write, report), partial(spoil, report[1]))
            for report in reports
            if report[0] == CODEARTS
        ]
        reports = [report for report in reports if report[0] != CODEARTS]
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
            The verdict, including reports that could not be written and a signal that came meanwhile.
        """
        verdict = self._agree(self._with_signal(verdict))
        for report in self._streams:
            verdict = _with_error(self._with_signal(verdict), self._write(report, verdict))
        return self._agree(self._with_signal(verdict))

    def finish(self, verdict: Verdict) -> Verdict:
        """Return the verdict including errors of printing it; later signals have no effect on it."""
        if (error := self._context.console.unprinted) is not None:
            line = f"the verdict could not be printed on stdout: {reason_of(error)}"
            self._context.console.error(line)
            verdict = _with_error(verdict, line)
        self._context.signals.close()
        verdict = self._agree(self._with_signal(verdict))
        self._targets += self._last
        return self._agree(verdict)

    def _agree(self, verdict: Verdict) -> Verdict:
        """Write every replaceable output that does not match the verdict, until all match."""
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
        console = self._context.console
        with written_in(console.language if name in FOR_READERS else Language.ENGLISH):
            return write_report(name, path, partial(self._formats[name], verdict), console)

    def _with_signal(self, verdict: Verdict) -> Verdict:
        came = self._context.signals.came
        return verdict if came is None or verdict.interruption is not None else replace(verdict, interruption=came)


def _with_error(verdict: Verdict, line: str | None) -> Verdict:
    return verdict if line is None else replace(verdict, unwritten_reports=(*verdict.unwritten_reports, line))
