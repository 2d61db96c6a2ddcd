"""JSON report: the whole verdict for programs, as described by `report.schema.json`."""

import hashlib
import json
from collections.abc import Iterator
from importlib import resources
from io import StringIO
from typing import Any

from hssgate import __version__
from hssgate.exit_codes import WORST_FIRST, ExitCode
from hssgate.reports.json_image import image_data, moment
from hssgate.text import clean, plural, without_commands_in_json, without_lone_surrogates
from hssgate.verdict import (
    Outcome,
    PolicySource,
    Verdict,
)

SCHEMA_VERSION = 1
LONGEST_LISTS = 12 * 1024 * 1024  # characters of all findings and details
_INDENT = 12  # characters that indentation adds to each field


def render(verdict: Verdict) -> str:
    """Return the report, indented, with a newline at its end."""
    text = StringIO()  # takes less memory than a list of all pieces
    text.writelines(json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(with_hash(document(verdict))))
    return without_lone_surrogates(without_commands_in_json(text.getvalue())) + "\n"


def document(verdict: Verdict) -> dict[str, Any]:
    """Return the report as plain data, without its hash."""
    report = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "hssgate", "version": __version__},
        "started_at": moment(verdict.started_at),
        "finished_at": moment(verdict.finished_at),
        "result": verdict.outcome.value,
        "exit_code": int(verdict.exit_code),
        "policies": [_policy(source) for source in verdict.policies],
        "errors": [{"type": error.trouble.value, "message": error.message} for error in verdict.run_errors],
        "warnings": list(verdict.warnings),
        "tally": {outcome.value: sum(image.outcome is outcome for image in verdict.images) for outcome in Outcome},
        "images": [image_data(image, verdict.policies) for image in verdict.images],
    }
    _leave_out_lists(report)
    return report


def with_hash(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with `sha256`, a hash of all its other keys, by which `hssgate judge` notices a change.

    The hash is over canonical JSON: sorted keys, no blanks, ASCII only. It protects against accidents such as a merge
    or an editor, not against forgery: whoever changes a report can compute a new hash.
    """
    seal = hashlib.sha256()
    for part in _canonical(report):
        seal.update(part.encode())
    return {**report, "sha256": seal.hexdigest()}


def _canonical(report: dict[str, Any]) -> Iterator[str]:
    """Yield the canonical JSON in pieces, because a single text would double the memory that the report takes."""
    for number, key in enumerate(sorted(report)):
        yield f"{',' if number else '{'}{_compact(key)}:"
        value = report[key]
        if not isinstance(value, list):
            yield _compact(value)
            continue
        yield "["
        for position, item in enumerate(value):
            yield f"{',' if position else ''}{_compact(item)}"
        yield "]"
    yield "}"


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the report."""
    text = resources.files("hssgate.reports").joinpath("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _leave_out_lists(report: dict[str, Any]) -> None:
    """Drop findings and details until the report is small enough, and add a warning for each image.

    The worst images keep theirs as long as possible. The report marks the others as left out, so a rule that needs
    findings is an error, and not a pass, when the report is judged again.
    """
    room = LONGEST_LISTS
    for image in sorted(report["images"], key=lambda image: WORST_FIRST.index(ExitCode(image["exit_code"]))):
        listed = [*image["findings"], *image["details"], *image["passed_checks"]]
        room -= sum(len(json.dumps(one, ensure_ascii=False)) + _INDENT * len(one) for one in listed)
        if room >= 0 or not listed:
            continue
        counts = (plural(len(image["findings"]), "finding"), plural(len(image["details"]), "detail"))
        note = f"{' and '.join(counts)} left out of the JSON report"
        image |= {"findings": [], "details": [], "passed_checks": [], "explanation": None, "left_out": note}
        report["warnings"].append(f"{clean(image['reference'])}: {note}")


def _policy(source: PolicySource) -> dict[str, Any]:
    found: dict[str, Any] = {"path": source.path, "sha256": source.sha256}
    if source.contact is not None:
        found["contact"] = source.contact
    if source.feeds:
        found["feeds"] = [
            {
                "path": clean(feed.path),
                "sha256": feed.sha256,
                "date": None if feed.date is None else moment(feed.date),
            }
            for feed in source.feeds
        ]
    if source.known is not None:
        found["known"] = {"path": clean(source.known.path), "sha256": source.known.sha256}
    if source.searched is None:
        return found
    first, last = source.searched
    return found | {"searched": {"from": clean(first), "up_to": clean(last)}}
