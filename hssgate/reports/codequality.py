"""Code Quality report for GitLab: entries that block or warn.

GitLab's reader stops at the first entry that it cannot read and silently drops the rest, and it keeps only one of two
entries with the same fingerprint. So each entry has every field, a severity that GitLab knows and its own fingerprint.
"""

import json
from io import StringIO
from typing import Any

from hssgate.hss.models import Level
from hssgate.reports.entries import ReportEntry, entries
from hssgate.reports.findings import Effect
from hssgate.reports.wording import policy_line
from hssgate.text import clean, without_commands_in_json
from hssgate.verdict import Verdict

_MOST = 10_000  # most severe first: what blocks before what warns, rules before findings
# Entries that block are never `info`, and entries that only warn are never above `major`. A level of None is a rule.
_SEVERITIES: dict[tuple[Effect, Level | None], str] = {
    (Effect.BLOCKS, None): "blocker",
    (Effect.BLOCKS, Level.HIGH): "critical",
    (Effect.BLOCKS, Level.MEDIUM): "major",
    (Effect.BLOCKS, Level.LOW): "minor",
    (Effect.WARNS, None): "major",
    (Effect.WARNS, Level.HIGH): "major",
    (Effect.WARNS, Level.MEDIUM): "minor",
    (Effect.WARNS, Level.LOW): "info",
}


def render(verdict: Verdict) -> str:
    """Return the report, most severe first, with a newline at its end."""
    policy = clean(policy_line(verdict.policies))
    text = StringIO()
    between = "[\n"
    for entry in entries(verdict)[:_MOST]:
        if severity := _severity(entry):
            text.write(between + json.dumps(_violation(entry, severity, policy), ensure_ascii=False))
            between = ",\n"
    return without_commands_in_json(f"{text.getvalue()}\n]\n" if text.tell() else "[]\n")


def _severity(entry: ReportEntry) -> str | None:
    """Return the severity; None if the entry neither blocks nor warns."""
    return _SEVERITIES.get((entry.effect, entry.level))


def _violation(entry: ReportEntry, severity: str, policy: str) -> dict[str, Any]:
    return {
        "engine_name": "hssgate",  # first: `recognition` identifies an old report by it
        "description": entry.message,
        "check_name": entry.rule,
        "fingerprint": entry.fingerprint,
        "severity": severity,
        "content": {"body": policy},
        "location": {"path": entry.path, "lines": {"begin": entry.line}},
    }
